"""Mails that are right in ten ways, and mails that are wrong in one: the fixture's issue with one thing changed.

The changes hold to what any template must have (<html lang>, <h1>, a link with the LEAVE token, a text part), so that
an editor's own template can be put through them too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from digest.config import BlockEntry, Config, Quoting
from digest.model import Article, Conflict, Edit, ExcerptLimit, Image, Issue, Item, Region, Rendered, Span, Variant
from digest.render import render_issue
from digest.render.check import Answer
from tests.picture_samples import copies, item_picture, showing
from tests.render_samples import make_article, make_config, make_item, make_quote, sample_issue

MONDAY = datetime(2026, 3, 16, 9, tzinfo=UTC)
FILLER = " The rest of the report is not printed." * 60
CONFIG = make_config()
READABLE = "background-color:#ffffff;color:#000000"  # in light and dark


def long(item: Item) -> Item:
    """*item*, its article so long that what is printed of it is little."""
    article = item.article
    text = f"{article.text}\n\n{FILLER.strip()}"
    whole = replace(article, text=text, regions=(Region("body", Span(0, len(text))),))
    return with_article(item, whole)


def with_article(item: Item, article: Article) -> Item:
    return replace(item, pick=replace(item.pick, story=replace(item.pick.story, lead=article)))


def base() -> Issue:
    issue = sample_issue()
    return replace(issue, items=tuple(long(item) for item in issue.items))


@dataclass(frozen=True)
class Mail:
    """One issue as it would be judged."""

    issue: Issue
    config: Config = CONFIG
    change: Callable[[Variant], Variant] = lambda variant: variant
    known: Mapping[str, Any] = field(default_factory=dict)  # what check_issue is told besides

    def rendered(self) -> Rendered:
        drawn = copies() if any(item.picture for item in self.issue.items) else {}
        rendered = render_issue(self.issue, self.config, copies=drawn)
        return replace(rendered, variants=tuple(self.change(variant) for variant in rendered.variants))


# ------------------------------------------------------------------------------------------------ right


def _story(number: int, section: str, title: str, sentence: str, **more: Any) -> Item:
    article = make_article(title, sentence, f"Outlet {number}", f"https://outlet{number}.example.com/story", 24, **more)
    form = more.pop("form", "item")
    return long(make_item(article, section, sentence, form=form))


def _many(count: int) -> Issue:
    sentence = "The office has put each late berth on a public page, with its cause and its cost, for half a year now."
    items = [
        _story(
            n, ("Government", "Transport", "Cities")[n * 3 // count], f"Story number {n} of a very full week", sentence
        )
        for n in range(count)
    ]
    items[0] = replace(items[0], form="lead")
    return replace(base(), items=tuple(items))


def _in(language: str, *stories: tuple[str, str], subject: str, preheader: str) -> Issue:
    items = [_story(n, "", title, text, language=language) for n, (title, text) in enumerate(stories)]
    items[0] = replace(items[0], form="lead")
    return replace(base(), items=tuple(items), sections=(), subject=subject, preheader=preheader, intro="")


def _config(language: str) -> Config:
    return replace(CONFIG, newsletter=replace(CONFIG.newsletter, language=language))


def right_mails() -> dict[str, Mail]:
    """Mails in which there is nothing to mend."""
    issue = base()
    lead, *others = issue.items
    bare = tuple(replace(i, summary=replace(i.summary, quotes=())) for i in issue.items)
    own = with_article(others[0], replace(others[0].article, outlet=None, url=None, own=True))
    own = replace(own, credit="the editors")
    markup = "If a < b & c, then <b>x</b> holds; TODO is a word, and so are None and XXX. AT&amp;T said so."
    printed = long(
        make_item(make_article("On <b> and &amp;", markup, "Outlet", "https://o.example.org/", 24), "Cities", markup)
    )
    long_word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    arabic = _in(
        "ar",
        ("الميناء الذي نشر كل تأخير", "نشرت المدينة سجلات الميناء كاملة للمرة الأولى هذا العام."),
        ("قطارات الليل تمتلئ من جديد", "ارتفعت الحجوزات على الخطوط الأربعة للسنة الثالثة على التوالي."),
        ("مكتبة تعير مضخات الحرارة", "يستطيع السكان استعارة مضخة لمدة أسبوع قبل أن يقرروا."),
        subject="المدينة تنشر سجلات الميناء كاملة",
        preheader="في هذا العدد أيضا: قطارات الليل تمتلئ من جديد ومكتبة تعير مضخات الحرارة",
    )
    japanese = _in(
        "ja",
        ("港は遅れをすべて公開した", "港湾局は半年間、遅れた船をその理由と費用とともに公開してきた。"),
        ("夜行列車がまた満員に", "残る四つの寝台列車の予約は三年続けて増えている。"),
        ("図書館が暖房機を貸し出す", "住民は購入を決める前に週末のあいだ機器を借りることができる。"),
        subject="港は遅れた船をすべて公開した",
        preheader="今週はほかに、満員の夜行列車、暖房機を貸す図書館、静かになった路面電車。",
    )
    return {
        "ten items": Mail(issue),
        "one item": Mail(replace(issue, items=(lead,))),
        "twenty-five items": Mail(_many(25)),
        "no quotes": Mail(replace(issue, items=bare)),
        "no intro": Mail(replace(issue, intro="")),
        "an own text without outlet or address": Mail(replace(issue, items=(lead, own, *others[1:]))),
        "markup in an article": Mail(replace(issue, items=(lead, printed, *others[1:]))),
        "an address that looks like a placeholder": Mail(
            _item(url="https://commonplace.example.org/%C3%89TUDE%20XXX/TODO/%%A%%?a={{b}}&c=[[d]]")
        ),
        "words behind a comment": Mail(issue, change=_more(f'<div style="{READABLE}"><!-- x -->Some words</div>')),
        "the longest words": Mail(
            replace(
                issue,
                items=(
                    lead,
                    _story(
                        1, "Cities", f"Die {long_word}", f"Die {long_word} wurde 1996 zuletzt genannt.", language="de"
                    ),
                    *others[1:],
                ),
            )
        ),
        "leaving by mail": Mail(issue, make_config(site=False)),
        "a picture inside the mail": Mail(_with_picture(issue)),
        "a picture on the site": Mail(_with_picture(issue), showing(CONFIG, carry="site")),
        "an own picture that decorates": Mail(_with_picture(issue, alt="", license="", license_url="")),
        "another accent": Mail(issue, make_config(accent="#0b4f6c", accent_dark="#7cc6e8")),
        "Arabic": Mail(arabic, _config("ar")),
        "Japanese": Mail(japanese, _config("ja")),
        "known articles and readers": Mail(
            issue,
            known={
                "newest": {item.article.id: item.article for item in issue.items},
                "readers": 1200,
                "readers_before": 1100,
                "answers": {item.article.url: Answer(200) for item in issue.items},
            },
        ),
    }


# ------------------------------------------------------------------------------------------------ wrong


def _html(old: str, new: str, count: int = 1) -> Callable[[Variant], Variant]:
    def change(variant: Variant) -> Variant:
        html, times = re.subn(old, new, variant.html, count=count)
        assert times, f"{old} stands nowhere"
        return replace(variant, html=html)

    return change


def _text(old: str, new: str) -> Callable[[Variant], Variant]:
    def change(variant: Variant) -> Variant:
        text, times = re.subn(old, new, variant.text, count=1)
        assert times, f"{old} stands nowhere"
        return replace(variant, text=text)

    return change


def _more(html: str, text: str = "") -> Callable[[Variant], Variant]:
    """*html* at the end of the body, *text* at the end of the text part; {LEAVE} and the like are tokens."""

    def change(variant: Variant) -> Variant:
        filled = html
        for name, token in variant.tokens.items():
            filled = filled.replace(f"{{{name}}}", token)
        return replace(
            variant, html=variant.html.replace("</body>", f"{filled}\n</body>"), text=f"{variant.text}{text}"
        )

    return change


def _p(words: str, style: str = "") -> str:
    return f'<p style="{READABLE};{style}">{words}</p>'


def _link(href: str, words: str = "Some plain words") -> str:
    return _p(f'<a href="{href}" style="{READABLE};text-decoration:underline">{words}</a>')


def _picture(attributes: str) -> str:
    return _p(f'<img src="https://ledger.example.com/p.png" {attributes} style="display:block">')


def _with_picture(issue: Issue, **changes: Any) -> Issue:
    """*issue*, its lead with a picture."""
    lead = replace(issue.items[0], picture=item_picture("harbour", **changes))
    return replace(issue, items=(lead, *issue.items[1:]))


def _heavier(variant: Variant) -> Variant:
    (picture,) = variant.pictures
    return replace(variant, pictures=(replace(picture, data="A" * 600_000),))


def _item(**changes: Any) -> Issue:
    """The base, its second item's article changed."""
    issue = base()
    item = issue.items[1]
    return replace(
        issue, items=(issue.items[0], with_article(item, replace(item.article, **changes)), *issue.items[2:])
    )


