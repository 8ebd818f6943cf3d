"""Letters over SMTP, to real servers on loopback."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, Session
from aiosmtpd.smtp import Envelope as Received

from digest.errors import SendError
from digest.model import Accepted, Deferred, Envelope, Letter, Outcome, Rejected, Unknown
from digest.send.transports.smtp import Smtp, SmtpSettings, Timeouts, opening
from tests.dispatch_newsletter import sink

QUICK = Timeouts(connect=5, greeting=5, command=5, data=5, block=5, dot=0.5, quit=1)


def letter(ordinal: int, recipient: str | None = None, body: bytes = b"Hello\r\n", *, utf8: bool = False) -> Letter:
    return Letter(
        ordinal,
        Envelope("bounces@news.example", recipient or f"reader{ordinal}@example.net", utf8),
        (b"Subject: x\r\nMessage-ID: <%d@news.example>\r\n\r\n" % ordinal, body),
        f"<{ordinal}@news.example>",
    )


class Book:
    """A journal in memory; refuses the ordinals in *refused*."""

    def __init__(self, refused: Iterable[int] = ()) -> None:
        self.asked: list[int] = []
        self.outcomes: dict[int, Outcome] = {}
        self._refused = set(refused)

    async def may_finish(self, ordinal: int) -> bool:
        self.asked.append(ordinal)
        return ordinal not in self._refused

    def outcome(self, ordinal: int, outcome: Outcome) -> None:
        assert ordinal not in self.outcomes, "one outcome a letter"
        self.outcomes[ordinal] = outcome


async def feed(letters: Iterable[Letter]) -> AsyncIterator[Letter]:
    for one in letters:
        yield one


def carry(server: SmtpSettings, letters: Iterable[Letter], book: Book, *, connections: int = 2) -> Book:
    transport = Smtp(replace(server, connections=connections), timeouts=QUICK, patience_s=(0.05,))
    asyncio.run(transport.carry(feed(letters), book))
    return book


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Handler:
    """Keeps what it accepts; answers as the recipient's name says."""

    def __init__(self) -> None:
        self.got: list[Received] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Received, address: str, options: list[str]
    ) -> str:
        if address.startswith("gone"):
            return f"550 5.1.1 <{address}>: no such user"
        if address.startswith("busy"):
            return "450 4.2.0 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Received) -> str:
        if envelope.rcpt_tos[0].startswith("later"):
            return "451 4.3.0 try later"
        if envelope.rcpt_tos[0].startswith("spam"):
            return "554 5.7.1 looks like spam"
        self.got.append(envelope)
        return "250 2.0.0 Ok"


@contextmanager
def aiosmtpd(handler: Handler, **options: object) -> Iterator[SmtpSettings]:
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield SmtpSettings("127.0.0.1", port, "none")
    finally:
        controller.stop()


def test_each_answer_becomes_its_outcome() -> None:
    handler = Handler()
    names = ["ok0", "gone1", "busy2", "later3", "spam4", "ok5"]
    with aiosmtpd(handler) as server:
        book = carry(server, [letter(n, f"{name}@example.net") for n, name in enumerate(names)], Book(), connections=1)
    kinds = [type(book.outcomes[n]) for n in range(6)]
    assert kinds == [Accepted, Rejected, Deferred, Deferred, Rejected, Accepted]
    refused = book.outcomes[1]
    assert isinstance(refused, Rejected)
    assert str(refused.reply) == "550 5.1.1 [address]: no such user"
    assert [e.rcpt_tos for e in handler.got] == [["ok0@example.net"], ["ok5@example.net"]]
    assert book.asked == [0, 3, 4, 5], "a letter refused before its body needs no intent"


def test_bytes_arrive_as_they_were_made() -> None:
    """Lines that begin with dots, a lone dot, a long line's worth of 8 bit: all come through."""
    body = ".\r\n..two\r\n.x\r\nend é\r\n.\r\nlast".encode()
    handler = Handler()
    with aiosmtpd(handler) as server:
        carry(server, [letter(0, body=body)], Book())
    content = handler.got[0].content
    assert isinstance(content, bytes)
    assert content.split(b"\r\n\r\n", 1)[1] == body + b"\r\n"


