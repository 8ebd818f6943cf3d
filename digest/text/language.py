"""Which language a text is in."""

from __future__ import annotations

UNKNOWN = "und"
_ENOUGH = 20  # letters; below that a guess is worth nothing
_SAMPLE = 500


def detect_language(text: str, *, hint: str | None = None) -> str:
    """The language as a BCP 47 primary tag ("en", "de"), 'und' when the text is too short to tell.

    Reads the first 500 characters. *hint* (a page's or feed's own tag) answers for a short text only: templates
    often carry the wrong one.
    """
    sample = text[:_SAMPLE]
    if sum(c.isalpha() for c in sample) < _ENOUGH:
        return primary_tag(hint) or UNKNOWN
    import py3langid  # loads a model of its own: only when asked

    language, _ = py3langid.classify(sample)
    return str(language)


def primary_tag(tag: str | None) -> str:
    """``en`` of ``en-GB``; '' for none or what is no tag."""
    first = (tag or "").replace("_", "-").split("-")[0].strip().lower()
    return first if first.isascii() and first.isalpha() and 2 <= len(first) <= 3 else ""