def _newest(**changes: Any) -> Mapping[str, Any]:
    article = base().items[1].article
    return {"newest": {article.id: replace(article, **changes)}}


def _answer(answer: Answer) -> Mapping[str, Any]:
    return {"answers": {base().items[1].article.url: answer}}


def _sender(address: str) -> Config:
    from digest.config import parse_config
    from tests.render_samples import TOML

    return parse_config(TOML.replace("ledger@ledger.example.com", address))


def _short_item() -> Issue:
    issue = base()
    text = "A sentence of seven words stands here. And four words more."
    article = make_article("A short report", text, "Outlet", "https://o.example.org/", 24)
    return replace(
        issue,
        items=(
            issue.items[0],
            make_item(article, "Cities", "A sentence of seven words stands here."),
            *issue.items[2:],
        ),
    )


def _without_title() -> Issue:
    issue = base()
    text = "A sentence of seven words stands here."
    article = make_article("", text, "Outlet", None, 24, own=True)
    return replace(issue, items=(*issue.items[:6], long(make_item(article, "Cities", text)), *issue.items[6:]))


def _twice() -> Issue:
    issue = base()
    again = with_article(issue.items[2], replace(issue.items[2].article, id="0" * 16, title="The port, told again"))
    again = replace(again, summary=replace(again.summary, sentences=(), quotes=()))
    return replace(issue, items=(*issue.items[:3], again, *issue.items[3:]))


