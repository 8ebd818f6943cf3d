"""A link leads to the very words: what it says, and where a real browser lands."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import digest
from digest.model import Span
from digest.text.fragments import directive, link_to, quote_link
from tests.local_web import LocalWeb

SAID = "We have waited twenty years for this bridge"
TEXT = f"“{SAID},” said Anna Weber.\n\nA walk-out, she said, is next."


def span_of(text: str, words: str, nth: int = 0) -> Span:
    start = [m.start() for m in re.finditer(re.escape(words), text)][nth]
    return Span(start, start + len(words))


def test_a_short_quote_is_named_whole() -> None:
    assert directive(TEXT, span_of(TEXT, SAID)) == f"text={SAID.replace(' ', '%20')}"


def test_a_long_quote_is_named_by_its_first_and_last_words() -> None:
    words = " ".join(f"w{n}" for n in range(40))
    assert directive(words, Span(0, len(words))) == "text=w0%20w1%20w2%20w3%20w4,w35%20w36%20w37%20w38%20w39"


def test_whatever_parts_a_directive_is_encoded_in_its_words() -> None:
    text = "“A well-made, old & ugly thing (100 % steel) of many years – she’s fond of it?”"
    told = directive(text, Span(1, len(text) - 1)).removeprefix("text=")
    assert set(told) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%._~,")
    first, last = told.split(",")
    assert unquote(first) == "A well-made, old & ugly thing"
    assert unquote(last) == "years – she’s fond of it"


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://a.example/x?y=1", "https://a.example/x?y=1#:~:text=next"),
        ("https://a.example/x#top", "https://a.example/x#top:~:text=next"),
        ("https://a.example/x#/route", "https://a.example/x#/route:~:text=next"),
        ("https://a.example/x#:~:text=old", "https://a.example/x#:~:text=next"),
        ("https://a.example/x#top:~:text=old", "https://a.example/x#top:~:text=next"),
    ],
)
def test_a_fragment_is_kept_and_a_directive_replaced(url: str, linked: str) -> None:
    assert link_to(url, TEXT, [span_of(TEXT, "next")]) == linked


def test_each_piece_of_a_split_quote_has_its_directive() -> None:
    link = link_to("https://a.example/x", TEXT, [span_of(TEXT, SAID), span_of(TEXT, "is next")])
    assert link == f"https://a.example/x#:~:text={SAID.replace(' ', '%20')}&text=is%20next"


def test_words_that_stand_twice_are_told_apart_by_what_is_around_them() -> None:
    text = "“We waited,” said Bob. “We waited,” said Anna. ‘We waited.’\n\n“We waited,” she wrote."
    links = [directive(text, span_of(text, "We waited", nth)) for nth in range(4)]
    assert [unquote(link) for link in links] == [
        "text=We waited", "text=Bob. “-,We waited", "text=Anna. ‘-,We waited", "text=We waited,-,” she",
    ]  # fmt: skip


def test_words_that_stand_in_the_headline_too_are_told_apart() -> None:
    told = directive(TEXT, span_of(TEXT, SAID), above=f"“{SAID}”")
    assert unquote(told) == f"text={SAID},-,” said"


def test_no_part_crosses_a_line() -> None:
    text = "“One two three\nfour five six,” said Anna Weber."
    assert unquote(directive(text, span_of(text, "One two three\nfour five six"))) == "text=One two three,four five six"


def test_a_span_without_a_word_has_no_directive() -> None:
    assert directive("a … b", Span(2, 3)) == ""
    assert link_to("https://a.example/", "a … b", [Span(2, 3)]) == "https://a.example/"


def test_a_quotes_link_is_its_articles_and_a_text_without_address_has_none() -> None:
    article = digest.read_article(f"Late bridge\n\n{TEXT}".encode(), url="https://a.example/x", kind="txt")
    (quote,) = digest.find_quotes(article)
    assert quote_link(article, quote) == f"https://a.example/x#:~:text={SAID.replace(' ', '%20')}"
    pasted = digest.read_article(f"Late bridge\n\n{TEXT}".encode(), kind="txt")
    assert quote_link(pasted, quote) == ""


TERM = r"[A-Za-z0-9%._~]+"
GRAMMAR = re.compile(rf"text=(?:{TERM}-,)?{TERM}(?:,{TERM})?(?:,-{TERM})?")
PIECES = st.sampled_from(
    ["We", " ", " waited", ",", "-", "&", "“", "”", "\n", "\n\n", "é", "年", "’s", " — ", "🎉", "."]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join), st.integers(0, 60), st.integers(0, 60))
def test_every_directive_is_one_by_the_standards_grammar(text: str, start: int, length: int) -> None:
    told = directive(text, Span(min(start, len(text)), min(start + length, len(text))))
    assert told == "" or GRAMMAR.fullmatch(told)


# ------------------------------------------------------------------------------------------------ in the browser

LONG = " ".join(f"and {n} more reasons" for n in range(60))
# The page's paragraph, our text of it, and the words to find in it.
PLACES = {
    "plain": (f"<p id=here>“{SAID},” said Anna.</p>", SAID),
    "typewriter's marks on the page": ("<p id=here>\"It's Anna's bridge that we've waited for\"</p>", "It’s Anna’s bridge that we’ve waited for"),
    "curly marks on the page": ("<p id=here>“It’s Anna’s bridge that we’ve waited for”</p>", "It's Anna's bridge that we've waited for"),
    "hard blanks on the page": ("<p id=here>«&nbsp;Nous avons attendu 20&nbsp;ans ce pont&nbsp;»</p>", "Nous avons attendu 20 ans ce pont"),
    "hard blanks in the text": ("<p id=here>« Quelle honte ! 20 000 jours »</p>", "Quelle honte\u202f! 20\u202f000 jours"),
    "inline tags": ("<p id=here>“We <em>have waited</em> twen<b>ty</b> <a href=x>years</a>,” said Anna.</p>", "We have waited twenty years"),
    "commas, dashes, an ampersand": ("<p id=here>“A well-made, old &amp; ugly bridge-like thing, he-he - yes”</p>", "A well-made, old & ugly bridge-like thing, he-he - yes"),
    "emoji": ("<p id=here>“What a day 🎉 for the town 👩‍🚒 and us”</p>", "What a day 🎉 for the town 👩‍🚒 and us"),
    "a line break": ("<p id=here>“We have waited<br>twenty years,” said Anna.</p>", "We have waited\ntwenty years"),
    "sixty times as long": (f"<p id=here>“{LONG},” said Anna.</p>", LONG),
    "German": ("<p id=here>„Wir schließen keine Schule – nie“, sagte sie.</p>", "Wir schließen keine Schule – nie"),
    "Spanish": ("<p id=here>«¿Quién pagará el puente?», preguntó.</p>", "¿Quién pagará el puente?"),
    "Dutch": ("<p id=here>‘We wachten al jaren op ’s werelds brug’, zei ze.</p>", "We wachten al jaren op ’s werelds brug"),
    "Japanese": ("<p id=here>田中氏は「今年は学校を閉鎖しないと約束する」と述べた。</p>", "今年は学校を閉鎖しないと約束する"),
    "Arabic": ("<p id=here dir=rtl>قال «لن نغلق أي مدرسة هذا العام» أمس</p>", "لن نغلق أي مدرسة هذا العام"),
    "Russian": ("<p id=here>«Мы не закроем ни одной школы», сказала она.</p>", "Мы не закроем ни одной школы"),
    "accents written apart": ("<p id=here>“La e\u0301cole fermera en e\u0301te\u0301 prochain”</p>", "La école fermera en été prochain"),
    "capitals by style": (f"<p id=here style='text-transform:uppercase'>“{SAID}”</p>", SAID),
}  # fmt: skip
FILL = "".join(
    f"<p style='margin:40px 0'>Nothing to see here about the harbour and its weather {n}.</p>" for n in range(60)
)


def lands(browser: Any, body: str, link: str) -> str:
    """The id of the element in the middle third of the window after the page at *link* is opened; '' for none."""
    with LocalWeb() as web:
        web["/x"] = f"<!doctype html><meta charset=utf-8><title>x</title><body>{body}"
        page = browser.new_page()
        page.goto(web.url + link)
        page.wait_for_timeout(200)
        seen = """() => { for (const e of document.querySelectorAll('[id]')) { const r = e.getBoundingClientRect();
                  if (scrollY > 500 && r.top < innerHeight * 2 / 3 && r.bottom > innerHeight / 3) return e.id } return '' }"""
        found = str(page.evaluate(seen))
        page.close()
        return found


@pytest.mark.browser
@pytest.mark.parametrize(("target", "words"), PLACES.values(), ids=PLACES)
def test_the_browser_scrolls_to_the_words(browser: Any, target: str, words: str) -> None:
    link = link_to("/x", words, [Span(0, len(words))])
    assert lands(browser, FILL + target + FILL, link) == "here"


@pytest.mark.browser
def test_the_browser_stays_at_the_top_where_the_words_are_not_there(browser: Any) -> None:
    """So that the tests above can fail."""
    link = link_to("/x", "We never said that at all", [Span(0, 25)])
    assert lands(browser, f"{FILL}<p id=here>{SAID}</p>{FILL}", link) == ""


@pytest.mark.browser
def test_the_browser_passes_by_the_same_words_further_up(browser: Any) -> None:
    early, late = "“We waited,” said Bob Dunn.", "“We waited,” said Anna."
    text = f"{early}\n\n{late}"
    body = f"{FILL}<h1 id=headline>We waited</h1>{FILL}<p id=early>{early}</p>{FILL}<p id=late>{late}</p>{FILL}"
    for nth, name in enumerate(["early", "late"]):
        link = link_to("/x", text, [span_of(text, "We waited", nth)], above="We waited")
        assert lands(browser, body, link) == name


@pytest.mark.browser
def test_the_browser_takes_a_directive_behind_a_fragment(browser: Any) -> None:
    body = f"{FILL}<p id=here>“{SAID}”</p>{FILL}<p id=bottom>The end.</p>{FILL}"
    assert lands(browser, body, link_to("/x#bottom", TEXT, [span_of(TEXT, SAID)])) == "here"


@pytest.mark.browser
def test_the_browser_goes_to_the_first_piece_of_a_split_quote(browser: Any) -> None:
    text = "“If the rate rises,” Sofia Brandt warned, “half of these shops will go.”"
    body = f"{FILL}<p id=here>{text}</p>{FILL}"
    (quote,) = digest.find_quotes(text)
    assert len(quote.spans) == 2
    assert lands(browser, body, link_to("/x", text, quote.spans)) == "here"
