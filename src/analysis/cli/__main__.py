"""``python -m analysis.cli`` is ``county``."""

from analysis.cli import main

main()
