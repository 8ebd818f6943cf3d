"""What leaves together, what waits for an answer, and what is understood of answers that come together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from digest.model import Accepted, Deferred, Rejected, Unknown
from tests.test_send_smtp import Book, against, letter, say

Answer = Callable[[str, int], str | None]
"""To a command (or ``.``) on connection number n: the reply, or None to hang up."""


class Server:
    """Speaks SMTP as *answer* says; where that gives "", as a server does that has nothing against anybody."""

    def __init__(
        self, answer: Answer = lambda command, number: "", *, offers: tuple[str, ...] = ("PIPELINING",)
    ) -> None:
        self._answer = answer
        self._offers = offers
        self.heard: list[str] = []  # commands, and "<body>" for what came after DATA

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await say(writer, "220 hello")
        in_data = False
        while data := await reader.readuntil(b"\r\n"):
            if in_data and data != b".\r\n":
                data += await reader.readuntil(b"\r\n.\r\n")
            command = "." if in_data else data.decode().strip()
            self.heard.append(f"<{data.decode()}>" if in_data else command)
            reply = self._answer(command, number)
            if reply is None:
                return
            reply = reply or self._usual(command)
            await say(writer, reply)
            in_data = reply.startswith("354")
            if command == "QUIT":
                return

    def _usual(self, command: str) -> str:
        verb = command.split(" ")[0].split(":")[0].upper()
        if verb == "EHLO":
            return "\r\n".join(
                ["250-hello", *(f"250-{offer}" for offer in self._offers[:-1]), f"250 {self._offers[-1]}"]
            )
        return {"DATA": "354 go", "QUIT": "221 bye"}.get(verb, "250 ok")


def kinds(book: Book) -> list[type]:
    return [type(book.outcomes[n]) for n in sorted(book.outcomes)]


def test_a_slow_answer_to_one_dot_holds_nobody_else_up() -> None:
    """The server answers the first connection's dot only once it has all the other letters."""
    others_are_in = asyncio.Event()
    taken: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await say(writer, "220 hello")
        await reader.readline()
        await say(writer, "250-hello\r\n250 PIPELINING")
        while not (mail := await reader.readline()).startswith(b"QUIT"):
            assert mail.startswith(b"MAIL")
            recipient = (await reader.readline()).decode().strip()
            await reader.readline()
            await say(writer, "250 ok\r\n250 ok\r\n354 go")
            await reader.readuntil(b"\r\n.\r\n")
            if number == 1 and not taken:
                taken.append(recipient)
                await others_are_in.wait()
            else:
                taken.append(recipient)
                if len(taken) == 8:
                    others_are_in.set()
            await say(writer, "250 taken")

    book = Book()
    # The ninth has its envelope out on the slow connection, and waits there.
    against(talk, [letter(n) for n in range(9)], book, connections=2)
    assert kinds(book) == [Accepted] * 9
    assert len(set(taken)) == len(taken) == 9


