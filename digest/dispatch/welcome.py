"""When an issue waits because its relay is new, or because too much of it comes back.

Nobody knows how a new relay's letters fare: the first of them are a trial, and a person looks before the others
follow. What comes back is read from the consent events "bounced" and "complained" of readers who were sent the issue.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from digest.config import Config
from digest.store import Store
from digest.store.accounts import Returned
from digest.text.wording import counted

FIRST = 200
"""Letters of a trial through a relay elsewhere, unless [send] new_relay says otherwise."""

_RELAYS = (
    "relays"  # relay -> letters that were to leave by it, the issue that waits for a person, when one let it go on
)
_ENOUGH = 20  # letters accepted, before a share of them means anything

# Shares of the accepted letters above which mailbox providers begin to refuse a sender (Google and Yahoo ask for
# complaints under 0.1 %, never 0.3 %), and how many there must be at least: one person's word stops no issue.
_BOUNCED_WARNS, _BOUNCED_PAUSES, _BOUNCED_AT_LEAST = 0.05, 0.10, 5
_COMPLAINED_WARNS, _COMPLAINED_PAUSES, _COMPLAINED_AT_LEAST = 0.001, 0.003, 2


def relay_of(config: Config) -> str:
    """The configured relay by host and login, as one is known to it; '' for files."""
    if config.send.transport != "smtp":
        return ""
    return f"{config.smtp.username}@{config.smtp.host}" if config.smtp.username else config.smtp.host


def trial_letters(config: Config, *, is_local: bool) -> int:
    """How many letters a relay's trial has; 0: none. A relay on this machine has one only where that is asked for."""
    if config.send.new_relay is not None:
        return config.send.new_relay
    return 0 if is_local else FIRST


class Trial:
    """What is left of a relay's trial. Letters are counted when they are taken from the ledger and given back when
    nobody carried them: a crash in between makes it a little shorter, never longer."""

    def __init__(self, store: Store, relay: str, letters: int) -> None:
        self._store, self._relay, self._letters = store, relay, letters if relay else 0

    def left(self) -> int | None:
        """Letters that may still leave; None: there is no trial, or it is over."""
        known = _relays(self._store).get(self._relay, {})
        if not self._letters or known.get("resumed_at"):
            return None
        return max(0, self._letters - int(known.get("letters", 0)))

    def take(self, letters: int) -> None:
        """So many more are about to leave; fewer than 0: they did not."""
        if self.left() is not None:
            relays = _relays(self._store)
            known = relays.setdefault(self._relay, {"letters": 0})
            known["letters"] = max(0, known["letters"] + letters)
            self._store.state.set(_RELAYS, relays)

    def ends(self, slug: str) -> str:
        """Why *slug* waits now that the trial is through; '' when it is not. `resumed` lets it go on."""
        if self.left() != 0:
            return ""
        relays = _relays(self._store)
        relays[self._relay]["waits"] = slug
        self._store.state.set(_RELAYS, relays)
        return (
            f"{self._relay} is new, and its first {counted(self._letters, 'letter')} are out: look whether yours is in "
            "the inbox and what came back (`digest bounces`), then `digest resume`"
        )


def notice(store: Store, config: Config, *, is_local: bool) -> str:
    """What to know before sending by the configured relay; '' when it is known, or has no trial."""
    left = Trial(store, relay_of(config), trial_letters(config, is_local=is_local)).left()
    return f"{relay_of(config)} is new: after {counted(left, 'letter')} the issue waits for you." if left else ""


def resumed(store: Store, slug: str, at: datetime) -> None:
    """A person has looked and lets *slug* go on: its relay is new no longer, and what came back until now is known."""
    relays = _relays(store)
    for known in relays.values():
        if known.get("waits") == slug:
            known["waits"], known["resumed_at"] = "", at.isoformat()
    if relays:
        store.state.set(_RELAYS, relays)
    store.state.set(f"returned:{slug}", asdict(store.accounts.returned(slug)))


def _relays(store: Store) -> dict[str, Any]:
    return store.state.get(_RELAYS) or {}


# ------------------------------------------------------------------------------------------------ what comes back


def too_much_returned(store: Store, slug: str) -> str:
    """Why *slug* must wait for a person, for what came back; '' when it need not. Whoever has let it go on is asked
    again when twice as many have come back."""
    seen = Returned(**(store.state.get(f"returned:{slug}") or {}))
    now = store.accounts.returned(slug)
    if now.accepted < _ENOUGH:
        return ""
    if now.bounced >= max(_BOUNCED_AT_LEAST, 2 * seen.bounced, _BOUNCED_PAUSES * now.accepted):
        what = f"{now.bounced} of {now.accepted} letters bounced (10 % is too much): see where those addresses are from"
    elif now.complained >= max(_COMPLAINED_AT_LEAST, 2 * seen.complained, _COMPLAINED_PAUSES * now.accepted):
        what = f"{now.complained} of {now.accepted} readers called it spam (0.3 % is too much): see how they came here"
    else:
        return ""
    return f"{what}, then `digest resume`"


def warnings(returned: Returned) -> tuple[str, ...]:
    """What stands out in *returned*."""
    found = []
    if returned.accepted >= _ENOUGH:
        if returned.bounced > _BOUNCED_WARNS * returned.accepted:
            found.append(f"{returned.bounced} of {returned.accepted} letters bounced: over 5 % harms the next issue")
        if returned.complained > _COMPLAINED_WARNS * returned.accepted:
            found.append(f"{returned.complained} of {returned.accepted} called it spam: providers ask for under 0.1 %")
    return tuple(found)
