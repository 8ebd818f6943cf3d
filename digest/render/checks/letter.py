"""Can letters be written from this variant, can a reader leave, is the sender honest, and will Gmail cut it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from digest.config import Config
from digest.errors import SendError
from digest.model import Envelope, Rendered
from digest.render.checks.mail import Mail, at_line
from digest.render.checks.rules import Finding, found
from digest.render.message import Skeleton, misplaced_tokens, reader_links

CLIP = 102 * 1024
"""Bytes of the decoded HTML part after which Gmail cuts the mail (measured near 105,000, whatever the encoding)."""
NEAR = 0.85  # of CLIP
WORDS_ROOM = 40  # bytes a reader's address or name is reckoned at

_FREEMAIL = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr hotmail.de live.com msn.com aol.com
    icloud.com me.com mac.com proton.me protonmail.com zoho.com mail.ru yandex.ru yandex.com web.de gmx.de gmx.net
    gmx.at gmx.ch gmx.com t-online.de freenet.de yahoo.com yahoo.co.uk yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.co.jp
    ymail.com orange.fr wanadoo.fr free.fr laposte.net libero.it virgilio.it btinternet.com qq.com 163.com naver.com
    """.split()
)


def judge(config: Config, readers: int | None, readers_before: int | None) -> Iterator[Finding]:
    """The findings about sender and audience; *readers* are those who would get it, None where nobody counted."""
    news = config.newsletter
    if not news.postal_address.strip():
        yield found(
            "postal-address",
            "newsletter",
            "there is no postal address",
            "set newsletter.postal_address in digest.toml",
            severity="error" if config.send.transport == "smtp" else "warning",
        )
    if news.sender.address.domain in _FREEMAIL:
        what = f"{news.sender.address} is at a public mailbox provider"
        yield found("from-freemail", "newsletter", what, "send from your own domain: newsletter.from")
    if readers == 0:
        remedy = "`digest subscribers import FILE`, then `digest queue`"
        yield found("nobody-reads", "audience", "nobody would get this issue", remedy)
    elif readers and readers_before and not 0.5 <= readers / readers_before <= 2:
        what = f"{readers:,} readers would get it, the last issue had {readers_before:,}"
        yield found("audience-jump", "audience", what, "`digest subscribers list` shows who they are")


def judge_mail(mail: Mail, rendered: Rendered, config: Config) -> Iterator[Finding]:
    """The findings about one variant as a message."""
    yield from _leaving(mail)
    yield from _address(mail, config)
    yield from _size(mail, config)
    misplaced = list(misplaced_tokens(mail.variant))
    for where in misplaced:
        line = int(found_line[1]) if (found_line := re.search(r"line (\d+)", where)) else 0
        remedy = "a token stands in a text, or is the whole href of a link"
        yield found("token-misplaced", at_line(line), where, remedy)
    if not misplaced:
        yield from _writable(mail, rendered, config)


def _leaving(mail: Mail) -> Iterator[Finding]:
    token = mail.variant.tokens.get("LEAVE", "")
    links = (e for e in mail.elements if e.tag == "a" and e.get("href") == token and e not in mail.hidden)
    if not token or next(links, None) is None:
        yield found("leave-missing", "HTML", "the HTML part shows no way to leave", "link to {{ tokens.LEAVE }}")
    if mail.variant.text.strip() and (not token or token not in mail.variant.text):
        yield found("leave-missing", "text part", "the text part shows no way to leave", "print {{ tokens.LEAVE }}")


def _address(mail: Mail, config: Config) -> Iterator[Finding]:
    wanted = _words_only(config.newsletter.postal_address)
    for place, text in (("HTML", mail.seen), ("text part", mail.variant.text)):
        if wanted and text.strip() and wanted not in _words_only(text):
            yield found("postal-address", place, f"the {place} does not print the postal address", "print page.postal")


def _words_only(text: str) -> str:
    return " ".join(re.findall(r"\w+", text)).casefold()


def _size(mail: Mail, config: Config) -> Iterator[Finding]:
    size = size_of(mail, config)
    if size > CLIP:
        yield found(
            "size-clipped", "HTML", f"the HTML is {size:,} bytes; Gmail cuts at {CLIP:,}", "print fewer stories"
        )
    elif size > NEAR * CLIP:
        what = f"the HTML is {size:,} bytes, {size / CLIP:.0%} of the {CLIP:,} at which Gmail cuts"
        yield found("size-near", "HTML", what, "print fewer stories, or shorter ones")


def size_of(mail: Mail, config: Config) -> int:
    """Bytes of the HTML part as Gmail counts them: decoded, with a reader's own values in it."""
    html, links = mail.variant.html, reader_links(config)
    size = len(html.encode("utf-8", "replace"))
    for name, token in mail.variant.tokens.items():
        room = len(links[name]) + 32 if name in links else WORDS_ROOM
        size += html.count(token) * (room - len(token))
    return size


def _writable(mail: Mail, rendered: Rendered, config: Config) -> Iterator[Finding]:
    """Writes one letter to an invented reader."""
    try:
        links = {name: before + "0" * 32 for name, before in reader_links(config).items()}
        Skeleton(rendered, mail.variant.key, config).letter(
            ordinal=0,
            envelope=Envelope(str(config.newsletter.sender.address), "reader@example.org"),
            message_id="<0@example.org>",
            date=datetime(2000, 1, 1, tzinfo=UTC),
            fields={name: links.get(name, "reader@example.org") for name in mail.variant.tokens},
            one_click=bool(config.site.url),
        )
    except SendError as error:
        yield found("letter-broken", "message", str(error), error.hint)
