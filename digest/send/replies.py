"""A mail server's answer: read, cleaned of addresses, and judged. Pure.

Knows RFC 5321 section 4.2 (replies) and RFC 3463 (enhanced codes). Never keeps an address: replies are
stored for good, and a person who is erased must not live on in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from digest.model import Accepted, Deferred, Outcome, Rejected, Reply

CUT = "[address]"  # stands where an address stood
MAX_WORDS = 300  # characters kept of what a server says

_FIRST_DIGITS = b"2345"
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_PLAIN = re.compile(
    rb"([2-5][0-9]{2}) (?:([245]\.[0-9]{1,3}\.[0-9]{1,3}) )?((?![245]\.)[!-?A-~](?:[ -?A-~]{0,200}[!-?A-~])?)"
)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?=\s|$)\s*")
_ADDRESS = re.compile(r"""<?(?:"[^"]{0,64}"|[^\s<>()\[\],;:"@]+)@[^\s<>(),;"@]+>?""")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def is_last_line(line: bytes) -> bool:
    """True for the line that ends a reply: ``250 ok``, not ``250-and more``. Raises ValueError on
    anything else."""
    if len(line) < 3 or line[0] not in _FIRST_DIGITS or not line[:3].isdigit() or line[3:4] not in (b"", b" ", b"-"):
        raise ValueError(f"no SMTP reply: {line[:80]!r}")
    return line[3:4] != b"-"


def parse_reply(lines: Sequence[bytes], *, hide: Iterable[str] = ()) -> Reply:
    """One reply, its lines without line ends. The words hold no address, and none of *hide* (a reader's
    address, its local part): servers like to repeat them.

    Raises ValueError when the lines are no SMTP reply.
    """
    codes: set[int] = set()
    enhanced = ""
    words: list[str] = []
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"no SMTP reply: {line[:80]!r}")
        codes.add(int(match[1]))
        text = (match[3] or b"").decode("utf-8", "replace")
        found = _ENHANCED.match(text)
        if found:
            enhanced = enhanced or found[1]
            text = text[found.end() :]
        words.append(text.strip())
    if len(codes) != 1:
        raise ValueError(f"an SMTP reply with {len(codes)} codes: {lines[:3]!r}")
    return Reply(codes.pop(), enhanced, cut_addresses(" ".join(filter(None, words)), hide))


def read_reply(lines: Sequence[bytes], recipient: str) -> Reply:
    """`parse_reply` of an answer about the letter to *recipient*, whose address and local part are cut out."""
    local = recipient.rpartition("@")[0].casefold()
    plain = _PLAIN.fullmatch(lines[0]) if len(lines) == 1 else None
    if plain is None or local in (words := plain[3].decode("ascii")).casefold():
        return parse_reply(lines, hide=(recipient, local))
    # Nearly every letter's: a line that names nobody, read in a fifth of the time.
    return Reply(int(plain[1]), (plain[2] or b"").decode("ascii"), words)


def cut_addresses(words: str, hide: Iterable[str] = (), *, most: int = MAX_WORDS) -> str:
    """*words* on one line, at most *most* characters, with every address replaced by CUT."""
    if not words.isprintable():
        words = _CONTROL.sub(" ", words)
    folded = words.casefold()
    # Few replies repeat an address, and compiling a pattern for each reader costs more than all the rest.
    for secret in sorted((s for s in hide if s and s.casefold() in folded), key=len, reverse=True):
        words = re.sub(rf"<?(?<!\w){re.escape(secret)}(?!\w)>?", CUT, words, flags=re.IGNORECASE)
    if "@" in words:
        words = _ADDRESS.sub(CUT, words)
    return words[:most].strip()


def outcome_of(reply: Reply) -> Outcome | None:
    """What a reply to the final dot, or a refusal before it, means for the letter; None: it means neither
    (3xx)."""
    if 200 <= reply.code < 300:
        return Accepted(reply)
    if 400 <= reply.code < 500:
        return Deferred(reply)
    return Rejected(reply) if reply.code >= 500 else None


# ------------------------------------------------------------------------------------------------ ours or theirs

