"""What is not the report: by-lines, stamps, captions, notices, comment forms, and the writer's own view.

`clean_lines` reads a pasted or exported text line by line, while line numbers still mean something to a person.
`find_regions` reads any text as it stands and only marks it: nothing is taken out, offsets stay true. Both use the
same table of patterns. Knows nothing of HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from digest.model import Region, RegionKind, Removed, Span
from digest.text.sentences import split_sentences

LineKind = Literal["body", "opinion"]


@dataclass(frozen=True, slots=True)
class Line:
    """A kept paragraph. ``number`` is that of its first line, from 1."""

    number: int
    text: str
    kind: LineKind


@dataclass(frozen=True, slots=True)
class Cleaned:
    paragraphs: tuple[Line, ...]
    removed: tuple[Removed, ...]
    opinion_label: str  # "Author’s view"; '' where no opinion part was found
    date_line: tuple[int, str] | None  # line number and text of the first line that holds a publication date


# ------------------------------------------------------------------------------------------------ patterns

_MONTH = (
    r"(?:jan|feb|fév|fev|mar|mär|apr|abr|avr|may|mai|mag|jun|juin|giu|jul|juil|lug|aug|août|ago|sep|set|"
    r"oct|okt|out|ott|"
    r"nov|dec|dez|déc|dic)\w*\.?"
)
_DAY = (
    rf"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+|(?:mon|tue|wed|thu|fri|sat|sun)\w{{0,3}},?\s+)?"
    rf"(?:\d{{1,2}}(?:st|nd|rd|th|\.)?\s+(?:de\s+)?{_MONTH},?\s+(?:de\s+)?\d{{4}}|"
    rf"{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
    rf"|\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}})"
)
_CLOCK = (
    r"\d{1,2}[:.h]\d{2}(?::\d\d)?\s*(?:[ap]\.?m\.?|uhr)?(?:\s*(?:[A-Z]{2,4}T?|UTC|GMT|Z|"
    r"[+-]\d\d:?\d\d))?"
)
_STAMP = rf"(?:{_DAY}(?:\s*[,|·•–—T-]*\s*(?:at\s+)?{_CLOCK})?|{_CLOCK},?\s*(?:on\s+)?{_DAY})"
_STAMP_WORD = (
    r"(?:first\s+)?(?:published|posted|updated|last\s+(?:updated|modified)|created|veröffentlicht|"
    r"aktualisiert|stand|publié|"
    r"mis à jour|publicado|actualizado|pubblicato|aggiornato|gepubliceerd|opublikowano|julkaistu|publicerad)"
)

DATED = re.compile(rf"(?i){_STAMP}")

# A line is a leftover when one of these fits the whole of it. Order matters: the first reason is the one given.
LINE_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern, re.IGNORECASE))
    for reason, pattern in (
        ("date and source line", rf"{_STAMP}\s*[|·•–—-]*\s*(?:source|quelle|fuente|fonte|bron)\s*:?.{{0,60}}"),
        ("date line", rf"(?:{_STAMP_WORD}\s*(?:on|am|le|el|il)?\s*:?\s*)?{_STAMP}[\s|.·•-]*"),
        ("date line", rf"{_STAMP_WORD}\s*:.{{0,80}}|last updated at \d.{{0,60}}|updated:?|published:?"),
        ("source line", r"(?:source|quelle|fuente|fonte|bron|źródło)s?\s*:.{0,80}"),
        (
            "by-line",
            r"by:?[\s.]+[A-Z][\w.’'-]+(?:\s+(?:and|of|in|for|,)?\s*[\w.’'-]+){0,7}[.\s]*|by|"
            r"(?:von|por|par|di|door)\s+[A-ZÀ-Þ][\w’'-]+(?:\s+[A-ZÀ-Þ][\w’'-]+){1,3}|"
            r"(?:written|reported|words)\s+by:?\s+.{2,60}|[\w.’' -]{3,40},\s+(?:staff|political|"
            r"senior)\s+(?:writer|reporter)",
        ),
        (
            "media notice",
            r".{0,120}\b(?:does not|doesn['’]t|not) (?:appear|display|load)\b.{0,60}(?:click here|refresh|"
            r"browser).{0,20}|"
            r"click here(?: (?:to|for)\b.{0,80})?|(?:your )?browser does not support.{0,80}|"
            r"(?:please )?(?:enable|turn on) javascript.{0,80}",
        ),
        (
            "caption",
            r"(?:\W*video\s+)?scroll down (?:for|to)\b.{0,80}|(?:video|watch|gallery|photos?|pictured?|in "
            r"pictures|listen)\s*:.{0,200}|"
            r"watch (?:the |this )?video.{0,60}|(?:image|photo|picture|foto|bild)s?\s*(?:credit|caption|"
            r"source|copyright|by|:).{0,160}|"
            r"(?:photograph|illustration|credit)s?\s*(?::|by\b).{0,120}|.{0,120}\((?:getty|ap|afp|reuters|"
            r"file)\b[^)]{0,40}\)\s*\.?|"
            r"(?:copyright|image caption|media caption)\b.{0,120}",
        ),
        (
            "comment form",
            r"leave a (?:reply|comment).{0,60}|your e-?mail address will not be published.{0,80}|required "
            r"fields are marked.{0,20}|"
            r"(?:\d+ )?(?:comments?|responses?|replies)(?: \(\d+\))?|(?:post|add|write) a comment|save my "
            r"name,? e-?mail.{0,120}|"
            r"(?:name|e-?mail|website|comment)\s*\*?|cancel reply|notify me of .{0,60}|sorry we are not "
            r"currently accepting comments.{0,40}|"
            r"(?:schreibe(?:n sie)? einen|laisser un|deja un|lascia un|deixe um|plaats een) (?:kommentar|"
            r"commentaire|comentario|commento|comentário|reactie)",
        ),
        (
            "share line",
            r"(?:share|tweet|pin|e-?mail|print|save|like)(?:\s*[|,/·•]?\s*(?:this|article|story|on|via|"
            r"with|it|facebook|twitter|x|linkedin|"
            r"whatsapp|reddit|e-?mail|print|friends|tweet|pin|\d+))*\s*[.:]?|"
            r"(?:e-?mail to a friend|click to (?:share|print|email).{0,60}|teilen|partager|compartir|"
            r"condividi)[.!\s]*|"
            r"follow (?:us|me|@\w+|.{2,30}) on (?:twitter|facebook|instagram|x|linkedin|social).{0,80}|"
            r"follow @\w+.{0,40}",
        ),
        (
            "subscribe line",
            r"(?:sign up|subscribe|register|join)\b.{0,60}\b(?:newsletter|e-?mail|updates?|free|now|inbox|"
            r"alerts?|today|mailing list)\b.{0,60}|"
            r"(?:subscribe|sign (?:up|in)|log ?in|register)(?: now| here| today)?[.!\s]*|already (?:a "
            r"subscriber|have an account).{0,40}|"
            r"(?:support|donate to) (?:us|our journalism).{0,60}|jetzt abonnieren.{0,40}|"
            r"abonnez-vous.{0,60}|suscríbete.{0,60}|iscriviti.{0,60}",
        ),
        (
            "cookie notice",
            r".{0,80}\b(?:we|this (?:web)?site) uses? cookies\b.{0,200}|accept (?:all )?cookies|cookie "
            r"(?:policy|settings|preferences)",
        ),
        (
            "copyright line",
            r"(?:©|\(c\)|copyright)\s.{0,120}|.{0,80}\ball rights reserved\b.{0,80}|alle rechte "
            r"vorbehalten.{0,40}|tous droits réservés.{0,40}",
        ),
        (
            "link to more",
            r"(?:read (?:more|next|also|the full)|see also|more (?:from|on|about|in)|related(?: "
            r"(?:articles?|stories|posts|content|topics|links))?|"
            r"recommended|you may (?:also )?like|also (?:read|on)|most (?:read|popular)|don['’]t miss|must "
            r"read|continue reading|"
            r"lire aussi|lesen sie auch|mehr zum thema|lee también|leggi anche|leia também|lees ook|läs "
            r"också)\b(?!.*[.!?]$).{0,120}|"
            r"(?:read|see|find out|learn) more(?:\s*[:»>…→–-].{0,80}|\s(?:about|at|on|in|from|"
            r"here)\b.{0,80})?[.!]?|advertisement|anzeige|publicité|publicidad|"
            r"sponsored(?: content)?|"
            r"(?:tags?|filed under|categories|topics)\s*:.{0,200}|(?:previous|next) (?:post|article|"
            r"story).{0,80}|back to top|skip to content",
        ),
        (
            "credit line",
            r".{0,160}\b(?:contributed to|reported this|wrote it in)\b.{0,20}(?:this )?(?:report|story|"
            r"article|from)\b.{0,60}|"
            r"e-?mail:?\s*\S+@\S+|this (?:article|story|post) (?:was )?(?:originally )?(?:first "
            r")?(?:appeared|published)\b.{0,120}|"
            r"(?:reporting|editing|writing|additional reporting) by .{2,120}|terms of (?:use|"
            r"service).{0,60}|privacy policy.{0,40}",
        ),
    )
)

# From one of these to the end there is nothing more to read, if a text stood before it.
_TAIL = re.compile(r"(?i)leave a (?:reply|comment)\b.*|required fields are marked.*")

_OPINION = re.compile(
    r"(?i)(?P<label>(?:the\s+)?(?:author|writer|editor|reporter|columnist)['’]?s?['’]?\s+(?:view|opinion|"
    r"comment|take|verdict|note on this)|"
    r"(?:our|my) (?:view|opinion|take|verdict|comment)|in my (?:view|opinion)|opinion|commentary|comment|"
    r"editorial|viewpoint|analysis and opinion|"
    r"kommentar|meinung|ansicht des autors|meinung des autors|standpunkt|avis(?: de l['’]auteur)?|"
    r"l['’]avis de (?:l['’]auteur|la rédaction)|"
    r"commentaire|le point de vue de l['’]auteur|notre avis|opinión(?: del autor)?|comentario|opinione(?: "
    r"dell['’]autore)?|"
    r"il parere dell['’]autore|commento|opinião(?: do autor)?|comentário|mening(?: van de auteur)?|opinie|"
    r"commentaar|komentarz|opinia autora|"
    r"komentti|mielipide|kommentaari|ledare|мнение(?: автора)?|комментарий|رأي الكاتب|رأي|作者观点|评论|"
    r"社説|筆者の見解|"
    r"論評|의견)"
    r"\s*(?P<mark>[:：]|\s[–—-]\s|$)\s*"
)

_CONTROL = re.compile(r"[\u200b\ufeff\u2060]")


def why_removed(line: str) -> str:
    """The reason this line is a leftover, or '' if it may be part of the article."""
    bare = _CONTROL.sub("", line).strip()
    if not bare or len(bare) > 320:
        return ""
    if re.fullmatch(r"[\W_]+", bare):
        return "ornament"
    for reason, rule in LINE_RULES:
        if rule.fullmatch(bare):
            # `by`-lines are capitalized: "By the end of March" is a sentence.
            if reason == "by-line" and not _is_byline(bare):
                continue
            return reason
    return ""


def _is_byline(line: str) -> bool:
    words = re.findall(r"[^\W\d_][\w.’'-]*", line)
    names = [w for w in words[1:] if w.lower() not in {"and", "of", "in", "for", "und", "et", "y", "de", "the"}]
    return len(words) <= 9 and all(w[0].isupper() for w in names)


def opinion_label(line: str) -> tuple[str, int]:
    """The label that opens an opinion part and where the opinion itself begins: ``("Author’s view", 15)``.

    ``("", 0)`` where the line opens none.
    """
    found = _OPINION.match(line)
    return (found["label"].strip(), found.end()) if found else ("", 0)


_CAPTION = re.compile(
    r"\((?:pictured|left|right|above|below|centre|center|file photo|file)\b[^)]{0,40}\)|,? pictured "
    r"(?:above|below|left|right|here|with|in|at)\b|"
    r"^\W*(?:pictured|(?:above|below|left|right)):|^(?:VIDEO|PICTURED|SCROLL)\b"
)


def is_caption(sentence: str) -> bool:
    """Whether this sentence speaks about a picture beside it: "Mr Lee (pictured) …"."""
    return bool(_CAPTION.search(sentence))


# ------------------------------------------------------------------------------------------------ line by line


def clean_lines(lines: Sequence[str]) -> Cleaned:
    """The paragraphs worth keeping, and every line left out with its reason.

    Hard-wrapped lines of one paragraph become one again. An opinion part runs from its label to the end of the
    prose; the label itself is not in its text. The first line (most often the title) opens no opinion part.
    """
    kept: list[tuple[int, str]] = []
    removed: list[Removed] = []
    label = ""
    opinion_from: int | None = None
    date_line: tuple[int, str] | None = None
    tail = False
    for number, raw in enumerate(lines, start=1):
        line = _CONTROL.sub("", raw).strip()
        if not line:
            continue
        reason = "comment form" if tail else why_removed(line)
        if reason:
            removed.append(Removed(number, line, reason))
            if date_line is None and "date" in reason and DATED.search(line):
                date_line = (number, line)
            tail = tail or (bool(_TAIL.fullmatch(line)) and bool(kept))
            continue
        if opinion_from is None and kept:
            label, at = opinion_label(line)
            if label:
                opinion_from, line = number, line[at:].strip()
                if not line:
                    continue
        kept.append((number, line))
    paragraphs = tuple(
        Line(n, text, "opinion" if opinion_from is not None and n >= opinion_from else "body")
        for n, text in _unwrap(kept)
    )
    return Cleaned(paragraphs, tuple(removed), label, date_line)


def _unwrap(kept: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Joins the lines of a block set at a fixed width; other lines are paragraphs of their own."""
    block: list[tuple[int, str]] = []
    for number, line in [*kept, (-1, "")]:
        if block and number != block[-1][0] + 1:
            lengths = [len(text) for _, text in block[:-1]]
            if lengths and min(lengths) >= 50 and max(lengths) <= 100 and len(block[-1][1]) <= max(lengths) + 4:
                yield block[0][0], " ".join(text for _, text in block)
            else:
                yield from block
            block = []
        block.append((number, line))


