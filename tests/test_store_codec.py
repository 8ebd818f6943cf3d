"""What is written as JSON comes back as the same value, or is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import StoreError
from digest.model import (
    Accepted,
    Article,
    Deferred,
    Edit,
    Excerpt,
    ExcerptLimit,
    Image,
    Issue,
    Item,
    Outcome,
    Pick,
    Quote,
    Region,
    Removed,
    Rendered,
    Reply,
    Span,
    Story,
    Summary,
    Unknown,
    Variant,
)
from digest.store.codec import from_json, from_micros, instant, micros, to_json

ZONES = st.sampled_from(
    [UTC, ZoneInfo("Europe/London"), ZoneInfo("Asia/Kathmandu"), timezone(timedelta(hours=-3, minutes=-30))]
)
TEXT = st.text(max_size=12)
NAIVE = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1))
AWARE = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1), timezones=ZONES)
SPANS = st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda p: Span(min(p), max(p)))


def tuples(of: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=2).map(tuple)


REGIONS = st.builds(Region, st.sampled_from(["body", "opinion", "aside"]), SPANS, TEXT)
ARTICLES = st.builds(
    Article,
    id=TEXT,
    version=st.integers(1, 9),
    text_hash=TEXT,
    url=st.none() | TEXT,
    canonical=st.none() | TEXT,
    title=TEXT,
    standfirst=TEXT,
    text=TEXT,
    regions=tuples(REGIONS),
    authors=tuples(TEXT),
    outlet=st.none() | TEXT,
    source=TEXT,
    published=st.none() | NAIVE | AWARE,
    published_precision=st.none() | st.sampled_from(["day", "minute", "second"]),
    seen=AWARE,
    language=TEXT,
    image=st.none() | st.builds(Image, url=TEXT, alt=TEXT, credit=TEXT),
    paywall=st.sampled_from(["open", "metered", "closed", "unknown"]),
    license=st.none() | TEXT,
    removed=tuples(st.builds(Removed, st.integers(0, 99), TEXT, TEXT)),
    warnings=tuples(TEXT),
    own=st.booleans(),
    limit=st.none() | st.builds(ExcerptLimit, st.integers(0, 999), TEXT),
    right=TEXT,
)
QUOTES = st.builds(
    Quote,
    TEXT,
    tuples(SPANS),
    tuples(TEXT),
    st.none() | TEXT,
    st.none() | SPANS,
    st.none() | TEXT,
    st.none() | SPANS,
    st.floats(0, 1),
    tuples(SPANS),
)
SUMMARIES = st.builds(Summary, TEXT, tuples(st.builds(Excerpt, TEXT, SPANS, TEXT)), tuples(QUOTES))
PICKS = st.builds(
    Pick,
    st.builds(Story, ARTICLES, tuples(ARTICLES)),
    st.floats(allow_nan=False, allow_infinity=False),
    tuples(TEXT),
    TEXT,
    st.none() | TEXT,
    st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=2),
    TEXT,
)
ISSUES = st.builds(
    Issue,
    TEXT,
    st.integers(1, 9999),
    AWARE,
    AWARE,
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    tuples(TEXT),
    tuples(
        st.builds(Item, PICKS, st.sampled_from(["lead", "item", "link"]), SUMMARIES, TEXT, st.integers(1, 99), TEXT)
    ),
    tuples(st.builds(Edit, st.integers(), TEXT, st.just("pin"), TEXT, TEXT, TEXT, AWARE, TEXT)),
    TEXT,
)
RENDERED = st.builds(
    Rendered,
    TEXT,
    TEXT,
    tuples(st.builds(Variant, TEXT, TEXT, tuples(TEXT), TEXT, TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=2))),
)


@settings(max_examples=40, deadline=None)
@given(st.one_of(ARTICLES, ISSUES, RENDERED, PICKS))
def test_every_noun_comes_back_equal(value: object) -> None:
    again = from_json(type(value), to_json(value))
    assert again == value
    assert to_json(again) == to_json(value)  # zones as offsets, naive times naive, tuples tuples


@given(NAIVE | AWARE)
def test_a_time_keeps_its_offset_or_its_lack_of_one(at: datetime) -> None:
    again = from_json(Edit, to_json(Edit(1, "", "pin", "", "", "", at))).at
    assert (again.replace(tzinfo=None), again.utcoffset()) == (at.replace(tzinfo=None), at.utcoffset())


@given(AWARE, AWARE)
def test_instants_sort_as_time_does_and_keep_their_microseconds(one: datetime, other: datetime) -> None:
    assert (instant(one) < instant(other)) == (one.astimezone(UTC) < other.astimezone(UTC))
    assert datetime.fromisoformat(instant(one)) == one.astimezone(UTC)
    assert from_micros(micros(one)) == one.astimezone(UTC)


def test_a_time_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="no zone"):
        instant(datetime(2015, 9, 27))


@dataclass(frozen=True)
class Told:
    outcome: Outcome | None
    extra: Mapping[str, float]


@pytest.mark.parametrize("outcome", [Accepted(Reply(250, "2.0.0", "ok")), Deferred(Reply(451)), Unknown("cut"), None])
def test_a_union_comes_back_as_the_member_it_was(outcome: Outcome | None) -> None:
    again = from_json(Told, to_json(Told(outcome, {"a": 1.0})))
    assert again == Told(outcome, {"a": 1.0})
    assert type(again.outcome) is type(outcome)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"start":1}', "Span.end"),
        ('{"start":1,"end":2,"color":"red"}', "color"),
        ('{"start":"1","end":2}', "Span.start"),
        ('{"start":true,"end":2}', "Span.start"),
        ('{"start":1.5,"end":2}', "Span.start"),
        ('{"start":2,"end":1}', "no span"),
        ("[1,2]", "Span"),
        ("{", "no JSON"),
    ],
)
def test_what_does_not_fit_is_refused_naming_the_place(text: str, place: str) -> None:
    with pytest.raises(StoreError, match=place):
        from_json(Span, text)


def test_a_value_outside_its_closed_set_is_refused() -> None:
    with pytest.raises(StoreError, match=r"Region\.kind"):
        from_json(Region, '{"kind":"poem","span":{"start":0,"end":1},"reason":""}')


def test_a_field_added_later_takes_its_default() -> None:
    assert from_json(Region, '{"kind":"body","span":{"start":0,"end":1}}') == Region("body", Span(0, 1))
