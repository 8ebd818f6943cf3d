"""How many of an article's words an item may print: quoting etiquette, not law (docs/quoting.md).

The one place that knows: summaries are cut by it, and `digest check` measures by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from digest.config import Quoting
from digest.model import Article, ItemForm
from digest.text.words import count_words


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be printed of one article, in words, summary and quotes together."""

    words: int | None  # by the number set for items, the lead or the outlet; None: no such limit
    share: int | None  # by the share of the report; None: the text is free
    report: int  # words of the article's report

    @property
    def most(self) -> int | None:
        """The smaller of the two; None for no limit."""
        return min((n for n in (self.words, self.share) if n is not None), default=None)


def allowance(article: Article, form: ItemForm, quoting: Quoting) -> Allowance:
    """What *form* may print of *article*. A free text has no limit but its outlet's own; a right to excerpt more than a
    visitor sees is none to print at length."""
    outlet = quoting.outlets.get(article.outlet or "")
    report = sum(count_words(span.of(article.text)) for span in article.body())
    if article.free_to_quote():
        return Allowance(outlet, None, report)
    lead = form == "lead"
    usual = (quoting.lead_max_words if lead else quoting.max_words) or None
    words = min((n for n in (usual, outlet) if n is not None), default=None)
    return Allowance(words, int((quoting.lead_max_share if lead else quoting.max_share) * report), report)