# ------------------------------------------------------------------------------------------------ any raw text

_STOPPED = re.compile(r"[.!?…:;。！？؟।][\"'”’»«“)\]」』\s]*$|[」』”’»]$")


def find_regions(text: str) -> tuple[Region, ...]:
    """What each stretch of *text* is: body, opinion or aside. In order, disjoint; blanks between belong to none.

    Headings (lines without a stop, the title among them) are asides as soon as the text has paragraphs that end in
    one. Inside a paragraph, sentences that are leftovers ("Scroll down for video.") are asides too.
    """
    lines = list(_line_spans(text))
    has_prose = any(_STOPPED.search(span.of(text)) for span in lines)
    regions: list[Region] = []
    label = ""
    tail = False
    for nth, span in enumerate(lines):
        line = span.of(text)
        reason = "comment form" if tail else why_removed(line)
        if reason:
            regions.append(Region("aside", span, reason))
            tail = tail or (bool(_TAIL.fullmatch(line)) and any(r.kind == "body" for r in regions))
            continue
        if not label and nth:
            label, at = opinion_label(line)
            if label:
                regions.append(Region("aside", Span(span.start, span.start + at), "opinion label"))
                span = Span(span.start + at, span.end)
                if not span:
                    continue
        kind: RegionKind = "opinion" if label else "body"
        if has_prose and _is_heading(text, lines, nth):
            regions.append(Region("aside", span, "heading"))
            continue
        regions.extend(_inside(text, span, kind, label))
    return tuple(regions)


