"""Pictures as an editor and a reader meet them: the command line, the preview, the site, a backup, a phone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from digest.cli import cli
from digest.config import load_config
from digest.dispatch import backup
from digest.render import render_issue
from digest.render.message import preview_html
from digest.store import open_store
from digest.web.preview import Workshop, create_preview
from digest.web.site import create_site
from tests.command_line import ROOT, run_in
from tests.picture_samples import chart, copies, encoded, pictured
from tests.render_samples import FIELDS
from tests.web_browser import sideways
from tests.web_newsletter import NOW, SLUG

Run = Callable[..., str]
WEEK = ("--week", SLUG)
OWN = "price of a meeting"  # the sample's article with a picture
OTHER = "night train"


def show(folder: Path, line: str) -> None:
    config = folder / "digest.toml"
    config.write_text(f"{config.read_text('utf-8')}\n[pictures]\n{line}\n", "utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample newsletter with its pictures on and its draft made."""
    folder = tmp_path_factory.mktemp("pictures")
    shutil.copy(ROOT / "digest.toml", folder)
    shutil.copytree(ROOT / "examples", folder / "examples")
    show(folder, 'show = "all"')
    told = run_in(folder)("weekly", *WEEK).stdout
    assert "Pictures:  1 printed" in told
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "ledger")
    return tmp_path / "ledger"


@pytest.fixture
def run(folder: Path) -> Run:
    """The command line, in this process: its own start costs more than what it does here."""

    def run(*args: str) -> str:
        done = CliRunner().invoke(cli, ["--project", str(folder), *args], env={"DIGEST_EDITOR": "Mara"})
        assert done.exit_code == 0, done.output
        return done.output

    return run


def printed(folder: Path) -> dict[str, str]:
    """Of the stored draft: outlet -> whose picture it prints."""
    with open_store(folder) as store:
        return {i.article.outlet or "": i.picture.credit for i in store.issues.issue(SLUG).items if i.picture}


def test_the_sample_prints_its_picture_where_pictures_are_on(made: Path) -> None:
    assert printed(made) == {"Commonplace": "Ruth Adeyemi"}
    html = (made / f"var/issues/{SLUG}/issue.html").read_text("utf-8")
    assert len(re.findall(r'<img [^>]*src="data:image/png;base64,', html)) == 1
    assert "Picture: Ruth Adeyemi, CC BY 4.0]" in " ".join(
        (made / f"var/issues/{SLUG}/issue.txt").read_text("utf-8").split()
    )


def test_an_editors_word_prints_a_file_and_outlives_the_next_weekly(run: Run, folder: Path) -> None:
    (folder / "bars.png").write_bytes(encoded(chart()))
    told = run("articles", "picture", OTHER, str(folder / "bars.png"), *WEEK)
    assert f'`digest articles picture "{OTHER}" --license … --credit … --alt …`' in told
    told = run("articles", "picture", OTHER, "--license", "own", "--credit", "Mara", "--alt", "Eight bars", *WEEK)
    assert "Mara; “Eight bars”; 1040 × 560 pixels" in told
    (folder / "bars.png").unlink()
    run("weekly", *WEEK)
    assert printed(folder) == {"Commonplace": "Ruth Adeyemi", "Sleeper Post": "Mara"}
    assert "Mara; own; “Eight bars”" in run("edits", "list", SLUG).replace("\n", "")
    run("articles", "picture", OTHER, "--undo", *WEEK)
    run("articles", "picture", OWN, "--none", *WEEK)
    assert "an editor wants none" in run("build", *WEEK)
    assert printed(folder) == {}


@pytest.mark.parametrize(
    ("args", "what", "code"),
    [
        (["nowhere.png"], "nowhere.png cannot be read", 1),
        (["digest.toml"], "no JPEG, PNG, WebP or GIF", 1),
        (["https://127.0.0.1:9/x.png", "--credit", "A", "--license", "B", "--alt", "C"], "private address", 1),
        (["--license", "https://example.org/terms"], "no license we know", 1),
        (["--alt", "x", "--decorates"], "no alt text", 1),
        (["--credit", "a\nb"], "line break", 1),
        (["--none", "--credit", "A"], "stand alone", 2),
    ],
)
def test_a_word_that_cannot_be_kept_is_refused(made: Path, args: list[str], what: str, code: int) -> None:
    args = [str(ROOT / "digest.toml") if arg == "digest.toml" else arg for arg in args]
    done = CliRunner().invoke(cli, ["--project", str(made), "articles", "picture", OTHER, *WEEK, *args])
    assert done.exit_code == code
    assert what in done.output
    with open_store(made) as store:
        assert store.issues.edits(SLUG) == []


def test_what_is_known_of_a_picture_is_said(made: Path) -> None:
    told = CliRunner().invoke(cli, ["--project", str(made), "articles", "picture", OWN, *WEEK]).output
    assert "credit: Ruth Adeyemi" in told
    assert "CC BY 4.0; “Two pairs of bars" in told


