"""A stranger's picture -> `PictureCopy`: decoded, turned upright, made small and drawn anew. The only user of Pillow.

Nothing of the file itself goes on: not its metadata (place, camera, names, thumbnails), not what hides behind its end.
A file is what its first bytes say, never what its name says. Meant to be called in a `worker`: decoders are attacked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from digest.errors import ReadError
from digest.model import PictureCopy

if TYPE_CHECKING:
    from PIL.Image import Image as Drawn

WIDEST_PX = 1040  # the mail's column is 520 px wide, and many screens have two for one
TALLEST_PX = 1280
NARROWEST_PX = 240  # smaller ones are icons, or would stand lost in the column
LOWEST_PX = 60  # lower ones are rules and banners
MOST_PIXELS = 60_000_000  # of the original: more than cameras make, 240 MB decoded
MOST_BYTES = 80_000  # of the copy: ten of them are a letter of 1.1 MB
FETCH_BYTES = 12_000_000  # of the original
IMAGE_TYPES = "image/jpeg, image/png, image/webp;q=0.9, image/gif;q=0.8"

_KINDS = ("JPEG", "PNG", "WEBP", "GIF")  # whatever else Pillow can read stays shut: each decoder can be attacked
_QUALITIES = (82, 74, 66, 58)
_COLORS = 256  # of a PNG with a palette


def copy_of(data: bytes) -> PictureCopy:
    """*data* as the newsletter keeps it: the same bytes from the same bytes. Raises ReadError."""
    drawn = _decoded(data)
    for scale in (1.0, 0.8, 0.64, 0.5):
        smaller = _fitted(drawn, scale)
        for media_type, made in _encoded(smaller):
            if len(made) <= MOST_BYTES:
                return PictureCopy(hashlib.sha256(made).hexdigest(), media_type, *smaller.size, made)
    raise ReadError(f"it cannot be made smaller than {MOST_BYTES:,} bytes", hint="crop it to what matters")


def _decoded(data: bytes) -> Drawn:
    """The first frame, upright, on white where it is transparent, in sRGB."""
    import warnings

    from PIL import Image, ImageOps, UnidentifiedImageError

    if data.lstrip()[:5].lower() in (b"<?xml", b"<svg ", b"<!doc"):
        raise ReadError("it is SVG or a page, not a picture of pixels", hint="save it as PNG or JPEG")
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow warns there and raises at twice as many
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=_KINDS) as opened:
                if max(opened.size) > 1 << 16:
                    raise ReadError(f"it has {opened.width:,} × {opened.height:,} pixels", hint="make it smaller")
                if opened.width < NARROWEST_PX or opened.height < LOWEST_PX:
                    raise ReadError(
                        f"it is {opened.width} × {opened.height} pixels, too small to print",
                        hint=f"at least {NARROWEST_PX} × {LOWEST_PX} pixels; {WIDEST_PX} wide are best",
                    )
                opened.draft("RGB", (2 * WIDEST_PX, 2 * TALLEST_PX))  # a JPEG is decoded no larger than needed
                opened.load()
                upright = ImageOps.exif_transpose(opened)
                return _on_white(_in_srgb(upright))
    except UnidentifiedImageError as error:
        raise ReadError("it is no JPEG, PNG, WebP or GIF", hint="save it as PNG or JPEG") from error
    except Image.DecompressionBombError as error:
        raise ReadError(f"it has more than {MOST_PIXELS:,} pixels", hint="make it smaller") from error
    except (OSError, SyntaxError, ValueError, OverflowError, MemoryError) as error:
        raise ReadError(f"it is broken or cut off: {error}", hint="save it again as PNG or JPEG") from error


def _in_srgb(drawn: Drawn) -> Drawn:
    """*drawn* in the colors every mail program takes for granted: the profile it was made in does not go along."""
    from PIL import ImageCms

    profile = drawn.info.get("icc_profile")
    if not profile or drawn.mode not in {"RGB", "RGBA", "L", "CMYK"}:
        return drawn
    try:
        made_in = ImageCms.ImageCmsProfile(BytesIO(profile))
        to = "RGBA" if drawn.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(drawn, made_in, ImageCms.createProfile("sRGB"), outputMode=to) or drawn
    except ImageCms.PyCMSError:  # a broken profile is as none
        return drawn


def _on_white(drawn: Drawn) -> Drawn:
    from PIL import Image

    if "transparency" in drawn.info or drawn.mode in {"RGBA", "LA", "PA", "RGBa", "La"}:
        seen = drawn.convert("RGBA")
        ground = Image.new("RGBA", seen.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, seen).convert("RGB")
    if drawn.mode.startswith("I"):  # 16 bits of gray: convert() would cut all but the lowest eight
        return drawn.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    return drawn.convert("RGB")


def _fitted(drawn: Drawn, scale: float) -> Drawn:
    from PIL import Image

    width, height = drawn.size
    factor = min(1.0, WIDEST_PX / width, TALLEST_PX / height) * scale
    if factor == 1.0:
        return drawn
    return drawn.resize((max(1, round(width * factor)), max(1, round(height * factor))), Image.Resampling.LANCZOS)


def _encoded(drawn: Drawn) -> Iterator[tuple[str, bytes]]:
    """The ways to write it, the best one first."""
    from PIL import Image

    fresh = Image.frombytes("RGB", drawn.size, drawn.tobytes())  # nothing that came with the file is left on it
    if _is_flat(drawn):  # JPEG would smear its lines
        few = fresh.convert("P", palette=Image.Palette.ADAPTIVE, colors=_COLORS)
        yield "image/png", _written(few, "PNG", optimize=True)
    for quality in _QUALITIES:
        yield "image/jpeg", _written(fresh, "JPEG", quality=quality, optimize=True, progressive=True)


def _is_flat(drawn: Drawn) -> bool:
    """Whether it is lines and areas of one color, a chart or a screen, more than shades."""
    counts = sorted((count for count, _ in drawn.getcolors(drawn.width * drawn.height) or []), reverse=True)
    return len(counts) <= _COLORS or sum(counts[:8]) > 0.6 * drawn.width * drawn.height


def _written(drawn: Drawn, kind: str, **options: object) -> bytes:
    out = BytesIO()
    drawn.save(out, kind, **options)
    return out.getvalue()
