"""Letters: byte-equal to their templates after parsing, within the RFCs, safe against hostile values."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.config import Config
from digest.errors import IssueError, SendError
from digest.model import Envelope, Rendered, Variant
from digest.render import render_issue
from digest.render.encoding import encode_phrase, encode_words, quoted_printable
from digest.render.message import (
    Skeleton,
    fill,
    preview_html,
    preview_text,
    reader_links,
)
from tests.render_samples import FIELDS, make_config, sample_issue

CONFIG = make_config()
DATE = datetime(2015, 9, 28, 7, tzinfo=UTC)
TOKENS = {name: f"__D0a1b2c3d_{name}__" for name in FIELDS}


def rendered_of(html: str, text: str, subject: str = "A subject") -> Rendered:
    return Rendered("2015-W39", "f" * 64, (Variant("", "en", (), subject, html, text, TOKENS),))


def raw_letter(rendered: Rendered, config: Config = CONFIG, **changes: Any) -> bytes:
    values: dict[str, Any] = {
        "ordinal": 0,
        "envelope": Envelope("bounces@ledger.example.com", "sam@reader.example.org"),
        "message_id": "<1.2@ledger.example.com>",
        "date": DATE,
        "fields": FIELDS,
        "one_click": True,
    }
    return b"".join(Skeleton(rendered, "", config).letter(**{**values, **changes}).chunks)


def parse(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def bodies(raw: bytes) -> tuple[str, str]:
    plain, html = parse(raw).iter_parts()
    return tuple(p.get_payload(decode=True).decode().replace("\r\n", "\n") for p in (plain, html))  # type: ignore[return-value]


def header(raw: bytes, name: str) -> str:
    return str(make_header(decode_header(message_from_bytes(raw)[name])))


@pytest.fixture(scope="module")
def rendered() -> Rendered:
    return render_issue(sample_issue(), CONFIG)


def test_letter_holds_exactly_the_filled_templates(rendered: Rendered) -> None:
    (variant,) = rendered.variants
    assert bodies(raw_letter(rendered)) == (preview_text(variant, FIELDS), preview_html(variant, FIELDS))


def test_letter_keeps_to_rfc_5322_and_2045(rendered: Rendered) -> None:
    raw = raw_letter(rendered)
    assert raw.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert max(len(line) for line in raw.split(b"\r\n") if not line.startswith(b"List-Unsubscribe: ")) <= 76
    message = parse(raw)
    assert message.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
    for name in ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id"):
        assert len(message.get_all(name)) == 1
    assert "Precedence" not in message
    assert "Auto-Submitted" not in message


def test_list_headers_say_how_to_leave_and_whom_to_ask(rendered: Rendered) -> None:
    message = parse(raw_letter(rendered))
    assert message["List-Unsubscribe"] == f"<{FIELDS['LEAVE']}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "The Weekly Ledger <newsletter.ledger.example.com>"
    assert message["List-Post"] == "NO"
    assert message["List-Archive"] == "<https://ledger.example.com/issues>"
    assert message["List-Help"] == "<mailto:mara@ledger.example.com?subject=help>"
    assert message["List-Owner"] == "<mailto:mara@ledger.example.com>"


def test_leaving_by_mail_is_never_called_one_click() -> None:
    config = make_config(site=False)
    rendered = render_issue(sample_issue(), config)
    fields = {**FIELDS, "LEAVE": reader_links(config)["LEAVE"] + "abc"}
    message = parse(raw_letter(rendered, config, fields=fields, one_click=False))
    assert message["List-Unsubscribe"] == "<mailto:mara@ledger.example.com?subject=unsubscribe%20abc>"
    assert "List-Unsubscribe-Post" not in message
    assert "List-Archive" not in message
    with pytest.raises(SendError, match="https"):
        raw_letter(rendered, config, fields=fields, one_click=True)


ANY_TEXT = st.text(alphabet=st.characters(exclude_characters="\r<", exclude_categories=["Cs"]), max_size=300)
AWKWARD = st.sampled_from(
    [
        ".",
        "..",
        "\n.\n",
        "\n.hidden",
        " ",
        " \n",
        "\t\n",
        "=",
        "=3D",
        "=\n",
        "From ",
        "é" * 30,
        "日本" * 60,
        "x" * 75,
        "x" * 76,
        "x" * 77,
        "." * 80,
        "😀",
        "\u202e",
        "\x00",
        "\u00a0",
    ]
)
A_TOKEN = st.sampled_from([*TOKENS.values(), *(f'<a href="{TOKENS[n]}">' for n in ("LEAVE", "PREFS"))])
A_BODY = st.lists(st.one_of(ANY_TEXT, AWKWARD, A_TOKEN), max_size=12).map("".join)
SEGMENT = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,120}", fullmatch=True)
AN_ADDRESS = st.text(
    alphabet=st.characters(exclude_characters="\x7f\u0085\u2028\u2029", exclude_categories=["Cs", "Cc", "Cf"]),
    max_size=150,
)


@given(html=A_BODY, text=A_BODY, segment=SEGMENT, email=AN_ADDRESS)
@settings(max_examples=250, deadline=None)
def test_any_template_and_value_comes_back_unchanged(html: str, text: str, segment: str, email: str) -> None:
    """The law of the skeleton: parsing a letter gives the filled templates, whatever stands in them."""
    rendered = rendered_of(html, text)
    (variant,) = rendered.variants
    fields = {**FIELDS, "EMAIL": email, **{name: before + segment for name, before in reader_links(CONFIG).items()}}
    raw = raw_letter(rendered, fields=fields)
    assert bodies(raw) == (preview_text(variant, fields), preview_html(variant, fields))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert raw.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert not re.search(rb"^\.", raw, re.M)
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert max(map(len, head.split(b"\r\n"))) <= 998


@given(
    html=A_BODY,
    text=A_BODY,
    subject=st.text(
        alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs", "Cf", "Cn"]), min_size=1, max_size=90
    ),
)
@settings(max_examples=100, deadline=None)
def test_a_letter_reads_as_the_standard_library_writes_it(html: str, text: str, subject: str) -> None:
    """Parsed, it has the parts, types and headers of an `email.message.EmailMessage` of the same content."""
    rendered = rendered_of(html, text, subject)
    (variant,) = rendered.variants
    ours = parse(raw_letter(rendered))
    theirs = EmailMessage(policy=policy.SMTP)
    theirs["From"] = "The Weekly Ledger <ledger@ledger.example.com>"
    theirs["Reply-To"] = "Mara Lindqvist <mara@ledger.example.com>"
    theirs["Subject"] = subject
    theirs["To"] = "sam@reader.example.org"
    theirs["Date"] = DATE
    theirs["Message-ID"] = "<1.2@ledger.example.com>"
    theirs.set_content(preview_text(variant, FIELDS), cte="base64")
    theirs.add_alternative(preview_html(variant, FIELDS), subtype="html", cte="base64")
    other = parse(theirs.as_bytes())
    for name in ("From", "Reply-To", "Subject", "To", "Date", "Message-ID", "MIME-Version"):
        assert ours[name] == other[name]
    assert ours.get_content_type() == other.get_content_type()
    for one, two in zip(ours.iter_parts(), other.iter_parts(), strict=True):
        assert one.get_content_type() == two.get_content_type()
        assert one.get_content_charset() == two.get_content_charset() == "utf-8"
        assert _lines(one) == _lines(two)


def _lines(part: object) -> str:
    """The part's text; the standard library ends every text with a line break."""
    assert isinstance(part, EmailMessage)
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode().replace("\r\n", "\n").removesuffix("\n")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300))
@settings(deadline=None)
def test_any_subject_comes_back_from_its_encoded_words(subject: str) -> None:
    value = encode_words(subject, len("Subject: "))
    assert value.isascii()
    for number, line in enumerate(value.split("\r\n")):
        assert len(line) + (9 if number == 0 else 0) <= 76
        assert all(len(word) <= 75 for word in line.split(" ") if word.startswith("=?"))
    message = message_from_bytes(f"Subject: {value}\r\n\r\n".encode(), policy=policy.compat32)
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", str(message["Subject"] or ""))
    assert str(make_header(decode_header(unfolded))) == subject


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=120))
@settings(deadline=None)
def test_any_display_name_leaves_the_address_alone(name: str) -> None:
    raw = raw_letter(rendered_of("h", "t"), to_name=name)
    (to,) = [a for _, a in _addresses(raw, "To")]
    assert to == "sam@reader.example.org"
    assert all(len(line) <= 78 for line in encode_phrase(name, 4).split("\r\n"))


