"""The mail's colors: two chosen by the newsletter, the others ours, every pair readable (WCAG 2.2, 1.4.3).

Pure arithmetic over ``#rrggbb``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from digest.config import Theme
from digest.errors import ConfigError

READABLE = 4.5  # WCAG 2.2 AA for text of any size


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


def nearest_readable(color: str, ground: str, toward: str, wanted: float = READABLE) -> str:
    """*color*, or the nearest mix with *toward* that reads on *ground*."""
    steps = (mix(color, toward, step / 100) for step in range(101))
    return next((c for c in steps if contrast(c, ground) >= wanted), toward)


@dataclass(frozen=True)
class Palette:
    """What the style sheets and templates ask for, light first."""

    accent: str
    accent_dark: str
    button_dark: str
    page: str = "#f3efe8"
    card: str = "#ffffff"
    wash: str = "#f6f1e8"
    ink: str = "#1f1d1a"
    soft: str = "#5c574f"
    line: str = "#ddd5c7"
    button_text: str = "#ffffff"
    dark: dict[str, str] = field(
        default_factory=lambda: {
            "page": "#141311",
            "card": "#1e1c1a",
            "wash": "#2a2723",
            "ink": "#efe9df",
            "soft": "#b5ada0",
            "line": "#3b3731",
            "rule": "#857f79",
        }
    )

    def _grounds(self) -> dict[str, str]:
        bar = mix(self.accent, self.accent_dark, 0.45)
        return {**{k: self.dark[k] for k in ("page", "card", "wash")}, "bar": bar, "btn": self.button_dark}

    def _inks(self) -> dict[str, str]:
        return {
            "line": f"border-color:{self.dark['line']}",
            "below": f"border-color:{self.dark['line']}",
            "rule": f"border-color:{self.dark['rule']}",
            "ink": f"color:{self.dark['ink']}",
            "soft": f"color:{self.dark['soft']}",
            "acc": f"color:{self.accent_dark}",
            "btnt": f"color:{self.button_text}",
        }

    def dark_rules(self) -> str:
        """The dark rules, one a line, for clients that ask by media query."""
        grounds = (f".{k}{{background-color:{v} !important}}\n" for k, v in self._grounds().items())
        inks = (f".{k}{{{v} !important}}\n" for k, v in self._inks().items())
        return "".join((*grounds, *inks))

    def outlook_rules(self) -> str:
        """The same for Outlook's apps, which mark repainted grounds with data-ogsb and inks with data-ogsc."""
        grounds = (f"[data-ogsb] .{k}{{background-color:{v} !important}}\n" for k, v in self._grounds().items())
        inks = (f"[data-ogsc] .{k}{{{v} !important}}\n" for k, v in self._inks().items())
        return "".join((*grounds, *inks))


def palette(theme: Theme) -> Palette:
    """The colors for *theme*. Raises ConfigError proposing the nearest readable color."""
    accent, accent_dark = theme.accent.lower(), theme.accent_dark.lower()
    plain = Palette(accent, accent_dark, accent)
    for key, color, ground, toward in (
        ("accent", accent, plain.card, "#000000"),
        ("accent_dark", accent_dark, plain.dark["card"], "#ffffff"),
    ):
        if contrast(color, ground) < READABLE:
            better = nearest_readable(color, ground, toward)
            raise ConfigError(
                f"digest.toml: theme.{key} = {color} reads badly on {ground}: contrast "
                f"{contrast(color, ground):.1f}, and {READABLE} is needed",
                hint=f"the nearest color that reads is {better}",
            )
    # the lightest mix that still carries white words: a button as dark as the card could not be seen
    lighter = (mix(accent, accent_dark, step / 100) for step in range(40, -1, -1))
    button = next((c for c in lighter if contrast(c, plain.button_text) >= 5.5), accent)
    return Palette(accent, accent_dark, button)
