"""How the reasons say a number."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """``1 outlet``, ``3 outlets``; *many* where the plural is not *one* with an s."""
    return f"{number} {one if number == 1 else many or one + 's'}"
