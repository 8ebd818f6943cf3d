"""Saved mails: forwarded newsletters, what they leave around their text, and who must not be in it."""

from __future__ import annotations

import contextlib
import random
import time
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from digest.collect import read_article
from digest.collect.forwards import find_forward
from digest.collect.mailings import is_personal, mailing_lines, masked, without_targets
from digest.errors import ReadError
from digest.model import Article, Removed

SEEN = datetime(2026, 3, 22, tzinfo=UTC)
PROSE = (
    "The council counted every lamp in the town and found that one in nine was out, most of them by the river.",
    "“We never asked anybody before,” said Ana Ruiz, who runs the depot and signs for every lamp that leaves it.",
    "A list of the lamps hangs in the library from Monday on, with a pencil on a string beside it.",
)
TEXT = "\n\n".join(PROSE)
HTML = "".join(f"<p>{p}</p>" for p in PROSE)


def mail(
    text: str = "",
    *,
    html: str = "",
    subject: str = "Town counts its lamps",
    sender: str = "Harbour Notes <notes@example.org>",
    to: str = "me@example.com",
    **more: str,
) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, sender, to
    message["Date"] = "Wed, 18 Mar 2026 14:30:00 +0100"
    message["Message-ID"] = "<1@example.org>"
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content(text or "Open this in a mail program.")
    if html:
        message.add_alternative(f"<html><body>{html}</body></html>", subtype="html")
    return message


def read(message: EmailMessage) -> Article:
    return read_article(message.as_bytes(), kind="eml", seen=SEEN)


def reasons(article: Article) -> dict[str, str]:
    return {removed.text: removed.reason for removed in article.removed}


# ------------------------------------------------------------------------------------------------ forwarded

