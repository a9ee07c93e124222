"""Which kernels a parent can give: ipykernel, in this very interpreter, with nobody's settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel


def runs_here(kernel_name: str) -> bool:
    """Tell whether a kernel is ipykernel in this very interpreter, with no settings of its own."""
    return _is_ours(kernel_name) and not _has_settings()


@cache
def _is_ours(kernel_name: str) -> bool:
    try:
        spec = KernelSpecManager().get_kernel_spec(kernel_name)
    except NoSuchKernel:
        return False
    provisioner = spec.metadata.get("kernel_provisioner", {}).get("provisioner_name", "warm")
    return (
        is_our_kernel(spec.argv) and not spec.env and provisioner in ("warm", "local-provisioner")
    )


def is_our_kernel(command: Sequence[str]) -> bool:
    """Tell whether a command starts ipykernel in this very interpreter.

    >>> import sys
    >>> is_our_kernel([sys.executable, "-m", "ipykernel_launcher", "-f", "k.json"])
    True
    >>> is_our_kernel(["R", "--slave"])
    False
    """
    first, *rest = command
    # jupyter_client takes the plain word for its own interpreter.
    here = first in ("python", "python3") or _same(first, sys.executable)
    words = [word for word in rest if not word.startswith("-X")]
    return here and words[:3] == ["-m", "ipykernel_launcher", "-f"] and len(words) == 4


def _same(first: str, second: str) -> bool:
    """Tell whether two names are of one interpreter, in one environment."""
    folders, files = zip(
        *((os.path.dirname(p), os.path.realpath(p)) for p in (first, second)), strict=True
    )
    return len(set(folders)) == len(set(files)) == 1


def _has_settings() -> bool:
    """Tell whether the user has settings of IPython that a kernel would read at its start."""
    root = Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "profile_default"
    settings = [*root.glob("ipython*config.*"), *(root / "startup").glob("*.[ip]*py*")]
    return any(path.suffix in (".py", ".json", ".ipy") for path in settings)
