"""Whose export a list is, by its header, and what that tool means by it.

Looked up in the tools' own code or in samples of their exports: Mailchimp (an audience's zip: subscribed, unsubscribed,
cleaned), listmonk (cmd/subscribers.go), Ghost (members/csv), Substack (the account's export and the dashboard's),
Buttondown (the fields of its API, as which its export names them), Mailman (one mailbox a line).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from digest.people.columns import Field, plain
from digest.people.rows import Left


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    needs: tuple[frozenset[str], ...]  # the words of one of them are in its headers
    also: Mapping[str, Field] = field(default_factory=dict)  # what words mean in its exports only
    note: str = ""  # what its export does not tell


def _tool(name: str, *needs: str, also: Mapping[str, Field] | None = None, note: str = "") -> Tool:
    return Tool(name, tuple(frozenset(n.split("; ")) for n in needs), also or {}, note)


TOOLS = (
    _tool("digest", "address; membership; block; joined"),
    _tool("Mailchimp", "email address; member rating; optin time", "email address; leid; euid"),
    _tool(
        "listmonk",
        "uuid; email; attributes; status",
        note="listmonk exports no lists: who left one list is not told from who stayed; export one list at a time, "
        "those subscribed",
    ),
    _tool("Ghost", "email; subscribed to emails"),
    _tool("Substack", "email; active subscription; email disabled", "email; subscription type; subscription date"),
    _tool(
        "Buttondown",
        "email; subscriber type; creation date",
        "email address; type; creation date",
        "email; type; creation date",
        also={"type": "status", "subscriber type": "status"},
    ),
)
LIST = _tool("a list")
MAILMAN = _tool("Mailman")


def tool_of(header: Sequence[str]) -> Tool:
    words = {plain(word) for word in header}
    return next((tool for tool in TOOLS if any(need <= words for need in tool.needs)), LIST)


Kind = Literal["", "unsubscribed", "bounced", "never"]
"""What a whole file is of: '' people who stay, as far as its lines do not say otherwise; "never" ones who never were
subscribers."""


def kind_of(tool: Tool, header: Sequence[str], name: str) -> Kind:
    """Mailchimp has a file for each kind, told apart by name, and where that was changed by the columns only it has."""
    if tool.name != "Mailchimp":
        return ""
    named = re.match(r"(nonsubscribed|unsubscribed|cleaned|subscribed)(?=_|\b)", re.split(r"[/\\]", name)[-1].lower())
    words = {plain(word) for word in header}
    if named:
        kinds: Mapping[str, Kind] = {"nonsubscribed": "never", "unsubscribed": "unsubscribed", "cleaned": "bounced"}
        return kinds.get(named[1], "")
    if "clean time" in words:
        return "bounced"
    return "unsubscribed" if "unsub time" in words and "last changed" not in words else ""


def worse(one: Left, other: Left) -> Left:
    """Of two ways to be gone the one that weighs more."""
    order: tuple[Left, ...] = ("", "unsubscribed", "bounced", "complained")
    return max(one, other, key=order.index)