def test_a_backup_holds_the_copies(made: Path, tmp_path: Path) -> None:
    backup.backup(made, tmp_path / "ledger.tar")
    (tmp_path / "again").mkdir()
    backup.read(tmp_path / "ledger.tar", tmp_path / "again")
    with open_store(made) as old, open_store(tmp_path / "again") as new:
        known = {item.picture.copy for item in old.issues.issue(SLUG).items if item.picture}
        assert new.pictures.copies(known) == old.pictures.copies(known)
        assert len(known) == 1


def test_the_site_serves_a_copy_for_ever_and_nothing_else(made: Path) -> None:
    with open_store(made) as store:
        (hash,) = {item.picture.copy for item in store.issues.issue(SLUG).items if item.picture}
        copy = store.pictures.get(hash)
    assert copy is not None
    site = create_site(made, load_config(made)).test_client()
    answer = site.get(f"/pictures/{copy.name}")
    assert answer.data == copy.data
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers
    again = site.get(f"/pictures/{copy.name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for name in (f"{hash}.jpg", f"{'0' * 64}.png", hash, "..%2fdigest.toml", f"{hash}.png.html"):
        assert site.get(f"/pictures/{name}").status_code == 404


def test_the_preview_shows_them_and_says_why_others_are_missing(run: Run, folder: Path) -> None:
    run("articles", "picture", OTHER, "--none", *WEEK)
    workshop = Workshop(folder, SLUG)
    client = create_preview(workshop, token="k3y", now=lambda: NOW).test_client()
    client.get("/?token=k3y")
    frame = client.get("/frame/mail?pictures=on")
    assert "img-src data:" in frame.headers["Content-Security-Policy"]
    assert 'src="data:image/png;base64,' in frame.text
    assert "cid:" not in frame.text
    desk = client.get("/").text
    assert "Picture: Ruth Adeyemi, CC BY 4.0" in desk
    assert "No picture: an editor wants none" in desk


# ------------------------------------------------------------------------------------------------ on a phone


@lru_cache
def html_of(layout: str, name: str) -> str:
    issue, config = pictured(template=layout)[name]
    return preview_html(render_issue(issue, config, copies=copies()).variants[0], FIELDS)


def bare(html: str) -> str:
    return re.sub(r"<style[\s\S]*?</style>", "", html)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("layout", "name"),
    [("briefing", "pictures-all"), ("briefing", "pictures-arabic"), ("essay", "pictures-long-words")],
)
def test_no_picture_scrolls_the_smallest_phone_sideways(opened: Any, layout: str, name: str) -> None:
    html = html_of(layout, name)
    assert sideways(opened(html, 320)) <= 0
    assert sideways(opened(bare(html), 320)) <= 0
    assert sideways(opened(off(html), 320)) <= 0


def off(html: str) -> str:
    return re.sub(r'src="data:[^"]*"', 'src="https://off.invalid/"', html)


BOXES = """
() => [...document.querySelectorAll('img')].map(img => {
  const box = img.getBoundingClientRect(), cap = img.nextElementSibling.getBoundingClientRect();
  return {left: box.left, right: box.right, width: box.width, height: box.height, loaded: img.naturalWidth,
          ratio: img.naturalWidth / img.naturalHeight, below: cap.top - box.bottom, caption: img.nextElementSibling.innerText};
})
"""


@pytest.mark.browser
@pytest.mark.parametrize(("width", "column"), [(375, 335), (800, 520)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_picture_fills_its_column_undistorted_its_credit_just_below(
    opened: Any, width: int, column: int, scheme: str
) -> None:
    boxes = opened(html_of("briefing", "pictures-all"), width, scheme).evaluate(BOXES)
    assert len(boxes) == 7
    for box in boxes:
        assert box["loaded"] > 0
        assert box["width"] <= column
        assert box["width"] / box["height"] == pytest.approx(box["ratio"], rel=0.02)
        assert 0 <= box["below"] <= 8
        assert box["caption"].endswith(", CC\u00a0BY\u00a04.0")
    assert boxes[0]["width"] == column


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_pictures_off_its_words_stand_in_its_place(opened: Any, scheme: str) -> None:
    html = off(html_of("briefing", "pictures-lead"))
    page = opened(html, 375, scheme)
    image = page.locator("img").first
    assert image.evaluate("e => e.naturalWidth") == 0
    assert page.get_by_role("img", name=re.compile("Three ships lie in a harbor")).count() == 1
    ink, ground = image.evaluate("e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]")
    assert contrast_of(ink, ground) >= 4.5


def contrast_of(ink: str, ground: str) -> float:
    from digest.color import contrast

    def hexed(color: str) -> str:
        return "#" + "".join(f"{int(n):02x}" for n in re.findall(r"\d+", color)[:3])

    return contrast(hexed(ink), hexed(ground))