def _swap(variant: Variant) -> Variant:
    one, other = "https://tidewater.example.com/ellery", "https://fielddesk.example.org/bats"
    return replace(variant, text=variant.text.replace(one, "@").replace(other, one).replace("@", other))


def _padded(size: int) -> Callable[[Variant], Variant]:
    def change(variant: Variant) -> Variant:
        return replace(variant, html=variant.html + " " * (size - len(variant.html.encode())))

    return change


def _sheet(css: str) -> Callable[[Variant], Variant]:
    """*css* at the end of the first <style> that no comment holds."""
    return _html(r"(?s)(</style>)(?=\s*</head>)", f"\n{css}\n\\1")


def wrong_mails() -> dict[str, Mail]:
    """Rule -> a mail in which that rule, and no other, has something to say."""
    issue = base()
    body = issue.items[1].article
    gone = {"regions": (Region("aside", Span(0, len(body.text)), "data-nosnippet"),)}
    sentence = re.escape("fell by half")
    shown, lead = _with_picture(issue), issue.items[0]
    reserved = replace(lead.article, image=Image("https://civicwire.example.com/p.jpg", license="All rights reserved"))
    return {
        "verbatim": Mail(issue, change=_html(sentence, "fell by a half")),
        "outlet-missing": Mail(_item(outlet=None)),
        "url-missing": Mail(_item(url=None, canonical=None)),
        "url-not-web": Mail(_item(url="javascript:x", canonical=None)),
        "url-not-https": Mail(_item(url="http://commonplace.example.org/letters")),
        "headline-missing": Mail(_without_title()),
        "story-twice": Mail(_twice()),
        "publisher-limit": Mail(_item(limit=ExcerptLimit(5, "the page says max-snippet:5"))),
        "excerpt-withdrawn": Mail(
            replace(
                issue,
                items=(
                    issue.items[0],
                    replace(
                        issue.items[1],
                        summary=replace(issue.items[1].summary, sentences=issue.items[1].summary.sentences[:1]),
                    ),
                    *issue.items[2:],
                ),
            ),
            known=_newest(**gone),
        ),
        "publisher-blocked": Mail(issue, replace(CONFIG, block=(BlockEntry("commonplace.example.org", "asked us"),))),
        "source-changed": Mail(issue, known=_newest(version=2)),
        "edit-unfit": Mail(
            issue, known={"unfit": [Conflict(Edit(4, issue.slug, "sentences", "a", "0-9", "Mara", MONDAY), "gone", "")]}
        ),
        "quote-words": Mail(issue, replace(CONFIG, quoting=Quoting(outlets={"Commonplace": 20}))),
        "quote-share": Mail(_short_item()),
        "subject-empty": Mail(replace(issue, subject="")),
        "subject-length": Mail(replace(issue, subject="Ministers agree " * 6)),
        "subject-shouting": Mail(replace(issue, subject="MINISTERS AGREE TO SHARE RECORDS")),
        "subject-reply": Mail(replace(issue, subject="Re: North Sea ministers agree")),
        "subject-hole": Mail(replace(issue, subject="Hi , ministers agree to share records")),
        "preheader-empty": Mail(
            replace(issue, preheader=""), change=_html("(<div[^>]*display: ?none[^>]*>)[^<\u2007\ufeff\u034f]*", r"\1")
        ),
        "preheader-length": Mail(replace(issue, preheader="Plus: a port.")),
        "preheader-repeats": Mail(replace(issue, preheader=issue.subject)),
        "preheader-not-first": Mail(issue, change=_html(r"(<body[^>]*>)", rf"\1{_p('View in browser')}")),
        "preheader-leaks": Mail(issue, change=_html("[\u034f\ufeff\u2007]", "", 0)),
        "placeholder-left": Mail(issue, change=_more(_p("TODO: write the footer"))),
        "placeholder-maybe": Mail(replace(issue, intro="We print {{ this }} as it is.")),
        "value-empty": Mail(issue, change=_more(_p("None"))),
        "escaped-twice": Mail(issue, change=_more(_p("Fish &amp;amp; chips"))),
        "mojibake": Mail(_item(title="The cafÃ© that rewrote its letters")),
        "leave-missing": Mail(
            issue, change=lambda v: replace(v, html=v.html.replace(v.tokens["LEAVE"], v.tokens["PREFS"]))
        ),
        "postal-address": Mail(issue, replace(CONFIG, newsletter=replace(CONFIG.newsletter, postal_address=""))),
        "token-misplaced": Mail(issue, change=_more(f"<p title={{EMAIL}} style='{READABLE}'>Some words</p>")),
        "letter-broken": Mail(issue, change=lambda v: replace(v, subject="two\nlines")),
        "from-freemail": Mail(issue, _sender("ledger@gmail.com")),
        "nobody-reads": Mail(issue, known={"readers": 0}),
        "audience-jump": Mail(issue, known={"readers": 400, "readers_before": 1000}),
        "link-not-https": Mail(issue, change=_more(_link("http://example.org/x"))),
        "link-empty": Mail(issue, change=_more(_link("https://example.org/x", ""), "\nhttps://example.org/x\n")),
        "link-vague": Mail(
            issue, change=_more(_link("https://example.org/x", "Read more"), "\nhttps://example.org/x\n")
        ),
        "link-same-words": Mail(
            issue,
            change=_more(
                _link("https://example.org/x") + _link("https://example.org/y"),
                "\nhttps://example.org/x\nhttps://example.org/y\n",
            ),
        ),
        "link-repeated": Mail(
            issue, change=_more("".join(_link(str(body.url), f"Letter {n}") for n in ("one", "two", "three")))
        ),
        "link-tracking": Mail(_item(url=f"{body.url}?utm_source=feed", canonical=body.url)),
        "link-shortened": Mail(issue, change=_more(_link("https://bit.ly/x"), "\nhttps://bit.ly/x\n")),
        "link-private": Mail(issue, change=_more(_link("https://192.168.0.7/x"), "\nhttps://192.168.0.7/x\n")),
        "link-disguised": Mail(
            issue, change=_more(_link("https://evil.example/x", "mybank.example"), "\nhttps://evil.example/x\n")
        ),
        "link-dead": Mail(issue, known=_answer(Answer(404, "404 Not Found"))),
        "link-unanswered": Mail(issue, known=_answer(Answer(None, "no answer within 15 s"))),
        "link-moved": Mail(issue, known=_answer(Answer(200, moved_to="https://elsewhere.example/letters"))),
        "picture-alt-missing": Mail(issue, change=_more(_picture('width="40" height="40"'))),
        "picture-alt-poor": Mail(issue, change=_more(_picture('alt="IMG_0231.jpg" width="40" height="40"'))),
        "picture-foreign": Mail(
            issue, change=_more(_p('<img src="https://cdn.example.net/p.png" alt="A tram" width="40" height="40">'))
        ),
        "picture-not-https": Mail(issue, change=_more(_p('<img src="p.png" alt="A tram" width="40" height="40">'))),
        "picture-pixel": Mail(issue, change=_more('<img src="https://t.example/o.gif" alt="" width="1" height="1">')),
        "picture-size-missing": Mail(issue, change=_more(_picture('alt="A tram"'))),
        "picture-format": Mail(
            issue,
            change=_more(_p('<img src="https://ledger.example.com/p.webp" alt="A tram" width="40" height="40">')),
        ),
        "picture-credit": Mail(shown, change=_html("Picture:\u00a0Ana\u00a0Ruiz", "A picture")),
        "picture-license": Mail(shown, change=_html(r"<a [^>]*creativecommons[^>]*>(.*?)</a>", r"\1")),
        "picture-withdrawn": Mail(shown, known={"newest": {reserved.id: reserved}}),
        "picture-copy-missing": Mail(_with_picture(issue, copy="0" * 64)),
        "picture-heavy": Mail(shown, change=_heavier),
        "contrast-light": Mail(issue, change=_more('<p style="color:#bbbbbb">Pale words on a light page</p>')),
        "contrast-dark": Mail(issue, change=_more('<p style="color:#444444">Dark words that stay dark</p>')),
        "dark-missing": Mail(issue, change=_html(r"\[data-ogs[bc]\][^}]*\}", "", 0)),
        "text-small": Mail(issue, change=_more(_p("Fine print", "font-size:9px"))),
        "language-missing": Mail(issue, change=_html(r'(<html[^>]*?) lang="[^"]*"', r"\1")),
        "direction-missing": Mail(issue, change=_html(r'(<html[^>]*?) dir="[^"]*"', r"\1")),
        "item-language": Mail(issue, change=_html(r' lang="de"', "", 0)),
        "title-missing": Mail(issue, change=_html(r"<title>.*?</title>", "<title></title>")),
        "heading-first": Mail(issue, change=_html(r"<(/?)h1", r"<\1h2", 0)),
        "heading-skip": Mail(issue, change=_more(f'<h6 style="{READABLE};font-size:16px">A heading far too low</h6>')),
        "table-role": Mail(issue, change=_html(r'(<table[^>]*?) role="presentation"', r"\1")),
        "size-clipped": Mail(issue, change=_padded(106_000)),
        "size-near": Mail(issue, change=_padded(92_000)),
        "style-size": Mail(issue, change=_sheet(f"/*{'x' * 17_000}*/")),
        "style-broken": Mail(issue, change=_sheet(".a{margin:0}}")),
        "style-in-body": Mail(issue, change=_more("<style>.zz{margin:0}</style>")),
        "style-important": Mail(issue, change=_more(_p("Some words", "margin:0 !important"))),
        "client-support": Mail(issue, change=_more(_p("Some words", "position:absolute"))),
        "outlook-conditions": Mail(issue, change=_more("<!--[if mso]>never closed-->")),
        "outlook-width": Mail(issue, change=_html(r'(<!--\[if mso\]><table[^>]*?) width="\d+"', r"\1", 0)),
        "document": Mail(issue, change=_html(r"width=device-width,\s*initial-scale=1", "width=600")),
        "active-content": Mail(issue, change=_more(f'<p style="{READABLE}" onclick="go()">Some words</p>')),
        "text-missing": Mail(issue, change=lambda v: replace(v, text="")),
        "text-unwrapped": Mail(issue, change=_more("", "\n" + "words " * 20 + "\n")),
        "text-markup": Mail(issue, change=_more("", "\n<b>Bold</b>\n")),
        "text-story-missing": Mail(issue, change=_text("Retired phones find work counting bats", "Another headline")),
        "text-order": Mail(issue, change=_swap),
        "text-link-lost": Mail(issue, change=_more(_link("https://example.org/x"))),
        "text-footnotes": Mail(issue, change=_more("", "\nSee the other [99]\n")),
    }


def many_quotes() -> tuple[Issue, Item]:
    """An item with two key quotes, for what no template of ours prints."""
    issue = base()
    lead = issue.items[0]
    words = ("The register had been promised twice and put off twice.", "Nobody knows yet what it will cost.")
    quotes = tuple(make_quote(lead.article, w, speaker="Matilda Hartwell", role=None, marks=False) for w in words)
    return issue, replace(lead, summary=replace(lead.summary, quotes=quotes))


NOW = datetime(2015, 9, 27, tzinfo=UTC)
