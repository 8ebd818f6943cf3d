"""A page's lead picture with what the page says of it: size, words for who cannot see it, whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from digest.address import web_address
from digest.collect.pages.blocks import key_of
from digest.collect.pages.marks import Marks, kind, text_of
from digest.collect.reading import one_line
from digest.collect.urls import join_url
from digest.licenses import license_in
from digest.model import Image

# What stands for a missing picture, or for the site.
_NO_PICTURE = re.compile(
    r"(?:^|[/_.-])(?:logos?|placeholder|place-holder|fallback|no-?image|blank|spacer|avatars?|gravatar|favicon|"
    r"pixel|sprite|1x1|default[_-]?(?:image|img|share|social|og|thumb\w*)|(?:share|social|og)[_-]?default)(?:[/_.-]|\d|$)",
    re.IGNORECASE,
)
_SMALL_PX = 100
_SOURCES = ("src", "data-src", "data-original")
_LABEL = re.compile(
    r"(?:^|[\s(|])(?:(?:photo|image|picture|foto|bild|crédit|credit|photograph|illustration|fotografía|fotografia|"
    r"grafik|kuva|zdjęcie|фото|写真|图片|사진|صورة)s?(?:\s+(?:credit|by|par|de|von|crédit|photo))?|credits?|"
    r"crédits?(?:\s+photos?)?|quelle|photo by|foto di|foto de)\s*[:：/]\s*(?P<who>[^()|]{2,100}?)[\s).|]*$|"
    r"(?P<sign>[©Ⓒ]\s*[^()|]{2,80}?)[\s).|]*$|\((?P<agency>[^()]*\b(?:AP|AFP|Reuters|Getty|dpa|EPA|ANSA|EFE)\b[^()]*)\)\s*$",
    re.IGNORECASE,
)
_LICENSE_ASIDE = re.compile(r"\s*\((?:cc|creative commons|public domain|ogl|open government)\b[^()]*\)", re.I)
_CREDIT_CLASS = re.compile(r"credit|copyright|photographer|byline|attribution|(?:image|photo|picture)-?source", re.I)


def find_image(tree: Any, marks: Marks, url: str | None, *, title: str) -> Image | None:
    """og:image, else JSON-LD's, else the article's first figure's; a logo or placeholder is none.

    What one of them does not say of the picture (Open Graph protocol, structured properties of og:image;
    schema.org ImageObject; HTML's figure) is taken from the others where they show the same picture. Words that only
    repeat the *title* do not describe it.
    """
    stated = [*_open_graph(marks, url), *_json_ld(marks, url)]
    lead = next((image for image in (*stated, *_figures(tree, url)) if _is_picture(image)), None)
    if lead is None:
        return None
    described = _images([one for one in marks.objects if "ImageObject" in kind(one)], marks, url)
    shown = [
        image for image in (*stated, *described, *_same_in(tree, url, lead)) if _stem(image.url) == _stem(lead.url)
    ]
    for other in shown:
        lead = _with(lead, other)
    return replace(lead, alt="") if key_of(lead.alt) == key_of(title) else lead


def _with(lead: Image, other: Image) -> Image:
    if other.url == lead.url and lead.width_px is None:
        lead = replace(lead, width_px=other.width_px, height_px=other.height_px)
    # A license of another picture of that name would be worse than none.
    license = other.license if _folder(other.url) == _folder(lead.url) else ""
    return replace(lead, alt=lead.alt or other.alt, credit=lead.credit or other.credit, license=lead.license or license)


def _open_graph(marks: Marks, url: str | None) -> Iterator[Image]:
    address = web_address(join_url(url, marks.meta("og:image:secure_url", "og:image", "og:image:url")))
    if address:
        width, height = _pixels(marks.meta("og:image:width")), _pixels(marks.meta("og:image:height"))
        yield Image(address, width, height, alt=one_line(marks.meta("og:image:alt", "twitter:image:alt")))
    address = web_address(join_url(url, marks.meta("twitter:image", "twitter:image:src")))
    if address:
        yield Image(address, alt=one_line(marks.meta("twitter:image:alt")))


def _json_ld(marks: Marks, url: str | None) -> Iterator[Image]:
    return _images(marks.resolve(marks.article.get("image")), marks, url)


def _images(found: Sequence[Any], marks: Marks, url: str | None) -> Iterator[Image]:
    for one in found:
        said = one if isinstance(one, dict) else {"url": one}
        links = [said.get(name) for name in ("contentUrl", "url", "@id")]
        address = next((a for a in (web_address(join_url(url, x)) for x in links if isinstance(x, str)) if a), None)
        if address:
            owners = (marks.resolve(said.get(name)) for name in ("creditText", "creator", "copyrightHolder", "author"))
            names = [one_line(text_of(owner)) for those in owners for owner in those]
            yield Image(
                address,
                _pixels(said.get("width")),
                _pixels(said.get("height")),
                alt=one_line(text_of(said.get("caption")) or text_of(said.get("description"))),
                credit=next(filter(None, names), ""),
                license=_stated_license(said, marks),
            )


def _figures(tree: Any, url: str | None) -> Iterator[Image]:
    article = next(tree.iter("article", "main"), None)
    for figure in () if article is None else article.iter("figure"):
        for img in list(figure.iter("img"))[:1]:
            found = _printed(img, figure, url)
            if found:
                yield found


def _same_in(tree: Any, url: str | None, lead: Image) -> Iterator[Image]:
    """Where the page shows that very picture."""
    stem = _stem(lead.url)
    for img in tree.iter("img"):
        if any(stem in (img.get(name) or "").lower() for name in _SOURCES):
            found = _printed(img, next(img.iterancestors("figure"), None), url)
            if found:
                yield found


def _printed(img: Any, figure: Any, url: str | None) -> Image | None:
    address = web_address(join_url(url, next((img.get(name) for name in _SOURCES if img.get(name)), None)))
    if not address:
        return None
    return Image(
        address,
        _pixels(img.get("width")),
        _pixels(img.get("height")),
        one_line(img.get("alt") or ""),
        _credit(figure) if figure is not None else "",
        _license(figure) if figure is not None else "",
    )


def _stated_license(said: dict[str, Any], marks: Marks) -> str:
    """Of an ImageObject in JSON-LD: `license`, else where one is for sale."""
    for name in ("license", "acquireLicensePage"):
        for one in marks.resolve(said.get(name)):
            found = one if isinstance(one, str) else (one.get("url") or one.get("@id") or text_of(one))
            if isinstance(found, str) and found.strip():
                return one_line(found)
    return ""


def _license(figure: Any) -> str:
    """What a figure says of it: a link marked as the license (HTML's link type, schema.org microdata), else a license
    that its caption names."""
    for mark in ("license", "acquireLicensePage"):
        for element in figure.iter("a", "link", "meta", "span"):
            marked = mark in f"{element.get('itemprop') or ''}".split()
            if marked or (mark == "license" and mark in f"{element.get('rel') or ''}".lower().split()):
                words = element.get("href") or element.get("content") or "".join(element.itertext())
                if words.strip():
                    return one_line(words)
    for caption in figure.iter("figcaption"):
        links = [a.get("href") or "" for a in caption.iter("a")]
        found = next(filter(license_in, (*links, one_line("".join(caption.itertext())))), "")
        if found:
            return one_line(found) if found in links else _named(found)
    return ""


def _named(words: str) -> str:
    """The license *words* name, as they write it; '' for none."""
    found = license_in(words)
    return words[found[1] : found[2]] if found else ""


def _credit(figure: Any) -> str:
    """Whose picture a figure's caption says it is, without label and license: `Photo: Ana Ruiz, CC BY 4.0` gives
    `Ana Ruiz`."""
    for element in figure.iter():
        said = f"{element.get('itemprop') or ''}".split() if isinstance(element.tag, str) else []
        if "creditText" in said:
            return one_line(element.get("content") or "".join(element.itertext()))
    return _unlicensed(_caption_credit(figure))


def _unlicensed(credit: str) -> str:
    found = license_in(credit)
    if found is None:
        return credit
    before, after = credit[: found[1]].rstrip(" ,;/|(–—-"), credit[found[2] :].strip(" ,;/|)–—-.")
    return before or re.sub(r"^(?:by|von|par|via)\s+", "", after)


def _caption_credit(figure: Any) -> str:
    marked = [e for e in figure.iter("figcaption", "span", "div", "p", "cite", "small", "em")
              if _CREDIT_CLASS.search(f"{e.get('class') or ''} {e.get('itemprop') or ''}")]  # fmt: skip
    for element in (*marked, *figure.iter("figcaption")):
        words = _LICENSE_ASIDE.sub("", one_line("".join(element.itertext())))
        found = _LABEL.search(words)
        if found:
            return next(str(words) for words in found.groups() if words).strip(" .")
        if element in marked and element.tag != "figcaption" and 0 < len(words) <= 100:
            return words
    return ""


def _is_picture(image: Image) -> bool:
    path = urlsplit(image.url).path
    small = any(side is not None and side < _SMALL_PX for side in (image.width_px, image.height_px))
    return not small and not path.lower().endswith(".svg") and not _NO_PICTURE.search(path)


def _stem(address: str) -> str:
    """What sizes of one picture have in common: its file's name without `-800x533`, host and query."""
    parts = urlsplit(address)
    name = re.sub(r"[-_]\d{2,4}x\d{2,4}(?=\.|$)|\.\w{3,4}$", "", parts.path.rsplit("/", 1)[-1]).lower()
    return name or parts.query


def _folder(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.netloc}{parts.path.rpartition('/')[0]}"


def _pixels(value: Any) -> int | None:
    value = value.get("value") if isinstance(value, dict) else value
    found = re.match(r"\s*(\d{1,5})(?:\.\d+)?\s*(?:px)?\s*$", str(value))
    return int(found[1]) or None if found else None
