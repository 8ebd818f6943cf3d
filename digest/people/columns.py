"""What a list's columns mean: the words of its header, in the languages and tools people bring, as fields.

A field says what is done with a cell; a column nobody knows is not used, and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from digest.errors import DigestError
from digest.people.rows import Left

Field = Literal[
    "address",
    "name",
    "first",
    "last",
    "language",
    "topics",
    "length",
    "status",  # a word: see WORDS_OF_STATUS
    "block",  # the same, of the address
    "stays",  # yes or no: gets mail
    "stops",  # yes or no: gets none
    "left",  # when they left; anything but a blank means they did
    "bounced",  # when mail to them came back for good
    "paused",
    "joined",
    "confirmed",
    "ip",
    "confirmed ip",
    "earlier at",  # the four of our own export: the consent as it was known there
    "earlier how",
    "earlier who",
    "earlier wording",
    "-",  # not used, by the editor's word
]

MAPPABLE = tuple(name for name in get_args(Field) if not name.startswith("earlier"))

_WORDS: Mapping[Field, str] = {
    "address": """address; email; e-mail; mail; email address; e-mail address; mail address; subscriber email;
        adresse; e-mail-adresse; email-adresse; emailadresse; mailadresse; mail-adresse; courriel; adresse e-mail;
        adresse email; adresse mail; adresse électronique; correo; correo electrónico; correo electronico;
        dirección de correo; indirizzo email; indirizzo e-mail; posta elettronica; e-mailadres; emailadres;
        e-mail adres; endereço de e-mail; endereço de email; correio eletrónico; correio eletrônico; e-postadress;
        e-post; epost; sähköposti; adres e-mail; adres email; почта; адрес; эл. почта; адрес эл. почты;
        электронная почта; адрес электронной почты; емейл; имейл; електронна пошта; пошта; メールアドレス; メール;
        eメール; 电子邮件; 电子邮箱; 邮箱; 邮件; 邮箱地址; 電子郵件; 信箱; 이메일; 메일;
        البريد الإلكتروني; البريد; بريد; الإيميل; ایمیل; אימייל; דוא"ל; ईमेल; อีเมล; ηλεκτρονικό ταχυδρομείο""",
    "name": """name; full name; display name; real name; subscriber name; vollständiger name; nom; nom complet; nombre;
        nombre completo; nome; nome completo; naam; volledige naam; namn; nimi; imię i nazwisko; имя; 名前; 氏名; 姓名;
        الاسم""",
    "first": "first name; firstname; fname; given name; vorname; prénom; prenom; voornaam; förnamn; imię; etunimi; 名",
    "last": """last name; lastname; lname; surname; family name; nachname; familienname; nom de famille; apellido;
        apellidos; cognome; sobrenome; achternaam; efternamn; nazwisko; sukunimi; фамилия; 姓""",
    "language": "language; preferred language; lang; locale; sprache; langue; idioma; lingua; taal; språk; язык; 言語",
    "topics": "topics; sections; themen; sujets; rubriques; temas; temi; onderwerpen; ämnen; темы",
    "length": "length",
    "status": "status; membership; state; subscription status; subscriber status; member status; statut; estado; stato",
    "block": "block",
    "stays": "subscribed; subscribed to emails; opted in; abonniert; abonné; suscrito; iscritto",
    "stops": "email disabled; unsubscribed; opted out; abgemeldet; désabonné",
    "left": """unsub time; unsubscribed at; unsubscription date; unsubscribe date; unsubscribed date; optout time;
        opt-out time; deleted at; abgemeldet am; désabonné le""",
    "bounced": "clean time; bounced at; undeliverability date",
    "paused": "paused until",
    "joined": """joined; joined at; optin time; opt-in time; created at; creation date; created; subscribed at;
        subscription date; subscribe date; date added; date subscribed; signup date; sign up date; start date;
        angemeldet am; inscrit le; date d'inscription; fecha de alta; data iscrizione""",
    "confirmed": "confirm time; confirmed at; confirmation date; confirmation time; double opt-in time; bestätigt am",
    "ip": "optin ip; opt-in ip; ip; ip address; signup ip; ip-adresse; adresse ip",
    "confirmed ip": "confirm ip; confirmation ip",
    "earlier at": "consent at",
    "earlier how": "consent how",
    "earlier who": "consent who",
    "earlier wording": "consent wording",
}


def plain(word: str) -> str:
    """A header's word as it is compared: ``OPTIN_TIME`` and ``Opt-in time`` alike."""
    return re.sub(r"[\s_]+", " ", word.strip().strip("\ufeff").casefold()).strip()


