"""Every source, from asked to stored: which may be asked now, what they answered, what of it is new.

One broken source never stops the others. A feed's articles, its entries and the words for its next visit are kept in
one transaction: killed before it, the next run asks again; after it, nothing comes twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.config import Config, SourceEntry
from digest.config_edit import rename_source
from digest.errors import ConfigError, DigestError, SourceError, StoreError, told_bug
from digest.model import Article, ExcerptLimit, stricter
from digest.store import DatabaseError, Store
from digest.store.sources import KnownEntry, SourceState
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.collect import Entry, Feed
    from digest.collect.http import Fetched
    from digest.collect.reading import Reading
    from digest.collect.worker import Workers

OLDEST_PAGE = timedelta(days=21)
"""The page behind an entry older than any issue's window is not fetched."""

MOST_CHANGES = 24
"""Changes of one entry that are followed; a page that prints the time changes at every look."""

Progress = Callable[[str, int, int], None]  # step, done, total


@dataclass(frozen=True)
class Collected:
    """What one source brought. `note` is what an editor should know though nothing is wrong."""

    source: str
    found: int = 0
    new: int = 0
    changed: int = 0
    error: str = ""
    hint: str = ""
    note: str = ""


def read_sources(
    store: Store,
    config: Config,
    folder: Path,
    *,
    now: datetime,
    seen: datetime,
    only: Collection[str] = (),
    asked: bool = False,
    progress: Progress,
) -> list[Collected]:
    """Reads the newsletter's sources (or those named in *only*) and stores what is new.

    now: the clock, for what publishers ask about the next visit. seen: when what is new counts as first seen.
    asked: somebody asks by name, so a stopped or resting source is read all the same.
    """
    _take_over(store, config)
    entries = [entry for entry in config.sources if not only or entry.name in only]
    results: dict[str, list[Collected]] = {entry.name: [] for entry in entries}
    done = 0

    def note(entry: SourceEntry, *found: Collected) -> None:
        nonlocal done
        results[entry.name] += found
        done += 1
        progress("collect", done, len(entries))

    progress("collect", 0, max(1, len(entries)))
    ready: list[SourceEntry] = []
    resting: list[tuple[SourceEntry, Collected]] = []
    for entry in entries:
        if entry.path:
            note(entry, *_read_path(store, config, folder, entry, now=now, seen=seen))
        elif refused := _not_now(store.sources.state(entry.name), config, entry, now, asked=asked):
            if refused.error:
                note(entry, refused)
            else:
                resting.append((entry, refused))
        else:
            ready.append(entry)
    if ready or resting:
        asyncio.run(_Web(store, config, folder, now=now, seen=seen, asked=asked).read(ready, resting, note))
    return [found for entry in entries for found in results[entry.name]]


def _take_over(store: Store, config: Config) -> None:
    """A source that digest.toml names by the address another one moved to goes on as that one: an editor wrote it
    there, or this program, killed before it could say so here."""
    named = {entry.name for entry in config.sources}
    for entry in config.sources:
        old = store.sources.moved_to(entry.name)
        if old and old not in named:
            store.sources.rename(old, entry.name)


def became_new(article: Article, now: datetime, zone: ZoneInfo) -> datetime:
    """When a file, or an entry of a source's first import, counts as new: when published, never in the future."""
    published = article.published_at(zone)
    return published if published is not None and published <= now else now


def user_agent(config: Config) -> str:
    """Who asks: the program, the newsletter and where to write to."""
    name = config.newsletter.name.encode("ascii", "ignore").decode()
    return f"newsletter-digest ({name}; {config.newsletter.sender.address})"


def _not_now(state: SourceState, config: Config, entry: SourceEntry, now: datetime, *, asked: bool) -> Collected | None:
    if blocked := config.brief_for_picking().blocking(entry.url):
        return Collected(entry.name, error=f"blocked: {blocked}", hint=f"{blocked.lift}, or take the source out")
    if asked:
        return None
    if state.stopped:
        return Collected(entry.name, error=state.stopped, hint=f"`digest sources check {entry.url}` tries it again")
    if state.due and now < state.due:
        return Collected(entry.name, note=f"rests until {_clock(state.due, config.zone)} ({state.due_reason})")
    return None


