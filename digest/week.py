"""The whole week on one page: collect -> pick -> condense -> compose -> render -> queue.

Nothing here decides: the rooms decide, `store/` remembers. `now` is handed in, so a week can be made again years
later and comes out the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.compose import (
    Placed,
    compose_issue,
    conflicts,
    issue_for,
    item_of,
    lay_out,
    layout_of,
    origins_wanted,
    with_choices,
    with_pictures,
    words_in,
    words_of,
)
from digest.config import Config, SectionEntry, load_config
from digest.errors import IssueError
from digest.folders import make_private
from digest.model import (
    KEYS_BEGIN,
    LOCKED_STATES,
    Article,
    Conflict,
    Edit,
    Issue,
    Item,
    ItemForm,
    Pick,
    Rendered,
    Summary,
    Wish,
)
from digest.pick import NEAR_MISSES, Survey
from digest.sources import Collected, Progress, read_sources, user_agent
from digest.store import Store, open_store
from digest.text.limits import allowance

if TYPE_CHECKING:
    from digest.render.check import Answer, Finding

FIRST_WINDOW = timedelta(days=7)
LONGEST_WINDOW = timedelta(days=21)
LINK_TIMEOUT_S = 15.0  # for one address of a mail
STEPS = ("collect", "pick", "condense", "compose", "render", "queue")


def quiet(step: str, done: int, total: int) -> None:
    """The Progress that shows nothing."""


@dataclass(frozen=True)
class Project:
    """One newsletter's folder, opened."""

    folder: Path
    config: Config
    store: Store


@contextmanager
def open_project(folder: Path, *, create: bool = False, config: Config | None = None) -> Iterator[Project]:
    """The newsletter in *folder*; its database is made when *create* and it is missing.

    config: the settings it goes by, in place of those its file has now.

    Raises ConfigError or StoreError.
    """
    config = config or load_config(folder)
    with open_store(folder, create=create, durability=config.send.durability) as store:
        store.articles.source_rights = {source.name: source.right for source in config.sources if source.right}
        yield Project(folder, config, store)


# ------------------------------------------------------------------------------------------------ the window


@dataclass(frozen=True)
class Window:
    slug: str
    since: datetime  # exclusive
    until: datetime  # inclusive


def week_end(week: str, zone: ZoneInfo) -> datetime:
    """The last second of ISO week ``2015-W39`` in *zone*. Raises IssueError."""
    match = re.fullmatch(r"(\d{4})-?W(\d{2})", week)
    try:
        if match is None:
            raise ValueError(week)
        monday = datetime.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError as error:
        raise IssueError(f"{week!r} is no week", hint="write it like 2015-W39") from error
    return (monday + timedelta(days=7)).replace(tzinfo=zone) - timedelta(seconds=1)


def window(now: datetime, zone: ZoneInfo, last_until: datetime | None) -> Window:
    """What an issue made at *now* covers: since the last issue's end, at most 21 days; 7 days for the first."""
    since = now - FIRST_WINDOW if last_until is None else max(last_until, now - LONGEST_WINDOW)
    year, week, _ = now.astimezone(zone).isocalendar()
    return Window(f"{year}-W{week:02d}", min(since, now), now)


def current_slug(store: Store, base: str) -> str:
    """The newest issue of the week *base* (``2015-W39-2`` after ``2015-W39``), or *base* itself."""
    mine = [i.slug for i in store.issues.numbers() if i.slug == base or i.slug.startswith(f"{base}-")]
    return max(mine, key=lambda s: int(s.rpartition("-")[2]) if s != base else 1, default=base)


# ------------------------------------------------------------------------------------------------ collect


def collect(
    project: Project,
    *,
    now: datetime,
    seen: datetime | None = None,
    only: Collection[str] = (),
    asked: bool = False,
    progress: Progress = quiet,
) -> list[Collected]:
    """Reads the sources, see `sources.read_sources`. *seen*: when what is new counts as first seen; None: now."""
    return read_sources(
        project.store,
        project.config,
        project.folder,
        now=now,
        seen=seen or now,
        only=only,
        asked=asked,
        progress=progress,
    )


# ------------------------------------------------------------------------------------------------ the draft


