"""By which way an issue's letters go: files or a relay, and who named it.

An issue that has begun by one way goes on by it: a timer that knows nothing of a `--smtp` given by hand must not
divert the rest of the letters to files and book them as sent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from digest.config import Config
from digest.errors import IssueError
from digest.send.relays import profile_of
from digest.store import Store

FILES = "files in var/outbox"


@dataclass(frozen=True, slots=True)
class Way:
    """Where letters go."""

    words: str  # FILES, or "the relay at HOST:PORT"
    named: str  # HOST:PORT as given with --smtp; '': digest.toml says it
    configured: str  # what digest.toml said meanwhile, in the same words
    only_relays: bool = False  # of what is remembered: no letter of the issue ever went to a file


def way_now(config: Config, named: str = "") -> Way:
    """Where letters go by *named* (HOST:PORT), or by digest.toml when it is ''."""
    files = config.send.transport == "maildir"
    configured = FILES if files else _relay(f"{config.smtp.host}:{config.smtp.port}")
    return Way(_relay(named) if named else configured, named, configured)


def way_on(store: Store, config: Config, slug: str) -> Way:
    """Where *slug*'s letters go when nobody names a way: on as they began, else as digest.toml says.

    Raises IssueError when that cannot be told: digest.toml changed from files to a relay or back since the first
    letter left, or at all since one was named by hand. Another relay in place of the configured one is only said.
    """
    begun, now = begun_by(store, slug), way_now(config)
    if begun is None or begun.words == now.words:
        return now
    if begun.named and begun.configured == now.configured:
        return Way(begun.words, begun.named, now.configured)
    if not begun.named and FILES not in (begun.words, now.words):
        return now
    raise IssueError(
        f"{slug} began by {begun.words}, and digest.toml now says {now.words}: who is left would get it another way",
        hint=f"`digest send --as-configured` goes on by {now.words}; {_back(begun)} by {begun.words}",
    )


def begun_by(store: Store, slug: str) -> Way | None:
    """Where the last of *slug*'s letters went; None: none has left yet."""
    known = store.state.get(_key(slug))
    return None if known is None else Way(**known)


def remember(store: Store, slug: str, way: Way) -> None:
    """*slug*'s letters leave by *way* from now on."""
    begun = begun_by(store, slug)
    only_relays = way.words != FILES and (begun is None or begun.only_relays)
    store.state.set(_key(slug), asdict(replace(way, only_relays=only_relays)))


def is_local(config: Config) -> bool:
    """Whether letters go no further than this machine: to files, or to its own relay."""
    return config.send.transport == "maildir" or config.smtp.host in {"127.0.0.1", "::1", "localhost"}


def rate_of(config: Config) -> float:
    """How many letters a second may leave at most; 0: as many as the receiver takes."""
    return config.send.rate or (0.0 if is_local(config) else profile_of(config.smtp).rate)


def _key(slug: str) -> str:
    return f"way:{slug}"


def _relay(server: str) -> str:
    return f"the relay at {server}"


def _back(begun: Way) -> str:
    if begun.words == FILES:
        return 'transport = "maildir" there goes on'
    return f"`--smtp {begun.named}` goes on" if begun.named else "digest.toml as it was goes on"
