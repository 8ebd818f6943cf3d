"""What reports speech: the words of `digest.text.speech`, and the patterns of languages without blanks."""

from __future__ import annotations

import re

from digest.text.speech import speech

_ALL = speech()
SPEECH = _ALL.says
ANY_CUE = _ALL.cues

_WORD = re.compile(r"[^\W\d_]+")
_ACCORDING = re.compile(rf"\b(?:{'|'.join(map(re.escape, _ALL.according))})(?!\w)")
_CJK_CUE = re.compile(
    r"と(?:[^。「」]{0,24}?(?:述べ|語|話し|言っ)|言|し|強調|説明|コメント)|说|表示|称|指出|말했|밝혔|전했"
)


def has_cue(text: str, *, weak: bool = False) -> bool:
    """Whether *text* (outside the marks) reports speech."""
    cues = ANY_CUE if weak else SPEECH
    lowered = text.lower()
    return (
        any(word in cues for word in _WORD.findall(lowered))
        or bool(_ACCORDING.search(lowered))
        or bool(_CJK_CUE.search(text))
    )
