"""Returned mail written for people only: qmail's (cr.yp.to/proto/qsbmf.txt), Exim's, and whatever else servers say.

Asked of messages from a mail system, never of a person's: whoever forwards a bounce has not bounced.
"""

from __future__ import annotations

import re

from digest.send.bounces.grades import grade, status_in
from digest.send.bounces.nouns import Failure
from digest.send.bounces.parts import ADDRESS, Mail, address_in, header, headers
from digest.send.bounces.reports import Read

_DAEMON = re.compile(
    r"(?:.*mailer[-_. ]?daemon.*|.*postmaster.*|mail[-_.]?daemon|mdaemon|mail[-_.]?system|mail[-_.]?deliver\w*"
    r"|delivery[-_.]?\w*|undeliver\w*|bounces?|returned[-_.]?mail|mmdf|uucp|root|notifier"
    r"|microsoftexchange\w*|symantec\w*"
    r"|daemon)",
    re.I,
)
_DAEMON_NAME = re.compile(
    r"mail(?:er)? ?(?:delivery|daemon|administrator|system|error)|delivery (?:sub)?system|postmaster|undeliver"
    r"|system administrator|systemadministrator|mail router|message transfer|zustell|メール(?:配信|サーバ)",
    re.I,
)
_FAILED_SUBJECT = re.compile(
    r"undeliver|undelivered|delivery (?:status )?(?:notification|failure|failed|has failed|error|problem)"
    r"|failure notice"
    r"|returned mail|return(?:ing|ed)? (?:message|mail|to sender)|mail (?:delivery )?(?:failed|failure|error"
    r"|could not)"
    r"|could ?n[o']t be delivered|not delivered|non[- ]?deliver|nondeliverable"
    r"|message (?:you sent )?(?:blocked|rejected)"
    r"|unzustellbar|nicht zugestellt|nicht zustellbar|zustell(?:ung|fehler)|fehler bei der|rückläufer"
    r"|non (?:remis|distribu|délivr)|échec|retour(?:né)?|no (?:se )?(?:ha |pudo |podido |fue )*(?:entreg|envia)\w*"
    r"|mancat[ao] (?:recapito|consegna)|(?:impossibile|mancato) |non (?:recapitat|consegnat)|não entregue|devolvid"
    r"|onbestelbaar|niet (?:bezorgd|afgeleverd)|kunde inte levereras|配信(?:不能|できません|エラー|失敗)"
    r"|送信(?:エラー|できません)"
    r"|戻り|エラーメール|退信|DSN",
    re.I,
)
_DELAY = re.compile(
    r"has not yet been delivered|not yet (?:been )?delivered|will (?:continue|keep|be retried|retry|try)"
    r"|still (?:being )?"
    r"(?:retr|try|attempt)\w*|attempts? will (?:continue|be made)|do(?:es)? not need to (?:resend|do anything)"
    r"|no action is required on your part|you do ?n[o']t need to|delivery (?:is |has been |was )?delayed"
    r"|message (?:is |has been )?delayed|warning: (?:could not send|message|mail)|warning message only"
    r"|transient (?:non-)?fatal|noch nicht zugestellt|weiter(?:hin)? (?:zu )?versuch|verzögert|n.a pas encore"
    r"|nouvelles? tentatives?|retardé|sigue intent|seguirá intentando|todavía no|aún no|retrasad"
    r"|non è (?:stato )?ancora"
    r"|ulteriori tentativi|ritardat|まだ配信|再送を?(?:試|続)|再試行",
    re.I,
)
_FAILED = re.compile(
    r"could ?n[o']t be (?:delivered|sent)|cannot be delivered|(?:was|were|is"
    r"|has) ?n[o']t (?:been )?(?:delivered|sent)|unable to deliver|"
    r"not able to deliver|un ?deliverable|un ?delivered|delivery (?:has )?failed|failed (?:permanently"
    r"|recipient|address)|permanent"
    r"|fatal error|did ?n[o']t reach|returned (?:to|unprocessed)|(?:was|is|been) (?:being )?(?:returned"
    r"|rejected|refused)"
    r"|failed to deliver|bounced|giving up|nicht (?:zugestellt|zustell|erreich)|unzustellbar|n.a(?:i)? pas pu|n.a pu"
    r"|pas (?:été )?(?:remis|distribu|délivr)|impossible|no (?:se )?(?:ha |pudo |podido |fue |puede )*"
    r"(?:entreg|enviar|ser entreg)\w*|non (?:è stato possibile|ha potuto|può)|impossibile|não (?:foi|pôde)"
    r"|niet (?:worden )?"
    r"(?:bezorgd|afgeleverd)|配信(?:できま|され|に失敗)|送信できません|届けでき|お届け|無法|无法",
    re.I,
)
_ORIGINAL = re.compile(  # where the returned letter begins
    r"^(?:[-=_* ]*(?:below this line is a copy|this is a copy of|a copy of (?:your|the) (?:original )?message"
    r"|copy of your message"
    r"|original message|the (?:header|headers|body|text) of (?:the|your) original|(?:original|returned|your) message"
    r"(?: follows| headers?)|message (?:header|text) follows|undelivered message|unsent message"
    r""
    r"|ursprüngliche nachricht|message d.origine|mensaje original|messaggio originale|kopf(?:zeilen)? der)\b.*"
    r"|return-path: .*|received: from .*|(?:> ?)?(?:from|date|subject|to): .*\n(?:> ?)?(?:from|date|subject"
    r"|to|message-id): .*)",
    re.I | re.M,
)


