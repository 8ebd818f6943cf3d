"""What the README says, runs: each of its blocks, in order, on a fresh copy of the sample newsletter."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import make_sample, run_digest
from tests.local_web import LocalWeb, item, page, rss

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = (
    "README.md",
    "docs/bounces.md",
    "docs/check.md",
    "docs/desk.md",
    "docs/doctor.md",
    "docs/editing.md",
    "docs/pictures.md",
    "docs/preview.md",
    "docs/quotes.md",
    "docs/relays.md",
    "docs/scale-out.md",
    "docs/scheduling.md",
    "docs/sending.md",
    "docs/site.md",
    "docs/sources.md",
    "docs/subscribers.md",
    "docs/summaries.md",
    "docs/templates.md",
)
SERVES = {"desk", "preview", "serve"}  # they run until Ctrl-C; the browser tests start them
ELSEWHERE = "https://example.org"  # a site of the web; here a server on this machine stands for it


def commands(block: str) -> list[str]:
    return [line[2:].split("  #")[0].strip() for line in block.splitlines() if line.startswith("$ digest ")]


BLOCKS = [
    pytest.param(block, id=f"{page}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```console\n(.*?)```", (ROOT / page).read_text("utf-8"), re.S))
    if commands(block)
]


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with LocalWeb() as running:
        named = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
        running["/"] = page("Harbour Notes", "<p>Welcome.</p>", named)
        running["/feed.xml"] = rss(item(1, link="https://a.example/1"))
        yield running


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_the_docs_runs_as_typed(block: str, tmp_path: Path, web: LocalWeb) -> None:
    tmp_path = tmp_path / "newsletter"  # so that a block's `..` is its own
    make_sample(tmp_path)
    shutil.copy(ROOT / "examples/week/subscribers.csv", tmp_path / "readers.csv")
    shutil.copy(ROOT / "examples/week/articles/damp.txt", tmp_path / "pasted.txt")
    env = {**os.environ, "DIGEST_NOW": "2026-03-22T18:00:00+00:00", "DIGEST_EDITOR": "Mara"}

    def run(line: str) -> None:
        line = line.replace(ELSEWHERE, web.url)
        typed, _, written = line.partition(" > ")
        typed, _, given = typed.partition(" < ")
        args = shlex.split(typed)[1:]
        extra = {"init": ["--defaults"], "approve": ["--yes"], "send": ["--yes"]}.get(args[0], [])
        extra += ["--allow-private"] if args[:2] == ["sources", "add"] else []
        typed_in = (tmp_path / given).read_text("utf-8") if given else ""
        done = run_digest([*args, *extra], env=env, cwd=tmp_path, given=typed_in)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        if written:
            (tmp_path / written).write_text(done.stdout, "utf-8")

    if "digest restore" in block:
        run("digest backup ../ledger.tar.gz")
    if "digest deliveries" in block:  # of an issue that is out
        run("digest approve")
        run("digest send")
    for line in commands(block):
        if line.split()[1] not in SERVES:
            run(line)


UNITS = {
    name: text
    for page in ("docs/scheduling.md", "docs/scale-out.md")
    for name, text in re.findall(r"```ini (\S+)\n(.*?)```", (ROOT / page).read_text("utf-8"), re.S)
}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_the_units_of_the_docs_are_taken_by_systemd(tmp_path: Path) -> None:
    wanted = {"digest-send.service", "digest-send.timer", "digest-weekly.timer", "digest-serve.service"}
    assert wanted | {"digest-worker@.service"} <= set(UNITS)
    for name, text in UNITS.items():
        installed = text.replace("/usr/local/bin/digest", sys.executable).replace("User=digest", "User=root")
        (tmp_path / name).write_text(installed, "utf-8")
    files = [str(tmp_path / name) for name in UNITS]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_commands_of_units_and_cron_lines_are_ours(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from digest.cli import cli

    page = (ROOT / "docs/scheduling.md").read_text("utf-8")
    (lines,) = re.findall(r"```cron\n(.*?)```", page, re.S)
    typed = re.findall(r"/usr/local/bin/digest ([^\n]*)", lines + "".join(UNITS.values()))
    assert len(typed) >= 6
    for line in lines.splitlines():
        assert re.match(r"(?:[\d*/]+ +){5}cd /srv/newsletter && ", line), line
    for line in typed:
        told = CliRunner().invoke(cli, [*shlex.split(line), "--help"])
        assert told.exit_code == 0, line


@pytest.mark.parametrize("name", ["README.md", "docs/library.md"])
def test_the_library_examples_run(name: str) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_library_page_names_every_public_function_with_its_parameters() -> None:
    import inspect

    import digest

    text = (ROOT / "docs/library.md").read_text("utf-8")
    for name in digest.__all__:
        (given,) = re.findall(rf"`digest\.{name}\((.*?)\)` \|", text)
        known = inspect.signature(getattr(digest, name)).parameters
        for word in re.findall(r"(\w+)(?:=|,|$)", re.sub(r"=[^,]+", "=", given)):
            assert word in known, f"{name}({word})"


def test_the_changelog_and_the_readme_speak_of_the_same_commands() -> None:
    from digest.cli import ALL

    for name in re.findall(r"`digest ([a-z]+)", README + (ROOT / "CHANGELOG.md").read_text("utf-8")):
        assert name in ALL, name


# ------------------------------------------------------------------------------------------------ relays, doctor

RELAYS = (ROOT / "docs/relays.md").read_text("utf-8")


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", RELAYS, re.S))
def test_settings_of_the_relays_page_are_settings(block: str) -> None:
    from digest.config import parse_config
    from digest.dispatch.doctor.records import mail_from_records

    config = parse_config('[newsletter]\nname = "N"\nfrom = "n@example.org"\n' + block)
    assert bool(mail_from_records(config)) == (config.smtp.profile == "ses")


@pytest.mark.skipif(shutil.which("postconf") is None, reason="no postfix here")
def test_the_lines_for_postfix_are_known_to_postfix(tmp_path: Path) -> None:
    (lines,) = re.findall(r"```postfix\n(.*?)```", RELAYS, re.S)
    (tmp_path / "main.cf").write_text(lines, "utf-8")
    (tmp_path / "master.cf").write_text("", "utf-8")
    done = subprocess.run(["postconf", "-c", str(tmp_path), "-n"], capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "unused parameter" in line]) == (0, [])
    known = {line for line in done.stdout.splitlines() if not line.startswith("config_directory")}
    assert known == set(lines.splitlines())


def test_the_relays_page_says_what_the_profiles_do() -> None:
    from digest.send.relays import OWN_ID, PROFILES

    ses = PROFILES["ses"]
    assert f"`{OWN_ID}`" in RELAYS
    assert f"{ses.rate:g} a second unless" in RELAYS and f"carries {ses.letters_per_connection}," in RELAYS
    assert f"| {ses.most_bytes // 2**20} MB |" in RELAYS
    assert all(name in RELAYS for name in ("Date", "Message-ID") if name in ses.writes)


def test_the_doctors_page_lists_every_topic() -> None:
    from digest.dispatch.doctor.audience import PROVIDERS

    source = "".join(path.read_text("utf-8") for path in (ROOT / "digest/dispatch/doctor").glob("*.py"))
    topics = set(re.findall(r'\b(?:good|error|warning|skipped|say)\(\s*"([^"]+)"', source)) | {*PROVIDERS}
    page = (ROOT / "docs/doctor.md").read_text("utf-8")
    listed = {name for cell in re.findall(r"^\| ([^|]+) \|", page, re.M) for name in cell.split(", ")}
    assert len(topics) > 15
    assert topics <= listed, topics - listed
    assert listed <= topics | {"topic", "---", "(an issue)"}, listed - topics


# ------------------------------------------------------------------------------------------------ scale-out

SCALE_OUT = (ROOT / "docs/scale-out.md").read_text("utf-8")


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", SCALE_OUT, re.S))
def test_settings_of_the_scale_out_page_are_settings(block: str) -> None:
    from digest.config import parse_config

    newsletter = "" if "[newsletter]" in block else '[newsletter]\nname = "N"\nfrom = "n@example.org"\n'
    assert parse_config(newsletter + block).cluster.broker


def test_the_scale_out_page_names_every_variable_and_the_size_of_a_shard() -> None:
    from digest.dispatch.cluster import broker, coordinator
    from digest.dispatch.cluster.shards import KEY_VARIABLE

    for name in (broker.BROKER_PASSWORD, broker.CLAIMS_PASSWORD, KEY_VARIABLE, "DIGEST_SMTP_PASSWORD"):
        assert f"| `{name}` |" in SCALE_OUT
    assert f"up to {coordinator.SHARD_ROWS} readers" in SCALE_OUT
    assert coordinator.SHARD_S == 60, "“the minute that a shard may take”"
