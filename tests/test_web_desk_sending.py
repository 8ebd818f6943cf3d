"""The desk's last third, asked for as its page asks for it: waive, test, approve, schedule, send, stop, settle, correct."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from digest.address import Address, parse_address
from digest.dispatch.locks import at_work, sending
from digest.editing import add_edit
from digest.errors import DigestError
from digest.model import Editor, IssueState, Rendered
from digest.web.guard import CSRF, csrf_word
from digest.web.preview import Workshop, create_preview
from digest.week import open_project
from tests.command_line import error_of, run_in
from tests.dispatch_newsletter import accepted, sink
from tests.web_newsletter import NOW, SLUG, Post, make_newsletter

TOKEN = "k3y"


class Desk:
    """The desk of one editor, and what its page knows."""

    def __init__(self, folder: Path, editor: Editor | None, told: list[str] | None = None) -> None:
        self.folder, self.workshop, self.post = folder, Workshop(folder, SLUG), Post()
        told = [] if told is None else told
        app = create_preview(
            self.workshop, token=TOKEN, mail_test=self.post, editor=editor, tell=told.append, now=lambda: NOW
        )
        self.client = app.test_client()
        self.client.get(f"/?token={TOKEN}")

    @property
    def panel(self) -> str:
        """The panel Send as it reads, tags and all."""
        answer = self.client.get("/send")
        assert answer.status_code == 200, answer.text
        return re.sub(r"\s+", " ", answer.text)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.panel)).replace("\u00a0", " ")

    def order(self, path: str, *, code: int = 200, **fields: str) -> str:
        form = {CSRF: csrf_word(TOKEN), **fields}
        answer = self.client.post(path if path.startswith("/") else f"/send/{path}", data=form)
        assert answer.status_code == code, answer.text
        told = answer.get_json()
        assert told["ok"] is (code == 200)
        return str(told["said"])

    @property
    def fingerprint(self) -> str:
        draft = self.workshop.show().draft
        assert draft is not None
        return draft.rendered.fingerprint

    def approve(self, **more: Any) -> str:
        return self.order("approve", **{"fingerprint": self.fingerprint, **more})

    def edit(self, kind: str, value: str) -> str:
        (revision,) = re.findall(r'data-revision="(\d+)"', self.client.get("/").text)
        return self.order("/api/edit", kind=kind, value=value, revision=revision)

    def waive_all(self, words: str = "it is meant so") -> None:
        draft = self.workshop.show().draft
        assert draft is not None
        for f in draft.findings:
            if f.severity == "warning":
                self.order("waive", rule=f.rule, place=f.place, what=f.what, article=f.article, words=words)

    def approved(self) -> Desk:
        """The same, once approved."""
        self.order("/api/test", address="mara@example.org")
        self.approve()
        return self


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_newsletter(tmp_path / "n")


@pytest.fixture
def desk(folder: Path) -> Desk:
    return Desk(folder, Editor("Mara"))


@pytest.fixture
def approved(tmp_path: Path) -> Desk:
    """The desk of an issue that Mara has approved there."""
    shutil.copytree(_approved(), tmp_path / "n")
    return Desk(tmp_path / "n", Editor("Mara"))


@cache
def _approved() -> Path:
    """Made once, and copied."""
    folder = Path(tempfile.mkdtemp(prefix="digest-approved-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Desk(make_newsletter(folder), Editor("Mara")).approved()
    return folder


def setting(folder: Path, old: str, new: str) -> None:
    file = folder / "digest.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def relay_at(folder: Path, port: int) -> None:
    """Letters go to that port of this machine from now on."""
    setting(folder, 'transport = "maildir"', 'transport = "smtp"')
    setting(folder, 'url = "https://ledger.example.com"', 'url = ""')
    setting(folder, "# [consent]", f'\n[smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n# [consent]')


def state(folder: Path) -> IssueState:
    with open_project(folder) as project:
        known = project.store.issues.get(SLUG)
        assert known is not None
        return known.state


def counts(folder: Path) -> dict[str, int]:
    with open_project(folder) as project:
        return dict(project.store.ledger.counts(SLUG))


def join(folder: Path, number: int) -> None:
    """So many more readers of the draft."""
    with open_project(folder) as project:
        for n in range(number):
            address = parse_address(f"reader{n}@example.net")
            project.store.subscribers.add(address, "", how="import", wording="", who="editor", at=NOW)


def until(claim: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not claim():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.05)


# ------------------------------------------------------------------------------------------------ before


def test_what_is_to_do_is_listed_and_refused_until_it_is_done(desk: Desk) -> None:
    desk.edit("subject", "Ships")
    assert "the subject has 5 characters" in desk.words and "None was mailed yet" in desk.words
    assert 'id="approve" class="main" disabled' in desk.panel and "2 steps are left above" in desk.words
    assert "1 warning that nobody has waived" in desk.approve(code=422)
    desk.waive_all()
    assert "no test of 2026-W12 was mailed as it is now" in desk.approve(code=422)
    desk.order("/api/test", address="mara@example.org")
    assert "Approving sends nothing yet" in desk.words
    assert desk.approve() == "Approved for 2 readers. Nothing has been sent."
    with open_project(desk.folder) as project:
        known = project.store.issues.get(SLUG)
        assert known is not None and (known.state, known.approved_by) == ("approved", "Mara")
        assert known.fingerprint == desk.fingerprint
        assert [e.value for e in project.store.issues.issue(SLUG).edits] == ["Ships"]  # what is shown was kept


def test_whom_it_goes_to_and_who_is_left_out_is_said_with_reasons(desk: Desk) -> None:
    assert "It goes to 2 readers ; 1 left out, here is why: 1 unsubscribed" in desk.words
    join(desk.folder, 1)
    assert desk.order("count", fingerprint=desk.fingerprint) == "It would go to 3 readers."
    assert "It goes to 3 readers" in desk.words


def test_a_waiver_holds_for_that_warning_alone(desk: Desk) -> None:
    desk.edit("subject", "Ships")
    desk.waive_all("one word says it")
    assert "1 warning may stand" in desk.words and "“one word says it” Mara, 18:00" in desk.words
    assert "It may stand, says Mara: one word says it" in desk.client.get("/?panel=check").text
    desk.edit("intro", "Ten stories.")
    assert "1 warning may stand" in desk.words
    desk.edit("subject", "Boats and")
    assert "the subject has 9 characters" in desk.words and "warning may stand" not in desk.words


def test_a_waiver_is_taken_back_and_nothing_of_it_is_lost(desk: Desk) -> None:
    desk.edit("subject", "Ships")
    desk.waive_all()
    draft = desk.workshop.show().draft
    assert draft is not None
    (f,) = draft.findings
    desk.order("waive", rule=f.rule, place=f.place, what=f.what, article=f.article, back="1")
    assert "say why it may stand" in desk.words
    with open_project(desk.folder) as project:
        rows = project.store.conn.execute("SELECT who, words FROM waiver ORDER BY id").fetchall()
        assert rows == [("Mara", "it is meant so"), ("Mara", "")]
        with pytest.raises(Exception, match="never changed"):
            project.store.conn.execute("UPDATE waiver SET words = 'x'")


def test_check_and_approve_say_what_stands_by_whose_word(desk: Desk) -> None:
    desk.edit("subject", "Ships")
    desk.waive_all("one word says it")
    run = run_in(desk.folder)
    run("build", "--week", SLUG)
    assert "✓ It may stand, says Mara: one word says it" in run("check", "--strict").stdout
    (found,) = json.loads(run("check", "--json").stdout)
    assert (found["waived"]["who"], found["waived"]["words"]) == ("Mara", "one word says it")
    assert "(it may stand, says Mara: one word says it)" in run("approve", "--yes").stdout


def test_a_warning_stands_by_a_word_only(desk: Desk) -> None:
    desk.edit("subject", "Ships")
    draft = desk.workshop.show().draft
    assert draft is not None
    (f,) = draft.findings
    for words in ("", "  ", "a\x07b", "x" * 301):
        desk.order("waive", code=422, rule=f.rule, place=f.place, what=f.what, article=f.article, words=words)
    assert "that warning is not there any more" in desk.order("waive", code=409, rule=f.rule, words="x")


def test_an_error_cannot_be_waived(desk: Desk) -> None:
    setting(desk.folder, 'postal_address = "Ledger Press', '# postal_address = "Ledger Press')
    setting(desk.folder, 'transport = "maildir"', 'transport = "smtp"')
    draft = desk.workshop.show().draft
    assert draft is not None
    f = next(f for f in draft.findings if f.severity == "error")
    said = desk.order("waive", code=422, rule=f.rule, place=f.place, what=f.what, article=f.article, words="so what")
    assert "an error cannot be waived" in said
    assert "to mend before it can be approved" in desk.words
    assert "error" in desk.approve(code=422)


def test_a_test_counts_for_what_was_mailed_alone(desk: Desk) -> None:
    desk.order("/api/test", address="mara@example.org")
    assert "Mara mailed these very bytes at 18:00" in desk.words
    desk.edit("intro", "Ten stories.")
    assert "Mara mailed one at 18:00; it has changed since." in desk.words
    assert "no test of" in desk.approve(code=422)


def test_a_test_by_the_command_counts_and_one_that_failed_does_not(desk: Desk) -> None:
    def fails(rendered: Rendered, address: Address) -> str:
        raise DigestError("the relay is away")

    broken = create_preview(desk.workshop, token=TOKEN, mail_test=fails, editor=Editor("Mara")).test_client()
    broken.get(f"/?token={TOKEN}")
    form = {CSRF: csrf_word(TOKEN), "address": "mara@example.org"}
    assert not broken.post("/api/test", data=form).get_json()["ok"]
    assert "None was mailed yet" in desk.words
    run_in(desk.folder)("test", "ruth@example.org", SLUG, who="Tomas")
    assert "Tomas mailed these very bytes" in desk.words


def test_other_bytes_than_were_seen_are_not_approved(desk: Desk) -> None:
    desk.order("/api/test", address="mara@example.org")
    seen = desk.fingerprint
    with open_project(desk.folder) as project:
        add_edit(project, SLUG, "intro", "", "Ruth’s", who="Ruth", at=NOW)
    assert "was changed after you saw it" in desk.order("approve", code=409, fingerprint=seen)
    assert state(desk.folder) == "draft"


def test_an_edit_made_before_the_approval_is_undone_after_it(desk: Desk) -> None:
    desk.edit("intro", "Ten stories about people who count.")
    desk.approved()
    (revision,) = re.findall(r'data-revision="(\d+)"', desk.client.get("/").text)
    assert desk.order("/api/undo", revision=revision).startswith("Undone: intro. The approval is taken back")
    assert "edited it at" in desk.words and desk.workshop.show().draft.state == "draft"  # type: ignore[union-attr]


def test_two_people_approve_where_two_must(desk: Desk) -> None:
    setting(desk.folder, 'approval = "one"', 'approval = "two"')
    assert "Nobody has yet" in desk.words
    desk.order("/api/test", address="mara@example.org")
    assert "A second person must approve" in desk.approve()
    assert "A second person must approve" in desk.approve()  # the same one twice is one
    assert state(desk.folder) == "draft" and "it waits for a second person" in desk.words
    second = Desk(desk.folder, Editor("Tomas"))
    assert "Mara approved these very bytes at 18:00; a second person must, too." in second.words
    second.approve()
    assert state(desk.folder) == "approved" and "Mara and Tomas approved it at 18:00" in desk.words


def test_an_edit_says_that_it_takes_the_approval_back(desk: Desk) -> None:
    desk.approved()
    assert "Any edit takes that back" in desk.client.get("/").text
    said = desk.edit("intro", "Ten stories.")
    assert said == "Saved. The approval is taken back: 2026-W12 is a draft again"
    assert "Mara edited it at 18:00: the approval is taken back." in desk.words
    assert "Any edit takes that back" not in desk.client.get("/").text


def test_a_draft_of_an_older_copy_is_asked_about_before_it_is_approved(desk: Desk) -> None:
    with open_project(desk.folder) as project:
        at = (NOW + timedelta(hours=1)).isoformat()
        project.store.state.set("restored", {"copied": NOW.isoformat(), "at": at, "answered": [], "out": []})
    desk.order("/api/test", address="mara@example.org")
    assert "Did this issue go out since then?" in desk.words
    assert "may be out since then" in desk.approve(code=422)
    desk.order("not-sent")
    desk.approve()


# ------------------------------------------------------------------------------------------------ when


def test_a_time_is_given_moved_and_taken_back(approved: Desk) -> None:
    assert "No timer is known here" in approved.words
    assert approved.order("schedule", at="2026-03-22T20:10") == "It leaves in 2 h 10 min."
    assert "It leaves at 20:10 , in 2 h 10 min." in approved.words and state(approved.folder) == "scheduled"
    approved.order("schedule", at="2026-03-23T09:00")
    assert "It leaves at 23 March 2026, 09:00 , in 15 h 0 min." in approved.words
    approved.order("unschedule")
    assert state(approved.folder) == "approved"
    assert "there is nothing to take back" in approved.order("unschedule", code=422)


IMPOSSIBLE = {
    "": "is no time",
    "soon": "is no time",
    "2026-03-22T17:00": "is past",
    "2026-03-29T01:30": "clocks go forward over it",
    "9999-12-31T23:59:59-12:00": "is no time",
    "0001-01-01T00:00+14:00": "is no time",
    "9999-12-31T23:59": "more than a year ahead",
    "2027-04-01T09:00": "more than a year ahead",
}


def test_a_time_that_cannot_be_is_refused(approved: Desk) -> None:
    for at, said in IMPOSSIBLE.items():
        assert said in approved.order("schedule", code=422, at=at)
    assert state(approved.folder) == "approved"


def test_a_time_taken_back_does_not_come_again(approved: Desk) -> None:
    approved.order("schedule", at="2026-03-23T09:00")
    approved.order("unschedule")
    with open_project(approved.folder) as project:
        project.store.issues.set_state(SLUG, "paused", who="Mara", at=NOW, reason="before a relay let it in")
    assert approved.order("resume") == "It is approved, as it was."
    assert run_in(approved.folder)("send", "--due", now="2026-03-23T10:00:00+00:00").stdout == ""
    assert counts(approved.folder) == {"waiting": 2}


def test_the_timer_that_looked_is_named_and_one_that_stopped_asked_about(approved: Desk) -> None:
    run = run_in(approved.folder)
    run("send", "--due", now="2026-03-22T17:58:00+00:00")
    assert "A timer looked at 17:58; it sends it when its time has come." in approved.words
    run("send", "--due", now="2026-03-22T15:00:00+00:00")
    assert "The timer looked last at 15:00, 3 h 0 min ago. Is it still on?" in approved.words


def test_what_was_scheduled_here_leaves_with_the_timer(approved: Desk) -> None:
    approved.order("schedule", at="2026-03-22T20:10")
    run_in(approved.folder)("send", "--due", now="2026-03-22T20:12:00+00:00")
    assert state(approved.folder) == "sent" and "2 written to var/outbox" in approved.words


# ------------------------------------------------------------------------------------------------ sending


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The send that the desk begins reads the same clock."""
    monkeypatch.setenv("DIGEST_NOW", NOW.isoformat())


