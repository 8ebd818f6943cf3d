"""Reports made for programs: delivery status (RFC 3464, 6533), feedback (RFC 5965), Amazon SES's notifications."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from digest.send.bounces.grades import grade, status_in
from digest.send.bounces.nouns import Failure, Kind
from digest.send.bounces.parts import ADDRESS, Mail, blocks, kind_of, letter_of, parameter, parts, raw_of, text_of

STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
Read = tuple[Kind, tuple[Failure, ...]]


# ------------------------------------------------------------------------------------------------ delivery status


def delivery_status(message: Mail, words: str) -> Read | None:
    """What a delivery status notification says; None for anything else, also for one that says nothing.

    *words*: its part for people, for reports whose fields give no reason.
    """
    if kind_of(message) == "multipart/report" and parameter(message, "report-type") not in ("", "delivery-status"):
        return None
    part = next((part for part in parts(message) if kind_of(part) in STATUS_TYPES), None)
    if part is None or part is message:
        return None
    found = [_outcome(fields, words) for fields in blocks(text_of(part) or raw_of(part)) if _is_recipient(fields)]
    for action in ("failed", "delayed", "delivered"):
        failures = tuple(failure for done, failure in found if done == action)
        if failures:
            kind: Kind = "bounce" if action == "failed" else "delayed" if action == "delayed" else "delivered"
            return kind, failures if kind != "delivered" else ()
    return None


def _is_recipient(fields: Mapping[str, str]) -> bool:
    return any(name in fields for name in ("final-recipient", "original-recipient", "action", "status"))


_TYPE = re.compile(r"^\s*[\w-]+\s*;\s*")  # of a diagnostic code: smtp; X-Postfix; …
_ACTIONS = {"failed": "failed", "failure": "failed", "delayed": "delayed"}
_ACTIONS |= dict.fromkeys(("delivered", "relayed", "expanded"), "delivered")


def _outcome(fields: Mapping[str, str], words: str) -> tuple[str, Failure]:
    """failed, delayed, delivered or '', and the details."""
    said = re.match(r"[A-Za-z]+", fields.get("action", ""))
    status = status_in(fields.get("status", ""))
    action = _ACTIONS.get(said[0].lower() if said else "", "")
    if not action and status:
        action = {"5": "failed", "4": "delayed", "2": "delivered"}[status[0]]
    code = _TYPE.sub("", fields.get("diagnostic-code", ""))[:2000]
    reason = code if re.search(r"[A-Za-z\u0080-\uffff]{3}", code) else f"{code} {words[:2000]}".strip()
    judged = grade(status, reason)
    if judged == "unknown" and reason == code:
        judged = grade(status, f"{code} {words[:2000]}")
    return action, Failure(_recipient(fields), status or status_in(reason), code or words[:300], judged)


def _recipient(fields: Mapping[str, str]) -> str:
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        found = typed_address(fields.get(name, ""))
        if found:
            return found
    return ""


def typed_address(value: str) -> str:
    """The address of ``rfc822; user@host`` or ``utf-8; …`` (RFC 6533 section 3: \\x{4E8C} for what is no ASCII); ''."""
    value = re.sub(r"^\s*[\w-]+\s*;", "", value)
    value = re.sub(r"\\x\{([0-9A-Fa-f]{2,6})\}", _character, value)
    found = ADDRESS.search(value)
    return found[0] if found else ""


def _character(escaped: re.Match[str]) -> str:
    number = int(escaped[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""


# ------------------------------------------------------------------------------------------------ feedback

_COMPLAINTS = {"abuse", "fraud", "opt-out", "opt-out-list"}


def feedback(message: Mail) -> Read | None:
    """What a feedback report (RFC 5965) says, or Outlook.com's older kind without fields; None for anything else."""
    part = next((part for part in parts(message) if kind_of(part) == "message/feedback-report"), None)
    if part is not None and part is not message:
        fields = next(iter(blocks(text_of(part) or raw_of(part))), {})
        return ("complaint" if fields.get("feedback-type", "").lower() in _COMPLAINTS else "feedback"), ()
    if "x-hmxmroriginalrecipient" in letter_of(message):
        return "complaint", ()
    return None


# ------------------------------------------------------------------------------------------------ Amazon SES by SNS

_ABOUT_US = {"ContentRejected", "AttachmentRejected", "MessageTooLarge"}


def notification(words: str) -> tuple[Read, tuple[str, ...]] | None:
    """What an Amazon SES notification mailed by SNS says, and whose letter it was; None for anything else.

    docs.aws.amazon.com/ses/latest/dg/notification-contents.html
    """
    start = words.find("{")
    if start < 0 or ("notificationType" not in words and "eventType" not in words):
        return None
    try:
        told = json.JSONDecoder().raw_decode(words[start:])[0]
        if isinstance(told, dict) and isinstance(told.get("Message"), str):  # the protocol "email-json"
            told = json.loads(told["Message"])
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    mail = told.get("mail")
    to = tuple(_texts(mail.get("destination"))) if isinstance(mail, dict) else ()
    what = told.get("notificationType", told.get("eventType"))
    about = told.get(str(what).lower())
    about = about if isinstance(about, dict) else {}
    if what == "Bounce":
        return ("bounce", tuple(_bounced(about))), to
    if what == "Complaint":
        return ("feedback" if about.get("complaintFeedbackType") == "not-spam" else "complaint", ()), to
    if what in ("Delivery", "DeliveryDelay"):
        return ("delivered" if what == "Delivery" else "delayed", ()), to
    return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def _bounced(about: Mapping[str, Any]) -> Iterator[Failure]:
    permanent, why = about.get("bounceType") == "Permanent", str(about.get("bounceSubType", ""))
    people = about.get("bouncedRecipients")
    for person in people if isinstance(people, list) else []:
        if not isinstance(person, dict):
            continue
        status, words = status_in(str(person.get("status", ""))), str(person.get("diagnosticCode", why))
        words = _TYPE.sub("", words)
        judged = grade(status, words)
        if why in _ABOUT_US:
            judged = "policy"
        elif not permanent:  # answers of a program that is away come as Transient, too
            judged, status = "soft", status if status.startswith("4.") else ""
        elif judged == "unknown" and why in ("General", "NoEmail", "Suppressed", "OnAccountSuppressionList"):
            judged = "hard"
        yield Failure(str(person.get("emailAddress", "")), status, words, judged)