def test_connections_are_used_again_and_shared() -> None:
    handler = Handler()
    with aiosmtpd(handler) as server:
        book = carry(server, [letter(n) for n in range(60)], Book(), connections=3)
    assert len(book.outcomes) == len(handler.got) == 60
    assert {str(e.rcpt_tos[0]) for e in handler.got} == {f"reader{n}@example.net" for n in range(60)}


def test_letter_of_many_pieces_larger_than_any_buffer_arrives_whole(tmp_path: Path) -> None:
    """More pieces than one write takes, and more bytes than the system keeps for a connection."""
    pieces = tuple(b"%d " % n + b"x" * 4000 + b"\r\n" for n in range(1500))
    large = replace(letter(0), chunks=(*letter(0).chunks, *pieces))
    book, log = Book(), tmp_path / "log"
    with sink(log, "--check") as port:
        carry(SmtpSettings("127.0.0.1", port, "none"), [letter(1), large, letter(2)], book)
    arrived = {line["recipient"]: line["bytes"] for line in map(json.loads, log.read_text().splitlines())}
    assert arrived["reader0@example.net"] == sum(map(len, large.chunks))
    assert len(arrived) == 3


def test_withdrawn_letter_never_gets_its_dot() -> None:
    handler = Handler()
    with aiosmtpd(handler) as server:
        book = carry(server, [letter(n) for n in range(5)], Book(refused=[2]), connections=1)
    assert sorted(book.outcomes) == [0, 1, 3, 4]
    assert len(handler.got) == 4


def test_reader_outside_ascii_is_refused_where_the_server_cannot() -> None:
    handler = Handler()
    with aiosmtpd(handler, enable_SMTPUTF8=False) as server:
        book = carry(server, [letter(0, "jürgen@example.net", utf8=True), letter(1)], Book())
    refused = book.outcomes[0]
    assert isinstance(refused, Rejected)
    assert refused.reply.enhanced == "5.6.7"
    assert isinstance(book.outcomes[1], Accepted)


def test_reader_outside_ascii_is_served_where_the_server_can() -> None:
    handler = Handler()
    with aiosmtpd(handler, enable_SMTPUTF8=True) as server:
        book = carry(server, [letter(0, "jürgen@example.net", utf8=True)], Book())
    assert isinstance(book.outcomes[0], Accepted)
    assert handler.got[0].rcpt_tos == ["jürgen@example.net"]


@pytest.mark.parametrize("body", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\r\n", b"x\n.\nMAIL FROM:<a@b>\r\n"])
def test_bare_line_end_is_never_sent(body: bytes) -> None:
    handler = Handler()
    with aiosmtpd(handler) as server, pytest.raises(ValueError, match="bare CR or LF"):
        carry(server, [letter(0, body=body)], Book())
    assert handler.got == []


def test_command_cannot_be_smuggled_in_an_address() -> None:
    with aiosmtpd(Handler()) as server, pytest.raises(ValueError, match="no address"):
        carry(server, [letter(0, "a@b>\r\nRCPT TO:<c@d")], Book())


# ------------------------------------------------------------------------------------------------ TLS and login


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost, with its key, in one PEM file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def login(server: SMTP, session: Session, envelope: Received, mechanism: str, data: object) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"editor", "pässwörd".encode())
    return AuthResult(success=good, handled=False)


