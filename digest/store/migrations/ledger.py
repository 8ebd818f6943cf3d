"""The compact ledger: a delivery in half the bytes, told in words by two views."""

from __future__ import annotations

from typing import Any

from digest.model import DeliveryState

STATES: tuple[DeliveryState, ...] = (
    "waiting",
    "leased",
    "sending",
    "accepted",
    "deferred",
    "rejected",
    "suppressed",
    "cancelled",
    "uncertain",
)
"""A delivery's state by its number in the table: written out, for what is stored may not follow the model's order."""


def _word(number: str) -> str:
    return f"CASE {number} {' '.join(f'WHEN {n} THEN {word!r}' for n, word in enumerate(STATES))} END"


def _number(word: str) -> str:
    return f"CASE {word} {' '.join(f'WHEN {state!r} THEN {n}' for n, state in enumerate(STATES))} END"


def compact_ledger(db: Any) -> None:
    """A delivery in half the bytes: states and owners as numbers, and a history that is written down only where it
    does not follow from the row. The views `delivery` and `delivery_event` say everything in words."""
    for statement in _COMPACT:
        db.conn.execute(statement)


_COMPACT = (
    """
    CREATE TABLE worker (                       -- who may hold deliveries: see dispatch/locks.py
        id   INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    ) STRICT
    """,
    """
    CREATE TABLE delivery_row (
        issue      INTEGER NOT NULL REFERENCES issue (id),
        ordinal    INTEGER NOT NULL,            -- 0 … n-1
        subscriber INTEGER NOT NULL,            -- of a table no row ever leaves, so no key is checked a million times
        variant    TEXT NOT NULL,
        state      INTEGER NOT NULL DEFAULT 0,  -- see STATES
        due        INTEGER,                     -- null unless deferred
        owner      INTEGER,                     -- a worker; null unless leased or sending
        reply      TEXT,                        -- null: nothing said about it yet
        at         INTEGER,                     -- of the last move; null: none yet
        waited     INTEGER,                     -- microseconds from lease to intent; null: no intent in this attempt
        answered   INTEGER,                     -- microseconds from intent to acceptance; null: not accepted so
        PRIMARY KEY (issue, ordinal),
        CHECK ((state IN (1, 2)) = (owner IS NOT NULL)),
        CHECK ((state = 4) = (due IS NOT NULL)),
        CHECK (answered IS NULL OR state = 3),
        CHECK (at IS NOT NULL OR state = 0)     -- a delivery begins as waiting; a trigger would cost an eighth
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE delivery_past (                -- moves that no longer follow from the row
        seq      INTEGER PRIMARY KEY,
        issue    INTEGER NOT NULL,
        ordinal  INTEGER NOT NULL,
        at       INTEGER NOT NULL,
        came     INTEGER NOT NULL,
        became   INTEGER NOT NULL,
        reply    TEXT                           -- null: nothing was said
    ) STRICT
    """,
    "CREATE INDEX delivery_past_row ON delivery_past (issue, ordinal)",
    # what came before, brought over
    "INSERT INTO worker (name) SELECT DISTINCT owner FROM delivery WHERE owner IS NOT NULL",
    f"""
    INSERT INTO delivery_row (issue, ordinal, subscriber, variant, state, due, owner, reply, at)
    SELECT d.issue, d.ordinal, d.subscriber, d.variant, {_number("d.state")}, d.due, w.id, d.reply, d.at
    FROM delivery AS d LEFT JOIN worker AS w ON w.name = d.owner
    """,
    f"""
    INSERT INTO delivery_past SELECT seq, issue, ordinal, at, {_number("came")}, {_number("became")}, reply
    FROM delivery_event ORDER BY seq
    """,
    # of a row still in somebody's hands, the lease and the intent follow from the row
    """
    UPDATE delivery_row SET waited = at - (
        SELECT max(p.at) FROM delivery_past AS p
        WHERE p.issue = delivery_row.issue AND p.ordinal = delivery_row.ordinal AND p.became = 1)
    WHERE state = 2
    """,
    """
    DELETE FROM delivery_past WHERE seq IN (
        SELECT p.seq FROM delivery_row AS d JOIN delivery_past AS p ON p.issue = d.issue AND p.ordinal = d.ordinal
        WHERE d.state IN (1, 2) AND p.seq > coalesce(
            (SELECT max(q.seq) FROM delivery_past AS q
             WHERE q.issue = d.issue AND q.ordinal = d.ordinal AND q.became NOT IN (1, 2)), 0))
    """,
    "DROP TABLE delivery_event",
    "DROP TABLE delivery",
    "DROP TABLE legal_move",
    "CREATE UNIQUE INDEX delivery_once ON delivery_row (issue, subscriber)",
    "CREATE INDEX delivery_waiting ON delivery_row (issue, ordinal) WHERE state = 0",
    "CREATE INDEX delivery_held ON delivery_row (owner) WHERE owner IS NOT NULL",
    "CREATE INDEX delivery_other ON delivery_row (issue, state, due) WHERE state > 3",
    """
    CREATE TABLE legal_move (
        came   INTEGER NOT NULL,
        became INTEGER NOT NULL,
        PRIMARY KEY (came, became)
    ) STRICT, WITHOUT ROWID
    """,
    # model.LEGAL_MOVES as it stood then, with rejected -> waiting for refusals that were about the sender
    """
    INSERT INTO legal_move VALUES (0,1), (0,6), (0,7), (0,8), (1,0), (1,2), (1,4), (1,5), (1,6), (1,7), (1,8),
        (2,3), (2,4), (2,5), (2,8), (4,1), (4,6), (4,7), (4,8), (5,0), (8,3), (8,5), (8,0)
    """,
    """
    CREATE TRIGGER delivery_moves BEFORE UPDATE OF state ON delivery_row
    WHEN NOT EXISTS (SELECT 1 FROM legal_move WHERE came = old.state AND became = new.state)
    BEGIN SELECT raise(ABORT, 'an illegal move of a delivery'); END
    """,
    """
    CREATE TRIGGER delivery_moved AFTER UPDATE OF state ON delivery_row
    -- a lease, an intent, and an acceptance after both follow from the row
    WHEN new.state NOT IN (1, 2) AND NOT (old.state = 2 AND new.state = 3 AND new.answered IS NOT NULL)
    BEGIN
        INSERT INTO delivery_past (issue, ordinal, at, came, became)
        SELECT new.issue, new.ordinal, old.at - coalesce(old.waited, 0),
               coalesce((SELECT p.became FROM delivery_past AS p
                         WHERE p.issue = new.issue AND p.ordinal = new.ordinal ORDER BY p.seq DESC LIMIT 1), 0), 1
        WHERE old.state IN (1, 2);
        INSERT INTO delivery_past (issue, ordinal, at, came, became)
        SELECT new.issue, new.ordinal, old.at, 1, 2 WHERE old.state = 2;
        INSERT INTO delivery_past (issue, ordinal, at, came, became, reply)
        VALUES (new.issue, new.ordinal, new.at, old.state, new.state,
                -- giving back says nothing: the row still carries what was said before
                iif(old.state = 1 AND new.state = 0, NULL, new.reply));
    END
    """,
    """
    CREATE TRIGGER delivery_stays BEFORE DELETE ON delivery_row WHEN old.at IS NOT NULL
    BEGIN SELECT raise(ABORT, 'a delivery with a history stays'); END
    """,
    """
    CREATE TRIGGER delivery_past_stays BEFORE UPDATE ON delivery_past
    BEGIN SELECT raise(ABORT, 'history is never changed'); END
    """,
    """
    CREATE TRIGGER delivery_past_is_kept BEFORE DELETE ON delivery_past
    BEGIN SELECT raise(ABORT, 'history is never deleted'); END
    """,
    f"""
    CREATE VIEW delivery AS
    SELECT d.issue, d.ordinal, d.subscriber, d.variant, {_word("d.state")} AS state,
           -- tries that ended, counted and not kept as a number; who was refused for our sake starts afresh
           (SELECT count(*) FROM delivery_past AS p WHERE p.issue = d.issue AND p.ordinal = d.ordinal
            AND p.came IN (1, 2) AND p.became IN (3, 4, 5, 8)
            AND p.seq > coalesce((SELECT max(q.seq) FROM delivery_past AS q WHERE q.issue = d.issue
                                  AND q.ordinal = d.ordinal AND q.came = 5 AND q.became = 0), 0))
           + (d.answered IS NOT NULL) AS attempts,
           d.due, (SELECT w.name FROM worker AS w WHERE w.id = d.owner) AS owner, d.reply, d.at
    FROM delivery_row AS d
    """,
    f"""
    CREATE VIEW delivery_event AS               -- every move of every row; `step` orders a row's
    SELECT p.issue, p.ordinal, p.seq AS step, p.at, {_word("p.came")} AS came, {_word("p.became")} AS became, p.reply
    FROM delivery_past AS p
    UNION ALL
    SELECT d.issue, d.ordinal, 1 << 60, d.at - coalesce(d.waited, 0) - coalesce(d.answered, 0),
           coalesce((SELECT {_word("p.became")} FROM delivery_past AS p
                     WHERE p.issue = d.issue AND p.ordinal = d.ordinal ORDER BY p.seq DESC LIMIT 1), 'waiting'),
           'leased', NULL
    FROM delivery_row AS d WHERE d.state IN (1, 2) OR d.answered IS NOT NULL
    UNION ALL
    SELECT d.issue, d.ordinal, (1 << 60) + 1, d.at - coalesce(d.answered, 0), 'leased', 'sending', NULL
    FROM delivery_row AS d WHERE d.state = 2 OR d.answered IS NOT NULL
    UNION ALL
    SELECT d.issue, d.ordinal, (1 << 60) + 2, d.at, 'sending', 'accepted', d.reply
    FROM delivery_row AS d WHERE d.answered IS NOT NULL
    """,
)
