"""Which items print a picture, and why the others do not.

A picture is printed where its credit and a license that allows it are known, and words for who cannot see it: from its
source, or by an editor's word (an edit of the kind `picture`). Knows what is copied already; fetches nothing. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from digest.address import web_address
from digest.compose.edits import words_of
from digest.compose.issue import cut_at_word
from digest.compose.layouts import layout_of
from digest.config import Config, SourceEntry
from digest.licenses import License, read_license
from digest.model import Article, Edit, Image, Issue, Item, ItemPicture

NOT_COPIED = "it is not copied yet: `digest build` does"


@dataclass(frozen=True, slots=True)
class PictureWord:
    """An editor's word on an article's picture. '' leaves a thing as its source says it."""

    origin: str = ""  # a web address, or COPY and the hash of a copy made of a file
    credit: str = ""
    license: str = ""
    alt: str = ""
    decorates: bool = False  # it says nothing to who cannot see it: no alt text
    none: bool = False  # no picture, whatever there is

    def __str__(self) -> str:
        """As an edit keeps it."""
        return json.dumps({k: v for k, v in asdict(self).items() if v}, ensure_ascii=False)


COPY = "copy:"
FILE = "file:"
CREDIT_MAX, ALT_MAX = 200, 400  # characters; more is a slip of the page


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture that may be printed, once it is copied."""

    origin: str  # a web address, FILE and a path below its source's, or COPY and a hash
    alt: str
    credit: str
    license: License
    by_editor: bool
    source: SourceEntry  # of its article


def read_word(value: str) -> PictureWord:
    """What an edit keeps. Raises ValueError for what is none."""
    held = json.loads(value)
    kinds = {field.name: type(field.default) for field in fields(PictureWord)}
    if not isinstance(held, dict) or any(type(held[name]) is not kinds.get(name) for name in held):
        raise ValueError(f"{value!r} is no word on a picture")
    return PictureWord(**held)


def word_on(edits: Iterable[Edit], article: str) -> PictureWord | None:
    """What an editor said of the picture of *article* last; None for nothing."""
    said = words_of(edits, "picture", article)
    if said is None:
        return None
    return read_word(said)


def said_in_words(value: str) -> str:
    """An edit of the kind `picture` as an editor reads it."""
    word = read_word(value)
    alt = "decorates" if word.decorates else f"“{word.alt}”" if word.alt else ""
    origin = f"a copy ({word.origin[len(COPY) :][:8]}…)" if word.origin.startswith(COPY) else word.origin
    return "none" if word.none else "; ".join(filter(None, (origin, word.credit, word.license, alt)))


def picture_wanted(article: Article, edits: Iterable[Edit], config: Config) -> Wanted | str:
    """The picture of *article* as it may be printed, else why not; '' where there is none to speak of."""
    word = word_on(edits, article.id) or PictureWord()
    source = next((s for s in config.sources if s.name == article.source), SourceEntry(path=article.source))
    if word.none:
        return "an editor wants none"
    image, origin = article.image, word.origin
    if not origin:
        if image is None:
            return ""
        origin = image.url if web_address(image.url) else _beside(image.url, source)
        if not origin:  # pasted: where its file lay is not known
            return f"{image.url} lies in no folder of a source: `digest articles picture ARTICLE FILE`"
    elif image is None or image.url != origin:
        image = Image(origin)
    if blocked := config.brief_for_picking().blocking(origin):
        return f"its host is blocked: {blocked}"
    by_editor = bool(word.license)
    if image.reserved and not (by_editor or article.own):
        return f"{image.reserved}: `digest articles picture ARTICLE --license WHY` says why you may print it"
    license = _license(word, image, article, source)
    credit = cut_at_word(word.credit or image.credit or (", ".join(article.authors) if article.own else ""), CREDIT_MAX)
    alt = "" if word.decorates else cut_at_word(word.alt or image.alt, ALT_MAX)
    missing = {
        "license": "" if isinstance(license, License) else license,
        "credit": "" if credit else "nobody says whose it is",
        "alt": "" if alt or word.decorates else "no words say what it shows",
    }
    if isinstance(license, str) or any(missing.values()):
        options = " ".join(f"--{name} …" for name, what in missing.items() if what)
        return f"{', '.join(filter(None, missing.values()))}: `digest articles picture ARTICLE {options}`"
    return Wanted(origin, alt, credit, license, by_editor, source)


def _beside(path: str, source: SourceEntry) -> str:
    """Where a picture beside a source's files lies; '' where the source is none of files."""
    if source.path in {"", "pasted"}:
        return ""
    return f"{FILE}{source.path}/{path}"


def _license(word: PictureWord, image: Image, article: Article, source: SourceEntry) -> License | str:
    """The license it is printed under, else why it is not. What an editor says, here or of the source, needs no name
    that we know."""
    if word.license:
        return replace(read_license(word.license) or License(word.license), why_not="")
    if image.license:
        stated = read_license(image.license)
        if stated is None:
            return f"its license ({image.license}) is none that lets others print it"
        if stated.name or article.own:
            return stated.why_not or stated
    if source.picture_license:
        return replace(read_license(source.picture_license) or License(source.picture_license), why_not="")
    if article.own:
        return License("")
    return "its license is not stated"


def with_pictures(issue: Issue, config: Config, copies: Mapping[str, str]) -> Issue:
    """*issue*, each item with its picture or the reason it prints none. copies: of `origins_wanted`, each with the
    hash of its copy, or `!` and why there is none."""
    if config.pictures.show == "none":
        return issue
    issue = replace(issue, items=tuple(replace(item, picture=None, no_picture="") for item in issue.items))
    return replace(issue, items=tuple(_item(item, issue.edits, config, copies) for item in issue.items))


def origins_wanted(issue: Issue, config: Config) -> dict[str, Wanted]:
    """The pictures that *issue* would print, by origin."""
    if config.pictures.show == "none":
        return {}
    found = (picture_wanted(item.article, issue.edits, config) for item in issue.items if _has_room(item, config))
    return {wanted.origin: wanted for wanted in found if isinstance(wanted, Wanted)}


def _has_room(item: Item, config: Config) -> bool:
    shown = item.form == "lead" or (item.form == "item" and config.pictures.show == "all")
    return shown and layout_of(config.theme.template).pictured


def _item(item: Item, edits: Sequence[Edit], config: Config, copies: Mapping[str, str]) -> Item:
    if not _has_room(item, config):
        return item
    wanted = picture_wanted(item.article, edits, config)
    if isinstance(wanted, str):
        return replace(item, no_picture=wanted)
    copy = wanted.origin.removeprefix(COPY)
    if copy == wanted.origin:
        copy = copies.get(wanted.origin, f"!{NOT_COPIED}")
    if copy.startswith("!"):
        return replace(item, no_picture=copy[1:])
    license = wanted.license
    picture = ItemPicture(copy, wanted.alt, wanted.credit, license.name, license.url, wanted.by_editor)
    return replace(item, picture=picture)
