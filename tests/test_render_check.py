"""Preflight: every fault that must stop a send is found, and a sound issue has none."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.config import Quoting, Send
from digest.errors import VerbatimError
from digest.model import PAYWALLED, Article, Excerpt, ExcerptLimit, Region, Span
from digest.render import render_issue
from digest.render.check import Finding, check_issue, verify_verbatim
from digest.render.checks import clients, sources
from digest.render.checks.links import link_targets
from digest.render.checks.mail import read
from digest.render.checks.rules import GROUPS, RULES
from tests.check_samples import CONFIG, Mail, base, long, many_quotes, right_mails, with_article, wrong_mails
from tests.render_samples import make_article, make_item, sample_issue

DOC = (Path(__file__).parent.parent / "docs/check.md").read_text("utf-8")
RIGHT, WRONG = right_mails(), wrong_mails()


def judged(mail: Mail) -> list[Finding]:
    return check_issue(mail.issue, mail.rendered(), mail.config, **mail.known)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_mail_has_nothing_to_mend(name: str) -> None:
    assert judged(RIGHT[name]) == []


@pytest.mark.parametrize("rule", WRONG)
def test_a_mail_with_one_thing_wrong_has_just_that_finding(rule: str) -> None:
    (finding,) = judged(WRONG[rule])
    assert finding.rule == rule
    assert finding.place and finding.what and finding.why


def test_an_item_with_too_many_key_quotes_is_found() -> None:
    issue, item = many_quotes()
    (finding,) = sources.quoting(item, item.summary.quotes, CONFIG)
    assert (finding.rule, finding.place) == ("quote-count", issue.items[0].article.title)


def test_every_rule_has_its_wrong_mail() -> None:
    assert WRONG.keys() | {"quote-count"} == RULES.keys()


def test_the_page_of_rules_says_what_the_rules_are() -> None:
    told = re.findall(r"^\| `([\w-]+)` \| (error|warning) \| (.*?) \| (.*?) \|$", DOC, re.M)
    assert told == [(rule.name, rule.severity, rule.when, rule.why) for rules in GROUPS.values() for rule in rules]
    assert re.findall(r"^## (.*)$", DOC, re.M)[: len(GROUPS)] == list(GROUPS)


def test_errors_come_first() -> None:
    issue = replace(base(), subject="", preheader="Short")
    assert [f.severity for f in judged(Mail(issue))] == ["error", "warning"]


def test_a_finding_about_an_item_leads_to_it() -> None:
    issue = base()
    (finding,) = judged(WRONG["link-tracking"])
    assert (finding.place, finding.article) == (issue.items[1].article.title, issue.items[1].article.id)


def test_a_finding_about_the_html_names_its_line() -> None:
    mail = WRONG["style-in-body"]
    (finding,) = judged(mail)
    assert "<style>.zz" in mail.rendered().variants[0].html.split("\n")[finding.line - 1]
    assert finding.place == f"HTML, line {finding.line}"


def test_what_two_variants_share_is_told_once() -> None:
    issue = replace(base(), subject="")
    rendered = render_issue(issue, CONFIG)
    (variant,) = rendered.variants
    other = replace(variant, key="de", html=variant.html.replace("</body>", '<p style="color:#bbb">Pale</p></body>'))
    found = check_issue(issue, replace(rendered, variants=(variant, other)), CONFIG)
    assert [f.rule for f in found] == ["subject-empty", "contrast-light"]
    assert found[1].place.endswith("variant de")


def test_a_variant_may_leave_stories_out_but_not_change_them() -> None:
    issue = base()
    whole = render_issue(issue, CONFIG)
    short = render_issue(replace(issue, items=issue.items[:2]), CONFIG).variants[0]
    rendered = replace(whole, variants=(*whole.variants, replace(short, key="lead")))
    assert check_issue(issue, rendered, CONFIG) == []
    forged = replace(short, key="lead", html=short.html.replace("fell by half", "fell by a half"))
    found = check_issue(issue, replace(whole, variants=(*whole.variants, forged)), CONFIG)
    assert [f.rule for f in found] == ["verbatim"]


# ------------------------------------------------------------------------------------------------ what is permitted


@pytest.mark.parametrize("free", [{"own": True}, {"right": "they wrote to us"}, {"source_right": "we subscribe"}])
def test_own_and_permitted_texts_need_neither_outlet_nor_link(free: dict[str, Any]) -> None:
    issue = base()
    article = replace(issue.items[1].article, outlet=None, url=None, **free)
    assert (
        judged(Mail(replace(issue, items=(issue.items[0], with_article(issue.items[1], article), *issue.items[2:]))))
        == []
    )


@pytest.mark.parametrize(
    ("changes", "free"),
    [
        ({"license": "CC BY 4.0"}, True),
        ({"license": "https://creativecommons.org/licenses/by-sa/4.0/"}, True),
        ({"license": "CC0"}, True),
        ({"license": "CC BY-NC-ND 4.0"}, False),
        ({"license": "All rights reserved"}, False),
        ({"own": True}, True),
        ({"right": "they wrote to us"}, False),
        ({"source_right": "we subscribe"}, False),
    ],
)
def test_openly_licensed_and_own_texts_may_be_quoted_at_length(changes: dict[str, Any], free: bool) -> None:
    issue = WRONG["quote-share"].issue
    item = with_article(issue.items[1], replace(issue.items[1].article, **changes))
    found = judged(Mail(replace(issue, items=(issue.items[0], item, *issue.items[2:]))))
    assert [f.rule for f in found] == ([] if free else ["quote-share"])


def test_the_lead_may_be_quoted_longer() -> None:
    issue = base()
    lead = issue.items[0]
    words = sum(len(e.text.split()) for e in lead.summary.sentences)
    words += sum(len(t.split()) for q in lead.summary.quotes[:1] for t in q.texts)
    limits = replace(CONFIG, quoting=Quoting(max_words=words - 1, lead_max_words=words))
    assert lead.article.title not in [f.place for f in judged(Mail(issue, limits))]
    limits = replace(CONFIG, quoting=Quoting(max_words=words, lead_max_words=words - 1))
    assert [f.place for f in judged(Mail(issue, limits))] == [lead.article.title]


def test_a_limit_of_zero_is_none() -> None:
    none = Quoting(max_words=0, max_share=1, lead_max_words=0, lead_max_share=1)
    assert judged(Mail(sample_issue(), replace(CONFIG, quoting=none))) == []


def test_where_no_key_quotes_are_wanted_each_is_one_too_many() -> None:
    found = judged(Mail(base(), replace(CONFIG, quoting=Quoting(quotes=0))))
    assert {f.rule for f in found} == {"quote-count"}


def test_mail_by_smtp_needs_a_postal_address() -> None:
    bare = replace(CONFIG, newsletter=replace(CONFIG.newsletter, postal_address=""))
    assert [f.severity for f in judged(Mail(base(), bare))] == ["warning"]
    assert [f.severity for f in judged(Mail(base(), replace(bare, send=Send(transport="smtp"))))] == ["error"]


def test_an_address_the_config_has_and_the_mail_does_not_print_is_an_error() -> None:
    mail = Mail(base(), change=lambda v: replace(v, text=v.text.replace("12 Example Street", "")))
    assert [(f.rule, f.severity, f.place) for f in judged(mail)] == [("postal-address", "error", "text part")]


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("TODO: a sentence here", "placeholder-left"),
        ("Lorem ipsum dolor sit amet", "placeholder-left"),
        ("Dear %FIRST_NAME%, ten stories", "placeholder-left"),
        ("Dear *|FNAME|*, ten stories", "placeholder-left"),
        ("Dear [First name], ten stories", "placeholder-maybe"),
        ("XXX stories", "placeholder-maybe"),
        ("Write {{ name }} in your template", "placeholder-maybe"),
        ("Ten stories, none of them to do, and 50% off", ""),
    ],
)
def test_placeholders_in_the_editors_own_words(words: str, rule: str) -> None:
    (*found,) = judged(Mail(replace(base(), intro=words)))
    assert [(f.rule, f.place) for f in found] == ([(rule, "intro")] if rule else [])


def test_the_largest_part_of_the_size_is_the_html_as_a_reader_gets_it() -> None:
    from digest.render.checks.letter import CLIP, size_of
    from digest.render.message import preview_html, reader_links

    issue = base()
    rendered = render_issue(issue, CONFIG)
    (variant,) = rendered.variants
    links = {name: f"{before}{'0' * 32}" for name, before in reader_links(CONFIG).items()}
    fields = {name: links.get(name, "a" * 40) for name in variant.tokens}
    assert size_of(read(issue, variant), CONFIG) == len(preview_html(variant, fields).encode())
    assert CLIP == 102 * 1024


def test_the_links_to_ask_are_the_web_s_not_the_reader_s() -> None:
    issue = base()
    rendered = render_issue(issue, CONFIG)
    asked = link_targets(issue, rendered)
    assert [url for url in asked if "ledger.example.com" not in url] == [item.article.url for item in issue.items]
    assert not set(asked) & set(rendered.variants[0].tokens.values())


def test_where_the_issue_itself_will_be_seen_is_not_asked_before_it_is_there() -> None:
    issue = base()
    rendered = render_issue(issue, CONFIG)
    assert rendered.variants[0].view
    assert rendered.variants[0].view not in link_targets(issue, rendered)


@pytest.mark.parametrize("count", [1, 10])
def test_a_finding_about_the_foot_is_placed_there_and_not_at_the_last_story(count: int) -> None:
    issue = replace(base(), items=base().items[:count])
    pale = '><span style="color:#dddddd">Stop</span><'
    grey = Mail(issue, change=lambda v: replace(v, html=v.html.replace(">Unsubscribe<", pale)))
    (finding,) = [f for f in judged(grey) if f.rule == "contrast-light"]
    assert (finding.place, finding.article) == (f"foot of the mail, HTML line {finding.line}", "")


def test_a_subject_that_quotes_a_headline_holds_no_placeholder_of_the_editors() -> None:
    item = base().items[0]
    titled = with_article(item, replace(item.article, title="What %%UNSUB%% means in a mail"))
    issue = replace(base(), items=(titled, *base().items[1:]), subject=titled.article.title)
    assert [(f.rule, f.article) for f in judged(Mail(issue))] == [("placeholder-maybe", item.article.id)]


def test_words_behind_a_comment_are_read_too() -> None:
    issue = base()
    rendered = render_issue(issue, CONFIG)
    (variant,) = rendered.variants
    html = variant.html.replace(
        "</body>", '<div style="color:#bbbbbb"><!-- x -->Pale <b>and <i>so</i></b> on</div></body>'
    )
    mail = read(issue, replace(variant, html=html))
    assert [text for _, text in mail.words][-4:] == ["Pale ", "and ", "so", " on"]
    found = check_issue(issue, replace(rendered, variants=(replace(variant, html=html),)), CONFIG)
    assert [f.rule for f in found] == ["contrast-light"]


@pytest.mark.parametrize(("language", "rule"), [("en-GB", "placeholder-left"), ("es", "placeholder-maybe")])
def test_todo_is_a_word_in_spanish(language: str, rule: str) -> None:
    config = replace(CONFIG, newsletter=replace(CONFIG.newsletter, language=language))
    assert rule in [f.rule for f in judged(Mail(replace(base(), intro="TODO lo que cuenta"), config))]


# ------------------------------------------------------------------------------------------------ mail programs


SHOWN = {
    "flexbox": '<p style="display:flex">',
    "grid": '<p style="display:grid">',
    "display:none without mso-hide": '<p style="display:none">',
    "float": '<img style="float:left" src="cid:a" alt="A" width="9" height="9">',
    "position": '<p style="position:fixed">',
    "transform": '<p style="transform:rotate(3deg)">',
    "gap": '<td style="gap:4px">',
    "columns": '<p style="column-count:2">',
    "negative margin": '<p style="margin:0 -8px">',
    "padding on a paragraph, box or link": '<p style="padding:8px 0">',
    "border on a paragraph or box": '<blockquote style="border-left:4px solid #000">',
    "min-height, max-height": '<p style="min-height:40px">',
    "aspect-ratio": '<p style="aspect-ratio:2">',
    "object-fit": '<p style="object-fit:cover">',
    "sides by writing direction": '<p style="margin-inline-start:8px">',
    "writing-mode": '<p style="writing-mode:vertical-rl">',
    "a picture in the background": '<p style="background:url(cid:a)">',
    "a gradient": '<p style="background:linear-gradient(#fff,#eee)">',
    "opacity": '<p style="opacity:.5">',
    "visibility": '<p style="visibility:hidden">',
    "filter and blending": '<p style="filter:blur(2px)">',
    "text clipped from its ground": '<p style="-webkit-background-clip:text">',
    "animation": '<p style="animation:pulse 2s">',
    "a picture as list mark": '<p style="list-style-image:url(cid:a)">',
    "text-overflow": '<p style="text-overflow:ellipsis">',
    "justified text": '<p style="text-align:justify">',
    "var()": '<p style="margin:var(--m)">',
    "calc()": '<p style="width:calc(100% - 4px)">',
    "min(), max(), clamp()": '<p style="width:min(100%,600px)">',
    "a color that newer browsers know": '<p style="border-color:oklch(60% 0.1 20)">',
    "a color with transparency": '<p style="border-color:rgba(0,0,0,.5)">',
    "rem": '<p style="margin:1rem">',
    "sizes by the window": '<p style="width:50vw">',
    "ch": '<p style="width:50ch">',
    "HTML5 sections": "<section>",
    "<picture>": "<picture>",
    "srcset": '<img srcset="a.png 2x" src="cid:a" alt="A" width="9" height="9">',
    "<svg>": "<svg>",
    "<dialog>, popover": "<dialog>",
    "<base>": '<base href="https://example.org/">',
    "hidden": "<p hidden>",
    "a style sheet elsewhere": '<link rel="stylesheet" href="https://example.org/a.css">',
    "@import": "<style>@import url(a.css);</style>",
    "web fonts": "<style>@font-face{font-family:A;src:url(a)}</style>",
    "@media inside @media": "<style>@media screen{@media (min-width:9px){.a{margin:0}}}</style>",
}
FINE = (
    """
