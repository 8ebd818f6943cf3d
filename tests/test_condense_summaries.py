"""Which sentences make a summary."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect import read_article
from digest.condense import READ_SENTENCES, explain_summary, summarize
from digest.condense.short_forms import explained_forms
from digest.errors import DigestError
from digest.model import PAYWALLED, SUMMARY_METHODS, ExcerptLimit, Region, Span
from digest.text.words import count_words
from tests.make import article
from tests.test_text_boilerplate import LEFTOVERS

BRIDGE = """Town reopens its old bridge after two years of repairs

HALDEN (AP) — The old bridge of Halden was opened again on Friday after two years of repairs. The repairs cost 3.5 million pounds, \
twice what the council had planned in 2019. He called it a good day for the town.

Mayor Lucia Ferri cut a ribbon before some 400 people on the Halden side of the bridge. “We will not wait so long again. \
The next repairs begin in May,” said Ferri.

But traders on the other side of the river doubt that. It could be argued that the bridge was never needed by the town at all.

The council wants lorries to pay 4 pounds for each crossing of the bridge from January 2026.

Author’s view: The bridge of Halden was opened again too late and the council of Halden should be ashamed of the repairs."""


def sentences_of(text: str, **options: object) -> list[str]:
    return [e.text for e in summarize(text, language="en", **options).sentences]  # type: ignore[arg-type]


def test_a_dateline_is_cut_by_a_later_start() -> None:
    first = summarize(BRIDGE, language="en").sentences[0]
    assert first.text == "The old bridge of Halden was opened again on Friday after two years of repairs."
    assert BRIDGE[first.span.start : first.span.end] == first.text


@pytest.mark.parametrize("method", SUMMARY_METHODS)
@pytest.mark.parametrize("count", [1, 3, 8])
def test_rules_hold_around_every_method(method: str, count: int) -> None:
    """No opinion, no hedged comment, no title, no half quote, no sentence that hangs on one left out."""
    cut = sentences_of(BRIDGE, method=method, sentences=count, max_words=200)
    assert 1 <= len(cut) <= count
    printed = " ".join(cut)
    for never in ("ashamed", "could be argued", "Town reopens", "We will not wait so long"):
        assert never not in printed
    assert not cut[0].startswith(("He ", "But "))
    if any(s.startswith("He called") for s in cut):
        assert any(s.startswith("The repairs cost") for s in cut)


@pytest.mark.parametrize("method", SUMMARY_METHODS)
def test_the_longest_summary_is_in_the_texts_order_and_within_its_words(method: str) -> None:
    summary = summarize(BRIDGE, method=method, sentences=5, max_words=40, language="en")
    starts = [e.span.start for e in summary.sentences]
    assert starts == sorted(starts)
    assert sum(count_words(e.text) for e in summary.sentences) <= 40
    assert summary.method == method


def test_a_key_quote_comes_along_when_there_is_room() -> None:
    summary = summarize(BRIDGE, language="en", quotes=1, max_words=100)
    assert [q.speaker for q in summary.quotes] == ["Lucia Ferri"]
    assert not any(e.span.overlaps(s) for e in summary.sentences for s in summary.quotes[0].spans)
    words = sum(count_words(e.text) for e in summary.sentences) + sum(count_words(t) for t in summary.quotes[0].texts)
    assert words <= 100


def test_a_text_without_a_fitting_sentence_has_an_empty_summary() -> None:
    assert sentences_of("", max_words=70) == []
    assert sentences_of("The bridge of Halden is open again after two years of repairs.", max_words=5) == []


def test_what_opens_a_text_may_lean_forward_where_nothing_else_can_be_printed() -> None:
    opening = "He may have stopped diving, but Yusuf Demir of Halden has counted 640 ships this year."
    assert sentences_of(f"{opening} Demir is 85 and says he will count the ships of the port again.")[0] == opening
    asked = "What has the diver Yusuf Demir of Halden done since he left the harbour office?"
    assert sentences_of(f"{asked} Demir has counted 640 ships and put them on a public page.")[0] == asked
    assert asked not in sentences_of(f"{SHIPS} {asked} The page of the harbour office has 128 readers a day.")


def test_a_title_made_of_the_first_words_bars_no_sentence() -> None:
    text = f"{SHIPS} The work costs 12 million pounds and begins in March."
    assert summarize(read_article(text)).sentences[0].text == SHIPS


def test_a_short_budget_prints_no_sentence_without_what_it_needs() -> None:
    assert sentences_of(f"{SHIPS} He asked the city for the figures.", max_words=12) == []


def test_the_lines_that_open_a_report_are_cut_off() -> None:
    said = "The council counted all of the ships in the harbour of Halden."
    for line in ("Thursday, May 7, 2015 ", "(Rolling Stone)", "Evansville, Indiana, United States - "):
        assert sentences_of(line + said) == [said]


def test_repeats_are_said_once() -> None:
    text = "The old bridge of Halden was opened again on Friday. " * 3 + "Lorries will pay 4 pounds for each crossing."
    assert len(sentences_of(text)) == 2


SHIPS = "Port Ellery has published the cause and the cost of every late berth for six months, the harbour office said."
LEANING = [
    ("The list is one plain page.", "few words that say little"),
    ("They were pleased with what the figures of the port have shown so far.", "a pronoun"),
    ("Two of them were settled out of court by lawyers of the port.", "a part of something"),
    ("In 2019 it had stood at 84 complaints about ships and crews of the port.", "a pronoun behind a date"),
    ("The largest ship of all that called at the port in those six months was 61.", "a bare number"),
    ("Demir has counted 640 written complaints to the port since 15 September.", "a bare surname"),
    ("The seagrass has grown 40 centimetres since the port counted it last autumn.", "a noun spoken of before"),
    ("The 46-year-old diver has counted 640 ships since the port opened its page.", "a person not named"),
    ("Before the page was opened, the retired goalkeeper counted the ships of the port.", "a person named late"),
]


@pytest.mark.parametrize("sentence", [s for s, _ in LEANING], ids=[why for _, why in LEANING])
def test_a_sentence_is_printed_only_behind_the_one_it_needs(sentence: str) -> None:
    """What it needs stands before it and is too long to be printed itself."""
    needed = "Yusuf Demir of the field station dived for seagrass " + "and more of it " * 15 + "in the harbour."
    text = f"{SHIPS}\n\n{needed} {sentence}"
    assert sentences_of(text, sentences=5, max_words=200) == [SHIPS]


def test_a_surname_is_printed_behind_the_full_name() -> None:
    full = "Yusuf Demir of the field station has dived for seagrass in the east basin."
    later = "Demir has counted 640 written complaints to the port since 15 September."
    filler = "Fog accounts for 212 of the delays in the harbour this winter."
    assert sentences_of(f"{SHIPS} {full} {filler} {later}", sentences=4, max_words=200) == [SHIPS, full, filler, later]


def test_a_bare_surname_is_not_printed_even_where_nothing_else_fits() -> None:
    full = "Yusuf Demir of the field station has dived for seagrass in the east basin for eleven years."
    text = f"{full} Demir counted 640 shoots of seagrass on Sunday."
    assert sentences_of(text, max_words=10) == []
    assert sentences_of(text, max_words=40) == [full, "Demir counted 640 shoots of seagrass on Sunday."]


@pytest.mark.shared
@pytest.mark.parametrize(("max_words", "count"), [(70, 1), (90, 2)])
def test_the_seed_articles_lead_has_its_quote_and_introduces_who_is_named(
    bench_data: Path, max_words: int, count: int
) -> None:
    text = (bench_data / "seed" / "article.txt").read_text("utf-8")
    cut = summarize(text, language="en", max_words=max_words, quotes=1)
    openings = ["Senior technology figures", "UK Cabinet Office minist"]
    assert [e.text[:24] for e in cut.sentences] == [opening[:24] for opening in openings[:count]]
    assert cut.quotes[0].texts[0].startswith("By sharing knowledge")


def test_an_unknown_method_is_refused_by_name() -> None:
    with pytest.raises(DigestError, match="lexrank"):
        summarize(BRIDGE, method="lexrank")


def test_sumy_stays_unloaded_until_something_is_summarized() -> None:
    code = "import digest.condense, sys; print(any(m.split('.')[0] in ('sumy', 'nltk', 'numpy', 'py3langid') for m in sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


@pytest.mark.shared
@pytest.mark.parametrize("method", SUMMARY_METHODS)
def test_the_seed_articles_summary_reports(bench_data: Path, method: str) -> None:
    text = (bench_data / "seed" / "article.txt").read_text("utf-8")
    gold = json.loads((bench_data / "seed" / "gold.json").read_text("utf-8"))
    cut = sentences_of(text, method=method)
    assert cut[0].startswith(("Senior technology figures in the UK", "UK Cabinet Office minister Matthew Hancock met"))
    for sentence in cut:
        assert any(sentence in paragraph for paragraph in gold["body"])
        assert "could be argued" not in sentence


@pytest.mark.shared
def test_the_seed_articles_editorial_summary_says_what_happened_and_who_met(bench_data: Path) -> None:
    cut = sentences_of((bench_data / "seed" / "article.txt").read_text("utf-8"))
    assert [s[:27] for s in cut] == ["Senior technology figures i", "UK Cabinet Office minister "]


@pytest.mark.shared
def test_summaries_of_news_never_dangle(bench_data: Path) -> None:
    """On development articles, no summary opens with a pronoun and every word is the article's."""
    rows = (bench_data / "summaries" / "dev.jsonl").read_text("utf-8").splitlines()[::12]
    for row in map(json.loads, rows):
        summary = summarize(row["text"], title=row["title"] or None, language="en")
        assert summary.sentences
        first = summary.sentences[0]
        leaning = first.text.lower().startswith(("he ", "she ", "it ", "they ", "but ", "and "))
        assert not leaning or first.span.start < 60  # the text's own first sentence leans on nothing before it
        for excerpt in summary.sentences:
            assert excerpt.span.of(row["text"]) == excerpt.text


