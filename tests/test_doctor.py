"""`digest doctor`: each thing right and wrong, against recorded zones, a real relay and a real https site on loopback."""

from __future__ import annotations

import json
import re
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest.cli import cli
from digest.config import Config, parse_config
from digest.dispatch.doctor import examine
from digest.dispatch.doctor.audience import judge_audience
from digest.dispatch.doctor.dmarc import organization_of, read_dmarc
from digest.dispatch.doctor.folder import judge_place
from digest.dispatch.doctor.letter import faults
from digest.dispatch.doctor.lookup import Lookup, Unanswered
from digest.dispatch.doctor.names import judge_dkim, judge_dmarc, judge_replies, judge_spf
from digest.dispatch.doctor.records import dkim_record, dmarc_record, mail_from_records, spf_record
from digest.dispatch.doctor.relay import judge_relay, judge_reverse
from digest.dispatch.doctor.site import judge_site
from digest.dispatch.doctor.spf import read_spf
from digest.dispatch.doctor.verdict import Record, Verdict
from digest.dispatch.keys import dkim_file
from digest.send import dkim
from digest.store import open_store
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter, send, sink
from tests.local_dns import LocalDns
from tests.mail_servers import make_certificate

PEM = dkim.new_key()
ADDRESS = "203.0.113.7"
GOOD = f"""
news.example                        MX   10 mx.news.example.
news.example                        TXT  "v=spf1 include:spf.relay.example mx ~all"
mx.news.example                     A    192.0.2.1
_dmarc.news.example                 TXT  "v=DMARC1; p=quarantine"
spf.relay.example                   TXT  "v=spf1 ip4:203.0.113.0/24 -all"
smtp.relay.example                  A    {ADDRESS}
7.113.0.203.in-addr.arpa            PTR  out.relay.example.
out.relay.example                   A    {ADDRESS}
digest._domainkey.news.example      TXT  "v=DKIM1; k=rsa; p={dkim.public_half(PEM)[:200]}" "{dkim.public_half(PEM)[200:]}"
"""
TOML = """
[newsletter]
name = "The Weekly Ledger"
from = "ledger@news.example"
postal_address = "12 Example Street, London"
[send]
transport = "smtp"
[smtp]
host = "smtp.relay.example"
"""


def config(more: str = "", *, host: str = "smtp.relay.example") -> Config:
    return parse_config(TOML.replace("smtp.relay.example", host) + more)


def without(name: str, zone: str = GOOD) -> str:
    return "\n".join(line for line in zone.splitlines() if not line.startswith(f"{name} "))


@contextmanager
def zone(text: str, **broken: set[str]) -> Iterator[Lookup]:
    with LocalDns(text, **broken) as server:
        yield Lookup(server.address, patience_s=0.4)


def levels(verdicts: Iterator[Verdict]) -> list[str]:
    return [verdict.level for verdict in verdicts]


# ------------------------------------------------------------------------------------------------ SPF


def test_spf_that_lets_the_relay_send_is_right() -> None:
    with zone(GOOD) as lookup:
        (verdict,) = judge_spf(config(), lookup)
    assert (verdict.level, verdict.what) == ("good", "news.example lets smtp.relay.example send (2 of 10 look-ups)")


SPF = [
    ("missing", without("news.example"), "does not say who may send", '"v=spf1 a:smtp.relay.example ~all"'),
    (
        "without the relay",
        GOOD.replace("include:spf.relay.example ", ""),
        "does not name smtp.relay.example",
        "mx a:smtp.relay.example ~all",
    ),
    ("twice", GOOD + 'news.example TXT "v=spf1 -all"', "2 SPF records", ""),
    ("open to all", GOOD.replace("mx ~all", "mx +all"), "anybody may send", ""),
    ("endless", GOOD.replace("mx ~all", "mx"), "has no end", ""),
    (
        "of a broken include",
        without("spf.relay.example"),
        "spf.relay.example, which it includes, has no SPF record",
        "",
    ),
    ("with a slip", GOOD.replace("mx ~all", "ipv4:192.0.2.1 ~all"), "“ipv4:192.0.2.1” is no SPF", ""),
    ("with no network", GOOD.replace("mx ~all", "ip4:192.0.2.300 ~all"), "is no network", ""),
    (
        "too long",
        GOOD.replace("include:spf.relay.example", " ".join(f"include:s{n}.example" for n in range(11)))
        + "\n".join(f's{n}.example TXT "v=spf1 -all"' for n in range(11)),
        "takes 12 look-ups",
        "",
    ),
]