@dataclass(frozen=True)
class Draft:
    issue: Issue
    rendered: Rendered
    picks: tuple[Pick, ...]  # chosen and near misses


def survey_week(project: Project, win: Window) -> Survey:
    """What is stored of the week, ready to be picked from."""
    store, config = project.store, project.config
    return Survey(
        store.articles.all(),
        brief=config.brief_for_picking(),
        now=win.until.astimezone(config.zone),
        since=win.since,
        past=store.issues.past_articles(),
    )


def choose(
    project: Project,
    win: Window,
    slug: str,
    *,
    limit: int | None = None,
    near_misses: int | None = NEAR_MISSES,
    edits: Sequence[Edit] | None = None,
) -> list[Pick]:
    """The week's picks and misses from everything stored; *near_misses* as in `pick_week`. edits: None for those in
    force."""
    edits = project.store.issues.edits(slug) if edits is None else edits
    found = survey_week(project, win).choose(limit=limit or project.config.week.limit, edits=edits)
    return found.picks(near_misses)


def place(project: Project, picks: Sequence[Pick], edits: Sequence[Edit]) -> list[Placed]:
    """Where each of the picked stories stands in the issue, in its order."""
    from digest.render.words import word

    config = project.config
    return lay_out(
        picks,
        edits=edits,
        sections=[s.name for s in config.sections],
        layout=layout_of(config.theme.template),
        in_brief=word("in_brief", config.newsletter.language),
        this_week=word("this_week", config.newsletter.language),
    )


def condense_items(
    placed: Sequence[Placed], config: Config, *, edits: Sequence[Edit] = (), progress: Progress = quiet
) -> dict[str, Summary]:
    """A summary for each placed item but links, within its words; quotes on the lead and as many others as the layout
    has room for."""
    from digest.condense import printable_quotes

    summarize = _remembering()
    room = layout_of(config.theme.template).quoted
    summaries: dict[str, Summary] = {}
    quoted = 0
    progress("condense", 0, max(1, len(placed)))
    for number, place in enumerate(placed, 1):
        article = place.pick.story.lead
        if place.form != "link":
            lead = place.form == "lead"
            summary = summarize(
                article,
                title=article.title,
                sentences=config.summary.sentences,
                max_words=word_budget(place, config, edits),
                method=config.summary.method,
                language=article.language,
                quotes=config.quoting.quotes if lead or quoted < room else 0,
            )
            summary = with_choices(summary, article, edits, partial(printable_quotes, article))
            quoted += bool(summary.quotes) and not lead
            summaries[article.id] = summary
        progress("condense", number, len(placed))
    return summaries


def as_item(pick: Pick, config: Config, edits: Sequence[Edit] = (), *, form: ItemForm = "item") -> Item:
    """*pick* as the item it would be, were it in the issue in that *form*."""
    from digest.render.words import word

    placed = Placed(pick, form)
    summaries = condense_items([placed], config, edits=edits)
    return item_of(placed, summaries, edits, word("editors", config.newsletter.language))


@lru_cache(maxsize=1)
def _remembering() -> Callable[..., Summary]:
    """`summarize`, each answer kept a while: the preview composes the same week again at every change."""
    from digest.condense import summarize

    return lru_cache(maxsize=64)(summarize)


def word_budget(place: Placed, config: Config, edits: Sequence[Edit] = ()) -> int:
    """The words an item may take, quote included: what the editor gave it, else its form's or section's, else the
    layout's; never more than max_seconds of reading or what [quoting] allows."""
    article, summary, layout = place.pick.story.lead, config.summary, layout_of(config.theme.template)
    section = next((s for s in config.sections if s.name == place.pick.section), SectionEntry(""))
    if given := words_of(edits, "words", article.id):
        words = int(given)
    elif place.form == "lead":
        words = summary.lead_words or layout.lead_words
    else:
        words = section.max_words or summary.max_words or layout.item_words
    seconds = (summary.max_seconds, section.max_seconds if place.form != "lead" else 0)
    allowed = allowance(article, place.form, config.quoting).most
    limits = [words, *(words_in(n) for n in seconds if n)]
    return min(limits if allowed is None else [*limits, allowed])