def _line_spans(text: str) -> Iterator[Span]:
    for found in re.finditer(r"[^\n]+", text):
        line = found.group()
        start = found.start() + len(line) - len(line.lstrip())
        end = found.end() - (len(line) - len(line.rstrip()))
        if start < end:
            yield Span(start, end)


def _is_heading(text: str, lines: Sequence[Span], nth: int) -> bool:
    """A short line with no stop that stands alone: not one line of a wrapped paragraph, not an item of speech."""
    line = lines[nth].of(text)
    if _STOPPED.search(line) or len(line.split()) > 30 or len(line) > 220:
        return False
    before = nth == 0 or "\n\n" in _between(text, lines[nth - 1], lines[nth])
    after = nth + 1 == len(lines) or "\n\n" in _between(text, lines[nth], lines[nth + 1])
    return (before and after) or nth == 0 or len(line) < 45


def _between(text: str, first: Span, second: Span) -> str:
    return re.sub(r"[^\S\n]", "", text[first.end : second.start])


def _inside(text: str, span: Span, kind: RegionKind, label: str) -> Iterator[Region]:
    """One paragraph, cut at the sentences that are leftovers."""
    start = span.start
    reach = span.start
    for sentence in split_sentences(span.of(text)):
        here = Span(span.start + sentence.start, span.start + sentence.end)
        reason = why_removed(here.of(text))
        if not reason and is_caption(here.of(text)):
            reason = "caption"
        if reason and here != span:
            if start < reach:
                yield Region(kind, Span(start, reach), label)
            yield Region("aside", here, reason)
            start = here.end + (len(text[here.end : span.end]) - len(text[here.end : span.end].lstrip()))
        reach = here.end
    if start < span.end:
        yield Region(kind, Span(start, span.end), label)
