"""The papermill engine ``warm``: nbclient as ever, its kernel forked instead of started.

::

    papermill --engine warm in.ipynb out.ipynb -r county 130722

What cannot be forked goes to papermill's own engine by itself: kernels of another interpreter, a
user with settings of IPython, a platform without fork.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from analysis.press.closure import read_imports
from analysis.press.warm import address
from analysis.press.warm.client import RefusedError, WarmKernel
from analysis.press.warm.specs import runs_here

_OURS = ("warm_kernel", "memory", "notebook_timeout")


class WarmEngine:
    """Executes a notebook in a kernel forked from a parent that has imported everything.

    It hands on to papermill's own engine, which is asked for when it is needed only: papermill
    loads its engines while it is itself being imported.
    """

    @classmethod
    def execute_notebook(cls, nb: NotebookNode, kernel_name: str, **kwargs: Any) -> NotebookNode:
        """Execute, warm if that can be, else as papermill does.

        Parameters
        ----------
        nb, kernel_name, **kwargs
            As papermill's engine has them, and:
        warm_kernel
            A function that gives the kernel; by default one from the parent of this user.
        memory, notebook_timeout
            MiB and seconds that the kernel may use.
        """
        from papermill.engines import NBClientEngine

        given, memory, seconds = (kwargs.pop(name, None) for name in _OURS)
        kernel = _get(nb, kernel_name, given, memory or 0, seconds or 0, kwargs)
        if kernel is None:
            return NBClientEngine.execute_notebook(nb, kernel_name, **kwargs)
        kwargs.pop("kernel_manager_class", None)
        now = kwargs.pop("shutdown_kernel", "graceful") == "immediate"
        try:
            return NBClientEngine.execute_notebook(nb, kernel_name, km=kernel, **kwargs)
        except BaseException:
            now = True
            raise
        finally:
            kernel.end(now=now)

    @classmethod
    def nb_kernel_name(cls, nb: NotebookNode, name: str | None = None) -> str:
        """Give the name of a notebook's kernel."""
        from papermill.engines import NBClientEngine

        return NBClientEngine.nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: NotebookNode, language: str | None = None) -> str:
        """Give the language of a notebook."""
        from papermill.engines import NBClientEngine

        return NBClientEngine.nb_language(nb, language)


def _get(
    nb: NotebookNode, kernel_name: str, given: Any, memory: int, seconds: float, kwargs: Any
) -> WarmKernel | None:
    """Give a kernel, or nothing where only an ordinary one will do."""
    try:
        if given is not None:
            return given(memory=memory, seconds=seconds)
        if not address.can_fork() or "kernel_manager_class" in kwargs or not runs_here(kernel_name):
            return None
        wants = address.Wants(tuple(sorted(read_imports(nb))))
        folder = kwargs.get("cwd") or os.getcwd()
        return address.get_kernel(wants, folder=Path(folder), memory=memory, seconds=seconds)
    except RefusedError:
        return None
