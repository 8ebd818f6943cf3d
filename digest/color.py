"""Colors as ``#rrggbb``, and whether words in one can be read on another (WCAG 2.2, 1.4.3). Pure arithmetic."""

from __future__ import annotations

READABLE = 4.5  # WCAG 2.2 AA for text of any size
LIGHT_GROUND = "#ffffff"  # what a mail's words stand on
DARK_GROUND = "#1e1c1a"


def luminance(color: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance")."""
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colors, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mix(color: str, other: str, share: float) -> str:
    """*color* with *share* (0 to 1) of *other* in it."""
    pairs = ((int(color[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def nearest_readable(color: str, ground: str, wanted: float = READABLE) -> str:
    """*color*, or its nearest mix with black (on a light ground) or white (on a dark one) that reads on *ground*."""
    toward = "#000000" if luminance(ground) > 0.18 else "#ffffff"
    steps = (mix(color, toward, step / 100) for step in range(101))
    return next((c for c in steps if contrast(c, ground) >= wanted), toward)