def test_the_next_envelope_leaves_with_the_dot() -> None:
    """The server holds back its answer to the dot: what it has heard by then came without waiting for it."""
    heard_before_the_answer: list[list[str]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await say(writer, "220 hello")
        await reader.readline()
        await say(writer, "250-hello\r\n250 PIPELINING")
        envelope = [(await reader.readline()).decode().split(":")[0].strip() for _ in range(3)]
        assert envelope == ["MAIL FROM", "RCPT TO", "DATA"], "nobody waits for an answer between these"
        await say(writer, "250 ok\r\n250 ok\r\n354 go")
        await reader.readuntil(b"\r\n.\r\n")
        heard_before_the_answer.append([(await reader.readline()).decode().split(":")[0].strip() for _ in range(3)])
        await say(writer, "250 taken\r\n250 ok\r\n250 ok\r\n354 go")
        await reader.readuntil(b"\r\n.\r\n")
        await say(writer, "250 taken")
        await reader.readline()
        await say(writer, "221 bye")

    book = Book()
    against(talk, [letter(0), letter(1)], book)
    assert heard_before_the_answer == [["MAIL FROM", "RCPT TO", "DATA"]]
    assert kinds(book) == [Accepted, Accepted]


def test_a_server_that_does_not_pipeline_is_asked_one_thing_at_a_time() -> None:
    """Anything sent before its answer would be seen as a second line in one read."""
    early: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await say(writer, "220 hello")
        for reply in ("250 hello", "250 ok", "250 ok", "354 go"):
            early.append((await reader.read(2**16)).split(b"\r\n", 1)[1])
            await say(writer, reply)
        await reader.readuntil(b"\r\n.\r\n")
        await say(writer, "250 taken")
        await reader.readline()

    book = Book()
    against(talk, [letter(0)], book)
    assert early == [b""] * 4
    assert kinds(book) == [Accepted]


@pytest.mark.parametrize("data", ["554 no valid recipients", "354 go"], ids=["DATA refused", "DATA taken"])
def test_a_refused_reader_costs_nobody_else_the_letter(data: str) -> None:
    """RFC 2920 section 3.1: where DATA is taken though nobody is left to get it, a lone dot ends it."""
    refused = [False]

    def answer(command: str, number: int) -> str:
        if command.startswith("RCPT"):
            refused[0] = "reader1@" in command
            return "550 5.1.1 no such user" if refused[0] else ""
        if command == "DATA" and refused[0]:
            return data
        return "554 nobody" if command == "." and refused[0] else ""

    server, book = Server(answer), Book()
    opened = against(server, [letter(n) for n in range(4)], book)
    assert kinds(book) == [Accepted, Rejected, Accepted, Accepted]
    assert opened == 1
    assert server.heard.count("RSET") == 1
    bodies = [heard for heard in server.heard if heard.startswith("<")]
    assert [body for body in bodies if "reader1" in body or "<1@" in body] == []
    assert book.asked == [0, 2, 3]


def test_each_answer_belongs_to_its_own_letter_when_a_dot_is_refused() -> None:
    book = Book()
    dots = iter(["", "451 4.3.0 later", "", "554 5.7.1 spam", ""])
    against(Server(lambda command, number: next(dots) if command == "." else ""), [letter(n) for n in range(5)], book)
    assert kinds(book) == [Accepted, Deferred, Accepted, Rejected, Accepted]


def test_a_421_instead_of_the_next_envelope_gives_the_next_letter_a_fresh_connection() -> None:
    carried = [0]

    def answer(command: str, number: int) -> str:
        if command == ".":
            carried[0] = number
        return "421 4.7.0 enough" if command.startswith("MAIL") and carried[0] == number else ""

    book = Book()
    assert against(Server(answer), [letter(n) for n in range(5)], book) == 5
    assert kinds(book) == [Accepted] * 5


def test_a_421_to_the_dot_ends_the_connection_and_puts_off_that_letter_only() -> None:
    book = Book()
    dots = iter(["421 4.3.2 going down", "", ""])
    opened = against(
        Server(lambda command, number: next(dots) if command == "." else ""), [letter(n) for n in range(3)], book
    )
    assert kinds(book) == [Deferred, Accepted, Accepted]
    assert opened == 2


def test_a_link_lost_after_the_dot_leaves_one_letter_in_doubt_and_not_its_follower() -> None:
    dots = iter(["", None, "", ""])
    book = Book()
    against(Server(lambda command, number: next(dots) if command == "." else ""), [letter(n) for n in range(4)], book)
    assert kinds(book) == [Accepted, Unknown, Accepted, Accepted]


def test_a_withdrawn_letter_takes_its_follower_nowhere() -> None:
    server, book = Server(), Book(refused=[1])
    against(server, [letter(n) for n in range(4)], book)
    assert sorted(book.outcomes) == [0, 2, 3]
    assert len([heard for heard in server.heard if heard.startswith("<")]) == 3


def test_a_letter_too_large_for_the_server_is_never_begun() -> None:
    server, book = Server(offers=("PIPELINING", "SIZE 2000")), Book()
    against(server, [letter(0), letter(1, body=b"x" * 70 + b"\r\n" + b"y" * 2000 + b"\r\n"), letter(2)], book)
    assert kinds(book) == [Accepted, Rejected, Accepted]
    assert "SIZE=" in server.heard[1]
    assert book.outcomes[1].reply.enhanced == "5.3.4"  # type: ignore[union-attr]


def test_delivery_reports_are_asked_for_where_the_server_offers_them() -> None:
    server, plain = Server(offers=("PIPELINING", "DSN")), Server()
    for one in (server, plain):
        against(one, [letter(0, "jo+x=y@example.net")], Book())
    mail, rcpt = server.heard[1:3]
    assert mail == "MAIL FROM:<bounces@news.example> RET=HDRS ENVID=0@news.example"
    assert rcpt == "RCPT TO:<jo+x=y@example.net> NOTIFY=FAILURE ORCPT=rfc822;jo+2Bx+3Dy@example.net"
    assert plain.heard[1:3] == ["MAIL FROM:<bounces@news.example>", "RCPT TO:<jo+x=y@example.net>"]


def test_a_connection_carries_its_fill_and_is_closed_in_good_order() -> None:
    server, book = Server(), Book()
    assert against(server, [letter(n) for n in range(7)], book, letters_per_connection=3) == 3
    assert kinds(book) == [Accepted] * 7
    assert server.heard.count("QUIT") == 3


def test_a_bug_in_one_letter_holds_nobody_in_doubt() -> None:
    """The letter whose dot was next is not yet at its dot: it has no outcome and waits again."""
    book = Book()
    with pytest.raises(ValueError, match="bare CR or LF"):
        against(Server(), [letter(0), letter(1), letter(2, body=b"a\nb\r\n")], book)
    assert all(isinstance(outcome, Accepted) for outcome in book.outcomes.values())
