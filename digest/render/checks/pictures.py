"""Every picture of a variant: has it words, a size, a home of its own, and is it a picture at all? And those of
articles: do whose it is and the license stand with it, may it still be shown, does a copy exist?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from digest.address import host_of, site_of
from digest.config import Config
from digest.licenses import read_license
from digest.model import Article, Issue, Item
from digest.render.checks.css import declarations
from digest.render.checks.mail import Mail, at_line, place_of, squeeze, text_of
from digest.render.checks.rules import Finding, Place, Severity, found
from digest.render.checks.values import urls_in
from digest.render.printable import one_line

_FILE = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|svg|avif)|(?:img|dsc|image|screenshot)[\s_-]*\d+", re.I)
_NO_WORDS = re.compile(r"image|picture|photo|graphic|img|pic|banner|bild|foto|grafik|immagine|imagen|صورة", re.I)
_RARE = re.compile(r"\.(webp|avif|svg|heic|heif|tiff?)(?:[?#]|$)", re.I)


HEAVY_BYTES, TOO_HEAVY_BYTES = 400_000, 1_000_000  # as they are, not as base64 makes them


def judge(issue: Issue, newest: Mapping[str, Article | None]) -> Iterator[Finding]:
    """Whether the pictures *issue* prints may still be shown, as the articles are stored now."""
    for item in issue.items:
        picture, article = item.picture, newest.get(item.article.id)
        if picture is None or picture.by_editor or article is None or article.image is None or article.own:
            continue
        stated = read_license(article.image.license) if article.image.license else None
        why = article.image.reserved
        if not why and article.image.license and (stated is None or stated.why_not):
            why = f"its license is {article.image.license} now"
        if why:
            yield found("picture-withdrawn", place_of(item), why, "`digest build` takes it out")


def judge_mail(mail: Mail, config: Config) -> Iterator[Finding]:
    """The findings about *mail*'s pictures."""
    own = site_of(host_of(config.site.url))
    yield from _of_articles(mail)
    yield from _copies(mail, config)
    for element in mail.elements:
        if element.tag == "img":
            yield from _picture(mail, element, own)
        elif (address := element.get("background")) and _foreign(address, own):
            yield _from_elsewhere(address, mail.place(element))
        for declaration in declarations(element.get("style") or ""):
            for address in urls_in(declaration.value):
                if _foreign(address, own):
                    yield _from_elsewhere(address, mail.place(element))
    for element, sheet in mail.sheets:
        for rule in sheet.rules:
            for address in (a for d in rule.declarations for a in urls_in(d.value)):
                if _foreign(address, own):
                    line = (element.sourceline or 1) + rule.line - 1
                    yield _from_elsewhere(address, at_line(line))


def _of_articles(mail: Mail) -> Iterator[Finding]:
    """What must stand with an article's picture, in both parts of the mail."""
    text = squeeze(mail.variant.text)
    for item in mail.items:
        shown = _shown(item, mail)
        if item.picture is None or shown is None:
            continue
        picture, place, around = item.picture, place_of(item), _story_around(shown)
        seen, links = squeeze(text_of(around)), {e.get("href") for e in around.iter("a")}
        credit, license = squeeze(one_line(picture.credit)), squeeze(one_line(picture.license))
        if not credit or credit not in seen or credit not in text:
            what = f"“{credit}” does not stand with the picture" if credit else "nobody says whose picture it is"
            yield found("picture-credit", place, what, "print `item.picture.credit`, as the macro `picture` does")
        missing = license if license and (license not in seen or license not in text) else picture.license_url
        if missing and (missing == license or missing not in links):
            what = f"“{missing}” does not stand with the picture"
            yield found("picture-license", place, what, "print `item.picture.license` with its link")


def _shown(item: Item, mail: Mail) -> Any:
    """The element that shows *item*'s picture, None for none: parts and addresses are named by the copy's hash."""
    if item.picture is None:
        return None
    named = item.picture.copy[:24]
    return next((e for e in mail.elements if e.tag == "img" and named in (e.get("src") or "")), None)


