"""The site's look: the mail's colors and fonts, and what a page may load."""

from __future__ import annotations

from pathlib import Path

from digest.config import Config
from digest.render.theme import look_of, palette
from digest.web.server import policy

PAGE = policy(
    {
        "style-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
)
ISSUE = policy(
    {
        "img-src": "'self' https: data:",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
)


def stylesheet(config: Config) -> str:
    """The site's style in the mail's colors and fonts."""
    colors, look = palette(config.theme), look_of(config.theme, "")
    names = ("page", "card", "wash", "ink", "soft", "line")
    light = {name: getattr(colors, name) for name in names}
    light |= {"accent": colors.accent, "button": colors.accent, "edge": colors.soft}
    dark = {name: colors.dark[name] for name in names}
    dark |= {"accent": colors.accent_dark, "button": colors.button_dark, "edge": colors.dark["rule"]}
    fonts = {"headings": look.headings, "text": look.text, "labels": look.labels}
    text = (Path(__file__).parent.parent / "static" / "site.css").read_text(encoding="utf-8")
    return (
        f":root{{{_variables({**light, **fonts})}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{_variables(dark)}}}}}\n{text}"
    )


def _variables(values: dict[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in values.items())
