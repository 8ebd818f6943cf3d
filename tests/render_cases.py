"""Issues a mail must stand: few and many items, endless words, right to left, no blanks between words, all missing.

Every text, person and outlet in them is invented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from digest.config import Config
from digest.model import Issue, Item
from tests.render_samples import make_article, make_config, make_item, make_quote, sample_issue

Case = tuple[Issue, Config]


def with_items(*items: Item, **changes: Any) -> Issue:
    sections = tuple(dict.fromkeys(item.pick.section for item in items if item.form != "link"))
    return replace(sample_issue(), items=items, sections=sections, **changes)


def again(item: Item, number: int, **changes: Any) -> Item:
    """*item* as another story: its own id, address and a title with *number* in it."""
    old = item.article
    article = replace(
        old,
        id=f"{number:016x}",
        url=f"{old.url}-{number}",
        canonical=f"{old.url}-{number}",
        title=f"{old.title}, part {number}",
        outlet=f"{old.outlet} {number}",
    )

    def moved(excerpt: Any) -> Any:
        return replace(excerpt, article=article.id)

    summary = replace(
        item.summary,
        sentences=tuple(map(moved, item.summary.sentences)),
        quotes=tuple(map(moved, item.summary.quotes)),
    )
    pick = replace(item.pick, story=replace(item.pick.story, lead=article))
    return replace(item, pick=pick, summary=summary, credit=article.outlet or "", **changes)


def full_issue(count: int) -> Issue:
    """*count* items, all with a summary, over three sections; the first is the lead."""
    lead, *others = [item for item in sample_issue().items if item.form != "link"]
    items = [lead]
    while len(items) < count:
        for number, item in enumerate(others[: count - len(items)], len(items)):
            items.append(item if number < len(others) + 1 else again(item, number))
    order = list(dict.fromkeys(item.pick.section for item in items))
    return with_items(*sorted(items, key=lambda item: order.index(item.pick.section)))


def one_item() -> Issue:
    return with_items(sample_issue().items[0], preheader="")


def longest_words() -> Issue:
    """German compounds, an address without a blank, a name of 40 letters: everywhere something is printed."""
    word = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
    chain = "x" * 90
    text = (
        f"Das {word} ist seit dem Sommer wieder in Kraft, und der {word}sausschuss tagt. Die Adresse lautet "
        f"https://example.org/{'a-very-long-path/' * 6}index.html, wie der Bericht sagt. „Das {word} ist {chain} "
        "genug“, sagte sie."
    )
    name = "Friederike-Wilhelmine-Hohenlohe-Schillingsfürst"
    lead = make_article(
        f"{word}: Was die Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft plant",
        text,
        f"{word}sanzeiger",
        "https://anzeiger.example.org/" + "lang" * 40,
        24,
        language="de",
        authors=(name, name + "-Zwei", "X" * 60, "Noch Einer"),
        paywall="closed",
    )
    quote = make_quote(lead, f"Das {word} ist {chain} genug", speaker=name, role=f"{word}sbeauftragte des {word}samts")
    others = tuple(make_article("T", "Text.", f"{word}blatt {n}", f"https://example.org/{n}", 24) for n in range(6))
    first = text[: text.index(" Die Adresse")]
    second = text[text.index("Die Adresse") : text.index(" „")]
    item = make_item(lead, word, first, second, form="lead", quotes=(quote,), note=f"{chain} {text}", also=others)
    short = again(replace(item, form="item"), 2)
    link = replace(again(item, 3), form="link", summary=replace(item.summary, sentences=(), quotes=()), note="")
    return with_items(item, short, link, subject=word, preheader=f"{word} " * 2, intro=f"{text}\n\n{chain}")


def nothing_known() -> Issue:
    """No outlet, date, author, address, quote, note, section, intro or preheader."""

    def item(number: int) -> Item:
        article = make_article(f"Untitled {number}", "One sentence.", "", None, 24)
        article = replace(article, outlet=None, published=None, published_precision=None, own=True)
        made = make_item(article, "", "One sentence.", form="lead" if number == 0 else "item")
        return replace(made, credit="")

    return with_items(*map(item, range(3)), subject="Nothing is known of it", preheader="", intro="")


def arabic() -> Issue:
    lead = make_article(
        "الميناء الذي نشر كل تأخير على صفحة عامة",
        "منذ ستة أشهر ينشر مكتب الميناء كل تأخير في الرسو على صفحة عامة مع سببه وكلفته. وانخفضت الشكاوى بمقدار الثلث. "
        "«لا أحد يجادل رقمًا يستطيع أن يتحقق منه بنفسه.» هكذا تقول سلمى الحداد، مديرة الميناء.",
        "أخبار المرفأ",
        "https://marfa.example.org/delays",
        24,
        language="ar",
        authors=("ليلى منصور", "كريم نجار"),
    )
    library = make_article(
        "مكتبة تعير مضخات التدفئة",
        "يستطيع السكان استعارة مضخة تدفئة محمولة في عطلة نهاية الأسبوع قبل أن يقرروا شراءها. ومن أول 60 مستعيرًا "
        "طلب 22 منهم واحدة. «المطبخ الدافئ يقنع أكثر من المنشور.» قال عمر الريّس.",
        "لبنة",
        "https://labina.example.org/pumps",
        23,
        language="ar",
        paywall="closed",
    )
    letters = make_article(
        "The council that rewrote its letters",
        "Norwick council rewrote its 40 most-sent letters with the people who get them. Calls fell by half.",
        "Commonplace",
        "https://commonplace.example.org/council-letters",
        22,
        authors=("Ruth Adeyemi",),
    )
    links = [
        make_article(title, "نص.", outlet, f"https://example.org/ar/{n}", 21, language="ar")
        for n, (title, outlet) in enumerate(
            (("لماذا يقرأ مقياس المد في بورت إليري أقل من الواقع", "مياه"), ("الخريطة وثيقة عامة، تقول المحكمة", "قوس"))
        )
    ]
    also = tuple(
        make_article("تأخير", "نص.", outlet, f"https://example.org/{n}", 24, language="ar")
        for n, outlet in enumerate(("يوميات الرصيف", "الربان"))
    )
    return with_items(
        make_item(
            lead,
            "النقل",
            "منذ ستة أشهر ينشر مكتب الميناء كل تأخير في الرسو على صفحة عامة مع سببه وكلفته.",
            "وانخفضت الشكاوى بمقدار الثلث.",
            form="lead",
            quotes=(
                make_quote(
                    lead, "لا أحد يجادل رقمًا يستطيع أن يتحقق منه بنفسه.", speaker="سلمى الحداد", role="مديرة الميناء"
                ),
            ),
            minutes=2,
            also=also,
        ),
        make_item(
            library,
            "المدن",
            "يستطيع السكان استعارة مضخة تدفئة محمولة في عطلة نهاية الأسبوع قبل أن يقرروا شراءها.",
            "ومن أول 60 مستعيرًا طلب 22 منهم واحدة.",
            quotes=(make_quote(library, "المطبخ الدافئ يقنع أكثر من المنشور.", speaker="عمر الريّس", role=None),),
            note="يذكر التقرير أحد عشر موقفًا في الشمس. وجدنا تسعة: اثنان مغلقان.",
            minutes=11,
        ),
        make_item(
            letters,
            "المدن",
            "Norwick council rewrote its 40 most-sent letters with the people who get them.",
            "Calls fell by half.",
            minutes=1,
        ),
        *(make_item(article, "", form="link", minutes=3 + n * 97) for n, article in enumerate(links)),
        title="الدفتر الأسبوعي",
        subject="الميناء الذي نشر كل تأخير على صفحة عامة",
        preheader="وأيضًا: مكتبة تعير مضخات التدفئة، ومجلس أعاد كتابة رسائله مع من يتلقونها",
        intro="خمس قصص، معظمها عن أناس يعرضون أرقامهم.",
    )


def japanese() -> Issue:
    lead = make_article(
        "すべての遅れを公開した港",
        "港湾事務所はこの半年、着岸の遅れを一件ずつ、原因と費用とともに公開ページに載せてきた。苦情は三分の一減った。"
        "「自分で確かめられる数字に、誰も文句は言わない」と港長の春日いづみ氏は話す。",
        "港湾通信",
        "https://kowan.example.org/okure",
        24,
        language="ja",
        authors=("佐伯あかり",),
    )
    tram = make_article(
        "路面電車が夜のうちに静かになった町の長い長い見出しは二行に収まるだろうか",
        "七月から専用の車両が夜間にレールを削っている。最も騒がしい六つのカーブでは騒音が九デシベル下がり、"
        "苦情は四分の一になった。",
        "川辺日報",
        "https://kawabe.example.org/densha",
        22,
        language="ja",
        paywall="metered",
    )
    bats = make_article(
        "古い電話がコウモリを数える", "本文。", "野帳", "https://yacho.example.org/k", 21, language="ja"
    )
    first, second = (
        "港湾事務所はこの半年、着岸の遅れを一件ずつ、原因と費用とともに公開ページに載せてきた。",
        "苦情は三分の一減った。",
    )
    return with_items(
        make_item(
            lead,
            "交通",
            first,
            second,
            form="lead",
            quotes=(
                make_quote(lead, "自分で確かめられる数字に、誰も文句は言わない", speaker="春日いづみ", role="港長"),
            ),
        ),
        make_item(
            tram, "交通", *(part + "。" for part in tram.text.split("。") if part), note="八月に乗って確かめた。"
        ),
        make_item(bats, "", form="link", minutes=2),
        title="週刊台帳",
        subject="すべての遅れを公開した港、夜に静かになった路面電車",
        preheader="ほかに：路面電車が夜のうちに静かになった町、コウモリを数える古い電話、そして潮位計がいつも低い理由についての短い報告",
        intro="数字を見せる人たちの話を三つ。",
    )


OTHER_LOOK: dict[str, Any] = {
    "accent": "#005f73",
    "accent_dark": "#7fd0e0",
    "headings": "humanist",
    "text": "book",
    "labels": "wide",
    "masthead": "banner",
    "density": "airy",
    "logo": "https://ledger.example.com/logo.png",
    "logo_width": 220,
    "logo_height": 48,
}


def corrected() -> Issue:
    return sample_issue(correction="Last week we wrote that the Kell ferry was built in 1998. It was built in 1989.")


def in_language(tag: str, name: str) -> Callable[[Config], Config]:
    def changed(config: Config) -> Config:
        return replace(config, newsletter=replace(config.newsletter, language=tag, name=name, editor=""))

    return changed


def cases(**theme: str) -> dict[str, Case]:
    """Name -> an issue and the newsletter it is of; *theme* is its [theme]."""
    config = make_config(**theme)
    return {
        "sample": (sample_issue(), config),
        "1-item": (one_item(), config),
        "25-items": (full_issue(25), config),
        "long-words": (longest_words(), config),
        "nothing-known": (nothing_known(), config),
        "arabic": (arabic(), in_language("ar", "الدفتر الأسبوعي")(config)),
        "japanese": (japanese(), in_language("ja", "週刊台帳")(config)),
        "other-look": (corrected(), replace(config, theme=replace(config.theme, **OTHER_LOOK))),
    }
