"""The rendered issue: what is printed, what hostile text can do (nothing), how a newsletter changes its look."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import premailer
import pytest

from digest.color import contrast, nearest_readable
from digest.errors import ConfigError, TemplateError
from digest.model import Issue, Item, Quote
from digest.render import render_issue
from digest.render.check import check_issue, verify_verbatim, visible_text
from digest.render.email import tokens_for
from digest.render.excerpts import printed_quotes, quote_paragraphs, summary_paragraphs
from digest.render.lines import nbsp, no_widow, shorten, wrap
from digest.render.message import preview_html
from digest.render.printable import web_address
from digest.render.templates import find_templates
from digest.render.theme import palette
from digest.render.view import next_day
from tests.render_samples import FIELDS, excerpt, make_article, make_config, make_item, make_quote, sample_issue

CONFIG = make_config()


def html_of(issue: Issue, **theme: str) -> str:
    return render_issue(issue, make_config(**theme)).variants[0].html


def text_of(issue: Issue) -> str:
    return render_issue(issue, CONFIG).variants[0].text


BROKEN = [
    "https://[broken",
    "https://]/x",
    "https://[::1",
    "https://[::1]/loop",
    "https://exa mple.org/x",
    "https://",
    "https:///path",
    "https://example.org:99999/",
    "https://example.org:port/",
    "https://user:pass@example.org/",
    "https://xn--zzzzzzz--.example/",
    "https://\u202eexample.org/",
    "https://münchen.example/straße?ü=1#ä",
    "https://" + "ü" * 300 + ".example/",
    "https://example.org/\ud800",
    "https://example.org/%zz%",
    "https://example.org/" + "a" * 5000,
    "HTTPS://EXAMPLE.ORG/A",
    "//example.org/x",
    "javascript:alert(1)",
    "data:text/html,x",
    "mailto:x@example.org",
    "file:///etc/passwd",
    "\x00",
    "",
]


@pytest.mark.parametrize("url", BROKEN)
def test_no_address_however_broken_ends_rendering_or_the_check(url: str) -> None:
    """Anywhere a feed may put one; printed is only what a mail program can follow."""
    item = sample_issue().items[1]
    story = replace(
        item.pick.story,
        lead=replace(item.article, url=url, canonical=url, image=url, outlet=None),
        also=(item.article,),
    )
    issue = with_item(replace(item, pick=replace(item.pick, story=story), credit=""))
    rendered = render_issue(issue, CONFIG)
    check_issue(issue, rendered, CONFIG)
    for href in re.findall('href="([^"]*)"', rendered.variants[0].html):
        assert re.fullmatch(r"https?://[!-~]+|mailto:[!-~]+|__D\w+__", href), href


def test_a_host_is_linked_as_programs_look_it_up() -> None:
    assert web_address("https://München.example/Straße") == "https://xn--mnchen-3ya.example/Stra%C3%9Fe"


def test_a_headline_that_is_a_whole_text_is_cut() -> None:
    """Feeds without titles send the text for one."""
    long = make_article(" ".join(f"word{n}" for n in range(300)), "A sentence.", "Outlet", "https://example.org/l", 24)
    issue = with_item(make_item(long, "Cities", "A sentence."))
    rendered = render_issue(issue, CONFIG)
    assert "word30 word31" in seen(rendered.variants[0].html) and "word50" not in rendered.variants[0].html
    assert "…" in rendered.variants[0].text and "word50" not in rendered.variants[0].text
    assert [f.rule for f in check_issue(issue, rendered, CONFIG) if f.article == long.id] == ["quote-share"]


@pytest.mark.parametrize("tag", ["zxx", "mul", "und", "mis", ""])
def test_what_is_no_language_is_not_named(tag: str) -> None:
    article = make_article("7 14 21", "A sentence.", "Outlet", "https://example.org/l", 24, language=tag)
    html = html_of(with_item(make_item(article, "Cities", "A sentence.")))
    assert "Read at Outlet · in" not in seen(html) and f'lang="{tag}"' not in html


def seen(html: str) -> str:
    return " ".join(visible_text(html).replace("\u00a0", " ").split())


def with_item(item: Item) -> Issue:
    return sample_issue(items=(sample_issue().items[0], item))


def test_the_same_issue_gives_the_same_bytes() -> None:
    assert render_issue(sample_issue(), make_config()) == render_issue(sample_issue(), make_config())


def test_an_issue_shows_all_its_parts() -> None:
    html = seen(html_of(sample_issue()))
    for words in (
        "The Weekly Ledger Monday 28 September 2015 · No. 112",
        "In this issue Government UK and North Sea ministers agree… to share",
        "3 min at Civic Wire · 25 Sept",
        "Matilda Hartwell, UK harbours minister",
        "Read at Civic Wire",
        "Also covered by Dockside Daily and The Pilot",
        "Read at Sleeper Post · subscription",
        "Read at Weserblatt · in German",
        "Editor’s note: The report counts",
        "Forwarded this? Sign up.",
        "The next issue comes on Monday 5 October.",
        "Just reply",
        "Mara Lindqvist, editor",
        "You get The Weekly Ledger because __",
        "Unsubscribe",
        "notes are ours",
        "Ledger Press Ltd, 12 Example Street, London EC1A 1AA, United Kingdom",
    ):
        assert words in html


def test_premailer_runs_once_a_variant(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = premailer.Premailer.transform
    monkeypatch.setattr(premailer.Premailer, "transform", lambda *a, **k: calls.append(1) or real(*a, **k))
    render_issue(sample_issue(), CONFIG)
    assert len(calls) == 1


def test_what_clients_need_survives_premailer() -> None:
    html = html_of(sample_issue())
    assert html.startswith("<!DOCTYPE html>")
    assert "[data-ogsc] .ink{" in html
    assert "@media (prefers-color-scheme:dark){" in html
    assert "data-premailer" not in html
    assert not re.search(r"style=.[^>]*!important", html)
    assert html.count("<style") == 2  # ours, and Word's inside its conditional comment
    assert len(html.encode()) < 40_000


def test_another_language_is_marked_on_every_part_of_the_item() -> None:
    html = html_of(sample_issue())
    assert len(re.findall(r'<(?:h3|p)[^>]* lang="de" dir="ltr"', html)) == 2


def test_a_right_to_left_article_is_set_right_to_left() -> None:
    article = make_article("שלום עולם", "זה משפט ראשון כאן.", "הארץ", "https://example.org/he", 24, language="he")
    html = html_of(with_item(make_item(article, "Cities", article.text)))
    assert '<h3 class="t2" lang="he" dir="rtl"' in html
    assert '<strong class="ink" dir="rtl"' in html  # else the date beside the outlet changes sides


def test_a_quotes_bar_stands_where_its_own_lines_begin() -> None:
    article = make_article("שלום עולם", "“זה רעש.” אמר דן.", "הארץ", "https://example.org/he", 24, language="he")
    quote = make_quote(article, "זה רעש.", speaker="דן", role=None)
    html = html_of(with_item(make_item(article, "Cities", quotes=(quote,))))
    assert re.search(r'<table [^>]*dir="rtl"[^>]*><tr>\s*<td class="bar"', html)


def test_neighboring_sentences_share_a_paragraph_and_a_gap_opens_one() -> None:
    article = make_article("T", "One is here. Two is here. Three is here.\n\nFour is here.", "O", None, 24)
    cut = [excerpt(article, s) for s in ("One is here.", "Two is here.", "Four is here.")]
    assert summary_paragraphs(article, cut) == ("One is here. Two is here.", "Four is here.")
    assert summary_paragraphs(article, [cut[0], excerpt(article, "Three is here.")]) == (
        "One is here.",
        "Three is here.",
    )


@pytest.mark.parametrize(
    ("language", "text", "pieces", "printed"),
    [
        ("en", "He said: «All is well here.» Good.", ["All is well here."], ("“All is well here.”",)),
        ("en", "‘A leaflet’, he said", ["A leaflet"], ("“A leaflet”",)),
        (
            "en",
            "“I know”, said A, “nothing at all.”",
            ["I know", "nothing at all."],
            ("“I know” […] “nothing at all.”",),
        ),
        ("en", "“One here.\n\n“Two here.” said A", ["One here.", "Two here."], ("“One here.", "“Two here.”")),
        ("en", "“He said ‘no’ to us,” said A", ["He said ‘no’ to us"], ("“He said ‘no’ to us”",)),
        ("en", "‘He said “no” to us’, said A", ["He said “no” to us"], ("‘He said “no” to us’",)),
        ("en", '"So be it," he said.', ["So be it"], ("“So be it”",)),
        ("de", '"Es ist leiser geworden", sagte sie.', ["Es ist leiser geworden"], ("„Es ist leiser geworden“",)),
        ("de", "- Es ist leiser geworden, sagte sie.", ["Es ist leiser geworden"], ("„Es ist leiser geworden“",)),
        ("fr", "“Il fait froid”, dit-il.", ["Il fait froid"], ("«\u202fIl fait froid\u202f»",)),
        (
            "fr",
            "« Il a dit «non» deux fois », dit-elle.",
            ["Il a dit «non» deux fois"],
            ("“Il a dit «non» deux fois”",),
        ),
        ("und", "«It is quieter», she said.", ["It is quieter"], ("“It is quieter”",)),
    ],
)
def test_a_quote_stands_in_the_marks_of_its_language_and_keeps_its_words(
    language: str, text: str, pieces: list[str], printed: tuple[str, ...]
) -> None:
    article = make_article("T", text, "O", None, 24, language=language)
    quote = make_quote(article, *pieces, speaker="A", role=None, marks=False)
    assert quote_paragraphs(article, quote, "en") == printed


def test_where_the_language_is_not_known_the_newsletters_marks_are_drawn() -> None:
    article = make_article("T", "“Es ist leiser”, sagte sie.", "O", None, 24, language="und")
    quote = make_quote(article, "Es ist leiser", speaker=None, role=None, marks=False)
    assert quote_paragraphs(article, quote, "de") == ("„Es ist leiser“",)


def test_all_quotes_that_were_composed_are_printed_but_none_on_a_link() -> None:
    issue = sample_issue()
    quote = issue.items[0].summary.quotes[0]

    def quoted(item: Item) -> Item:
        own: Quote = replace(quote, article=item.article.id)
        return replace(item, summary=replace(item.summary, quotes=(own,) * 3))

    printed = printed_quotes(replace(issue, items=tuple(map(quoted, issue.items))))
    assert {len(quotes) for quotes in printed.values()} == {3}
    assert len(printed) == sum(item.form != "link" for item in issue.items)


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ config }} {% raw %}",
    "a\r\nBcc: x@example.org",
    "\u202eevil\u202c title",
    "👩‍👩‍👧‍👦 " * 5,
    "word " * 60,
    "x" * 300,
    "]]> <!-- <![endif]-->",
    "</title><style>*{display:none}</style>",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_change_nothing_but_their_own_words(title: str) -> None:
    article = make_article(title, "A sentence.", title, "https://example.org/x", 24, authors=(title,))
    issue = replace(with_item(make_item(article, title, "A sentence.")), subject=title, intro=title, preheader=title)
    rendered = render_issue(issue, CONFIG)
    (variant,) = rendered.variants
    clean = html_of(with_item(make_item(replace(article, title="T", outlet="T", authors=("T",)), "T", "A sentence.")))
    assert re.findall(r"<(script|img|style|iframe)\b", variant.html) == re.findall(
        r"<(script|img|style|iframe)\b", clean
    )
    assert variant.html.count("<h3") == clean.count("<h3")
    assert "\u202e" not in variant.html + variant.text + variant.subject
    assert "\n" not in variant.subject
    assert (
        " ".join(title.split())[:40].strip("\u202e\u202c ") in variant.text.replace("\n", " ")
        or len(title) > 72
        or "\u202e" in title
    )
    verify_verbatim(issue, rendered)


def test_a_title_that_holds_our_token_is_printed_as_it_stands() -> None:
    plain = tokens_for(sample_issue(), CONFIG)
    lead = sample_issue().items[0]
    story = replace(lead.pick.story, lead=replace(lead.article, title=f"Steal {plain['LEAVE']}"))
    lead = replace(lead, pick=replace(lead.pick, story=story))
    issue = sample_issue(items=(lead, *sample_issue().items[1:]))
    (variant,) = render_issue(issue, CONFIG).variants
    assert variant.tokens["LEAVE"] != plain["LEAVE"]
    filled = preview_html(variant, FIELDS)
    assert plain["LEAVE"] in filled
    assert filled.count(FIELDS["LEAVE"]) == 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", None, "ftp://example.org"])
def test_only_web_addresses_become_links(url: str | None) -> None:
    article = make_article("Own words", "A sentence.", "Outlet", url, 24)
    html = html_of(with_item(make_item(article, "Cities", "A sentence.")))
    assert "javascript" not in html
    assert "Read at Outlet" not in seen(html)


def test_a_newsletter_without_a_site_has_no_links_to_one() -> None:
    (variant,) = render_issue(sample_issue(), make_config(site=False)).variants
    assert set(variant.tokens) == {"EMAIL", "WHY", "LEAVE"}
    assert "View in browser" not in variant.html + variant.text
    assert "Change what you get" not in variant.html + variant.text


def test_two_stories_of_one_outlet_have_links_a_screen_reader_can_tell_apart() -> None:
    one, two = (make_article(t, "A sentence.", "Same", f"https://example.org/{t}", 24) for t in ("First", "Second"))
    items = (sample_issue().items[0], make_item(one, "C", "A sentence."), make_item(two, "C", "A sentence."))
    html = html_of(sample_issue(items=items))
    assert 'aria-label="Read at Same: First"' in html
    assert 'aria-label="Read at Same: Second"' in html


def test_the_fingerprint_covers_words_headers_and_audience() -> None:
    base = render_issue(sample_issue(), CONFIG).fingerprint
    assert render_issue(sample_issue(intro="Other words."), CONFIG).fingerprint != base
    assert render_issue(sample_issue(audience="five people"), CONFIG).fingerprint != base
    other = replace(CONFIG, newsletter=replace(CONFIG.newsletter, reply_to=None))
    assert render_issue(sample_issue(), other).fingerprint != base
    assert render_issue(sample_issue(), make_config()).fingerprint == base


# ------------------------------------------------------------------------------------------------ the newsletter's own look


def own_template(folder: Path, name: str, text: str) -> Path:
    (folder / "templates" / "email").mkdir(parents=True, exist_ok=True)
    (folder / "templates" / "email" / name).write_text(text, encoding="utf-8")
    return folder


def test_one_block_can_be_overridden(tmp_path: Path) -> None:
    own_template(
        tmp_path,
        "issue.html.j2",
        '{% extends "briefing/issue.html.j2" %}{% block sign_off %}<tr><td><p>Ta-ta, {{ page.name }}</p></td></tr>{% endblock %}',
    )
    html = seen(render_issue(sample_issue(), CONFIG, templates=find_templates(tmp_path)).variants[0].html)
    assert "Ta-ta, The Weekly Ledger" in html
    assert "That was the week" not in html
    assert "Civic Wire" in html


def test_an_item_block_sees_its_item(tmp_path: Path) -> None:
    own_template(
        tmp_path,
        "issue.html.j2",
        '{% extends "briefing/issue.html.j2" %}{% block item %}<tr><td>{{ m.headline(item, "t2") }}[{{ item.credit }}]</td></tr>{% endblock %}',
    )
    html = seen(render_issue(sample_issue(), CONFIG, templates=find_templates(tmp_path)).variants[0].html)
    assert "The council that rewrote its letters [Commonplace]" in html


def test_a_sheet_can_be_replaced_alone(tmp_path: Path) -> None:
    own_template(tmp_path, "inline.css", ".mast{font-size:99px}")
    html = render_issue(sample_issue(), CONFIG, templates=find_templates(tmp_path)).variants[0].html
    assert "font-size:99px" in html


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("one\n{% if %}\n", "issue.html.j2:2", "xpected"),
        ("one\ntwo\n{{ page.titel }}", "issue.html.j2:3", "titel"),
        ("{{ nobody }}", "issue.html.j2:1", "nobody"),
        ("\n{{ page.number / 0 }}", "issue.html.j2:2", "unsupported"),
    ],
)
def test_a_broken_template_is_named_by_file_and_line(tmp_path: Path, text: str, place: str, what: str) -> None:
    own_template(tmp_path, "issue.html.j2", text)
    with pytest.raises(TemplateError, match=what) as caught:
        render_issue(sample_issue(), CONFIG, templates=find_templates(tmp_path))
    assert place in str(caught.value)
    assert caught.value.hint


def test_a_missing_family_is_named() -> None:
    with pytest.raises(TemplateError, match=r"broadsheet/issue\.html\.j2") as caught:
        render_issue(sample_issue(), make_config(template="broadsheet"))
    assert "briefing/issue.html.j2" in caught.value.hint


# ------------------------------------------------------------------------------------------------ colors, words, lines


def test_an_accent_nobody_can_read_is_refused_with_a_better_one() -> None:
    with pytest.raises(ConfigError, match=r"theme.accent = #ffcc00") as caught:
        html_of(sample_issue(), accent="#ffcc00")
    better = caught.value.hint.split()[-1]
    assert contrast(better, "#ffffff") >= 4.5
    assert html_of(sample_issue(), accent=better)


@pytest.mark.parametrize("accent", ["#9b2226", "#005f73", "#000000", "#5b2a86", "#0a7a3d", "#767676"])
def test_every_accepted_accent_reads_in_light_dark_and_on_buttons(accent: str) -> None:
    colors = palette(make_config(accent=accent).theme)
    assert contrast(colors.accent, colors.card) >= 4.5
    assert contrast(colors.button_text, colors.accent) >= 4.5
    assert contrast(colors.button_text, colors.button_dark) >= 4.5
    assert contrast(colors.accent_dark, colors.dark["card"]) >= 4.5


def test_contrast_is_wcag_s() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert nearest_readable("#9b2226", "#ffffff") == "#9b2226"


@pytest.mark.parametrize(
    ("until", "comes"),
    [
        ("2015-09-27", "2015-10-05"),
        ("2015-09-28", "2015-10-05"),
        ("2015-09-29", "2015-10-05"),
        ("2015-09-25", "2015-10-05"),
        ("2015-09-24", "2015-09-28"),
    ],
)
def test_the_next_issue_is_never_this_one(until: str, comes: str) -> None:
    issue = sample_issue()
    made = issue.until.replace(year=2015, month=int(until[5:7]), day=int(until[8:]), hour=12)
    assert str(next_day(replace(issue, until=made), CONFIG)) == comes


def test_lines_break_at_blanks_only() -> None:
    text = "self-evident words " * 20 + "no\u00a0break"
    assert " ".join(wrap(text).split("\n")) == text
    assert wrap("x" * 100) == "x" * 100


def test_facts_and_headline_ends_do_not_break() -> None:
    assert nbsp("25 September 2015") == "25\u00a0September\u00a02015"
    assert no_widow("The port that published every delay") == "The port that published every\u00a0delay"
    assert no_widow("Two words") == "Two words"


def test_a_shortened_headline_ends_in_a_word() -> None:
    assert shorten("Shade comes first as bus stops are redrawn", 30) == "Shade comes first…"
    assert shorten("Short", 30) == "Short"
    assert len(shorten("x" * 300, 30)) == 30


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "Montag, 28. September 2015 · Nr. 112"),
        ("fr", "lundi 28 septembre 2015"),
        ("es", "Darse de baja"),
        ("nl", "Monday, September 28, 2015 · No. 112"),
        ("en-US", "Monday, September 28, 2015 · No. 112"),
        ("it", "lunedì 28 settembre 2015 · N. 112"),
        ("ar", "دقيقتان في Harbour Notes · 24 سبتمبر"),
        ("ja", "Harbour Notesで2分 · 9月24日"),
    ],
)
def test_the_mail_speaks_the_newsletter_s_language_or_english(language: str, words: str) -> None:
    config = replace(CONFIG, newsletter=replace(CONFIG.newsletter, language=language))
    assert words in seen(render_issue(sample_issue(), config).variants[0].html)


def test_the_text_part_numbers_its_addresses() -> None:
    text = text_of(sample_issue())
    assert "Read at Weserblatt (in German) [5]" in text
    assert "[5] https://weserblatt.example.org/leise-bahn" in text
    assert max(len(line) for line in text.split("\n") if "https://" not in line) <= 72
