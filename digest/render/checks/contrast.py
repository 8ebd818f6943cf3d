"""Can every word be read, in light and dark? Colors and sizes are computed as a browser would, from the style
attributes and the ``<style>`` of the mail.

Four looks are computed: light and dark by media query, dark as Outlook's apps repaint (they set data-ogsc and
data-ogsb around the mail), and light with every ``<style>`` removed, as Gmail shows mail of other accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from digest.color import contrast, nearest_readable
from digest.render.checks.cascade import CLIENT, Cascade
from digest.render.checks.mail import FILLER, Mail
from digest.render.checks.rules import Finding, found
from digest.render.checks.values import Color, background_of, color_of, hex_of, over, pixels_of, urls_in

READABLE, READABLE_LARGE = 4.5, 3.0  # WCAG 2.2, 1.4.3; large is 24 px, or 18.66 px in bold
SMALLEST = 13.0  # pixels
_NAMES = frozenset(
    {"color", "background", "background-color", "background-image", "font-size", "font-weight", "display"}
)
_NONE: frozenset[str] = frozenset()
_BLACK, _WHITE = (0.0, 0.0, 0.0, 1.0), (255.0, 255.0, 255.0, 1.0)


@dataclass(frozen=True, slots=True)
class Look:
    """One way the mail may be shown. *present* are the attributes a client puts around it."""

    rule: str
    words: str
    scheme: str
    width: int
    present: frozenset[str] = _NONE
    styled: bool = True


LOOKS = (
    Look("contrast-light", "in light", "light", 375),
    Look("contrast-light", "in light on a wide screen", "light", 800),
    Look("contrast-light", "without styles", "light", 375, styled=False),
    Look("contrast-dark", "in dark", "dark", 375),
    Look("contrast-dark", "in dark on a wide screen", "dark", 800),
    Look("contrast-dark", "as Outlook darkens", "light", 375, CLIENT),
)


@dataclass(frozen=True, slots=True)
class State:
    """What a look gives one element: colors as a reader sees them, size in pixels."""

    ink: Color
    ground: Color | None  # None: a picture, of which nothing is known
    size: float
    bold: bool
    shown: bool


def judge_mail(mail: Mail) -> Iterator[Finding]:
    """One finding for each pair of colors that reads badly, and one for the smallest words."""
    if mail.body is None:
        return
    told: set[tuple[str, str, str]] = set()
    for look in LOOKS:
        if look.width > 375 and not _wide_colors(mail):
            continue
        bad: dict[tuple[str, str], tuple[Any, str, int, float]] = {}
        pieces = list(seen(mail, look))
        for element, words, state in pieces:
            if state.ground is None:
                continue
            ink, ground = hex_of(over(state.ink, state.ground)), hex_of(state.ground)
            is_large = state.size >= 24 or (state.bold and state.size >= 18.66)
            needed = READABLE_LARGE if is_large else READABLE
            if contrast(ink, ground) < needed:
                first = bad.get((ink, ground), (element, words, 0, needed))
                bad[ink, ground] = (*first[:2], first[2] + 1, max(first[3], needed))
        for (ink, ground), where in bad.items():
            if (look.rule, ink, ground) not in told:
                told.add((look.rule, ink, ground))
                yield _unreadable(mail, look, ink, ground, where)
        if look is LOOKS[0]:
            yield from _small(mail, pieces)
    yield from _dark(mail)


def seen(mail: Mail, look: Look) -> Iterator[tuple[Any, str, State]]:
    """(element, text, state) of every piece of text that *look* shows, without the marks that only separate."""
    sheets = [sheet for _, sheet in mail.sheets] if look.styled else []
    cascade = Cascade(sheets, {"scheme": look.scheme, "width": str(look.width)}, look.present, _NAMES)
    states = _states(mail, cascade, dark=look.scheme == "dark" and _knows_dark(mail))
    for element, text in mail.words:
        words = " ".join(FILLER.sub("", text).split()).strip("· |,")
        if words and states[element].shown:
            yield element, words, states[element]


def _unreadable(mail: Mail, look: Look, ink: str, ground: str, where: tuple[Any, str, int, float]) -> Finding:
    element, words, count, needed = where
    shown = words if len(words) <= 40 else f"{words[:38].rstrip()}…"
    others = f" and {count - 1} more" if count > 1 else ""
    what = f"{look.words}, “{shown}”{others}: {ink} on {ground} is {contrast(ink, ground):.2f}:1, {needed:g} is needed"
    remedy = f"{nearest_readable(ink, ground, needed)} reads there"
    return found(look.rule, mail.place(element), what, remedy)


def _states(mail: Mail, cascade: Cascade, *, dark: bool) -> dict[Any, State]:
    canvas, ink = (_BLACK, _WHITE) if dark else (_WHITE, _BLACK)
    link = (158.0, 158.0, 255.0, 1.0) if dark else (0.0, 0.0, 238.0, 1.0)  # what browsers give a link without a color
    top = State(ink, canvas, 16.0, False, True)
    states: dict[Any, State] = {}
    for element in mail.elements:
        above = states.get(element.getparent(), top)
        values = cascade.values(element)
        ground = above.ground
        laid = background_of(values)
        if laid is None and "background-color" not in values and (attribute := element.get("bgcolor")):
            laid = color_of(attribute)
        if laid is not None and (ground is not None or laid[3] == 1):
            ground = over(laid, ground or canvas)
        if any(urls_in(values.get("background", "") + values.get("background-image", ""))):
            ground = None
        own = color_of(values.get("color", ""))
        color = own or (link if element.tag == "a" and element.get("href") and "color" not in values else above.ink)
        weight = values.get("font-weight", "")
        bold = (
            weight in ("bold", "bolder") or (weight.isdigit() and int(weight) >= 600)
            if weight
            else above.bold or element.tag in ("b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6")
        )
        size = pixels_of(values["font-size"], above.size) if "font-size" in values else _usual_size(element, above.size)
        shown = above.shown and values.get("display", "").lower() != "none"
        states[element] = State(color, ground, size, bold, shown)
    return states


def _usual_size(element: Any, inherited: float) -> float:
    """Browsers' own sizes (HTML Standard, 15.3)."""
    factor = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h5": 0.83, "h6": 0.67, "small": 0.83}.get(element.tag)
    return inherited * factor if factor else inherited


