"""Lists of people as others make them: read whole, line by line, with every doubt said. Samples are made up."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.address import parse_address
from digest.errors import AddressError, DigestError
from digest.people import Export, ImportRow, read_export
from digest.people.rows import moment
from digest.people.spreadsheet import bare, disarmed
from digest.people.tables import LONGEST_LINE


def reading(data: bytes | str, name: str = "people.csv", **more: object) -> Export:
    raw = data.encode() if isinstance(data, str) else data
    return read_export(lambda: io.BytesIO(raw), name, **more)  # type: ignore[arg-type]


def rows(data: bytes | str, name: str = "people.csv", **more: object) -> list[ImportRow]:
    return list(reading(data, name, **more).rows())


def pairs(data: bytes | str, **more: object) -> list[tuple[str, str]]:
    return [(row.address, row.name) for row in rows(data, **more) if not row.fault]


def zipped(files: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


# ------------------------------------------------------------------------------------------------ tables

ANN = [("ann@example.org", "Ann Ek")]


@pytest.mark.parametrize(
    "data",
    [
        "email,name\nann@example.org,Ann Ek\n",
        "email;name\r\nann@example.org;Ann Ek\r\n",
        "email\tname\nann@example.org\tAnn Ek",
        "email|name\rann@example.org|Ann Ek\r",
        "sep=;\nname;email\nAnn Ek;ann@example.org\n",
        "\n\nemail,name\n\n,\nann@example.org,Ann Ek\n",
        "\ufeffemail,name\nann@example.org,Ann Ek\n",
        "email,name\nann@example.org,Ann Ek\n".encode("utf-16"),
        "email,name\nann@example.org,Ann Ek\n".encode("utf-16-le"),
        "email,name\nann@example.org,Ann Ek\n".encode("utf-32"),
        'email,name,note\nann@example.org,"Ann Ek","two\nlines, ""quoted"""\n',
        "Ann Ek <ann@example.org>\n",
    ],
)
def test_delimiters_line_ends_marks_and_encodings_are_found_out(data: str | bytes) -> None:
    assert pairs(data) == ANN


@pytest.mark.parametrize(
    "header",
    [
        "First Name,Last Name,Email Address",
        "Vorname,Nachname,E-Mail-Adresse",
        "Prénom,Nom,Courriel",
        "Nombre,Apellidos,Correo electrónico",
        "Nome,Cognome,Indirizzo email",
        "Voornaam,Achternaam,E-mailadres",
        "Förnamn,Efternamn,E-postadress",
        "名,姓,メールアドレス",
    ],
)
def test_headers_are_understood_in_the_languages_people_bring(header: str) -> None:
    assert pairs(f"{header}\nAnn,Ek,ann@example.org\n") == ANN


def test_an_encoding_that_is_guessed_is_said_and_another_can_be_named() -> None:
    data = "email;name\nann@example.org;Жук\n".encode("cp1251")
    assert "--encoding" in reading(data).said[0]
    assert pairs(data, encoding="windows-1251") == [("ann@example.org", "Жук")]
    for name in ("klingon", "rot13", "hex", "idna", "undefined", "base64", "zlib", "punycode", "\0"):
        with pytest.raises(DigestError, match="no encoding"):
            reading(data, encoding=name)
    with pytest.raises(DigestError, match="no column") as refused:
        reading("почта;имя\nann@example.org;Жук\n".encode("cp1251"))
    assert "--encoding" in refused.value.hint
    for header, name in (("почта;имя", "cp1251"), ("メール;名前", "shift_jis"), ("邮箱;姓名", "gb18030")):
        assert pairs(f"{header}\nann@example.org;Ann\n".encode(name), encoding=name) == [("ann@example.org", "Ann")]
    unmarked = "email,name\nann@example.org,Жук\n"
    for name in ("utf-16", "utf-32"):
        assert pairs(unmarked.encode(f"{name}-le"), encoding=name) == [("ann@example.org", "Жук")]


