"""What is not the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.text.boilerplate import clean_lines, find_regions, opinion_label, why_removed

LEFTOVERS = {
    "By Jane Roe": "by-line",
    "By. Daily Mail Reporter.": "by-line",
    "By Ann Lee, Boston Globe": "by-line",
    "By Ann Lee, staff writer": "by-line",
    "Share this story on Facebook or by e-mail today.": "share line",
    "PUBLISHED: 14:11 EST, 25 October 2013": "date line",
    "Last updated at 1:25 AM on 3rd August 2011.": "date line",
    "25 September 2015 | 2:57 pm – Source:": "date and source line",
    "Scroll down for video": "caption",
    "Leave a Reply": "comment form",
    "Your email address will not be published.": "comment form",
    "Sorry we are not currently accepting comments on this article.": "comment form",
    "Share this article on Facebook": "share line",
    "Sign up for our weekly newsletter": "subscribe line",
    "We use cookies to make this site better.": "cookie notice",
    "© 2015 Halden News": "copyright line",
    "Read more: what the council decided": "link to more",
    "Source: Halden Water": "source line",
    "CNN's Jane Roe contributed to this report.": "credit line",
    "* * *": "ornament",
}
PROSE = [
    "By the end of March the bridge was open.",
    "By Monday, most of the town had left.",
    "By Monday, Boston and Norwick had shut their harbours.",
    "Comments made by the mayor were booed.",
    "Read more books, the minister told children.",
    "The group said it would share this with the police.",
    "Published on Monday, the report blames nobody.",
    "Source code is read by few of them.",
    "More than 40 people were hurt.",
    "Join the queue, said the clerk, and wait.",
    "On 25 September 2015 the two governments met.",
]
ABROAD = """
    de: Artikel teilen = share line
    de: 12 Kommentare = comment form
    de: Kommentare (3) = comment form
    de: Lesen Sie auch: Warum die Brücke hält = link to more
    de: Melden Sie sich für unseren Newsletter an = subscribe line
    de: Diese Website verwendet Cookies, um Inhalte zu verbessern. = cookie notice
    de: Alle Rechte vorbehalten = copyright line
    de: Foto: Jürg Bänziger = caption
    de: Anzeige = advert
    de: Veröffentlicht am Dienstag, 3. März 2026, 14:30 Uhr = date line
    fr: À lire aussi : pourquoi le pont tient = link to more
    fr: Laisser un commentaire = comment form
    fr: Votre adresse e-mail ne sera pas publiée. Les champs obligatoires sont indiqués avec * = comment form
    fr: Crédit photo : Ana Ruiz = caption
    fr: Inscrivez-vous à notre newsletter quotidienne = subscribe line
    fr: Nous utilisons des cookies pour améliorer le site. = cookie notice
    fr: Partager sur Facebook = share line
    fr: Publié le 3 mars 2026 = date line
    es: Lea también: El puente resiste = link to more
    es: Deja un comentario = comment form
    es: Comparte esta noticia = share line
    es: Publicidad = advert
    it: Leggi anche: il ponte tiene = link to more
    it: Condividi = share line
    it: Riproduzione riservata = copyright line
    pt: Leia também = link to more
    pt: Compartilhe no Facebook = share line
    nl: Lees ook: de brug houdt = link to more
    nl: Reageer = comment form
    pl: Czytaj także: most stoi = link to more
    pl: Udostępnij = share line
    pl: Wszelkie prawa zastrzeżone = copyright line
    pl: fot. Jan Nowak = caption
    pl: 17 marca 2026 = date line
    sv: Läs också: bron håller = link to more
    sv: Dela artikeln = share line
    da: Læs også = link to more
    nb: Les også = link to more
    nb: Legg igjen en kommentar = comment form
    fi: Lue myös = link to more
    fi: Jaa artikkeli = share line
    ru: Читайте также: мост стоит = link to more
    ru: Поделиться = share line
    ru: Фото: Анна Иванова = caption
    ru: Подпишитесь на наш Telegram-канал = subscribe line
    ru: Опубликовано: 17 марта 2026 г. = date line
    uk: Читайте також = link to more
    tr: İlgili haberler = link to more
    tr: Paylaş = share line
    ja: 関連記事 = link to more
    ja: この記事をシェアする = share line
    ja: コメントを残す = comment form
    ja: 無断転載を禁じます = copyright line
    ja: 2026年3月17日（火） = date line
    zh: 相关阅读 = link to more
    zh: 分享到： = share line
    zh: 责任编辑：王小明 = by-line
    zh: 来源：港口日报 = source line
    zh: 2026年3月17日 14时30分 = date line
    ko: 관련기사 = link to more
    ko: 무단전재 및 재배포 금지 = copyright line
    ko: 김민수 기자 minsu@harbour.example = by-line
    ko: 2026년 3월 17일 오후 2:30 = date line
    ko: 입력 2026.03.17 14:30 = date line
    ar: اقرأ أيضا: الجسر صامد = link to more
    ar: شارك المقال = share line
    ar: إعلان = advert
    ar: جميع الحقوق محفوظة = copyright line
    ar: 17 مارس 2026 = date line
    en: Write to Ana Ruiz at ana@harbour.example = credit line
    en: Have a tip? Ana may be reached at ana@harbour.example. = credit line
    en: Like this story? Share it with a friend! = share line
    en: Get the latest news in your inbox. Subscribe to our newsletters. = subscribe line
    en: Updated at 1:23 p.m. = date line
    en: Harbour lamps at night, photos © Harbour Notes, 2018 = caption
