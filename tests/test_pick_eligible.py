"""What may be in an issue at all: languages and blocked publishers; and that every remedy named there works."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from digest.model import Article, Brief, Edit, ExcerptLimit, Pick
from digest.pick import pick_week
from tests.make import NOW, article
from tests.test_pick import COUNCIL, PORT, PORT_AGAIN, edit

PLAIN = Brief(languages=("en", "de"))


def only(found: list[Pick]) -> Pick:
    (pick,) = found
    return pick


def one(mine: Article, brief: Brief = PLAIN, *edits: Edit) -> Pick:
    return only(pick_week([mine], brief=brief, now=NOW, edits=edits))


def test_an_article_in_another_language_is_not_picked_and_says_what_would_admit_it() -> None:
    dutch = article("Haven", PORT, language="nl")
    miss = one(dutch)
    assert miss.lost == "written in nl; [week] languages names en, de"
    assert miss.remedy == 'add "nl" to [week] languages, or `digest pin`'
    assert one(dutch, Brief(languages=("en", "de", "nl"))).lost is None
    assert one(dutch, PLAIN, edit("pin", dutch.id)).lost is None


@pytest.mark.parametrize("passing", [{"language": "und"}, {"language": "nl", "own": True}, {"language": "de"}])
def test_an_unknown_language_an_own_text_and_a_named_language_pass(passing: dict[str, object]) -> None:
    assert one(replace(article("Haven", PORT), **passing)).lost is None  # type: ignore[arg-type]


def test_any_language_passes_where_none_is_named() -> None:
    assert one(article("Haven", PORT, language="nl"), Brief()).lost is None


BLOCKED = Brief(blocked_domains={"example.com": "copies others", "xn--mnchen-3ya.example": ""})


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a",
        "https://news.example.com:8080/a",
        "http://EXAMPLE.com./a",
        "https://www.example。com/a",
        "https://example-com.cdn.ampproject.org/c/s/example.com/a",
        "https://www.google.com/amp/s/example.com/a",
    ],
)
def test_a_blocked_domain_blocks_itself_and_all_below_even_when_pinned(url: str) -> None:
    mine = article("Port", PORT, url=url)
    for miss in (one(mine, BLOCKED), one(mine, BLOCKED, edit("pin", mine.id))):
        assert miss.lost == "blocked: example.com (copies others)"
        assert miss.remedy == "`digest sources unblock example.com`"


@pytest.mark.parametrize("url", ["https://MÜNCHEN.example/z", "https://news.xn--mnchen-3ya.example/z"])
def test_a_domain_is_blocked_in_either_spelling(url: str) -> None:
    assert one(article("Port", PORT, url=url), BLOCKED).lost == "blocked: xn--mnchen-3ya.example"


def test_a_mail_of_a_blocked_domain_is_blocked_without_any_link() -> None:
    mine = replace(article("Port", PORT), sender="news.example.com")
    assert one(mine, BLOCKED).lost == "blocked: example.com (copies others)"


def test_two_blocks_on_one_publisher_are_both_named() -> None:
    brief = Brief(blocked_domains={"example.com": "", "news.example.com": "asked us"})
    miss = one(article("Port", PORT, url="https://news.example.com/1"), brief)
    assert miss.lost == "blocked: example.com, news.example.com (asked us)"
    assert miss.remedy == "`digest sources unblock example.com` and `digest sources unblock news.example.com`"


@pytest.mark.parametrize("url", ["https://notexample.com/a", "https://example.com.org/a", None, "http://[broken"])
def test_another_domain_is_not_blocked(url: str | None) -> None:
    assert one(article("Port", PORT, url=url), BLOCKED).lost is None


def test_the_canonical_address_is_blocked_too() -> None:
    mine = replace(article("Port", PORT, url="https://feeds.example.org/1"), canonical="https://example.com/1")
    assert one(mine, BLOCKED).lost is not None


def test_a_blocked_publisher_adds_nothing_to_a_story() -> None:
    told = article("Port", PORT, outlet="A", url="https://a.example.org/1")
    blocked = article("Berths", PORT_AGAIN, outlet="B", url="https://b.example.com/1")
    pick, miss = pick_week([told, blocked], brief=BLOCKED, now=NOW)
    assert (pick.story.lead, pick.story.also, pick.reasons[0]) == (told, (), "1 outlet")
    assert miss.story.lead == blocked


def test_a_copy_of_a_blocked_publishers_text_stands_for_itself() -> None:
    blocked = article("Port", PORT, outlet="B", url="https://b.example.com/1", days_old=3)
    copied = article("The port", PORT, outlet="A", url="https://a.example.org/1", days_old=2)
    pick = pick_week([blocked, copied], brief=BLOCKED, now=NOW)[0]
    assert (pick.story.lead, pick.reasons[0]) == (copied, "1 outlet")


@pytest.mark.parametrize(
    "mine",
    [
        article("Old", COUNCIL, days_old=30),
        article("Too new", COUNCIL, days_old=-2),
        article("Slip", "Four words of news."),
        article("Sponsored", COUNCIL),
    ],
    ids=lambda a: a.title,
)
def test_what_cannot_be_picked_names_a_pin_among_its_remedies_and_the_pin_works(mine: Article) -> None:
    brief = Brief(blocked=("sponsored",))
    miss = one(mine, brief)
    assert miss.lost is not None
    assert "digest pin" in miss.remedy
    assert one(mine, brief, edit("pin", mine.id)).lost is None


@pytest.mark.parametrize(
    ("word", "text", "language", "blocked"),
    [
        ("ad", "An ad on the quay.", "en", True),
        ("ad", "Two ads on the quay.", "en", True),
        ("ad", "The administration adds an adult to the quay.", "en", False),
        ("sponsored", "The sponsor of the quay.", "en", False),
        ("horoscope", "Horoscopes of the quay.", "en", True),
        ("广告", "The 广告 of the quay.", "en", True),
        ("광고", "부두의 광고에서는 말한다.", "ko", True),
        ("publicité", "Le quai est public.", "fr", False),
        ("publicité", "Les publicités du quai.", "fr", True),
        ("#ad", "A quay. #ad", "en", True),
        ("#ad", "A quay. #adult or ad", "en", False),
        ("€uro", "It costs one €uro.", "en", True),
        ("C++", "New C++ on the quay, and C.", "en", True),
        ("C++", "New C on the quay.", "en", False),
        ("广告", "港口办公室本周公布广告迟到船位的数字，并说明原因。", "zh", True),
        ("open data", "Open data of the quay.", "en", True),
        ("open data", "Data, open on the quay.", "en", False),
        (" ", "Blanks on the quay.", "en", False),
    ],
)
def test_a_blocked_word_blocks_what_holds_it_and_nothing_else(
    word: str, text: str, language: str, blocked: bool
) -> None:
    mine = article("Quay", f"{text} {'kade ' * 20}", language=language)
    assert one(mine, Brief(blocked=(word,))).lost == (f"blocked: holds “{word}”" if blocked else None)


def test_a_blocked_word_taken_out_of_the_brief_lets_the_article_in() -> None:
    mine = article("Sponsored", COUNCIL)
    assert "take “sponsored” out of [brief] blocked" in one(mine, Brief(blocked=("sponsored",))).remedy
    assert one(mine, Brief()).lost is None


def test_everything_that_keeps_an_article_out_is_named_with_all_that_would_let_it_in() -> None:
    mine = article("Sponsored letters", COUNCIL, language="nl", url="https://example.com/1")
    brief = Brief(blocked=("sponsored", "letters"), languages=("en",))
    miss = one(mine, brief)
    assert miss.lost == "blocked: holds “sponsored”, “letters”; written in nl; [week] languages names en"
    assert miss.remedy == (
        'take “sponsored” and “letters” out of [brief] blocked and add "nl" to [week] languages, or `digest pin`'
    )
    assert one(mine, Brief(languages=("en", "nl"))).lost is None
    for left in (replace(brief, blocked=("letters",)), Brief(languages=("en",))):
        assert one(mine, left).lost is not None
    blocked = one(mine, replace(brief, blocked_domains={"example.com": ""}))
    assert blocked.lost == f"blocked: example.com; {miss.lost}"
    assert blocked.remedy == f"`digest sources unblock example.com`; then {miss.remedy}"


def test_where_one_fault_has_no_other_cure_the_pin_is_the_remedy() -> None:
    mine = article("Sponsored", COUNCIL, days_old=30)
    brief = Brief(blocked=("sponsored",))
    assert one(mine, brief).remedy == "`digest pin`"
    assert one(mine, brief, edit("pin", mine.id)).lost is None


def test_a_language_nobody_named_is_said_to_be_the_newsletters() -> None:
    miss = one(article("Haven", PORT, language="nl"), Brief(languages=("en",), languages_named=False))
    assert miss.lost == "written in nl; [week] languages is not set: only en, the newsletter’s language"
    assert miss.remedy == 'write languages = ["en", "nl"] under [week], or `digest pin`'


def test_days_are_those_of_the_zone_of_now() -> None:
    """23:30 in New York on 20 March is the 21st in UTC."""
    new_york = ZoneInfo("America/New_York")
    late, since = (datetime(2026, 3, day, 3, 30, tzinfo=UTC) for day in (21, 22))
    (miss,) = pick_week(
        [replace(article("Port", PORT), seen=late)], brief=PLAIN, now=NOW.astimezone(new_york), since=since
    )
    assert miss.lost == "old: 2026-03-20, this issue begins after 2026-03-21 23:30"


@pytest.mark.parametrize(("hours", "age"), [(1, "today"), (17, "today"), (19, "1 day old"), (43, "2 days old")])
def test_a_story_is_as_old_as_the_days_on_the_calendar(hours: int, age: str) -> None:
    """It is six in the evening."""
    assert age in one(article("Port", PORT, days_old=hours / 24)).reasons


def test_a_day_before_the_year_1000_is_printed_with_four_digits() -> None:
    mine = replace(article("Old", COUNCIL), seen=datetime(1, 1, 1, tzinfo=UTC))
    assert (one(mine).lost or "").startswith("old: 0001-01-01,")


def test_a_headline_that_is_reserved_text_is_never_printed() -> None:
    """A page without a title and with nosnippet: its first words would stand for the headline."""
    shown = article("Port", PORT)
    slip = replace(
        shown, title=f"{shown.text[:60].rsplit(' ', 1)[0]} …", limit=ExcerptLimit(0, "the page says nosnippet")
    )
    assert "headline" in (one(slip).lost or "")
    assert "headline" in (one(slip, PLAIN, edit("pin", slip.id)).lost or "")
    assert one(replace(slip, right="they wrote to us")).lost is None
    assert one(replace(slip, title="Port Ellery lists its late ships")).lost is None