def compose_week(
    project: Project,
    win: Window,
    slug: str,
    *,
    limit: int | None = None,
    picks: Sequence[Pick] | None = None,
    edits: Sequence[Edit] | None = None,
    progress: Progress = quiet,
) -> tuple[Issue, tuple[Pick, ...]] | None:
    """The issue as everything stored makes it, with its picks and near misses, not yet rendered; None when the week
    has fewer than [week] min_items stories. *picks*: what `choose` gives, for who knows it already; edits: None for
    those in force."""
    from digest.render.words import word

    config, store = project.config, project.store
    progress("pick", 0, 1)
    if edits is None:
        edits = store.issues.edits(slug)
    if picks is None:
        picks = choose(project, win, slug, limit=limit, edits=edits)
    progress("pick", 1, 1)
    chosen = [p for p in picks if p.lost is None]
    if len(chosen) < config.week.min_items:
        return None
    language = config.newsletter.language
    placed = place(project, picks, edits)
    summaries = condense_items(placed, config, edits=edits, progress=progress)
    progress("compose", 0, 1)
    known = store.issues.get(slug)
    issue = compose_issue(
        placed,
        summaries,
        slug=slug,
        number=known.number if known else store.issues.next_number(config.theme.first_number),
        since=win.since,
        until=win.until,
        title=config.newsletter.name,
        edits=edits,
        also=word("also", language),
        editors=word("editors", language),
        to_correct=_to_correct(project, slug),
        topics=[s.name for s in config.sections],
    )
    progress("compose", 1, 1)
    return _with_known_pictures(project, issue), tuple(picks)


def _with_known_pictures(project: Project, issue: Issue) -> Issue:
    """*issue* with the pictures that there are copies of."""
    wanted = origins_wanted(issue, project.config)
    known = project.store.pictures.known(wanted) if wanted else {}
    return with_pictures(issue, project.config, known)


def _copying_pictures(project: Project, issue: Issue, *, now: datetime, progress: Progress) -> Issue:
    """The same, once those it wants have been copied."""
    from digest.pictures import copy_pictures

    if wanted := origins_wanted(issue, project.config):
        agent = user_agent(project.config)
        copy_pictures(project.store, project.folder, wanted, user_agent=agent, now=now, progress=progress)
    return _with_known_pictures(project, issue)


def _to_correct(project: Project, slug: str) -> str:
    """What *slug* has to say about issues readers have, a paragraph each, in the editors' words."""
    store = project.store
    said = []
    for correction in store.corrections.unprinted(slug):
        article = store.articles.get(correction.article)
        said.append(f"{correction.words} ({article.title})" if article else correction.words)
    return "\n\n".join(said)


def build_draft(
    project: Project,
    win: Window,
    slug: str,
    *,
    now: datetime,
    limit: int | None = None,
    progress: Progress = quiet,
) -> Draft | None:
    """`compose_week` with its pictures copied, rendered; None where that is None."""
    composed = compose_week(project, win, slug, limit=limit, progress=progress)
    if composed is None:
        return None
    issue, picks = composed
    issue = _copying_pictures(project, issue, now=now, progress=progress)
    progress("render", 0, 1)
    rendered = render_week(project, issue)
    progress("render", 1, 1)
    return Draft(issue, rendered, picks)


def render_week(project: Project, issue: Issue) -> Rendered:
    """*issue* as mail, by the newsletter's own templates where it has some."""
    from digest.render import render_issue
    from digest.render.templates import find_templates

    printed = [item.picture.copy for item in issue.items if item.picture]
    return render_issue(
        issue,
        project.config,
        templates=find_templates(project.folder),
        variants=_variants(project, issue),
        copies=project.store.pictures.copies(printed) if printed else {},
    )


def _variants(project: Project, issue: Issue) -> dict[Wish, Issue]:
    """What readers of each kind get instead of the issue everybody gets."""
    from digest.render.words import spoken, word

    language = project.config.newsletter.language
    asked = (
        wish if spoken(wish.language) == wish.language else replace(wish, language="")  # the mail does not speak it
        for wish in project.store.subscribers.wishes(issue.until)
    )
    fitted = {wish.fitted(issue, language) for wish in asked}
    wishes = sorted((w for w in fitted if w and w.key), key=lambda w: w.key)
    return {w: issue_for(issue, w, also=word("also", w.language or language)) for w in wishes}


