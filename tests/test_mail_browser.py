"""The mail in a real browser: every layout with every kind of issue, on a phone, with and without its style sheet."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

import pytest

from digest.render import render_issue
from digest.render.message import preview_html
from tests.render_cases import cases
from tests.render_samples import FIELDS
from tests.web_browser import sideways

pytestmark = pytest.mark.browser

LAYOUTS = ["briefing", "essay", "links"]
NAMES = list(cases())


@lru_cache
def html_of(layout: str, name: str) -> str:
    issue, config = cases(template=layout)[name]
    return preview_html(render_issue(issue, config).variants[0], FIELDS)


def bare(html: str) -> str:
    return re.sub(r"<style[\s\S]*?</style>", "", html)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_scrolls_sideways_on_the_smallest_phone(opened: Any, layout: str, name: str) -> None:
    html = html_of(layout, name)
    assert sideways(opened(html, 320)) <= 0
    assert sideways(opened(bare(html), 320)) <= 0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_lead_stands_in_the_first_480_pixels_of_a_phone(opened: Any, layout: str) -> None:
    for html in (html_of(layout, "sample"), bare(html_of(layout, "sample"))):
        page = opened(html)
        assert page.evaluate("document.querySelector('h3').getBoundingClientRect().bottom") <= 480
        kicker = page.locator("h2", has_text="Government").first
        assert kicker.bounding_box()["y"] < page.locator("h3").first.bounding_box()["y"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ten_items_stay_under_4500_pixels_on_a_phone(opened: Any, layout: str) -> None:
    for html in (html_of(layout, "sample"), bare(html_of(layout, "sample"))):
        assert opened(html).evaluate("document.documentElement.scrollHeight") < 4500


LINES = """
(selector) => [...document.querySelectorAll(selector)].map(element => {
  const lines = [], range = document.createRange();
  const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    for (let i = 0; i < node.length; i++) {
      range.setStart(node, i); range.setEnd(node, i + 1);
      const box = range.getClientRects()[0];
      if (!box) continue;
      const middle = (box.top + box.bottom) / 2;
      const last = lines[lines.length - 1];
      if (last && Math.abs(last.middle - middle) < 8) last.text += node.data[i];
      else lines.push({middle, text: node.data[i]});
    }
  }
  return lines.map(line => line.text.trim());
})
"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_headline_ends_in_a_lonely_word(opened: Any, layout: str) -> None:
    """Nor a line of "In this issue", cut or whole."""
    for html in (html_of(layout, "sample"), bare(html_of(layout, "sample")), html_of(layout, "25-items")):
        page = opened(html, 320)
        for width in (320, 375, 600, 800):
            page.set_viewport_size({"width": width, "height": 812})
            for lines in page.evaluate(LINES, "h3, .tot"):
                assert len(lines) == 1 or len(lines[-1].split()) > 1, (width, lines)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("width", [320, 375])
def test_a_dot_between_facts_never_ends_a_line(opened: Any, layout: str, width: int) -> None:
    for name in ("sample", "arabic", "long-words"):
        for lines in opened(html_of(layout, name), width).evaluate(LINES, "p, td"):
            assert not [line for line in lines if line.endswith("·")], lines


def test_a_long_quote_stands_upright_and_a_short_one_large_and_slanted(opened: Any) -> None:
    page = opened(html_of("briefing", "sample"))
    styles = page.evaluate(
        "[...document.querySelectorAll('blockquote p')].map(p => {const s = getComputedStyle(p);"
        " return [s.fontStyle, s.fontSize, s.lineHeight]})"
    )
    assert styles == [["normal", "18px", "28px"], ["italic", "20px", "28px"], ["italic", "20px", "28px"]]


@pytest.mark.parametrize("name", ["arabic", "japanese"])
def test_no_script_without_italics_is_slanted(opened: Any, name: str) -> None:
    page = opened(html_of("briefing", name))
    slants = page.evaluate("[...document.querySelectorAll('blockquote p')].map(p => getComputedStyle(p).fontStyle)")
    spaced = page.evaluate("getComputedStyle(document.querySelector('h2')).letterSpacing")
    assert (set(slants), spaced) == ({"normal"}, "normal")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_links_at_the_foot_stand_one_a_line_and_are_large_enough_for_a_thumb(opened: Any, layout: str) -> None:
    for html in (html_of(layout, "sample"), bare(html_of(layout, "sample"))):
        page = opened(html)
        boxes = [
            page.get_by_role("link", name=name).bounding_box()
            for name in ("View in browser", "Change what you get", "Unsubscribe")
        ]
        assert all(box["height"] >= 44 for box in boxes)
        assert all(below["y"] >= above["y"] + above["height"] for above, below in pairwise(boxes))


