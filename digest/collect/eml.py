"""A saved mail (.eml) -> `Reading`: subject as title, its date, the sender as outlet, the text part or the HTML."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr

from digest.collect.dates import read_date
from digest.collect.paragraphs import html_paragraphs
from digest.collect.plain import read_lines, read_plain, with_known
from digest.collect.reading import Reading, one_line

_SHORT = 200
"""A text part of fewer characters is only "open this in your browser"."""


def read_eml(data: bytes) -> Reading:
    message = message_from_bytes(data, policy=policy.default)
    title = re.sub(r"^(?:(?:re|fwd?|aw|wg|tr|rv)\s*:\s*)+", "", _header(message, "subject"), flags=re.IGNORECASE)
    text, markup = _part(message, "plain"), _part(message, "html")
    if len(text.strip()) >= _SHORT or not markup:
        reading = read_plain(_unquoted(text), title=title)
    else:
        lines = [line for paragraph in html_paragraphs(markup) for line in (paragraph, "")]
        reading = read_lines(lines, title=title)
    moment = read_date(_header(message, "date"))
    return with_known(
        reading,
        outlet=reading.outlet or parseaddr(_header(message, "from"))[0],
        published=moment[0] if moment else None,
        precision=moment[1] if moment else None,
    )


def _header(message: EmailMessage, name: str) -> str:
    return one_line(str(message.get(name, "")))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        content = part.get_content()
    except (LookupError, UnicodeError):  # a charset nobody knows
        raw = part.get_payload(decode=True)
        content = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    return content if isinstance(content, str) else ""


def _unquoted(text: str) -> str:
    """Without the signature (RFC 3676, 4.3) and the marks of a forwarded text."""
    text = re.split(r"(?m)^-- \r?$", text)[0]
    return re.sub(r"(?m)^(?:> ?)+", "", text)