@pytest.mark.parametrize(("text", "said", "record"), [row[1:] for row in SPF], ids=[row[0] for row in SPF])
def test_rfc7208_spf_that_is(text: str, said: str, record: str) -> None:
    with zone(text) as lookup:
        found = [v for v in judge_spf(config(), lookup) if v.level != "good"]
    (verdict, *_) = [v for v in found if said in v.what]
    assert verdict.urgency
    assert record in str(verdict.record or "")


@pytest.mark.parametrize(
    ("host", "term"),
    [("email-smtp.eu-west-1.amazonaws.com", "amazonses.com"), ("smtp.office365.com", "spf.protection.outlook.com")],
)
def test_spf_of_a_known_relay_is_its_include(host: str, term: str) -> None:
    with zone(GOOD) as lookup:
        (verdict,) = judge_spf(config(host=host), lookup)
    assert verdict.record == Record("news.example", "TXT", f"v=spf1 include:spf.relay.example mx include:{term} ~all")
    with zone(GOOD.replace("include:spf.relay.example", f"include:{term}") + f'{term} TXT "v=spf1 -all"') as lookup:
        assert levels(judge_spf(config(host=host), lookup)) == ["good"]


def test_spf_is_not_needed_where_ses_sends_with_an_envelope_of_its_own() -> None:
    ses = config('profile = "ses"\n', host="email-smtp.eu-west-1.amazonaws.com")
    with zone(without("news.example")) as lookup:
        assert levels(judge_spf(ses, lookup)) == ["good"]
    assert [str(record) for record in mail_from_records(ses)] == [
        "bounce.news.example. IN MX 10 feedback-smtp.eu-west-1.amazonses.com.",
        'bounce.news.example. IN TXT "v=spf1 include:amazonses.com ~all"',
    ]


def test_spf_counts_look_ups_and_networks_through_includes() -> None:
    text = """
    a.example TXT "v=spf1 mx/30 a:h.example include:b.example ip6:2001:db8::/32 exists:%{i}.x.example redirect=c.example"
    a.example MX 10 h.example.
    h.example A 192.0.2.8
    b.example TXT "v=spf1 include:c.example ip4:198.51.100.1 -all"
    c.example TXT "v=spf1 -ip4:198.51.100.9 ?all"
    """
    with zone(text) as lookup:
        spf = read_spf("a.example", lookup)
    assert (spf.lookups, spf.faults, spf.named) == (6, [], {"b.example", "c.example"})
    for address in ("192.0.2.9", "192.0.2.8", "198.51.100.1", "2001:db8::7"):
        assert spf.lets_send(address), address
    assert not spf.lets_send("198.51.100.9")


# ------------------------------------------------------------------------------------------------ DKIM, DMARC, replies

DKIM = [
    ("good", GOOD, "good", "is the key we sign with"),
    ("missing", without("digest._domainkey.news.example"), "error", "is not in the DNS"),
    (
        "another",
        GOOD.replace(dkim.public_half(PEM)[200:], dkim.public_half(dkim.new_key())[200:]),
        "error",
        "another key",
    ),
    ("revoked", re.sub(r"(digest\._domainkey\.news\.example +TXT +).*", r'\1"v=DKIM1; p="', GOOD), "error", "revoked"),
    ("a test", GOOD.replace("v=DKIM1; k=rsa;", "v=DKIM1; t=y; k=rsa;"), "warning", "a test"),
    ("two", GOOD + 'digest._domainkey.news.example TXT "v=DKIM1; p=MIGf"', "error", "2 keys"),
]


@pytest.mark.parametrize(("text", "level", "said"), [row[1:] for row in DKIM], ids=[row[0] for row in DKIM])
def test_rfc6376_published_key_that_is(text: str, level: str, said: str) -> None:
    with zone(text) as lookup:
        (verdict,) = judge_dkim(config(), PEM, lookup)
    assert verdict.level == level
    assert said in verdict.what
    if level == "error":
        assert verdict.record == dkim_record(config(), PEM)


