"""What the inbox shows: subject and preheader, as the editor wrote them and as the HTML hides them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from digest.model import Issue
from digest.render.checks.mail import FILLER, Mail
from digest.render.checks.rules import Finding, found
from digest.render.printable import one_line

SUBJECT = (15, 70)  # characters
PREHEADER = (40, 140)
FILLERS = 20  # signs behind the preheader that keep the mail's first words out of the inbox line

_REPLY = re.compile(r"(?:re|fwd?|aw|wg|tr|rif|rv|sv|vs|antw)\s*:", re.I)
_HOLE = re.compile(
    r"\(\s*\)|\[\s*\]|“\s*”|\"\s*\"|\s[,;](?:\s|$)|#(?:\s|$)|(?:^|[.!?]\s)(?:hi|hello|dear|hallo|liebe[r]?|bonjour|hola|ciao)\s*[,!]"
    r"|[,:–—-]\s*$|\bNo\.\s*(?:[,:]|$)",
    re.I,
)
_LETTERS = re.compile(r"[^\W\d_]")


def judge(issue: Issue) -> Iterator[Finding]:
    """The findings about the words themselves."""
    subject, preheader = one_line(issue.subject), one_line(issue.preheader)
    write = "`digest edit subject WORDS`"
    if not subject:
        yield found("subject-empty", "subject", "the subject is empty", write)
    elif not SUBJECT[0] <= _width(subject) <= SUBJECT[1]:
        yield found("subject-length", "subject", f"the subject has {_counted(subject)}", "15 to 70 read well")
    if _REPLY.match(subject):
        yield found("subject-reply", "subject", f"“{subject[:20]}…” looks like an answer", write)
    for place, words in (("subject", subject), ("preheader", preheader)):
        if shout := _shouting(words):
            yield found("subject-shouting", place, f"{shout} in the {place}", "write it as you would say it")
        if hole := _HOLE.search(words):
            around = words[max(0, hole.start() - 12) : hole.end() + 12]
            yield found("subject-hole", place, f"something is missing in “{around}”", f"`digest edit {place} WORDS`")
    if not preheader:
        return  # the template may write one: `judge_mail` looks
    if _same(subject, preheader):
        remedy = "say what else is in the issue: `digest edit preheader WORDS`"
        yield found("preheader-repeats", "preheader", "the preheader repeats the subject", remedy)
    elif not PREHEADER[0] <= _width(preheader) <= PREHEADER[1]:
        yield found("preheader-length", "preheader", f"the preheader has {_counted(preheader)}", "40 to 140 read well")


def judge_mail(mail: Mail) -> Iterator[Finding]:
    """The findings about how the HTML carries the preheader."""
    if mail.body is None:
        return
    first = next((e for e in mail.body.iter() if isinstance(e.tag, str) and (e.text or "").strip()), None)
    words = " ".join(FILLER.sub("", first.text or "").split()) if first is not None else ""
    if first is None or (not one_line(mail.issue.preheader) and (first not in mail.hidden or not words)):
        yield found("preheader-empty", "preheader", "there is no preheader", "`digest edit preheader WORDS`")
        return
    if first not in mail.hidden:
        words = words[:40]
        remedy = "let a hidden <div> with page.preheader come first"
        yield found("preheader-not-first", "preheader", f"the HTML begins with “{words}”", remedy)
        return
    text = "".join(first.itertext())
    if len(FILLER.findall(text)) < FILLERS:
        remedy = "put 60 times &#8199;&#65279;&#847; behind it"
        yield found("preheader-leaks", "preheader", "no filler stands behind the preheader", remedy)


def _width(words: str) -> int:
    """Characters as the inbox has room for them: a Chinese, Japanese or Korean one takes the room of two."""
    return len(words) + sum(
        "\u2e80" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" or "\uff00" <= c <= "\uff60" for c in words
    )


def _counted(words: str) -> str:
    width = _width(words)
    return f"{width} characters" if width == len(words) else f"the width of {width} Latin characters"


def _shouting(words: str) -> str:
    letters = _LETTERS.findall(words)
    capitals = sum(c.isupper() for c in letters)
    if len(letters) >= 10 and capitals > 0.6 * len(letters):
        return f"{capitals} of {len(letters)} letters are capitals"
    marks = re.search(r"[!?]{2,}|!.*!", words)
    return f"{len(re.findall('[!?]', words))} marks of exclamation or question" if marks else ""


def _same(subject: str, preheader: str) -> bool:
    one, other = subject.casefold(), preheader.casefold()
    if max(len(one), len(other)) > 400:  # comparing them letter by letter would take seconds
        return False
    return bool(one) and (other.startswith(one) or SequenceMatcher(None, one, other, autojunk=False).ratio() > 0.9)
