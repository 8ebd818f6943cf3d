"""What the DNS says of the newsletter’s domain: SPF, DKIM, DMARC, and where replies go."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.config import Config
from digest.dispatch.doctor import records
from digest.dispatch.doctor.dmarc import Dmarc, organization_of, read_dmarc
from digest.dispatch.doctor.lookup import Lookup, Unanswered
from digest.dispatch.doctor.spf import MOST_LOOKUPS, Spf, read_spf
from digest.dispatch.doctor.verdict import Record, Verdict, error, good, skipped, warning
from digest.send import dkim
from digest.send.relays import profile_of, spf_term


def judge_spf(config: Config, lookup: Lookup) -> Iterator[Verdict]:
    domain, relay = records.envelope_domain(config), profile_of(config.smtp)
    try:
        spf = read_spf(domain, lookup)
        if config.smtp.profile == "ses" and not spf.record:
            yield good("SPF", "Amazon SES sends with an envelope of its own, which passes; DMARC then rests on DKIM")
            return
        wanted = records.spf_record(config, spf.record)
        if not spf.record:
            yield error("SPF", f"{domain} does not say who may send for it", "add this record", wanted)
            return
        yield from _faults_of(spf, domain)
        yield _includes_relay(config, spf, lookup, relay.title)
    except Unanswered as why:
        yield skipped("SPF", str(why))


def _faults_of(spf: Spf, domain: str) -> Iterator[Verdict]:
    if spf.others:
        yield error("SPF", f"{domain} has {spf.others + 1} SPF records: receivers take none of them", "make them one")
    if spf.lookups > MOST_LOOKUPS:
        yield error(
            "SPF",
            f"the SPF of {domain} takes {spf.lookups} look-ups; past {MOST_LOOKUPS} receivers give up (RFC 7208)",
            "take out the services you use no longer",
        )
    for fault in spf.faults:
        yield error("SPF", f"the SPF of {domain} is broken: {fault}", "mend or take out that part")
    if spf.end in ("+all", "?all", "") and "redirect=" not in spf.record:
        ends = f"ends in {spf.end}" if spf.end else "has no end"
        yield warning("SPF", f"the SPF of {domain} {ends}: anybody may send in its name", "let it end in ~all or -all")


def _includes_relay(config: Config, spf: Spf, lookup: Lookup, title: str) -> Verdict:
    domain, term = records.envelope_domain(config), spf_term(config.smtp)
    cost = f"{spf.lookups} of {MOST_LOOKUPS} look-ups"
    kind, _, target = term.partition(":")
    if kind == "include":
        if target in spf.named:
            return good("SPF", f"{domain} includes {title} ({cost})")
        return error(
            "SPF",
            f"{domain} does not let {config.smtp.host} send: {term} is missing",
            "have this instead of the record there is",
            records.spf_record(config, spf.record),
        )
    if not term:
        return skipped("SPF", f"whether {domain} lets this machine send: its public address is not known from here")
    addresses = lookup.addresses(config.smtp.host)
    refused = [address for address in addresses if not spf.lets_send(address)]
    if addresses and not refused:
        return good("SPF", f"{domain} lets {config.smtp.host} send ({cost})")
    return warning(
        "SPF",
        f"{domain} does not name {config.smtp.host} ({', '.join(refused) or 'it has no address'})",
        "ask who runs it what SPF must include; if it sends itself, have this instead",
        records.spf_record(config, spf.record),
    )


def judge_dkim(config: Config, pem: bytes, lookup: Lookup) -> Iterator[Verdict]:
    """*pem*: the key letters are signed with; b"" where the relay signs."""
    relay = profile_of(config.smtp)
    if not pem:
        if relay.signs:
            yield skipped(
                "DKIM",
                f"{relay.title} signs, under a name not known here",
                f"`digest test` to yourself: its source must say dkim=pass with header.d={config.signing_domain}",
            )
        else:
            yield warning(
                "DKIM",
                f"{relay.title} signs only with a filter such as OpenDKIM",
                'without one, let the letters be signed here: [dkim] sign = "own", then `digest keys make`',
            )
        return
    wanted = records.dkim_record(config, pem)
    try:
        there = [text for text in lookup.txt(wanted.name) if re.search(r"(?:^|;)\s*p\s*=", text)]
    except Unanswered as why:
        yield skipped("DKIM", str(why))
        return
    if not there:
        yield error(
            "DKIM", f"{wanted.name} is not in the DNS: nobody can check our signature", "add this record", wanted
        )
    elif len(there) > 1:
        yield error("DKIM", f"{wanted.name} has {len(there)} keys", "leave this one alone there", wanted)
    else:
        tags = dict(re.findall(r"([a-z]+)\s*=\s*([^;]*)", there[0]))
        published = re.sub(r"\s", "", tags.get("p", ""))
        if not published:
            yield error("DKIM", f"{wanted.name} is revoked (p= is empty)", "add this instead", wanted)
        elif published != dkim.public_half(pem):
            yield error("DKIM", f"{wanted.name} is another key than ours", "have this instead", wanted)
        elif "y" in tags.get("t", "").split(":"):
            yield warning(
                "DKIM", f"{wanted.name} is marked as a test (t=y): receivers ignore it", "take t=y out", wanted
            )
        else:
            yield good("DKIM", f"{wanted.name} is the key we sign with")


def judge_dmarc(config: Config, lookup: Lookup, readers: int, *, bulk: int) -> Iterator[Verdict]:
    """*bulk*: readers of one provider from which on it asks for DMARC."""
    domain, wanted = config.newsletter.sender.address.domain, records.dmarc_record(config)
    try:
        found = read_dmarc(domain, lookup)
        if found.others:
            yield error("DMARC", f"{domain} has {found.others} DMARC records: receivers take none", "leave one")
        elif not found.record:
            say = error if readers >= bulk else warning
            yield say(
                "DMARC",
                f"{domain} has no DMARC record; Gmail, Yahoo and Outlook.com ask for one",
                "add this record",
                wanted,
            )
        else:
            yield from _of_record(found, domain)
        yield from _alignment(config, found, domain, lookup)
    except Unanswered as why:
        yield skipped("DMARC", str(why))


def _of_record(found: Dmarc, domain: str) -> Iterator[Verdict]:
    if gone := found.removed_tags:
        those = " and ".join(gone)
        kept = "; ".join(f"{tag}={value}" for tag, value in found.tags.items() if tag not in gone)
        yield warning(
            "DMARC",
            f"the record of {found.domain} has {those}, which RFC 9989 took away: receivers ignore it",
            "have this instead",
            Record(f"_dmarc.{found.domain}", "TXT", kept),
        )
    if found.policy not in ("none", "quarantine", "reject"):
        yield error("DMARC", f"the policy of {found.domain} is p={found.policy}", "p=none, quarantine or reject")
    else:
        where = "" if found.domain == domain else f", by the record of {found.domain}"
        yield good("DMARC", f"{domain} asks for p={found.policy}{where}")


def _alignment(config: Config, found: Dmarc, domain: str, lookup: Lookup) -> Iterator[Verdict]:
    """Whether what is checked, SPF’s envelope and DKIM’s d=, is the domain readers see."""
    envelope = records.envelope_domain(config)
    if envelope != domain and (
        found.is_strict("aspf") or organization_of(envelope, lookup) != organization_of(domain, lookup)
    ):
        yield warning(
            "DMARC",
            f"the envelope is of {envelope}, and From is of {domain}: DMARC rests on DKIM alone",
            "have [bounces] address in the same domain",
        )
    if config.dkim.sign != "own":
        return
    signing = config.signing_domain
    strict = found.is_strict("adkim")
    same = signing == domain or (not strict and organization_of(signing, lookup) == organization_of(domain, lookup))
    if same:
        yield good("DMARC", f"our signature is of {signing}, aligned with From")
    else:
        how = " (adkim=s asks for the very same)" if strict else ""
        yield error("DMARC", f"our signature is of {signing}, and From is of {domain}{how}", "take out [dkim] domain")


BACK = "returned letters"


def judge_replies(config: Config, lookup: Lookup) -> Iterator[Verdict]:
    """Replies, and what comes back: both need somebody who takes mail."""
    domains = {config.reply_to.address.domain: "replies", records.envelope_domain(config): BACK}
    returns = f"; what comes back goes {profile_of(config.smtp).returns}"
    for domain, what in domains.items():
        try:
            exchanges = lookup.mx(domain)
            if exchanges and not any(exchange.host for exchange in exchanges):
                yield error(
                    "replies", f"{domain} says it takes no mail (RFC 7505): {what} get lost", "see reply_to, from"
                )
            elif exchanges:
                yield good("replies", f"{exchanges[0].host} takes mail for {domain}{returns if what is BACK else ''}")
            elif lookup.addresses(domain):
                yield warning(
                    "replies", f"{domain} has no MX: {what} go to the machine of that name", "add an MX record"
                )
            else:
                yield error("replies", f"nobody takes mail for {domain}: {what} get lost", "add an MX record")
        except Unanswered as why:
            yield skipped("replies", str(why))
