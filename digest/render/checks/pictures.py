"""Every picture of a variant: has it words, a size, a home of its own, and is it a picture at all?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from digest.address import host_of, site_of
from digest.config import Config
from digest.render.checks.css import declarations
from digest.render.checks.mail import Mail, at_line
from digest.render.checks.rules import Finding, Place, found
from digest.render.checks.values import urls_in

_FILE = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|svg|avif)|(?:img|dsc|image|screenshot)[\s_-]*\d+", re.I)
_NO_WORDS = re.compile(r"image|picture|photo|graphic|img|pic|banner|bild|foto|grafik|immagine|imagen|صورة", re.I)
_RARE = re.compile(r"\.(webp|avif|svg|heic|heif|tiff?)(?:[?#]|$)", re.I)


def judge_mail(mail: Mail, config: Config) -> Iterator[Finding]:
    """The findings about *mail*'s pictures."""
    own = site_of(host_of(config.site.url))
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