# What a server says about *us*, never about one reader: going on would only repeat it, and cost reputation.
# Google: support.google.com/a/answer/81126 and /14229414; Microsoft: Outlook's rules for bulk mail of May 2025;
# RFC 4954 section 6 for the login codes; RFC 7372 for 7.20 to 7.26; RFC 3463 for 3.4. Each with what to do.
_ABOUT_US = {
    "7.515": ("the receiver asks for SPF, DKIM and DMARC (Outlook’s rule for bulk mail)", "publish all three"),
    "7.20": ("the receiver finds no valid DKIM signature", "check the DKIM key and its DNS record"),
    "7.21": ("the receiver finds no acceptable DKIM signature", "check the DKIM key and its DNS record"),
    "7.22": ("the DKIM signature is not the From domain’s", "sign with the From address’s domain"),
    "7.23": ("SPF does not allow this server to send for the domain", "add your relay to the domain’s SPF record"),
    "7.24": ("the domain’s SPF record cannot be evaluated", "mend the domain’s SPF record"),
    "7.25": ("the sending server’s IP address has no matching name (PTR record)", "ask who runs the server"),
    "7.26": ("the receiver finds neither SPF nor DKIM for the sending domain", "publish SPF and sign with DKIM"),
    "7.27": ("the receiver finds no valid SPF for the sending domain", "publish an SPF record that names your relay"),
    "7.28": (
        "the receiver slows this sender down: too much mail, or too many complaints",
        "wait some hours; send less at once ([send] rate)",
    ),
    "7.29": ("the receiver asks for an encrypted connection", "let your relay use TLS"),
    "7.30": ("the receiver finds no valid DKIM signature", "check the DKIM key and its DNS record"),
    "7.32": ("the From domain agrees with neither SPF nor DKIM (DMARC)", "sign with the From address’s domain"),
    "7.8": ("your mail server refuses the login", "check [smtp] username and the password"),
    "7.9": ("your mail server refuses this way of logging in", "check [smtp] username and the password"),
    "7.11": ("your mail server wants an encrypted connection for the login", "use security = 'starttls' or 'tls'"),
    "3.4": ("your mail server takes no letter this large", "make the issue shorter"),
    "1.7": ("the receiver refuses the sender’s address", "check [newsletter] from"),
    "1.8": ("the receiver does not know the sender’s domain", "check [newsletter] from, and that domain’s DNS"),
}
_LOGIN = ("your mail server wants a login, or refuses it", "check [smtp] username, password and security")
_LOGIN_CODES = frozenset({530, 534, 535, 538})

# The large relays say these without a code of their own. Never words that a reader's full mailbox could bring.
_SAID_ABOUT_US = (
    (
        re.compile(
            r"(?i)daily (?:message|sending|user sending) (?:quota|limit)|sending (?:quota|limit) (?:reached|exc)"
        ),
        ("your relay’s quota is used up", "wait until it begins anew, or ask your relay for more"),
    ),
    (
        re.compile(r"(?i)^(?!.*recipient).*(?:not (?:a )?verified|unverified|verified sender|sender signature)"),
        ("your relay does not know the From address as yours", "verify the address or its domain at your relay"),
    ),
    (
        re.compile(
            r"(?i)sandbox|sending paused|account (?:is |has been |under )?(?:suspended|disabled|review|inactive)"
        ),
        ("your relay does not let this account send to everybody yet", "ask your relay to lift it"),
    ),
)
_TOO_FAST = re.compile(
    r"(?i)throttl|rate (?:limit )?exceeded|sending rate|too many (?:messages|mails|emails|recipients)"
)


def pauses_issue(reply: Reply) -> str | None:
    """Why the whole issue must wait for a person, and what to do; None when the reply is about one letter only."""
    if reply.code < 400:
        return None
    known = _ABOUT_US.get(reply.enhanced[2:])
    if known is None and reply.code in _LOGIN_CODES:
        known = _LOGIN
    if known is None and not is_about_the_mailbox(reply):
        known = next((why for words, why in _SAID_ABOUT_US if words.search(reply.words)), None)
    return f"{known[0]}: {known[1]}" if known else None


def asks_for_less(reply: Reply) -> bool:
    """Whether the relay finds us too fast: slower then, and the letter goes again soon. 454 is what relays answer
    over their rate."""
    if not 400 <= reply.code < 500 or pauses_issue(reply) is not None:
        return False
    return reply.code == 454 or (reply.enhanced[2:4] in ("", "7.", "3.") and bool(_TOO_FAST.search(reply.words)))


def is_about_the_mailbox(reply: Reply) -> bool:
    """Whether a temporary refusal is one mailbox's (full, moved) and says nothing about its provider."""
    return reply.enhanced[2:4] in ("1.", "2.")


def is_about_the_provider(reply: Reply) -> bool:
    """Whether "later" is said for all of a mail domain: neither of one mailbox nor of the answering system itself
    (RFC 3463, x.3), which is our relay."""
    return reply.enhanced[2:4] not in ("1.", "2.", "3.")