def test_a_stray_quotation_mark_costs_its_own_line_and_no_other() -> None:
    data = 'email,name\na@example.org,"Ann\nb@example.org,Bo\nc@example.org,Cy "x" "\nd@example.org,Di\n'
    found = rows(data)
    assert [(r.line, bool(r.fault)) for r in found] == [(2, True), (3, False), (4, False), (5, False)]
    assert "never closed" in found[0].fault
    last = rows('email,name\na@example.org,"Ann\nb@example.org,Bo\n')
    assert [(r.line, r.address) for r in last if not r.fault] == [(3, "b@example.org")]


def test_a_line_with_more_cells_than_the_header_is_not_guessed_at() -> None:
    (row,) = rows("name,email\nEk, Ann,ann@example.org\n")
    assert "3 cells, the header 2" in row.fault


def test_lines_too_long_for_any_person_are_named_and_the_next_is_read() -> None:
    data = f'email,name\n{"x" * (10 * LONGEST_LINE)}\n"{"y" * 200_000}",Bo\nann@example.org,Ann Ek\n'
    assert [r.fault != "" for r in rows(data)] == [True, True, False]
    assert pairs(data) == ANN


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n \n,,\n", "empty"),
        (bytes(range(256)) * 50, "no text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "no text"),
        (b"\x1f\x8b\x08\0abc", "packed"),
        (b"name,town\nAnn,Rome\n", "no column is called"),
        (zipped({"[Content_Types].xml": "<x/>", "xl/sheet.xml": "<x/>"}), "workbook"),
        (zipped({"readme.md": "hello"}), "no list of people"),
        (zipped({"a.csv": "email\na@b.example\n"})[:-30], "cannot be unpacked"),
        (zipped({"a.csv": "email\na@b.example\n", "b.csv": "email\nb@b.example\n"}), "cannot be told"),
    ],
    # An archive holds the time it was made: the name of a test may not.
    ids=["empty", "blank", "binary", "picture", "packed", "no column", "workbook", "no list", "cut off", "two lists"],
)
def test_what_is_no_list_of_people_is_said_with_the_way_out(data: bytes, words: str) -> None:
    with pytest.raises(DigestError, match=words) as caught:
        reading(data)
    assert caught.value.hint


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_no_bytes_end_the_reading_but_with_a_word(data: bytes) -> None:
    for wrapped in (data, b"email,name\n" + data, b"email;name\n\xff" + data):
        try:
            found = rows(wrapped)
        except DigestError as error:
            assert str(error)
        else:
            assert all(row.line >= 1 for row in found)


# A cell over two lines that holds an @ may pass for a stray quotation mark: of names, those of one line.
ONE_LINE = st.text(st.characters(exclude_characters="\r\n"), max_size=30)


@given(st.lists(st.tuples(ONE_LINE, ONE_LINE), max_size=8), st.sampled_from(",;\t|"))
@settings(max_examples=60, deadline=None)
def test_every_line_that_a_csv_writer_made_is_read_back(people: list[tuple[str, str]], delimiter: str) -> None:
    import csv

    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(("email", "name", "n"))
    clean = [
        tuple("".join(c for c in cell if c not in "\0" and not "\ud800" <= c <= "\udfff") for cell in p) for p in people
    ]
    writer.writerows((*cells, n) for n, cells in enumerate(clean))
    found = [r for r in rows(out.getvalue()) if not r.fault]
    assert [r.address for r in found] == [a.strip() for a, _ in clean]


# ------------------------------------------------------------------------------------------------ columns


