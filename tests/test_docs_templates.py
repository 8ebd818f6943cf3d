"""docs/templates.md lists every block, macro and variable there is, and its templates work as printed."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from digest.render import render_issue
from digest.render.check import visible_text
from digest.render.message import TOKENS
from digest.render.templates import find_templates
from digest.render.theme import FONTS, Look, Palette
from digest.render.view import ContentsRow, GroupView, ItemView, Page, PictureView, QuoteView
from digest.render.words import known_languages
from tests.render_samples import make_config, sample_issue

ROOT = Path(__file__).resolve().parent.parent
DOC = (ROOT / "docs/templates.md").read_text("utf-8")
TEMPLATES = ROOT / "templates" / "email"


def named(heading: str, after: str = "") -> list[str]:
    """What stands in the first column under *heading* (after the word *after*), without its parameters."""
    part = DOC.split(f"\n{heading}\n")[1].split("\n#")[0]
    part = part.split(after)[1].split("\n\n")[0] if after else part
    return [name.partition("(")[0] for name in re.findall(r"^\| `([^`]+)` \|", part, re.M)]


def members(kind: type) -> set[str]:
    own = {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
    return {field.name for field in fields(kind)} | own


@pytest.mark.parametrize(("kind", "after"), [("html", "| HTML"), ("txt", "| Text")])
def test_every_block_is_listed_in_its_order(kind: str, after: str) -> None:
    template = (TEMPLATES / "briefing" / f"issue.{kind}.j2").read_text("utf-8")
    blocks = re.findall(r"{% block (\w+)", template.partition("#}")[2])
    assert named("## Blocks", after) == blocks


def test_every_macro_is_listed_with_its_parameters() -> None:
    macros = re.findall(r"{% macro (\w+\(.*?\)) %}", (TEMPLATES / "macros.html.j2").read_text("utf-8"))
    part = DOC.split("\n## Macros\n")[1].split("\n#")[0]
    assert re.findall(r"^\| `([^`]+)` \|", part, re.M) == macros


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("### page", Page),
        ("### group", GroupView),
        ("### item", ItemView),
        ("### picture", PictureView),
        ("### quote", QuoteView),
        ("### contents", ContentsRow),
        ("### look", Look),
        ("### theme", Palette),
    ],
)
def test_every_variable_is_listed(heading: str, kind: type) -> None:
    assert set(named(heading)) == members(kind)


def test_tokens_filters_fonts_and_languages_are_listed() -> None:
    assert set(named("### tokens")) == set(TOKENS)
    assert set(named("### Filters")) == {"nbsp", "no_widow", "wrap", "pad"}
    assert f"# {', '.join(FONTS)}: fonts" in DOC
    (listed,) = re.findall(r"one file a language \((.*?)\)", DOC, re.S)
    assert set(listed.replace("\n", " ").split(", ")) == known_languages()


def test_the_theme_is_printed_with_its_keys_and_defaults() -> None:
    import tomllib

    from digest.config import Theme

    (block,) = [b for b in re.findall(r"```toml\n(.*?)```", DOC, re.S) if "[theme]" in b]
    assert tomllib.loads(block)["theme"] == {f.name: f.default for f in fields(Theme)}


def test_the_keys_of_pictures_are_printed_with_their_defaults() -> None:
    import tomllib

    from digest.config import Pictures

    (block,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/pictures.md").read_text("utf-8"), re.S)
    assert tomllib.loads(block)["pictures"] == {f.name: f.default for f in fields(Pictures)}


def test_the_limits_of_quoting_are_printed_with_their_defaults() -> None:
    import tomllib

    from digest.config import Quoting

    page = (ROOT / "docs/quoting.md").read_text("utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.S)
    printed = tomllib.loads(block)["quoting"]
    assert {**printed, "outlets": {}} == {f.name: getattr(Quoting(), f.name) for f in fields(Quoting)}
    assert "manners, not legal safety" in page


EXAMPLES = re.findall(r"`templates/email/([\w./]+)`\n\n```jinja\n(.*?)```", DOC, re.S)
SHOWS = {
    "issue.html.j2": "Until next week, Mara Lindqvist",
    "macros.html.j2": '<td class="rule" style="border-top:2px solid #1f1d1a; padding:12px 0 0 0" align="center"><h2',
    "inline.css": "font-size:28px",
}


@pytest.mark.parametrize(("name", "text"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_a_template_of_the_page_changes_what_it_says_and_nothing_else(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "templates" / "email" / name
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    config = make_config()
    plain = render_issue(sample_issue(), config).variants[0].html
    html = render_issue(sample_issue(), config, templates=find_templates(tmp_path)).variants[0].html
    assert SHOWS[name] in html
    assert SHOWS[name] not in plain
    if name != "issue.html.j2":
        assert visible_text(html).split() == visible_text(plain).split()


def test_every_example_is_tried() -> None:
    assert {name for name, _ in EXAMPLES} == set(SHOWS)


def test_a_macro_of_ones_own_is_used_by_the_packaged_ones(tmp_path: Path) -> None:
    """`quotes` calls `quote`: a newsletter that replaces only the latter sees it everywhere."""
    path = tmp_path / "templates" / "email" / "macros.html.j2"
    path.parent.mkdir(parents=True)
    path.write_text("{% macro quote(q) %}<p>OWN {{ q.speaker }}</p>{% endmacro %}", "utf-8")
    html = render_issue(sample_issue(), make_config(), templates=find_templates(tmp_path)).variants[0].html
    assert visible_text(html).count("OWN") == 3
    assert "OWN Inge Halvorsen" in visible_text(html)


def test_a_layout_of_ones_own_is_found_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "email" / "broadsheet"
    folder.mkdir(parents=True)
    for kind in ("html", "txt"):
        (folder / f"issue.{kind}.j2").write_text(f'{{% extends "essay/issue.{kind}.j2" %}}', "utf-8")
    config = make_config(template="broadsheet")
    own = render_issue(sample_issue(), config, templates=find_templates(tmp_path)).variants[0]
    essay = render_issue(sample_issue(), replace(config, theme=replace(config.theme, template="essay"))).variants[0]
    assert own.html == essay.html
