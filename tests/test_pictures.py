"""Articles' pictures, from their source to the letter: what may be printed, copied once, with nothing of the file left."""

from __future__ import annotations

import base64
import email
import email.policy
import io
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

from digest.collect import read_article, read_folder
from digest.collect.feeds import parse_feed
from digest.collect.pictures import MOST_BYTES, TALLEST_PX, WIDEST_PX, copy_of
from digest.compose.pictures import COPY, PictureWord, Wanted, origins_wanted, picture_wanted, read_word, with_pictures
from digest.config import Config, Pictures, parse_config
from digest.errors import ConfigError, ReadError
from digest.licenses import read_license
from digest.model import Article, Edit, Envelope, Image, Issue
from digest.pictures import copy_pictures
from digest.render import render_issue
from digest.render.message import Skeleton, preview_html
from digest.store import open_store
from tests.local_web import Answer, LocalWeb, page, rss, words
from tests.picture_samples import chart, copies, encoded, harbour, pictured, samples
from tests.render_samples import FIELDS, TOML, make_article, sample_issue

AT = datetime(2015, 9, 28, 6, 30, tzinfo=UTC)
CC = "https://creativecommons.org/licenses/by/4.0/"


# ------------------------------------------------------------------------------------------------ licenses


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        (CC, "CC BY 4.0"),
        ("http://creativecommons.org/licenses/by-sa/3.0/de/deed.en", "CC BY-SA 3.0 DE"),
        ("CC-BY-4.0", "CC BY 4.0"),
        ("cc by-sa/4.0", "CC BY-SA 4.0"),
        ("Creative Commons Attribution-ShareAlike 4.0 International", "CC BY-SA 4.0"),
        ("CC0", "CC0 1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "public domain"),
        ("Public Domain", "public domain"),
        ("OGL-UK-3.0", "Open Government Licence v3.0"),
        (
            "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
            "Open Government Licence v3.0",
        ),
        ("own", ""),
    ],
)
def test_licenses_that_let_everybody_print_are_known_by_address_and_by_name(stated: str, name: str) -> None:
    found = read_license(stated)
    assert found is not None
    assert (found.name, found.why_not) == (name, "")


@pytest.mark.parametrize("stated", ["CC BY-NC 4.0", "CC-BY-NC-SA", f"{CC.replace('by', 'by-nd')}", "cc by-nc-nd 2.0"])
def test_a_license_against_gain_or_change_says_so(stated: str) -> None:
    found = read_license(stated)
    assert found is not None
    assert "forbids" in found.why_not


@pytest.mark.parametrize(
    "stated", ["", "All rights reserved", "© Getty", "https://x.example/license", "not CC BY", "no public domain work"]
)
def test_anything_else_is_no_license(stated: str) -> None:
    assert read_license(stated) is None


# ------------------------------------------------------------------------------------------------ what sources say

FIGURE = '<figure><img src="/p/quay.jpg" alt="A quay" width="800">{}</figure>'
JSON_LD = '<script type="application/ld+json">{}</script>'


def of_page(body: str = "", head: str = "") -> Image | None:
    html = page("The quay that was never built", f"{body}{words(3)}", head)
    return read_article(html, url="https://harbour.example/quay", kind="html").image


@pytest.mark.parametrize(
    ("caption", "credit", "license"),
    [
        ("<figcaption>The quay. Photo: Ana Ruiz, CC BY-SA 4.0</figcaption>", "Ana Ruiz", "CC BY-SA 4.0"),
        ("<figcaption>Foto: Ana Ruiz (CC BY 4.0)</figcaption>", "Ana Ruiz", "CC BY 4.0"),
        (f'<figcaption>Photo: Ana Ruiz <a rel="license" href="{CC}">(CC)</a></figcaption>', "Ana Ruiz", CC),
        (f'<figcaption>© Ana Ruiz</figcaption><link itemprop="license" href="{CC}">', "© Ana Ruiz", CC),
        ('<figcaption><span itemprop="creditText">Ana</span></figcaption>', "Ana", ""),
        ("<figcaption>Photo: Ana Ruiz. All rights reserved</figcaption>", "Ana Ruiz. All rights reserved", ""),
    ],
)
def test_a_figures_caption_says_whose_it_is_and_under_which_license(caption: str, credit: str, license: str) -> None:
    found = of_page(FIGURE.format(caption))
    assert found is not None
    assert (found.credit, found.license) == (credit, license)