def test_only_the_number_of_readers_lets_it_leave(approved: Desk) -> None:
    for number in ("", "3", "20", "2x", "two"):
        assert "it would go to 2" in approved.order("begin", code=422, number=number)
    assert at_work(approved.folder) is None and state(approved.folder) == "approved"


def test_a_send_is_a_process_of_its_own_and_what_it_did_is_shown(desk: Desk, tmp_path: Path, clock: None) -> None:
    join(desk.folder, 998)
    with sink(tmp_path / "log") as port:
        relay_at(desk.folder, port)
        desk.waive_all()
        desk.approved()
        assert f"By the relay at 127.0.0.1:{port}" in desk.words
        assert desk.order("begin", number="1,000") == "Sending to 1,000 readers."
        until(lambda: state(desk.folder) == "sent")
        until(lambda: at_work(desk.folder) is None)
    assert "999 accepted by your relay" in desk.words and "Sent." in desk.words
    assert "1 reader refused at example.org" in desk.words and "no SMTPUTF8" in desk.words
    assert "Your relay accepted 999 of 1,000 letters" in desk.client.get("/report").text
    assert sum(accepted(tmp_path / "log").values()) == 999
    with open_project(desk.folder) as project:
        assert ("digest send", "sent") in {(e.who, e.became) for e in project.store.issues.events(SLUG)}


