"""A mail that carries another: where the other begins in its lines, and what its own header said.

Forms: Gmail's and Thunderbird's dashed line, Apple Mail's "Begin forwarded message:", Outlook's "Original Message" or
bare block of From, Sent, To, Subject, in the languages these clients print them in. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LABELS = {
    "from": "from von de da van från fra od от отправитель",
    "date": "date sent datum gesendet envoyé fecha enviado data inviato enviada verzonden skickat sendt wysłano дата",
    "to": "to an à para a aan till til do кому",
    "cc": "cc kopie kopia копия",
    "subject": "subject betreff objet asunto oggetto assunto onderwerp ämne emne temat тема",
    "reply-to": "reply-to antwort-an",
}
_FIELD_OF = {label: field for field, labels in _LABELS.items() for label in labels.split()}
_WORDS = "|".join(sorted(map(re.escape, _FIELD_OF), key=len, reverse=True))
_LABEL = re.compile(rf"(?:^|(?<=\s))\*?(?P<label>{_WORDS})\*?\s?:\*?(?=\s|$)\s*", re.IGNORECASE)
_MARKER = re.compile(
    r"[-_\s]*(?:"
    r"(?:forwarded message|original message|weitergeleitete nachricht|ursprüngliche nachricht|"
    r"message (?:transféré|d['’]origine)|mensaje (?:reenviado|original)|messaggio (?:inoltrato|originale)|"
    r"doorgestuurd bericht|oorspronkelijk bericht|mensagem (?:encaminhada|original))\s*-{3,}"
    r"|(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|début du message (?:réexpédié|"
    r"transféré)|"
    r"inicio del mensaje reenviado|inizio messaggio inoltrato|begin doorgestuurd bericht|"
    r"início da mensagem (?:re)?encaminhada)\s*:"
    r")\s*",
    re.IGNORECASE,
)


_LONGEST = 25
"""Lines a header may have: a text full of labels must not be searched again from each of them."""

_WIDEST = 2_000
"""Characters of a line that are looked at for labels."""


@dataclass(frozen=True, slots=True)
class Forward:
    """``lines[start:end]`` are the mark and the header of the mail carried, which begins at *end*."""

    start: int
    end: int
    fields: dict[str, str]  # from, date, to, cc, subject, reply-to: as printed; those that are there


def find_forward(lines: Sequence[str]) -> Forward | None:
    """The first mail carried inside *lines*, None where there is none."""
    bares = list(map(_bare, lines))
    searched = 0
    for start, bare in enumerate(bares):
        marker = _MARKER.match(bare)
        if not marker and (start < searched or not _opens(bare, "from")):
            continue
        end, fields = _header(bares, start, bare[marker.end() :] if marker else bare)
        if "from" in fields and ("subject" in fields or marker) and ("date" in fields or "to" in fields):
            return Forward(start, end, fields)
        # What begins inside it has no more fields, unless it goes on beyond what was looked at.
        searched = end if end < start + _LONGEST else start + _LONGEST // 2
    return None


def _bare(line: str) -> str:
    """Without the marks of quoted text (RFC 3676, 4.5) around it."""
    return re.sub(r"^(?:>\s?)+", "", line.strip()).strip()


def _opens(line: str, field: str) -> bool:
    label = _LABEL.match(line)
    return label is not None and _FIELD_OF[label["label"].lower()] == field


def _header(bares: Sequence[str], start: int, first: str) -> tuple[int, dict[str, str]]:
    """Where the header that begins in line *start* ends, and its fields. A blank line ends it, unless a label comes
    next; a line without a label goes on with the field above."""
    fields: dict[str, str] = {}
    last = ""
    end = start + 1
    for number in range(start, min(start + _LONGEST, len(bares))):
        line = (first if number == start else bares[number])[:_WIDEST]
        if not line:
            continue
        if _LABEL.match(line):
            for last, value in _fields(line):
                fields.setdefault(last, value)
        elif number > start and (not last or not bares[number - 1]):
            break
        elif last:
            fields[last] = f"{fields[last]} {line}".strip()
        end = number + 1
    return end, fields


def _fields(line: str) -> Iterator[tuple[str, str]]:
    """A line may hold several: HTML mails set them apart by line breaks only."""
    pieces = _LABEL.split(line)  # what stands before the first label, then label and value in turn
    for label, value in zip(pieces[1::2], pieces[2::2], strict=True):
        yield _FIELD_OF[label.lower()], value.strip()