@pytest.mark.parametrize(("key", "license"), [("license", CC), ("acquireLicensePage", "https://harbour.example/buy")])
def test_json_ld_says_the_license_or_where_it_is_sold(key: str, license: str) -> None:
    image = {
        "@type": "ImageObject",
        "url": "https://harbour.example/p/quay.jpg",
        "creditText": "Ana Ruiz",
        key: license,
    }
    found = of_page(head=JSON_LD.format(json.dumps({"@type": "NewsArticle", "image": image})))
    assert found is not None
    assert (found.credit, found.license) == ("Ana Ruiz", license)


def test_a_license_of_another_picture_with_that_name_is_not_taken() -> None:
    other = {"@type": "ImageObject", "contentUrl": "https://harbour.example/other/quay.jpg", "license": CC}
    found = of_page(FIGURE.format(""), JSON_LD.format(json.dumps(other)))
    assert found is not None
    assert (found.url, found.license) == ("https://harbour.example/p/quay.jpg", "")


@pytest.mark.parametrize("rule", ["noimageindex", "max-image-preview:none", "index, max-image-preview: none"])
def test_a_pages_wish_against_its_pictures_is_kept(rule: str) -> None:
    found = of_page(FIGURE.format(""), f'<meta name="robots" content="{rule}">')
    assert found is not None
    assert found.reserved.startswith("the page says ")
    assert of_page(FIGURE.format(""), '<meta name="robots" content="max-image-preview:large">').reserved == ""  # type: ignore[union-attr]


def test_media_rss_says_whose_a_single_picture_is() -> None:
    content = '<media:content url="https://x.example/{}.jpg" medium="image"/>'
    said = f'<media:credit>Ana Ruiz</media:credit><media:license href="{CC}">CC BY</media:license>'

    def image(pictures: str) -> Image:
        item = f"<item><title>T</title><description>D</description>{pictures}{said}</item>"
        feed = rss(item).replace("<rss ", '<rss xmlns:media="http://search.yahoo.com/mrss/" ')
        found = parse_feed(feed.encode()).entries[0].image
        assert found is not None
        return found

    assert (image(content.format("a")).credit, image(content.format("a")).license) == ("Ana Ruiz", CC)
    assert image(content.format("a") + content.format("b")).license == ""


def markdown(folder: Path, **front: str) -> None:
    lines = "".join(f"{key}: {value}\n" for key, value in {"title": "A count", "date": "2015-09-25", **front}.items())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "count.md").write_text(f"---\n{lines}---\n\nThe office counted 40 late berths this week.\n", "utf-8")


def test_front_matter_names_a_picture_beside_its_file(tmp_path: Path) -> None:
    markdown(tmp_path / "in/deep", image="art/chart.png", image_alt="Bars", image_credit="Mara", image_license="own")
    ((_, article),) = read_folder(tmp_path / "in", seen=AT)
    assert isinstance(article, Article)
    assert article.image == Image("deep/art/chart.png", alt="Bars", credit="Mara", license="own")


@pytest.mark.parametrize("path", ["../../secret.png", "/etc/x.png", "~/x.png", "c:\\x.png", "a/../../x.png", "data:x"])
def test_front_matter_names_no_file_elsewhere(tmp_path: Path, path: str) -> None:
    markdown(tmp_path, image=path)
    ((_, article),) = read_folder(tmp_path, seen=AT)
    assert isinstance(article, Article)
    assert article.image is None


# ------------------------------------------------------------------------------------------------ the copy


def with_places() -> bytes:
    """A photograph as a telephone writes it: on its side, with the place, a name, a comment and a thumbnail."""
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x013B] = "Mara Lindqvist at home"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 26.0)
    xmp = b"<x:xmpmeta>GPSLatitude 51.5</x:xmpmeta>"
    return encoded(harbour(1200, 800), "JPEG", quality=90, exif=exif, comment=b"by Mara", xmp=xmp) + b"<html>behind"


def opened(data: bytes) -> Any:
    return Pillow.open(io.BytesIO(data))


def test_a_copy_is_upright_and_has_nothing_of_the_file_but_its_pixels() -> None:
    copy = copy_of(with_places())
    assert (copy.width_px, copy.height_px) == (800, 1200)
    made = opened(copy.data)
    assert made.size == (800, 1200)
    assert not made.getexif()
    assert not {"exif", "comment", "xmp", "icc_profile", "photoshop"} & made.info.keys()
    for secret in (b"Mara", b"GPS", b"Exif", b"xmpmeta", b"<html"):
        assert secret not in copy.data
    assert len(copy.data) <= MOST_BYTES
    assert copy == copy_of(with_places())


