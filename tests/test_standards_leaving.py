"""What the standards, the law and the mailbox providers ask of leaving and of the headers that lead there: one test
for each requirement, named after its source."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from digest.address import parse_address
from digest.config import Config, parse_config
from digest.dispatch import keys
from digest.dispatch.letters import Mailroom
from digest.dispatch.local import send_issue
from digest.model import Subscriber
from digest.send.transports.maildir import Maildir
from digest.store import open_store
from digest.web.site import create_site
from tests.dispatch_newsletter import NOW, SLUG, accepted, make_newsletter, send, sink, to_sink
from tests.site_newsletter import TOML, Newsletter
from tests.web_samples import rendered

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def news(tmp_path: Path) -> Newsletter:
    return Newsletter(tmp_path)


@pytest.fixture
def ann(news: Newsletter) -> Subscriber:
    return news.add("ann@example.net")


def letter(config: Config | None = None, token: str = "0a" * 16) -> EmailMessage:
    from tests.web_samples import issue

    config = config or parse_config(TOML.format(site="", more=""))
    mailroom = Mailroom(config, rendered(issue()), b"k" * 32)
    made = mailroom.letter(
        ordinal=0, subscriber=1, address=parse_address("ann@example.net"), name="", token=token, variant="", date=NOW
    )
    return email.message_from_bytes(b"".join(made.chunks), policy=email.policy.default)


# ------------------------------------------------------------------------------------------------ RFC 8058


def test_rfc8058_the_letter_names_one_https_address_and_the_one_click_field() -> None:
    """3.1: one HTTPS URI; the Post field's value is exactly this."""
    mail = letter()
    assert re.findall(r"<(https:[^>]+)>", mail["List-Unsubscribe"]) == [f"https://ledger.example.org/leave/{'0a' * 16}"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len(mail.get_all("List-Unsubscribe")) == len(mail.get_all("List-Unsubscribe-Post")) == 1


@pytest.mark.parametrize("encoding", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_rfc8058_the_post_is_taken_in_both_encodings(news: Newsletter, ann: Subscriber, encoding: str) -> None:
    """3.2: receivers send either."""
    answer = news.client.post(f"/leave/{ann.token}", data=ONE_CLICK, content_type=encoding)
    assert answer.status_code == 200
    known = news.known("ann@example.net")
    assert known is not None and known.membership == "unsubscribed"


def test_rfc8058_the_post_needs_no_cookie_no_login_and_no_second_step(news: Newsletter, ann: Subscriber) -> None:
    """3.2: the POST carries no context: no cookies, no authorization."""
    client = news.client.application.test_client(use_cookies=False)
    answer = client.post(f"/leave/{ann.token}", data=ONE_CLICK)
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    known = news.known("ann@example.net")
    assert known is not None and known.membership == "unsubscribed"


def test_rfc8058_the_answer_is_no_redirect(news: Newsletter, ann: Subscriber) -> None:
    """3.1: "MUST NOT return an HTTPS redirect"."""
    answer = news.client.post(f"/leave/{ann.token}", data=ONE_CLICK, follow_redirects=False)
    assert answer.status_code == 200 and "Location" not in answer.headers and "http-equiv" not in answer.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_rfc8058_a_get_leaves_nobody(news: Newsletter, ann: Subscriber, method: str) -> None:
    """1: scanners fetch every link (mailtrain#1195, listmonk#1078)."""
    news.client.open(f"/leave/{ann.token}", method=method)
    news.client.open(f"/leave/{ann.token}?List-Unsubscribe=One-Click", method=method)
    known = news.known("ann@example.net")
    assert known is not None and known.membership == "subscribed"


def test_rfc8058_leaving_again_is_the_same(news: Newsletter, ann: Subscriber) -> None:
    answers = [news.client.post(f"/leave/{ann.token}", data=ONE_CLICK) for _ in range(3)]
    assert len({(a.status_code, a.text) for a in answers}) == 1
    assert news.known("ann@example.net") is not None
    assert [kind for kind, _ in news.events("ann@example.net")] == ["subscribed", "left"]


def test_rfc8058_the_address_names_reader_and_list_and_cannot_be_guessed(news: Newsletter) -> None:
    """3.1: "SHOULD include a hard-to-forge component": 128 random bits, no address, no number."""
    one, two = news.add("ann@example.net").token, news.add("bob@example.net").token
    assert re.fullmatch(r"[0-9a-f]{32}", one) and one != two


def test_rfc8058_a_changed_token_leaves_nobody(news: Newsletter, ann: Subscriber) -> None:
    changed = f"{int(ann.token, 16) ^ 1:032x}"
    assert news.client.post(f"/leave/{changed}", data=ONE_CLICK).status_code == 200  # and says nothing of whose it is
    known = news.known("ann@example.net")
    assert known is not None and known.membership == "subscribed"


def test_rfc8058_a_token_works_as_long_as_the_row_lives_and_is_answered_alike_after(
    news: Newsletter, ann: Subscriber
) -> None:
    news.clock.later(days=4000)
    before = news.client.post(f"/leave/{ann.token}", data=ONE_CLICK)
    assert news.known("ann@example.net").membership == "unsubscribed"  # type: ignore[union-attr]
    with open_store(news.folder) as store:
        store.erasure.erase(ann.address, who="ann", at=datetime.now(UTC))
    after = news.client.post(f"/leave/{ann.token}", data=ONE_CLICK)
    assert before.status_code == after.status_code == 200


def test_rfc8058_who_left_during_a_send_gets_no_letter_whose_dot_is_still_to_come(tmp_path: Path) -> None:
    """The wish is read before every lease and again before the final dot."""
    folder = tmp_path / "news"
    config = make_newsletter(folder, 30)
    with open_store(folder) as store:
        last = store.subscribers.get(parse_address("reader29@example.net"))
    assert last is not None
    client = create_site(folder, config).test_client()
    with sink(tmp_path / "log") as port:
        send(folder, to_sink(port, 1), limit=5)
        assert client.post(f"/leave/{last.token}", data=ONE_CLICK).status_code == 200
        send(folder, to_sink(port, 1))
    got = accepted(tmp_path / "log")
    assert len(got) == 29 and "reader29@example.net" not in got


# ------------------------------------------------------------------------------------------------ RFC 2369, 2919, 3834


def test_rfc2369_each_list_field_stands_once_and_its_address_in_brackets() -> None:
    mail = letter()
    for name in ("List-Help", "List-Unsubscribe", "List-Archive", "List-Owner"):
        [value] = mail.get_all(name)
        assert re.fullmatch(r"<(?:https|mailto):[^<>\s]+>", value), name


def test_rfc2369_nobody_may_post_to_an_announcement_list() -> None:
    """3.4: the special value NO."""
    assert letter().get_all("List-Post") == ["NO"]


def test_rfc2369_the_archive_it_names_answers(news: Newsletter) -> None:
    path = str(letter()["List-Archive"]).removeprefix("<https://ledger.example.org").removesuffix(">")
    assert news.client.get(path).status_code == 200


def test_rfc2919_one_list_id_of_a_phrase_and_a_name_that_is_short() -> None:
    """2 and 3: ``phrase <label.namespace>``, at most 255 octets."""
    [value] = letter().get_all("List-Id")
    found = re.fullmatch(r"The Weekly Ledger <([a-z0-9-]+(?:\.[a-z0-9-]+)+)>", value)
    assert found is not None and len(found[1]) <= 255


def test_rfc2919_the_list_id_survives_a_move_to_another_site() -> None:
    text = TOML.format(site="", more="").replace("[site]", 'list_id = "ledger.old.example"\n[site]')
    here = letter(parse_config(text))
    moved = letter(parse_config(text.replace("ledger.example.org", "news.new.example")))
    assert here["List-Id"] == moved["List-Id"] == "The Weekly Ledger <ledger.old.example>"


def test_rfc2919_a_confirmation_is_no_list_mail(news: Newsletter) -> None:
    news.sign_up("eve@example.net")
    news.run()
    assert not [name for name in news.mails()[0] if name.lower().startswith("list-")]


def test_rfc3834_what_a_machine_answers_says_so(news: Newsletter) -> None:
    news.add("ann@example.net")
    news.sign_up("eve@example.net")
    news.sign_up("ann@example.net")
    news.ask("ann@example.net", "show")
    news.ask("ann@example.net", "erase")
    news.run()
    assert len(news.mails()) == 4
    assert {mail["Auto-Submitted"] for mail in news.mails()} == {"auto-generated"}


def test_rfc5322_the_confirmation_has_one_of_each_field_and_short_ascii_lines(news: Newsletter) -> None:
    news.sign_up("eve@example.net")
    news.run()
    [file] = (news.folder / "var/outbox/site/new").glob("*.eml")
    data = file.read_bytes()
    assert data.isascii() and all(len(line) <= 998 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    [mail] = news.mails()
    for name in ("From", "To", "Date", "Message-ID", "Subject", "Reply-To"):
        assert len(mail.get_all(name)) == 1, name


# ------------------------------------------------------------------------------------------------ the providers


def test_gmail_yahoo_a_visible_link_to_leave_stands_in_every_letter() -> None:
    """Bulk sender rules since 2024: one-click in the header and a link in the body."""
    mail = letter()
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None and f"/leave/{'0a' * 16}" in part.get_content()


def test_gmail_yahoo_a_leave_is_heeded_by_the_next_issue_not_after_two_days(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    config = make_newsletter(folder, 3)
    client = create_site(folder, config).test_client()
    with open_store(folder) as store:
        first = store.subscribers.get(parse_address("reader0@example.net"))
    assert first is not None
    client.post(f"/leave/{first.token}", data=ONE_CLICK)
    report = send_issue(folder, config, SLUG, Maildir(folder / "var/outbox"), now=lambda: NOW + timedelta(seconds=1))
    assert report is not None
    letters = list((folder / "var/outbox/new").glob("*.eml"))
    assert len(letters) == 2 and not any(b"reader0@" in file.read_bytes() for file in letters)


def test_outlook_the_leaving_page_works_in_a_browser_too(news: Newsletter, ann: Subscriber) -> None:
    page = news.client.get(f"/leave/{ann.token}").text
    assert page.count("<button") == 1 and 'method="post"' in page
    assert news.client.post(f"/leave/{ann.token}", data={"leave": "page"}).status_code == 200
    known = news.known("ann@example.net")
    assert known is not None and known.membership == "unsubscribed"


# ------------------------------------------------------------------------------------------------ the law


def test_can_spam_leaving_takes_one_page_no_login_no_fee_no_question(news: Newsletter, ann: Subscriber) -> None:
    """16 CFR 316.5: nothing but an address may be asked for, on a single page."""
    page = news.client.get(f"/leave/{ann.token}").text
    assert page.count("<form") == 1 and "<input" not in page and "<select" not in page


def test_can_spam_the_way_out_works_for_more_than_thirty_days(news: Newsletter, ann: Subscriber) -> None:
    """15 USC 7704 (a)(3)(A)(ii)."""
    news.clock.later(days=400)
    news.client.post(f"/leave/{ann.token}", data=ONE_CLICK)
    known = news.known("ann@example.net")
    assert known is not None and known.membership == "unsubscribed"


def test_can_spam_the_postal_address_stands_on_pages_and_in_mails(news: Newsletter, ann: Subscriber) -> None:
    assert "12 Example Street" in news.client.get(f"/leave/{ann.token}").text
    news.sign_up("eve@example.net")
    news.run()
    body = news.mails()[0].get_body(("plain",))
    assert body is not None and "12 Example Street" in body.get_content()


def test_gdpr_7_3_leaving_is_as_easy_as_signing_up(news: Newsletter, ann: Subscriber) -> None:
    """Signing up takes two pages and a mail; leaving takes one click."""
    assert news.client.post(f"/leave/{ann.token}", data=ONE_CLICK).status_code == 200


def test_gdpr_7_1_the_words_agreed_to_are_those_on_the_page(news: Newsletter) -> None:
    page = news.client.get("/").text
    news.sign_up("eve@example.net")
    news.run()
    news.client.post(news.link(news.mails()[0]), data={"confirm": "page"})
    news.run()
    wording = news.events("eve@example.net")[-1][1]["wording"].rpartition(" [")[0]
    assert wording and wording in page


def test_eprivacy_the_pages_load_nothing_from_elsewhere_and_set_no_cookie(news: Newsletter, ann: Subscriber) -> None:
    for path in ("/", f"/leave/{ann.token}", f"/preferences/{ann.token}", "/data", "/issues"):
        answer = news.client.get(path)
        assert "Set-Cookie" not in answer.headers
        assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text), path


def test_wcag_every_page_names_its_language_and_has_one_heading(news: Newsletter, ann: Subscriber) -> None:
    """2.4.6 and 3.1.1; axe looks closer, in the browser tests."""
    for path in ("/", "/leave", f"/leave/{ann.token}", f"/preferences/{ann.token}", "/data", "/issues", "/nowhere"):
        page = news.client.get(path).text
        assert '<html lang="en-GB" dir="ltr"' in page and page.count("<h1") == 1, path


def test_the_keys_of_letters_and_of_leaving_have_nothing_in_common(news: Newsletter, ann: Subscriber) -> None:
    """A token that returns in a bounce must not sign anybody out."""
    own = keys.load(news.folder)
    assert keys.verp_token(SLUG, ann.id, own.message) not in ann.token