def _as_sources(error: Exception) -> DigestError:
    """What one source fails of, so that the others go on; a database that cannot be used is everybody's trouble."""
    if isinstance(error, StoreError | DatabaseError):
        raise error
    return error if isinstance(error, DigestError) else SourceError(told_bug(error))


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


# ------------------------------------------------------------------------------------------------ files


def _read_path(
    store: Store, config: Config, folder: Path, entry: SourceEntry, *, now: datetime, seen: datetime
) -> list[Collected]:
    from digest.collect import GUESSED, passed_over, read_folder

    tally, errors, brief = _Tally(), [], config.brief_for_picking()
    state = store.sources.state(entry.name)
    try:
        read = list(  # before the transaction: a large folder takes seconds, and a `send` may be at work
            read_folder(
                folder / entry.path,
                seen=seen,
                source=entry.name,
                outlet=entry.outlet or None,
                zone=config.zone,
                own=entry.own,
            )
        )
        with store.transaction():
            files = _Files(store, entry, folder / entry.path)
            for name, found in read:
                if isinstance(found, DigestError):
                    errors.append(Collected(entry.name, error=str(found), hint=found.hint))
                elif blocked := brief.blocking(found):
                    errors.append(Collected(entry.name, note=f"“{found.title}” is left out, blocked: {blocked}"))
                else:
                    article = replace(found, seen=became_new(found, seen, config.zone))
                    before, after = files.keep(name, article)
                    tally.count(before, after)
                    if GUESSED in found.warnings and (before is None or before.version != after.version):
                        errors.append(Collected(entry.name, note=f"{name} is {GUESSED}"))
            if left := passed_over(folder / entry.path):
                kinds = ", ".join(sorted({Path(name).suffix or "no suffix" for name in left}))
                note = f"{counted(len(left), 'file')} passed over ({kinds})"
                errors.append(Collected(entry.name, note=f"{note}: save them as text, Markdown or HTML"))
            store.sources.keep(entry.name, _read_well(state, now, new=tally.new))
    except Exception as raised:
        error = _as_sources(raised)
        store.sources.keep(entry.name, replace(state, last_error=str(error)))
        return [Collected(entry.name, error=str(error), hint=error.hint)]
    return [Collected(entry.name, tally.found, tally.new, tally.changed), *errors]


class _Files:
    """Which article each file of a folder is: the one of its address; without one, the one it was last time, told by
    its path inside the folder; else the one with its title, unless that stands in another file."""

    def __init__(self, store: Store, entry: SourceEntry, path: Path) -> None:
        self._store, self._name, self._path = store, entry.name, path
        self._was = store.sources.entries(entry.name)
        self._known = dict(self._was)

    def keep(self, name: str, found: Article) -> tuple[Article | None, Article]:
        """The article stored until now and the one stored from now on. A file that did not change changes nothing,
        whatever another one with its address says."""
        from digest.collect.files import FEEDS

        several = Path(name).suffix.lower() in FEEDS
        if found.canonical is None and not several:
            found = self._identified(name, found)
        key = f"{name}\n{found.id}" if several else name
        known = KnownEntry(found.id, found.text_hash)
        before = self._store.articles.get(found.id)
        if before is not None and before.text_hash != found.text_hash and self._known.get(key) == known:
            return before, before
        self._known[key] = known
        self._store.sources.keep_entry(self._name, key, known)
        return before, self._store.articles.add(found)

    def _identified(self, name: str, found: Article) -> Article:
        from digest.collect.reading import article_id

        last = self._known.get(name)
        article = self._store.articles.get(last.article) if last else None
        if article is not None and (
            article.text_hash == found.text_hash
            or (article.title == found.title and not self._others(name, article.id))
        ):
            return replace(found, id=article.id)
        for other, known in self._was.items():
            if known.hash == found.text_hash and not self._is_there(other):  # renamed
                return replace(found, id=known.article)
        same = self._store.articles.get(found.id)
        if same is None or same.text_hash == found.text_hash or not self._others(name, same.id):
            return found
        return replace(found, id=article_id(f"{self._name}\n{found.title}\n{name}"))

    def _others(self, name: str, article: str) -> bool:
        return any(
            known.article == article and other != name and self._is_there(other) for other, known in self._known.items()
        )

    def _is_there(self, name: str) -> bool:
        return self._path.name == name if self._path.is_file() else (self._path / name).exists()