def _story_around(picture: Any) -> Any:
    """The nearest element around *picture* that has a headline."""
    above = list(picture.iterancestors())
    return next((e for e in above if any(True for _ in e.iter("h1", "h2", "h3", "h4", "h5", "h6"))), above[-1])


def _copies(mail: Mail, config: Config) -> Iterator[Finding]:
    held = {picture.source for picture in mail.variant.pictures}
    ours = f"{config.site.url.rstrip('/')}/pictures/" if config.site.url else "cid:"
    for element in mail.elements:
        source = element.get("src") or ""
        if element.tag == "img" and source.startswith(("cid:", ours)) and source not in held:
            what = f"{source} is neither in the mail nor known to your site"
            yield found("picture-copy-missing", mail.place(element), what, "`digest build` makes the mail again")
    for item in mail.items:
        if item.picture is not None and _shown(item, mail) is None:
            what = "the issue has a picture of it and the mail has none"
            remedy = "`digest articles picture` copies it again, or --none takes it out"
            yield found("picture-copy-missing", place_of(item), what, remedy)
    weight = sum(len(picture.data) * 3 // 4 for picture in mail.variant.pictures if not picture.url)
    if weight > HEAVY_BYTES:
        what = f"the pictures inside each letter have {weight:,} bytes"
        remedy = 'show fewer ([pictures] show = "lead"), or carry = "site"'
        severity: Severity = "error" if weight > TOO_HEAVY_BYTES else "warning"
        yield found("picture-heavy", Place("pictures"), what, remedy, severity=severity)


def _picture(mail: Mail, picture: Any, own: str) -> Iterator[Finding]:
    place, source, alt = mail.place(picture), (picture.get("src") or "").strip(), picture.get("alt")
    width, height = _pixels(picture, "width"), _pixels(picture, "height")
    if picture in mail.hidden or (width is not None and height is not None and width <= 2 and height <= 2):
        yield found("picture-pixel", place, f"{source or 'a picture'} cannot be seen", "take it out")
        return
    if not re.match(r"https://|cid:", source, re.I):
        what = f"a picture comes from {source[:60] or 'nowhere'}"
        yield found("picture-not-https", place, what, "carry it in the mail, or put it on your site")
    elif _foreign(source, own):
        yield _from_elsewhere(source, place)
    if alt is None:
        remedy = 'say what it shows, or alt="" where it only decorates'
        yield found("picture-alt-missing", place, f"{source} has no alt text", remedy)
    elif _FILE.fullmatch(alt.strip()) or _NO_WORDS.fullmatch(alt.strip()):
        yield found("picture-alt-poor", place, f"the alt text of {source} is “{alt}”", "say what it shows")
    if width is None or height is None:
        remedy = "write width and height as attributes, in pixels"
        yield found("picture-size-missing", place, f"{source} has no width and height", remedy)
    if rare := _RARE.search(source):
        yield found("picture-format", place, f"{source} is {rare[1].upper()}", "use JPEG or PNG")


def _from_elsewhere(address: str, place: Place) -> Finding:
    host = host_of(address) or address
    return found("picture-foreign", place, f"{host} serves a picture", "put it on your own site, or in the mail")


def _foreign(address: str, own: str) -> bool:
    host = site_of(host_of(address))
    if not host:
        return "//" in address  # broken; some program may still ask somebody
    return not (own and (host == own or host.endswith(f".{own}")))


def _pixels(picture: Any, side: str) -> float | None:
    """Its width or height by attribute or style; None where neither says a number."""
    for value in (
        picture.get(side) or "",
        *(d.value for d in declarations(picture.get("style") or "") if d.name == side),
    ):
        if number := re.match(r"\s*(\d+(?:\.\d+)?)\s*(?:px|%)?\s*$", value):
            return float(number[1]) if not value.strip().endswith("%") else 100.0
    return None
