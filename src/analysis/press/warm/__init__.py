"""Kernels without their start: children of one process in which everything is imported already.

A *parent* (`parent`) is a fresh interpreter of one thread that has imported what a notebook
imports and built the shell of a kernel (`shell`). For each notebook it forks a child, so each has
a process of its own, as new as the one before it. The one who asked talks to the child by one
*line* (`line`), a Unix socket that carries the messages of Jupyter as they are; so nbclient itself
makes the notebook of them, as it does with any kernel. `address` finds or starts a parent,
`client` asks it for a kernel, `engine` is papermill's engine, `provisioner` is JupyterLab's.
"""
