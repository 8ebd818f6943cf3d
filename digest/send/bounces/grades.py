"""Why a letter failed: the mailbox is gone, it may take mail again, or the receiver's rules say no to us. Pure.

Knows RFC 3463 and 5248 (enhanced codes) and what servers say in words where their codes say nothing. In doubt a reader
keeps getting mail.
"""

from __future__ import annotations

import re

from digest.send.bounces.nouns import Grade

AT_ONCE = frozenset({"5.1.1", "5.1.10"})
"""No such mailbox: RFC 3463, and Exchange Online's own code for it. One such answer is enough."""

STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_VAGUE = re.compile(r"[45]\.(?:\d+\.0|5\.[0-4]|4\.1)$")
"""Codes that say that it failed and not why: x.y.0, protocol errors, and "no answer from host", which Exchange Online
also says of unknown recipients."""

_TABLE: dict[str, Grade] = {
    **dict.fromkeys(("1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1"), "hard"),
    **dict.fromkeys(("1.7", "1.8", "2.3", "3.4"), "policy"),
    **dict.fromkeys(("2.2", "2.4", "3.1", "3.2", "3.3", "3.5"), "soft"),
    "1.5": "unknown",
    "1.9": "policy",
}


def _words(*lines: str) -> re.Pattern[str]:
    return re.compile("|".join(lines), re.I)


_POLICY = _words(
    r"\bspam|spamhaus|spamcop|barracuda|proofpoint|\bdnsbl|\brbl\b|black ?list|block ?list|deny ?list|banned",
    r"reputation|\bdmarc\b|\bdkim\b|\bspf\b|unauthenticated|not authenticated|authentication (?:is )?required",
    r"(?:local |site |security |our )?polic(?:y|ies)|richtlinie|unsolicited|bulk mail|content (?:rejected"
    r"|denied|filter)",
    r"message (?:was |has been )?(?:rejected|refused|blocked) (?:due to|because of|by|as)|virus|malware|phish",
    r"relay(?:ing)? (?:access )?(?:denied|not (?:allowed|permitted))|unable to relay|does not relay",
    r"too large|too big|exceeds? (?:the )?(?:size|maximum|fixed)|message size|\bptr\b|reverse dns|rdns",
    r"rate limit|too many (?:messages|connections|mails|emails)|suspicious|service unavailable.{0,40}client host",
    r"sender (?:address |domain )?(?:rejected|denied|not allowed|verif)|access denied|bad reputation|\babuse\b",
    r"pourriel|indésirable|listanegra|lista nera|迷惑メール|unerwünscht",
)
_NO_SUCH = _words(
    r"user ?unknown|unknown user|unknown (?:local[- ]?part|recipient|address|mailbox|account|alias|or illegal alias)",
    r"no such (?:user|recipient|mailbox|address|person|account|local|domain|name|id\b|member)|no mailbox",
    r"(?:user|recipient|mailbox|address|account|alias|destinee)\b.{0,60}?\b(?:not found|unknown|invalid"
    r"|(?:does ?n[o']t|doesn.t|do not|did not|not) exist|non ?exist\w*|not (?:known|valid|recognized|listed|local)"
    r"|is (?:not|no longer) (?:a )?(?:valid|active|in use|available|here)|no longer (?:exists|valid|available))",
    r"invalid (?:recipient|mailbox|user|address|final delivery)|bad (?:recipient|destination|address)",
    r"mailbox (?:is )?(?:unavailable|not available)|mailbox name not allowed|unroutable|unrouteable",
    r"recipient ?not ?found|recipnotfound|unknown address error|not our customer|no account|isn.t a .{0,40}account",
    r"does ?n[o']t have an? .{0,40}(?:account|mailbox)|not listed in|(?:non|pas) répertorié|address rejected"
    r"|no se encuentra en el directorio",
    r"recipient (?:address )?rejected(?!.{0,60}(?:spam|greylist|policy|sender))|couldn.t be found|wasn.t found",
    r"unbekannter (?:benutzer|empfänger)|(?:benutzer|empfänger|adresse|postfach)\b.{0,60}?\b(?:unbekannt"
    r"|nicht gefunden"
    r"|existiert nicht|ungültig|nicht bekannt)|existiert nicht|kein (?:solcher|solches) (?:benutzer|postfach)",
    r"n.existe (?:pas|plus)|(?:utilisateur|destinataire|adresse|boîte)\b.{0,60}?\b(?:inconnu\w*|introuvable|invalide"
    r"|inexistant\w*)|aucun utilisateur",
    r"no existe|(?:usuario|destinatario|dirección|buzón)\b.{0,60}?\b(?:desconocid\w+|inexistente|no válid\w+"
    r"|no encontrad\w+)|non esiste|(?:utente|casella|indirizzo|destinatario)\b.{0,60}?\b(?:sconosciut\w+|inesistente"
    r"|non (?:valid\w+|trovat\w+))|não existe|(?:usuário|utilizador|destinatário)\b.{0,60}?\b(?:desconhecid\w+"
    r"|inexistente)|onbekende? (?:gebruiker|ontvanger)|bestaat niet|okänd (?:användare|mottagare)|finns inte",
    r"存在しません|存在しない|不明な|見つかりません|宛先(?:メール)?アドレスが?(?:不明|誤)"
    r"|お客様の(?:メール)?アドレス|不存在",
)
_GONE = _words(
    r"(?:account|mailbox|user|address|recipient)\b.{0,60}?\b(?:disabled|inactive|suspended|deactivated|discontinued"
    r"|closed|expired|terminated|locked|deleted|removed|moved|over \d+ days)",
    r"not accepting mail|no longer (?:accepts|works|with|at|employed|monitored)|has left|out of service",
    r"(?:konto|postfach)\b.{0,40}?\b(?:deaktiviert|gesperrt|gelöscht|geschlossen)|désactivé|desactivad|disattivat",
    r"cuenta (?:cancelada|cerrada)|compte (?:fermé|supprimé|suspendu)|user has moved|please try <?\S+@",
)
_FULL = _words(
    r"(?:mail ?box|inbox|account|maildir|storage|quota)\b.{0,60}?\b(?:full|exceed\w*|over\b|limit)|over ?quota"
    r"|quota.{0,20}exceed|exceed\w*.{0,40}(?:quota|storage|limit of)|insufficient (?:disk |system )?(?:space|storage)"
    r"|out of (?:disk |storage )?space|disk full|user is over|not enough (?:disk |storage )?space",
    r"(?:postfach|mailbox|konto)\b.{0,40}?\bvoll|speicherplatz|kontingent|boîte.{0,40}pleine|quota dépassé",
    r"buzón.{0,40}lleno|cuota|casella.{0,40}piena|caixa.{0,40}cheia|容量|いっぱい|満杯|已满",
)
_SOFT = _words(
    r"temporar|try (?:again|later)|time[d ]*[- ]?out|connection (?:refused|reset|lost|dropped|timed)|expired|retry",
    r"(?:host|domain|name|mx|dns)\b.{0,60}?\b(?:not found|unknown|lookup|unreachable|no route|error)|nxdomain"
    r"|servfail",
    r"could ?n[o']t (?:connect|find|be (?:reached|contacted))|too many hops|loop|looping|unreachable|greylist"
    r"|graylist",
    r"vorübergehend|zeitüberschreitung|später|délai|temporaire|temporal|temporane|一時的|タイムアウト",
)


