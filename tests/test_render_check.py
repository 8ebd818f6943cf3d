"""Preflight: every fault that must stop a send is found, and a sound issue has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from digest.config import BlockEntry, Config, Quoting, Send
from digest.errors import VerbatimError
from digest.model import PAYWALLED, Excerpt, ExcerptLimit, Issue, Region, Rendered, Span
from digest.render import render_issue
from digest.render.check import Finding, check_issue, verify_verbatim
from tests.render_samples import make_article, make_config, make_item, sample_issue

CONFIG = make_config()


def findings(issue: Issue, config: Config = CONFIG) -> list[Finding]:
    return check_issue(issue, render_issue(issue, config), config)


def changed(rendered: Rendered, change: Callable[[str], str]) -> Rendered:
    (variant,) = rendered.variants
    return replace(rendered, variants=(replace(variant, html=change(variant.html), text=change(variant.text)),))


def test_a_sound_issue_has_no_findings() -> None:
    assert findings(sample_issue()) == []


def with_article(**changes: object) -> Issue:
    article = replace(make_article("Title", "A sentence.", "Outlet", "https://example.org/", 24), **changes)  # type: ignore[arg-type]
    return sample_issue(items=(sample_issue().items[0], make_item(article, "Cities", "A sentence.")))


@pytest.mark.parametrize(
    ("issue", "level", "where", "what"),
    [
        (with_article(outlet=None), "error", "Title", "nobody is credited"),
        (with_article(url=None), "error", "Title", "no address"),
        (with_article(url="javascript:x"), "error", "Title", "no web address"),
        (with_article(url="http://example.org/"), "warning", "Title", "not encrypted"),
        (sample_issue(subject=""), "error", "subject", "empty"),
        (sample_issue(subject="x" * 90), "warning", "subject", "90 characters"),
        (sample_issue(preheader="short"), "warning", "preheader", "5 characters"),
        (sample_issue(intro="We print {{ this }} as it is."), "warning", "mail", "{{ this }}"),
    ],
)
def test_a_fault_is_found(issue: Issue, level: str, where: str, what: str) -> None:
    (finding,) = [f for f in findings(issue) if what in f.what]
    assert (finding.level, finding.where) == (level, where)


def test_an_own_text_needs_neither_outlet_nor_link() -> None:
    assert findings(with_article(outlet=None, url=None, own=True)) == []


def test_mail_by_smtp_needs_a_postal_address() -> None:
    bare = replace(CONFIG, newsletter=replace(CONFIG.newsletter, postal_address=""))
    assert [f.level for f in findings(sample_issue(), bare)] == ["warning"]
    assert [f.level for f in findings(sample_issue(), replace(bare, send=Send(transport="smtp")))] == ["error"]


def test_a_mail_without_a_way_out_is_found() -> None:
    issue = sample_issue()
    rendered = render_issue(issue, CONFIG)
    token = rendered.variants[0].tokens["LEAVE"]
    found = check_issue(issue, changed(rendered, lambda body: body.replace(token, "#")), CONFIG)
    assert sum("no way to leave" in f.what for f in found) == 2


def test_a_mail_gmail_would_cut_is_found() -> None:
    issue = sample_issue()
    rendered = render_issue(issue, CONFIG)
    for size, level in ((90_000, "warning"), (106_000, "error")):
        padded = changed(rendered, lambda body, size=size: body + " " * (size - len(body.encode())))  # type: ignore[misc]
        (finding,) = check_issue(issue, padded, CONFIG)
        assert finding.level == level


def test_a_placeholder_of_the_template_is_an_error() -> None:
    issue = sample_issue()
    rendered = changed(render_issue(issue, CONFIG), lambda body: body.replace("Unsubscribe", "%%LEAVE%%"))
    assert [(f.level, "%%LEAVE%%" in f.what) for f in check_issue(issue, rendered, CONFIG)] == [("error", True)]


def test_a_quoting_limit_is_kept() -> None:
    limited = replace(CONFIG, quoting=Quoting(max_words=0, outlets={"Commonplace": 20}))
    (finding,) = findings(sample_issue(), limited)
    assert finding.where == "The council that rewrote its letters"


# ------------------------------------------------------------------------------------------------ verbatim


def test_every_printed_excerpt_is_found_in_both_parts() -> None:
    verify_verbatim(sample_issue(), render_issue(sample_issue(), CONFIG))


@pytest.mark.parametrize("part", ["html", "text"])
@pytest.mark.parametrize(
    ("true", "false"),
    [("fell by half", "fell by a half"), ("argues with", "argues\u00a0with"), ("31 words", "31 word")],
)
def test_one_changed_character_in_a_part_is_found(part: str, true: str, false: str) -> None:
    issue = sample_issue()
    rendered = render_issue(issue, CONFIG)
    (variant,) = rendered.variants
    body = getattr(variant, part)
    assert true in body
    forged = replace(rendered, variants=(replace(variant, **{part: body.replace(true, false)}),))
    with pytest.raises(VerbatimError, match="does not hold"):
        verify_verbatim(issue, forged)
    assert any(f.level == "error" and f.where == "verbatim" for f in check_issue(issue, forged, CONFIG))


@pytest.mark.parametrize(
    "forge",
    [
        lambda e: replace(e, text=e.text.replace("half", "two")),
        lambda e: replace(e, span=Span(e.span.start + 1, e.span.end + 1)),
        lambda e: replace(e, span=Span(9_000, 9_000 + len(e.span))),
        lambda e: replace(e, article="0" * 16),
    ],
)
def test_an_excerpt_that_is_not_its_article_s_stops_the_issue(forge: Callable[[Excerpt], Excerpt]) -> None:
    issue = sample_issue()
    item = issue.items[1]
    sentences = (item.summary.sentences[0], forge(item.summary.sentences[1]), item.summary.sentences[2])
    forged = replace(item, summary=replace(item.summary, sentences=sentences))
    rendered = render_issue(issue, CONFIG)
    with pytest.raises(VerbatimError, match="The council"):
        verify_verbatim(replace(issue, items=(issue.items[0], forged, *issue.items[2:])), rendered)


def test_excerpts_with_markup_and_odd_blanks_still_count_as_verbatim() -> None:
    text = "If a < b & “c”, then\n<b>x</b>\u00a0holds,  twice. AT&amp;T said so."
    article = make_article("T", text, "Outlet", "https://example.org/", 24)
    issue = sample_issue(items=(sample_issue().items[0], make_item(article, "Cities", text)))
    verify_verbatim(issue, render_issue(issue, CONFIG))


def test_more_than_a_publisher_allows_stops_the_send() -> None:
    limited = with_article(limit=ExcerptLimit(5, "the page says max-snippet:5"))
    assert [f.what for f in findings(limited)] == ["11 characters are excerpted, the page says max-snippet:5"]
    assert findings(with_article(limit=ExcerptLimit(5, "x"), right="they wrote to us")) == []


def test_a_blocked_publisher_stops_the_send() -> None:
    config = replace(CONFIG, block=(BlockEntry("example.org", "asked us not to"),))
    faults = [f for f in findings(with_article(), config) if "blocked" in f.what]
    assert [(f.level, f.what) for f in faults] == [("error", "blocked: example.org (asked us not to)")]


def test_an_issue_that_cites_an_older_version_says_so() -> None:
    issue = sample_issue()
    article = issue.items[0].article
    newest = {article.id: replace(article, version=article.version + 1, text="Another text.")}
    found = check_issue(issue, render_issue(issue, CONFIG), CONFIG, newest=newest)
    assert [(f.level, f.where) for f in found] == [("warning", article.title)]
    assert "version 2, this issue cites version 1" in found[0].what
    assert check_issue(issue, render_issue(issue, CONFIG), CONFIG, newest={article.id: article}) == []


RESERVED = {
    "a limit": {"limit": ExcerptLimit(0, "the page says nosnippet")},
    "a shorter limit": {"limit": ExcerptLimit(5, "the page says max-snippet")},
    "a part": {"regions": (Region("aside", Span(0, 11), "data-nosnippet"),)},
    "a part behind the paywall": {"regions": (Region("aside", Span(0, 11), PAYWALLED),)},
}


@pytest.mark.parametrize("changes", RESERVED.values(), ids=RESERVED)
@pytest.mark.parametrize("versions", [0, 1])
def test_what_a_publisher_reserves_after_the_draft_stops_the_send(changes: dict[str, Any], versions: int) -> None:
    issue = with_article()
    article = issue.items[1].article
    now = replace(article, version=article.version + versions, **changes)
    found = check_issue(issue, render_issue(issue, CONFIG), CONFIG, newest={article.id: now})
    assert [(f.level, f.where) for f in found if f.level == "error"] == [("error", "Title")]
    assert "`digest build`" in found[0].hint
    allowed = replace(now, right="they wrote to us")
    found = check_issue(issue, render_issue(issue, CONFIG), CONFIG, newest={article.id: allowed})
    assert [f.what for f in found if f.level == "error"] == (
        ["“A sentence.” may no longer be cut: data-nosnippet"] if "data-nosnippet" in str(changes) else []
    )