margin:0 auto|padding:0|padding:8px;mso-padding-alt:0|display:none;mso-hide:all|display:block|text-align:center
width:calc(100% - 4px) |background-color:#fff|border:0|border:none|line-height:24px|text-transform:uppercase
width:300px;width:min(100%,300px)|margin:1px 2px -0px|position:static|opacity:1|float:none
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


@pytest.mark.parametrize("name", [feature.name for feature in clients.features()])
def test_each_row_of_the_table_of_mail_programs_speaks(name: str) -> None:
    (finding,) = clients.judge_mail(_mail(SHOWN[name]))
    assert finding.what.startswith(f"{name} (")
    assert "shows not in" in finding.what or "only partly in" in finding.what


@pytest.mark.parametrize("style", [style for style in FINE if "calc" not in style])
def test_what_every_program_shows_is_no_finding(style: str) -> None:
    assert list(clients.judge_mail(_mail(f'<p style="{style}">'))) == []


def test_every_row_names_its_source() -> None:
    rows = clients.features()
    assert all(re.fullmatch(r"https://www\.caniemail\.com/features/[\w-]+/", row.source) for row in rows)
    assert all(row.lost and row.instead and (row.breaks or row.partly) for row in rows)
    assert len({row.name for row in rows}) == len(rows)