def noted_png() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Mara Lindqvist")
    return encoded(chart(), "PNG", pnginfo=notes)


def test_a_drawing_stays_sharp_on_white_and_loses_its_notes() -> None:
    copy = copy_of(noted_png())
    assert copy.media_type == "image/png"
    assert b"Mara" not in copy.data
    assert opened(copy.data).convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert opened(copy.data).convert("RGB").getpixel((110, 400)) == (155, 34, 38)


def sixteen_bits() -> bytes:
    return encoded(Pillow.linear_gradient("L").resize((400, 300)).convert("I;16").point(lambda v: v * 256), "PNG")


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (lambda: encoded(harbour(4000, 2500), "JPEG"), "image/jpeg"),
        (lambda: encoded(harbour(900, 600), "WEBP"), "image/jpeg"),
        (lambda: encoded(chart().convert("P"), "GIF"), "image/png"),
        (lambda: encoded(harbour(900, 600).convert("CMYK"), "JPEG"), "image/jpeg"),
        (lambda: encoded(harbour(900, 600).convert("L"), "PNG"), "image/png"),
        (lambda: encoded(Pillow.effect_noise((1600, 3000), 90).convert("RGB"), "JPEG"), "image/jpeg"),
        (sixteen_bits, "image/png"),
    ],
    ids=["camera", "webp", "gif", "cmyk", "gray", "noise", "16-bit"],
)
def test_every_usual_kind_becomes_a_small_jpeg_or_png(data: Callable[[], bytes], media_type: str) -> None:
    copy = copy_of(data())
    assert copy.media_type == media_type
    assert copy.width_px <= WIDEST_PX
    assert copy.height_px <= TALLEST_PX
    assert len(copy.data) <= MOST_BYTES
    assert opened(copy.data).size == (copy.width_px, copy.height_px)


def test_sixteen_bits_of_gray_keep_their_shades() -> None:
    made = opened(copy_of(sixteen_bits()).data).convert("L")
    assert made.getpixel((200, 5)) < 30
    assert 100 < made.getpixel((200, 150)) < 156
    assert made.getpixel((200, 295)) > 225


