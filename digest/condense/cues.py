"""The words that report speech, in several languages. Data, and two patterns made of it."""

from __future__ import annotations

import re

# Lemma-free: every form that stands beside a quote. Strong cues report speech wherever they stand.
STRONG = (
    "said says say saying told tells telling added adds adding asked asks asking replied replies wrote "
    "writes writing tweeted "
    "tweets posted explained explains explaining argued argues arguing warned warns warning insisted "
    "insists insisting claimed claims "
    "claiming announced announces noted notes noting stated states stating commented comments admitted "
    "admits recalled recalls "
    "concluded concludes continued continues declared declares exclaimed acknowledged acknowledges "
    "conceded concedes "
    "countered observed observes remarked responded responds joked jokes quipped shouted yelled screamed "
    "cried whispered "
    "vowed vows promised promises suggested suggests testified complained complains contended contends "
    "asserted asserts "
    "emphasized emphasised stressed stresses predicted predicts reported reports reiterated repeated "
    "repeats read reads "
    "reading stating concludes confirmed confirms denied denies mused lamented laments boasted boasts "
    "bragged opined "
    "proclaimed pleaded reflected reasoned retorted sighed texted urged urges wondered interjected "
    "elaborated cautioned "
    "cautions advised maintained maintains offered cracked fumed thundered chimed intoned pointed summed "
    "tells chanted "
    "messaged blogged emailed penned muttered murmured snapped laughed ranted assured assures informed "
    "hinted agreed "
    "agrees"
).split()

# Report speech only around a quoted part: "called it “a disgrace”".
WEAK = (
    "called calls calling described describes describing accused accuses accusing dismissed dismissing "
    "dubbed labeled "
    "labelled criticized criticised criticizing praised praising praises denounced denouncing blasted "
    "slammed touted "
    "defended attacked mocked ripped hailed hit compared referred refers referring pledged swore believes "
    "believed thinks "
    "thought felt feels expressed expressing demanded demands calls warned vowing promising pledging "
    "insisting "
    "characterized characterised decried condemned condemning bemoaned questioned rejected rejecting "
    "blamed blaming "
    "alleged alleges revealed disclosed indicated indicates indicating proposed advocated envisioned sees "
    "saw views viewed "
    "credited recounted remembers remembered hopes hoped wants wanted found finds headlined titled quoted "
    "quoting quotes "
    "cited cites citing spoke speaks speaking talked talking talks declaring proclaiming acknowledging "
    "lamenting voiced "
    "signed shot fired went ended began begins opened closed gave made makes concluding tweeting praying "
    "argued pleaded "
    "threatened threatening deemed declined rated put puts invoked warned considers considered termed "
    "likened decrying "
    "depicted portrayed slamming mocking touting bashing trashing lambasted railed lashed scoffed"
).split()

FOREIGN = (
    # German, Dutch, Scandinavian
    "sagte sagt sagten erklärte erklärt meinte meint betonte betont fügte ergänzte kritisierte warnte "
    "schrieb schreibt "
    "teilte berichtete antwortete fragte forderte twitterte zei zegt vertelde aldus voegde schreef sa "
    "säger sade berättar "
    "menar sier sagde siger fortalte skrev uttalade sanoi kertoi toteaa totesi "
    # French, Spanish, Italian, Portuguese
    "dit déclaré déclare affirmé affirme expliqué explique ajouté ajoute estimé estime souligné souligne "
    "indiqué assure "
    "assuré raconte confie prévient répond lance dijo dice afirmó afirma explicó explica añadió aseguró "
    "señaló declaró "
    "agregó sostuvo indicó comentó escribió preguntó respondió detto dichiarato spiegato spiega aggiunto "
    "afferma "
    "sottolinea scrive scritto ha disse diz afirmou explicou acrescentou declarou contou escreveu "
    # Polish, Czech, Russian
    "powiedział powiedziała mówi dodał dodała stwierdził stwierdziła podkreślił napisał napisała "
    "oświadczył řekl řekla "
    "uvedl uvedla dodal dodala сказал сказала заявил заявила отметил отметила добавил добавила пишет "
    "сообщил сообщила"
).split()

SPEECH = frozenset((*STRONG, *FOREIGN))
ANY_CUE = SPEECH | frozenset(WEAK)

_WORD = re.compile(r"[^\W\d_]+")
_CJK_CUE = re.compile(r"と(?:述べ|語|話|言|し|強調|説明|コメント)|说|表示|称|指出|말했|밝혔|전했")


def has_cue(text: str, *, weak: bool = False) -> bool:
    """Whether *text* (outside the marks) reports speech."""
    cues = ANY_CUE if weak else SPEECH
    lowered = text.lower()
    return (
        any(word in cues for word in _WORD.findall(lowered))
        or "according to" in lowered
        or bool(re.search(r"\b(?:laut|selon|según|secondo|segundo|volgens|enligt|według)\b", lowered))
        or bool(_CJK_CUE.search(text))
    )
