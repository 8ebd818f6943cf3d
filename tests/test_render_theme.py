"""[theme]: what it refuses, and what it changes without a word of HTML."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from digest.config import parse_config
from digest.errors import ConfigError
from digest.render import render_issue
from digest.render.check import visible_text
from digest.render.theme import FONTS
from tests.render_samples import TOML, make_config, sample_issue

LOGO = 'logo = "https://ledger.example.com/logo.png"\nlogo_width = 200\nlogo_height = 40\n'


def html_of(**theme: object) -> str:
    config = make_config()
    return render_issue(sample_issue(), replace(config, theme=replace(config.theme, **theme))).variants[0].html  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("theme", "what", "hint"),
    [
        ('accent = "#ffcc00"', "theme.accent = #ffcc00 reads badly on #ffffff: contrast 1.5", "the nearest color"),
        ('accent_dark = "#552222"', "theme.accent_dark = #552222 reads badly on #1e1c1a", "the nearest color"),
        ('accent = "red"', "theme.accent = 'red' is no color", "six hex digits"),
        ('headings = "comic"', "'theme.headings' is 'comic'", "serif, book, sans"),
        ('masthead = "baner"', "'theme.masthead' is 'baner'", "did you mean 'banner'?"),
        ('density = "tight"', "'theme.density' is 'tight'", "compact, normal, airy"),
        ('template = "../secret"', "is no layout", "briefing, essay, links"),
        ('logo = "https://cdn.example.net/logo.png"', "not on the newsletter's own site", "ledger.example.com"),
        ('logo = "../logo.png"', "not on the newsletter's own site", "a file in its folder"),
        ('logo = "/etc/logo.png"', "not on the newsletter's own site", "a file in its folder"),
        ('logo = "http://ledger.example.com/logo.png"', "not on the newsletter's own site", "https"),
        (LOGO.replace("png", "svg"), "no picture that all mail programs show", "PNG, JPEG or GIF"),
        (LOGO.replace("= 200", "= 0"), "theme.logo_width and theme.logo_height are needed", "px"),
        (LOGO.replace("= 200", "= 600"), "at most 335", "twice as many"),
    ],
)
def test_a_look_that_readers_could_not_see_is_refused_when_the_file_is_read(theme: str, what: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(f"{TOML}\n[theme]\n{theme}")
    assert what in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize("key", ["accent", "accent_dark"])
@pytest.mark.parametrize("color", ["#ffcc00", "#00ff88", "#777777", "#331111", "#ffffff", "#000000"])
def test_the_color_proposed_is_accepted(key: str, color: str) -> None:
    try:
        parse_config(f'{TOML}\n[theme]\n{key} = "{color}"')
    except ConfigError as error:
        (better,) = re.findall(r"#[0-9a-f]{6}", error.hint)
        parse_config(f'{TOML}\n[theme]\n{key} = "{better}"')


def test_fonts_change_where_they_are_asked_for_and_nowhere_else() -> None:
    html = html_of(headings="mono", text="book", labels="wide").replace(", ", ",").replace('"', "'")
    for font in ("mono", "book", "wide"):
        assert FONTS[font] in html  # type: ignore[index]
    assert "Georgia,'Times" not in html
    assert "-apple-system" not in html


@pytest.mark.parametrize("theme", [{"density": "airy"}, {"masthead": "start"}, {"headings": "sans"}])
def test_a_theme_changes_no_word(theme: dict[str, object]) -> None:
    assert visible_text(html_of(**theme)).split() == visible_text(html_of()).split()
    assert html_of(**theme) != html_of()


def test_a_logo_stands_for_the_name_and_says_it() -> None:
    html = html_of(logo="https://ledger.example.com/logo.png", logo_width=200, logo_height=40)
    (picture,) = re.findall(r"<img[^>]*>", html)
    for part in ('src="https://ledger.example.com/logo.png"', 'width="200"', 'height="40"', 'alt="The Weekly Ledger"'):
        assert part in picture
    assert re.search(r"<h1[^>]*><img", html)


def test_the_mail_fetches_nothing_by_default() -> None:
    assert not re.search(r"<img|<link|@import|url\(|@font-face", html_of())