def test_what_is_no_longer_what_was_approved_is_said_before_it_is_sent(approved: Desk) -> None:
    setting(approved.folder, "<ledger@example.org>", "<other@example.org>")
    assert "2026-W12 is no longer what was approved" in approved.words and 'id="begin"' not in approved.panel


def test_why_a_send_could_not_begin_is_kept_and_shown(desk: Desk, clock: None) -> None:
    relay_at(desk.folder, 9)
    desk.waive_all()
    desk.approved().order("begin", number="2")
    until(lambda: "The last send ended early." in desk.words)
    assert "127.0.0.1:9" in desk.words and state(desk.folder) == "approved"
    log = desk.folder / "var/issues" / SLUG / "send.log"
    assert "127.0.0.1:9" in log.read_text("utf-8") and log.stat().st_mode & 0o077 == 0


def test_paused_resumed_and_stopped_while_it_leaves(folder: Path, clock: None) -> None:
    told: list[str] = []
    desk = Desk(folder, Editor("Mara"), told)
    join(folder, 498)
    setting(folder, "# rate = 14 ", "rate = 50 ")
    desk.approved().order("begin", number="500")
    assert "another `digest send` is at work" in desk.order("begin", code=422, number="500")  # a second click
    until(lambda: counts(folder).get("accepted", 0) > 10)
    assert "another `digest send` is at work" in desk.order("go-on", code=422)
    process = at_work(folder)
    assert process is not None and os.getsid(process) == process  # no terminal and no desk ends it
    desk.order("pause")
    until(lambda: at_work(folder) is None)
    paused = counts(folder)["accepted"]
    assert 10 < paused < 500 and "Paused by Mara at 18:00: paused by hand." in desk.words
    assert desk.order("resume") == "It goes on."
    until(lambda: counts(folder)["accepted"] > paused)
    words = desk.words
    assert "will not get it. There is no way back." in words and "written already;" in words
    desk.order("stop")
    until(lambda: at_work(folder) is None)
    got = counts(folder)
    assert got["accepted"] + got["cancelled"] == 500 and got["cancelled"] > 0
    assert state(folder) == "cancelled" and "Stopped." in desk.words
    assert "there is nothing to stop" in desk.order("stop", code=422)
    assert len(list((folder / "var/outbox" / SLUG).rglob("*.eml"))) == got["accepted"]
    until(lambda: told == [SLUG] * 3)


