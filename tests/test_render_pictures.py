"""A logo of the newsletter's folder: carried inside the mail, without what its file says of its maker."""

from __future__ import annotations

import base64
import email
import email.policy
import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.config import Config
from digest.errors import ConfigError
from digest.model import Envelope, Rendered
from digest.render import render_issue
from digest.render.message import Skeleton, preview_html
from digest.render.pictures import MOST_BYTES, carried
from digest.render.templates import find_templates
from digest.store import open_store
from tests.render_samples import FIELDS, make_config, sample_issue

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*notes: bytes, wide: int = 2) -> bytes:
    """A red PNG, with *notes* between its header and its pixels."""
    rows = b"".join(b"\x00" + b"\xff\x00\x00" * wide for _ in range(wide))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", wide, wide, 8, 2, 0, 0, 0))
    return PNG + header + b"".join(notes) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


JPEG_HEAD = b"\xff\xd8" + segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
JPEG_REST = segment(0xDB, bytes(65)) + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\x34\xff\xd9"


def test_a_png_keeps_what_draws_it_and_nothing_else() -> None:
    noisy = png(
        chunk(b"tEXt", b"Author\x00Mara"), chunk(b"eXIf", b"GPS 51.5"), chunk(b"tIME", b"\x07\xea\x03\x10\x00\x00\x00")
    )
    assert base64.b64decode(carried("logo.png", noisy, "ledger.example.com").data) == png()


def test_a_jpeg_keeps_what_draws_it_and_nothing_else() -> None:
    color = segment(0xE2, b"ICC_PROFILE\x00")
    noisy = JPEG_HEAD + segment(0xE1, b"Exif\x00\x00GPS") + segment(0xFE, b"by Mara") + color + JPEG_REST
    picture = carried("logo.jpg", noisy, "ledger.example.com")
    assert base64.b64decode(picture.data) == JPEG_HEAD + color + JPEG_REST
    assert picture.media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<svg/>", "no PNG, JPEG or GIF"),
        (b"", "no PNG, JPEG or GIF"),
        (png()[:-20], "broken or cut off"),
        (JPEG_HEAD, "broken or cut off"),
        (JPEG_HEAD + b"\xff\xe1\xff\xff", "broken or cut off"),
        (b"GIF89a" + bytes(MOST_BYTES), "is the most"),
    ],
)
def test_what_cannot_be_carried_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        carried("logo.png", data, "ledger.example.com")
    assert caught.value.hint


def logo_config() -> Config:
    config = make_config()
    return replace(config, theme=replace(config.theme, logo="logo.png", logo_width=200, logo_height=40))


def rendered_in(folder: Path) -> Rendered:
    (folder / "logo.png").write_bytes(png(chunk(b"tEXt", b"Author\x00Mara"), wide=30))
    return render_issue(sample_issue(), logo_config(), templates=find_templates(folder))


def letter_of(rendered: Rendered) -> bytes:
    made = Skeleton(rendered, "", logo_config()).letter(
        ordinal=0,
        envelope=Envelope("bounce@ledger.example.com", "sam@example.org"),
        message_id="<1@ledger.example.com>",
        date=datetime(2015, 9, 28, tzinfo=UTC),
        fields=FIELDS,
        one_click=True,
    )
    return b"".join(made.chunks)


def test_the_letter_carries_its_logo_beside_the_html_that_names_it(tmp_path: Path) -> None:
    rendered = rendered_in(tmp_path)
    raw = letter_of(rendered)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text, related = message.iter_parts()
    html, picture = related.iter_parts()
    assert [p.get_content_type() for p in (message, text, related, html, picture)] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    assert picture.get_content() == png(wide=30)
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html.get_content()
    assert not [p.defects for p in (message, text, related, html, picture) if p.defects]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_the_fingerprint_covers_the_picture_and_the_store_keeps_it(tmp_path: Path) -> None:
    rendered = rendered_in(tmp_path)
    assert rendered == rendered_in(tmp_path)
    (tmp_path / "logo.png").write_bytes(png(wide=31))
    other = render_issue(sample_issue(), logo_config(), templates=find_templates(tmp_path))
    assert other.fingerprint != rendered.fingerprint
    with open_store(tmp_path, create=True) as store:
        store.issues.save_draft(sample_issue(), rendered, at=datetime(2015, 9, 28, tzinfo=UTC))
        assert store.issues.rendered(sample_issue().slug) == rendered


def test_on_the_web_the_logo_stands_in_the_page(tmp_path: Path) -> None:
    (variant,) = rendered_in(tmp_path).variants
    page = preview_html(variant, FIELDS)
    assert "cid:" not in page
    assert f'src="data:image/png;base64,{variant.pictures[0].data}"' in page


def test_a_logo_that_is_not_there_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"logo\.png cannot be read"):
        render_issue(sample_issue(), logo_config(), templates=find_templates(tmp_path))
    with pytest.raises(ConfigError, match="no newsletter's folder is known"):
        render_issue(sample_issue(), logo_config())