@dataclass
class _Tally:
    found: int = 0
    new: int = 0
    changed: int = 0

    def count(self, before: Article | None, after: Article) -> None:
        self.found += 1
        self.new += before is None
        self.changed += before is not None and before.version != after.version


def _read_well(state: SourceState, now: datetime, *, new: int) -> SourceState:
    return replace(
        state,
        last_error=None,
        last_ok=now,
        last_new=now if new else state.last_new,
        imported_at=state.imported_at or now,
        unreadable=0,
        stopped=None,
    )


# ------------------------------------------------------------------------------------------------ feeds


@dataclass
class _Visit:
    """One feed as it was answered, before anything of it is stored."""

    entry: SourceEntry
    state: SourceState
    answer: Fetched
    feed: Feed | None = None  # None: an error, or not modified
    fresh: list[_Fresh] = field(default_factory=list)
    error: DigestError | None = None
    notes: list[str] = field(default_factory=list)
    rests: Collected | None = None  # None: it was asked
    unfinished: bool = False  # an entry of which nothing could be stored yet: the feed is needed whole once more


@dataclass
class _Fresh:
    """An entry that is new, or whose words are others than last time, or that waits for its page."""

    item: Entry
    key: str
    known: KnownEntry | None  # None: new
    hash: str  # the item's, as its feed had it
    page: Reading | None = None  # the page behind it, where it was fetched
    limit: ExcerptLimit | None = None  # what the site says of it in headers and tdmrep.json; None: nothing
    again: bool = False  # the page could not be had this time: ask once more
    trouble: str = ""  # why the page, which came, could not be read