# ------------------------------------------------------------------------------------------------ the week


@dataclass(frozen=True)
class WeekReport:
    slug: str
    window: Window
    collected: tuple[Collected, ...]
    draft: Draft | None
    out: str = ""  # the state of an issue that is already out; nothing was changed
    html: Path | None = None
    waiting: int = 0
    left_out: tuple[tuple[str, int], ...] = ()
    old: tuple[Article, ...] = ()  # from files, older than the window


def target(project: Project, *, now: datetime, week: str | None = None) -> tuple[Window, str]:
    """The window and slug that a command about "the issue" means. *week* may also name a second one."""
    zone = project.config.zone
    base = re.sub(r"(?<=W\d\d)-\d+$", "", week) if week else None
    end = week_end(base, zone) if base else now
    slug = week if week and week != base else current_slug(project.store, window(end, zone, None).slug)
    win = window(end, zone, project.store.issues.last_until(before=end))
    return replace(win, slug=slug), slug


def run_week(
    project: Project,
    *,
    now: datetime,
    week: str | None = None,
    limit: int | None = None,
    dry_run: bool = False,
    collecting: bool = True,
    progress: Progress = quiet,
) -> WeekReport:
    """One command from articles to queued messages. Sends nothing. Running it again rebuilds the same draft.

    From `approved` on it changes nothing and the report's `out` says so. Fewer stories than [week] min_items:
    the report has no draft and nobody is queued.
    """
    store = project.store
    win, slug = target(project, now=now, week=week)
    known = store.issues.get(slug)
    if known is not None and known.state in (*LOCKED_STATES, "skipped", "cancelled"):
        return WeekReport(slug, win, (), None, out=known.state)
    collected = tuple(collect(project, now=now, seen=win.until, progress=progress)) if collecting else ()
    draft = build_draft(project, win, slug, now=now, limit=limit, progress=progress)
    old = tuple(_old_files(project, win))
    if draft is None:
        return WeekReport(slug, win, collected, None, old=old)
    progress("queue", 0, 1)
    html = None
    if not dry_run:
        html = keep_draft(project, draft, now=now)
    progress("queue", 1, 1)
    counts = store.ledger.counts(slug) if not dry_run else {}
    return WeekReport(
        slug,
        win,
        collected,
        draft,
        html=html,
        waiting=counts.get("waiting", 0),
        left_out=tuple(store.ledger.excluded(slug)) if not dry_run else (),
        old=old,
    )


def _old_files(project: Project, win: Window) -> Iterable[Article]:
    """Articles of files the editor named that are older than this window and were in no other issue's: they are
    said, not dropped silently."""
    store = project.store
    named = {s.name for s in project.config.sources if s.path} | {"pasted"}
    closed = [i for i in store.issues.numbers() if i.state in (*LOCKED_STATES, "skipped")]
    return (
        a
        for a in store.articles.all()
        if a.source in named and a.seen <= win.since and not any(i.since < a.seen <= i.until for i in closed)
    )


def past_choices(project: Project) -> tuple[list[Article], list[Article]]:
    """What past issues printed, and what was collected for the same weeks and passed over."""
    store = project.store
    picked: dict[str, Article] = {}
    collected: dict[str, Article] = {}
    for known in store.issues.numbers():
        if known.state in LOCKED_STATES:
            picked |= {item.article.id: item.article for item in store.issues.issue(known.slug).items}
            collected |= {a.id: a for a in store.articles.between(known.since, known.until)}
    return list(picked.values()), [a for a in collected.values() if a.id not in picked]


def findings(
    project: Project,
    slug: str,
    *,
    issue: Issue | None = None,
    rendered: Rendered | None = None,
    answers: Mapping[str, Answer] | None = None,
) -> list[Finding]:
    """What to mend in the stored issue (or in *issue* as *rendered*, a fresher draft of it), errors first.

    A source that changed since it was made is named, and an audience unlike the last issue's. answers: what its links
    answered (see `ask_links`); None: nobody asked.
    """
    from digest.render.check import check_issue

    store = project.store
    issue, rendered = issue or store.issues.issue(slug), rendered or store.issues.rendered(slug)
    before = [i.slug for i in store.issues.numbers() if i.state in ("sending", "paused", "sent") and i.slug != slug]
    if issue.corrects:  # fewer readers than the last issue are what a letter about one has
        before = []
    unfit = unfit_edits(project, slug, issue) if store.issues.get(slug) else []
    return check_issue(
        issue,
        rendered,
        project.config,
        newest={item.article.id: store.articles.get(item.article.id) for item in issue.items},
        readers=sum(store.ledger.counts(slug).values()),
        readers_before=sum(store.ledger.counts(before[-1]).values()) if before else None,
        answers=answers,
        unfit=unfit,
    )


