"""What a folder holds: every file that may be read, and whatever is there and cannot be."""

from __future__ import annotations

import os
from pathlib import Path

from analysis.errors import Fault
from analysis.records.faults import fault

_HIDDEN = (".", "~$")


def list_files(folder: Path) -> tuple[list[Path], list[Fault]]:
    """List the files of a folder and of the folders in it, by name.

    What cannot be opened or followed is a fault: a county behind it would be missing unseen.
    Links to folders are not followed, for they may lead round in a circle.

    Parameters
    ----------
    folder
        The folder. Hidden files, and the locks of office programs, are left out.
    """
    files: list[Path] = []
    faults: list[Fault] = []

    def named(path: str | Path) -> str:
        return Path(path).relative_to(folder).as_posix()

    def refused(error: OSError) -> None:
        faults.append(fault("folder-not-opened", file=named(error.filename or folder)))

    for root, folders, names in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN)]
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        faults.extend(fault("link-to-folder", file=named(Path(root) / name)) for name in links)
        for name in names:
            path = Path(root) / name
            if name.startswith(_HIDDEN):
                continue
            if path.is_file():
                files.append(path)
            else:
                code = "link-broken" if path.is_symlink() else "file-not-opened"
                faults.append(fault(code, file=named(path)))
    return sorted(files, key=named), sorted(faults, key=lambda found: found.file)