def test_while_another_issue_is_sent_this_one_waits_and_cannot_be_paused(approved: Desk) -> None:
    with sending(approved.folder, "2026-W11"):
        assert "2026-W11 is being sent: this one can be sent after it." in approved.words
        assert not re.search(r'id="(begin|pause)"', approved.panel) and "Starting" not in approved.words
        assert "there is nothing to pause" in approved.order("pause", code=422)
        with open_project(approved.folder) as project:
            project.store.issues.set_state(SLUG, "sending", who="digest send", at=NOW)
            project.store.issues.set_state(SLUG, "paused", who="Mara", at=NOW, reason="lunch")
        assert approved.order("resume") == "2026-W11 is being sent: let this one go on after it."
        assert "On its way." in approved.words and not re.search(r'id="(go-on|pause)"', approved.panel)
    assert 'id="go-on"' in approved.panel and "2026-W11" not in approved.words


def test_pause_is_shown_once_it_works_and_is_no_early_end(desk: Desk, tmp_path: Path, clock: None) -> None:
    join(desk.folder, 48)
    setting(desk.folder, "# rate = 14 ", "rate = 2 ")
    with sink(tmp_path / "log") as port:
        relay_at(desk.folder, port)
        desk.waive_all()
        desk.approved().order("begin", number="50")
        until(lambda: 'id="pause"' in desk.panel)
        desk.order("pause")
        until(lambda: at_work(desk.folder) is None)
    assert "warning: no [site] url" in desk.words and "The last send said:" in desk.words
    assert "ended early" not in desk.words and "bad-told" not in desk.panel