"""
PROSE_ABROAD = """
    Lees ook de bijsluiter voordat u begint.
    Zie ook hoe de brug beweegt.
    Teilen ist schwer, sagt der Lehrer.
    Werbung ist teuer geworden.
    Wir verwenden Cookies nur zum Kaffee, sagt die Wirtin und lacht.
    Kommentare des Bürgermeisters wurden ausgebuht.
    Foto und Ton waren schlecht.
    Quelle der Elbe ist ein Brunnen.
    Am 3. März 2026 traf sich der Rat.
    Mehr über die Brücke wusste niemand.
    Von Anfang an war der Rat dagegen.
    Anmelden muss sich, wer mitfahren will.
    Lire aussi vite que possible, voilà son but.
    Voir aussi loin que possible est un luxe.
    Par Toutatis, le pont tient bon, dit-il.
    Comparte piso con dos amigas en Madrid.
    Condividi il pane, diceva la nonna.
    Del av byen ligger under vann.
    Dela inte ut lösenordet, säger polisen.
    Vi bruger cookies som dessert i kantinen.
    Af de ni lamper er en slukket.
    Читайте также и между строк, советует учитель.
    По теме выступили трое, и никто не спорил.
    関連記事を読んだ人は少なくない。
    分享会于周五举行，约有百人参加。
    광고를 줄이겠다고 시장은 말했다.
    إعلان الحرب لم يكن مفاجئا للمدينة.
    We use cookies as bait, the ranger said.
    Get the boat out of the harbour, the mayor told them.