class _Web:
    def __init__(
        self, store: Store, config: Config, folder: Path, *, now: datetime, seen: datetime, asked: bool
    ) -> None:
        self.store, self.config, self.folder, self.now, self.seen, self.asked = store, config, folder, now, seen, asked
        self.brief = config.brief_for_picking()

    async def read(
        self,
        entries: Sequence[SourceEntry],
        resting: Sequence[tuple[SourceEntry, Collected]],
        note: Callable[..., None],
    ) -> None:
        from digest.collect.http import Fetch, Fetched, fetch_each
        from digest.collect.worker import Workers

        by_url = {entry.url: entry for entry in entries}
        async with Workers() as workers:

            async def visit(answer: Fetched) -> _Visit:
                entry = by_url[answer.url]
                found = _Visit(entry, self.store.sources.state(entry.name), answer)
                try:
                    await self._understand(found, workers)
                except Exception as error:
                    found.error = _as_sources(error)
                found.answer = replace(answer, body=b"")  # read; nobody needs to hold it
                return found

            states = {entry.url: self.store.sources.state(entry.name) for entry in entries}
            requests = [
                Fetch(
                    entry.url,
                    etag=states[entry.url].etag,
                    last_modified=states[entry.url].last_modified,
                    allow_private=entry.allow_private,
                )
                for entry in by_url.values()
            ]
            visits = await fetch_each(requests, visit, user_agent=user_agent(self.config))
            for entry, why in resting:
                unasked = Fetched(entry.url, entry.url, status=304)
                visits.append(_Visit(entry, self.store.sources.state(entry.name), unasked, rests=why))
            for found in visits:
                if found.feed is None and found.error is None:
                    found.fresh = list(self._waiting(found.entry))
            await self._fetch_pages(visits, workers)
        await self._ask_sites(visits)
        for found in visits:
            note(found.entry, *self._kept(found))

    async def _understand(self, found: _Visit, workers: Workers) -> None:
        from digest.collect import parse_feed

        answer = found.answer
        if answer.is_gone:
            raise SourceError(f"{answer.url} is gone for good (410, says its server): it is not read any more")
        if answer.error:
            raise SourceError(f"{answer.url}: {answer.error}", hint="the next run tries again")
        if answer.not_modified:
            return
        found.feed = await workers.run(parse_feed, answer.body, url=answer.final_url, content_type=answer.content_type)
        found.fresh = list(self._fresh(found))

    def _fresh(self, found: _Visit) -> list[_Fresh]:
        assert found.feed is not None
        known = self.store.sources.entries(found.entry.name)
        fresh: dict[str, _Fresh] = {}
        blocked: Counter[str] = Counter()
        for item in found.feed.entries:
            key = self._key(item, found.feed, known)
            before = known.get(key)
            if block := self.brief.blocking(item.address):
                blocked[str(block)] += 1
            elif not (item.title or item.content or item.summary or item.address):
                continue
            elif before is None or (before.changes < MOST_CHANGES and (before.waits or before.hash != item.hash)):
                fresh.setdefault(key, _Fresh(item, key, before, item.hash))
        found.notes += [
            f"{counted(times, 'entry', 'entries')} left out, blocked: {block}" for block, times in blocked.items()
        ]
        return list(fresh.values())

    def _waiting(self, entry: SourceEntry) -> Iterator[_Fresh]:
        """The entries that wait for their page, as they were stored: their feed is unchanged, or rests."""
        from digest.collect import entry_of

        for key, known in self.store.sources.waiting(entry.name).items():
            article = self.store.articles.get(known.article)
            if article is not None and not self.brief.blocking(article):
                fresh = _Fresh(entry_of(article), key, known, known.hash)
                if self._needs_page(fresh):
                    yield fresh

    def _key(self, item: Entry, feed: Feed, known: Mapping[str, KnownEntry]) -> str:
        """The entry's key; with its address or words added where the feed uses one id for several articles."""
        before, longer = known.get(item.key), feed.longer_key(item)
        if before is not None and before.hash == item.hash:
            return item.key
        if longer in known or item.key in feed.shared:
            return longer
        if before is None:
            return item.key
        article = self.store.articles.get(before.article)
        return item.key if article is None or _same_article(item, article) else longer

    async def _fetch_pages(self, visits: Sequence[_Visit], workers: Workers) -> None:
        """The pages behind teasers, all feeds' together. Those of a host that rests (Retry-After) wait for it."""
        from digest.collect.http import Fetch, fetch_each
        from digest.collect.schedule import penance
        from digest.collect.urls import host_of

        resting = self.store.sources.resting_hosts()
        wanted: dict[str, list[_Fresh]] = {}
        requests: list[Fetch] = []
        for found in visits:
            for fresh in found.fresh:
                address = fresh.item.address
                if not address or not self._needs_page(fresh):
                    continue
                if resting.get(host_of(address), self.now) > self.now and not self.asked:
                    fresh.again = True
                    continue
                if address not in wanted:
                    requests.append(Fetch(address, accept=_PAGE, allow_private=found.entry.allow_private, page=True))
                wanted.setdefault(address, []).append(fresh)

        async def take(answer: Fetched) -> None:
            page, trouble = None, ""
            try:
                page = await self._read_page(answer, workers)
            except Exception as error:
                trouble = f"{answer.url} could not be read: {_as_sources(error)}"
            if answer.error and answer.retry_after_s:
                resting[host_of(answer.url)] = self.now + penance(answer.retry_after_s)
            for fresh in wanted[answer.url]:
                fresh.page, fresh.limit, fresh.trouble = page, answer.limit, trouble
                fresh.again = page is None and (answer.status is None or answer.status in {429} | set(range(500, 600)))

        await fetch_each(requests, take, user_agent=user_agent(self.config))
        self.store.sources.keep_resting_hosts({host: until for host, until in resting.items() if until > self.now})

    async def _ask_sites(self, visits: Sequence[_Visit]) -> None:
        """What the sites of full entries reserve (W3C TDMRep); a page that is fetched brings that with it. A site
        that cannot be asked reserves nothing."""
        from digest.collect.http import Fetch, fetch_each
        from digest.collect.wishes import site_limit, tdm_address

        sites: dict[str, list[_Fresh]] = {}
        requests: dict[str, Fetch] = {}
        for found in visits:
            for fresh in found.fresh:
                address = tdm_address(fresh.item.address)
                if address and not self._needs_page(fresh):
                    sites.setdefault(address, []).append(fresh)
                    requests.setdefault(address, Fetch(address, accept=_JSON, allow_private=found.entry.allow_private))

        async def take(answer: Fetched) -> None:
            for fresh in sites[answer.url]:
                fresh.limit = site_limit(answer.body, fresh.item.address)

        await fetch_each(list(requests.values()), take, user_agent=user_agent(self.config), timeout_s=10.0)

    def _needs_page(self, fresh: _Fresh) -> bool:
        item = fresh.item
        article = self.store.articles.get(fresh.known.article) if fresh.known and not item.published else None
        since = item.published or (article.seen if article else self.now)
        old = self.now - since > OLDEST_PAGE
        web = (item.address or "").startswith(("https://", "http://"))
        return web and not item.is_full and not old

    async def _read_page(self, answer: Fetched, workers: Workers) -> Reading | None:
        """None where the page cannot be had: the teaser is what there is. Raises ReadError where it cannot be read."""
        from digest.collect.pages import read_page

        if answer.error or not answer.body:
            return None
        page = await workers.run(read_page, answer.body, url=answer.final_url)
        return replace(
            page, limit=stricter(page.limit, answer.limit), no_pictures=page.no_pictures or answer.no_pictures
        )

    # -------------------------------------------------------------------------------------------- keeping

    def _kept(self, found: _Visit) -> list[Collected]:
        if found.error is None:
            try:
                return self._keep(found)
            except Exception as error:
                found.error = _as_sources(error)
        if found.rests is None:
            self.store.sources.keep(found.entry.name, self._failed(found, found.error))
        return [Collected(found.entry.name, error=str(found.error), hint=found.error.hint)]

    def _keep(self, found: _Visit) -> list[Collected]:
        name, state = found.entry.name, found.state
        with self.store.transaction():
            tally, errors = self._keep_articles(found)
            entries = len(found.feed.entries) if found.feed else 0
            if found.rests is None:
                state = self._rested(_read_well(state, self.now, new=tally.new), found)
                self.store.sources.keep(name, state)
        if found.rests is not None:
            return [replace(found.rests, changed=tally.changed), *errors]
        moved = self._follow_move(found)
        warnings = found.feed.warnings if found.feed else ("unchanged",)
        note = "; ".join(filter(None, (moved, *warnings, *found.notes)))
        return [Collected(name, entries, tally.new, tally.changed, note=note), *errors]

    def _keep_articles(self, found: _Visit) -> tuple[_Tally, list[Collected]]:
        tally, errors = _Tally(), []
        bare = 0
        for fresh in found.fresh:
            if fresh.trouble:
                errors.append(Collected(found.entry.name, note=fresh.trouble))
            if fresh.page is None and not (fresh.item.title or fresh.item.content or fresh.item.summary):
                bare += 1
                found.unfinished |= fresh.again
                continue
            if fresh.page is None and found.feed is None:  # waits on, or in vain
                assert fresh.known is not None
                self.store.sources.keep_entry(found.entry.name, fresh.key, replace(fresh.known, waits=fresh.again))
                continue
            try:
                article = self._article(fresh, found)
            except Exception as raised:
                error = _as_sources(raised)
                errors.append(Collected(found.entry.name, error=str(error), hint=error.hint))
                continue
            before = self.store.articles.get(article.id)
            if fresh.known is not None:
                after = self.store.articles.revise(article, whole=not fresh.again)
            elif before is not None:
                after = self.store.articles.complete(article)
            else:
                after = self.store.articles.add(article)
            tally.count(before, after)
            changes = 0 if fresh.known is None else fresh.known.changes + (fresh.known.hash != fresh.hash)
            entry = KnownEntry(article.id, fresh.hash, changes, waits=fresh.again)
            self.store.sources.keep_entry(found.entry.name, fresh.key, entry)
        if bare:
            found.notes.append(f"{counted(bare, 'entry', 'entries')} with only a link, whose page could not be had")
        return tally, errors

    def _article(self, fresh: _Fresh, found: _Visit) -> Article:
        from digest.collect import Feed, article_from_entry
        from digest.collect.reading import article_id

        entry = found.entry
        article = article_from_entry(
            fresh.item,
            found.feed or Feed(title="", language=None, entries=()),
            source=entry.name,
            outlet=entry.outlet or None,
            seen=self.seen,
            page=fresh.page,
            own=entry.own,
            limit=stricter(found.answer.limit, fresh.limit),
        )
        first = found.state.imported_at is None
        seen = became_new(article, self.seen, self.config.zone) if first else self.seen
        article = replace(article, seen=seen)
        if fresh.known is not None:
            return replace(article, id=fresh.known.article)
        other = self.store.articles.get(article.id)
        if fresh.key != fresh.item.key and other is not None and not _same_article(fresh.item, other):
            return replace(article, id=article_id(f"{entry.name}\n{fresh.key}\n{fresh.item.title}"))
        return article

    def _failed(self, found: _Visit, error: DigestError) -> SourceState:
        from digest.collect.schedule import UNREADABLE_LIMIT, next_visit

        state, answer = found.state, found.answer
        due = next_visit(answer, None, self.now)
        state = replace(state, last_error=str(error), due=due[0] if due else None, due_reason=due[1] if due else None)
        if answer.is_gone:
            return replace(state, stopped=f"gone for good since {_clock(self.now, self.config.zone)} (410)")
        if not answer.error and found.feed is None:  # something came, and it was no feed
            state = replace(state, unreadable=state.unreadable + 1)
            if state.unreadable >= UNREADABLE_LIMIT:
                return replace(state, stopped=f"no feed {state.unreadable} times in a row: {error}")
        return state

    def _rested(self, state: SourceState, found: _Visit) -> SourceState:
        """With what the next visit needs."""
        from digest.collect.schedule import next_visit

        answer = found.answer
        due = next_visit(answer, found.feed.ttl if found.feed else None, self.now)
        if found.unfinished:
            return replace(state, etag=None, last_modified=None, due=None, due_reason=None, moved_to=answer.moved_to)
        kept = answer.not_modified  # a 304 need not say again what it confirms
        return replace(
            state,
            etag=answer.etag or (state.etag if kept else None),
            last_modified=answer.last_modified or (state.last_modified if kept else None),
            due=due[0] if due else None,
            due_reason=due[1] if due else None,
            moved_to=answer.moved_to,
        )

    def _follow_move(self, found: _Visit) -> str:
        """A permanent redirect to the same place for the second time: digest.toml names the new address from now on."""
        old, new = found.entry.url, found.answer.moved_to
        if not new:
            return ""
        if new != found.state.moved_to:
            return f"has moved to {new}; when it says so again, digest.toml will"
        if any(entry.url == new for entry in self.config.sources):
            return f"has moved to {new}, a source already: take this one out"
        try:
            rename_source(self.folder, old, new)
        except ConfigError as error:
            return f"has moved for good: write {new} instead of {old} in digest.toml ({error})"
        self.store.sources.rename(old, new)
        return f"has moved for good: digest.toml now says {new} instead of {old}"


_PAGE = "text/html, application/xhtml+xml, */*;q=0.5"
_JSON = "application/json"


def _same_article(item: Entry, article: Article) -> bool:
    """Whether an entry that changed is still the article it was: the same address or the same title."""
    from digest.collect import canonical_url

    address = canonical_url(item.address) if item.address else None
    known = {article.canonical, canonical_url(article.url) if article.url else None}
    return address in known or _bare(item.title) == _bare(article.title)


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
