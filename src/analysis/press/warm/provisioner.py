"""The kernel provisioner ``warm``: a kernel of JupyterLab from a parent, with its imports paid.

::

    county warm notebooks/*.ipynb
    JUPYTER_DEFAULT_PROVISIONER_NAME=warm jupyter lab

Where there is no parent, or the kernel is none of this interpreter, it starts an ordinary one.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from analysis.press.warm import address, specs
from analysis.press.warm.client import RefusedError, WarmKernel, ask


class WarmProcess:
    """A forked kernel, as `subprocess.Popen` would have it."""

    stdin = stdout = stderr = None

    def __init__(self, kernel: WarmKernel) -> None:
        self.kernel, self.pid = kernel, kernel.pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Give 0 when it has ended, whatever it ended with; nothing while it lives."""
        if self.returncode is None and not self.kernel.alive:
            self.kernel.end(now=True)
            self.returncode = 0
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if self.returncode is None and not select.select([self.kernel.handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("kernel", timeout or 0)
        self.poll()
        return 0

    def send_signal(self, number: int) -> None:
        """Send a signal to it, if it lives."""
        if self.poll() is None:
            signal.pidfd_send_signal(self.kernel.handle, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class WarmProvisioner(LocalProvisioner):
    """Provides kernels forked by a parent, or ordinary ones."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Have a kernel forked, or start one."""
        kernel = _get(cmd, kwargs)
        if kernel is None:
            return await super().launch_kernel(cmd, **kwargs)
        process: Any = WarmProcess(kernel)
        self.process = process
        self.pid = self.pgid = process.pid
        self.cwd = kwargs.get("cwd")
        return self.connection_info


def _get(cmd: Sequence[str], kwargs: dict[str, Any]) -> WarmKernel | None:
    environment = dict(kwargs.get("env") or os.environ)
    if not address.can_fork() or not specs.is_our_kernel(cmd):
        return None
    try:
        path = address.find_any(environment)
        if path is None:
            return None
        folder = Path(kwargs.get("cwd") or Path.cwd())
        at = list(cmd).index("ipykernel_launcher") + 1
        return ask(path, environment=environment, folder=folder, command=cmd[at:], patience=2)
    except RefusedError:
        return None
