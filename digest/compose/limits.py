"""How many of an article's words an item may print: quoting etiquette, not law (docs/quoting.md)."""

from __future__ import annotations

from digest.config import Quoting
from digest.model import Article, ItemForm
from digest.text.words import count_words


def words_allowed(article: Article, form: ItemForm, quoting: Quoting) -> int | None:
    """The most words of *article*, summary and quotes together; None for a text that is free and has no limit of its
    outlet's own."""
    outlet = quoting.outlets.get(article.outlet or "")
    if article.free_to_quote():
        return outlet
    lead = form == "lead"
    words = quoting.lead_max_words if lead else quoting.max_words
    share = quoting.lead_max_share if lead else quoting.max_share
    report = sum(count_words(span.of(article.text)) for span in article.body())
    return min(n for n in (int(share * report), words or None, outlet) if n is not None)