def _small(mail: Mail, pieces: Sequence[tuple[Any, str, State]]) -> Iterator[Finding]:
    small = [piece for piece in pieces if piece[2].size < SMALLEST and re.search(r"\w", piece[1])]
    if small:
        element, words, state = min(small, key=lambda piece: piece[2].size)
        what = f"“{words[:40]}” is {state.size:g} px{f', and {len(small) - 1} more' if len(small) > 1 else ''}"
        yield found("text-small", mail.place(element), what, "16 px for reading, 13 at least")


def _dark(mail: Mail) -> Iterator[Finding]:
    rules = [
        (rule, declaration) for _, sheet in mail.sheets for rule in sheet.rules for declaration in rule.declarations
    ]
    inks = [(rule, d) for rule, d in rules if d.name in ("color", "background-color", "background")]
    by_media = any(re.search(r"prefers-color-scheme\s*:\s*dark", at) for rule, _ in inks for at in rule.at)
    by_outlook = any(
        test[0] in CLIENT for rule, _ in inks for s in rule.selectors for c in s.compounds for test in c.tests
    )
    if not by_media or not by_outlook:
        missing = "by media query" if not by_media else "for Outlook ([data-ogsc], [data-ogsb])"
        missing = "at all" if not by_media and not by_outlook else missing
        remedy = "write @media (prefers-color-scheme:dark) rules, and the same with [data-ogsc]"
        yield found("dark-missing", "HTML", f"there are no dark colors {missing}", remedy)


def _knows_dark(mail: Mail) -> bool:
    """Whether the mail says color-scheme: dark, so that what it leaves unsaid turns dark too."""
    named = (e.get("content") or "" for e in mail.elements if e.tag == "meta" and e.get("name") == "color-scheme")
    return any("dark" in content for content in named)


def _wide_colors(mail: Mail) -> bool:
    """Whether a rule for wide screens changes a color."""
    return any(
        d.name in ("color", "background", "background-color")
        for _, sheet in mail.sheets
        for rule in sheet.rules
        if any("width" in at for at in rule.at)
        for d in rule.declarations
    )