def unfit_edits(project: Project, slug: str, issue: Issue | None = None) -> list[Conflict]:
    """The edits of *slug* in force that do not fit what is stored, in the order they were made; *issue*: a fresher
    draft than the stored one."""
    store = project.store
    edits = store.issues.edits(slug)
    ids = {edit.target for edit in edits if edit.target}
    if not ids or store.issues.get(slug) is None:
        return []

    def seen(edit: Edit) -> Article | None:
        return next((a for a in store.articles.versions(edit.target) if a.text_hash == edit.saw), None)

    return conflicts(
        edits,
        articles={id: article for id in ids if (article := store.articles.get(id)) is not None},
        printed={item.article.id for item in (issue or store.issues.issue(slug)).items},
        seen=seen,
    )


def ask_links(project: Project, slug: str) -> dict[str, Answer]:
    """What every web address linked in the stored issue answers now, asked politely and never in a private network."""
    import asyncio

    from digest.collect.http import PAGE_TYPES, Fetch, fetch_all
    from digest.render.checks.links import Answer, link_targets

    store = project.store
    urls = link_targets(store.issues.issue(slug), store.issues.rendered(slug))
    requests = [Fetch(url, accept=PAGE_TYPES) for url in urls]
    answers = asyncio.run(fetch_all(requests, user_agent=user_agent(project.config), timeout_s=LINK_TIMEOUT_S))
    return {
        answer.url: Answer(answer.status, "" if answer.status == 200 else answer.error, answer.moved_to)
        for answer in answers
    }


def keep_draft(project: Project, draft: Draft, *, now: datetime) -> Path:
    """Stores *draft* in place of an older one, lays its queue anew and writes its files; returns the HTML's path."""
    slug = draft.issue.slug
    with project.store.transaction():
        project.store.issues.save_draft(draft.issue, draft.rendered, picks=draft.picks, at=now)
        project.store.ledger.lay_provisional(slug, "", now)
    return write_files(project, draft)


def write_files(project: Project, draft: Draft) -> Path:
    """The draft as files to look at, under var/issues/SLUG, and none of variants it had before; returns the HTML's
    path."""
    from digest.render.message import preview_html, preview_text

    folder = project.folder / "var" / "issues" / draft.issue.slug
    make_private(folder)
    written = set[str]()
    for variant in draft.rendered.variants:
        fields, name = sample_fields(project.config, variant.language), variant.key or "issue"
        (folder / f"{name}.html").write_text(preview_html(variant, fields), "utf-8")
        (folder / f"{name}.txt").write_text(preview_text(variant, fields), "utf-8")
        written |= {f"{name}.html", f"{name}.txt"}
    for file in folder.iterdir():
        if file.name.startswith(KEYS_BEGIN) and file.suffix in {".html", ".txt"} and file.name not in written:
            file.unlink()
    return folder / f"{draft.rendered.variants[0].key or 'issue'}.html"


def sample_fields(config: Config, language: str) -> dict[str, str]:
    """Stand-ins for a reader's own values, in *language*, for the files of a draft: an invented reader."""
    from digest.render.reader import own_words

    site = config.site.url.rstrip("/")
    mail = config.site.mailto or str(config.reply_to.address)
    return {
        **own_words(config, language, email="reader@example.org"),
        "LEAVE": f"{site}/leave/preview" if site else f"mailto:{mail}?subject=unsubscribe",
        "PREFS": f"{site}/preferences/preview" if site else "",
    }


def need_issue(project: Project, slug: str) -> None:
    """Raises IssueError when there is no such issue yet."""
    if project.store.issues.get(slug) is None:
        raise IssueError(f"there is no issue {slug} yet", hint="`digest weekly` makes it")