_FIELD_OF: Mapping[str, Field] = {
    plain(word): field for field, words in _WORDS.items() for word in re.sub(r"\s+", " ", words).split(";")
}

Columns = Mapping[int, Field]
"""Column, counted from 0 -> what it is read as."""


def columns_of(
    header: Sequence[str], also: Mapping[str, Field], mapping: Mapping[str, str], name: str, *, guessed: bool = False
) -> dict[int, Field]:
    """What each known column is read as. *also*: words that mean something in that tool's exports only; *mapping*: the
    editor's word on columns, by header or number. *guessed*: in which
    encoding the header was read. Raises DigestError for columns and fields there are not."""
    found: dict[int, Field] = {}
    for number, word in enumerate(header):
        field = also.get(plain(word)) or _FIELD_OF.get(plain(word))
        if field is not None and field not in found.values():
            found[number] = field
    for column, wanted in mapping.items():
        number = _number(column, header, name)
        if wanted not in MAPPABLE:
            raise DigestError(f"--map {column}={wanted}: no such field", hint=f"one of {', '.join(MAPPABLE)}")
        found = {n: f for n, f in found.items() if n != number and (f != wanted or wanted == "-")}
        found[number] = wanted  # type: ignore[assignment]
    found = _names(found)
    if "address" not in found.values():
        hint = f"it has: {', '.join(header) or 'no header'}; --map COLUMN=address says which it is"
        if guessed and not "".join(header).isascii():
            hint += "; if these are no words, --encoding says which letters they are: windows-1251, shift_jis …"
        raise DigestError(f"{name}, line 1: no column is called `address`", hint=hint)
    return dict(sorted((n, f) for n, f in found.items() if f != "-"))


def _number(column: str, header: Sequence[str], name: str) -> int:
    words = [plain(word) for word in header]
    if plain(column) in words:
        return words.index(plain(column))
    if column.isdecimal() and 1 <= int(column) <= max(len(header), 1000 if not header else 0):
        return int(column) - 1
    raise DigestError(
        f"{name} has no column {column!r}",
        hint=f"it has: {', '.join(header)}" if header else "it has no header: name columns by number, from 1",
    )


def _names(found: dict[int, Field]) -> dict[int, Field]:
    """*Nom* beside *Prénom*, or *Nombre* beside *Apellidos*, is a part of the name and not the whole."""
    fields = set(found.values())
    if "name" in fields and ("first" in fields) != ("last" in fields):
        part: Field = "last" if "first" in fields else "first"
        return {n: part if f == "name" else f for n, f in found.items()}
    return found


# ------------------------------------------------------------------------------------------------ words in cells

_STATUS: Mapping[str, str] = {
    "stay": """subscribed; active; confirmed; enabled; regular; premium; gifted; trialed; churning; past due; paused;
        member; yes; true; 1; none; free; paid; comped; aktiv; abonniert; angemeldet; bestätigt; actif; abonné; inscrit;
        activo; suscrito; attivo; iscritto; actief; aktywny; активен""",
    "unsubscribed": """unsubscribed; inactive; disabled; removed; left; optout; opt-out; opted out; deleted; archived;
        no; false; 0; blocklisted; blacklisted; blocked; suppressed; cancelled; canceled; abgemeldet; inaktiv;
        désabonné; désinscrit; inactif; baja; inactivo; disiscritto; inattivo; uitgeschreven; spammy""",
    "bounced": "bounced; cleaned; hard bounced; hard bounce; undeliverable; invalid; unreachable",
    "complained": "complained; complaint; spam; spam complaint; marked as spam; abuse",
    "unconfirmed": """unconfirmed; unactivated; pending; not confirmed; waiting; nonsubscribed; non-subscribed;
        transactional; unpaid; unbestätigt""",
}
_STATUS_OF = {
    plain(word): meaning for meaning, words in _STATUS.items() for word in re.sub(r"\s+", " ", words).split(";")
}

NEVER_CONFIRMED = "they never confirmed there"


def status_of(word: str) -> tuple[Left, str]:
    """What a status says: gone or not, and why such a line cannot be taken ('' when it can)."""
    if not word:
        return "", ""
    meaning = _STATUS_OF.get(plain(word))
    if meaning is None:
        return "", f"the status “{word}” is not known here (--map COLUMN=- leaves the column out)"
    if meaning == "unconfirmed":
        return "", f"{NEVER_CONFIRMED} ({word})"
    return ("" if meaning == "stay" else meaning), ""  # type: ignore[return-value]


def is_yes(word: str) -> bool | None:
    """None: neither yes nor no."""
    meaning = _STATUS_OF.get(plain(word))
    return None if meaning not in ("stay", "unsubscribed") else meaning == "stay"
