"""What past issues told: never again, unless the event moved; and then it says what is new."""

from __future__ import annotations

from dataclasses import replace

from digest.model import Article, Brief, Pick
from digest.pick import pick_week
from tests.make import NOW, article
from tests.test_pick import PORT, edit
from tests.test_pick_stories import retold

STRIKE = (
    "Crane drivers at the container port of Port Ellery walked out on Monday over night shifts, and ships waited in "
    "the roads. The union of crane drivers said the port had broken its word on night shifts. The port authority "
    "asked both sides to talk. Drivers last walked out four years ago, over pay, and stayed out for nine days. The "
    "shipping agents feared for their fruit, and two vessels turned away to another harbour before the evening tide."
)
AGAIN = (
    "Crane drivers at the container port of Port Ellery stay out over night shifts, and ships wait in the roads, said "
    "the union of crane drivers. The port authority again asked both sides to talk. Shipping agents fear for fruit "
    "and for vessels that turn away to another harbour."
)
NEWS = "Judge Ilka Brandt of the Tarn court ordered 40 drivers back, and Minister Osei offered 12 million."
NO_NEWS = "Talks went on, and nothing was decided."
PAST = [article("Cranes stand still", STRIKE, outlet="Harbour Notes", days_old=9)]


def report(number: int, news: str) -> Article:
    """What outlet *number* writes on the walk-out."""
    title = f"Cranes stand still on day {('one', 'two', 'three', 'four')[number]}"
    return article(title, retold(f"In brief, {AGAIN} {news}", number), outlet=f"Outlet {number}")


OTHERS = [
    article(f"{what} day", f"{what} and {what}s were shown to the {where} children by the {who}.", outlet=what)
    for what, where, who in (
        ("Ox", "Ulm", "farmers"),
        ("Owl", "Ghent", "keepers"),
        ("Kite", "Oslo", "makers"),
        ("Drum", "Lagos", "players"),
        ("Bread", "Turin", "bakers"),
        ("Map", "Kyoto", "printers"),
    )
]


def found(*reports: Article, past: list[Article] = PAST, **more: object) -> Pick:
    """What becomes of the story of *reports* in a week that has others too."""
    picks = pick_week([*reports, *OTHERS], brief=Brief(), now=NOW, past=past, **more)  # type: ignore[arg-type]
    (pick,) = [p for p in picks if p.story.lead not in OTHERS]
    return pick


def test_new_reports_of_a_story_already_told_do_not_bring_it_back() -> None:
    miss = found(*(report(n, NO_NEWS) for n in range(4)))
    assert miss.lost == (
        "already in a past issue (“Cranes stand still”), nothing new but 4 outlets with other text and 0 new names or "
        "numbers between them"
    )


def test_a_story_that_moved_comes_back_and_says_what_is_new() -> None:
    pick = found(*(report(n, NEWS) for n in range(4)))
    assert pick.lost is None
    (reason,) = [r for r in pick.reasons if r.startswith("moved since")]
    assert reason.startswith("moved since a past issue (“Cranes stand still”): 4 outlets with new text, new in it: ")
    assert {"12", "40", "Brandt", "Ilka"} <= set(reason.partition("new in it: ")[2].split(", "))


def test_two_outlets_are_too_few_to_bring_a_story_back() -> None:
    miss = found(report(0, NEWS), report(1, NEWS))
    assert miss.lost is not None
    assert miss.remedy == "comes back when 3 outlets agree on 5 new names or numbers; or `digest pin`"


def test_a_third_outlet_and_a_pin_each_do_what_the_remedy_says() -> None:
    assert found(report(0, NEWS), report(1, NEWS), report(2, NEWS)).lost is None
    first = report(0, NEWS)
    assert found(first, report(1, NEWS), edits=[edit("pin", first.id)]).lost is None


def test_what_was_printed_is_neither_lead_nor_also_of_a_story_that_moved() -> None:
    copied = article("Cranes stand still, says the harbour", STRIKE, outlet="Copier")
    pick = found(replace(PAST[0], seen=report(0, "").seen), copied, *(report(n, NEWS) for n in range(4)))
    assert {a.outlet for a in pick.story.articles()} == {"Outlet 0", "Outlet 1", "Outlet 2", "Outlet 3"}
    assert pick.reasons[0] == "4 outlets"


def test_news_that_one_of_four_outlets_has_moves_nothing() -> None:
    miss = found(report(0, NEWS), *(report(n, NO_NEWS) for n in range(1, 4)))
    assert miss.lost is not None


def test_an_event_of_another_month_is_another_event() -> None:
    old = [replace(PAST[0], seen=NOW.replace(month=1))]
    assert found(report(0, NO_NEWS), past=old).lost is None


def test_another_story_of_the_same_port_is_not_held_against_a_past_one() -> None:
    assert found(article("Late berths of Port Ellery", PORT)).lost is None


def test_a_past_article_known_by_its_headline_only_is_recognized_by_its_address() -> None:
    page = replace(report(0, NO_NEWS), url="https://a.example/1", canonical="https://a.example/1")
    headline = replace(PAST[0], text=PAST[0].title, canonical="https://a.example/1")
    assert found(page, past=[headline]).lost == "already in a past issue (“Cranes stand still”)"
    assert found(report(0, NO_NEWS), past=[headline]).lost is None
