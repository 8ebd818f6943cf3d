"""Addresses of mail and of the web, parsed once at the door. Nobody inside compares raw strings.

Knows RFC 5321 lengths and IDNA (a domain is kept as A-labels). Asks no network whether an address exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from digest.errors import AddressError

MOST_NAME = 100  # characters of what somebody is called
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Address:
    """``local@domain``. Two addresses are one person's when their keys are equal."""

    local: str  # NFC, as written
    domain: str  # lower case, A-labels (RFC 5890)

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """What uniqueness compares: no mail system of note tells local parts apart by case alone."""
        return f"{self.local.casefold()}@{self.domain}"

    @property
    def shown(self) -> str:
        """As people read it: the domain in its own script (U-labels, RFC 5890). Never for the wire."""
        return f"{self.local}@{_in_its_script(self.domain)}" if "xn--" in self.domain else str(self)

    @property
    def is_ascii(self) -> bool:
        """False when delivery needs SMTPUTF8 (RFC 6531)."""
        return self.local.isascii()


def fault_of_name(name: str) -> str:
    """Why *name* cannot be what somebody is called beside their address (RFC 5322 section 2.2); '' when it can."""
    if re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", name):
        return "a name holds no line breaks or control characters"
    return f"a name of more than {MOST_NAME} characters" if len(name) > MOST_NAME else ""