PIECES = [
    "The bridge is open again today. ",
    "He left. ",
    "“We won,” said Ann Lee. ",
    "But “no",
    "\n\n",
    "Author’s view: ",
    "(CNN) -- ",
    "’",
    "A",
    " ",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=25).map("".join)


@settings(max_examples=150, deadline=None)
@given(
    TEXTS, st.sampled_from(["editorial", "luhn", "lex-rank"]), st.integers(0, 5), st.integers(0, 60), st.integers(0, 2)
)
def test_any_summary_is_verbatim_ordered_and_within_its_words(
    text: str, method: str, count: int, words: int, quotes: int
) -> None:
    summary = summarize(text, sentences=count, max_words=words, method=method, language="en", quotes=quotes)
    assert len(summary.sentences) <= count
    reach = 0
    total = 0
    for excerpt in summary.sentences:
        assert text[excerpt.span.start : excerpt.span.end] == excerpt.text
        assert excerpt.span.start >= reach
        reach = excerpt.span.end
        total += count_words(excerpt.text)
    for quote in summary.quotes:
        total += sum(count_words(t) for t in quote.texts)
    assert total <= words or total == 0


# ------------------------------------------------------------------------------------------- what publishers allow

REPORT = (
    "The harbour office counted 128 late berths in March and put each of them on a public page. "
    "Shipping agents said the page of 128 berths had ended their quarrels about delays. "
    "The council paid 4,000 pounds for the page and expects to save 90,000 pounds a year."
)


