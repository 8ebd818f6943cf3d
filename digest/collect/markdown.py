"""Markdown with front matter -> `Reading`: what the front matter says wins, marks are taken off the text."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from digest.address import web_address
from digest.collect.credits import clean_authors
from digest.collect.dates import read_date
from digest.collect.plain import read_lines, read_stamp, with_known
from digest.collect.reading import Reading
from digest.model import ExcerptLimit, Image, Paywall

_NEW_BLOCK = re.compile(r"^\s{0,3}(?:#{1,6}\s|[-*+]\s+|\d{1,3}[.)]\s+|\|)")


def read_markdown(text: str) -> Reading:
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    front, begin = _front_matter(lines)
    title, plain = _strip(lines, begin)
    reading = read_lines(plain, title=_said(front, "title") or title)
    date = _said(front, "date", "published")
    moment = read_date(date) or (read_stamp(date, reading.language or "en") if date else None)
    return with_known(
        reading,
        standfirst=_said(front, "standfirst", "subtitle", "description"),
        authors=clean_authors(_all(front, "author", "authors")),
        outlet=_said(front, "outlet", "source", "publication"),
        url=web_address(_said(front, "url", "link", "canonical")),
        published=moment[0] if moment else None,
        precision=moment[1] if moment else None,
        language=_said(front, "language", "lang"),
        image=_image(front),
        license=_said(front, "license", "licence"),
        paywall=_paywall(_said(front, "paywall")),
        limit=_limit(front),
        right=_said(front, "right"),
    )


def _front_matter(lines: list[str]) -> tuple[dict[str, Any], int]:
    """The keys between `---` (simple YAML) or `+++` (TOML) at the top, and where the text begins."""
    mark = lines[0].strip() if lines else ""
    if mark not in {"---", "+++"}:
        return {}, 0
    end = next((n for n, line in enumerate(lines[1:200], 1) if line.strip() in {mark, "..."}), 0)
    if not end:
        return {}, 0
    if mark == "+++":
        try:
            return {k.lower(): v for k, v in tomllib.loads("\n".join(lines[1:end])).items()}, end + 1
        except tomllib.TOMLDecodeError:
            return {}, 0  # a text that begins with a rule of plus signs
    return _yaml(lines[1:end]), end + 1


def _yaml(lines: list[str]) -> dict[str, Any]:
    """The YAML people write there: `key: value`, `[a, b]`, and lists of `- item`."""
    found: dict[str, Any] = {}
    key = ""
    for line in lines:
        item = re.match(r"^\s*-\s+(.*)$", line)
        pair = re.match(r"^([\w-]+)\s*:\s*(.*)$", line)
        if item and key:
            value = found.get(key)
            found[key] = [*(value if isinstance(value, list) else []), _unquote(item[1])]
        elif pair:
            key, raw = pair[1].lower(), pair[2].strip()
            listed = re.fullmatch(r"\[(.*)\]", raw)
            found[key] = [_unquote(v) for v in listed[1].split(",") if v.strip()] if listed else _unquote(raw)
    return found


def _unquote(value: str) -> str:
    value = value.strip()
    quoted = re.fullmatch(r"([\"'])(.*)\1", value)
    return quoted[2] if quoted else re.sub(r"\s+#.*$", "", value)


def _said(front: dict[str, Any], *keys: str) -> str:
    return next(
        (str(front[k]) for k in keys if front.get(k) not in (None, "", []) and not isinstance(front[k], list)), ""
    )


def _all(front: dict[str, Any], *keys: str) -> list[str]:
    values = [front[k] for k in keys if front.get(k)]
    return [str(one) for value in values for one in (value if isinstance(value, list) else [value])]


def _paywall(value: str) -> Paywall:
    known: dict[str, Paywall] = {
        "open": "open", "false": "open", "no": "open", "free": "open",
        "metered": "metered", "closed": "closed", "true": "closed", "yes": "closed",
    }  # fmt: skip
    return known.get(value.lower(), "unknown")


def _image(front: dict[str, Any]) -> Image | None:
    if not (address := _said(front, "image")):
        return None
    return Image(
        address,
        alt=_said(front, "image_alt"),
        credit=_said(front, "image_credit"),
        license=_said(front, "image_license", "image_licence"),
    )


def _limit(front: dict[str, Any]) -> ExcerptLimit | None:
    """Who pastes a closed article has more of it than a visitor sees."""
    if _paywall(_said(front, "paywall")) != "closed":
        return None
    return ExcerptLimit(0, "behind a paywall, and nobody said `right:` in its front matter")


def _strip(lines: list[str], begin: int) -> tuple[str, list[str]]:
    """The first heading, and one line for each of *lines*: a block's whole text on its first, '' on the others."""
    plain = [""] * len(lines)
    title = ""
    at = -1  # where the block being read began
    fenced = False
    for number in range(begin, len(lines)):
        line = lines[number].expandtabs(4)
        if re.match(r"^\s{0,3}(?:```|~~~)", line):
            fenced, at = not fenced, -1
            continue
        if not line.strip() or re.match(r"^\s{0,3}(?:[-*_]\s*){3,}$|^\s{0,3}\[[^\]]+\]:\s*\S+", line):
            at = -1
            continue
        if re.match(r"^\s{0,3}=+\s*$", line) and at >= 0:  # underlined heading
            title = title or plain[at]
            plain[at], at = ("" if title == plain[at] else plain[at]), -1
            continue
        line = re.sub(r"^\s{0,3}(?:>\s?)+", "", line)
        heading = re.match(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*$", line)
        if heading and not title and not any(plain):
            title = _inline(heading[2])
            continue
        opens = bool(_NEW_BLOCK.match(line)) or fenced
        words = _inline(re.sub(r"^\s*(?:#{1,6}\s+|[-*+]\s+|\d{1,3}[.)]\s+)", "", line))
        if not words:
            continue
        if at >= 0 and not opens:
            plain[at] = f"{plain[at]} {words}"
        else:
            at = number
            plain[at] = words
            if heading or fenced:
                at = -1
    return title, plain


# No pattern looks for its end beyond the next beginning of the same: a line of beginnings would take quadratic time.
_TARGET = r"\((?:[^()]|\([^()]*\))*+\)"
_INLINE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"<!--(?:(?!<!--).)*?-->", ""),
        (rf"!\[[^\[\]]*\](?:{_TARGET}|\[[^\[\]]*\])", ""),
        (r"\[\^[^\[\]]+\]", ""),
        (rf"\[([^\[\]]+)\]{_TARGET}", r"\1"),
        (r"\[([^\[\]]+)\]\[[^\[\]]*\]", r"\1"),
        (r"<(https?://[^<>]+)>", r"\1"),
        (r"</?[a-zA-Z][^<>]*>", ""),
        (r"(?<![\w*])\*{1,3}(?=\S)([^*]+?)(?<=\S)\*{1,3}(?![\w*])", r"\1"),
        (r"(?<!\w)_{1,3}(?=\S)([^_]+?)(?<=\S)_{1,3}(?!\w)", r"\1"),
        (r"~~(?=\S)(.+?)~~", r"\1"),
        (r"(?<!`)(`{1,3})(?!`)(.+?)(?<!`)\1(?!`)", r"\2"),
        (r"\\([\\`*_{}\[\]()#+.!>~|-])", r"\1"),
    )
)


def _inline(text: str) -> str:
    for pattern, by in _INLINE:
        text = pattern.sub(by, text)
    return text.strip()
