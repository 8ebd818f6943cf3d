"""Pictures as parts of the mail: the logo, known by its bytes, small, without metadata; and the copies of articles'
pictures, which are that already (`collect.pictures`), carried inside the mail or loaded from the newsletter's site.

Cameras and programs write places, names and thumbnails into files; only what draws the picture is kept. PNG: W3C PNG
(third edition), 5.3; JPEG: ITU-T T.81, B.1.1.3; GIF has no such place but comments, which stay. Pure.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from digest.config import Config
from digest.errors import ConfigError
from digest.model import Picture, PictureCopy

MOST_BYTES = 60_000  # every letter carries it
_PNG = b"\x89PNG\r\n\x1a\n"
_DRAWN = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP"})
_APP0, _APP2, _APP14, _SCAN = 0xE0, 0xE2, 0xEE, 0xDA  # JFIF, color profile, Adobe's color transform


COLUMN_PX = 520  # of the mail on a wide screen
LEAD_TALLEST_PX, TALLEST_PX = 420, 340  # shown: a taller picture would push its own story off the screen


@dataclass(frozen=True, slots=True)
class PrintedPicture:
    part: Picture
    width_px: int  # its own
    height_px: int

    def shown_px(self, tallest: int) -> tuple[int, int]:
        """Its width and height on a wide screen: within the column, never larger than it is."""
        scale = min(1.0, COLUMN_PX / self.width_px, tallest / self.height_px)
        return max(1, round(self.width_px * scale)), max(1, round(self.height_px * scale))


def printed(copy: PictureCopy, config: Config) -> PrintedPicture:
    """*copy* as [pictures] carry wants it."""
    data = base64.b64encode(copy.data).decode("ascii")
    if config.pictures.carry == "site":
        part = Picture("", copy.media_type, data, url=f"{config.site.url.rstrip('/')}/pictures/{copy.name}")
    else:
        part = Picture(_cid(copy.hash, config.newsletter.sender.address.domain), copy.media_type, data)
    return PrintedPicture(part, copy.width_px, copy.height_px)


def _cid(hash: str, domain: str) -> str:
    return f"{hash[:24]}@{domain}"


def carried(name: str, data: bytes, domain: str) -> Picture:
    """*data* as a part of the mail, named by its content at *domain*. Raises ConfigError for what is no PNG, JPEG or
    GIF, or too large."""
    kind = _kind(data)
    if kind is None:
        raise ConfigError(f"{name} is no PNG, JPEG or GIF", hint="save it as PNG")
    try:
        clean = b"".join(_png(data) if kind == "png" else _jpeg(data) if kind == "jpeg" else [data])
    except (IndexError, ValueError) as error:
        raise ConfigError(f"{name} is broken or cut off", hint="save it again as PNG") from error
    if len(clean) > MOST_BYTES:
        raise ConfigError(
            f"{name} has {len(clean):,} bytes, {MOST_BYTES:,} is the most: every letter carries it",
            hint="make it smaller, or put it on your site and name its https address",
        )
    cid = _cid(hashlib.sha256(clean).hexdigest(), domain)
    return Picture(cid, f"image/{kind}", base64.b64encode(clean).decode("ascii"))


def _kind(data: bytes) -> str | None:
    if data.startswith(_PNG):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    return "gif" if data.startswith((b"GIF87a", b"GIF89a")) else None


def _png(data: bytes) -> Iterator[bytes]:
    yield _PNG
    at, name = len(_PNG), b""
    while name != b"IEND":
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if len(name) < 4 or end > len(data):
            raise ValueError("a chunk leaves the file")
        if name in _DRAWN:
            yield data[at:end]
        at = end


def _jpeg(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker = data[at + 1]
        if marker == _SCAN:
            yield data[at:]
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            raise ValueError("a segment leaves the file")
        is_note = marker == 0xFE or (_APP0 <= marker <= 0xEF and marker not in (_APP0, _APP2, _APP14))
        if not is_note:
            yield data[at:end]
        at = end