def test_nothing_is_cut_where_the_publisher_allows_no_excerpt() -> None:
    reserved = replace(article("A title about a port", REPORT), limit=ExcerptLimit(0, "the page says nosnippet"))
    assert summarize(reserved, quotes=1).sentences == ()
    assert summarize(replace(reserved, right="they wrote to us")).sentences != ()


@pytest.mark.parametrize("chars", [30, 100, 180])
def test_no_more_characters_are_cut_than_the_publisher_allows(chars: int) -> None:
    limited = replace(article("A title about a port", REPORT), limit=ExcerptLimit(chars, "max-snippet"))
    taken = sum(len(e.text) for e in summarize(limited).sentences)
    assert taken <= chars
    assert (taken > 0) == (chars >= 100)


def test_what_stands_behind_the_paywall_is_cut_only_with_a_right() -> None:
    free = len(REPORT.split(". ")[0]) + 1
    regions = (Region("body", Span(0, free)), Region("aside", Span(free + 1, len(REPORT)), PAYWALLED))
    closed = replace(article("A title about a port", REPORT, paywall="closed"), regions=regions)
    assert [e.span.end <= free for e in summarize(closed).sentences] == [True]
    assert any(e.span.start > free for e in summarize(replace(closed, right="we subscribe")).sentences)