@contextmanager
def guarded(certificate: Path, handler: Handler, **options: object) -> Iterator[SmtpSettings]:
    """A server that wants STARTTLS and a login."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with aiosmtpd(
        handler, tls_context=context, require_starttls=True, auth_required=True, authenticator=login, **options
    ) as server:
        yield replace(
            server,
            host="localhost",
            security="starttls",
            username="editor",
            password="pässwörd",
            cafile=str(certificate),
        )


@pytest.mark.parametrize("excluded", [[], ["PLAIN"]], ids=["PLAIN", "LOGIN"])
def test_mail_goes_encrypted_after_a_login(certificate: Path, excluded: list[str]) -> None:
    handler = Handler()
    with guarded(certificate, handler, auth_exclude_mechanism=excluded) as server:
        book = carry(server, [letter(n, body=(b"x" * 70 + b"\r\n") * 3000) for n in range(4)], Book())
    assert all(isinstance(o, Accepted) for o in book.outcomes.values())
    assert len(handler.got) == 4


def test_mail_goes_encrypted_from_the_first_byte_where_the_port_wants_it(certificate: Path) -> None:
    handler = Handler()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with aiosmtpd(handler, ssl_context=context) as server:
        safe = replace(server, host="localhost", security="tls", cafile=str(certificate))
        carry(safe, [letter(n) for n in range(5)], Book())
        with pytest.raises(SendError, match="cannot be trusted"):
            carry(replace(safe, cafile=None), [letter(9)], Book())
    assert len(handler.got) == 5


def test_refused_login_says_where_and_what_to_do(certificate: Path) -> None:
    book = Book()
    with guarded(certificate, Handler()) as server, pytest.raises(SendError, match=r"localhost:\d+.*login") as caught:
        carry(replace(server, password="wrong"), [letter(0)], book)
    assert "DIGEST_SMTP_PASSWORD" in caught.value.hint
    assert "wrong" not in str(caught.value)
    assert book.outcomes == {}


def test_certificate_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with guarded(certificate, Handler()) as server, pytest.raises(SendError, match="cannot be trusted") as caught:
        carry(replace(server, cafile=None), [letter(0)], Book())
    assert "no authority this machine knows" in caught.value.hint and "verify = false" in caught.value.hint


def test_certificate_of_another_name_is_refused(certificate: Path) -> None:
    with guarded(certificate, Handler()) as server, pytest.raises(SendError, match="cannot be trusted") as caught:
        carry(replace(server, host="127.0.0.1"), [letter(0)], Book())
    assert "as its certificate does" in caught.value.hint


def test_unverified_certificate_is_allowed_on_this_machine(certificate: Path) -> None:
    handler = Handler()
    with guarded(certificate, handler) as server:
        carry(replace(server, cafile=None, verify=False), [letter(0)], Book())
    assert len(handler.got) == 1


def test_server_without_starttls_gets_no_mail() -> None:
    with aiosmtpd(Handler()) as server, pytest.raises(SendError, match="offers no STARTTLS"):
        carry(replace(server, security="starttls"), [letter(0)], Book())


@pytest.mark.parametrize("fault", [{"security": "none"}, {"verify": False}])
def test_unprotected_mail_to_another_machine_is_refused(fault: dict[str, object]) -> None:
    with pytest.raises(SendError, match="unprotected"):
        Smtp(replace(SmtpSettings("mail.example.org", 587), **fault))


# ------------------------------------------------------------------------------------------------ lost links

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


def against(talk: Talk, letters: Iterable[Letter], book: Book, **options: Any) -> int:
    """Carries *letters* to a server that holds *talk* on each connection (counted from 1); their number."""
    opened = 0

    async def run() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal opened
            opened += 1
            try:
                await talk(reader, writer, opened)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)
        port = server.sockets[0].getsockname()[1]
        transport = Smtp(
            SmtpSettings("127.0.0.1", port, "none", **{"connections": 1, **options}), timeouts=QUICK, patience_s=(0.05,)
        )
        try:
            await transport.carry(feed(letters), book)
        finally:
            server.close()

    asyncio.run(run())
    return opened


async def say(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(text.encode() + b"\r\n")
    await writer.drain()


async def up_to_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, greeted: bool = False) -> None:
    """Answers politely until DATA has its 354."""
    if not greeted:
        await say(writer, "220 hello")
    while line := (await reader.readline()).upper():
        await say(writer, "354 go" if line.startswith(b"DATA") else "250 ok")
        if line.startswith(b"DATA"):
            return
    raise ConnectionError


async def body(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n.\r\n")


def test_link_lost_after_the_dot_leaves_doubt() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await up_to_body(reader, writer)
        await body(reader)

    book = Book()
    against(talk, [letter(0)], book)
    assert isinstance(book.outcomes[0], Unknown)


def test_no_answer_in_time_after_the_dot_leaves_doubt() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await up_to_body(reader, writer)
        await reader.read()

    book = Book()
    against(talk, [letter(0)], book)
    assert isinstance(book.outcomes[0], Unknown)
    assert "does not answer" in book.outcomes[0].why


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_link_lost_before_the_body_is_tried_again_later(stage: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await say(writer, "220 hello")
        while not (await reader.readline()).startswith(stage.encode()):
            await say(writer, "250 ok")

    book = Book()
    against(talk, [letter(0)], book)
    assert isinstance(book.outcomes[0], Deferred)
    assert book.asked == []


def test_server_that_ends_a_full_connection_loses_no_letter() -> None:
    """421 to the second MAIL on each connection: every letter gets a fresh one, none is deferred."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await up_to_body(reader, writer)
        await body(reader)
        await say(writer, "250 ok")
        await reader.readline()
        await say(writer, "421 4.7.0 enough on this connection")

    book = Book()
    assert against(talk, [letter(n) for n in range(5)], book) == 5
    assert all(isinstance(o, Accepted) for o in book.outcomes.values())
    assert len(book.outcomes) == 5