# ------------------------------------------------------------------------------------------------ in doubt


def in_doubt(approved: Desk) -> None:
    """Both readers' letters were under way when the sender died."""
    with open_project(approved.folder) as project:
        store = project.store
        store.issues.set_state(SLUG, "sending", who="digest send", at=NOW)
        store.ledger.lease(SLUG, "wire-dead", 2, NOW)
        store.ledger.commit(SLUG, "wire-dead", [0, 1], [], NOW)
        store.ledger.reconcile(SLUG, lambda owner: False, NOW)
        store.issues.set_state(SLUG, "sent", who="digest send", at=NOW)


def test_who_has_it_and_who_is_sent_it_again_is_said_one_by_one(approved: Desk, clock: None) -> None:
    in_doubt(approved)
    assert "2 letters were under way" in approved.words and "ruth@example.org" in approved.words
    assert "the sender ended before the receiver’s answer was written down" in approved.words
    assert approved.order("doubts", word="accepted", row="0") == "1 reader has it, on your word."
    assert counts(approved.folder) == {"accepted": 1, "uncertain": 1}
    assert approved.order("doubts", word="again", row="1") == "1 reader will be sent it again."
    assert (counts(approved.folder), state(approved.folder)) == ({"accepted": 1, "waiting": 1}, "sending")
    assert "somebody has settled that already" in approved.order("doubts", code=409, word="again", row="1")
    with open_project(approved.folder) as project:
        said = [move.reply for move in project.store.ledger.history(SLUG, 1)][-2:]
    assert said == ["proved missing: they do not have it, says Mara", "to be sent again, says Mara"]
    assert "On its way, and no send is at work." in approved.words
    approved.order("go-on")
    until(lambda: state(approved.folder) == "sent")


