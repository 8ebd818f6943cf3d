"""A fragment of HTML -> its paragraphs, nothing left out that is shown: for feed entries and mail, where no page is
around."""

from __future__ import annotations

import re
from typing import Any

from digest.model import NOSNIPPET

_BLOCKS = frozenset(
    """address article aside blockquote center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header
    hr li main nav ol p pre section table tbody td tfoot th thead tr ul body html br""".split()
)
_SKIPPED = frozenset(
    """script style noscript template iframe object embed svg math form button select textarea input figcaption
    head title audio video canvas nav""".split()
)
_UNSEEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def html_paragraphs(markup: str) -> list[str]:
    """The texts of *markup*'s blocks in order, blanks collapsed; scripts, forms, captions, what is not shown (a
    mail's preview text) and what its publisher reserves (`data-nosnippet`) left out.

    A single `<br>` is a blank, two in a row end a paragraph.
    """
    import lxml.html

    if not markup.strip():
        return []
    if "<" not in markup:
        import html

        return [" ".join(p.split()) for p in re.split(r"\n\s*\n", html.unescape(markup)) if p.strip()]
    # Inside a body of our own: a fragment that opens <html> or <head> itself would else be lost in the head.
    root = lxml.html.document_fromstring(f"<html><body><div>{_safe(markup)}</div></body></html>")
    pieces: list[str] = []
    _walk(root, pieces)
    text = "".join(pieces)
    text = re.sub(r"[ \t\r\n\f]+", " ", text)
    text = re.sub(r"\v(?: ?\v)+", "\0", text).replace("\v", " ")
    return [" ".join(p.split(" ")).strip() for p in text.split("\0") if p.strip()]


def _is_withheld(element: Any) -> bool:
    return element.get(NOSNIPPET) is not None or bool(_UNSEEN.search(element.get("style") or ""))


def _safe(markup: str) -> str:
    """lxml refuses control characters and an encoding declaration inside a str."""
    markup = re.sub(r"^\s*<\?xml[^>]*\?>", "", markup)
    return re.sub("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff]", " ", markup)


def _walk(node: Any, pieces: list[str]) -> None:
    """NUL ends a paragraph, VT is a `<br>`. Iterative: feeds nest a thousand deep to hurt."""
    stack: list[tuple[Any, bool]] = [(node, True)]
    while stack:
        element, entering = stack.pop()
        name = element.tag if isinstance(element.tag, str) else None
        if entering:
            if name == "br":
                pieces.append("\v")
            elif name in _BLOCKS:
                pieces.append("\0")
            stack.append((element, False))
            if name is not None and name not in _SKIPPED and not _is_withheld(element):
                pieces.append(element.text or "")
                stack.extend((child, True) for child in reversed(element))
        else:
            if name in _BLOCKS and name != "br":
                pieces.append("\0")
            if element is not node:
                pieces.append(element.tail or "")
