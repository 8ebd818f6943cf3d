"""What a newsletter leaves in a mail that is no part of its text: links to its web page, to leave, to change
preferences, why one receives it, the postal address below; and whatever tells who the reader was.

No address or token of a reader may get into an article, not even into the list of what was removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from urllib.parse import unquote, urlsplit

from digest.address import web_address
from digest.collect.urls import canonical_url, host_of
from digest.model import Removed

_MAIL = re.compile(r"(?<![\w.+%=-])[\w.+%=-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://[^\s<>()\[\]\"]+")
_BRACKETED = re.compile(
    r"(?<!\s)\s*(?:<(?:https?://|mailto:)[^\s<>]*>|\[https?://[^\s\[\]]*\]|\(https?://(?:[^\s()]|\([^\s()]*\))*+\))"
)
"""How a text part writes the target of a link behind the linked words."""

_VIEW = re.compile(
    r"\b(?:view|read|open|see)\b.{0,30}\b(?:in (?:your |a |the )?(?:web )?browser|online|on the web)\b|"
    r"\bweb ?version\b|"
    r"im browser (?:ansehen|öffnen|anzeigen|lesen)|\bonline-?(?:version|ansicht)\b|"
    r"(?:voir|lire|afficher|consulter).{0,40}(?:navigateur|en ligne)|version (?:en ligne|web)|"
    r"ver .{0,30}navegador|versión (?:web|en línea)|visualizza .{0,30}browser|versione (?:web|online)|"
    r"(?:abrir|visualizar) .{0,30}navegador|versão (?:web|online)|(?:bekijk|lees) .{0,30}(?:browser|online)|"
    r"online ?versie|w przeglądarce|wersja online|i (?:webbläsaren?|browseren?|nettleseren?)\b|selaimessa|"
    r"в браузере|веб-версия|у браузері|tarayıcıda|ブラウザで|在浏览器中|브라우저에서|웹에서 보기|في المتصفح",
    re.IGNORECASE,
)
_LEAVE = re.compile(
    r"\bunsubscribe\b|\bopt[ -]?out\b|\babmelden\b|\babbestellen\b|\baustragen\b|\bdésabonner\b|\bdésinscri\w+|"
    r"\bdésabonn\w+|"
    r"\bdarse de baja\b|\bdarte de baja\b|cancelar (?:la|tu|su) suscripción|\bdisiscri\w+|\bannulla l['’]iscrizione|"
    r"cancelar (?:a |sua )?(?:inscrição|subscrição|assinatura)|\bdescadastr\w+|\buitschrijven\b|\bafmelden\b|"
    r"\bwypisz\b|"
    r"zrezygnuj z|anuluj subskrypcję|avregistrera|avsluta prenumeration|\bafmeld\b|\bframeld\b|meld deg av|"
    r"avslutt abonnement|peruuta (?:tilaus|uutiskirje)|lopeta tilaus|отписаться|відписатися|abonelikten|配信停止|"
    r"購読解除|"
    r"登録解除|退订|取消订阅|수신거부|구독 취소|إلغاء الاشتراك",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"(?:you(?:['’]re| are)? (?:receiving|received|got)|sie erhalten|du erhältst|vous recevez|vous avez reçu|"
    r"recib(?:es|e) est|"
    r"has recibido est|ricevi quest|hai ricevuto quest|você (?:está recebendo|recebeu)|recebe est|(?:je|u) ontvangt|"
    r"otrzymujesz t|du får det|du har fått det|du modtager|du mottar|saat tämän|вы получ|ви отрим|bu e-postayı|"
    r"このメールは|"
    r"您收到|이 메일은|تلقيت هذ|تصلك هذ).{0,40}(?:e-?mail|mail|newsletter|courriel|lettre|correo|boletín|message|"
    r"nieuwsbrief|"
    r"wiadomość|nyhetsbrev|nyhedsbrev|viestin|uutiskirje|письмо|рассылк|лист|メール|邮件|메일|رسالة|النشرة|"
    r"alıyorsunuz).*",
    re.IGNORECASE,
)
_CARE = re.compile(
    r"(?:manage|update|change|edit) (?:your )?(?:e-?mail )?(?:preferences|subscriptions?|profile|settings)\b.*|"
    r"e-?mail preferences|(?:einstellungen|profil|abo) (?:ändern|verwalten|aktualisieren)|"
    r"gérer (?:vos|mes|votre) (?:préférences|abonnements?)|(?:gestionar|actualizar) (?:tus |sus )?preferencias|"
    r"(?:gestisci|aggiorna) (?:le )?(?:tue )?preferenze|(?:gerenciar|gerir|atualizar) (?:suas )?preferências|"
    r"(?:voorkeuren|gegevens) (?:aanpassen|beheren|wijzigen)|zarządzaj (?:subskrypcją|preferencjami)|"
    r"hantera prenumeration|"
    r"(?:forward|send) (?:this )?(?:e-?mail )?to a friend.*|was this (?:e-?mail )?forwarded to you\?.*|"
    r"(?:having )?trouble (?:viewing|reading) this.*|add us to your address book.*|настройки рассылки|"
    r"управлять подпиской",
    re.IGNORECASE,
)
_SHORT = 120
"""Characters: a longer line that speaks of leaving may be about it."""

_FOOT = 0.3
"""What stands below the link to leave is the foot if it is no more than this share of the mail."""


def personal_lines(lines: Sequence[str], addresses: Iterable[str]) -> dict[int, str]:
    """Line number from 0 -> why it goes: it holds one of the reader's *addresses*, or a link made for one reader."""
    known = {address.lower() for address in addresses if "@" in address}
    found = {}
    for number, line in enumerate(lines):
        plain = unquote(line).lower()
        if any(address in plain for address in known):
            found[number] = "the reader's address"
        elif any(is_personal(url) for url in _URL.findall(line)) or re.fullmatch(r"\W*https?://\S+\W*", line.strip()):
            found[number] = "a link"
    return found


