"""The gate: Finding → Released, and the audit of all that leaves together.

`release` protects whatever describes a pupil, a teacher or a group of them, and leaves facts of
institutions as they are. `audit` looks at a county's staged files and refuses what may not leave.
Both fail closed: what is not classified or cannot be read is withheld.
"""

from __future__ import annotations

from analysis.release.gate import release
from analysis.release.inspection import audit
from analysis.release.released import Audience, Released, Said

__all__ = ["Audience", "Released", "Said", "audit", "release"]