def parse_address(raw: str) -> Address:
    """*raw* as an Address.

    Surrounding blanks are dropped; ``Name <a@b>`` is not taken here (see `split_mailbox`).
    Raises AddressError naming the fault, also for control characters (header injection).
    """
    text = raw.strip(" \t")
    local, _, domain = text.rpartition("@")
    plain = _PLAIN.fullmatch(local) and (
        local.islower() or not local.isalpha()
    )  # not "Info": RFC 2142 has one spelling
    if plain and (known := _plain_domain(domain)) and len(local) + 1 + len(known) <= LONGEST:
        return Address(local, known)
    if _CONTROL.search(text):
        raise AddressError(f"{text!r}: an address holds no line breaks or control characters")
    from email_validator import EmailNotValidError, validate_email  # 60 ms: late

    try:
        found = validate_email(
            text, check_deliverability=False, allow_smtputf8=True, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        raise AddressError(f"{text or 'an empty address'}: {error}") from error
    return Address(found.local_part, (found.ascii_domain or found.domain).lower())


def readable_domain(domain: str) -> str:
    """*domain* with its A-labels as people write them (U-labels, RFC 5890); as it is where it has none."""
    if "xn--" not in domain:
        return domain
    import idna

    try:
        return idna.decode(domain)
    except idna.IDNAError:
        return domain


LONGEST = 254  # characters of a whole address (RFC 5321 section 4.5.3.1.3, erratum 1690)

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"  # RFC 5322 section 3.2.3
_PLAIN = re.compile(rf"(?=.{{1,64}}\Z){_ATOM}(?:\.{_ATOM})*")
"""A local part about which there is nothing to decide; nearly all are, and a list of a million has few domains."""


@lru_cache(maxsize=4096)
def _plain_domain(raw: str) -> str:
    """*raw* as a domain is kept; '' where the long way has to say what is wrong or what it means."""
    from email_validator import EmailNotValidError, validate_email

    if not raw.isascii():
        return ""
    try:
        found = validate_email(f"a@{raw}", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return ""
    return (found.ascii_domain or found.domain).lower()


@lru_cache(maxsize=4096)
def _in_its_script(domain: str) -> str:
    """*domain* with U-labels; as it is where one of them is none."""
    import idna

    try:
        return idna.decode(domain)
    except UnicodeError:  # IDNAError is one
        return domain


_MAILBOX = re.compile(r"^(?P<name>.*?)\s*<(?P<spec>[^<>]*)>$")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def split_mailbox(raw: str) -> tuple[str, Address]:
    """``Name <a@b>``, ``"Name" <a@b>`` or ``a@b`` as (name, Address). Raises AddressError."""
    if _CONTROL.search(raw):
        raise AddressError(f"{raw!r}: a mailbox holds no line breaks or control characters")
    match = _MAILBOX.match(raw.strip())
    if match is None:
        return "", parse_address(raw)
    name = match["name"].strip()
    if quoted := _QUOTED.fullmatch(name):  # RFC 5322 3.2.4
        name = re.sub(r"\\(.)", r"\1", quoted[1]).strip()
    return name, parse_address(match["spec"])


# ------------------------------------------------------------------------------------------------ the web

_AMP_CACHE = re.compile(r"^/(?:[civ]/)?(?P<s>s/)?(?P<rest>[^/]+\.[^/]+/.*|[^/]+\.[^/]+)$")


def tidy(url: str) -> str:
    """Without blanks around and line breaks or tabs inside (the WHATWG URL standard drops them too), and without halves
    of a surrogate pair, which nothing can store."""
    return re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029\ud800-\udfff]", "", url).strip()


def web_address(link: str | None) -> str | None:
    """*link* if a reader can be sent there (http or https, in lower case), else None."""
    link = tidy(link or "")
    try:
        parts = urlsplit(link)
        sound = parts.scheme in {"https", "http"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts.scheme + link[len(parts.scheme) :] if sound and not re.search(r"\s", parts.netloc) else None


def host_of(url: str | None) -> str:
    """The host that *url* names, in lower case; '' where it names none, or is broken."""
    try:
        return urlsplit(url or "").hostname or ""
    except ValueError:  # unbalanced brackets
        return ""


def ascii_domain(name: str) -> str:
    """*name* as domains are compared: lower case, A-labels (RFC 5890, mapped by UTS 46), without a last dot. What is
    no domain comes back in lower case."""
    name = name.lower().rstrip(".")
    if not name.isascii():
        import idna

        try:
            return idna.encode(name, uts46=True).decode("ascii").rstrip(".")
        except idna.IDNAError:
            return name
    return name


def site_of(domain: str) -> str:
    """A domain as it is blocked: as domains are compared, without `www.`"""
    domain = ascii_domain(domain)
    bare = domain.removeprefix("www.")
    return bare if "." in bare else domain


def amp_target(host: str, path: str) -> str | None:
    """The publisher's address inside a Google AMP viewer or cache address, else None."""
    if f".{host}".endswith(".cdn.ampproject.org"):
        inner = path
    elif host in {"google.com", "www.google.com"} and path.startswith("/amp/"):
        inner = path.removeprefix("/amp")
    else:
        return None
    found = _AMP_CACHE.match(inner)
    return f"http{'s' if found['s'] else ''}://{found['rest']}" if found else None


def is_domain(name: str) -> bool:
    return re.fullmatch(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+", name) is not None


def sites_of(url: str | None) -> list[str]:
    """The site of *url*, and of the publisher whose page an AMP viewer or cache has there."""
    found: list[str] = []
    while url and len(found) < 8:  # a cache address may wrap another
        try:
            parts = urlsplit(tidy(url))
        except ValueError:  # no address: nobody's site
            break
        found.append(site_of(parts.hostname or ""))
        url = amp_target(found[-1], parts.path)
    return [site for site in found if site]


_TRACKING = frozenset(
    """
    fbclid fb_action_ids fb_action_types fb_ref fb_source gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid
    twclid ttclid tiktok_r igshid igsh li_fat_id mc_cid mc_eid mkt_tok oly_anon_id oly_enc_id vero_id vero_conv
    _hsenc _hsmi __hssc __hstc __hsfp hsctatracking s_cid s_kwcid ef_id rb_clickid wickedid _openstat ml_subscriber
    ml_subscriber_hash mtm_campaign mtm_cid mtm_content mtm_group mtm_keyword mtm_medium mtm_placement mtm_source
    pk_campaign pk_content pk_keyword pk_kwd pk_medium pk_source piwik_campaign piwik_kwd matomo_campaign
    _branch_match_id _branch_referrer srsltid guccounter guce_referrer guce_referrer_sig ncid cmpid cmp icid
    smid spm scm trk trkcampaign ref_src ref_url source_feed ftag ftcamp cvid ocid at_campaign at_medium
    at_custom1 at_custom2 at_custom3 at_custom4 xtor wt_mc wt.mc_id wt_zmc share_source is_copy_url
    mbid sr_share campaign_id emci emdi ceid _ga _gl
    """.split()
)
_TRACKING_PREFIXES = ("utm_", "hsa_", "itm_", "stm_", "guce_", "__twitter", "at_recipient")
# after miniflux and the browsers' query stripping lists


def is_tracking(parameter: str) -> bool:
    """Whether a query *parameter* only tells where a reader came from."""
    name = parameter.lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)
