"""Rows handed to workers elsewhere may come back unsent: only their claim store can prove that."""

from __future__ import annotations

from typing import Any

SHARD = "shard-"
"""How the name of an owner begins whose rows are with a worker elsewhere."""


def rows_come_back(db: Any) -> None:
    """`sending` -> `waiting` becomes legal, for such owners alone."""
    for statement in _COME_BACK:
        db.conn.execute(statement)


_COME_BACK = (
    "INSERT INTO legal_move VALUES (2, 0)",
    """
    CREATE TRIGGER delivery_comes_back BEFORE UPDATE OF state ON delivery_row
    WHEN old.state = 2 AND new.state = 0
         AND NOT EXISTS (SELECT 1 FROM worker AS w WHERE w.id = old.owner AND w.name LIKE 'shard-%')
    BEGIN SELECT raise(ABORT, 'a row past its intent is in doubt, and does not wait again'); END
    """,
)