def bomb() -> bytes:
    """A PNG of 40,000 × 40,000 black pixels in 200 bytes or so; 4.8 GB decoded."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    header = (40_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (lambda: b"", "no JPEG, PNG, WebP or GIF"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
        (lambda: b"<?xml version='1.0'?><svg/>", "SVG"),
        (lambda: b"<!doctype html><p>not found", "a page"),
        (lambda: b"%PDF-1.7 \xff\xd8\xff", "no JPEG, PNG, WebP or GIF"),
        (lambda: encoded(harbour(800, 500).convert("P"), "TIFF"), "no JPEG, PNG, WebP or GIF"),
        (lambda: encoded(harbour(800, 500), "PPM"), "no JPEG, PNG, WebP or GIF"),
        (bomb, "more than 60,000,000 pixels"),
        (lambda: encoded(harbour(800, 500), "JPEG")[:2000], "broken or cut off"),
        (lambda: encoded(chart())[:-300], "broken or cut off"),
        (lambda: encoded(harbour(120, 80)), "too small"),
        (lambda: encoded(Pillow.new("RGB", (1, 1))), "too small"),
        (lambda: encoded(harbour(1040, 4)), "too small"),
    ],
)
def test_what_is_no_sound_picture_is_refused_with_a_reason(data: Callable[[], bytes], what: str) -> None:
    with pytest.raises(ReadError, match=what):
        copy_of(data())


# ------------------------------------------------------------------------------------------------ what may be printed

SOURCE = "https://harbour.example/feed.xml"


def newsletter(show: str = "all", extra: str = "") -> Config:
    return parse_config(f'{TOML}\n[pictures]\nshow = "{show}"\n[[sources]]\nurl = "{SOURCE}"\n{extra}')


def about(image: Image | None, **more: Any) -> Article:
    more = {"source": SOURCE, **more}
    return make_article("The quay", "Text.", "Harbour", "https://harbour.example/quay", 24, image=image, **more)


KNOWN = Image("https://harbour.example/p/quay.jpg", alt="A quay", credit="Ana Ruiz", license=CC)


def said(**word: Any) -> tuple[Edit, ...]:
    return (Edit(1, "2015-W39", "picture", about(None).id, str(PictureWord(**word)), "Mara", AT),)


@pytest.mark.parametrize(
    ("image", "edits", "extra", "own", "printed"),
    [
        (KNOWN, (), "", False, "Ana Ruiz, CC BY 4.0"),
        (replace(KNOWN, license="CC BY-NC 4.0"), (), "", False, "forbids use for gain"),
        (replace(KNOWN, license="CC BY-ND 4.0"), (), "", False, "forbids changes"),
        (replace(KNOWN, license="All rights reserved"), (), "", False, "none that lets others print it"),
        (replace(KNOWN, license=""), (), "", False, "its license is not stated"),
        (replace(KNOWN, license="own"), (), "", False, "its license is not stated"),
        (replace(KNOWN, credit=""), (), "", False, "nobody says whose it is"),
        (replace(KNOWN, alt=""), (), "", False, "no words say what it shows"),
        (replace(KNOWN, reserved="the page says noimageindex"), (), "", False, "the page says noimageindex"),
        (None, (), "", False, ""),
        (replace(KNOWN, license=""), (), 'picture_license = "by agreement"', False, "Ana Ruiz, by agreement"),
        (replace(KNOWN, license="CC BY-NC 4.0"), (), 'picture_license = "CC BY 4.0"', False, "forbids use for gain"),
        (replace(KNOWN, license="", credit=""), (), "", True, "Jo Tan, "),
        (replace(KNOWN, license="own"), (), "", True, "Ana Ruiz, "),
        (replace(KNOWN, license=""), said(license="by permission"), "", False, "Ana Ruiz, by permission"),
        (replace(KNOWN, license="CC BY-NC 4.0"), said(license="CC BY-NC 4.0"), "", False, "Ana Ruiz, CC BY-NC 4.0"),
        (replace(KNOWN, reserved="the page says noimageindex"), said(license="own"), "", False, "Ana Ruiz, "),
        (KNOWN, said(credit="Ana R."), "", False, "Ana R., CC BY 4.0"),
        (replace(KNOWN, alt=""), said(decorates=True), "", False, "Ana Ruiz, CC BY 4.0"),
        (KNOWN, said(none=True), "", False, "an editor wants none"),
        (KNOWN, (*said(none=True), *(replace(e, value="") for e in said())), "", False, "Ana Ruiz, CC BY 4.0"),
        (KNOWN, said(origin=f"{COPY}00"), "", False, "its license is not stated"),
        (KNOWN, (), '[[block]]\ndomain = "harbour.example"', False, "its host is blocked"),
    ],
)
def test_a_picture_is_printed_where_license_credit_and_words_are_known(
    image: Image | None, edits: tuple[Edit, ...], extra: str, own: bool, printed: str
) -> None:
    article = about(image, own=own, authors=("Jo Tan",))
    found = picture_wanted(article, edits, newsletter(extra=extra))
    if isinstance(found, Wanted):
        assert f"{found.credit}, {found.license.name}" == printed
    else:
        assert printed in found
        assert bool(found) == bool(printed)


@pytest.mark.parametrize(("show", "template", "count"), [("none", "briefing", 0), ("lead", "briefing", 1),
                                                         ("all", "briefing", 7), ("all", "links", 0)])  # fmt: skip
def test_as_many_stories_print_one_as_the_newsletter_and_its_layout_want(show: str, template: str, count: int) -> None:
    config = newsletter(show)
    config = replace(config, theme=replace(config.theme, template=template))
    issue = sample_issue()
    items = []
    for n, item in enumerate(issue.items):
        article = replace(item.article, image=replace(KNOWN, url=f"https://harbour.example/{n}.jpg"))
        items.append(replace(item, pick=replace(item.pick, story=replace(item.pick.story, lead=article))))
    issue = replace(issue, items=tuple(items))
    wanted = origins_wanted(issue, config)
    known = dict.fromkeys(wanted, "1" * 64)
    assert len(wanted) == count
    assert sum(item.picture is not None for item in with_pictures(issue, config, known).items) == count
    assert all(i.picture is None for i in with_pictures(issue, config, dict.fromkeys(wanted, "!it is gone")).items)


def test_carrying_by_the_site_needs_one() -> None:
    with pytest.raises(ConfigError, match=r"site\.url"):
        parse_config(TOML.replace('url = "https://ledger.example.com"', "") + '\n[pictures]\ncarry = "site"\n')


# ------------------------------------------------------------------------------------------------ copied once


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with LocalWeb() as local:
        yield local


def copied(folder: Path, *origins: str, source: str = "allow_private = true") -> dict[str, str]:
    """What the store knows of *origins* after they were copied."""
    config = newsletter(extra=source)
    wanted = {}
    for origin in origins:
        found = picture_wanted(about(replace(KNOWN, url=origin)), (), config)
        assert isinstance(found, Wanted), found
        wanted[found.origin] = found
    with open_store(folder, create=True) as store:
        copy_pictures(store, folder, wanted, user_agent="test", now=AT, progress=lambda *_: None)
        return store.pictures.known(wanted)


def test_a_picture_is_fetched_once_and_kept_by_its_content(tmp_path: Path, web: LocalWeb) -> None:
    web["/quay.jpg"] = with_places()
    first = copied(tmp_path, f"{web.url}/quay.jpg")
    web["/quay.jpg"] = encoded(chart())
    assert copied(tmp_path, f"{web.url}/quay.jpg") == first == {f"{web.url}/quay.jpg": copy_of(with_places()).hash}
    assert web.asked.count("/quay.jpg") == 1


def test_each_one_that_cannot_be_had_says_why_and_is_asked_again(tmp_path: Path, web: LocalWeb) -> None:
    robots = {"X-Robots-Tag": "noimageindex"}
    picture = encoded(chart())
    web["/robots.txt"] = "User-agent: *\nDisallow: /closed/"
    web["/.well-known/tdmrep.json"] = json.dumps([{"location": "/reserved/*", "tdm-reservation": 1}])
    web["/page.jpg"] = "<!doctype html><p>Log in first"
    web["/wish.png"] = Answer(picture, headers=robots)
    web["/reserved/a.png"] = picture
    web["/large.png"] = picture + bytes(12_000_001)
    web["/well.png"] = picture
    paths = ("gone.png", "page.jpg", "wish.png", "reserved/a.png", "closed/a.png", "large.png", "well.png")
    found = copied(tmp_path, *(f"{web.url}/{path}" for path in paths))
    why = ["404", "a page", "noimageindex", "reserves text and data mining", "robots.txt", "larger than 12,000,000", ""]
    for path, reason in zip(paths, why, strict=True):
        told = found[f"{web.url}/{path}"]
        assert told.startswith("!") == bool(reason)
        assert reason in told, path
    web["/gone.png"] = picture
    assert copied(tmp_path, f"{web.url}/gone.png") == {f"{web.url}/gone.png": copy_of(picture).hash}


def test_no_picture_comes_out_of_a_private_network(tmp_path: Path, web: LocalWeb) -> None:
    web["/quay.jpg"] = encoded(chart())
    (told,) = copied(tmp_path, f"{web.url}/quay.jpg", source="").values()
    assert "private address" in told
    assert web.asked == []


def of_folder(folder: Path) -> Wanted | str:
    config = newsletter(extra='[[sources]]\npath = "in"\nown = true\n')
    ((_, article),) = read_folder(folder / "in", seen=AT, source="in", own=True)
    assert isinstance(article, Article)
    wanted = picture_wanted(article, (), config)
    if isinstance(wanted, Wanted):
        with open_store(folder, create=True) as store:
            copied = {wanted.origin: wanted}
            copy_pictures(store, folder, copied, user_agent="test", now=AT, progress=lambda *_: None)
            return store.pictures.known([wanted.origin])[wanted.origin]
    return wanted


def test_a_picture_beside_an_own_text_is_read_again_when_it_was_drawn_anew(tmp_path: Path) -> None:
    markdown(tmp_path / "in", image="chart.png", image_alt="Bars", image_credit="Mara")
    (tmp_path / "in/chart.png").write_bytes(noted_png())
    assert of_folder(tmp_path) == copy_of(noted_png()).hash
    (tmp_path / "in/chart.png").write_bytes(encoded(harbour(400, 300)))
    assert of_folder(tmp_path) == copy_of(encoded(harbour(400, 300))).hash
    (tmp_path / "in/chart.png").unlink()
    assert of_folder(tmp_path) == copy_of(encoded(harbour(400, 300))).hash  # the copy stays


def test_a_link_beside_an_own_text_leads_out_of_no_folder(tmp_path: Path) -> None:
    markdown(tmp_path / "in", image="chart.png", image_alt="Bars", image_credit="Mara")
    (tmp_path / "secret.png").write_bytes(noted_png())
    (tmp_path / "in/chart.png").symlink_to(tmp_path / "secret.png")
    assert "outside its source's folder" in str(of_folder(tmp_path))


# ------------------------------------------------------------------------------------------------ in the mail


def made_of(issue: Issue, config: Config) -> tuple[Any, bytes]:
    rendered = render_issue(issue, config, copies=copies())
    letter = Skeleton(rendered, "", config).letter(
        ordinal=0,
        envelope=Envelope("bounce@ledger.example.com", "sam@example.org"),
        message_id="<1@ledger.example.com>",
        date=AT,
        fields=FIELDS,
        one_click=True,
    )
    return rendered, b"".join(letter.chunks)


def test_the_letter_carries_each_picture_once_and_names_all_of_them() -> None:
    issue, config = pictured()["pictures-all"]
    rendered, raw = made_of(issue, config)
    parts = list(email.message_from_bytes(raw, policy=email.policy.default).walk())
    assert not [part.defects for part in parts if part.defects]
    carried = {part["Content-ID"].strip("<>"): part.get_content() for part in parts if part["Content-ID"]}
    assert sorted(carried.values()) == sorted(copy.data for copy in samples().values())
    html = next(part for part in parts if part.get_content_type() == "text/html").get_content()
    for cid in carried:
        assert f'src="cid:{cid}"' in html
    assert rendered == render_issue(issue, config, copies=copies())
    other = replace(issue, items=tuple(replace(item, picture=None) for item in issue.items))
    assert render_issue(other, config, copies=copies()).variants[0].pictures == ()


def test_from_the_site_they_are_named_by_their_content_and_no_letter_carries_them() -> None:
    issue, config = pictured()["pictures-site"]
    rendered, raw = made_of(issue, config)
    types = [part.get_content_type() for part in email.message_from_bytes(raw).walk()]
    assert types == ["multipart/alternative", "text/plain", "text/html"]
    html = rendered.variants[0].html
    for copy in samples().values():
        assert f'src="https://ledger.example.com/pictures/{copy.name}"' in html
    # The preview, and the file in var/issues, load nothing.
    shown = preview_html(rendered.variants[0], FIELDS)
    assert "/pictures/" not in shown
    assert base64.b64encode(samples()["chart"].data).decode() in shown


def test_credit_license_and_words_stand_in_both_parts() -> None:
    issue, config = pictured()["pictures-lead"]
    (variant,) = render_issue(issue, config, copies=copies()).variants
    assert 'alt="Three ships lie in a harbor at dusk, the sun low over the hills behind them"' in variant.html
    assert "Picture:\u00a0Ana\u00a0Ruiz" in variant.html
    assert f'href="{CC}"' in variant.html
    lines = " ".join(variant.text.split())
    assert f"low over the hills behind them. Picture: Ana Ruiz, CC BY 4.0] {CC}" in lines


def test_what_a_picture_is_called_cannot_break_the_mail() -> None:
    issue, config = pictured()["pictures-lead"]
    evil = replace(
        issue.items[0].picture,  # type: ignore[type-var]
        alt='"><script>x</script>', credit="<b>\u202eA\nB", license="<i>", license_url="javascript:x",
    )  # fmt: skip
    issue = replace(issue, items=(replace(issue.items[0], picture=evil), *issue.items[1:]))
    (variant,) = render_issue(issue, config, copies=copies()).variants
    assert "<script" not in variant.html
    assert "javascript:" not in variant.html
    assert "Picture:\u00a0&lt;b&gt;A\u00a0B" in variant.html


def test_the_carry_of_no_picture_changes_nothing() -> None:
    """Off, the mail is byte for byte what it was."""
    config = parse_config(TOML)
    plain = render_issue(sample_issue(), config)
    for pictures in (Pictures("all", "mail"), Pictures("lead", "site")):
        assert render_issue(sample_issue(), replace(config, pictures=pictures), copies=copies()) == plain


@pytest.mark.parametrize("value", ["x", "[]", '{"license": 3}', '{"who": "me"}', '{"none": "yes"}'])
def test_an_edit_from_elsewhere_is_a_word_on_a_picture_or_refused(value: str) -> None:
    with pytest.raises(ValueError):
        read_word(value)
    assert read_word(str(PictureWord(credit="Ana", decorates=True))) == PictureWord(credit="Ana", decorates=True)
