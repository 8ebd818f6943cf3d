"""People counted: who joined and left in which week, after which issue, in which language, for which topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from digest.store.segments import EVERYBODY, Segment

if TYPE_CHECKING:
    from digest.store import Store


@dataclass(frozen=True, slots=True)
class WeekOfPeople:
    monday: date  # by the newsletter's clock
    joined: int
    left: int  # unsubscribed, complained, bounced for good or were erased
    members: int  # subscribed at its end


@dataclass(frozen=True, slots=True)
class LeaversOfIssue:
    slug: str
    accepted: int  # letters the relay took
    left: int  # of those readers, by leaving or complaining after it and before the next they got


@dataclass(frozen=True, slots=True)
class PeopleCounted:
    total: int  # everybody but the erased
    subscribed: int  # and not blocked
    by_status: Mapping[str, int]  # block where there is one, else membership
    weeks: tuple[WeekOfPeople, ...]
    issues: tuple[LeaversOfIssue, ...]  # the newest first
    languages: tuple[tuple[str, int], ...]  # of the subscribed, most first; '' for the newsletter's own
    topics: tuple[tuple[str, int], ...]  # the same; '' for who asked for everything


# Membership as events tell it, and what befell the address: somebody is in (1) or out (0) from then on.
_MOVES = """SELECT e.subscriber, e.seq,
                   iif(e.kind = 'subscribed' AND e.seq = (SELECT min(f.seq) FROM consent_event AS f
                                                          WHERE f.subscriber = e.subscriber),
                       coalesce(s.joined_at, e.at), e.at) AS at,
                   e.kind IN ('subscribed', 'rejoined', 'unblocked') AS is_in
            FROM consent_event AS e JOIN subscriber AS s ON s.id = e.subscriber
            WHERE e.kind IN ('subscribed', 'rejoined', 'unblocked', 'unsubscribed', 'left', 'bounced', 'complained',
                             'erased', 'kept out')"""


class Statistics:
    def __init__(self, store: Store) -> None:
        self._conn = store.conn

    def count(self, segment: Segment = EVERYBODY, zone: tzinfo = UTC) -> PeopleCounted:
        """The people of *segment* as they are now, and how they came to be; weeks begin on Monday in *zone*."""
        where, values = segment.where()
        rows = self._conn.execute(
            f"""SELECT iif(s.block = 'none', s.membership, s.block), count(*) FROM subscriber AS s
                WHERE {where} GROUP BY 1 ORDER BY 2 DESC, 1""",
            values,
        ).fetchall()
        mailed = f"FROM subscriber AS s WHERE {where} AND s.membership = 'subscribed' AND s.block = 'none'"
        languages = self._conn.execute(
            f"SELECT s.language, count(*) {mailed} GROUP BY 1 ORDER BY 2 DESC, 1", values
        ).fetchall()
        (everything,) = self._conn.execute(f"SELECT count(*) {mailed} AND s.topics = '[]'", values).fetchone()
        topics = self._conn.execute(
            f"""SELECT t.value, count(*) FROM (SELECT s.topics {mailed} AND s.topics <> '[]') AS s,
                json_each(s.topics) AS t GROUP BY 1 ORDER BY 2 DESC, 1""",
            values,
        ).fetchall()
        by_status = dict(rows)
        return PeopleCounted(
            sum(by_status.values()),
            by_status.get("subscribed", 0),
            by_status,
            self._weeks(segment, zone),
            self._issues(segment),
            tuple(languages),
            ((("", everything),) if everything else ()) + tuple(topics),
        )

    def _weeks(self, segment: Segment, zone: tzinfo) -> tuple[WeekOfPeople, ...]:
        """From the first joining on, none left out. The erased are counted where everybody is."""
        where, values = segment.where()
        who = "" if segment.is_everybody else f"AND e.subscriber IN (SELECT s.id FROM subscriber AS s WHERE {where})"
        rows = self._conn.execute(
            f"""WITH moves AS ({_MOVES} {who}),
                     steps AS (SELECT at, is_in, lag(is_in, 1, 0) OVER (PARTITION BY subscriber ORDER BY seq) AS was
                               FROM moves)
                SELECT substr(at, 1, 14) || printf('%02d', substr(at, 15, 2) / 15 * 15) || '+00:00',
                       sum(is_in > was), sum(is_in < was) FROM steps WHERE is_in <> was
                GROUP BY 1 ORDER BY 1""",
            values,
        ).fetchall()
        if not rows:
            return ()
        joined, left = Counter[date](), Counter[date]()
        for at, came, went in rows:  # by quarters of an hour: no zone is off UTC by less
            on = datetime.fromisoformat(at).astimezone(zone).date()
            monday = on - timedelta(days=on.weekday())
            joined[monday] += came
            left[monday] += went
        weeks: list[WeekOfPeople] = []
        monday, members = min(joined | left), 0
        while monday <= max(joined | left):
            members += joined[monday] - left[monday]
            weeks.append(WeekOfPeople(monday, joined[monday], left[monday], members))
            monday += timedelta(days=7)
        return tuple(weeks)

    def _issues(self, segment: Segment) -> tuple[LeaversOfIssue, ...]:
        where, values = segment.where()
        accepted = self._conn.execute(
            """SELECT i.id, i.slug, count(*) FROM issue AS i JOIN delivery_row AS d ON d.issue = i.id
               WHERE d.state = 3 GROUP BY i.id ORDER BY i.until DESC, i.id DESC"""
        ).fetchall()
        leavers = self._conn.execute(
            f"""SELECT issue, count(*) FROM (
                    SELECT e.seq, d.issue, max(d.at) FROM consent_event AS e
                    JOIN subscriber AS s ON s.id = e.subscriber
                    CROSS JOIN issue AS i CROSS JOIN delivery_row AS d ON d.issue = i.id AND d.subscriber = s.id
                    WHERE e.kind IN ('left', 'unsubscribed', 'complained') AND d.state = 3
                          AND d.at / 1000000 <= CAST(strftime('%s', e.at) AS INTEGER) AND {where}
                    GROUP BY e.seq)
                GROUP BY issue""",
            values,
        )
        left: dict[Any, int] = dict(leavers.fetchall())
        return tuple(LeaversOfIssue(slug, number, left.get(issue, 0)) for issue, slug, number in accepted)