def test_what_the_relay_signs_is_for_a_look_into_a_test() -> None:
    with zone(GOOD) as lookup:
        (verdict,) = judge_dkim(config(), b"", lookup)
        assert (verdict.level, "digest test" in verdict.todo) == ("skipped", True)
        (verdict,) = judge_dkim(config('profile = "postfix"\n'), b"", lookup)
        assert (verdict.level, 'sign = "own"' in verdict.todo) == ("warning", True)


OWN = '[dkim]\nsign = "own"\n'
DMARC = [
    ("right", GOOD, 0, "", []),
    ("missing, few readers", without("_dmarc.news.example"), 10, "", [("warning", "no DMARC record")]),
    ("missing, many readers", without("_dmarc.news.example"), 5000, "", [("error", "no DMARC record")]),
    (
        "with pct, rf and ri",
        GOOD.replace("p=quarantine", "p=none; pct=50; rf=afrf; ri=3600"),
        0,
        "",
        [("warning", "pct and rf and ri")],
    ),
    ("with no policy there is", GOOD.replace("p=quarantine", "p=rejct"), 0, "", [("error", "p=rejct")]),
    ("twice", GOOD + '_dmarc.news.example TXT "v=DMARC1; p=none"', 0, "", [("error", "2 DMARC records")]),
    (
        "signed by another domain",
        GOOD,
        0,
        OWN + 'domain = "other.example"',
        [("error", "our signature is of other.example")],
    ),
    ("signed by the domain above", GOOD + 'x.news.example TXT "x"', 0, OWN + 'domain = "mail.news.example"', []),
    (
        "in a foreign envelope",
        GOOD,
        0,
        '[bounces]\naddress = "back@else.example"',
        [("warning", "rests on DKIM alone")],
    ),
    ("in a near envelope", GOOD, 0, '[bounces]\naddress = "back@mail.news.example"', []),
    (
        "strict",
        GOOD.replace("p=quarantine", "p=none; adkim=s"),
        0,
        OWN + 'domain = "mail.news.example"',
        [("error", "adkim=s")],
    ),
]


@pytest.mark.parametrize(
    ("text", "readers", "more", "expected"), [row[1:] for row in DMARC], ids=[row[0] for row in DMARC]
)
def test_rfc9989_dmarc_that_is(text: str, readers: int, more: str, expected: list[tuple[str, str]]) -> None:
    with zone(text) as lookup:
        found = [v for v in judge_dmarc(config(more), lookup, readers, bulk=5000) if v.level != "good"]
    assert [v.level for v in found] == [level for level, _ in expected]
    for verdict, (_, said) in zip(found, expected, strict=True):
        assert said in verdict.what


def test_rfc9989_the_record_to_have_instead_is_without_what_is_gone() -> None:
    with zone(GOOD.replace("p=quarantine", "p=reject; pct=50; rua=mailto:d@news.example")) as lookup:
        (first, *_) = judge_dmarc(config(), lookup, 0, bulk=5000)
    assert str(first.record) == '_dmarc.news.example. IN TXT "v=DMARC1; p=reject; rua=mailto:d@news.example"'


TREE = """
_dmarc.example             TXT "v=DMARC1; p=none; psd=y"
_dmarc.shop.example        TXT "v=DMARC1; p=none"
_dmarc.own.shop.example    TXT "v=DMARC1; p=reject; psd=n"
_dmarc.org                 TXT "something else"
_dmarc.top.org             TXT "v=DMARC1; p=reject"
"""


@pytest.mark.parametrize(
    ("domain", "organization", "policy"),
    [
        ("mail.shop.example", "shop.example", "none"),
        ("x.y.own.shop.example", "own.shop.example", "reject"),
        ("a.b.c.d.e.f.g.h.top.org", "top.org", "reject"),
        ("lonely.example", "lonely.example", "none"),
        ("nobody.net", "nobody.net", ""),
    ],
)
def test_rfc9989_the_tree_is_walked(domain: str, organization: str, policy: str) -> None:
    with zone(TREE) as lookup:
        assert organization_of(domain, lookup) == organization
        found = read_dmarc(domain, lookup)
        assert (found.policy if found.record else "") == policy


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (GOOD, "good"),
        (GOOD.replace("MX   10 mx.news.example.", "MX   0 ."), "error"),
        (GOOD.replace("MX   10 mx.news.example.", "A 192.0.2.9"), "warning"),
        (without("news.example"), "error"),
    ],
    ids=["an MX", "null MX (RFC 7505)", "an address alone", "nothing"],
)
def test_where_replies_go(text: str, level: str) -> None:
    with zone(text) as lookup:
        assert levels(judge_replies(config(), lookup)) == [level]


