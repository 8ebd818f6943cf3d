"""Style sheets and colors are read as a browser reads them, faults included; measured against a real one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from digest.render import render_issue
from digest.render.checks import contrast
from digest.render.checks.cascade import counts, matches
from digest.render.checks.css import declarations, faults_of, parse_selector, parse_sheet
from digest.render.checks.mail import read
from digest.render.checks.values import NAMED, background_of, color_of, hex_of, over, pixels_of
from tests.check_samples import CONFIG, base
from tests.web_browser import ARGS


@pytest.mark.parametrize(
    ("sheet", "rules", "faults"),
    [
        (".a{margin:0}", 1, 0),
        (".a{margin:0}.b,.c{color:red !important}", 2, 0),
        ("@media screen{.a{margin:0}}", 1, 0),
        ("@media screen{@media print{.a{margin:0}}}", 1, 0),
        ("@font-face{font-family:A}.a{margin:0}", 1, 0),
        ("@keyframes x{from{a:b}to{a:b}}.a{margin:0}", 1, 0),
        ("@import url(a.css);.a{margin:0}", 1, 0),
        ("/* } */.a{content:'}'}", 1, 0),
        (".a{background:url(data:image/png;base64,AA==)}", 1, 0),
        (".a{margin:0}}", 1, 1),
        (".a{margin:0", 1, 1),
        ("@media screen{.a{margin:0}", 1, 1),
        (".a{margin}", 1, 1),
        (".a{margin:}", 1, 1),
        (".a{.b{margin:0}}", 1, 1),
        ("{margin:0}", 1, 1),
        (".a,{margin:0}", 1, 1),
        ("margin:0", 0, 1),
        ("", 0, 0),
    ],
)
def test_a_style_sheet_and_its_faults(sheet: str, rules: int, faults: int) -> None:
    parsed = parse_sheet(sheet)
    assert (len(parsed.rules), len(parsed.faults)) == (rules, faults), parsed.faults


def test_rules_and_faults_know_their_line() -> None:
    parsed = parse_sheet("\n.a{margin:0}\n/* two\nlines */\n@media print{\n.b{margin:0}\n}\n.c{x}\n")
    assert [rule.line for rule in parsed.rules] == [2, 6, 8]
    assert [line for _, line in parsed.faults] == [8]
    assert parsed.rules[1].at == ("@media print",)
    assert parsed.ats == (("@media print", 5),)


def test_a_style_attribute() -> None:
    found = declarations("COLOR: Red ; margin:0 !important; background:url('a;b') ")
    assert [(d.name, d.value, d.important) for d in found] == [
        ("color", "Red", False),
        ("margin", "0", True),
        ("background", "url('a;b')", False),
    ]
    assert faults_of("color:red;;mso-line-height-rule:exactly") == ()
    assert faults_of("color") == ("“color” is no declaration",)


PAGE = lxml_html.document_fromstring(
    "<html><body><div class='a b' id='x'><p lang='de-AT'>one</p><h1>two</h1><p class='b'>three</p></div></body></html>"
)


@pytest.mark.parametrize(
    ("selector", "texts"),
    [
        ("p", ["one", "three"]),
        (".b p", ["one", "three"]),
        ("div.a.b > p.b", ["three"]),
        ("#x h1", ["two"]),
        ("h1 + p", ["three"]),
        ("p ~ p", ["three"]),
        ("[lang|=de]", ["one"]),
        ("[lang^='de']", ["one"]),
        ("p[lang$=AT]", ["one"]),
        ("* p.b", ["three"]),
        (":root p", ["one", "three"]),
        ("p:hover", []),
        ("[data-ogsc] h1", []),
        ("body > p", []),
    ],
)
def test_a_selector(selector: str, texts: list[str]) -> None:
    parsed = parse_selector(selector)
    assert parsed is not None
    assert [e.text for e in PAGE.iter("p", "h1") if matches(e, parsed)] == texts


def test_what_outlook_puts_around_the_mail_is_there_when_it_darkens() -> None:
    parsed = parse_selector("[data-ogsc] h1")
    assert parsed is not None
    assert matches(PAGE.find(".//h1"), parsed, frozenset({"data-ogsc"}))


@pytest.mark.parametrize(
    ("query", "true"),
    [
        ("@media (prefers-color-scheme:dark)", True),
        ("@media (prefers-color-scheme: light)", False),
        ("@media screen and (min-width:601px)", False),
        ("@media screen and (max-width:600px)", True),
        ("@media print", False),
        ("@media print, screen", True),
        ("@supports (display:grid)", True),
    ],
)
def test_a_media_query_on_a_dark_phone(query: str, true: bool) -> None:
    assert counts(query, {"scheme": "dark", "width": "375"}) == true


@pytest.mark.parametrize(
    ("value", "color"),
    [
        ("#abc", "#aabbcc"),
        ("#AABBCC", "#aabbcc"),
        ("#aabbcc80", "#aabbcc"),
        ("rgb(1, 2, 3)", "#010203"),
        ("rgb(1 2 3 / 50%)", "#010203"),
        ("rgba(100%,0%,0%,.5)", "#ff0000"),
        ("hsl(120, 100%, 25%)", "#008000"),
        ("RebeccaPurple", "#663399"),
    ],
)
def test_a_color(value: str, color: str) -> None:
    found = color_of(value)
    assert found is not None
    assert hex_of(found) == color


def test_what_is_no_color() -> None:
    assert all(color_of(value) is None for value in ("inherit", "currentcolor", "#12345", "rgb(1)", "url(a)", ""))


def test_a_ground_is_found_in_the_shorthand_and_transparency_is_mixed() -> None:
    assert background_of({"background": "url(a) no-repeat #102030"}) == color_of("#102030")
    assert background_of({"margin": "0"}) is None
    assert hex_of(over((0, 0, 0, 0.5), (255, 255, 255, 1))) == "#808080"


@pytest.mark.parametrize(("value", "pixels"), [("12px", 12), ("12pt", 16), ("1.5em", 30), ("50%", 10), ("2rem", 32)])
def test_a_size(value: str, pixels: float) -> None:
    assert pixels_of(value, 20) == pixels


@given(st.text(alphabet="a{}@;:.,#!()\"'/* \nmedia", max_size=120))
@settings(deadline=None)
def test_any_text_can_be_read_as_a_style_sheet(text: str) -> None:
    parse_sheet(text)
    declarations(text)
    parse_selector(text)


# ------------------------------------------------------------------------------------------------ beside a browser

COLORS = """() => {
  const opaque = (c) => !/, 0\\)$/.test(c) && c !== 'transparent';
  const out = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || e.closest('style') || !e.getClientRects().length) continue;
    let ground = e;
    while (ground && !opaque(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
    const s = getComputedStyle(e);
    out.push([walk.currentNode.data.trim(), s.color, ground ? getComputedStyle(ground).backgroundColor : '',
              parseFloat(s.fontSize), Number(s.fontWeight) >= 600]);
  }
  return out;
}"""


@pytest.fixture(scope="module")
def page(chromium: str) -> Any:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=ARGS)
        yield browser.new_page(viewport={"width": 375, "height": 800})
        browser.close()


@pytest.mark.browser
def test_every_named_color_is_the_browser_s(page: Any) -> None:
    page.set_content("<p id=a>")
    for name, digits in NAMED.items():
        shown = page.evaluate("n => { a.style.color = ''; a.style.color = n; return getComputedStyle(a).color }", name)
        assert _hex(shown) == f"#{digits}", name


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("styled", [True, False])
def test_every_word_has_the_color_ground_and_size_a_browser_gives_it(
    page: Any, tmp_path: Path, scheme: str, styled: bool
) -> None:
    issue = base()
    (variant,) = render_issue(issue, CONFIG).variants
    if not styled:
        variant = replace(variant, html=re.sub(r"<style>[\s\S]*?</style>", "", variant.html))
    file = tmp_path / "mail.html"
    file.write_text(variant.html, "utf-8")
    page.emulate_media(color_scheme=scheme)
    page.goto(file.as_uri())
    theirs = [(_words(text), _hex(ink), _hex(ground), *rest) for text, ink, ground, *rest in page.evaluate(COLORS)]
    ours = [
        (_words(text), hex_of(over(state.ink, state.ground)), hex_of(state.ground), state.size, state.bold)
        for _, text, state in contrast.seen(read(issue, variant), contrast.Look("", "", scheme, 375))
        if state.ground is not None
    ]
    assert ours == [piece for piece in theirs if piece[0]]


def _words(text: str) -> str:
    return " ".join(text.split()).strip("· |,")


def _hex(shown: str) -> str:
    return "#" + "".join(f"{int(n):02x}" for n in re.findall(r"\d+", shown)[:3])
