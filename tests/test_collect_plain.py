"""Pasted text, Markdown and saved mail."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect import read_article, read_folder, read_source_file
from digest.collect.plain import read_stamp
from digest.errors import ReadError, SourceError
from digest.model import Article, Image

SEEN = datetime(2026, 3, 22, tzinfo=UTC)
PROSE = (
    "The council counted every lamp in the town and found that one in nine was out.",
    "“We never asked anybody before,” said Ana Ruiz, who runs the depot.",
    "A list of the lamps hangs in the library from Monday on.",
)
PASTED = "\n\n".join(("Town counts its lamps", *PROSE))


def read(data: bytes | str, **options) -> Article:
    return read_article(data, seen=SEEN, **options)


@pytest.mark.shared
def test_the_seed_article_is_read_exactly_as_its_gold_row(bench_data):
    gold = json.loads((bench_data / "seed/gold.json").read_text(encoding="utf-8"))
    article = read((bench_data / "seed/article.txt").read_bytes(), kind="txt")
    assert article.title == gold["title"]
    assert article.standfirst == gold["standfirst"]
    body, opinion = article.regions
    assert (body.kind, opinion.kind) == ("body", "opinion")
    assert body.span.of(article.text).split("\n\n") == gold["body"]
    assert opinion.span.of(article.text).split("\n\n") == gold["opinion"]["text"]
    assert opinion.reason == gold["opinion"]["label"]
    assert article.published == datetime.fromisoformat(gold["published"])
    assert article.published_precision == "minute"
    assert [(r.line, r.text) for r in article.removed] == [(r["line"], r["text"]) for r in gold["removed"]]
    assert all(r.reason for r in article.removed)
    assert (article.authors, article.outlet, article.language) == ((), None, "en")
    assert any("UK and UK" in warning for warning in article.warnings)


def test_a_pasted_text_begins_with_its_title():
    article = read(PASTED)
    assert (article.title, article.text) == ("Town counts its lamps", "\n\n".join(PROSE))


def test_a_text_that_begins_with_prose_is_titled_by_its_first_words_and_loses_none():
    article = read("\n\n".join(PROSE))
    assert article.text == "\n\n".join(PROSE)
    assert PROSE[0].startswith(article.title.removesuffix(" …"))


def test_the_header_block_names_author_outlet_address_and_day():
    head = "By Ana Ruiz\nHarbour Notes, 24 September 2015\nURL: https://notes.example.org/lamps?utm_source=x\n"
    article = read(f"Town counts its lamps\n{head}\n" + "\n\n".join(PROSE))
    assert article.authors == ("Ana Ruiz",)
    assert article.outlet == "Harbour Notes"
    assert article.url == "https://notes.example.org/lamps?utm_source=x"
    assert article.canonical == "https://notes.example.org/lamps"
    assert (article.published, article.published_precision) == (datetime(2015, 9, 24), "day")
    assert [r.line for r in article.removed] == [2, 3, 4]
    assert article.text == "\n\n".join(PROSE)


@pytest.mark.parametrize("label", ["Source", "Outlet", "Quelle", "Fuente", "Publication"])
def test_a_line_naming_the_source_gives_the_outlet(label):
    assert read(PASTED.replace("\n\n", f"\n{label}: Harbour Notes\n\n", 1)).outlet == "Harbour Notes"


def test_what_the_caller_knows_wins_over_the_text():
    article = read(f"{PASTED}", url="https://a.example/x", outlet="The Pilot", authors=["Bo Lee"])
    assert (article.url, article.outlet, article.authors) == ("https://a.example/x", "The Pilot", ("Bo Lee",))


STAMPS = (
    ("25 September 2015 | 2:57 pm – Source:", "en", "2015-09-25T14:57:00", "minute"),
    ("25 September 2015 | 12:05 am", "en", "2015-09-25T00:05:00", "minute"),
    ("Published: March 3, 2026", "en", "2026-03-03T00:00:00", "day"),
    ("2015-09-25T14:57:00Z", "en", "2015-09-25T14:57:00+00:00", "second"),
    ("25 September 2015, 14:57 CEST", "en", "2015-09-25T14:57:00+02:00", "minute"),
    ("3. März 2026, 14.30 Uhr", "de", "2026-03-03T14:30:00", "minute"),
    ("3 de marzo de 2026", "es", "2026-03-03T00:00:00", "day"),
    ("13/04/2026", "en", "2026-04-13T00:00:00", "day"),
    ("03/04/2026", "fr", "2026-04-03T00:00:00", "day"),
    ("03.04.2026", "de", "2026-04-03T00:00:00", "day"),
    ("3 mars 2026 à 14h30", "fr", "2026-03-03T14:30:00", "minute"),
    ("lunedì 9 marzo 2026", "it", "2026-03-09T00:00:00", "day"),
    ("17 março de 2026", "pt", "2026-03-17T00:00:00", "day"),
    ("9 mei 2026", "nl", "2026-05-09T00:00:00", "day"),
    ("17 marca 2026", "pl", "2026-03-17T00:00:00", "day"),
    ("9 maj 2026", "sv", "2026-05-09T00:00:00", "day"),
    ("9. des. 2026", "nb", "2026-12-09T00:00:00", "day"),
    ("17. maaliskuuta 2026 klo 14.30", "fi", "2026-03-17T14:30:00", "minute"),
    ("Опубликовано: 17 марта 2026 г., 14:30", "ru", "2026-03-17T14:30:00", "minute"),
    ("17 березня 2026 р.", "uk", "2026-03-17T00:00:00", "day"),
    ("17 mart 2026", "tr", "2026-03-17T00:00:00", "day"),
    ("2026年3月17日（火）", "ja", "2026-03-17T00:00:00", "day"),
    ("2026年3月17日 14时30分", "zh", "2026-03-17T14:30:00", "minute"),
    ("2026년 3월 17일 오후 2:30", "ko", "2026-03-17T14:30:00", "minute"),
    ("입력 2026.03.17 14:30", "ko", "2026-03-17T14:30:00", "minute"),
    ("17 كانون الثاني 2026", "ar", "2026-01-17T00:00:00", "day"),
    ("١٧ مارس ٢٠٢٦", "ar", "2026-03-17T00:00:00", "day"),
)


@pytest.mark.parametrize(("line", "language", "moment", "precision"), STAMPS, ids=[s[0] for s in STAMPS])
def test_a_date_line_names_its_moment(line, language, moment, precision):
    assert read_stamp(line, language) == (datetime.fromisoformat(moment), precision)


@pytest.mark.parametrize("line", ["03/04/2026", "31 February 2026", "99/99/2026", ""])
def test_a_date_that_may_be_read_two_ways_or_none_is_no_date(line):
    assert read_stamp(line, "en") is None


PULLED = (
    "“the council counted every lamp in the town”",
    "Every lamp in the town and found that one in nine – Ana Ruiz",
    "WE NEVER ASKED ANYBODY BEFORE, SAID ANA RUIZ",
)


@pytest.mark.parametrize("quote", PULLED)
@pytest.mark.parametrize("place", [0, 2])
def test_a_pull_quote_is_removed_and_the_paragraph_it_repeats_stays(quote, place):
    paragraphs = [*PROSE]
    paragraphs.insert(place, quote)
    article = read("\n\n".join(("Town counts its lamps.", *paragraphs)))
    assert article.text == "\n\n".join(("Town counts its lamps.", *PROSE))
    assert [(r.line, r.text, r.reason) for r in article.removed] == [
        (3 + 2 * place, quote, "pull quote: repeats the text")
    ]


def test_of_two_equal_paragraphs_the_first_stays():
    article = read("\n\n".join(("Town counts its lamps", *PROSE, PROSE[0])))
    assert article.text == "\n\n".join(PROSE)
    assert [r.line for r in article.removed] == [9]


@pytest.mark.parametrize(
    "paragraph",
    ["“We never asked anybody before,” she said, and then she left.", "One in nine was out.", "Monday on."],
    ids=["longer", "short", "shorter"],
)
def test_a_paragraph_that_only_quotes_a_phrase_stays(paragraph):
    assert paragraph in read(f"{PASTED}\n\n{paragraph}").text


def test_leftovers_keep_the_number_of_their_line():
    article = read(
        "\n".join(("Town counts its lamps", "", PROSE[0], "Foto: Ana Ruiz", "", "", "Lesen Sie auch", PROSE[2]))
    )
    assert [(r.line, r.reason) for r in article.removed] == [(4, "caption"), (7, "link to more")]


def test_a_date_without_a_zone_stays_naive_unless_a_clock_is_named():
    stamped = f"{PASTED}\n\n25 September 2015 | 2:57 pm – Source:"
    assert read(stamped).published == datetime(2015, 9, 25, 14, 57)
    london = read(stamped, zone=ZoneInfo("Europe/London"))
    assert london.published == datetime(2015, 9, 25, 13, 57, tzinfo=UTC)


def test_months_in_prose_are_no_publication_date():
    assert (
        read(f"{PASTED}\n\nIt may rain in March, they say, as it did on 3 May 2011 and never since.").published is None
    )


@given(st.text(max_size=400))
def test_no_title_author_or_outlet_ever_holds_a_line_break_or_control_character(junk):
    try:
        article = read(f"{junk}\nBy {junk}\nSource: {junk}\n\n{PROSE[0]}", kind="txt")
    except ReadError:
        return
    for text in (article.title, article.standfirst, article.outlet or "", *article.authors):
        assert text.isprintable() or not any(ord(c) < 32 or c in "\x7f\x85\u2028\u2029" for c in text)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=80), max_size=8))
def test_any_text_gives_regions_inside_it_and_single_blank_lines(lines):
    try:
        article = read("\n\n".join(lines) + "\n\n" + PROSE[0], kind="txt")
    except ReadError:
        return
    assert article.text == article.text.strip()
    assert "\n\n\n" not in article.text
    at = 0
    for region in article.regions:
        assert at <= region.span.start < region.span.end <= len(article.text)
        at = region.span.end


def test_the_same_words_have_the_same_identity_and_hash_and_other_words_another_hash():
    first, again = read(PASTED), read(PASTED.replace("\n", "\r\n"))
    other = read(PASTED.replace("Monday", "Tuesday"))
    assert (first.id, first.text_hash) == (again.id, again.text_hash)
    assert other.id == first.id
    assert other.text_hash != first.text_hash


def test_decomposed_letters_are_composed():
    assert read(PASTED.replace("Ana", "Ane\u0301")).text.count("Ané") == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"abc\x00\x01\x02def", "a binary file"),
        (b"x" * 15_000_001, "larger than 15 MB"),
        (b"", "no article text"),
        (b" \n\n ", "no article text"),
        (b"<html><body><nav>Menu</nav></body></html>", "no article text"),
    ],
    ids=["pdf", "picture", "binary", "huge", "empty", "blank", "page without an article"],
)
def test_what_holds_no_article_is_refused_in_words_with_a_way_out(data, words):
    with pytest.raises(ReadError, match=words) as caught:
        read(data, path="week/file.bin")
    assert "week/file.bin" in str(caught.value)
    assert caught.value.hint


def test_bytes_in_another_encoding_are_read_with_a_warning():
    text = (
        "Наш город пересчитал все фонари\n\n"
        + "Городской совет пересчитал фонари и нашёл, что каждый девятый не горит. " * 5
    )
    article = read(text.encode("windows-1251"), kind="txt")
    assert article.title == "Наш город пересчитал все фонари"
    assert "not UTF-8" in article.warnings[-1]


# ------------------------------------------------------------------------------------------------ Markdown

MARKDOWN = """---
title: "Town counts its lamps"
date: 2026-03-18T14:30:00+01:00
author: [Ana Ruiz, Bo Lee]
outlet: Harbour Notes
url: https://notes.example.org/lamps
paywall: metered
image: https://notes.example.org/lamp.jpg
image_alt: A street lamp, unlit
---