def test_a_record_is_printed_as_a_zone_file_wants_it() -> None:
    import dns.zone

    record = dkim_record(config(), PEM)
    read = dns.zone.from_text(
        f"@ 60 SOA ns hostmaster 1 1 1 1 1\n@ NS ns\n{str(record).replace(' IN ', ' 60 IN ')}", origin="news.example"
    )
    ((_, _, data),) = read.iterate_rdatas("TXT")
    assert b"".join(data.strings).decode() == record.value
    assert [len(part) for part in data.strings] == [255, len(record.value) - 255]


def test_new_records_name_only_what_is_known() -> None:
    assert str(spf_record(config(host="127.0.0.1"))) == 'news.example. IN TXT "v=spf1 ip4:ADDRESS-OF-YOUR-SERVER ~all"'
    assert dmarc_record(config()).value == "v=DMARC1; p=none; rua=mailto:ledger@news.example"
    elsewhere = replace(
        config().newsletter, reply_to=config('mail = "x@else.example"\n'.join(["[alerts]\n", ""])).alerts.mail
    )
    assert dmarc_record(replace(config(), newsletter=elsewhere)).value == "v=DMARC1; p=none"


# ------------------------------------------------------------------------------------------------ patience


def test_a_silent_or_broken_dns_is_said_and_never_waited_for() -> None:
    names = {"news.example", "_dmarc.news.example", "digest._domainkey.news.example", "smtp.relay.example"}
    for kind in ("silent", "broken"):
        with zone(GOOD, **{kind: names}) as lookup:
            for judge in (
                judge_spf(config(), lookup),
                judge_dkim(config(), PEM, lookup),
                judge_dmarc(config(), lookup, 0, bulk=5000),
                judge_replies(config(), lookup),
                judge_reverse(config(), lookup),
            ):
                (verdict,) = judge
                assert verdict.level == "skipped"
                assert "no answer about" in verdict.what or "is broken" in verdict.what


def test_what_was_asked_once_is_remembered() -> None:
    with LocalDns(GOOD) as server:
        lookup = Lookup(server.address)
        for _ in range(3):
            assert lookup.txt("news.example") and not lookup.txt("nothing.example")
        assert sorted(server.asked) == ["news.example TXT", "nothing.example TXT"]


# ------------------------------------------------------------------------------------------------ relay


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (GOOD, "good"),
        (without("7.113.0.203.in-addr.arpa"), "error"),
        (GOOD.replace(f"out.relay.example                   A    {ADDRESS}", ""), "error"),
    ],
    ids=["both ways", "no name", "one way"],
)
def test_gmail_reverse_dns_of_the_relay(text: str, level: str) -> None:
    with zone(text) as lookup:
        assert levels(judge_reverse(config(), lookup)) == [level]