def is_from_a_mail_system(message: Mail) -> bool:
    """Whether the message says to come from a program that carries mail."""
    name, address = address_in(message, "From")
    local = address.rpartition("@")[0] or address or name
    if not local or _DAEMON.fullmatch(local.strip("\"<>'")) or _DAEMON_NAME.search(name):
        return True
    if message.get("X-Failed-Recipients") is not None:
        return True
    path, subject = header(message, "Return-Path").replace(" ", "").lower(), header(message, "Subject")
    if "mailer-daemon" in path:
        return True
    answers = message.get("In-Reply-To") is not None or re.match(r"(?i)\s*(?:re|aw|sv|fwd?|wg|tr) ?:", subject)
    return (path == "<>" or not answers) and _FAILED_SUBJECT.search(subject) is not None


def read_prose(message: Mail, words: str) -> Read | None:
    """What a mail system says in words; None where it says nothing of a failed or delayed letter."""
    subject = header(message, "Subject")
    said, original = split(words)
    if _DELAY.search(f"{subject}\n{said}") and not re.search(r"permanent error|giving up|gave up", said, re.I):
        return "delayed", ()
    codes = re.search(r"(?<![\d.])5(?:\d\d|\.\d{1,3}\.\d{1,3})(?![\d.]*\d)", said)
    if not (codes or _FAILED.search(said) or (_FAILED_SUBJECT.search(subject) and said.strip())):
        return None
    recipients = _recipients(message, said, original)
    if not recipients:
        return None
    return "bounce", tuple(_failure(recipient, said) for recipient in recipients)


def split(words: str) -> tuple[str, str]:
    """What is said, and the letter quoted below it."""
    lines = words.replace("\r", "")
    begins = next((m for m in _ORIGINAL.finditer(lines) if lines[: m.start()].strip()), None)
    return (lines[: begins.start()], lines[begins.start() :]) if begins else (lines, "")


def _recipients(message: Mail, said: str, original: str) -> list[str]:
    failed = [found for value in headers(message, "X-Failed-Recipients") for found in ADDRESS.findall(value)]
    if failed:
        return failed
    whose = {a.casefold() for a in ADDRESS.findall(" ".join(re.findall(r"(?im)^(?:> ?)?to: (.*)", original)))}
    ours = {address_in(message, name)[1].casefold() for name in ("From", "To", "Reply-To")}
    # qmail and its kin name who failed at the beginning of a paragraph: `<user@host>:`
    first = re.findall(r"(?m)^\s*<([^<>\s]+@[^<>\s]+)>:?\s*$|^\s*<([^<>\s]+@[^<>\s]+)>: ", said)
    named = [a or b for a, b in first] or ADDRESS.findall(said)
    found = list(dict.fromkeys(a for a in named if a.casefold() not in ours and not _is_ours(a)))
    return [a for a in found if a.casefold() in whose] or found[:1] or sorted(whose - ours)[:1]


def _is_ours(address: str) -> bool:
    local = address.rpartition("@")[0]
    return bool(_DAEMON.fullmatch(local)) or re.search(r"[+=.-][0-9a-f]{30}$|\.[0-9a-f]{32}$", local, re.I) is not None


def _failure(recipient: str, said: str) -> Failure:
    """The reason stands behind the name, or anywhere."""
    at = said.find(recipient)
    near = said[at + len(recipient) : at + len(recipient) + 600] if at >= 0 else ""
    judged = grade("", near)
    words = near if judged != "unknown" else said[:3000]
    return Failure(recipient, status_in(words), words.strip(" \n:>"), grade("", words))


def ask_flufl(message: Mail, words: str) -> Read | None:
    """What flufl.bounce finds, which knows some formats that nobody else writes any more."""
    import logging

    from flufl.bounce import all_failures

    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # it fails on some broken messages in many ways: then it knows nothing
        return None
    if permanent:
        return "bounce", tuple(_failure(name.decode("utf-8", "replace"), words) for name in sorted(permanent))
    return ("delayed", ()) if temporary else None