# ------------------------------------------------------------------------------------------- what the rules let in


def test_a_short_form_comes_only_with_what_it_stands_for() -> None:
    explained = "The Government Digital Service (GDS) has moved 31 forms of the ministry onto one page since March."
    filler = "Fog accounts for 212 of the delays in the harbour this winter, the office said."
    short = "GDS wants 44 more forms to follow by the end of the year."
    assert sentences_of(f"{explained} {filler} {short}", max_words=90) == [explained, filler, short]
    room = sum(map(count_words, (filler, short)))
    assert short not in sentences_of(f"{explained * 1}{' and more' * 20}. {filler} {short}", max_words=room)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Government Digital Service (GDS) met.", {"GDS": "Government Digital Service"}),
        ("the US Digital Service (USDS) and (CNN)", {"USDS": "US Digital Service"}),
        ("The Department of Health (DoH) agreed.", {"DoH": "Department of Health"}),
        ("The BBC (British Broadcasting Corporation) said so (AB).", {}),
    ],
)
def test_short_forms_are_found_with_their_words(text: str, words: dict[str, str]) -> None:
    assert explained_forms(text) == words


@pytest.mark.parametrize(
    ("opening", "rest"),
    [
        ("(CNN)", "The harbour of Halden was closed on Friday after a fire in its oldest warehouse."),
        ("(CNN) -- ", "The harbour of Halden was closed on Friday after a fire in its oldest warehouse."),
        ("Lausanne, Switzerland (CNN)", "Talks about the harbour of Halden go on for another day, officials said."),
        ("HALDEN, Norway (Reuters) - ", "Talks about the harbour of Halden go on for another day, officials said."),
    ],
)
def test_datelines_of_every_shape_are_cut(opening: str, rest: str) -> None:
    assert sentences_of(opening + rest) == [rest]


@pytest.mark.parametrize(
    "never",
    [
        "Relief: The harbour of Halden is seen from the east after the fire of Friday.",
        "and so the harbour of Halden was closed after a fire that took its oldest warehouse.",
        f"The harbour of {'Halden' * 200} was closed after a fire that took its oldest warehouse.",
        "“The Law of the Harbour forbids every ship of the port to lie idle in any weather.”",
        "So who pays for the page that lists all the late ships of the harbour of Halden?",
        "Here is what the harbour office of Halden counted in all six months of its page.",
        "The harbour of Halden was closed after a fire that took its oldest warehouse and the.",
    ],
)
def test_captions_broken_sentences_and_words_of_nobody_are_not_printed(never: str) -> None:
    text = f"{SHIPS}\n\n{never}\n\nThe council of Halden pays 4,000 pounds for the page of the harbour office."
    assert never not in sentences_of(text, sentences=5, max_words=200)


def test_a_summary_is_not_cut_shorter_than_the_text_allows() -> None:
    text = "Fog held up 212 ships in the harbour of Halden. Lorries pay 4 pounds for each crossing of the bridge."
    assert len(sentences_of(text)) == 2


ORNAMENT = "* * *"  # parts what stands around it: no sentence leans over it
WEEK = Path(__file__).parent.parent / "examples/week/articles"
SAMPLES = [read_article(path.read_bytes()) for path in sorted(WEEK.glob("*.*")) if path.suffix != ".png"]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([(a.title, a.text, a.language) for a in SAMPLES]),
    st.lists(st.tuples(st.sampled_from(sorted(LEFTOVERS.keys() - {ORNAMENT})), st.integers(0, 99)), max_size=8),
)
def test_leftovers_do_not_change_the_summary(sample: tuple[str, str, str], leftovers: list[tuple[str, int]]) -> None:
    """The same article with what pages leave between its paragraphs, a comment form at its end: the same sentences."""
    title, text, language = sample
    littered = text.split("\n\n")
    for leftover, place in sorted(leftovers, key=lambda found: LEFTOVERS[found[0]] == "comment form"):
        last = LEFTOVERS[leftover] == "comment form"
        littered.insert(len(littered) if last else place % (len(littered) + 1), leftover)
    cut = summarize("\n\n".join(littered), title=title, language=language)
    clean = summarize(text, title=title, language=language)
    assert [e.text for e in cut.sentences] == [e.text for e in clean.sentences]