def _mail(body: str) -> Any:
    html = f"<!DOCTYPE html><html><body>{body}</body></html>"
    rendered = render_issue(base(), CONFIG)
    return read(base(), replace(rendered.variants[0], html=html))


# ------------------------------------------------------------------------------------------------ broken content


BROKEN = [
    "",
    " ",
    "<",
    "<!--",
    "<p",
    "<p style=",
    "</html>",
    "<style>",
    "<style>@media{",
    "\x00",
    "\ud800",
    "]]>",
    "<div>" * 3000,
    f"<style>{'@media print{' * 3000}",
    "<a <a <a " * 200,
]


@pytest.mark.parametrize("html", BROKEN)
@pytest.mark.parametrize("text", ["", "\ud800\x00", "[1]\n[2] x"])
def test_whatever_a_template_makes_is_judged(html: str, text: str) -> None:
    issue = base()
    rendered = render_issue(issue, CONFIG)
    broken = replace(rendered, variants=(replace(rendered.variants[0], html=html, text=text),))
    assert any(f.severity == "error" for f in check_issue(issue, broken, CONFIG))


@given(st.integers(0, 40_000), st.integers(0, 400), st.text(max_size=20))
@settings(max_examples=40, deadline=None)
def test_a_mail_cut_anywhere_is_judged(start: int, length: int, instead: str) -> None:
    issue = base()
    rendered = render_issue(issue, CONFIG)
    (variant,) = rendered.variants
    html = variant.html[:start] + instead + variant.html[start + length :]
    check_issue(issue, replace(rendered, variants=(replace(variant, html=html),)), CONFIG)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "x" * 5000},
        {"title": "{{" * 50_000},
        {"title": "<%[[%%" * 20_000},
        {"title": '<script>alert(1)</script> & "quotes"'},
        {"title": "\u202eevil\x00 \ud800"},
        {"url": "https://[broken"},
        {"url": "https://example.org:99999/"},
        {"url": "HTTPS://EXAMPLE.ORG/ä ö"},
        {"outlet": "", "authors": ("", "None")},
        {"text": "", "regions": ()},
    ],
)
def test_broken_articles_are_judged(changes: dict[str, Any]) -> None:
    issue = base()
    article: Article = replace(issue.items[7].article, **changes)  # a plain link
    items = (*issue.items[:7], with_article(issue.items[7], article), *issue.items[8:])
    rendered = render_issue(base(), CONFIG)
    check_issue(replace(issue, items=items), rendered, CONFIG)


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
    assert any(f.severity == "error" and f.rule == "verbatim" for f in check_issue(issue, forged, CONFIG))


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