def test_reverse_dns_of_a_service_is_its_own_duty() -> None:
    with zone(GOOD) as lookup:
        (verdict,) = judge_reverse(config(host="smtp.sendgrid.net"), lookup)
    assert (verdict.level, "MTA-STS" in verdict.what) == ("skipped", True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def test_a_relay_is_spoken_to_without_a_letter(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    log = tmp_path / "log"
    with sink(log, "--tls", *map(str, certificate)) as port:
        relay = config(f"port = {port}\n", host="localhost")
        now = datetime.now(UTC)
        (verdict,) = judge_relay(relay, now, cafile=str(certificate[0]))
        assert (verdict.level, "certificate is good until" in verdict.what) == ("warning", False)  # two days are few
        (verdict,) = judge_relay(relay, now - timedelta(days=30), cafile=str(certificate[0]))
        assert (verdict.level, "certificate is good until" in verdict.what) == ("good", True)
        (verdict,) = judge_relay(relay, now)
        assert (verdict.level, "certificate" in verdict.what) == ("error", True)
        assert log.read_text() == ""
    (verdict,) = judge_relay(relay, now)
    assert (verdict.level, "no mail server at" in verdict.what) == ("error", True)


# ------------------------------------------------------------------------------------------------ site


@contextmanager
def https_site(
    certificate: tuple[Path, Path], *, post: int = 200, get: int = 200, date: str = ""
) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(get)

        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._say(post)

        def _say(self, status: int) -> None:
            asked.append(f"{self.command} {self.path}")
            self.send_response(status)
            self.send_header("Location", "https://localhost/elsewhere")
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date or super().date_time_string(timestamp)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"leaving": "good", "clock": "good"}),
        ({"post": 302}, {"leaving": "error", "clock": "good"}),
        ({"post": 405}, {"leaving": "error", "clock": "good"}),
        ({"get": 301}, {"leaving": "error", "clock": "good"}),
        ({"date": "Thu, 24 Sep 2015 07:00:00 GMT"}, {"leaving": "good", "clock": "error"}),
        ({"date": "soon"}, {"leaving": "good", "clock": "skipped"}),
    ],
    ids=["right", "redirects the click", "refuses the click", "redirects the page", "another time", "no time"],
)
def test_rfc8058_the_site_is_clicked_as_a_provider_does(
    certificate: tuple[Path, Path], options: dict[str, str], expected: dict[str, str]
) -> None:
    with https_site(certificate, **options) as (url, asked):  # type: ignore[arg-type]
        context = ssl.create_default_context(cafile=str(certificate[0]))
        found = list(judge_site(config(f'[site]\nurl = "{url}"\n'), datetime.now(UTC), context=context))
    assert {v.topic: v.level for v in found} == expected
    assert asked == [f"GET /leave/{'0' * 32}", "List-Unsubscribe=One-Click", f"POST /leave/{'0' * 32}"]


def test_a_site_that_does_not_answer_or_has_no_good_certificate(certificate: tuple[Path, Path]) -> None:
    with https_site(certificate) as (url, _):
        (verdict,) = judge_site(config(f'[site]\nurl = "{url}"\n'), datetime.now(UTC))
        assert (verdict.topic, verdict.level, "certificate" in verdict.what.lower()) == ("leaving", "error", True)
    (verdict,) = judge_site(config(f'[site]\nurl = "{url}"\n'), datetime.now(UTC))
    assert (verdict.level, "does not answer" in verdict.what) == ("error", True)


# ------------------------------------------------------------------------------------------------ letter and audience


def test_rfc2369_rfc8058_a_letter_really_built_is_looked_at(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    (tmp_path / "digest.toml").write_text((tmp_path / "digest.toml").read_text("utf-8") + OWN, "utf-8")
    dkim_file(tmp_path, "digest").write_bytes(PEM)
    (verdict,) = [v for v in doctor(tmp_path) if v.topic == "letter"]
    assert (verdict.level, "one-click" in verdict.what) == ("good", True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.replace(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""), "no one-click address"),
        (lambda m: b"From: x@y.example\r\n" + m, "2 From"),
        (lambda m: re.sub(rb"Message-ID: [^\r]*\r\n", b"", m), "no Message-ID"),
        (lambda m: m.replace(b"List-Post: NO", b"List-Post: NO\r\nList-Post: NO"), "more than one List-Post"),
        (lambda m: re.sub(rb"DKIM-Signature: (?:[^\r]|\r\n )*\r\n", b"", m), "does not cover From"),
        (lambda m: re.sub(rb"list-unsubscribe-post", b"list-other", m), "does not cover List-Unsubscribe-Post"),
    ],
)
def test_faults_of_a_letter_are_seen(tmp_path: Path, change, said: str) -> None:  # type: ignore[no-untyped-def]
    from digest.send.transports.maildir import Maildir

    made = make_newsletter(tmp_path, 1)
    (tmp_path / "digest.toml").write_text((tmp_path / "digest.toml").read_text("utf-8") + OWN, "utf-8")
    dkim_file(tmp_path, "digest").write_bytes(PEM)
    send(tmp_path, Maildir(tmp_path / "out"))
    (file,) = (tmp_path / "out" / "new").iterdir()
    signing = replace(made, dkim=parse_config(TOML + OWN).dkim)
    assert list(faults(file.read_bytes(), signing)) == []
    assert any(said in what for what, _ in faults(change(file.read_bytes()), signing))


