"""Letters that correct an issue, beside the newsletter's numbers."""

from __future__ import annotations

from typing import Any


def corrections_by_mail(db: Any) -> None:
    """Which issue a letter corrects: it has no number and no week of its own."""
    db.conn.execute("ALTER TABLE issue ADD COLUMN corrects TEXT REFERENCES issue (slug)")  # null: a number
