"""The draft in the editor's browser, on this machine only: what would be sent, and why each story is in it.

Shows, never changes. Text that came from a feed is hostile: the mail stands in a sandboxed frame under a policy
that lets nothing run, and the app around it carries its own scripts and styles only.
"""

from __future__ import annotations

import hmac
import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from digest.errors import DigestError
from digest.model import NOSNIPPET, Article, Excerpt, Issue, Item, Pick, Rendered, Span, Variant
from digest.web.server import harden, policy

if TYPE_CHECKING:
    from flask import Flask, Response

    from digest.render.check import Finding

CLIP_BYTES = 102 * 1024  # Gmail cuts a longer mail (email-bugs #41)

VIEWS = {"mail": "Mail", "text": "Text", "source": "Source", "excerpts": "Excerpts"}
SCHEMES = {"light": "Light", "dark": "Dark", "none": "No style"}
WIDTHS = {"phone": "Phone", "tablet": "Tablet", "desktop": "Desktop", "free": "Free"}

WITHHELD = "[reserved by its publisher]"
NO_END = 10**9
SUBJECT_FITS = (
    (9, "short"),
    (45, "fits most phones"),
    (60, "whole on a desk, cut on phones"),
    (NO_END, "long: cut nearly everywhere"),
)
PREHEADER_FITS = (
    (39, "short: the mail’s first words fill the line"),
    (140, "fills the line"),
    (NO_END, "long: cut after about 140"),
)