"""


def rows(table: str) -> list[str]:
    return [line.strip() for line in table.strip().splitlines()]


@pytest.mark.parametrize(("line", "reason"), LEFTOVERS.items())
def test_a_leftover_is_known_with_its_reason(line: str, reason: str) -> None:
    assert why_removed(line) == reason


@pytest.mark.parametrize("row", rows(ABROAD))
def test_a_leftover_in_another_language_is_known_too(row: str) -> None:
    line, reason = row.partition(": ")[2].rsplit(" = ", 1)
    assert why_removed(line) == reason


@pytest.mark.parametrize("line", [*PROSE, *rows(PROSE_ABROAD)])
def test_prose_that_looks_like_a_leftover_stays(line: str) -> None:
    assert why_removed(line) == ""


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("Author’s view: The two have long been friends.", "Author’s view"),
        ("Meinung des Autors: Das reicht nicht.", "Meinung des Autors"),
        ("L’avis de l’auteur : cela ne suffit pas.", "L’avis de l’auteur"),
        ("Opinión del autor: no basta.", "Opinión del autor"),
        ("Our view – this will not do.", "Our view"),
        ("Opinion", "Opinion"),
        ("Kommentar:", "Kommentar"),
    ],
)
def test_an_opinion_part_is_known_by_its_label(line: str, label: str) -> None:
    found, at = opinion_label(line)
    assert found == label
    assert not line[at:].startswith((":", " "))


@pytest.mark.parametrize(
    "line",
    [
        "Opinion is divided in the town.",
        "Opinion: 60 per cent of voters want the bridge.",
        "Comment: the ministry gave none.",
        "Editorial - that is what the staff of 12 fear most.",
        "Avis : la plage est fermée jusqu'à lundi.",
        "Comentario: ninguno, dijo el alcalde.",
        "Kommentar: Keiner, sagte der Sprecher.",
    ],
)
def test_a_sentence_that_begins_with_the_word_opinion_opens_no_opinion_part(line: str) -> None:
    assert opinion_label(line) == ("", 0)


def test_lines_of_a_wrapped_paragraph_become_one_paragraph_again() -> None:
    lines = [
        "The council of the town has met for the third time this year to talk",
        "about the bridge that was closed in spring after a part of it fell",
        "into the river.",
        "",
        "It did not agree.",
    ]
    cleaned = clean_lines(lines)
    assert [p.text for p in cleaned.paragraphs] == [" ".join(lines[:3]), "It did not agree."]
    assert [p.number for p in cleaned.paragraphs] == [1, 5]


@pytest.mark.parametrize(
    ("article", "form"),
    [
        ("The bridge is open.", ["Leave a Reply", "Your email address will not be published."]),
        ("The bridge is open.", ["Leave a Reply", "Your email address is safe.", "Required fields are marked *"]),
        ("The bridge is open, and four hundred cars went over it on its first day. " * 3, ["Leave a comment"]),
    ],
)
def test_what_follows_the_comment_form_is_no_article(article: str, form: list[str]) -> None:
    lines = [article.strip(), *form, "Great news, I drove over it twice!"]
    assert [p.text for p in clean_lines(lines).paragraphs] == lines[:1]
    assert [r.reason for r in find_regions("\n\n".join(lines)) if r.kind == "aside"] == ["comment form"] * len(
        lines[1:]
    )


@pytest.mark.parametrize("line", ["Leave a comment", "Leave a comment at the town hall by Friday."])
def test_an_invitation_to_comment_in_the_middle_ends_no_article(line: str) -> None:
    lines = ["The bridge is open.", line, "Four hundred cars went over it.", "The mayor was in the first of them."]
    assert [p.text for p in clean_lines(lines).paragraphs][-2:] == lines[2:]
    assert [r.span.of("\n\n".join(lines)) for r in find_regions("\n\n".join(lines)) if r.kind == "body"][-2:] == lines[
        2:
    ]


def test_inside_a_paragraph_a_notice_is_an_aside() -> None:
    text = "The train was late. Scroll down for video. Nobody was told why."
    kinds = [(r.kind, r.span.of(text)) for r in find_regions(text)]
    assert kinds == [
        ("body", "The train was late."),
        ("aside", "Scroll down for video."),
        ("body", "Nobody was told why."),
    ]


@pytest.mark.shared
def test_the_seed_article_is_cleaned_as_an_editor_would(bench_data: Path) -> None:
    text = (bench_data / "seed" / "article.txt").read_text("utf-8")
    gold = json.loads((bench_data / "seed" / "gold.json").read_text("utf-8"))
    cleaned = clean_lines(text.split("\n"))
    assert [(r.line, r.text) for r in cleaned.removed] == [(r["line"], r["text"]) for r in gold["removed"]]
    assert [r.reason for r in cleaned.removed] == [
        "media notice",
        "date and source line",
        "comment form",
        "comment form",
    ]
    assert [p.text for p in cleaned.paragraphs if p.kind == "opinion"] == gold["opinion"]["text"]
    assert [p.text for p in cleaned.paragraphs if p.kind == "body"] == [
        gold["title"],
        gold["standfirst"],
        *gold["body"],
    ]
    assert cleaned.opinion_label == gold["opinion"]["label"]
    assert cleaned.date_line is not None
    assert cleaned.date_line[0] == gold["published_line"]


@pytest.mark.shared
def test_the_seed_articles_raw_text_has_the_same_body(bench_data: Path) -> None:
    text = (bench_data / "seed" / "article.txt").read_text("utf-8")
    gold = json.loads((bench_data / "seed" / "gold.json").read_text("utf-8"))
    regions = find_regions(text)
    assert [r.span.of(text) for r in regions if r.kind == "body"] == gold["body"]
    assert [r.span.of(text) for r in regions if r.kind == "opinion"] == gold["opinion"]["text"]


LINES = st.lists(
    st.sampled_from([*LEFTOVERS, *PROSE, "", "Opinion: no.", "A headline", "“Yes,” he said."]) | st.text(max_size=40),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(LINES)
def test_every_line_is_kept_or_removed_and_regions_are_disjoint(lines: list[str]) -> None:
    cleaned = clean_lines(lines)
    numbers = [r.line for r in cleaned.removed]
    assert numbers == sorted(set(numbers))
    text = "\n".join(lines)
    reach = 0
    for region in find_regions(text):
        assert region.span.start >= reach
        assert region.span.of(text).strip()
        reach = region.span.end
