"""The mail's look: colors, fonts and room, from [theme]. Two colors are the newsletter's, the others ours, every pair
readable. `digest.config` has refused an accent that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field

from digest.color import DARK_GROUND, LIGHT_GROUND, contrast, mix
from digest.config import Font, Theme

FONTS: dict[Font, str] = {
    "serif": "Georgia,'Times New Roman',serif",
    "book": "'Palatino Linotype',Palatino,'Book Antiqua',Georgia,serif",
    "sans": "-apple-system,'Segoe UI',Helvetica,Arial,sans-serif",
    "wide": "Verdana,Geneva,sans-serif",
    "humanist": "'Trebuchet MS','Lucida Grande',Tahoma,sans-serif",
    "mono": "'Courier New',Courier,monospace",
}
"""Only fonts that readers' systems have: a mail loads none."""

ROOM = {"compact": 0.75, "normal": 1.0, "airy": 1.3}
TEXT_PX = {"compact": (16, 24), "normal": (17, 26), "airy": (17, 28)}  # size and leading of running text on a phone


@dataclass(frozen=True)
class Palette:
    """What the style sheets and templates ask for, light first."""

    accent: str
    accent_dark: str
    button_dark: str
    page: str = "#f3efe8"
    card: str = LIGHT_GROUND
    wash: str = "#f6f1e8"
    ink: str = "#1f1d1a"
    soft: str = "#5c574f"
    line: str = "#ddd5c7"
    button_text: str = "#ffffff"
    dark: dict[str, str] = field(
        default_factory=lambda: {
            "page": "#141311",
            "card": DARK_GROUND,
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


@dataclass(frozen=True)
class Look:
    """Fonts, masthead and room; the templates' `look`."""

    headings: str  # font stacks, as CSS wants them
    text: str
    labels: str
    masthead: str  # center, start, banner
    logo: str  # its address, https or cid; '' to print the name
    logo_width: int
    logo_height: int
    size: int  # px of running text on a phone
    leading: int
    room: float  # 1 is usual

    def space(self, px: int) -> int:
        """*px* of room between things, as the density has it."""
        return round(px * self.room)


def palette(theme: Theme) -> Palette:
    """The colors for *theme*."""
    accent, accent_dark = theme.accent.lower(), theme.accent_dark.lower()
    # the lightest mix that still carries white words: a button as dark as the card could not be seen
    lighter = (mix(accent, accent_dark, step / 100) for step in range(40, -1, -1))
    button = next((c for c in lighter if contrast(c, Palette.button_text) >= 5.5), accent)
    return Palette(accent, accent_dark, button)


def look_of(theme: Theme, logo: str) -> Look:
    """The fonts and the room for *theme*; *logo* is the address of its picture."""
    size, leading = TEXT_PX[theme.density]
    return Look(
        headings=FONTS[theme.headings],
        text=FONTS[theme.text],
        labels=FONTS[theme.labels],
        masthead=theme.masthead,
        logo=logo,
        logo_width=theme.logo_width,
        logo_height=theme.logo_height,
        size=size,
        leading=leading,
        room=ROOM[theme.density],
    )
