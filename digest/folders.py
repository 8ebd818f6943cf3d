"""Folders for the owner's eyes alone: in a newsletter's lie people's addresses and the links in their letters."""

from __future__ import annotations

from pathlib import Path


def make_private(folder: Path) -> None:
    """Makes *folder* and what is missing above it, 0700 each (mkdir's own mode holds for the last one only). What is
    there already stays as it is."""
    for place in (*reversed(folder.parents), folder):
        if not place.exists():
            place.mkdir(mode=0o700, exist_ok=True)
