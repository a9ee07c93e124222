"""The papermill engine ``warm``: nbclient as ever, its kernel forked instead of started.

::

    papermill --engine warm in.ipynb out.ipynb -r county 130722

What cannot be forked goes to papermill's own engine by itself: kernels of another interpreter, a
user with settings of IPython, a platform without fork.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbformat import NotebookNode
from papermill.engines import NBClientEngine

from analysis.press.warm import address
from analysis.press.warm.client import RefusedError, WarmKernel
from analysis.press.warm.preload import read_imports

_OURS = ("warm_kernel", "memory", "notebook_timeout")


class WarmEngine(NBClientEngine):
    """Executes a notebook in a kernel forked from a parent that has imported everything."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
        """Execute, warm if that can be, else as papermill does.

        Parameters
        ----------
        nb_man, kernel_name, **kwargs
            As papermill's engine has them, and:
        warm_kernel
            A function that gives the kernel; by default one from the parent of this user.
        memory, notebook_timeout
            MiB and seconds that the kernel may use.
        """
        given, memory, seconds = (kwargs.pop(name, None) for name in _OURS)
        kernel = _get(nb_man.nb, kernel_name, given, memory or 0, seconds or 0, kwargs)
        if kernel is None:
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)
        kwargs.pop("kernel_manager_class", None)
        now = kwargs.pop("shutdown_kernel", "graceful") == "immediate"
        try:
            return super().execute_managed_notebook(nb_man, kernel_name, km=kernel, **kwargs)
        except BaseException:
            now = True
            raise
        finally:
            kernel.end(now=now)


def _get(
    nb: NotebookNode, kernel_name: str, given: Any, memory: int, seconds: float, kwargs: Any
) -> WarmKernel | None:
    """Give a kernel, or nothing where only an ordinary one will do."""
    try:
        if given is not None:
            return given(memory=memory, seconds=seconds)
        if not address.can_fork() or "kernel_manager_class" in kwargs or not runs_here(kernel_name):
            return None
        wants = address.Wants(read_imports(nb))
        folder = kwargs.get("cwd") or os.getcwd()
        return address.get_kernel(wants, folder=Path(folder), memory=memory, seconds=seconds)
    except RefusedError:
        return None


def runs_here(kernel_name: str) -> bool:
    """Tell whether a kernel is ipykernel in this very interpreter, with no settings of its own."""
    return _is_ours(kernel_name) and not _has_settings()


@cache
def _is_ours(kernel_name: str) -> bool:
    try:
        spec = KernelSpecManager().get_kernel_spec(kernel_name)
    except NoSuchKernel:
        return False
    command = [os.path.realpath(spec.argv[0]) if os.sep in spec.argv[0] else spec.argv[0]]
    here = {os.path.realpath(sys.executable), "python", "python3", Path(sys.executable).name}
    return (
        command[0] in here
        and spec.argv[1:] == ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
        and not spec.env
        and "kernel_provisioner" not in spec.metadata
    ) or (kernel_name == "python3" and _flags(spec.argv))


def _flags(argv: list[str]) -> bool:
    """Tell whether a command is ipykernel's own, with flags that change nothing for a notebook."""
    rest = [word for word in argv[1:] if not word.startswith("-X")]
    return rest == ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


def _has_settings() -> bool:
    """Tell whether the user has settings of IPython that a kernel would read at its start."""
    root = Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "profile_default"
    settings = [*root.glob("ipython*config.*"), *(root / "startup").glob("*.[ip]*py*")]
    return any(path.suffix in (".py", ".json", ".ipy") for path in settings)