def _addresses(raw: bytes, name: str) -> list[tuple[str, str]]:
    from email.utils import getaddresses

    return getaddresses([re.sub(r"\r?\n(?=[ \t])", "", str(message_from_bytes(raw)[name]))])


HOSTILE = ["a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\x00b", "a\u2028b", "a\x85b", "a\ud800b", "a\x1bb"]


@pytest.mark.parametrize("bad", HOSTILE)
@pytest.mark.parametrize("where", ["EMAIL", "LEAVE", "to_name", "recipient", "message_id"])
def test_line_breaks_are_refused_wherever_a_value_enters(rendered: Rendered, bad: str, where: str) -> None:
    changes: dict[str, Any] = {"to_name": bad} if where == "to_name" else {"message_id": f"<{bad}@x.org>"}
    if where in FIELDS:
        changes = {"fields": {**FIELDS, where: f"https://example.org/{bad}"}}
    if where == "recipient":
        changes = {"envelope": Envelope("b@example.org", f"{bad}@example.org", smtputf8=True)}
    with pytest.raises(SendError) as refused:
        raw_letter(rendered, **changes)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("bad", HOSTILE)
def test_line_breaks_in_our_own_headers_are_refused(bad: str) -> None:
    with pytest.raises(SendError):
        raw_letter(rendered_of("h", "t", bad))
    named = replace(CONFIG, newsletter=replace(CONFIG.newsletter, name=bad))
    with pytest.raises(SendError):
        raw_letter(rendered_of("h", "t"), named)


