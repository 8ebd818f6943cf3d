"""Stories: which articles are about one event, and which of them leads."""

from __future__ import annotations

import random
from dataclasses import replace

from digest.model import Article, ExcerptLimit, Story
from digest.pick import group_stories
from digest.pick.vectors import terms_of
from tests.make import article

QUAKE = (
    "A magnitude {size} earthquake shook {place} on {day}, damaging houses near {town}. {who} of the seismological "
    "office said the quake struck at a depth of {depth} kilometres. Rescue teams with dogs, tents and blankets reached "
    "the villages within hours, and the government promised money for repairs. Geologists warned of further tremors "
    "in coming days, and the Red Cross asked for donations of clothes, medicine and clean water."
)
ENDINGS = (
    "Schools stayed shut.",
    "Two bridges were closed.",
    "Power failed in places.",
    "Trains stood still.",
    "Hospitals called in nurses.",
    "The airport opened again.",
    "Shops gave away water.",
    "Farmers counted their sheep.",
)


FILLERS = ("then", "also", "so", "there", "here", "now", "once", "again")  # stop words


def retold(text: str, number: int) -> str:
    """*text* as outlet *number* might put it: the same facts, but no run of five words in common with another's."""
    words = text.split()
    for place in range(number % 3, len(words), 3):
        words[place] = f"{FILLERS[number]} {words[place]}"
    return " ".join(words)


def quake(number: int, **facts: object) -> Article:
    """One outlet's report of a quake, with an ending of its own."""
    body = retold(f"{QUAKE.format(**facts)} {ENDINGS[number]}", number)
    return article(f"Quake in {facts['place']}: {ENDINGS[number]}", body, outlet=f"Outlet {number}")


NORTH = {"size": 5.2, "place": "Norland", "day": "Monday", "town": "Vik", "who": "Astrid Holm", "depth": 11}
SOUTH = {"size": 6.8, "place": "Suderia", "day": "Friday", "town": "Palmeto", "who": "Rui Campos", "depth": 34}


def groups(stories: list[Story]) -> list[set[str]]:
    return sorted(({a.title for a in s.articles()} for s in stories), key=sorted)


def test_names_and_numbers_weigh_more_than_other_words() -> None:
    terms = terms_of(article("", "The quake near Vik had a strength of 52."))
    assert terms["vik"] == terms["52"] > terms["quake"]


def test_two_quakes_reported_in_nearly_the_same_words_are_two_stories() -> None:
    reports = [quake(n, **(NORTH if n < 4 else SOUTH)) for n in range(8)]
    assert [len(g) for g in groups(group_stories(reports))] == [4, 4]


def test_what_most_texts_of_a_small_week_have_in_common_makes_no_story() -> None:
    notes = [
        article(f"Notes of the week: {what}", f"The {what} on Monday, and the {what} on Friday, people in Vik say.")
        for what in ("ferry sails", "council votes", "toads cross", "bees swarm")
    ]
    assert len(group_stories(notes)) == 4


def test_two_reports_in_a_week_of_four_are_one_story() -> None:
    reports = [quake(0, **NORTH), quake(1, **NORTH)]
    fair = article("Ox fair", "The shire of Ulm held its yearly ox fair, and sold more cows than ever before.")
    choir = article("Choir wins", "Forty children sang in Lisbon and brought home a silver cup for their school.")
    others = [fair, choir]
    assert sorted(len(s.articles()) for s in group_stories([*reports, *others])) == [1, 1, 2]


def test_headlines_alone_make_a_story() -> None:
    titles = [
        "Central bank raises rate to 4 percent in Norland",
        "Norland central bank lifts rate to 4 percent",
        "Rate in Norland goes to 4 percent, central bank says",
        "Museum of glass opens in Palmeto after long repair",
        "Palmeto: glass museum opens again",
    ]
    stories = group_stories([article(t, t, outlet=f"Outlet {n}") for n, t in enumerate(titles)])
    assert sorted(len(s.articles()) for s in stories) == [2, 3]


def test_reports_in_a_script_without_blanks_are_grouped() -> None:
    texts = {
        "北港で地震、住宅に被害": "北港市で月曜日に強い地震があり、住宅に被害が出た。気象庁によると震源の深さは十一キロ。",
        "北港市の地震で住宅被害": "月曜日の地震で北港市の住宅に被害が出た。震源の深さは十一キロと気象庁が発表した。",
        "南町に新しい図書館が開館": "南町に新しい図書館が開館した。蔵書は五万冊で、子ども向けの部屋もある。",
    }
    stories = group_stories([article(t, b, outlet=t[:3], language="ja") for t, b in texts.items()])
    assert sorted(len(s.articles()) for s in stories) == [1, 2]


def test_the_order_of_the_articles_does_not_change_the_stories() -> None:
    reports = [quake(n, **(NORTH if n < 4 else SOUTH)) for n in range(8)]
    expected = group_stories(reports)
    for seed in range(4):
        shuffled = list(reports)
        random.Random(seed).shuffle(shuffled)
        assert group_stories(shuffled) == expected


def lead_of(*reports: Article) -> str:
    (story,) = group_stories(reports)
    return story.lead.title


def test_an_open_report_leads_before_a_closed_one() -> None:
    first, second = quake(0, **NORTH), quake(1, **NORTH)
    for closed, other in ((first, second), (second, first)):
        assert lead_of(replace(closed, paywall="closed"), other) == other.title


def test_a_closed_report_we_have_a_right_to_is_as_good_as_an_open_one() -> None:
    first, second = quake(0, **NORTH), quake(1, **NORTH)
    plain = lead_of(first, second)
    mine = {a.title: replace(a, paywall="closed", right="we subscribe") for a in (first, second)}
    assert lead_of(mine[plain], *(a for a in (first, second) if a.title != plain)) == plain


def test_a_report_that_may_not_be_excerpted_leads_only_where_all_are_so() -> None:
    first, second = quake(0, **NORTH), quake(1, **NORTH)
    none = ExcerptLimit(0, "the page says nosnippet")
    for shut, other in ((first, second), (second, first)):
        assert lead_of(replace(shut, limit=none), other) == other.title


def test_a_slip_too_short_to_summarize_does_not_lead() -> None:
    long = [replace(a, text=f"{a.text} {a.text[::-1]}") for a in (quake(0, **NORTH), quake(1, **NORTH))]
    slip = article("Quake in Norland", "A magnitude 5.2 earthquake shook Norland on Monday near Vik.", outlet="Slip")
    assert lead_of(*long, slip) != slip.title


def test_of_many_reports_a_typical_one_leads_and_of_a_few_the_longest() -> None:
    many = [quake(n, **NORTH) for n in range(5)]
    aside = " ".join(f"aside{n} remark{n}" for n in range(200))
    longest = replace(many[4], text=f"{aside[:300]} {many[4].text} {aside}")
    others = [
        article(f"{what} fair", f"The {what} fair of {where} opened with a dance and closed with a {end}.")
        for what, where, end in (
            ("ox", "Ulm", "song"),
            ("owl", "Ghent", "prayer"),
            ("kite", "Oslo", "race"),
            ("drum", "Lagos", "parade"),
            ("bread", "Turin", "supper"),
            ("map", "Kyoto", "lecture"),
        )
    ]
    for reports, leads in (([*many[:4], longest], False), ([*many[:2], longest], True)):
        story = next(s for s in group_stories([*reports, *others]) if longest in s.articles())
        assert len(story.articles()) == len(reports)
        assert (story.lead == longest) is leads
