"""One reader's own words: how their consent came in, and how they are greeted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.address import Address
from digest.config import Config, parse_config
from digest.dispatch.letters import reader_fields
from digest.errors import ConfigError
from digest.render import render_issue
from digest.render.message import preview_html, preview_text
from digest.render.reader import for_everybody, own_words
from digest.render.words import known_languages, words_for
from tests.render_samples import FIELDS, TOML, make_config, sample_issue

GREETING = 'greeting = "Dear {name},"\ngreeting_without_name = "Dear reader,"\n'


def greeting_config() -> Config:
    return parse_config(TOML.replace("\n[site]", f"{GREETING}\n[site]"))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("editor", "its editors entered your address."),
        ("import", "you were on a list that its editors brought in."),
        ("page", "you signed up."),
        ("", "you signed up."),
    ],
)
def test_a_letter_says_how_the_consent_came_in(how: str, words: str) -> None:
    config = make_config()
    (variant,) = render_issue(sample_issue(), config).variants
    fields = {**FIELDS, **own_words(config, "en-GB", email="sam@example.org", how=how)}
    said = f"You get The Weekly Ledger because {words} Sent to sam@example.org."
    assert said in preview_html(variant, fields)
    assert said in " ".join(preview_text(variant, fields).split())


def test_nobody_is_greeted_by_default() -> None:
    (variant,) = render_issue(sample_issue(), make_config()).variants
    assert "GREETING" not in variant.tokens
    assert "Dear" not in variant.html + variant.text


@pytest.mark.parametrize(
    ("name", "words"), [("Sam & Ada", "Dear Sam & Ada,"), ("", "Dear reader,"), (" \n", "Dear reader,")]
)
def test_a_reader_is_greeted_by_name_or_in_full_without_one(name: str, words: str) -> None:
    config = greeting_config()
    (variant,) = render_issue(sample_issue(), config).variants
    fields = {**FIELDS, **own_words(config, "en-GB", email="sam@example.org", name=name)}
    assert words in preview_text(variant, fields)
    assert words.replace("&", "&amp;") in preview_html(variant, fields)


def test_a_name_that_looks_like_a_field_stays_as_it_is() -> None:
    assert own_words(greeting_config(), "en", email="a@b.c", name="{name}")["GREETING"] == "Dear {name},"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('greeting = "Dear {name},"', "greeting_without_name is missing"),
        ('greeting = "Dear {nmae},"\ngreeting_without_name = "Dear reader,"', "braces that nothing fills"),
        ('greeting = "Hello,"\ngreeting_without_name = "Dear {name},"', "braces that nothing fills"),
    ],
)
def test_a_greeting_that_could_not_be_filled_is_refused(text: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        parse_config(TOML.replace("\n[site]", f"{text}\n\n[site]"))


def test_without_a_sign_up_page_a_forwarded_mail_leads_to_the_site_or_to_a_mail() -> None:
    def link(config: Config) -> str:
        html = render_issue(sample_issue(), config).variants[0].html
        return html[: html.index("Sign\u00a0up.")].rpartition('href="')[2].partition('"')[0]

    assert link(make_config()) == "https://ledger.example.com"
    assert link(make_config(site=False)) == "mailto:mara@ledger.example.com?subject=subscribe"
    own = make_config()
    own = replace(own, newsletter=replace(own.newsletter, sign_up="https://ledger.example.com/join"))
    assert link(own) == "https://ledger.example.com/join"


@pytest.mark.parametrize("language", sorted(known_languages()))
def test_a_page_for_everybody_tells_nobody_that_they_signed_up(language: str) -> None:
    config = make_config()
    config = replace(config, newsletter=replace(config.newsletter, language=language, name="Ports & “Cities”"))
    (variant,) = render_issue(sample_issue(), config).variants

    page = for_everybody(variant, "This is for <everybody>.").html

    assert page.count("This is for &lt;everybody&gt;.") == 1
    assert variant.tokens["WHY"] not in page and variant.tokens["EMAIL"] not in page
    assert words_for(language).sent_to.partition("{")[0] not in page
    assert variant.tokens["LEAVE"] in page


def test_a_letter_shows_an_address_in_its_own_script() -> None:
    fields = reader_fields(make_config(), Address("ann", "xn--bcher-kva.example"), "0" * 32)
    (variant,) = render_issue(sample_issue(), make_config()).variants
    assert "Sent to ann@bücher.example." in " ".join(preview_text(variant, fields).split())