def test_the_editors_word_on_a_column_holds() -> None:
    data = "who,mail 1,mail 2,email\nAnn Ek,ann@example.org,x@example.org,old@example.org\n"
    assert pairs(data, mapping={"mail 1": "address", "WHO": "name"}) == ANN
    assert pairs("a;ann@example.org;Ann Ek\n", mapping={"3": "name"}) == ANN
    with pytest.raises(DigestError, match="no column 'town'"):
        reading(data, mapping={"town": "name"})
    with pytest.raises(DigestError, match="no such field") as caught:
        reading(data, mapping={"who": "naem"})
    assert "name" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "left", "fault"),
    [
        ("Subscribed", "", ""),
        ("aktiv", "", ""),
        ("désabonné", "unsubscribed", ""),
        ("cleaned", "bounced", ""),
        ("Marked as spam", "complained", ""),
        ("pending", "", "never confirmed"),
        ("VIP", "", "not known here"),
        ("", "", ""),
    ],
)
def test_a_status_says_who_is_gone_and_a_strange_one_is_not_guessed_at(status: str, left: str, fault: str) -> None:
    (row,) = rows(f"email,status\nann@example.org,{status}\n")
    assert row.left == left and fault in row.fault and bool(fault) == bool(row.fault)


def test_who_left_comes_first_wherever_they_stand_in_the_list() -> None:
    data = "email,status\na@example.org,subscribed\nb@example.org,\na@example.org,unsubscribed\n"
    assert [(r.line, r.left) for r in rows(data)] == [(4, "unsubscribed"), (2, ""), (3, "")]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2018-02-12 10:54:27", datetime(2018, 2, 12, 10, 54, 27, tzinfo=UTC)),
        ("2024-01-15T10:00:00.000Z", datetime(2024, 1, 15, 10, tzinfo=UTC)),
        ("2024-01-02 15:04:05.123456 +0200 CEST", datetime(2024, 1, 2, 13, 4, 5, tzinfo=UTC)),
        ("2024-01-02 15:04:05.1 +0000 UTC", datetime(2024, 1, 2, 15, 4, 5, tzinfo=UTC)),  # as Go prints it
        ("2025-01-01", datetime(2025, 1, 1, tzinfo=UTC)),
        ("03/04/2024", None),
        ("2024-13-45", None),
        ("yesterday", None),
        ("0001-01-01 00:00:00 +1400", None),
    ],
)
def test_a_time_is_read_only_where_it_says_one_for_sure(text: str, at: datetime | None) -> None:
    assert moment(text) == at


def test_a_name_can_never_break_a_header() -> None:
    (row,) = rows('email,name,language,topics\nann@example.org,"Ann\r\nBcc: x@y.org","d\ne","Ports\n|\x07Trains"\n')
    assert (row.name, row.language, row.topics) == ("Ann Bcc: x@y.org", "d e", ("Ports", "Trains"))


# ------------------------------------------------------------------------------------------------ tools

MAILCHIMP = "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID"
AUDIENCE = {
    "subscribed_members_export_1.csv": f"{MAILCHIMP},LAST_CHANGED\n"
    "ann@example.org,Ann,Ek,2,2023-04-21 11:16:57,192.0.2.1,2023-04-21 11:20:00,192.0.2.2,1,a,2024-01-01 00:00:00\n",
    "unsubscribed_members_export_1.csv": f"{MAILCHIMP},UNSUB_TIME\nbo@example.org,Bo,,,,,,,,,2024-05-01 10:00:00\n",
    "cleaned_members_export_1.csv": f"{MAILCHIMP},CLEAN_TIME\ncy@example.org,Cy,,,,,,,,,2024-06-01 10:00:00\n",
    "nonsubscribed_members_export_1.csv": f"{MAILCHIMP},LAST_CHANGED\ndi@example.org,Di,,,,,,,,,\n",
    "__MACOSX/._subscribed_members_export_1.csv": "\0\0\0",
}


def test_a_mailchimp_audience_is_read_with_those_gone_first_and_its_times_as_evidence() -> None:
    export = reading(zipped(AUDIENCE), "audience.zip")
    found = list(export.rows())
    assert export.tool == "Mailchimp"
    assert [(r.address, r.left) for r in found] == [
        ("cy@example.org", "bounced"),
        ("bo@example.org", "unsubscribed"),
        ("ann@example.org", ""),
    ]
    assert found[1].left_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert found[2].joined == datetime(2023, 4, 21, 11, 16, 57, tzinfo=UTC)
    assert found[2].evidence == {"joined": "2023-04-21 11:16:57", "confirmed": "2023-04-21 11:20:00"}
    assert any("never subscribed" in line for line in export.said)