def test_gmail_yahoo_outlook_rules_begin_at_five_thousand() -> None:
    domains = {"gmail.com": 4000, "googlemail.com": 1000, "yahoo.co.uk": 10, "hotmail.com": 7000, "else.org": 9000}
    found = {v.topic: v.level for v in judge_audience(domains, {"DMARC"})}
    assert found == {"Gmail": "error", "Yahoo": "good", "Outlook.com": "error"}
    assert {v.level for v in judge_audience(domains, {"disk"})} == {"good"}
    assert list(judge_audience({"else.org": 9000}, {"DMARC"})) == []


# ------------------------------------------------------------------------------------------------ folder and books

MOUNTS = """
/dev/sda1 / ext4 rw 0 0
server:/home /home/mara nfs4 rw 0 0
//nas/share /mnt/my\\040share cifs rw 0 0
me@host:/ /mnt/far fuse.sshfs rw 0 0
/dev/sdb1 /mnt/disk fuse.portal rw 0 0
"""


@pytest.mark.parametrize(
    ("place", "level"),
    [
        ("/srv/news", "good"),
        ("/home/mara/news", "error"),
        ("/home/maria/news", "good"),
        ("/mnt/my share/news", "error"),
        ("/mnt/far/news", "error"),
        ("/mnt/disk/news", "good"),
        ("/home/leo/Dropbox/news", "error"),
        ("/home/leo/Dropbox (Work)/news", "error"),
        ("/home/leo/OneDrive - Firm/news", "error"),
        ("/Users/leo/Library/Mobile Documents/com~apple~CloudDocs/news", "error"),
        ("/home/leo/dropboxes/news", "good"),
    ],
)
def test_places_that_damage_a_database_are_known(place: str, level: str) -> None:
    verdict = judge_place(Path(place), MOUNTS)
    assert (verdict.level, verdict.urgency) == (level, "now" if level == "error" else "")


def test_a_folder_that_syncthing_copies_is_known(tmp_path: Path) -> None:
    (tmp_path / ".stfolder").mkdir()
    assert judge_place(tmp_path / "news", "").level == "error"


def doctor(folder: Path) -> list[Verdict]:
    from digest.config import load_config

    with open_store(folder) as store:
        return examine(folder, load_config(folder), store, now=datetime.now(UTC), offline=True)


def test_a_broken_chain_of_consents_is_an_error(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 3)
    assert [v.level for v in doctor(tmp_path) if v.topic == "consent"] == ["good"]
    with closing(sqlite3.connect(tmp_path / "subscribers.db")) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'consent%'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE consent_event SET at = '2001-01-01T00:00:00+00:00' WHERE seq = 2")
        db.commit()
    (verdict,) = [v for v in doctor(tmp_path) if v.topic == "consent"]
    assert (verdict.level, verdict.urgency, "event 2 was changed" in verdict.what) == ("error", "now", True)


def test_an_issue_that_does_not_add_up_is_an_error(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 3)
    assert [v.level for v in doctor(tmp_path) if v.topic == "ledger"] == ["good"]
    with closing(sqlite3.connect(tmp_path / "subscribers.db")) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE audience SET candidates = 4")
        db.commit()
    (verdict,) = [v for v in doctor(tmp_path) if v.topic == "ledger"]
    assert (verdict.level, "does not add up" in verdict.what) == ("error", True)


def test_a_way_no_letter_may_go_is_an_error(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 3)
    with closing(sqlite3.connect(tmp_path / "subscribers.db")) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        columns = [row[1] for row in db.execute("PRAGMA table_info(delivery_past)")]
        values = {"issue": 1, "ordinal": 0, "seq": 1, "at": 1, "came": 3, "became": 0, "reply": "x"}
        assert set(columns) == set(values)
        db.execute(
            f"INSERT INTO delivery_past ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
            list(values.values()),
        )
        db.commit()
    assert any("from accepted to waiting" in v.what for v in doctor(tmp_path) if v.topic == "ledger")