@pytest.mark.parametrize(
    "recipient",
    [
        "a@b.org, c@d.org",
        "a@b.org>,<c@d.org",
        "a,b@c.org",
        "group:a@b.org;",
        "a@b.org (note)",
        "a b@c.org",
        '"a"b"@c.org',
        "a@b@c.org",
        "",
    ],
)
def test_what_a_header_would_read_as_more_than_one_address_is_refused(rendered: Rendered, recipient: str) -> None:
    with pytest.raises(SendError, match="address"):
        raw_letter(rendered, envelope=Envelope("b@example.org", recipient))


def test_a_quoted_local_part_is_one_address(rendered: Rendered) -> None:
    raw = raw_letter(rendered, envelope=Envelope("b@example.org", '"sam, <sam>"@example.org'))
    (address,) = parse(raw)["To"].addresses
    assert (address.username, address.domain) == ("sam, <sam>", "example.org")


@pytest.mark.parametrize(
    "name",
    [
        'Sam "the knife" O\\Hara',
        "Sam <sam@evil.example>",
        "sam@evil.example, x",
        "=?utf-8?q?=0D=0ABcc=3A_x?=",
        "Sam\u202egro.live\u202c",
        "Sam\u2066\u2069",
        "名前" * 80,
        "x" * 10_000,
        "(comment)",
        ":;,",
    ],
)
def test_a_hostile_name_changes_no_address_and_turns_nothing_around(rendered: Rendered, name: str) -> None:
    raw = raw_letter(rendered, to_name=name)
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert _addresses(raw, "To")[0][1] == "sam@reader.example.org"
    assert len(_addresses(raw, "To")) == 1
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", header(raw, "To"))
    assert "Bcc" not in message_from_bytes(raw)


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org/leave/abc",
        "https://ledger.example.com/leave/",
        "https://ledger.example.com/leave/..",
        "https://ledger.example.com/leave/a/b",
        "https://ledger.example.com/leave/a?b=c",
        'https://ledger.example.com/leave/a"onclick="x',
        "https://ledger.example.com.evil.example/leave/abc",
        "javascript:alert(1)",
        "",
    ],
)
def test_only_the_last_path_segment_of_a_link_is_the_reader_s(rendered: Rendered, link: str) -> None:
    with pytest.raises(SendError):
        raw_letter(rendered, fields={**FIELDS, "LEAVE": link})


@pytest.mark.parametrize(
    "html",
    [
        "<style>.a{{color:{EMAIL}}}</style>",
        "<script>var a='{EMAIL}'</script>",
        "<p style='color:{EMAIL}'>x</p>",
        "<p onclick=\"go('{EMAIL}')\" title=\"go('{EMAIL}')\">x</p>",
        "<p title={EMAIL}>x</p>",
        "<a href={LEAVE}>x</a>",
        '<a href="mailto:{EMAIL}">x</a>',
        '<a href="{EMAIL}">x</a>',
        '<a href="https://example.org/?to={EMAIL}">x</a>',
        "<a href=\"javascript:go('{LEAVE}')\">x</a>",
        '<img src="{LEAVE}" alt="">',
        "<!-- {EMAIL} -->",
        "<!--[if mso]><p>{EMAIL}</p><![endif]-->",
        "<{EMAIL}>",
        "<p {EMAIL}>x</p>",
        "<p title=x<{EMAIL}>x</p>",
        '<p title="x{EMAIL}<b>x</b>',
        "<!-- never closed {EMAIL}",
    ],
)
def test_a_token_stands_only_where_a_value_can_be_escaped(html: str) -> None:
    with pytest.raises(SendError, match=r"stands in .* line 2 of the HTML"):
        raw_letter(rendered_of("\n" + html.format(**TOKENS), "t"))


