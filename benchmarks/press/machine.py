"""What a figure was measured with: versions, cores, load."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess

PACKAGES = (
    "papermill",
    "nbclient",
    "nbconvert",
    "nbformat",
    "jupyter_client",
    "ipykernel",
    "playwright",
    "typst",
    "matplotlib",
    "pandas",
    "statsmodels",
)


def describe() -> str:
    """Give the lines that stand above every table."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return (
        f"Python {platform.python_version()}, {versions}, {browser()}\n"
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {load()}"
    )


def load() -> str:
    return "load " + " ".join(f"{value:.2f}" for value in os.getloadavg())


def chromium() -> str:
    """Give the path of the system's Chromium, empty if there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or ""


def browser() -> str:
    if not chromium():
        return "no Chromium"
    said = subprocess.run([chromium(), "--version"], capture_output=True, text=True, check=False)
    return " ".join(said.stdout.split()[:2])