def mailing_lines(lines: Sequence[str]) -> dict[int, str]:
    """Line number from 0 -> why it is a newsletter's own leftover, the foot of the mail with it."""
    found = {}
    before = list(accumulate((len(line.strip()) for line in lines), initial=0))
    foot = False
    for number, line in enumerate(lines):
        bare = _URL.sub("", _BRACKETED.sub("", line)).strip(" \t|·•*:-–—()<>[]")
        if not bare:
            continue
        if foot:
            found[number] = "foot of the mail"
        elif len(bare) <= _SHORT and _LEAVE.search(bare):
            found[number] = "link to leave"
            foot = before[number] > 0 and before[-1] - before[number + 1] <= _FOOT * before[-1]
        elif _WHY.match(bare):
            found[number] = "why one receives it"
        elif len(bare) <= _SHORT and _VIEW.search(bare) and not re.search(r"[^\W\d_]{2}\.\s+\w", bare):
            found[number] = "link to the web page"
        elif _CARE.fullmatch(bare):
            found[number] = "link to preferences"
    return found


def without_targets(line: str) -> str:
    """*line* without the addresses a text part writes behind its links' words."""
    return _BRACKETED.sub("", line)


def web_page(links: Iterable[tuple[str, str]]) -> str | None:
    """The address of the mail's own web page among *links* (words, address): one that is the same for every reader."""
    for words, link in links:
        address = web_address(link)
        if address and _VIEW.search(words) and not is_personal(address):
            return address
    return None


def is_personal(url: str) -> bool:
    """Whether *url* may tell who follows it: it has a query beyond tracking, a mail address, or a part nobody types."""
    try:
        parts = urlsplit(canonical_url(url))
    except ValueError:
        return True
    pieces = [piece for piece in parts.path.split("/") if piece]
    return bool(parts.query) or "@" in unquote(url) or any(map(_is_token, pieces))


def _is_token(piece: str) -> bool:
    """Long, without hyphens between words, and of letters and digits mixed."""
    longest = max(re.split(r"[-_.]", piece), key=len)
    return len(longest) >= 16 and bool(re.search(r"\d", longest)) and bool(re.search(r"[A-Za-z]", longest))


def masked(removed: Removed) -> Removed:
    """*removed* without addresses: of a link, only its host stays."""
    text = _URL.sub(lambda m: f"https://{host_of(m[0])}/…", removed.text)
    return Removed(removed.line, _MAIL.sub("…@…", text), removed.reason)