# Town counts its lamps

The council **counted** every [lamp](https://x.example/l) in the town
and found that *one in nine* was `out`.

![a lamp](lamp.png)

> “We never asked anybody before,” said Ana Ruiz, who runs the depot.

- A list hangs in the library.
- Another hangs in the snake_case_office.
"""


def test_front_matter_is_taken_and_marks_are_not():
    article = read(MARKDOWN)
    assert article.title == "Town counts its lamps"
    assert article.published == datetime.fromisoformat("2026-03-18T14:30:00+01:00")
    assert (article.authors, article.outlet, article.paywall) == (("Ana Ruiz", "Bo Lee"), "Harbour Notes", "metered")
    assert article.image == Image("https://notes.example.org/lamp.jpg", alt="A street lamp, unlit")
    assert article.text.split("\n\n") == [
        "The council counted every lamp in the town and found that one in nine was out.",
        PROSE[1],
        "A list hangs in the library.",
        "Another hangs in the snake_case_office.",
    ]


def test_markdown_without_front_matter_takes_its_first_heading_for_the_title():
    assert read(MARKDOWN.split("---\n")[2]).title == "Town counts its lamps"


# ------------------------------------------------------------------------------------------------ mail

MAIL = (
    "From: Harbour Notes <notes@example.org>\r\nTo: me@example.org\r\nMessage-ID: <1@example.org>\r\n"
    "Subject: Fwd: =?utf-8?q?Town_counts_its_l=C3=A1mps?=\r\nDate: Wed, 18 Mar 2026 14:30:00 +0100\r\nMIME-Version: 1.0\r\n"
)


def test_a_saved_mail_gives_subject_date_sender_and_text():
    body = (
        "Content-Type: text/plain; charset=utf-8\r\n\r\n" + "\r\n\r\n".join(PROSE) + "\r\n-- \r\nSent from a phone\r\n"
    )
    article = read((MAIL + body).encode())
    assert (article.title, article.outlet) == ("Town counts its lámps", "Harbour Notes")
    assert article.published == datetime(2026, 3, 18, 13, 30, tzinfo=UTC)
    assert article.text == "\n\n".join(PROSE)


def test_a_mail_with_only_html_is_read_too():
    body = "Content-Type: text/html; charset=utf-8\r\n\r\n" + "".join(f"<p>{p}</p>" for p in PROSE)
    assert read((MAIL + body).encode()).text == "\n\n".join(PROSE)


def test_a_folded_subject_cannot_start_a_new_header():
    mail = MAIL.replace("Fwd: ", "Hello\r\n Bcc: x@example.org ") + "Content-Type: text/plain\r\n\r\n" + PROSE[0]
    assert "\n" not in read(mail.encode(), kind="eml").title


@pytest.mark.parametrize("kind", ["txt", "md"])
@pytest.mark.parametrize("shape", ["paragraphs", "one line", "one word"])
def test_a_text_of_megabytes_is_read_in_seconds(kind, shape):
    """Paragraph by paragraph looked for in all the others, ten megabytes took minutes."""
    paragraphs = [
        f"Lamp {n} of the town was counted, and lamp {n * 7919 % 10_000} was out again. " * 3 for n in range(25_000)
    ]
    text = {"paragraphs": "\n\n".join(paragraphs), "one line": " ".join(paragraphs), "one word": "lamp" * 1_250_000}[
        shape
    ]
    started = time.process_time()
    article = read_article(f"The lamps\n\n{text}", kind=kind)
    assert len(article.text) > 4_000_000
    assert time.process_time() - started < 10.0


# ------------------------------------------------------------------------------------------------ folders


def test_one_bad_file_is_an_answer_and_the_others_are_read(tmp_path):
    (tmp_path / "a.txt").write_text(PASTED, encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(b"%PDF-1.7")
    (tmp_path / "c.xml").write_text("<catalog/>", encoding="utf-8")
    (tmp_path / "d.md").write_text(MARKDOWN, encoding="utf-8")
    (tmp_path / ".hidden.txt").write_text(PASTED, encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    named = dict(read_folder(tmp_path, seen=SEEN, outlet="The Pilot"))
    assert list(named) == ["a.txt", "b.txt", "c.xml", "d.md"]
    found = list(named.values())
    assert [type(one).__name__ for one in found] == ["Article", "ReadError", "SourceError", "Article"]
    assert "b.txt" in str(found[1])
    assert "c.xml" in str(found[2])
    assert found[0].outlet == "The Pilot"
    assert found[0].source == str(tmp_path)


def test_a_folder_that_is_not_there_or_empty_is_a_source_error(tmp_path):
    with pytest.raises(SourceError, match="no file or folder"):
        list(read_folder(tmp_path / "nowhere", seen=SEEN))
    with pytest.raises(SourceError, match="holds no file to read"):
        list(read_folder(tmp_path, seen=SEEN))


def test_a_name_that_is_no_utf_8_is_stored_as_text(tmp_path):
    article = read_article(PASTED, path=os.fsdecode(b"bad\xff.txt"), source=os.fsdecode(b"bad\xff.txt"))
    assert article.source == "bad\\udcff.txt"
    with pytest.raises(ReadError, match=r"bad\\udcff\.txt"):
        read_source_file(tmp_path / os.fsdecode(b"bad\xff.txt"), seen=SEEN)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ReadError, match=r"gone\.txt"):
        read_source_file(tmp_path / "gone.txt", seen=SEEN)


def test_a_byline_before_the_date_is_no_outlet() -> None:
    text = "Ein Titel ohne Ende\n\nVon Jürg Bänziger, 11. März 2026\n\n" + "Die Fähre fuhr um zwölf Uhr ab. " * 8
    article = read_article(text)
    assert article.outlet is None
    assert article.authors == ("Jürg Bänziger",)
    assert article.published is not None and article.published.date().isoformat() == "2026-03-11"


INLINE = ("[", "![", "[a](", "[a][", "[^", "<!--", "<https://", "*a", "_a", "`", "``", "` `` ", "~~a", "\\")


@pytest.mark.parametrize("mark", INLINE)
def test_a_line_of_marks_without_end_is_read_at_once(mark):
    started = time.process_time()
    read_article(f"# Marks\n\n{(mark * 40_000)[:40_000]}\n\n{PARAGRAPH}", kind="md")
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("See [the bridge](https://wiki.example/Bridge_(Porto)) now.", "See the bridge now."),
        ("Call `ls -l` or ``a ` b`` there.", "Call ls -l or a ` b there."),
        ("A ![lamp](lamp.jpg) and <https://a.example/b>.", "A  and https://a.example/b."),
    ],
)
def test_marks_around_words_go_and_the_words_stay(written, read):
    assert read in read_article(f"# Marks\n\n{written}\n\n{PARAGRAPH}", kind="md").text.replace("A and", "A  and")


PARAGRAPH = "The harbour office put 17 late berths on a public page this week, each with its cause and its cost."


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Die Brücke über die Förde hält".encode() + b"\xff.", "Die Brücke über die Förde hält\ufffd."),
        ("Die Brücke hält.".encode("utf-32"), "Die Brücke hält."),
        ("Die Brücke hält.".encode("utf-16"), "Die Brücke hält."),
    ],
)
def test_a_damaged_byte_costs_one_letter(data: bytes, text: str) -> None:
    assert text in (read_article(data).text or read_article(data).title)
