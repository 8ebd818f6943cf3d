"""From a leased row to a letter: the reader's own links, the names derived for them, the envelope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from digest.address import Address
from digest.config import Config
from digest.dispatch.keys import bounce_token, message_id
from digest.dispatch.ledger import Addressee
from digest.model import Envelope, Letter, Rendered
from digest.render.message import Skeleton, reader_links
from digest.render.reader import own_words
from digest.send.relays import OWN_ID, profile_of


class Mailroom:
    """Writes one issue's letters; each variant is encoded once."""

    def __init__(self, config: Config, rendered: Rendered, key: bytes) -> None:
        self._config = config
        self._rendered = rendered
        self._key = key
        self._keeps_id = config.send.transport != "smtp" or profile_of(config.smtp).keeps_message_id
        self._skeletons: dict[str, Skeleton] = {}

    def letter_to(self, row: Addressee, date: datetime) -> Letter:
        """The letter of *row*. Raises SendError for values that cannot stand in one."""
        return self.letter(
            ordinal=row.ordinal,
            subscriber=row.subscriber,
            address=row.address,
            name=row.name,
            token=row.token,
            variant=row.variant,
            how=row.how,
            date=date,
        )

    def letter(
        self,
        *,
        ordinal: int,
        subscriber: int,
        address: Address,
        name: str,
        token: str,
        variant: str,
        date: datetime,
        how: str = "signed_up",
        thread: str = "",
    ) -> Letter:
        """The letter to one reader. The same row gives the same Message-ID every time; *thread* stands for the
        issue's slug in it, where one row's letter goes out under several (a test)."""
        skeleton = self._skeletons.get(variant)
        if skeleton is None:
            skeleton = self._skeletons[variant] = Skeleton(self._rendered, variant, self._config)
        sender, thread = self._config.newsletter.sender.address, thread or self._rendered.issue
        letter = skeleton.letter(
            ordinal=ordinal,
            envelope=self._envelope(thread, subscriber, address),
            message_id=message_id(thread, subscriber, self._key, sender.domain),
            date=date,
            fields=reader_fields(
                self._config,
                address,
                token,
                name=name,
                how=how,
                language=skeleton.language,
            ),
            one_click=bool(self._config.site.url),
            to_name=name,
        )
        if self._keeps_id:
            return letter
        return replace(letter, chunks=(f"{OWN_ID}: {letter.message_id}\r\n".encode(), *letter.chunks))

    def _envelope(self, thread: str, subscriber: int, address: Address) -> Envelope:
        """From where to where: what comes back comes to [bounces] address and says whose letter it was, or to From's
        where there is none."""
        returns = self._config.bounces.address
        if returns is None:
            sender = self._config.newsletter.sender.address
        else:
            token = bounce_token(thread, subscriber, self._key)
            sender = Address(f"{returns.address.local}+{token}", returns.address.domain)
        return Envelope(str(sender), str(address), not (sender.is_ascii and address.is_ascii))


def reader_fields(
    config: Config,
    address: Address,
    token: str,
    *,
    name: str = "",
    how: str = "signed_up",
    language: str = "",
) -> Mapping[str, str]:
    """What stands for the tokens in one reader's letter. *how* their consent came in is said in *language*, '' for
    the newsletter's."""
    fields = own_words(config, language or config.newsletter.language, email=address.shown, name=name, how=how)
    for link, before in reader_links(config).items():
        fields[link] = before + token
    return fields
