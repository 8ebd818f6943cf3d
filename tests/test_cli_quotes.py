"""`digest quotes` as an editor types it: who said what, where it stands, and why it is pulled or not."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.command_line import Run, run_in
from tests.local_web import LocalWeb, page

PARAGRAPHS = [
    "The harbour of Halden listed 128 late ships in March on a page of its own. The page cost 4,000 pounds.",
    "“We were the bad weather for every captain who came here,” said Ana Lee, the harbour master. "
    "“Now they can see it coming.”",
    "“We are delighted to welcome this wonderful page to our harbour,” she added.",
    "Bob Dunn, who runs the ferry, was not impressed. "
    "“No page has ever brought a ship in on time, and none ever will,” he said.",
]
TITLE = "The harbour lists its late ships"
TEXT = "\n\n".join([TITLE, *PARAGRAPHS])
LEE = "We were the bad weather for every captain who came here"
DUNN = "No page has ever brought a ship in on time, and none ever will"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return run_in(tmp_path)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    file = tmp_path / "ships.txt"
    file.write_text(TEXT, "utf-8")
    return file


def test_the_key_quotes_have_their_words_speaker_role_and_place(text: Path, run: Run) -> None:
    shown = run("quotes", str(text)).stdout
    start = TEXT.index(LEE) - len(TITLE) - 2  # offsets count in the article's text, its title stands apart
    assert f"  “{LEE}”\n      Ana Lee, harbour master\n      [{start}:{start + len(LEE)}]\n" in shown
    assert f"  “{DUNN}”\n      Bob Dunn (“he” at " in shown
    assert "delighted" not in shown


def test_all_gives_every_quote_in_order_and_how_sure_its_speaker_is(text: Path, run: Run) -> None:
    shown = run("quotes", str(text), "--all").stdout
    assert f"“{LEE}” […] “Now they can see it coming.”\n      Ana Lee, harbour master; sure 0.9" in shown
    assert shown.index("bad weather") < shown.index("delighted") < shown.index("No page")


def test_why_tells_the_terms_and_the_rule_of_each(text: Path, run: Run) -> None:
    shown = run("quotes", str(text), "--why").stdout
    assert "pulled: 0." in shown and "stand +0.12" in shown
    assert "says nothing: “delighted”" in shown


def test_json_names_every_place_and_the_link(run: Run) -> None:
    run("init", "--defaults")
    with LocalWeb() as web:
        web["/ships"] = page(TITLE, "".join(f"<p>{p}</p>" for p in [*PARAGRAPHS, PARAGRAPHS[0] * 4]))
        told = json.loads(run("quotes", f"{web.url}/ships", "--allow-private", "--json").stdout)
        url = web.url
    first = told["quotes"][0]
    assert (first["speaker"], first["role"]) == ("Ana Lee", "harbour master")
    assert first["pieces"][0]["text"] == LEE
    assert first["speaker_at"]["end"] - first["speaker_at"]["start"] == len("Ana Lee")
    assert first["link"] == f"{url}/ships#:~:text={LEE.replace(' ', '%20')}"
    assert "rule" not in first


def test_json_with_why_has_each_quotes_terms_or_its_rule(text: Path, run: Run) -> None:
    told = json.loads(run("quotes", str(text), "--why", "--json").stdout)
    assert [q["key"] for q in told["quotes"]] == [True, True, False]
    assert all(sum(q["terms"].values()) == pytest.approx(q["worth"], abs=0.01) for q in told["quotes"] if q["key"])
    assert told["quotes"][2]["rule"] == "says nothing: “delighted”"
    in_order = json.loads(run("quotes", str(text), "--all", "--why", "--json").stdout)
    starts = [q["pieces"][0]["start"] for q in in_order["quotes"]]
    assert starts == sorted(starts)


def mailed() -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "news@example.org", "mara@example.org", TITLE
    letter.set_content("\n\n".join(PARAGRAPHS))
    return letter.as_bytes()


KINDS = {
    "ships.html": f"<html><body><article><h1>{TITLE}</h1>{''.join(f'<p>{p}</p>' for p in PARAGRAPHS)}</article></body></html>".encode(),
    "ships.md": f"# {TITLE}\n\n{TEXT.partition(chr(10))[2]}".encode(),
    "ships.eml": mailed(),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_text_gives_the_same_quotes(name: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / name).write_bytes(KINDS[name])
    told = json.loads(run("quotes", str(tmp_path / name), "--json").stdout)
    assert [(q["speaker"], q["pieces"][0]["text"]) for q in told["quotes"]] == [("Ana Lee", LEE), ("Bob Dunn", DUNN)]


def test_pasted_text_is_read(run: Run) -> None:
    assert LEE in run("quotes", "-", given=TEXT).stdout


def test_where_nothing_is_pulled_it_says_so(run: Run) -> None:
    assert "no quotes" in run("quotes", "-", given=f"{TITLE}\n\n{PARAGRAPHS[0]}").stdout
    one = f"{TITLE}\n\n{PARAGRAPHS[0]}\n\n“We are delighted to welcome this wonderful page here,” said Ana Lee."
    assert "its one quote is no key quote: --why says why" in run("quotes", "-", given=one).stdout


def test_what_the_publisher_reserves_is_not_pulled(run: Run) -> None:
    run("init", "--defaults")
    with LocalWeb() as web:
        body = "".join(f"<p>{p}</p>" for p in [*PARAGRAPHS, PARAGRAPHS[0] * 4])
        web["/ships"] = page(TITLE, body, '<meta name="robots" content="nosnippet">')
        shown = run("quotes", f"{web.url}/ships", "--allow-private").stdout
        why = run("quotes", f"{web.url}/ships", "--allow-private", "--why").stdout
    assert LEE not in shown and "nosnippet" in shown
    assert "characters, and its publisher allows 0" in why


def test_a_file_that_is_not_there_a_folder_and_an_empty_text_are_named(tmp_path: Path, run: Run) -> None:
    assert "nowhere.txt cannot be read" in run("quotes", "nowhere.txt", ok=False).stderr
    assert "cannot be read" in run("quotes", str(tmp_path), ok=False).stderr
    answer = run("quotes", "-", given="", ok=False)
    assert answer.stderr and "Traceback" not in answer.stderr
