"""Signing up on the site: double opt-in by mail, the same answer to everybody, and nobody mailed twice a day."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from digest.address import Address, parse_address
from digest.config import load_config
from digest.dispatch.errands import _open, run_errands
from digest.errors import SendError
from digest.people.rows import ImportRow
from digest.send.transports.maildir import Maildir
from digest.store import inbox, open_store
from digest.web.person import person_page
from tests.command_line import run_in
from tests.site_newsletter import START, Newsletter

ANN = "ann@example.net"


@pytest.fixture
def news(tmp_path: Path) -> Newsletter:
    return Newsletter(tmp_path)


def confirm(news: Newsletter, address: str = ANN) -> None:
    news.run()
    [mail] = news.mails(address)
    assert news.client.post(news.link(mail), data={"confirm": "page"}).status_code == 200
    news.run()


# ------------------------------------------------------------------------------------------------ the usual way


def test_a_sign_up_is_confirmed_by_mail_and_the_chain_says_how(news: Newsletter) -> None:
    assert news.sign_up(ANN, name="Ann Lee", topics=["Cities"]).status_code == 200
    news.run()
    known = news.known(ANN)
    assert known is not None and known.membership == "unconfirmed"

    news.clock.later(hours=1)
    confirm(news)

    known = news.known(ANN)
    assert known is not None
    assert (known.membership, known.name, known.topics) == ("subscribed", "Ann Lee", ("Cities",))
    kinds = [kind for kind, _ in news.events(ANN)]
    assert kinds == ["unconfirmed", "asked", "subscribed"]
    proof = news.events(ANN)[-1][1]
    assert proof["how"] == "page" and proof["who"] == "the reader" and proof["confirmed"] == "by the link in a mail"
    assert proof["wording"] == (
        "By signing up you ask us to send you The Weekly Ledger by mail. You can leave at any time with one click. [en-GB]"
    )
    assert proof["asked"].startswith("2026-03-20T09:00:05")
    assert "ip" not in proof
    with open_store(news.folder) as store:
        assert store.consent.verify() == []
    said = run_in(news.folder)("subscribers", "consent", ANN).stdout
    assert "unconfirmed, asked  (events 1, 2)" in said and said.count(proof["wording"]) == 2


def test_the_address_of_the_network_is_kept_only_where_the_newsletter_says_so(tmp_path: Path) -> None:
    news = Newsletter(tmp_path, more="[consent]\nkeep_ip = true")
    news.sign_up(ANN, ip="192.0.2.99")
    confirm(news)
    assert news.events(ANN)[-1][1]["ip"] == "192.0.2.99"


def test_looking_at_the_link_confirms_nobody(news: Newsletter) -> None:
    """Mail scanners open every link (phplist3#415: one even confirmed)."""
    news.sign_up(ANN)
    news.run()
    link = news.link(news.mails()[0])
    for method in ("GET", "HEAD", "OPTIONS"):
        news.client.open(link, method=method)
    page = news.client.get(link).text
    news.run()
    assert "a•••@example.net" in page and page.count("<button") == 1
    known = news.known(ANN)
    assert known is not None and known.membership == "unconfirmed"


def test_a_link_works_once_and_for_seven_days(news: Newsletter) -> None:
    news.sign_up(ANN)
    news.run()
    link = news.link(news.mails()[0])
    news.clock.later(days=7, minutes=1)
    assert news.client.get(link).status_code == 410
    assert news.client.post(link, data={"confirm": "page"}).status_code == 410
    news.run()
    known = news.known(ANN)
    assert known is not None and known.membership == "unconfirmed"
    with open_store(news.folder) as store:
        assert store.notices.by_token(link.rpartition("/")[2]) is None  # and its row is gone


def test_who_never_confirms_is_taken_out_after_thirty_days_and_may_sign_up_again(news: Newsletter) -> None:
    news.sign_up("bo@example.net")
    confirm(news, "bo@example.net")
    news.sign_up(ANN, name="Unmistakable")
    news.run()
    news.clock.later(days=29)
    news.run()
    assert news.known(ANN) is not None
    news.clock.later(days=1, minutes=1)
    news.run()
    assert news.known(ANN) is None and news.known("bo@example.net") is not None
    with open_store(news.folder) as store:
        assert store.consent.verify() == []
        assert not [t for (t,) in store.conn.execute("SELECT payload FROM consent_payload") if "Unmistakable" in t]
        assert not store.erasure.holds(parse_address(ANN))
    news.sign_up(ANN)
    news.run()
    known = news.known(ANN)
    assert known is not None and known.membership == "unconfirmed"


def test_a_used_link_brings_nobody_back_who_left_since(news: Newsletter) -> None:
    news.sign_up(ANN)
    confirm(news)
    known = news.known(ANN)
    assert known is not None
    news.clock.later(hours=1)
    news.client.post(f"/leave/{known.token}", data={"List-Unsubscribe": "One-Click"})
    news.clock.later(hours=1)
    link = news.link(news.mails()[0])
    news.run()
    assert news.client.post(link, data={"confirm": "page"}).status_code == 410
    token = link.rpartition("/")[2]
    inbox.append(news.folder, {"at": news.clock.at.isoformat(), "kind": "confirm", "token": token, "how": "page"})
    news.run()
    known = news.known(ANN)
    assert known is not None and known.membership == "unsubscribed"


def test_somebody_who_left_comes_back_by_their_own_request(news: Newsletter) -> None:
    before = news.add(ANN)
    news.client.post(f"/leave/{before.token}", data={"leave": "page"})
    news.clock.later(minutes=1)
    news.sign_up(ANN)
    confirm(news)
    known = news.known(ANN)
    assert known is not None and known.membership == "subscribed" and known.id == before.id


def test_somebody_erased_comes_back_only_by_confirming(news: Newsletter) -> None:
    news.add(ANN)
    with open_store(news.folder) as store:
        store.erasure.erase(parse_address(ANN), who="ann", at=START)
    news.sign_up(ANN)
    news.run()
    assert news.known(ANN) is None  # until they confirm, nothing is kept but the request
    confirm(news)
    known = news.known(ANN)
    assert known is not None and known.membership == "subscribed"
    with open_store(news.folder) as store:
        assert not store.erasure.holds(parse_address(ANN))


# ------------------------------------------------------------------------------------------------ the mail


def test_a_name_of_commas_brackets_and_quotes_is_the_senders_still(news: Newsletter) -> None:
    file = news.folder / "digest.toml"
    named = file.read_text("utf-8").replace("The Weekly Ledger <ledger", r"\"Ledger, \\\"The\\\" [Weekly]\" <ledger")
    file.write_text(named, encoding="utf-8")
    news.config = load_config(news.folder)
    news.sign_up(ANN)
    news.run()
    [mail] = news.mails()
    [sender] = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ('Ledger, "The" [Weekly]', "ledger@example.org")


def test_the_mail_is_one_button_and_no_list_mail(news: Newsletter) -> None:
    news.sign_up(ANN)
    news.run()
    [mail] = news.mails()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert not [name for name in mail if name.lower().startswith("list-") or name == "Precedence"]
    assert mail["From"] == "The Weekly Ledger <ledger@example.org>" and mail["To"] == ANN
    html = mail.get_body(("html",))
    assert html is not None
    text = html.get_content()
    assert text.count("<a ") == 1 and 'lang="en-GB"' in text
    assert "Without a click nothing is sent to you" in text and ANN in text


def test_the_mail_and_the_page_speak_the_newsletters_language(tmp_path: Path) -> None:
    news = Newsletter(tmp_path)
    path = tmp_path / "digest.toml"
    path.write_text(path.read_text().replace("[newsletter]", '[newsletter]\nlanguage = "de"', 1))
    from digest.web.site import create_site

    news.config = load_config(tmp_path)
    news.client = create_site(tmp_path, news.config, now=news.clock).test_client()
    assert "Anmelden" in news.client.get("/").text
    news.sign_up(ANN)
    news.run()
    assert news.mails()[0]["Subject"] == "Bitte bestätigen: The Weekly Ledger per Mail"


# ------------------------------------------------------------------------------------------------ abuse


@pytest.mark.parametrize("before", ["nobody", "subscribed", "unconfirmed", "left", "bounced", "complained", "erased"])
def test_the_page_answers_every_address_alike(news: Newsletter, before: str) -> None:
    if before != "nobody":
        who = news.add(ANN, membership="unconfirmed" if before == "unconfirmed" else "subscribed")
        with open_store(news.folder) as store:
            if before == "left":
                store.subscribers.set_membership(who.id, "unsubscribed", how="page", who="ann", at=START)
            elif before in ("bounced", "complained"):
                store.subscribers.set_block(who.id, before, how="report", who="relay", at=START)  # type: ignore[arg-type]
            elif before == "erased":
                store.erasure.erase(who.address, who="ann", at=START)
    answer = news.sign_up(ANN)
    other = news.sign_up("eve@example.net")
    assert answer.status_code == other.status_code == 200
    assert answer.text.replace(ANN, "X") == other.text.replace("eve@example.net", "X")
    news.run()
    assert len(news.mails(ANN)) == (0 if before in ("bounced", "complained") else 1)


def test_an_unconfirmed_address_gets_one_mail_a_day_at_most(news: Newsletter) -> None:
    """List bombing: whoever types others' addresses does them no harm (listmonk#308, #841)."""
    for hour in range(24):
        news.sign_up(ANN, ip=f"198.51.{hour}.1")
        news.ask(ANN, "show", ip=f"198.52.{hour}.1")
        news.ask(ANN, "erase", ip=f"198.53.{hour}.1")
        news.run()
        news.clock.later(minutes=55)
    assert len(news.mails(ANN)) == 1
    news.clock.later(hours=4)
    news.sign_up(ANN)
    news.run()
    assert len(news.mails(ANN)) == 2


def test_one_network_may_ask_only_so_often(news: Newsletter) -> None:
    codes = [news.sign_up(f"reader{n}@example.net", ip=f"192.0.2.{n}").status_code for n in range(25)]
    assert codes[:19] == [200] * 19 and codes[-1] == 429
    assert news.sign_up("else@example.net", ip="198.51.100.1").status_code == 200
    assert [news.sign_up(f"six{n}@example.net", ip=f"2001:db8:1:{n}::1").status_code for n in range(25)][-1] == 429


def test_an_honest_machine_fills_the_trap_and_is_thanked_for_nothing(news: Newsletter) -> None:
    assert news.sign_up(ANN, homepage="https://spam.example").status_code == 200
    assert inbox.files(news.folder) == []


@pytest.mark.parametrize("stamp", ["", "69bd0b5c.0000", "zz", "x" * 500, "é"])
def test_a_form_that_is_not_ours_is_shown_again_and_keeps_what_was_typed(news: Newsletter, stamp: str) -> None:
    answer = news.sign_up(ANN, stamp=stamp, topics=["Cities"])
    assert answer.status_code == 400 and "press the button once more" in answer.text
    assert f'value="{ANN}"' in answer.text
    assert inbox.files(news.folder) == []


def test_a_form_sent_faster_than_a_person_types_is_shown_again(news: Newsletter) -> None:
    fields = news.form()
    news.clock.later(seconds=-4)
    data = {"address": ANN, "topics": ["Cities"], **fields}
    assert news.client.post("/join", data=data).status_code == 400


@pytest.mark.parametrize(
    "address",
    ["", "ann", "ann@", "@x.example", "a b@example.net", "ann@example.net\r\nBcc: eve@example.net", "a" * 400, "ann@exa\u202emple.net",
     "ann@example.net\x00", "<ann@example.net>", "Ann <ann@example.net>", "ann@localhost", "ann@[127.0.0.1]"],
)  # fmt: skip
def test_what_is_no_address_is_said_and_kept_nowhere(news: Newsletter, address: str) -> None:
    answer = news.sign_up(address)
    assert answer.status_code == 400 and "no address mail can be sent to" in answer.text
    assert inbox.files(news.folder) == []


@pytest.mark.parametrize("name", ["Ann\nBcc: eve@example.net", "\u202eeel nnA", "x" * 101, "win https://spam.example"])
def test_a_name_that_is_none_is_said(news: Newsletter, name: str) -> None:
    assert "A name has one line" in news.sign_up(ANN, name=name).text
    assert inbox.files(news.folder) == []


def test_an_address_with_umlauts_can_sign_up(news: Newsletter) -> None:
    assert news.sign_up("jürgen@bücher.example").status_code == 200
    news.run()
    assert news.known("jürgen@bücher.example") is not None


def test_no_address_lies_in_the_inbox_in_the_clear(news: Newsletter) -> None:
    news.sign_up(ANN)
    [file] = inbox.files(news.folder)
    assert b"ann" not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    news.run()
    assert inbox.files(news.folder) == []  # opened, and gone


def test_sealed_texts_of_short_and_long_addresses_are_equally_long(news: Newsletter) -> None:
    for address in ("a@b.example", "somebody.with.a.long.name@department.of.a.university.example"):
        news.sign_up(address)
    [file] = inbox.files(news.folder)
    first, second = (json.loads(line) for line in file.read_text().splitlines())
    assert len(first["sealed"]) == len(second["sealed"])


def test_a_sealed_request_cannot_be_turned_into_another_kind(news: Newsletter) -> None:
    """Whoever holds a receiver's disk cannot make an erasure of a sign-up."""
    news.add(ANN)
    news.sign_up(ANN)
    [file] = inbox.files(news.folder)
    file.write_text(file.read_text().replace('"join"', '"forget"'))
    news.run()
    assert news.mails() == []


def test_the_files_of_a_request_hold_nothing_of_the_person_once_they_are_erased(news: Newsletter) -> None:
    news.sign_up(ANN, name="Annabel Lee")
    confirm(news)
    news.ask(ANN, "erase", ip="198.51.100.4")
    news.clock.later(days=1, hours=1)
    news.ask(ANN, "erase", ip="198.51.100.4")
    news.run()
    mail = news.mails(ANN)[-1]
    assert mail["Subject"] == "Erase what The Weekly Ledger holds about you?"
    link = news.link(mail)
    assert news.client.get(link).text.count("<button") == 1
    news.run()
    assert news.known(ANN) is not None  # a look erases nobody
    assert news.client.post(link, data={"erase": "page"}).status_code == 200
    assert news.run().erased == 1
    assert news.known(ANN) is None
    for file in news.folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes().lower()
            assert b"ann@example" not in data and b"annabel" not in data, file
    assert news.client.post(link, data={"erase": "page"}).status_code == 410


def test_what_is_held_comes_by_mail_to_that_address_alone(news: Newsletter) -> None:
    news.add(ANN, how="import", wording="asked at the fair")
    page = news.ask(ANN, "show").text
    assert page.replace(ANN, "X") == news.ask("nobody@example.net", "show").text.replace("nobody@example.net", "X")
    news.run()
    [mail] = news.mails()
    body = mail.get_body(("plain",))
    assert body is not None and mail["To"] == ANN
    text = body.get_content()
    assert "on the list" in text and "asked at the fair" in text and mail["Auto-Submitted"] == "auto-generated"


def test_the_mail_of_what_is_held_has_all_that_show_has(news: Newsletter) -> None:
    with open_store(news.folder) as store:
        row = ImportRow(1, ANN, "Ann <b>Lee</b>")
        store.imports.add(
            [row], how="import", basis="they asked at the fair", who="Mara the editor", at=START, file="fair.csv"
        )
        held = store.holdings.of(parse_address(ANN))
        assert held is not None
    news.ask(ANN, "show")
    news.run()
    [mail] = news.mails()
    [file] = list(mail.iter_attachments())
    assert file.get_content_type() == "text/plain" and file.get_filename() == "what-we-hold.txt"
    told = file.get_content().replace("\r\n", "\n")
    assert "This is all of it." not in mail.as_string()
    for words in (
        "they asked at the fair",
        "Mara the editor",
        "Ann <b>Lee</b>",
        "ISSUES",
        "Came with: a list taken in on",
    ):
        assert words in told, words
    page = person_page(news.config, held, now=START)
    for line in re.findall(r"<(?:dd|b)>([^<&]+)<", page):
        assert line in told, line


# ------------------------------------------------------------------------------------------------ the mails' way


def test_a_relay_that_is_away_costs_no_confirmation(news: Newsletter) -> None:
    def away() -> Maildir:
        raise SendError("the relay is away")

    news.sign_up(ANN)
    with open_store(news.folder) as store:
        done = run_errands(news.folder, news.config, store, away, in_full=news.in_full, now=news.clock)
    assert done.waiting == "the relay is away" and news.mails() == []
    assert news.run().mailed == 1 and len(news.mails()) == 1
    assert news.run().mailed == 0


def test_a_mail_begun_before_a_kill_is_not_sent_again(news: Newsletter) -> None:
    news.sign_up(ANN)
    with open_store(news.folder) as store:
        store.requests.merge()
        for request in store.notices.sealed():
            _open(news.folder, store, request, news.clock())
        [notice] = store.notices.waiting(news.clock())
        assert store.notices.claim(notice, news.clock()) and not store.notices.claim(notice, news.clock())
    news.clock.later(hours=2)
    assert news.run().mailed == 0
    link = f"/confirm/{notice.token}"
    assert news.client.post(link, data={"confirm": "page"}).status_code == 200  # it may have arrived, so it works
    news.run()
    known = news.known(ANN)
    assert known is not None and known.membership == "subscribed"


def test_old_requests_leave_no_address_behind(news: Newsletter) -> None:
    news.sign_up(ANN)
    news.run()
    news.clock.at += timedelta(days=8)
    news.run()
    with open_store(news.folder) as store:
        assert store.conn.execute("SELECT count(*) FROM notice").fetchone() == (0,)


def test_the_mail_is_signed_where_the_newsletter_signs(tmp_path: Path) -> None:
    """Mailbox providers want every mail of a domain aligned, these too."""
    news = Newsletter(tmp_path, more='[dkim]\nsign = "own"')
    run_in(tmp_path)("keys", "make")
    news.sign_up(ANN)
    news.run()
    assert "d=example.org" in news.mails()[0]["DKIM-Signature"]


@pytest.mark.parametrize("block", ["bounced", "complained"])
@pytest.mark.parametrize("has_left", [True, False])
def test_a_blocked_reader_is_told_that_no_mail_comes_whatever_they_press(
    news: Newsletter, block: Literal["bounced", "complained"], has_left: bool
) -> None:
    who = news.add(ANN)
    with open_store(news.folder) as store:
        store.subscribers.set_block(who.id, block, how="report", who="relay", at=START)
        if has_left:
            store.subscribers.change(who.id, "unsubscribed", START)

    back = news.client.post(f"/rejoin/{who.token}", data={"rejoin": "page"}).text
    look = news.client.get(f"/preferences/{who.token}").text
    saved = news.client.post(f"/preferences/{who.token}", data={"save": "page", "topics": ["Transport"]}).text

    why = "came back, so none is sent" if block == "bounced" else "was reported as unwanted"
    for page in (back, look, saved):
        assert why in page and "mailto:editor@example.org" in page
        assert "The next issue comes" not in page and "It holds from the next issue" not in page
    assert "Keep me on the list" not in look
    known = news.known(ANN)
    assert known is not None and known.block == block


def test_a_sign_up_without_a_topic_is_not_sent_to_a_day_that_the_form_has_not(news: Newsletter) -> None:
    answer = news.sign_up(ANN, topics=[])

    assert answer.status_code == 400
    assert "Choose at least one thing to read." in answer.text and "choose a day below" not in answer.text
    assert 'aria-describedby="faults"' in answer.text


def test_an_address_in_another_script_is_shown_as_it_was_typed_and_sent_as_the_wire_has_it(news: Newsletter) -> None:
    typed, wire = "ann@bücher.example", "ann@xn--bcher-kva.example"

    page = news.sign_up(typed).text
    news.run()
    [mail] = news.mails()
    body = mail.get_body(("plain",))
    news.client.post(news.link(mail), data={"confirm": "page"})
    known = news.known(typed)

    assert mail["To"] == wire
    assert body is not None and typed in body.get_content()
    assert known is not None and str(known.address) == wire
    settings = news.client.get(f"/preferences/{known.token}").text
    assert typed in page and "a•••@bücher.example" in settings
    assert all("xn--" not in shown for shown in (page, settings, body.get_content()))


@pytest.mark.parametrize(
    "domain", ["xn--bcher-kva.example", "xn--zzzzzz-9999999.example", "xn--.example", "example.org"]
)
def test_a_domain_that_is_none_of_another_script_is_shown_as_it_is(domain: str) -> None:
    shown = Address("ann", domain).shown

    assert shown == ("ann@bücher.example" if "bcher" in domain else f"ann@{domain}")


def test_whoever_is_erased_on_the_site_and_still_named_in_a_file_is_told_to_the_newsletter(news: Newsletter) -> None:
    news.add(ANN)
    (news.folder / "fair.csv").write_text(f"email\n{ANN}\n", encoding="utf-8")
    news.ask(ANN, "erase")
    news.run()
    news.client.post(news.link(news.mails(ANN)[-1]), data={"erase": "page"})

    said = run_in(news.folder)("events", "merge").stdout

    assert "1 person erased" in said and "still named in fair.csv" in said
    assert ANN not in said