def test_values_are_escaped_for_where_they_stand() -> None:
    rendered = rendered_of(
        f'<title>{TOKENS["EMAIL"]}</title><a href="{TOKENS["LEAVE"]}" title="{TOKENS["EMAIL"]}">{TOKENS["EMAIL"]}</a>',
        TOKENS["EMAIL"],
    )
    text, html = bodies(raw_letter(rendered, fields={**FIELDS, "EMAIL": '"</title><b>"&x@example.org'}))
    assert text == '"</title><b>"&x@example.org'
    safe = "&quot;&lt;/title&gt;&lt;b&gt;&quot;&amp;x@example.org"
    assert html == f'<title>{safe}</title><a href="{FIELDS["LEAVE"]}" title="{safe}">{safe}</a>'


def test_half_a_surrogate_pair_in_a_template_is_named_by_its_line() -> None:
    with pytest.raises(SendError, match=r"line 2 holds half a surrogate pair"):
        raw_letter(rendered_of("one\ntwo \ud83d", "t"))


def test_a_header_that_would_be_too_long_is_refused() -> None:
    long = replace(CONFIG, site=replace(CONFIG.site, url="https://ledger.example.com/" + "x" * 990))
    with pytest.raises(SendError, match="header line"):
        raw_letter(rendered_of("h", "t"), long)


def test_a_value_that_looks_like_a_token_is_not_filled_again() -> None:
    filled = fill(
        "__D_EMAIL__ __D_LEAVE__",
        {"EMAIL": "__D_EMAIL__", "LEAVE": "__D_LEAVE__"},
        {"EMAIL": "__D_LEAVE__", "LEAVE": "https://example.org"},
    )
    assert filled == "__D_LEAVE__ https://example.org"


def test_a_scripted_address_is_refused(rendered: Rendered) -> None:
    with pytest.raises(SendError, match="javascript"):
        raw_letter(rendered, fields={**FIELDS, "PREFS": "javascript:alert(1)"})


def test_a_missing_value_is_named(rendered: Rendered) -> None:
    with pytest.raises(SendError, match="PREFS"):
        raw_letter(rendered, fields={k: v for k, v in FIELDS.items() if k != "PREFS"})


def test_a_local_part_outside_ascii_needs_smtputf8(rendered: Rendered) -> None:
    envelope = Envelope("b@ledger.example.com", "jürgen@example.org")
    with pytest.raises(SendError, match="SMTPUTF8"):
        raw_letter(rendered, envelope=envelope)
    raw = raw_letter(rendered, envelope=replace(envelope, smtputf8=True))
    assert "To: jürgen@example.org\r\n".encode() in raw


def test_an_unknown_variant_is_an_error(rendered: Rendered) -> None:
    with pytest.raises(IssueError, match="variant"):
        Skeleton(rendered, "de", CONFIG)


def test_equal_inputs_give_equal_bytes(rendered: Rendered) -> None:
    assert raw_letter(rendered) == raw_letter(render_issue(sample_issue(), make_config()))


def test_letters_share_all_bytes_but_their_own(rendered: Rendered) -> None:
    skeleton = Skeleton(rendered, "", CONFIG)
    one, two = (
        skeleton.letter(
            ordinal=n,
            envelope=Envelope("b@example.com", f"r{n}@example.org"),
            message_id=f"<{n}@example.com>",
            date=DATE,
            fields=FIELDS,
            one_click=True,
        )
        for n in (1, 2)
    )
    shared = sum(len(a) for a, b in zip(one.chunks, two.chunks, strict=True) if a is b)
    assert shared > 0.9 * sum(map(len, one.chunks))


def test_letters_need_no_premailer(rendered: Rendered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "premailer", None)  # any import of it would raise
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert raw_letter(rendered)


@pytest.mark.parametrize("length", range(60, 90))
def test_every_length_of_last_line_leaves_room_for_the_soft_break(length: int) -> None:
    for text in ("x" * length, "é" * (length // 3), "x" * (length - 4) + "é", "a " * (length // 2)):
        assert all(len(line) <= 76 for line in (quoted_printable(text) + b"=").split(b"\r\n"))


@pytest.mark.parametrize(
    "subject",
    [
        "Grüße aus Köln: „Alles wird gut“",
        "日本語の件名" * 12,
        "👩‍👩‍👧‍👦 " * 20,
        "x" * 300,
        "=?utf-8?q?fake?=",
        "two  blanks ",
        "שלום עולם",
    ],
)
def test_subjects_of_every_script_survive(subject: str) -> None:
    raw = raw_letter(rendered_of("h", "t", subject))
    assert header(raw, "Subject") == subject