def test_network_addresses_are_kept_only_where_the_newsletter_wants_them() -> None:
    rows_with = reading(zipped(AUDIENCE), "audience.zip", keep_ip=True).rows()
    (ann,) = (r for r in rows_with if r.address == "ann@example.org")
    assert (ann.evidence["ip"], ann.evidence["confirmed_ip"]) == ("192.0.2.1", "192.0.2.2")


def test_mailchimps_files_are_told_apart_when_they_were_renamed() -> None:
    renamed = {f"{n}.csv": text for n, text in enumerate(list(AUDIENCE.values())[:3])}
    assert [r.left for r in rows(zipped(renamed), "x.zip")] == ["bounced", "unsubscribed", ""]
    assert rows(AUDIENCE["unsubscribed_members_export_1.csv"])[0].left == "unsubscribed"


TOOLS = {
    "listmonk": (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        'u1,ann@example.org,Ann Ek,"{""a"":1}",enabled,2024-01-02 15:04:05 +0000 UTC,x\n'
        "u2,bo@example.org,Bo,{},blocklisted,2024-01-02 15:04:05 +0000 UTC,x\n"
    ),
    "Ghost": (
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
        "1,ann@example.org,Ann Ek,,true,false,,2024-01-15T10:00:00.000Z,,,\n"
        "2,bo@example.org,Bo,,false,false,,2024-01-15T10:00:00.000Z,,,\n"
    ),
    "Substack": (
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
        "ann@example.org,false,,other,false,2018-12-25T20:43:22.178Z,\n"
        "bo@example.org,true,2027-07-01T00:00:00.000Z,yearly,true,2018-12-25T20:43:22.178Z,\n"
    ),
    "Buttondown": (
        "id,creation_date,email,notes,metadata,tags,referrer_url,secondary_id,subscriber_type,source\n"
        "1,2024-01-15T10:00:00Z,ann@example.org,,{},,,1,regular,api\n"
        "2,2024-01-15T10:00:00Z,bo@example.org,,{},,,2,unsubscribed,api\n"
    ),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tools_export_is_known_by_its_header(tool: str) -> None:
    export = reading(TOOLS[tool])
    bo, ann = export.rows()
    assert export.tool == tool
    assert (ann.address, ann.left, bo.address, bo.left) == ("ann@example.org", "", "bo@example.org", "unsubscribed")
    assert ann.joined is not None and ann.evidence["joined"].startswith(("2018", "2024"))


def test_mailman_lists_are_mailboxes_line_by_line() -> None:
    export = reading('Ann Ek <ann@example.org>\n"Ek, Bo" <bo@example.org>\ncy@example.org\n')
    assert export.tool == "Mailman"
    assert [(r.address, r.name) for r in export.rows()] == [
        ("ann@example.org", "Ann Ek"),
        ("bo@example.org", "Ek, Bo"),
        ("cy@example.org", ""),
    ]


def test_of_an_account_export_only_the_lists_of_people_are_read() -> None:
    data = zipped(
        {
            "email_list.x.csv": TOOLS["Substack"],
            "posts.csv": "post_id,title\n1,Hello\n",
            "posts/1.opens.csv": "post_id,timestamp,email,country\n1,2024,stranger@example.org,SE\n",
        }
    )
    export = reading(data, "export.zip")
    assert {r.address for r in export.rows()} == {"ann@example.org", "bo@example.org"}
    assert any("opens.csv" in line for line in export.said)


# ------------------------------------------------------------------------------------------------ hostile archives


def test_a_zip_bomb_is_stopped_before_it_swells() -> None:
    bomb = zipped({"people.csv": b"email\n" + b"0" * 20_000_000})
    assert len(bomb) < 100_000
    with pytest.raises(DigestError, match="swells"):
        rows(bomb, "bomb.zip")


def test_names_in_an_archive_lead_nowhere(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))
    evil = zipped({"../../etc/evil.csv": "email\nann@example.org\n"})
    assert [r.address for r in rows(evil, "evil.zip")] == ["ann@example.org"]
    assert not list(__import__("pathlib").Path(str(tmp_path)).parent.glob("**/evil.csv"))


