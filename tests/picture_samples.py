"""Pictures drawn for tests and benches of `render` and `collect`, and issues that print them. Nothing is anybody's."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from digest.collect.pictures import copy_of
from digest.config import Config, Pictures
from digest.model import Issue, Item, ItemPicture, PictureCopy
from tests.render_cases import Case, arabic, full_issue, in_language, japanese, longest_words
from tests.render_samples import make_config, sample_issue

CC_BY = ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")


def encoded(drawn: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    drawn.save(out, kind, **options)
    return out.getvalue()


def harbour(width: int = 1600, height: int = 1000) -> Image.Image:
    """An evening at a harbor, as a photograph might be: soft colors, many of them."""
    sky = Image.linear_gradient("L").resize((width, height))
    drawn = Image.merge("RGB", [sky.point(lambda v, a=a, b=b: a + (b - a) * v // 255)
                                for a, b in ((74, 246), (104, 190), (150, 138))])  # fmt: skip
    draw = ImageDraw.Draw(drawn)
    horizon = int(height * 0.62)
    draw.ellipse((width * 0.63, horizon - height * 0.17, width * 0.74, horizon + height * 0.01), fill=(255, 231, 190))
    hills = [(x, horizon - height * (0.06 + 0.05 * math.sin(x / width * 7) + 0.03 * math.sin(x / width * 19)))
             for x in range(0, width + 8, 8)]  # fmt: skip
    draw.polygon([(0, horizon), *hills, (width, horizon)], fill=(92, 92, 118))
    for y in range(horizon, height):
        near = (y - horizon) / (height - horizon)
        ripple = 10 * math.sin(y * 0.9) + 8 * math.sin(y * 0.23)
        color = tuple(int(a + (b - a) * near + ripple) for a, b in ((206, 52), (160, 78), (134, 104)))
        draw.line((0, y, width, y), fill=color)
    for at, size in ((0.2, 1.0), (0.42, 0.62), (0.86, 0.5)):
        _ship(draw, width * at, horizon + height * 0.1 * size, width * 0.13 * size)
    return drawn.filter(ImageFilter.GaussianBlur(width / 1600))


def _ship(draw: ImageDraw.ImageDraw, x: float, y: float, size: float) -> None:
    draw.polygon([(x - size, y), (x + size, y), (x + size * 0.8, y + size * 0.3), (x - size * 0.8, y + size * 0.3)],
                 fill=(46, 38, 48))  # fmt: skip
    draw.rectangle((x - size * 0.6, y - size * 0.3, x - size * 0.1, y), fill=(226, 214, 196))
    draw.rectangle((x - size * 0.45, y - size * 0.6, x - size * 0.3, y - size * 0.3), fill=(155, 34, 38))
    draw.line((x + size * 0.3, y, x + size * 0.3, y - size), fill=(46, 38, 48), width=max(2, int(size / 30)))


def chart(width: int = 1040, height: int = 560) -> Image.Image:
    """Complaints a month, falling: flat colors on a transparent ground."""
    drawn = Image.new("RGBA", (width, height), (255, 255, 255, 0))
    draw = ImageDraw.Draw(drawn)
    for line in range(5):
        y = height * (0.9 - 0.2 * line)
        draw.line((width * 0.04, y, width * 0.98, y), fill=(150, 144, 134, 255), width=2)
    for number, value in enumerate((93, 88, 90, 79, 70, 61, 58, 52)):
        x = width * (0.07 + 0.115 * number)
        top = height * (0.9 - 0.8 * value / 100)
        draw.rectangle((x, top, x + width * 0.075, height * 0.9), fill=(155, 34, 38, 255))
    return drawn


def tall(width: int = 700, height: int = 1100) -> Image.Image:
    return harbour(1600, 1100).crop((200, 0, 900, 1100)).resize((width, height))


@lru_cache(maxsize=1)
def samples() -> dict[str, PictureCopy]:
    """Name -> copy: harbour, chart, tall."""
    drawn = {"harbour": encoded(harbour(), "JPEG", quality=92), "chart": encoded(chart()), "tall": encoded(tall())}
    return {name: copy_of(data) for name, data in drawn.items()}


@lru_cache(maxsize=1)
def copies() -> dict[str, PictureCopy]:
    """The same by hash, as `render_issue` wants them."""
    return {copy.hash: copy for copy in samples().values()}


def item_picture(name: str, **changes: Any) -> ItemPicture:
    said = {
        "harbour": ("Three ships lie in a harbor at dusk, the sun low over the hills behind them", "Ana Ruiz"),
        "chart": ("Bars of complaints a month, falling from 93 in March to 52 in October", "Mara Lindqvist"),
        "tall": ("One ship under a high evening sky", "Jo Tan / Dockside Daily"),
    }
    alt, credit = said[name]
    return replace(ItemPicture(samples()[name].hash, alt, credit, *CC_BY), **changes)


def with_pictures(issue: Issue, *names: str) -> Issue:
    """*issue*, its items with a summary printing *names* in turn; an empty name prints none."""
    items: list[Item] = []
    full = 0
    for item in issue.items:
        if item.form != "link":
            name = names[full % len(names)]
            items.append(replace(item, picture=item_picture(name) if name else None))
            full += 1
        else:
            items.append(item)
    return replace(issue, items=tuple(items))


def showing(config: Config, show: str = "all", carry: str = "mail") -> Config:
    return replace(config, pictures=Pictures(show, carry))  # type: ignore[arg-type]


def pictured(**theme: str) -> dict[str, Case]:
    """Name -> an issue with pictures and the newsletter it is of; *theme* is its [theme]."""
    config = showing(make_config(**theme))
    everywhere = ("harbour", "chart", "tall")
    long_credit = "Rindfleischetikettierungsüberwachungsbildarchiv / " + "x" * 60
    endless = with_pictures(longest_words(), *everywhere)
    lead = replace(endless.items[0], picture=item_picture("tall", credit=long_credit, alt=f"{'Wort' * 15} und mehr"))
    return {
        "pictures-lead": (with_pictures(sample_issue(), "harbour", *[""] * 20), showing(config, "lead")),
        "pictures-all": (with_pictures(sample_issue(), *everywhere), config),
        "pictures-site": (with_pictures(sample_issue(), *everywhere), showing(config, carry="site")),
        "pictures-25": (with_pictures(full_issue(25), *everywhere, *everywhere, *[""] * 19), config),
        "pictures-long-words": (replace(endless, items=(lead, *endless.items[1:])), config),
        "pictures-arabic": (with_pictures(arabic(), *everywhere), in_language("ar", "الدفتر الأسبوعي")(config)),
        "pictures-japanese": (with_pictures(japanese(), *everywhere), in_language("ja", "週刊台帳")(config)),
    }