_APP = policy(
    {
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
)
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"  # a link opens in a new tab; nothing else may happen
_FRAME = {
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
    "sandbox": SANDBOX,
}
_MAIL = policy({"img-src": "https: data:", "style-src": "'unsafe-inline'", **_FRAME})
_PAGE_IN_FRAME = policy({"style-src": "'self'", **_FRAME})


@dataclass(frozen=True)
class Draft:
    """All the preview shows, made anew whenever the draft changed."""

    issue: Issue
    rendered: Rendered
    near_misses: tuple[Pick, ...]
    findings: tuple[Finding, ...]
    stamp: str  # changes when the draft changes
    from_line: str
    waiting: int  # letters that would go out
    left_out: tuple[tuple[str, int], ...]  # reason, subscribers
    zone: tzinfo = UTC  # the newsletter's, for dates


@dataclass(frozen=True)
class State:
    """What the editor is looking at; it lives in the address, so a reload keeps it."""

    view: str = "mail"
    scheme: str = "light"
    width: str = "desktop"
    variant: str = ""
    at: str = ""  # the story to show, counted from 1; '' for the top

    def frame(self) -> str:
        """The address of the framed page."""
        query = urlencode({"scheme": self.scheme, "variant": self.variant, "at": self.at})
        return f"/{self.view}?{query}" + ("#here" if self.at else "")


def create_preview(draft: Callable[[], Draft], *, token: str) -> Flask:
    """The preview as a Flask app. It opens at ``/?token=…`` and answers no one else.

    *draft* is asked at every request, by one thread at a time; it should answer from memory while nothing
    changed. A DigestError from it is shown on the page until the next try succeeds.
    """
    from flask import Flask, abort, make_response, render_template, request

    from digest.render.message import preview_html, preview_text

    app = Flask("digest.web.preview", root_path=str(Path(__file__).parent))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["number"] = lambda value: f"{value:,}"
    # Cookies know no ports: the name keeps two previews on one machine apart.
    cookie = "digest-preview-" + sha256(token.encode()).hexdigest()[:8]
    one_at_a_time = Lock()

    def current() -> Draft:
        with one_at_a_time:
            return draft()

    def is_token(given: str) -> bool:
        return hmac.compare_digest(given.encode(), token.encode())

    @app.before_request
    def guard() -> Response | None:
        # A foreign name that resolves to this machine (DNS rebinding) comes with its own Host header.
        if not _is_local(request.headers.get("Host", ""), str(request.environ.get("SERVER_PORT", ""))):
            return make_response(render_template("preview/closed.html", reason="host"), 400)
        if request.endpoint in {"static", "stand_in"}:  # hold nothing of the draft; frames ask without cookies
            return None
        if request.path == "/" and is_token(request.args.get("token", "")):
            # A page, not a redirect: a Strict cookie is not sent along a redirect that began on another site.
            answer = make_response(render_template("preview/door.html"))
            answer.set_cookie(cookie, token, httponly=True, samesite="Strict", path="/")
            return answer
        if not is_token(request.cookies.get(cookie, "")):
            return make_response(render_template("preview/closed.html", reason="token"), 403)
        return None

    @app.after_request
    def headers(answer: Response) -> Response:
        if request.endpoint == "static":  # a sandboxed frame is nobody's origin, and needs the style sheet
            answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return harden(answer, _APP)

    @app.errorhandler(DigestError)
    def broken(error: DigestError) -> tuple[str, int]:
        return render_template("preview/broken.html", error=error, stamp=_fault_stamp(error)), 500

    @app.errorhandler(500)
    def fault(_: Exception) -> tuple[str, int]:
        """A bug: Flask has written its traceback to the terminal."""
        error = DigestError("The program has a fault. The terminal shows where.")
        return render_template("preview/broken.html", error=error, stamp="fault"), 500

    @app.errorhandler(404)
    def missing(_: Exception) -> tuple[str, int]:
        return render_template("preview/closed.html", reason="missing"), 404

    @app.get("/")
    def page() -> str:
        now = current()
        state = _state(request.args, now.rendered)
        return render_template("preview/app.html", sandbox=SANDBOX, **_shown(now, state))

    @app.get("/stamp")
    def stamp() -> dict[str, str]:
        try:
            return {"stamp": current().stamp}
        except DigestError as error:  # the page asks whether anything changed: this is an answer, too
            return {"stamp": _fault_stamp(error)}

    def framed(body: str, csp: str = _PAGE_IN_FRAME) -> Response:
        answer = make_response(body)
        answer.headers["Content-Security-Policy"] = csp
        return answer

    def variant_of(now: Draft) -> Variant:
        wanted = request.args.get("variant", "")
        found = next((v for v in now.rendered.variants if v.key == wanted), None)
        if found is None:
            abort(404)
        return found

    @app.get("/mail")
    def mail() -> Response:
        now = current()
        scheme = _one_of(SCHEMES, request.args.get("scheme", ""))
        body = preview_html(variant_of(now), stand_ins(request.host_url))
        pointed = item_at(now.issue.items, request.args.get("at", ""))
        if pointed is not None:
            body = point_at(body, pointed.article.url)
        return framed(open_links_outside(repaint(body, scheme)), _MAIL)

    @app.get("/text")
    def text() -> Response:
        variant = variant_of(current())
        return framed(
            render_template(
                "preview/text.html",
                text=preview_text(variant, stand_ins(request.host_url)),
                language=variant.language,
            )
        )

    @app.get("/source")
    def source() -> Response:
        now = current()
        variant = variant_of(now)
        lines = [mark_tokens(line, variant.tokens) for line in variant.html.splitlines()]
        return framed(render_template("preview/source.html", lines=lines, fingerprint=now.rendered.fingerprint))

    @app.get("/excerpts")
    def excerpts() -> Response:
        items = current().issue.items
        traces = [trace(item) for item in items if item.summary.sentences or item.summary.quotes]
        pointed = item_at(items, request.args.get("at", ""))
        here = pointed.article.id if pointed else ""
        return framed(render_template("preview/excerpts.html", traces=traces, here=here))

    @app.get("/stand-in/<name>")
    def stand_in(name: str) -> str:
        return render_template("preview/stand_in.html", name=name)

    return app


# ------------------------------------------------------------------------------------------------ the frame


def repaint(mail: str, scheme: str) -> str:
    """*mail* as a reader with that scheme sees it.

    A frame takes prefers-color-scheme from the operating system, whatever the page wants (measured, Chromium
    156), so the question is answered in the copy. ``none``: as where a client drops every style sheet (Gmail
    with another provider's account).
    """
    if scheme == "none":
        return re.sub(r"<style\b[^>]*>.*?</style\s*>", "", mail, flags=re.DOTALL | re.IGNORECASE)
    answer = {"dark": "all" if scheme == "dark" else "not all", "light": "not all" if scheme == "dark" else "all"}
    return re.sub(
        r"(@media[^{]*?)\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)",
        lambda m: _media(m[1], answer[m[2].lower()]),
        mail,
        flags=re.IGNORECASE,
    )


def _media(before: str, answer: str) -> str:
    """The query up to prefers-color-scheme, answered: ``all`` drops the condition, ``not all`` the whole query."""
    head = before.strip()
    joined = re.fullmatch(r"(@media\s+.+?)\s+and", head, flags=re.IGNORECASE | re.DOTALL)
    if answer == "all":
        return joined[1] if joined else f"{head} all"
    return "@media not all"


def open_links_outside(mail: str) -> str:
    """*mail* with a base element, so that a link opens a new tab instead of replacing the preview.

    A story that is pointed at stops a little below the frame's edge.
    """
    helpers = '<base target="_blank"><style>html{scroll-padding-top:48px}</style>'
    return re.sub(r"(<head\b[^>]*>)", rf"\1{helpers}", mail, count=1, flags=re.IGNORECASE)


def item_at(items: Sequence[Item], number: str) -> Item | None:
    """The item with that number, counted from 1; None where there is none."""
    return items[int(number) - 1] if re.fullmatch(r"[1-9][0-9]?", number) and int(number) <= len(items) else None


def point_at(mail: str, url: str | None) -> str:
    """*mail* with ``id="here"`` on the first link to *url*; unchanged where there is none."""
    if not url:
        return mail
    target = re.escape(html.escape(url)).replace("&\\#x27;", "(?:&\\#x27;|&\\#39;|')")
    return re.sub(rf'<a(?=\s[^>]*\bhref="{target}")', '<a id="here"', mail, count=1)


def stand_ins(base: str) -> dict[str, str]:
    """What stands where each reader's own values go."""
    links = {"LEAVE": "leave", "VIEW": "view", "PREFS": "preferences"}
    return {
        "EMAIL": "reader@example.org",
        "WHY": "you signed up.",
        "GREETING": "",
        **{name: f"{base}stand-in/{page}" for name, page in links.items()},
    }


def mark_tokens(line: str, tokens: Mapping[str, str]) -> list[tuple[str, str]]:
    """*line* in pieces: (text, '') as it stands, (token, its name) where a reader's value will go."""
    names = {token: name for name, token in tokens.items()}
    if not names:
        return [(line, "")]
    pieces = re.split("(" + "|".join(map(re.escape, names)) + ")", line)
    return [(piece, names.get(piece, "")) for piece in pieces if piece]


# ------------------------------------------------------------------------------------------------ the excerpts


@dataclass(frozen=True)
class Cut:
    """One excerpt beside what its article says at that place."""

    kind: str  # "summary" | "quote" | "speaker" | "role"
    text: str
    span: Span
    verbatim: bool
    found: str  # the article's characters inside the span


@dataclass(frozen=True)
class Piece:
    """A stretch of an article; *kinds* names what was cut from it, *region* what it is."""

    text: str
    kinds: str
    region: str


@dataclass(frozen=True)
class Trace:
    article: Article
    cuts: tuple[Cut, ...]
    paragraphs: tuple[tuple[Piece, ...], ...]


def trace(item: Item) -> Trace:
    """Where each printed sentence and quote of *item* stands in its article."""
    article = item.article
    wanted: list[tuple[str, str, Span]] = [("summary", e.text, e.span) for e in _of(article, item.summary.sentences)]
    for quote in item.summary.quotes:
        wanted += [("quote", text, span) for text, span in zip(quote.texts, quote.spans, strict=True)]
        if quote.speaker and quote.speaker_span:
            wanted.append(("speaker", quote.speaker_span.of(article.text), quote.speaker_span))
        if quote.role and quote.role_span:
            wanted.append(("role", quote.role, quote.role_span))
    cuts = tuple(
        Cut(kind, text, span, found == text, found)
        for kind, text, span in wanted
        for found in [article.text[span.start : span.end]]
    )
    return Trace(article, cuts, _paragraphs(article, cuts))


def _of(article: Article, excerpts: Iterable[Excerpt]) -> list[Excerpt]:
    return [e for e in excerpts if e.article in {article.id, ""}]


def _paragraphs(article: Article, cuts: Sequence[Cut]) -> tuple[tuple[Piece, ...], ...]:
    """The article's text in paragraphs, cut wherever a mark or a region begins or ends; what its publisher reserves is
    left out."""
    breaks = {0, len(article.text)}
    for span in [c.span for c in cuts] + [r.span for r in article.regions]:
        breaks |= {min(span.start, len(article.text)), min(span.end, len(article.text))}
    for gap in re.finditer(r"\n\s*\n", article.text):
        breaks |= {gap.start(), gap.end()}
    edges = sorted(breaks)
    paragraphs: list[list[Piece]] = [[]]
    for start, end in pairwise(edges):
        text = article.text[start:end]
        if not text.strip() and text.count("\n") > 1:
            paragraphs.append([])
            continue
        kinds = sorted({c.kind for c in cuts if c.span.start <= start and end <= c.span.end})
        region = next((r for r in article.regions if r.span.start <= start and end <= r.span.end), None)
        shown = WITHHELD if region and region.reason == NOSNIPPET and not kinds else text
        paragraphs[-1].append(Piece(shown, " ".join(kinds), region.kind if region else "aside"))
    return tuple(tuple(p) for p in paragraphs if p)


# ------------------------------------------------------------------------------------------------ the page


@dataclass(frozen=True)
class Length:
    """A count beside the words that judge it."""

    characters: int
    verdict: str


def _shown(draft: Draft, state: State) -> dict[str, object]:
    variant = next(v for v in draft.rendered.variants if v.key == state.variant)
    size = len(variant.html.encode())
    errors = sum(f.level == "error" for f in draft.findings)
    return {
        "draft": draft,
        "day": lambda when: _day(when, draft.zone),
        "issue": draft.issue,
        "variant": variant,
        "state": state,
        "views": VIEWS,
        "schemes": SCHEMES,
        "widths": WIDTHS,
        "sender": re.sub(r"\s*<[^<>]*>\s*$", "", draft.from_line).strip('" ') or draft.from_line,
        "subject": _judge(len(variant.subject), SUBJECT_FITS),
        "preheader": _judge(len(draft.issue.preheader), PREHEADER_FITS),
        "kilobytes": size / 1024,
        "clip_kilobytes": CLIP_BYTES / 1024,
        "clip_share": size / CLIP_BYTES,
        "words": len(variant.text.split()),
        "errors": errors,
        "warnings": len(draft.findings) - errors,
        "sections": _by_section(draft.issue.items),
        "top_score": max((item.pick.score for item in draft.issue.items), default=0.0),
        "numbers": {item.article.id: n for n, item in enumerate(draft.issue.items, 1)},
    }


def _day(when: datetime, zone: tzinfo) -> str:
    """``17 March 2026`` in *zone*, its blanks unbreakable; a time without a zone is the zone's own."""
    local = when.astimezone(zone) if when.tzinfo else when
    return f"{local.day}\u00a0{local:%B}\u00a0{local.year}"


def _judge(length: int, scale: Sequence[tuple[int, str]]) -> Length:
    if length == 0:
        return Length(0, "missing")
    return Length(length, next(words for most, words in scale if length <= most))


def _by_section(items: Iterable[Item]) -> list[tuple[str, list[tuple[int, Item]]]]:
    groups: list[tuple[str, list[tuple[int, Item]]]] = []
    for number, item in enumerate(items, 1):
        if not groups or groups[-1][0] != item.pick.section:
            groups.append((item.pick.section, []))
        groups[-1][1].append((number, item))
    return groups


def _state(args: Mapping[str, str], rendered: Rendered) -> State:
    """The state asked for; whatever is not offered falls back to the usual."""
    last = {name: args.getlist(name)[-1] for name in args} if hasattr(args, "getlist") else dict(args)
    keys = [v.key for v in rendered.variants]
    at = last.get("at", "")
    return State(
        view=_one_of(VIEWS, last.get("view", "")),
        scheme=_one_of(SCHEMES, last.get("scheme", "")),
        width=last["width"] if last.get("width") in WIDTHS else "desktop",
        variant=last["variant"] if last.get("variant") in keys else keys[0],
        at=at if at.isdecimal() and len(at) < 4 else "",
    )


def _one_of(offered: Mapping[str, str], wanted: str) -> str:
    return wanted if wanted in offered else next(iter(offered))


def _is_local(host: str, port: str) -> bool:
    """True for this machine's own names with the port this server listens on."""
    match = re.fullmatch(r"(127\.0\.0\.1|localhost)(?::(\d+))?", host.lower())
    return match is not None and (match[2] or "80") == port


def _fault_stamp(error: DigestError) -> str:
    return "fault-" + sha256(f"{error}\0{error.hint}".encode()).hexdigest()[:16]
