"""Does a stop end a sentence? Abbreviations, initials, ordinals, and speech that goes on behind a quote.

Knows the few words around one stop, nothing of paragraphs or lines. The time for one stop is bounded.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from digest.text.abbreviations import Rules

_QUOTES = "\"'“”‘’„‚«»‹›״"
_OPENERS = rf"{_QUOTES}(\[「『（【《〈［¿¡"
_CLOSERS = rf"{_QUOTES})\]」』）】》〉］"
_UNSEEN = "\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_EMOJI = (
    "\U0001f000-\U0001faff\u2600-\u26ff\u2705\u270a-\u270d\u2728\u274c\u2753-\u2757\u2763\u2764\u2b50\u2b55\ufe0f\u200d"
)
# What still belongs to the sentence behind its stop: closing marks, footnotes, faces, asides such as "[laughs]".
_TAIL = (
    rf"(?:[{_CLOSERS}{_UNSEEN}⁰¹²³⁴-⁹]|\s?\[(?:\d{{1,3}}|…|\.\.\.)\]|\s?[{_EMOJI}]++|\s[:;]-?[)(DP](?=\s)"
    rf"|\s[»›”](?=\s)|\s[(\[][^\W\d_A-Z][^()\[\]\n]{{0,40}}[)\]](?=\s[{_QUOTES}]?[A-Z]))*+"
)

STOP = re.compile(
    # Possessive repeats: a run of a hundred thousand stops is read once.
    r"(?P<stop>(?<![.!?…])(?:(?<!\.[ \u00a0])\.(?:[ \u00a0]\.)++|[.!?…]++|(?<=[\u0370-\u03ff\u1f00-\u1fff]);|\u037e))"
    rf"(?P<tail>{_TAIL}|(?<=[^\W\d_]{{3}}\.)\d{{1,2}})(?P<blank>\s++)"
    rf"(?=(?P<next>(?:[{_OPENERS}{_UNSEEN}\s]|[–—―]|-(?=\s))*+[^\s{_OPENERS}–—―]))"
    # A blank forgotten: "to the session.We heard".
    r"|(?P<glued>(?<=[a-zß-öø-ÿ]{3})[.!?]{1,3}[)\]”’»]?)(?=[“‘„«(]?[A-Z][a-z’'])"
    # Stops that need no blank behind them.
    rf"|(?P<wide>(?<![。！？｡．])[。！？｡．][。！？｡．!?…]*+[{_CLOSERS}＂{_UNSEEN}{_EMOJI}]*+)"
    rf"|(?P<full>(?<![।॥۔؟։።])[।॥۔؟։።][।॥۔؟։።.!…]*+{_TAIL})"
)

_QUOTE_SET, _DASH_SET = frozenset(_QUOTES), frozenset("–—―-")
_WORD = re.compile(rf"[{_OPENERS}]*([\w’']+(?:[.-]\w+)*)")
_EDGE = re.compile(r"[\"“”‘’'(\[«»„—–/]")
_DOTTED = re.compile(r"(?:[^\W\d_]\.-?)+[^\W\d_]")
_ROMAN = re.compile(r"[IVXLCDM]+")
_NUMBER = re.compile(r"\d{1,2}")
_LISTED = re.compile(r"[•‣▪●◦⁃*–-]?\s?\(?(?:\d{1,3}|[A-Za-zА-Яа-я]|[ivx]{2,4})\)?")
_BEFORE_NUMBERS = frozenset(
    "no nos nr nrs p pp vol ch fig figs eq art arts sec secs sect para par ext v n nn l ll c ca circa est b d r rs pt "
    "ps apt rm rte hwy tel ver op cl ed approx abs s bd kap abb tab kl num núm pág págs pag cap n.º t str стр гл ст "
    "п рис табл № σελ αρ sf md blz מס עמ טל séc sec godz".split()
)
_CLOCK = frozenset("a.m p.m π.μ μ.μ".split())
_AFTER_CLOCK = re.compile(
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October|"
    r"November|December|[ECMP][SD]?T|A?[EC]?ST|GMT|UTC|BST|CES?T|Eastern|Pacific|Central|Mountain|Greenwich|"
    r"(?:[A-Z][\w’']+\s){1,2}time)\b"
)
# Nothing but a time since the sentence began: "At 5 a.m.", "W 2015 r.".
_BARE_TIME = re.compile(
    r"(?i:the|at|by|on|in|from|since|until|till|before|after|around|about|shortly|we?|od|do|po|na|przed|во?|с|к|до|от|после|"
    r"около|у|з|від|після|до|σ\w*|em|às)\s(?:[^\W\d_]+\s){0,2}(?:\d[\d.:]*|[IVXLCM]+)(?:\s[^\W\d_]+\s\d{4})?\s\w(?:\.\w)?"
)
# An end although lower case, or a name, may follow: Russian "и т. д.", Polish "z o.o.", Swedish "m.m.".
_TRAILING = frozenset("т.д т.п н.э н.е n.e p.n.e m.m m.fl o.o".split())
_SHOUTED = frozenset("Yahoo Yum E Jeopardy Joomla Kahoot".split())
_SMALL_BRANDS = frozenset("adidas lululemon thyssenkrupp xkcd will.i.am k.d e.e".split())
_WITHIN = re.compile(r"[-’']")
_ADDRESS = re.compile(r"(?:https?://|www\.)|[\w-]+\.(?:com|org|net|io|gov|edu|info|de|fr|es|it|nl|pl|ru|co|eu)\b")
# A single letter behind these is no initial; nor is I behind "and", X behind "on".
_LETTERED = frozenset(
    "vitamin vitamins hepatitis plan type group class grade part section appendix exhibit category schedule malcolm "
    "generation division room gate block level influenza bahn gruppe klasse typ teil liga war weltkrieg model "
    "title".split()
)
_WORDS_BEFORE = {
    "I": frozenset("and than am do did as or but like".split()),
    "X": frozenset("on to from via platform".split()),
}
_COUNTED = re.compile(r"(?:\.|\b(?:kl|klo|nr|klokken|uhr|seite|platz|kapitel|nummer|strana|sayfa))\s$", re.I)
_MONTHS = re.compile(
    r"(?i)(?:jan|feb|mär|mar|apr|mai|maj|jun|jul|aug|sep|okt|oct|nov|dez|dec|tammi|helmi|maalis|huhti|touko|kesä|heinä|"
    r"elo|syys|loka|marras|joulu|ledna|února|března|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września)"
)
_SPEECH_GOES_ON = re.compile(
    r"(?!(?:He|She|They|It|We)\b)(?:(?:the|a|an|one|Mr|Mrs|Ms|Dr|Sir|Lord|Lady)\.?\s+)?(?:[A-Z][\w.’'-]*,?\s+){0,4}"
    r"(?:[a-z]+\s+)?(?:said|says|asked|asks|told|tells|wrote|writes|added|adds|replied|tweeted|shouted|wondered|"
    r"continued|joked|recalled|cried)\b(?!\s(?:that|he|she|it|they|we|there|this|these|no|his|her|their)\b)"
    r"|(?:[A-Z][\w.’'-]*\s+){1,4}(?:[a-z]+\s+)?(?:yelled|screamed|exclaimed|whispered|muttered|murmured|insisted|declared|"
    r"announced|demanded|quipped|pleaded|explained|argued|answered|called|called out)[.,;:]"
)
# Where letters have no case, only the verb says that a quote's sentence goes on.
_TAG = re.compile(
    r"(?:و)?(?:قال|قالت|يقول|تقول|سأل|سألت|أضاف|أضافت|صرح|صرحت|أكد|أكدت|كتب|كتبت|تساءل|صاح|هتف)\b"
    r"|(?:אמר|אמרה|אמרו|שאל|שאלה|הוסיף|הוסיפה|כתב|כתבה|טען|טענה|השיב|השיבה|צעק|צעקה)\b"
    r"|[^।.!?]{1,25}\s(?:कहा|पूछा|बोला|बोली|बोले|बताया|लिखा)(?=[\s।,])"
    r"|[^.!?؟]{1,25}\s(?:گفت|گفتند|پرسید|افزود|نوشت|فریاد زد)(?=[\s.،؛])"
    r"|[^.!?]{1,25}\s(?:물었다|말했다|외쳤다|답했다|덧붙였다|전했다|밝혔다)(?=[\s.])"
    r"|(?:이?라고|고|이?라며|하고|며|이?라는|는)\s"
)
_GOES_ON_WIDE = re.compile(
    r"\s*(?:と(?!ころ|はい|ても|にかく|もあれ|りあえず|もに|うとう|きに)|って|という|など|の(?!ち)|を|的|等|[、，；：,;:])"
)
_TAG_WIDE = re.compile(
    r"\s*[^。！？，、“”「」]{0,8}?(?:说|說|道|问|問|表示|称|喊|回答|写|寫|指出|强调|补充)(?:道|说|說)?[。，、：]"
)
_STAYS_WIDE = re.compile(r"の(?!ち)|を|[、，；：,;:]|と(?:思|言|驚|叫|述|話|聞|い[うっ])")


class _Next(NamedTuple):
    """What follows a stop."""

    at: int
    first: str  # the first character behind opening marks
    word: str
    opened: bool
    quoted: bool  # the mark just before is a quote's
    dashed: bool
    starter: bool  # a capitalized word that often opens a sentence: "The", "It's", "Don't"


def is_end(body: str, start: int, found: re.Match[str], aside: bool, rules: Rules) -> bool:
    """Whether *found*, a match of STOP, ends the sentence from *start* on; *aside*: it closes a bracket inside."""
    if found["wide"]:
        return _wide_ends(body, start, found)
    if found["full"]:
        after = body[found.end() : found.end() + 60]
        return after[:1] not in ("", *",،;؛:") and not (found["full"][-1] in _CLOSERS and _TAG.match(after.lstrip()))
    if found["glued"]:
        word = last_word(body, found.start())
        return _next(body, found.end(), "", rules).starter and not (rules.never_ends(word) or rules.is_short(word))
    stop, tail = found["stop"], found["tail"]
    then = _next(body, found.end(), found["next"], rules)
    if then.first in ",;:.!?%)]}،؛…" and not (then.first == "." and body[then.at + 1 : then.at + 2].isalpha()):
        return False
    opened = body[start : found.start()] if "“" in tail or "‘" in tail else ""
    if ("“" in tail and "„" not in opened) or ("‘" in tail and "‚" not in opened):
        return False  # they close only what the low mark opened
    quoted = tail.strip()[-1:] in _QUOTE_SET
    if then.first.islower() and not _opens_small(body, then):
        return quoted and then.quoted and not then.dashed and tail[0] in "\"”’»“'"
    if quoted and not then.opened and not _is_introduced(body, start, found.start()):
        tag = _SPEECH_GOES_ON.match(body, then.at) if stop != "." else None
        if tag or _TAG.match(body, then.at):
            return False
    if stop[-1] in "!?;\u037e":
        shouted = stop == "!" and last_word(body, found.start()) in _SHOUTED
        return then.starter or not (shouted or aside)
    if stop == ".":
        return _full_stop_ends(body, start, found.start(), not tail, then, rules)
    hesitating = found.start() - start <= 8 and re.match(r"I\b", then.word)  # "Well... I am not sure."
    return not hesitating


def _next(body: str, at: int, lead: str, rules: Rules) -> _Next:
    opened = lead[:-1].strip()
    at += max(0, len(lead) - 1)
    found = _WORD.match(body, at, at + 60)
    word = found[1] if found else ""
    starter = False
    if word[:1].isupper():
        plain = word.casefold().replace("’", "'")
        starter = plain in rules.starters or plain.split("'")[0] in rules.starters or plain.endswith("n't")
    return _Next(at, lead[-1:], word, bool(opened), opened[-1:] in _QUOTE_SET, opened[:1] in _DASH_SET, starter)


def _full_stop_ends(body: str, start: int, at: int, bare: bool, then: _Next, rules: Rules) -> bool:
    """Whether a single "." at *at* does; *bare*: nothing stands between it and the blank."""
    token = last_word(body, at)
    so_far = body[start:at] if at - start <= 40 else ""
    if bare and so_far and _LISTED.fullmatch(so_far):
        return False  # "1. The first item"
    if then.dashed and so_far and so_far.split()[0].isupper() and so_far.count(" ") < 4:
        return False  # "LONDON. — The minister"
    before = body[max(start, at - len(token) - 16) : at - len(token)]
    previous = before.rsplit(None, 1)[-1] if before.strip() else ""
    pair = previous + token if previous.endswith(".") and len(previous) <= 4 else token  # "z. B." is "z.B."
    small = token.lower()
    if token in _TRAILING or pair in _TRAILING:
        return True
    number = then.first.isdigit() or (then.word != "I" and bool(_ROMAN.fullmatch(then.word)))
    counting = small in _BEFORE_NUMBERS and (len(token) > 1 or token.islower())
    if rules.never_ends(token) or rules.never_ends(pair) or (number and counting):
        return False
    if token in rules.years:
        return bool(re.search(r"[\dIVX]\s?$", before)) and not _BARE_TIME.fullmatch(so_far)
    if small in _CLOCK:
        goes_on = number or then.dashed or _AFTER_CLOCK.match(body, then.at) or _BARE_TIME.fullmatch(so_far)
        return then.starter or not goes_on
    dotted = bool(_DOTTED.fullmatch(token))
    if dotted or rules.is_short(token) or rules.is_short(pair) or (rules.language == "de" and small.endswith("str")):
        return not then.dashed and not number and (then.starter or (then.quoted and not dotted))
    if len(token) == 1 and token.isalpha():
        named = previous[:1].isupper() and body.rfind(previous, start, at) > start
        return _letter_ends(body, token, previous, named, then, rules)
    if rules.language == "ko" and token.isdigit():
        return not number and not re.search(r"\d\.\s$", before)  # "2015. 9. 25."
    if rules.ordinals and (_NUMBER.fullmatch(token) or _ROMAN.fullmatch(token)) and not _COUNTED.search(before):
        return then.starter and not _MONTHS.match(then.word)
    return True


def _letter_ends(body: str, letter: str, previous: str, named: bool, then: _Next, rules: Rules) -> bool:
    """After a single letter, mostly an initial; *named*: a capital says that *previous* is a name."""
    if letter.islower():
        return body[then.at + len(then.word) : then.at + len(then.word) + 1] != "." or len(then.word) > 4  # "44 a. C."
    if not letter.isupper():
        return False  # no case: a title or an initial
    if previous.lower() in _LETTERED or previous in _WORDS_BEFORE.get(letter, ()):
        return True
    # "Karim B. De" may be two sentences, "minister B. De" is a name.
    return then.starter and not then.dashed and (named or then.word.casefold() not in rules.particles)


def _opens_small(body: str, then: _Next) -> bool:
    """A small letter that opens a sentence all the same: "iPhone", "adidas", "example.com", Dutch "'s Avonds"."""
    stem = _WITHIN.split(then.word)[0]
    if stem != stem.lower() or then.word in _SMALL_BRANDS:
        return True
    if body[then.at - 1] in "'’‘" and re.match(r"[snt]\s[A-Z]", body[then.at : then.at + 3]):
        return True
    return bool(_ADDRESS.match(body, then.at, then.at + 60))


def _is_introduced(body: str, start: int, at: int) -> bool:
    """Whether the quote that ends at *at* began behind a comma or colon: "He said: ..."; no verb follows it then."""
    opening = max(body.rfind(mark, max(start, at - 300), at) for mark in '“"‘«„「')
    return opening > start and body[max(start, opening - 3) : opening].rstrip()[-1:] in tuple(",:：，،")


def _wide_ends(body: str, start: int, found: re.Match[str]) -> bool:
    mark, end = found["wide"], found.end()
    if mark[0] == "．" and body[found.start() - 1 : found.start()].isdigit() and body[end : end + 1].isdigit():
        return False
    if mark[-1] not in '」』”’"）】》〉）':
        return not _STAYS_WIDE.match(body, end, end + 3)
    tagged = _TAG_WIDE.match(body, end, end + 20) and not _is_introduced(body, start, found.start())
    return not (tagged or _GOES_ON_WIDE.match(body, end, end + 20))


def last_word(body: str, at: int) -> str:
    """The word that ends at *at*, without opening marks."""
    piece = body[max(0, at - 30) : at]
    if not piece or piece[-1].isspace():
        return ""
    return _EDGE.split(piece.rsplit(None, 1)[-1])[-1]