FORWARDER = {"subject": "Fwd: Town counts its lamps", "sender": "Me <me@example.com>", "to": "desk@paper.example"}
HEADERS = {
    "Gmail": "---------- Forwarded message ---------\nFrom: Harbour Notes <notes@example.org>\nDate: Tue, Mar 17, 2026 at 8:00 AM\nSubject: Town counts its lamps\nTo: <me@example.com>\n\n",
    "Apple": "Begin forwarded message:\n\nFrom: Harbour Notes <notes@example.org>\nSubject: Town counts its lamps\nDate: 17 March 2026 at 08:00\nTo: me@example.com\n\n",
    "Outlook": "-----Original Message-----\nFrom: Harbour Notes <notes@example.org>\nSent: Tuesday, March 17, 2026 8:00 AM\nTo: me@example.com\nSubject: Town counts its lamps\n\n",
    "Outlook, bare": "________________________________\nFrom: Harbour Notes <notes@example.org>\nSent: Tuesday, March 17, 2026 8:00 AM\nTo: me@example.com\nSubject: Town counts its lamps\n\n",
    "de": "Von: Harbour Notes <notes@example.org>\nGesendet: Dienstag, 17. März 2026 08:00\nAn: me@example.com\nBetreff: Town counts its lamps\n\n",
    "fr": "-----Message d'origine-----\nDe : Harbour Notes <notes@example.org>\nEnvoyé : mardi 17 mars 2026 08:00\nÀ : me@example.com\nObjet : Town counts its lamps\n\n",
    "es": "De: Harbour Notes <notes@example.org>\nEnviado: martes, 17 de marzo de 2026 8:00\nPara: me@example.com\nAsunto: Town counts its lamps\n\n",
    "it": "Inizio messaggio inoltrato:\n\nDa: Harbour Notes <notes@example.org>\nData: 17 marzo 2026 08:00\nA: me@example.com\nOggetto: Town counts its lamps\n\n",
    "nl": "Van: Harbour Notes <notes@example.org>\nVerzonden: dinsdag 17 maart 2026 08:00\nAan: me@example.com\nOnderwerp: Town counts its lamps\n\n",
    "pt": "De: Harbour Notes <notes@example.org>\nEnviada: terça-feira, 17 de março de 2026 08:00\nPara: me@example.com\nAssunto: Town counts its lamps\n\n",
    "Thunderbird, bold": "-------- Weitergeleitete Nachricht --------\n*Von:* Harbour Notes <notes@example.org>\n*Datum:* Tue, 17 Mar 2026 08:00:00\n*An:* me@example.com\n*Betreff:* Town counts its lamps\n\n",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_of_a_forwarded_mail_the_original_is_read(header):
    article = read(mail(f"Good one for Sunday?\n\n{header}{TEXT}\n", **FORWARDER))
    assert (article.title, article.outlet, article.text) == ("Town counts its lamps", "Harbour Notes", TEXT)
    assert article.published == datetime(2026, 3, 17, 8, 0)
    assert reasons(article)["Good one for Sunday?"] == "the forwarder's words"
    assert set(reasons(article).values()) <= {"the forwarder's words", "header line", "ornament"}


def test_removed_lines_of_a_forward_keep_their_numbers():
    article = read(mail(f"Look!\n\n{HEADERS['Gmail']}{TEXT}\n", **FORWARDER))
    assert [r.line for r in article.removed] == [1, 3, 4, 5, 6, 7]


def test_a_quoted_forward_is_read_without_its_marks():
    quoted = "".join(f"> {line}\n" for line in f"{HEADERS['Apple'].partition(chr(10))[2]}{TEXT}".split("\n"))
    assert read(mail(f"Look!\n\nBegin forwarded message:\n{quoted}", **FORWARDER)).text == TEXT


@pytest.mark.parametrize(
    "header",
    [
        "<div>---------- Forwarded message ---------<br>From: <b>Harbour Notes</b> &lt;notes@example.org&gt;<br>Date: Tue, Mar 17, 2026 at 8:00 AM<br>Subject: Town counts its lamps<br>To: &lt;me@example.com&gt;<br></div>",
        "<p><b>Von:</b> Harbour Notes &lt;notes@example.org&gt;<br><b>Gesendet:</b> Dienstag, 17. März 2026 08:00<br><b>An:</b> me@example.com<br><b>Betreff:</b> Town counts its lamps</p>",
        "<div>Begin forwarded message:</div><div><b>From: </b>Harbour Notes &lt;notes@example.org&gt;</div><div><b>Subject: </b>Town counts its lamps</div><div><b>Date: </b>17 March 2026 at 08:00</div><div><b>To: </b>me@example.com</div>",
    ],
    ids=["Gmail", "Outlook", "Apple"],
)
def test_a_forward_in_html_is_read_too(header):
    article = read(mail(html=f"<p>Good one for Sunday?</p>{header}{HTML}", **FORWARDER))
    assert (article.title, article.outlet, article.text) == ("Town counts its lamps", "Harbour Notes", TEXT)
    assert article.published == datetime(2026, 3, 17, 8, 0)


def test_a_forward_of_a_forward_is_read_to_its_end():
    first = (
        HEADERS["Gmail"]
        .replace("Harbour Notes <notes@example.org>", "Bo <bo@example.net>")
        .replace("Town", "Fwd: Town")
    )
    article = read(mail(f"See below\n\n{first}Look at this\n\n{HEADERS['Outlook']}{TEXT}\n", **FORWARDER))
    assert (article.title, article.outlet, article.text) == ("Town counts its lamps", "Harbour Notes", TEXT)


def test_an_attached_mail_is_the_article_and_the_words_above_it_are_not():
    outer = mail("Good one for Sunday?", **{**FORWARDER, "subject": "a nice one"})
    inner = mail(TEXT, Archived_At="<https://notes.example.org/archive/lamps>")
    outer.add_attachment(inner)
    article = read(outer)
    assert (article.title, article.outlet, article.text) == ("Town counts its lamps", "Harbour Notes", TEXT)
    assert article.published == datetime(2026, 3, 18, 13, 30, tzinfo=UTC)
    assert article.url == "https://notes.example.org/archive/lamps"
    assert reasons(article) == {"Good one for Sunday?": "the forwarder's words"}


def test_an_original_whose_date_cannot_be_read_has_none():
    header = HEADERS["Gmail"].replace("Tue, Mar 17, 2026 at 8:00 AM", "the other day")
    assert read(mail(f"{header}{TEXT}", **FORWARDER)).published is None


@pytest.mark.parametrize(
    "lines",
    [
        ["From: the harbour to the hills it is an hour."],
        ["De: nada.", "", "Para: siempre"],
        ["To: me", "Subject: lamps"],
        ["From: the mayor", "Subject: lamps", "We met at noon."],
        ["He forwarded a message."],
    ],
)
def test_prose_that_looks_like_a_header_is_none(lines):
    assert find_forward(lines) is None


# ------------------------------------------------------------------------------------------------ a newsletter's own

LEFT = {
    "View this email in your browser": "link to the web page",
    "Im Browser ansehen": "link to the web page",
    "Voir cet e-mail dans votre navigateur": "link to the web page",
    "Ver en el navegador": "link to the web page",
    "Versione online": "link to the web page",
    "Bekijk deze e-mail in je browser": "link to the web page",
    "Открыть в браузере": "link to the web page",
    "ブラウザで表示": "link to the web page",
    "Unsubscribe": "link to leave",
    "Click here to unsubscribe from this list": "link to leave",
    "Newsletter abbestellen": "link to leave",
    "Se désabonner": "link to leave",
    "Darse de baja": "link to leave",
    "Disiscriviti": "link to leave",
    "Uitschrijven": "link to leave",
    "Отписаться": "link to leave",
    "配信停止はこちら": "link to leave",
    "You are receiving this email because you signed up on our site.": "why one receives it",
    "Sie erhalten diese E-Mail, weil Sie unseren Newsletter bestellt haben.": "why one receives it",
    "Vous recevez cette lettre car vous êtes inscrit.": "why one receives it",
    "Manage your preferences": "link to preferences",
    "Einstellungen ändern": "link to preferences",
}


@pytest.mark.parametrize(("line", "reason"), LEFT.items())
def test_a_newsletters_own_lines_are_known(line, reason):
    assert mailing_lines([line, "", *PROSE]) == {0: reason}


@pytest.mark.parametrize(
    "line",
    [
        "Every reader may unsubscribe from the town’s paper by writing a letter, said the mayor, who has never read it in all the years.",
        "You are receiving a pencil and a list, the council told them.",
        "View of the harbour from the hills.",
    ],
)
def test_prose_about_such_things_stays(line):
    assert mailing_lines([line, *PROSE]) == {}


def test_what_stands_below_the_link_to_leave_is_the_foot():
    foot = "Unsubscribe\n\nHarbour Notes Ltd, 1 Quay Street, Halden\n"
    article = read(mail(f"View in browser\n\n{TEXT}\n\n{foot}"))
    assert article.text == TEXT
    assert reasons(article)["Harbour Notes Ltd, 1 Quay Street, Halden"] == "foot of the mail"


def test_a_link_to_leave_at_the_top_does_not_take_the_text_with_it():
    assert read(mail(f"Unsubscribe\n\n{TEXT}")).text == TEXT


def test_preview_text_nobody_is_shown_is_not_read():
    assert read(mail(html=f"<div style='display:none'>One in nine is out</div>{HTML}")).text == TEXT


# ------------------------------------------------------------------------------------------------ the reader


def test_no_address_or_token_of_the_reader_gets_into_the_article():
    body = (
        "View in browser: https://news.example/v/9f8a7b6c5d4e3f2a1b0c\n\n"
        f"{PROSE[0]}\n\n{PROSE[1]} <https://click.news.example/9f8a7b6c5d4e3f2a1b0c>\n\n"
        f"{PROSE[2]}\n\nYour next issue: https://news.example/next?reader=9f8a7b6c5d4e3f2a1b0c\n\n"
        "This letter was sent to ME@example.com and is yours.\n\n"
        "Unsubscribe: https://news.example/u?m=me%40example.com\n"
    )
    article = read(mail(body, subject="Lamps for me@example.com"))
    assert article.text == TEXT
    for held in ("me@example.com", "me%40example.com", "9f8a7b6c5d4e3f2a1b0c"):
        assert held not in repr(article).lower()


def test_a_forwarders_address_is_not_kept_either():
    article = read(mail(f"me@example.com wrote:\n\n{HEADERS['Gmail']}{TEXT}\n\nSent to me@example.com\n", **FORWARDER))
    assert article.text == TEXT
    assert "me@example.com" not in repr(article)


def test_the_publishers_own_address_stays():
    line = "Write to us at notes@example.org if a lamp near you is out, and say which one it is, please."
    assert line in read(mail(f"{TEXT}\n\n{line}\n")).text


@pytest.mark.parametrize(
    ("header", "line", "url"),
    [
        ("<https://lists.example/m/1>", "View in browser: https://news.example/lamps", "https://lists.example/m/1"),
        ("", "View in browser: https://news.example/lamps", "https://news.example/lamps"),
        ("", "View in browser:\nhttps://news.example/lamps", "https://news.example/lamps"),
        (
            "",
            "View in browser: https://news.example/lamps?utm_source=mail",
            "https://news.example/lamps?utm_source=mail",
        ),
        ("", "View in browser: https://news.example/lamps?e=9f8a7b", None),
        ("<mailto:a@lists.example>", "", None),
    ],
)
def test_a_mails_web_address_is_one_that_is_the_same_for_all(header, line, url):
    more = {"Archived_At": header} if header else {}
    assert read(mail(f"{line}\n\n{TEXT}\n", **more)).url == url


def test_a_link_in_html_gives_the_web_address():
    article = read(mail(html=f"<a href='https://news.example/lamps'>Read online</a>{HTML}"))
    assert (article.url, article.text) == ("https://news.example/lamps", TEXT)


@pytest.mark.parametrize(
    ("url", "personal"),
    [
        ("https://news.example/town-counts-its-lamps-2026", False),
        ("https://news.example/?utm_campaign=lamps", False),
        ("https://news.example/p/9f8a7b6c5d4e3f2a1b0c", True),
        ("https://news.example/?e=abc", True),
        ("https://news.example/me%40example.com", True),
    ],
)
def test_a_personal_link_is_known(url, personal):
    assert is_personal(url) is personal


def test_a_mail_in_a_charset_nobody_knows_is_read():
    data = mail(TEXT).as_bytes().replace(b'charset="utf-8"', b'charset="x-lamp"')
    assert PROSE[0] in read_article(data, kind="eml", seen=SEEN).text


@pytest.mark.parametrize("address", ["a@[.example>", "Harbour <z@", "@", "Harbour: <a@[.exaple>", "a@b@c <"])
def test_a_broken_address_does_not_stop_the_reading(address):
    data = mail(TEXT).as_bytes().replace(b"me@example.com", address.encode(), 1)
    assert read_article(data, kind="eml", seen=SEEN).text == TEXT


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_mail_is_read_or_refused(seed):
    rng = random.Random(seed)
    outer = mail(f"Look!\n\n{HEADERS['Gmail']}{TEXT}\n", **FORWARDER)
    outer.add_attachment(mail(TEXT, html=HTML))
    data = bytearray(outer.as_bytes())
    for _ in range(12):
        data[rng.randrange(len(data))] = rng.randrange(1, 256)
    with contextlib.suppress(ReadError):
        read_article(bytes(data), kind="eml", seen=SEEN)


@pytest.mark.parametrize(
    ("meta", "chars"),
    [('<meta name="robots" content="nosnippet">', 0), ('<meta name="tdm-reservation" content="1">', 0), ("", None)],
)
def test_what_is_reserved_in_the_html_of_a_mail_holds(meta: str, chars: int | None) -> None:
    """Also where the text part, which cannot say so, holds the same words."""
    message = mail(TEXT, html=f"{meta}<p>{PROSE[0]}</p><p data-nosnippet>{PROSE[1]}</p><p>{PROSE[2]}</p>")
    article = read(message)
    assert article.excerpt_chars() == chars
    assert article.text == f"{PROSE[0]}\n\n{PROSE[2]}"
    assert article.limit is None or article.limit.reason.startswith("the mail ")


# ------------------------------------------------------------------------------------------------ signatures


@pytest.mark.parametrize("below", ["", "\n\n-- \nHarbour Notes, Pier 4"])
def test_a_signature_ends_the_part_it_stands_in_and_not_the_mail_forwarded_below(below: str) -> None:
    words = f"{'This one may be worth a place in the issue. ' * 6}\n\n-- \nMara Lindqvist\n\n"
    header = (
        "---------- Forwarded message ---------\nFrom: Pilot <news@pilot.example>\nDate: Mon, Mar 16, 2026 at 8:00 AM"
    )
    article = read(mail(f"{words}{header}\nSubject: Late berths\nTo: <me@example.com>\n\n{TEXT}{below}", **FORWARDER))
    assert (article.title, article.outlet, article.text) == ("Late berths", "Pilot", TEXT)
    assert reasons(article)["Mara Lindqvist"] == "the forwarder's words"
    assert reasons(article).get("Harbour Notes, Pier 4") == ("signature" if below else None)


# ------------------------------------------------------------------------------------------------ broken headers


@pytest.mark.parametrize(
    "field",
    [
        "Date: Mon, 99999999999999999999 Jan 2026",
        f"Date: {'16 Mar ' * 10_000}",
        f"To: {'(' * 2_000}",
        f"From: {'(' * 2_000}",
        f"To: {'a' * 50_000}",
    ],
    ids=lambda field: field[:20],
)
def test_a_header_nobody_can_take_apart_costs_only_what_it_said(field: str) -> None:
    header = f"Subject: Lamps\r\nContent-Type: text/plain; charset=utf-8\r\n{field}\r\n\r\n"
    article = read_article(f"{header}{TEXT}".encode(), kind="eml", seen=SEEN)
    assert (article.title, article.text, article.published) == ("Lamps", TEXT, None)


@pytest.mark.parametrize("name", ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"])
def test_a_mail_whose_parts_cannot_be_told_apart_is_an_answer(name: str) -> None:
    with pytest.raises(ReadError, match="nests too deep"):
        read_article(f"Subject: Lamps\r\n{name}: {'(' * 3_000}\r\n\r\n{TEXT}".encode(), kind="eml", seen=SEEN)


SEEDS = ("a", "a@", "%41", " ", "\t", "<https://a", "(https://a", "[https://a", "<mailto:a", "view ", "unsubscribe ")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_line_without_end_is_read_at_once(seed: str) -> None:
    line = (seed * 80_000)[:80_000]
    started = time.process_time()
    mailing_lines([line])
    without_targets(line)
    masked(Removed(0, line, ""))
    assert time.process_time() - started < 0.5


def test_an_address_with_brackets_of_its_own_is_taken_out_whole() -> None:
    assert without_targets("The bridge (https://wiki.example/Bridge_(Porto)) is open.") == "The bridge is open."


@pytest.mark.parametrize("line", ["From: Ana Ruiz", "From: a@b.example Date: today", "From: " * 20])
def test_header_like_lines_without_end_are_read_at_once(line: str) -> None:
    started = time.process_time()
    assert find_forward([line] * 20_000) is None
    assert time.process_time() - started < 1.0


def test_a_header_behind_many_lines_that_look_like_one_is_found() -> None:
    lines = ["From: Ana Ruiz"] * 20 + ["From: Jan <jan@a.example>", "Date: today", "Subject: Lamps", "", "Text."]
    found = find_forward(lines)
    assert found is not None
    assert (found.end, found.fields["subject"]) == (len(lines) - 2, "Lamps")