def test_letters_that_others_may_read_are_told(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    outbox = tmp_path / "var" / "outbox"
    outbox.mkdir(parents=True, exist_ok=True)
    (tmp_path / "var").chmod(0o755)
    outbox.chmod(0o755)
    (verdict,) = [v for v in doctor(tmp_path) if v.topic == "letters"]
    assert "may read var/outbox" in verdict.what
    assert not [v for v in doctor(tmp_path) if "nobody else on this machine" in v.what]
    (tmp_path / "var").chmod(0o700)
    assert not [v for v in doctor(tmp_path) if v.topic == "letters"]


def test_a_clock_that_was_put_back_is_an_error(tmp_path: Path) -> None:
    from digest.config import load_config
    from digest.send.transports.maildir import Maildir

    make_newsletter(tmp_path, 1)
    send(tmp_path, Maildir(tmp_path / "out"))
    with open_store(tmp_path) as store:
        found = examine(tmp_path, load_config(tmp_path), store, now=NOW - timedelta(hours=1), offline=True)
    assert [v.level for v in found if v.topic == "clock"] == ["error"]


# ------------------------------------------------------------------------------------------------ the command


def command(folder: Path, *args: str) -> Result:
    return CliRunner().invoke(cli, ["--project", str(folder), *args])


def test_doctor_says_the_worst_first_and_ends_with_one(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2, send='transport = "smtp"', site="")
    (tmp_path / "digest.toml").write_text(
        (tmp_path / "digest.toml").read_text("utf-8")
        + '[smtp]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\n'
        + OWN,
        "utf-8",
    )
    dkim_file(tmp_path, "digest").write_bytes(PEM)  # anybody may read it
    with LocalDns(without("_dmarc.news.example")) as server:
        done = command(tmp_path, "doctor", "--resolver", server.address)
        told = json.loads(command(tmp_path, "doctor", "--resolver", server.address, "--json").stdout)
    assert done.exit_code == 1
    titles = [text for text in done.stdout.splitlines() if text and not text.startswith(" ")]
    assert titles == ["Now", "Before the next issue", "Soon", "Not looked at", "All right"]
    assert (
        '      _dmarc.news.example. IN TXT "v=DMARC1; p=none; rua=mailto:ledger@news.example"'
        in done.stdout.splitlines()
    )
    assert "✓ DKIM: digest._domainkey.news.example is the key we sign with" in done.stdout
    assert {v["topic"]: v["level"] for v in told}["relay"] == "error"
    assert SLUG in str(told)


def test_offline_asks_nobody(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2, send='transport = "smtp"')
    (tmp_path / "digest.toml").write_text(
        (tmp_path / "digest.toml").read_text("utf-8") + '[smtp]\nhost = "smtp.relay.example"\n', "utf-8"
    )
    with LocalDns(GOOD) as server:
        done = command(tmp_path, "doctor", "--offline", "--resolver", server.address)
        assert (done.exit_code, server.asked) == (0, [])


def test_a_resolver_that_is_no_address_is_said() -> None:
    for name in ("nowhere", "127.0.0.1:x"):
        with pytest.raises(Unanswered, match="is no DNS server"):
            Lookup(name)


def test_keys_are_made_once_and_shown_again(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 0)
    (tmp_path / "digest.toml").write_text((tmp_path / "digest.toml").read_text("utf-8") + OWN, "utf-8")
    first = command(tmp_path, "keys", "make").stdout
    assert "made dkim-digest.pem" in first
    again = command(tmp_path, "keys", "make").stdout
    assert "All keys are there." in again
    (record,) = [text for text in again.splitlines() if "_domainkey" in text]
    assert record in first and record in command(tmp_path, "keys", "show").stdout
    rotated = command(tmp_path, "keys", "make", "--selector", "2027a").stdout
    assert "2027a._domainkey.news.example." in rotated and 'selector = "2027a"' in rotated
    assert dkim_file(tmp_path, "2027a").read_bytes() != dkim_file(tmp_path, "digest").read_bytes()
    assert command(tmp_path, "keys", "show", "--selector", "2028").exit_code == 1
    assert command(tmp_path, "keys", "make", "--selector", "../x").exit_code == 1
    assert [r["kind"] for r in json.loads(command(tmp_path, "keys", "show", "--json").stdout)] == ["TXT"] * 3


def test_backup_carries_the_key(tmp_path: Path) -> None:
    from digest.dispatch.backup import backup

    make_newsletter(tmp_path / "n", 1)
    dkim_file(tmp_path / "n", "digest").write_bytes(PEM)
    assert "keys/dkim-digest.pem" in backup(tmp_path / "n", tmp_path / "copy.tar.gz").files