def test_server_with_few_places_gets_few_connections() -> None:
    """A 421 greeting to all but the first connection: the first carries everything."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        if number > 1:
            await say(writer, "421 4.7.0 too many connections")
            return
        await up_to_body(reader, writer)
        await body(reader)
        await say(writer, "250 ok")
        while True:
            await up_to_body(reader, writer, greeted=True)
            await body(reader)
            await say(writer, "250 ok")

    book = Book()
    against(talk, [letter(n) for n in range(20)], book, connections=4)
    assert [type(book.outcomes[n]) for n in range(20)] == [Accepted] * 20


def test_server_that_hangs_up_on_every_letter_stops_the_run() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await say(writer, "220 hello")
        await reader.readline()
        await say(writer, "250 ok")
        await reader.readline()

    book = Book()
    with pytest.raises(SendError, match="hangs up on every letter"):
        against(talk, [letter(n) for n in range(500)], book)
    assert len(book.outcomes) < 10


def test_server_that_speaks_something_else_is_named() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await say(writer, "SSH-2.0-OpenSSH_9.2")

    with pytest.raises(SendError, match=r"127\.0\.0\.1:\d+ broke off"):
        against(talk, [letter(0)], Book())


def dropped_at(line: bytes) -> Talk:
    """A server that goes away at *line* (b"": instead of its greeting), and is polite until then."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        if not line:
            return
        await say(writer, "220 hello")
        while not (said := (await reader.readline()).upper()).startswith(line):
            await say(writer, "250-hello\r\n250 AUTH PLAIN" if said else "")

    return talk


@pytest.mark.parametrize(
    ("line", "words", "hint"),
    [
        (b"AUTH", "broke off at the login", "password in DIGEST_SMTP_PASSWORD"),
        (b"EHLO", "broke off before the first letter", "try again later"),
        (b"", "broke off before it greeted", "is a mail server there?"),
    ],
)
def test_a_link_lost_while_getting_in_is_put_down_to_what_was_going_on(line: bytes, words: str, hint: str) -> None:
    with pytest.raises(SendError, match=words) as caught:
        against(dropped_at(line), [letter(0)], Book(), username="eve", password="secret")
    assert hint in caught.value.hint and "587" not in caught.value.hint


@pytest.mark.parametrize(("silence_s", "told"), [(0.05, 1), (60.0, 0)])
def test_a_server_that_does_not_greet_is_told_of_once(
    monkeypatch: pytest.MonkeyPatch, silence_s: float, told: int
) -> None:
    monkeypatch.setattr(opening, "SILENCE_S", silence_s)
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = SmtpSettings("127.0.0.1", server.getsockname()[1], "none")
        transport = Smtp(settings, timeouts=replace(QUICK, greeting=0.3), tell=heard.append)
        with pytest.raises(SendError, match="does not answer in the time it has"):
            asyncio.run(transport.carry(feed([letter(0), letter(1)]), Book()))
    assert [f"{settings} has not greeted yet; waiting up to 0.3 s; Ctrl-C ends it"][:told] == heard


def test_plain_text_sent_with_the_starttls_answer_is_refused(certificate: Path) -> None:
    """RFC 3207 section 6: what came before encryption must not be read after it."""

    async def run() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await say(writer, "220 hello")
            await reader.readline()
            await say(writer, "250-hello\r\n250 STARTTLS")
            await reader.readline()
            await say(writer, "220 go ahead\r\n250 injected")
            await reader.read()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            await Smtp(SmtpSettings("127.0.0.1", port), timeouts=QUICK).carry(feed([letter(0)]), Book())
        finally:
            server.close()

    with pytest.raises(SendError, match="plain text"):
        asyncio.run(run())


def test_no_server_at_all_says_where() -> None:
    port = free_port()
    with pytest.raises(SendError, match=f"no mail server at 127.0.0.1:{port}") as caught:
        carry(SmtpSettings("127.0.0.1", port, "none"), [letter(0)], Book())
    assert "host and port" in caught.value.hint
