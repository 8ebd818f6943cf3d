"""Who wrote it: author names as pages and feeds print them, made clean."""

from __future__ import annotations

import re
from collections.abc import Iterable

from digest.collect.reading import one_line

_LABEL = re.compile(
    r"^(?:by|written by|posted by|author|authors|von|text|текст|автор|autor(?:en|a|es)?|par|por|di|da|a cura di|"
    r"door|av|af|tekst|yazan|oleh|文|記者|记者|作者|글|기자)\s*(?:[:：]\s*|\s+)(?=\S)",
    re.IGNORECASE,
)
_ROLES = frozenset(
    """
    admin administrator editor editors editorial redaktion redaction redazione redacción redacao redação redakcja
    redaktor redacteur redactie rédaction webmaster staff author anonymous guest team newsroom agencies agency
    moderator root user support info office toimitus редакция редакція adm wordpress news desk newsdesk
    """.split()
)
_ROLE_PHRASES = re.compile(
    r"^(?:the )?(?:\w+ )?(?:staff|editors?|editorial (?:team|board|staff)|news ?desk|newsroom|web ?team|"
    r"staff (?:writers?|reporters?)|guest (?:author|writer)|la rédaction|la redazione|la redacción)$",
    re.IGNORECASE,
)
_DESKS = re.compile(
    r"\b(?:media|news|newsroom|press|agency|agencies|network|team|group|wire|desk|magazine|staff|service|services|"
    r"redaktion|redactie|redazione|redacción|rédaction|agentur|agence|agencia|agenzia)$",
    re.IGNORECASE,
)
"""How the name of an editorial office ends, where it writes "for" the outlet."""

_SPLIT = re.compile(r"\s*(?:;|\||\n|\s&\s|\sand\s|\sund\s|\set\s|\sy\s|、)\s*")
_MAIL = re.compile(r"\S+@\S+\.\S+")


def clean_authors(names: Iterable[str], *, outlet: str | None = None, host: str = "") -> tuple[str, ...]:
    """The people among *names*: labels, addresses, role names and the publisher's own name taken away."""
    labels = host.split(".")
    known = {_key(name) for name in (outlet or "", host, labels[0])} - {""}
    domain = {_key(label) for label in labels[:-1]}  # of more than one word, it may well be a person's own site
    found: dict[str, str] = {}
    for raw in names:
        for name in _SPLIT.split(_unpack(raw)):
            name = _LABEL.sub("", one_line(name).strip(" ,.–-")).strip(" ,–-")
            name = _without_client(name, known)
            if _is_person(name) and _key(name) not in known and (" " in name or _key(name) not in domain):
                found.setdefault(_key(name), name)
    return tuple(found.values())


def _without_client(name: str, known: set[str]) -> str:
    """`Ana Ruiz for The Pilot`, on The Pilot's page, is Ana Ruiz; `Coast Media for The Pilot` is nobody."""
    who, _, client = name.partition(" for ")
    if not client or _key(client) not in known:
        return name
    return "" if _DESKS.search(who) else who


def _unpack(raw: str) -> str:
    """RSS writes `mail@host (Name)`; what is only an address names nobody."""
    inner = re.search(r"\S+@\S+\s*\((.+)\)\s*$", raw)
    return inner[1] if inner else _MAIL.sub("", raw)


def _is_person(name: str) -> bool:
    lowered = name.casefold()
    return (
        1 < len(name) <= 80
        and lowered not in _ROLES
        and not _ROLE_PHRASES.match(name)
        and not re.search(r"^https?:|^www\.|^\d+$|\w{3,}\.(?:com|org|net|co\.uk|de|fr|it|es)\b", lowered)
        and any(c.isalpha() for c in name)
    )


def _key(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