def grade(status: str, words: str) -> Grade:
    """The grade of a failure with the enhanced code *status* ('' for none) and a server's *words*.

    A code among the words is the receiving server's own and goes before *status*, which the reporting server chose.
    """
    words = " ".join(words.split())
    said = STATUS.search(words)
    own = said[0] if said else ""
    code = own if own and not _VAGUE.match(own) else status if status and not _VAGUE.match(status) else own or status
    if code.startswith("4."):
        return "soft"
    if code and not _VAGUE.match(code):
        return _by_code(code[2:], words)
    found = _by_words(words)
    if found == "unknown" and code.startswith(("5.4.", "5.3.")):
        return "soft"
    return found


def _by_code(code: str, words: str) -> Grade:
    if code.startswith(("7.", "6.")):
        return "policy"
    known = _TABLE.get(code)
    if known is None:
        known = "soft" if code.startswith(("2.", "3.", "4.")) else "unknown"
    # Servers that refuse a sender as if the mailbox were missing: the words tell.
    return "policy" if known == "hard" and _POLICY.search(words) and not _NO_SUCH.search(words) else known


def _by_words(words: str) -> Grade:
    if _POLICY.search(words):
        return "hard" if _access_denied(words) else "policy"
    if _FULL.search(words):
        return "soft"
    if _NO_SUCH.search(words) or _GONE.search(words):
        return "hard"
    basic = re.search(r"(?<![\d.])([45])(\d\d)(?![\d.])", words)
    if basic and basic[0] == "551":
        return "hard"
    if (basic and (basic[1] == "4" or basic[0] == "552")) or _SOFT.search(words):
        return "soft"
    return "unknown"


def _access_denied(words: str) -> bool:
    """Exchange Online's answer for a recipient that its directory does not have (5.4.1)."""
    return re.search(r"5\.4\.1\b.{0,80}recipient address rejected: access denied", words, re.I | re.S) is not None


def status_in(words: str) -> str:
    """The first enhanced code in *words*; ''."""
    found = STATUS.search(words)
    return found[0] if found else ""