def test_a_screen_reader_hears_the_mail_in_its_order(opened: Any) -> None:
    tree = opened(html_of("briefing", "sample")).locator("body").aria_snapshot()
    heard = re.findall(r'- (heading|link|blockquote)(?: "([^"]*)")?(?: \[level=(\d)\])?', tree.replace("\u00a0", " "))
    assert heard[:9] == [
        ("heading", "The Weekly Ledger", "1"),
        ("heading", "In this issue", "2"),
        ("heading", "Government", "2"),
        ("heading", "UK and North Sea ministers agree to share their harbour records", "3"),
        ("link", "UK and North Sea ministers agree to share their harbour records", ""),
        ("blockquote", "", ""),
        ("link", "Read at Civic Wire", ""),
        ("heading", "The council that rewrote its letters", "3"),
        ("link", "The council that rewrote its letters", ""),
    ]
    assert [name for kind, name, _ in heard if kind == "heading"][-3:] == [
        "Why the tide gauge at Port Ellery reads low",
        "Retired phones find work counting bats",
        "A map is a public record, a court rules",
    ]
    assert [name for _, name, _ in heard][-4:] == ["Sign up.", "View in browser", "Change what you get", "Unsubscribe"]
    assert 'article "The Weekly Ledger, number 112"' in tree
    assert tree.index("Without plain, early") < tree.index("Matilda Hartwell") < tree.index("Read at Civic")


def test_an_arabic_mail_is_a_mirror_and_its_english_story_is_not(opened: Any) -> None:
    page = opened(html_of("briefing", "arabic"))

    def box(locator: Any) -> Any:
        return locator.first.bounding_box()

    quote = page.locator("blockquote").first
    bar = quote.locator("xpath=ancestor::tr[1]/td[1]")
    assert box(bar)["x"] > box(quote)["x"] + box(quote)["width"] - 1
    edges = page.evaluate(
        """[...document.querySelectorAll('h3')].map(h => {
             const range = document.createRange(); range.selectNodeContents(h);
             const words = range.getBoundingClientRect(), own = h.getBoundingClientRect();
             return [h.lang, Math.round(words.left - own.left), Math.round(own.right - words.right)]})"""
    )
    assert {(lang, left == 0, right == 0) for lang, left, right in edges} == {("", False, True), ("en", True, False)}


@pytest.mark.parametrize("masthead", ["center", "start", "banner"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_masthead_can_be_read(opened: Any, masthead: str, scheme: str) -> None:
    from digest.color import contrast

    issue, config = cases(masthead=masthead)["sample"]
    page = opened(preview_html(render_issue(issue, config).variants[0], FIELDS), scheme=scheme)
    ink, ground = page.evaluate(
        """(() => { const h = document.querySelector('h1'); let e = h, ground;
             do { ground = getComputedStyle(e).backgroundColor; e = e.parentElement } while (ground == 'rgba(0, 0, 0, 0)');
             return [getComputedStyle(h).color, ground] })()"""
    )

    def hexed(color: str) -> str:
        return "#" + "".join(f"{int(n):02x}" for n in re.findall(r"\d+", color)[:3])

    assert contrast(hexed(ink), hexed(ground)) >= 4.5


def test_a_wider_screen_shows_the_headlines_of_the_contents_whole(opened: Any) -> None:
    html = html_of("briefing", "sample")
    row = "UK and North Sea ministers agree to share their harbour records"

    def shown(page: Any) -> str:
        return str(page.evaluate("document.querySelector('.tot').innerText")).replace("\u00a0", " ")

    assert shown(opened(html, 800)) == row
    assert shown(opened(html, 375)) == "UK and North Sea ministers agree…"
    assert shown(opened(bare(html), 375)) == "UK and North Sea ministers agree…"


@pytest.mark.parametrize("width", [320, 800])
def test_a_section_s_name_in_the_contents_stays_in_one_line(opened: Any, width: int) -> None:
    for lines in opened(html_of("briefing", "sample"), width).evaluate(LINES, "td.toc"):
        assert len(lines) == 1, lines
