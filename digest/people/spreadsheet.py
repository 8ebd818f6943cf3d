"""Cells that a spreadsheet would take for formulas: disarmed on the way out, as they were on the way back in.

A cell beginning with = + - @ or a tab is run by Excel, LibreOffice and Sheets when a CSV is opened (OWASP, "CSV
Injection"). One apostrophe before it makes it text; a cell that has one already gets another, so nothing is lost.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def disarmed(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def bare(cell: str) -> str:
    """The cell that `disarmed` gave this one."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