@pytest.mark.parametrize("length", [151, 10_000])
def test_a_long_text_is_read_in_its_front_only(length: int) -> None:
    text = " ".join(f"Ship {n} of the port of Halden lay {n} hours in the fog off the coast." for n in range(length))
    summary, judged = explain_summary(text)
    assert len(judged) == READ_SENTENCES
    assert summary.sentences and summary.sentences[-1].span.end <= judged[-1].span.end


LANGUAGES = {
    "de": "Die Stadt Halden öffnet die alte Brücke nach zwei Jahren wieder. Die Arbeiten kosteten 3,5 Mio. Euro. "
    "Er nannte es einen guten Tag. Die nächsten Arbeiten beginnen im Mai.",
    "ar": "أعلنت بلدية هالدن افتتاح الجسر القديم بعد عامين من الإصلاح. بلغت تكلفة الأعمال ثلاثة ملايين يورو. "
    "تبدأ الأعمال التالية في شهر مايو من العام المقبل.",
    "he": "עיריית הלדן פתחה מחדש את הגשר הישן אחרי שנתיים של עבודות. העבודות עלו שלושה מיליון אירו. "
    "העבודות הבאות יתחילו בחודש מאי של השנה הבאה.",
    "ja": "ハルデン市は二年間の修理を終え、古い橋を再び開通させた。工事費は三百五十万ユーロだった。次の工事は五月に始まる。",
    "zh": "哈尔登市在两年的维修之后重新开放了古桥。工程耗资三百五十万欧元。下一期工程将于五月开始。",
    "ko": "할덴시는 2년간의 보수 끝에 오래된 다리를 다시 열었다. 공사비는 350만 유로였다. 다음 공사는 5월에 시작된다.",
    "xx": "Kata ni mere salo ti halden 12 bano. Mere salo ti kata ni 44 bano. Halden ti bano kata mere 9 salo ni.",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("method", ["editorial", "lex-rank", "sum-basic"])
def test_every_language_has_a_summary_in_its_own_sentences(language: str, method: str) -> None:
    text = LANGUAGES[language]
    summary = summarize(text, language=language, method=method)
    assert 1 <= len(summary.sentences) <= 3
    assert all(e.span.of(text) == e.text for e in summary.sentences)
    if language == "de":
        assert not any(e.text.startswith("Er ") and n == 0 for n, e in enumerate(summary.sentences))


def test_each_sentence_has_a_verdict() -> None:
    summary, judged = explain_summary(BRIDGE, sentences=1)
    assert [j.span for j in judged if j.printed] == [e.span for e in summary.sentences]
    verdicts = {j.text[:12]: j.verdict for j in judged}
    assert verdicts["He called it"].startswith("makes sense only after sentence")
    assert verdicts["It could be "] == "the writer's comment"
    assert verdicts["“We will not"] == "part of a quote"
    assert all(j.verdict and j.features for j in judged)


def test_the_choice_covers_what_the_text_says_twice_only_once() -> None:
    """Two sentences about one thing and one about another: one of each, though the two rate best alone."""
    text = (
        "Harbour fees in Halden rise by 12 percent in May to pay for the new pier. "
        "The new pier of Halden is paid for by harbour fees that rise by 12 percent from May on. "
        "Fishermen plan to block the entry with forty boats on Sunday morning."
    )
    cut = sentences_of(text, sentences=2, max_words=60)
    assert len(cut) == 2 and cut[1].startswith("Fishermen")


def test_editorial_is_a_summarizer_for_sumy() -> None:
    from sumy.parsers.plaintext import PlaintextParser

    from digest.condense.engines import EditorialSummarizer, Words

    document = PlaintextParser.from_string(BRIDGE, Words("en")).document
    best = [str(sentence) for sentence in EditorialSummarizer("en")(document, 2)]
    assert len(best) == 2 and all(sentence in BRIDGE for sentence in best)