def test_an_archive_in_an_archive_is_named_and_not_opened() -> None:
    nested = zipped({"inner.zip": zipped({"a.csv": "email\nx@example.org\n"}), "b.csv": "email\nann@example.org\n"})
    export = reading(nested, "n.zip")
    assert [r.address for r in export.rows()] == ["ann@example.org"]
    assert any("inner.zip" in line for line in export.said)
    with pytest.raises(DigestError, match="no list"):
        reading(zipped({"inner.zip": b"PK"}), "n.zip")


def test_an_archive_with_a_password_is_said_to_have_one() -> None:
    locked = bytearray(zipped({"a.csv": "email\nann@example.org\n"}, zipfile.ZIP_STORED))
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(header) + offset] |= 1
    with pytest.raises(DigestError, match="password"):
        reading(bytes(locked), "l.zip")


def test_a_member_damaged_on_the_way_is_said() -> None:
    stored = bytearray(zipped({"a.csv": "email\n" + "ann@example.org\n" * 50}, zipfile.ZIP_STORED))
    stored[200] ^= 1
    with pytest.raises(DigestError, match="cannot be unpacked"):
        rows(bytes(stored), "d.zip")


# ------------------------------------------------------------------------------------------------ cells and addresses


@given(st.text(max_size=20))
def test_disarming_a_cell_loses_nothing(cell: str) -> None:
    assert bare(disarmed(cell)) == cell
    assert not disarmed(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


LOCAL = st.text("abcXYZ019.+-_'\"!#/=é\u0301ß ", min_size=1, max_size=66)
DOMAIN = st.sampled_from(
    ["example.org", "EXAMPLE.org", "bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "-x.example", "a..b", "x" * 64 + ".example",
     ".".join(["abcdefgh"] * 27) + ".example", "localhost", "[127.0.0.1]", "пример.example", ""]
)  # fmt: skip


@given(LOCAL, DOMAIN)
@settings(max_examples=100, deadline=None)
def test_the_short_way_of_reading_an_address_gives_what_the_long_way_gives(local: str, domain: str) -> None:
    import digest.address as room

    def parsed() -> object:
        try:
            return parse_address(f"{local}@{domain}")
        except AddressError as error:
            return str(error)

    short = parsed()
    plain, room._PLAIN = room._PLAIN, room.re.compile("(?!)")
    try:
        assert parsed() == short
    finally:
        room._PLAIN = plain


@pytest.mark.parametrize("name", ["info", "Info", "POSTMASTER", "Ann", "ANN", "no-Reply"])
def test_names_of_rfc_2142_have_one_spelling(name: str) -> None:
    kept = parse_address(f"{name}@example.org").local
    assert kept == (name.lower() if name.lower() in ("info", "postmaster") else name)


@pytest.mark.parametrize(
    ("raw", "good"),
    [
        ("a" * 64 + "@example.org", True),
        ("a" * 65 + "@example.org", False),
        ("a" * 64 + "@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 53 + ".example"[:8], True),
        ("a" * 64 + "@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 54 + ".example"[:8], False),
        ("ann+news@example.org", True),
        ("jürgen@bücher.example", True),
        ('"ann ek"@example.org', False),
        ("ann@example.org\r\nBcc: b@example.org", False),
        ("ann\x00@example.org", False),
        ("ann@example.org, bo@example.org", False),
        ("ann@exa\u202emple.org", False),
    ],
)
def test_addresses_at_their_limits(raw: str, good: bool) -> None:
    try:
        assert (parse_address(raw) is not None) is good
    except AddressError:
        assert not good