RESERVED = {
    "a limit": {"limit": ExcerptLimit(0, "the page says nosnippet")},
    "a shorter limit": {"limit": ExcerptLimit(5, "the page says max-snippet")},
    "a part": {"regions": (Region("aside", Span(0, 11), "data-nosnippet"),)},
    "a part behind the paywall": {"regions": (Region("aside", Span(0, 11), PAYWALLED),)},
}


@pytest.mark.parametrize("changes", RESERVED.values(), ids=RESERVED)
@pytest.mark.parametrize("versions", [0, 1])
def test_what_a_publisher_reserves_after_the_draft_stops_the_send(changes: dict[str, Any], versions: int) -> None:
    issue = base()
    item = long(
        make_item(make_article("Title", "A sentence.", "Outlet", "https://example.org/", 24), "Cities", "A sentence.")
    )
    issue, article = replace(issue, items=(issue.items[0], item)), item.article
    now = replace(article, version=article.version + versions, **changes)
    found = check_issue(issue, render_issue(issue, CONFIG), CONFIG, newest={article.id: now})
    assert [(f.severity, f.place) for f in found if f.severity == "error"] == [("error", "Title")]
    assert "`digest build`" in found[0].remedy
    allowed = replace(now, right="they wrote to us")
    found = check_issue(issue, render_issue(issue, CONFIG), CONFIG, newest={article.id: allowed})
    assert [f.what for f in found if f.severity == "error"] == (
        ["“A sentence.” may no longer be cut: data-nosnippet"] if "data-nosnippet" in str(changes) else []
    )