def test_all_in_doubt_are_settled_at_once(approved: Desk) -> None:
    in_doubt(approved)
    assert approved.order("doubts", word="accepted") == "2 readers have it, on your word."
    assert counts(approved.folder) == {"accepted": 2}


def test_who_may_get_no_mail_any_more_is_not_sent_it_again(approved: Desk) -> None:
    in_doubt(approved)
    with open_project(approved.folder) as project:
        person = project.store.subscribers.get(parse_address("ruth@example.org"))
        assert person is not None
        project.store.subscribers.set_membership(person.id, "unsubscribed", how="page", who="", at=NOW)
    said = approved.order("doubts", word="again")
    assert said == "1 reader will be sent it again; 1 may get no mail any more."
    assert counts(approved.folder) == {"rejected": 1, "waiting": 1}


# ------------------------------------------------------------------------------------------------ who may


ORDERS = "waive count not-sent approve schedule unschedule begin go-on pause resume stop doubts".split()


def test_who_may_only_edit_looks_and_decides_nothing(approved: Desk) -> None:
    in_doubt(approved)
    ann = Desk(approved.folder, Editor("Ann", frozenset({"edit"})))
    for path in (*ORDERS, "/correct"):
        ann.order(path, code=403, fingerprint=approved.fingerprint, number="2", word="accepted")
    assert counts(approved.folder) == {"uncertain": 2}
    assert "ruth@example.org" not in ann.panel and "reader in row 0" in ann.words
    enabled = [tag for tag in re.findall(r"<button[^>]*>", ann.panel) if "disabled" not in tag]
    assert enabled == []


