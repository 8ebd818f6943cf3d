"""Who said what."""

from __future__ import annotations

import importlib.util
import json
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.condense import find_quotes, key_quotes
from digest.model import Quote
from digest.text.sentences import split_sentences
from digest.text.words import count_words

HARD = [
    json.loads(line) for line in (Path(__file__).parent / "data" / "quotes_hard.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("row", HARD, ids=[row["id"] for row in HARD])
def test_hard_case(row: dict) -> None:  # type: ignore[type-arg]
    """Every required quote of the case is found, with its speaker; nothing else is taken for a quote."""
    text = row["text"]
    spans = [(s.start, s.end, q.speaker) for q in find_quotes(text) for s in q.spans]
    known = [(q["start"], q["end"]) for q in row["quotes"]]
    assert [s for s in spans if (s[0], s[1]) not in known] == []
    for gold in row["quotes"]:
        found = [speaker for start, end, speaker in spans if (start, end) == (gold["start"], gold["end"])]
        if gold["optional"]:
            continue
        assert len(found) == 1
        if gold["speaker_name"]:
            assert found[0] is not None
            assert gold["speaker_name"] in found[0]


def test_pieces_of_a_split_quote_are_one_quote() -> None:
    text = "“If the rate rises again,” Sofia Brandt warned, “half of these shops will be gone by spring.”"
    (quote,) = find_quotes(text)
    assert quote.texts == ("If the rate rises again,", "half of these shops will be gone by spring.")
    assert [s.of(text)[0] + s.of(text)[-1] for s in quote.outer] == ["“”", "“”"]


def test_a_quote_over_paragraphs_is_one_quote() -> None:
    text = "“The river took the field first.\n\n“By noon the road had gone as well,” farmer Ivor Pugh said."
    (quote,) = find_quotes(text)
    assert len(quote.spans) == 2
    assert (quote.speaker, quote.role) == ("Ivor Pugh", "farmer")


def test_a_pronoun_is_resolved_and_its_place_kept() -> None:
    text = "Peter Lang met Omar Said. Lang was unimpressed. “I have seen better plans on a beer mat,” he said."
    (quote,) = find_quotes(text)
    assert quote.speaker == "Peter Lang"
    assert quote.speaker_span is not None
    assert quote.speaker_span.of(text) == "he"


MET = "Olle Stam and Anna Berg met on Monday in Lund. "
TOWN = "Joan Pike, the mayor, met Alan Ross on Monday. "
WHOSE = {
    "a head before a colon brings in the next speaker": (
        MET + '"We agreed on nothing," Stam said. Berg was blunter: "He talked for an hour and heard nobody."',
        ["Olle Stam", "Anna Berg"],
    ),
    "the other half of a sentence brings in the next speaker": (
        MET + '"We agreed on nothing," Stam said, while Berg was blunter: "He talked for an hour and heard nobody."',
        ["Olle Stam", "Anna Berg"],
    ),
    "a head with a name known by no first name ends the turn": (
        MET + '"We agreed on nothing," Stam said. Kowalczyk was blunter: "He talked for an hour and heard nobody."',
        ["Olle Stam", {"Kowalczyk", None}],
    ),
    "a head with an office ends the turn": (
        TOWN + '"We agreed on nothing," Ross said. The mayor was blunter: "He talked for an hour and heard nobody."',
        ["Alan Ross", {"Joan Pike", None}],
    ),
    "a sentence about somebody else ends the turn": (
        MET + '"We agreed on nothing," Stam said. Berg shook her head. "He talked for an hour and heard nobody."',
        ["Olle Stam", {"Anna Berg", None}],
    ),
    "a turn goes on where nobody else comes in": (
        MET + '"We agreed on nothing," Stam said. "He talked for an hour and heard nobody."',
        ["Olle Stam"],
    ),
    "a German head with a title": (
        "Stephan Meier ist dafür. «Das ist ein guter Plan für alle», sagt Meier. "
        "Der Datenschützer Dr. Beat Rüegg widerspricht: «Ein Mikrofon bleibt ein Mikrofon.»",
        ["Stephan Meier", "Beat Rüegg"],
    ),
    "the one told, who answers": (
        TOWN + '"I was wrong," Ross later told Pike, who answered: "You were wrong twice and late."',
        ["Alan Ross", "Joan Pike"],
    ),
    "the one spoken of, who only listens": (
        TOWN + 'And then, said Ross of Pike, who was listening: "She was wrong twice and late."',
        [{"Alan Ross", None}],
    ),
    "the one told, who shoots back": (
        TOWN + '"I was wrong," Ross told Pike, who shot back: "You were wrong twice and late."',
        ["Alan Ross", "Joan Pike"],
    ),
    "a so-called thing": (TOWN + 'The so-called "temporary emergency bus lane scheme" ends in May.', []),
    "who speaks for a person is not that person": (
        TOWN + '"We never said that," a spokesman for Ross told the paper.',
        [None],
    ),
    "who speaks for a person named before the noun is not that person": (
        TOWN + '"We never said that at all," a Ross spokesman said.',
        [None],
    ),
    "an answer belongs to whose answer it is": (
        MET + 'Stam shrugged. Berg\'s answer was short: "He talked for an hour and heard nobody."',
        [{"Anna Berg", None}],
    ),
    "who speaks for an organization gives its name": (
        TOWN + '"We never said that at all," a spokesman for Google said.',
        ["Google"],
    ),
    "what was not said": (
        TOWN + 'Pike did not say "we will build it next year", as the Herald reported.',
        [],
    ),
    "what was never said": (TOWN + 'Pike never said "we will build it next year".', []),
    "borrowed words": (
        TOWN + 'As Winston Churchill once said, "never give in to them at all," Pike told reporters.',
        [{"Winston Churchill", None}],
    ),
}


@pytest.mark.parametrize(("text", "speakers"), WHOSE.values(), ids=WHOSE)
def test_in_doubt_nobody_is_named(text: str, speakers: list[str | set[str | None] | None]) -> None:
    found = [quote.speaker for quote in find_quotes(text)]
    assert len(found) == len(speakers)
    for given_to, right in zip(found, speakers, strict=True):
        assert given_to in (right if isinstance(right, set) else {right})


@pytest.mark.parametrize("short", ["Mio.", "Mrd.", "ca.", "bzw.", "Nr.", "z. B.", "Dr.", "Prof."])
def test_a_german_abbreviation_does_not_part_a_quote_from_its_head(short: str) -> None:
    text = f"Anna Berg schwieg. Beat Rüegg sagte über die 5 {short} Meier: «Ein Mikrofon bleibt immer ein Mikrofon.»"
    (quote,) = find_quotes(text, language="de")
    assert quote.speaker == "Beat Rüegg"
    assert len(split_sentences(text, "de")) == 2


def test_an_unclosed_quote_ends_with_its_paragraph_and_is_not_trusted() -> None:
    text = "Ann Lee said: “We have waited for this for years and years.\n\nThe council has not."
    (quote,) = find_quotes(text)
    assert quote.texts == ("We have waited for this for years and years.",)
    assert quote.confidence < 0.6


def test_the_writers_opinion_is_nobodys_quote() -> None:
    text = (
        "The bridge is open.\n\nAuthor’s view: “We should all be ashamed of this bridge,” one might say, said Ann Lee."
    )
    assert find_quotes(text) == []


def seed(bench_data: Path) -> tuple[str, list[dict]]:  # type: ignore[type-arg]
    text = (bench_data / "seed" / "article.txt").read_text("utf-8")
    return text, json.loads((bench_data / "seed" / "gold.json").read_text("utf-8"))["quotes_in_file"]


@pytest.mark.shared
def test_the_seed_articles_four_quotes_have_their_speakers_and_roles(bench_data: Path) -> None:
    text, gold = seed(bench_data)
    found = [(q.spans[0].start, q.spans[0].end, q.speaker, q.role) for q in find_quotes(text)]
    assert found == [(g["start"], g["end"], g["speaker_name"], g["role"]) for g in gold]


@pytest.mark.shared
def test_the_seed_articles_key_quote_is_hancocks(bench_data: Path) -> None:
    text, _ = seed(bench_data)
    best, *others = key_quotes(text, limit=3)
    assert best.speaker == "Matthew Hancock"
    assert best.texts == (
        "By sharing knowledge and exchanging skillsets we build digital teams that are the best they can be.",
    )
    assert best.outer == best.spans
    assert {q.speaker for q in others} & {"Megan Smith", "Shaun Donovan", "Matthew Hancock"}


def test_a_key_quote_stands_alone_and_keeps_out_of_what_is_printed() -> None:
    text = (
        "Ann Lee runs the port. “It was. We must build three new ships before winter or lose every contract we have,” said Lee. "
        "“Ships matter,” she said."
    )
    (quote,) = key_quotes(text)
    assert quote.texts == ("We must build three new ships before winter or lose every contract we have",)
    assert quote.speaker == "Ann Lee"
    assert key_quotes(text, avoid=quote.spans) == []


@pytest.mark.parametrize("marks", ["“”", "‘’", '""'])
def test_a_key_quote_ends_before_the_comma_and_keeps_its_marks(marks: str) -> None:
    said = "We must build three new ships before winter or lose every contract we have"
    text = f"{marks[0]}{said},{marks[1]} said Ann Lee, head of the port."
    (quote,) = key_quotes(text)
    assert quote.texts == (said,)
    assert quote.outer[0].of(text) == f"{marks[0]}{said},{marks[1]}"


def test_a_quote_nobody_is_named_for_is_no_key_quote() -> None:
    assert (
        key_quotes("“Everybody knew and nobody wanted to say so in all those years,” one senior official said.") == []
    )


NAMES = ("Ann Lee", "Bob Dunn", "Olle Stam", "Rosa Klein")
SAID = (
    "We have waited for this bridge for years.",
    "Nobody asked the people who live here,",
    "It will cost twice what they say!",
    "The river took the lower field first,",
)
FRAMES = (
    "“{said}” said {name}, head of the port.",
    "{name} said: “{said}”",
    "“{said}” {last} said on Monday. “{more}”",
    "“{said}” {he} added.",
    "“{said}”",
    "{name} met the council on Monday and left early.",
)
PARAGRAPH = st.builds(
    lambda frame, name, said, more: frame.format(
        name=name, last=name.split()[1], he="she" if name[0] in "AR" else "he", said=said, more=more
    ),
    st.sampled_from(FRAMES), st.sampled_from(NAMES), st.sampled_from(SAID), st.sampled_from(SAID),
)  # fmt: skip
ARTICLES = st.lists(PARAGRAPH, min_size=1, max_size=6).map(lambda some: ["Ann Lee and Bob Dunn run the port.", *some])
UNRELATED = st.sampled_from(
    (
        "The weather stayed dry for most of the week.",
        "Prices for grain rose by two percent in the spring.",
        "The road along the coast is closed until further notice.",
    )
)


def heard(text: str) -> list[tuple[tuple[str, ...], str | None]]:
    return [(quote.texts, quote.speaker) for quote in find_quotes(text)]


@settings(max_examples=150, deadline=None)
@given(ARTICLES)
def test_no_span_leaves_its_paragraph(paragraphs: list[str]) -> None:
    found = [text for texts, _ in heard("\n\n".join(paragraphs)) for text in texts]
    assert all(any(text in paragraph for paragraph in paragraphs) for text in found)


@settings(max_examples=150, deadline=None)
@given(ARTICLES, UNRELATED, st.booleans())
def test_a_paragraph_about_something_else_changes_nothing(
    paragraphs: list[str], unrelated: str, in_front: bool
) -> None:
    """No quote, no name, nobody: put where it parts no quote from its speaker, it changes nothing elsewhere."""
    more = [unrelated, *paragraphs] if in_front else [*paragraphs, unrelated]
    assert heard("\n\n".join(more)) == heard("\n\n".join(paragraphs))


@pytest.mark.shared
@settings(max_examples=40, deadline=None)
@given(paragraphs=ARTICLES)
@pytest.mark.parametrize("style", ["uk", "uk-straight", "us-straight", "de", "fr", "ja"])
def test_other_marks_change_nothing_of_who_said_what(bench_data: Path, style: str, paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)
    spec = importlib.util.spec_from_file_location("quotes_style", bench_data.parent / "bench" / "quotes_style.py")
    assert spec is not None
    assert spec.loader is not None
    styles = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(styles)
    assert heard(styles.restyle(text, style)) == heard(text)


def test_two_small_marks_are_one_double_mark() -> None:
    text = "''We won 'the whole lot,''' said Ann Lee. ``It took us nine years,'' she said."
    first, second = find_quotes(text)
    assert first.texts == ("We won 'the whole lot,'",)
    assert second.texts == ("It took us nine years,",)
    assert {first.speaker, second.speaker} == {"Ann Lee"}


MARKS = list("“”„‟«»‘’\"'「」『』 ‚‹›")
PIECES = [*MARKS, "A b c d e f", ",", ". ", "\n\n", " said Ann Lee", " he said", "Bob Dunn: ", "’s ", " — ", "x"]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=60).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_quotes_are_verbatim_disjoint_and_inside_their_marks(text: str) -> None:
    pieces = []
    for quote in find_quotes(text):
        assert len(quote.spans) == len(quote.texts) == len(quote.outer) >= 1
        check(text, quote)
        pieces += quote.spans
    pieces.sort()
    assert all(not a.overlaps(b) for a, b in pairwise(pieces))
    for quote in key_quotes(text, limit=5):
        check(text, quote)
        assert 8 <= sum(count_words(t) for t in quote.texts) <= 45
        assert quote.speaker


def check(text: str, quote: Quote) -> None:
    for span, printed, outer in zip(quote.spans, quote.texts, quote.outer, strict=True):
        assert span.of(text) == printed
        assert outer.holds(span)
    assert 0 <= quote.confidence <= 1
    assert (quote.speaker or "x").lower() not in ("he", "she", "they", "it")
    if quote.role_span is not None:
        assert quote.role_span.of(text) == quote.role


@pytest.mark.parametrize(
    "piece",
    [
        "“",
        '"',
        "‘a ",
        "' ",
        "”“",
        "“a. ",
        "« » ",
        "'a' ",
        "“A b c d e f,” said X. ",
        ".",
        "A. ",
        "“a said, ",
        "he said ",
        "a\n",
        ". ",
    ],
)
def test_a_hundred_kilobytes_of_marks_take_no_time(piece: str) -> None:
    """Ten times the text may take some twenty times as long, never a hundred times."""
    small, large = piece * (10_000 // len(piece)), piece * (100_000 // len(piece))
    began = time.process_time()
    find_quotes(small)
    middle = time.process_time()
    find_quotes(large)
    ended = time.process_time()
    assert ended - middle < 0.3 + 25 * (middle - began)