def test_a_preview_sends_nothing(folder: Path) -> None:
    preview = Desk(folder, None)
    assert preview.client.get("/send").status_code == 404
    assert 'value="send"' not in preview.client.get("/").text
    for path in ORDERS:
        assert preview.client.post(f"/send/{path}", data={CSRF: csrf_word(TOKEN)}).status_code == 404


def test_another_sites_form_decides_nothing(desk: Desk) -> None:
    for path in ORDERS:
        assert desk.client.post(f"/send/{path}", data={}).status_code == 403


# ------------------------------------------------------------------------------------------------ after


def test_a_story_is_corrected_and_taken_down_once_readers_have_it(approved: Desk) -> None:
    draft = approved.workshop.show().draft
    assert draft is not None
    article = draft.issue.items[1].article
    assert "nobody has it yet" in approved.order("/correct", code=422, article=article.id, words="x")
    assert "data-correct" not in approved.client.get("/").text
    in_doubt(approved)
    assert "there are no words to print" in approved.order("/correct", code=422, article=article.id, words=" ")
    assert "not in the issue" in approved.order("/correct", code=422, article="none", words="x")
    approved.order("/correct", article=article.id, words="It was nine ships,\nnot eleven.", kind="correction")
    page = approved.client.get("/").text
    assert page.count("data-correct") == len(draft.issue.items) and "It was nine ships, not eleven." in page
    assert "Mail that left cannot be called back" in approved.order("/correct", article=article.id, kind="takedown")
    with open_project(approved.folder) as project:
        made = project.store.corrections.of(SLUG)
    assert [(c.kind, c.words, c.who) for c in made] == [
        ("correction", "It was nine ships, not eleven.", "Mara"),
        ("takedown", "", "Mara"),
    ]
    run_in(approved.folder)("correct", SLUG, "1", "Also by the command.")
    assert "Also by the command." in approved.client.get("/").text
    assert "cannot be edited" in error_of(run_in(approved.folder)("edit", "--week", SLUG, "subject", "x", ok=False))


def test_a_correction_is_also_mailed_where_its_box_is_ticked(approved: Desk) -> None:
    draft = approved.workshop.show().draft
    assert draft is not None
    article = draft.issue.items[1].article
    in_doubt(approved)
    assert 'name="mail"' in approved.client.get("/").text
    fields = {"article": article.id, "mail": "yes"}
    assert "not mailed" in approved.order("/correct", code=422, kind="takedown", **fields)
    for _ in range(2):
        said = approved.order("/correct", words="Nine, not eleven.", kind="correction", **fields)
        assert f"is drafted: `digest desk {SLUG}-correction` shows" in said
    with open_project(approved.folder) as project:
        assert [c.words for c in project.store.corrections.of(SLUG)] == ["Nine, not eleven."]
        letter = project.store.issues.issue(f"{SLUG}-correction")
        assert [(item.article.id, item.note) for item in letter.items] == [(article.id, "Nine, not eleven.")]
