"""Who is who in one text: full names, titles, roles with their place, and what tells a he from a she.

Capital letters, a few lists and position; no model. A person is what a text introduces by two names or by a title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from digest.model import Span
from digest.text.speech import Gender as Gender
from digest.text.speech import Roles, speech

Kind = Literal["person", "organization"]


@dataclass(frozen=True, slots=True)
class Mention:
    """One name as it stands in the text; ``name`` is without titles before it and possessive after it."""

    span: Span
    name: str
    title: str  # "Mrs", "President"; '' for none
    possessive: bool
    name_span: Span


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody (or an organization) a text names. ``span`` is where the full name first stands."""

    name: str
    span: Span
    kind: Kind = "person"
    title: str = ""
    role: str | None = None
    role_span: Span | None = None
    gender: Gender = ""
    mentions: tuple[Span, ...] = field(default=())

    @property
    def surname(self) -> str:
        return _surname(self.name)


_SPEECH = speech()
_CIVIL = _SPEECH.titles
_OFFICES = _SPEECH.offices
_NOT_NAMES = frozenset(
    "the a an and but or so if in on at by for from with as to of when while after before since until "
    "although though because "
    "he she it they we i you his her its their our my your this that these those there here what who how "
    "why where which "
    "not no yes now then still even only also another other others some many most several all both each "
    "every one two three "
    "four five six seven eight nine ten according asked meanwhile however instead despite during under "
    "over about last next "
    "first second later earlier monday tuesday wednesday thursday friday saturday sunday january february "
    "march april may "
    "june july august september october november december today yesterday tomorrow until unlike like just "
    "more than nobody "
    "everybody nothing something somebody such well yet click photo video image updated published let "
    "whether once "
    "speaking ministers critics officials police residents experts scientists researchers supporters "
    "opponents voters "
    "republicans democrats americans britons germans perhaps maybe good outside inside old young "
    "former chief "
    "without neither nor either both besides among amid against following none thanks "
    "der die das ein eine und aber im le la les un une el los las il gli breaking exclusive asked added "
    "so o os uma het een lo eine einer er sie es wir ich".split()
)
_ORGANIZATION = re.compile(
    r"\b(?:Inc|Ltd|LLC|Corp|Co|PLC|GmbH|AG|SA|Bank|University|College|School|Institute|Party|Department|"
    r"Ministry|House|Office|"
    r"Committee|Council|Commission|Agency|Association|Society|Union|Federation|Foundation|Fund|Group|"
    r"Company|Times|Post|News|Journal|"
    r"Street|Avenue|Road|Water|Energy|Service|Services|Authority|Bureau|Court|Congress|Senate|Parliament|"
    r"Church|Hospital|Center|"
    r"Centre|Club|United|City|County|State|States|Airport|Airlines|Airways|League|Army|Navy|Force|Police|"
    r"Nations|Kingdom|Museum|"
    r"Theatre|Theater|Award|Awards|Act|Bill|Plan|Project|Report|Review|Magazine|Network|Radio|Television|"
    r"TV|Press|Media|Digital|"
    r"Government|Administration|Board|Trust|Systems|Technologies|Labs|Studios|Pictures|Records|Games|Cup|"
    r"Island|Islands|River|Lake|"
    r"Mountain|Beach|Park|Square|Hall|Tower|Bridge|Valley|Bay|East|West|North|South|Northern|Southern|"
    r"Eastern|Western|Coast|"
    r"America|American|Britain|British|Europe|European|Africa|Asia|York|Jersey|Hampshire|Carolina|Dakota|"
    r"Virginia|Angeles|Francisco|"
    r"Vegas|Korea|Zealand|Arabia|Cabinet|Treasury|Security|Health|Defense|Defence|Justice|Management|"
    r"Budget|War|Day|Week|"
    r"Twitter|Facebook|Google|Apple|Amazon|Microsoft|CNN|BBC|NBC|ABC|CBS|Fox|MSNBC|Republican|Democratic|"
    r"Democrat|Supreme|National|"
    r"International|Federal|Royal|Home|Foreign|White|Wall|Super|Planned|Black|Lives|Matter|Club|Team|"
    r"Campaign|Homes|Housing)\b"
)  # fmt: skip

_CAP = r"[A-ZÀ-ÞĆŃŁŚŹŻŠČŽĐŘĚĞİŞÇА-ЯЁІЇЄҐ](?:[\w]|[’'-](?=[A-ZÀ-ÞА-Яa-z]{2}|[A-ZÀ-Þ]))*"
_PARTICLE = (
    r"(?:of(?=\s(?:State|Defense|Defence|Homeland|National|Labor|Education|Commerce|Energy|Health|"
    r"Staff)\b)|de|van|von|der|den|bin|ibn|al|el|la|le|di|da|del|dos|ten|ter|y|du|zu|af|av)"
)
_CAPITALS = re.compile(
    rf"(?<![\w@#])(?:{_CAP}|[A-Z]\.)(?:\.?[^\S\n]+(?:{_PARTICLE}[^\S\n]+){{0,2}}(?:{_CAP}|[A-Z]\.)|"
    rf"\.[A-Z]\.)*(?:,?[^\S\n](?:Jr|Sr)\.)?"
)
_BLANKLESS = re.compile(r"\S+")
_ABBREVIATED = frozenset(
    "mr mrs ms dr prof sen rep gov gen col lt sgt capt rev hon st maj cpl adm cmdr supt det insp jr sr".split()
)


def find_mentions(text: str) -> list[Mention]:
    """Every capitalized name in *text*, in order: people, organizations, places alike."""
    return _without_common_words(text, list(_mentions(text)))


_LOWER = re.compile(r"(?<![\w'’-])[a-z]{3,}(?![\w])")


def _without_common_words(text: str, found: Sequence[Mention]) -> list[Mention]:
    """*found*, less what is capital only because a sentence begins there: "Delegates asked", "Following Sanders".

    Such a word stands in the same text in small letters, and nowhere as a name within a sentence.
    """
    opening = [_opens_sentence(text, m.span.start) for m in found]
    names = {m.name for m, opens in zip(found, opening, strict=True) if not opens}
    common: set[str] | None = None
    kept: list[Mention] = []
    for m, opens in zip(found, opening, strict=True):
        if opens and not m.title and m.name not in names and m.span == m.name_span:
            first, _, rest = m.name.partition(" ")
            word = first.lower()
            if (not rest or rest in names) and word not in _MALE and word not in _FEMALE:
                common = common if common is not None else set(_LOWER.findall(text))
                if word in common:
                    if rest:
                        place = Span(m.span.end - len(rest), m.span.end)
                        kept.append(replace(m, span=place, name=rest, name_span=place))
                    continue
        kept.append(m)
    return kept


def _mentions(text: str) -> Iterator[Mention]:
    for found in _CAPITALS.finditer(text):
        yield from _pieces(text, found.start(), found.end())


def _pieces(text: str, start: int, end: int) -> Iterator[Mention]:
    """A run of capitals, cut at possessives and stops, its leading small words and titles taken off."""
    words = [m.span() for m in _BLANKLESS.finditer(text, start, end)]
    run: list[tuple[int, int]] = []
    for a, b in words:
        word = text[a:b]
        run.append((a, b))
        bare = word.rstrip(".,").lower()
        stops = word.endswith(".") and len(word.rstrip(".")) > 1 and bare not in _ABBREVIATED and "." not in word[:-1]
        tail = word.endswith(("’s", "'s"))
        if tail or stops:
            yield from _mention(text, run, tail)
            run = []
    if run:
        yield from _mention(text, run, text[run[-1][1] : run[-1][1] + 2] in ("’s", "'s") or text[end : end + 1] == "’")


def _mention(text: str, run: Sequence[tuple[int, int]], possessive: bool) -> Iterator[Mention]:
    left = list(run)
    while left and _bare(text, left[0]) in _NOT_NAMES and not _is_initial(text, left[0]):
        if len(left) > 1 and (_bare(text, left[0]) in _OFFICES or text.startswith("Los Angeles", left[0][0])):
            break
        left = left[1:]
    if not left:
        return
    if len(left) == 1:
        only = _bare(text, left[0])
        if only == "new" or (only.endswith("ing") and _opens_sentence(text, left[0][0])):
            return
    elif _opens_sentence(text, left[0][0]) and _opens_with_no_name(_bare(text, left[0])):
        left = left[1:]
    outer = left[0][0]
    if len(left) > 1 and text[left[1][0]].islower() and text[slice(*left[0])] in _FOREIGN_ROLES:
        return  # "Leiterin der Schule"
    title: list[str] = []
    # Titles may stand after a party or a country: the name begins behind the last of them.
    last = max((n for n, w in enumerate(left[:-1]) if _is_title(text, left, n)), default=-1)
    last = max(last, _noun_title(text, left))
    if last >= 0:
        title = [text[a:b] for a, b in left[: last + 1]]
        left = left[last + 1 :]
    a, b = left[0][0], left[-1][1]
    name = text[a:b]
    trimmed = name[:-2] if name.endswith(("’s", "'s")) else name[:-1] if name.endswith(("’", "'")) else name
    if trimmed.endswith(".") and not re.search(r"(?:\b[A-Z]|Jr|Sr)\.$", trimmed):
        trimmed = trimmed[:-1]
    if not trimmed:
        return
    b = a + len(trimmed)
    if trimmed.endswith((" Jr", " Sr")) and text[b : b + 1] == ".":
        b += 1
        trimmed += "."
    yield Mention(Span(outer, b), trimmed, " ".join(title), possessive, Span(a, b))


def _is_title(text: str, words: Sequence[tuple[int, int]], nth: int) -> bool:
    bare = _bare(text, words[nth])
    if bare == "m":
        return nth == 0 and len(words) == 2 and text[slice(*words[0])] == "M."  # "M. Girard", not "M. Night Shyamalan"
    return bare in _CIVIL or bare in _OFFICES or (nth > 0 and _bare(text, words[nth - 1]) == "of")


def _noun_title(text: str, words: Sequence[tuple[int, int]]) -> int:
    """0 where the first word is a role: German writes every noun with a capital ("Ökonom Beat Rüegg"); else -1."""
    (a, b), rest = words[0], words[1:]
    if (
        not rest
        or not text[rest[0][0]].isupper()
        or text[a:b].lower() in _FIRST_NAMES
        or text[a:b] not in _FOREIGN_ROLES
    ):
        return -1
    return -1 if _ORGANIZATION.search(text[rest[0][0] : rest[-1][1]]) else 0


def _bare(text: str, word: tuple[int, int]) -> str:
    bare = text[word[0] : word[1]].lower().rstrip(".,")
    return bare[:-2] if bare.endswith(("’s", "'s")) else bare


_BEFORE_A_SENTENCE = re.compile(r"(?:^|[.!?:\n\"“”\u0001])\s*$")


def _opens_sentence(text: str, at: int) -> bool:
    """ "Responding to this" is no name."""
    return bool(_BEFORE_A_SENTENCE.search(text[max(0, at - 4) : at]))


def _opens_with_no_name(word: str) -> bool:
    """ "Interestingly Blocher …", "Continued Stone: …": the sentence begins there, the name does not."""
    return len(word) > 5 and word.endswith(("ly", "ed")) and word not in _MALE and word not in _FEMALE


def _is_initial(text: str, word: tuple[int, int]) -> bool:
    return bool(re.fullmatch(r"[A-Z]\.", text[word[0] : word[1]]))


_PARTICLES = frozenset("de van den der ter ten von di da dos del du".split())
_GENERATION = re.compile(r",?\s+(?:Jr|Sr)\.?$|\s+(?:II|III|IV)$")


def _surname(name: str) -> str:
    words = _GENERATION.sub("", name).split()
    return words[-1].lower() if words else ""


# ------------------------------------------------------------------------------------------------ roles

_ENGLISH = frozenset(speech("en").roles)
_ROLES = Roles(_ENGLISH)
# Elsewhere the noun comes first in the apposition: "Sprecher des Verbands", "directrice de l’école".
_FOREIGN_ROLES = Roles(frozenset(_SPEECH.roles) - _ENGLISH)
_GOES_BACK_TO = frozenset(
    "the a an this that his her its their our my your with by to from in on at for and or but as met said "
    "told says when while "
    "who which whose is was were are be has had have if after before since because also did does like into "
    "than then where "
    "quoted asked hired fired named called about against over under between of not".split()
)


def _names_a_role(word: str) -> bool:
    return word in _ROLES


def _without_address(text: str, role: Span) -> Span:
    """ "Datenschützer" of "Datenschützer Dr.": how somebody is addressed is no part of the role."""
    words = list(_BLANKLESS.finditer(text, role.start, role.end))
    while len(words) > 1 and words[-1].group().lower().rstrip(".") in _CIVIL:
        words.pop()
    return Span(role.start, words[-1].end())


def _may_end_a_role(word: str) -> bool:
    return word[-1] == "," or _names_a_role(word.lower()) or _ELIDED.sub("", word) in _FOREIGN_ROLES


def _role_before(text: str, start: int) -> Span | None:
    """``UK Cabinet Office minister`` before ``Matthew Hancock``."""
    window = max(0, start - 120)
    nearest = text[window:start].rsplit(None, 1)[-1:]
    if not nearest or not text[start - 1 : start].isspace() or not _may_end_a_role(nearest[0]):
        return None
    words = [m.span() for m in _BLANKLESS.finditer(text, window, start)]
    if not words or "\n" in text[words[-1][1] : start]:
        return None
    a, b = words[-1]
    if text[b - 1] == ",":
        return _role_then_name(text, words)
    bare = b - len(_ELIDED.sub("", text[a:b]))
    if text[a:b].islower() and not _names_a_role(text[a:b]) and text[bare:b] in _FOREIGN_ROLES:
        return Span(bare, b)  # "l’économiste Paul Girard", "el alcalde Juan Pérez"
    if not _names_a_role(text[a:b].lower()) or text[a:b] != text[a:b].lower():
        return None
    first = a
    for nth in range(len(words) - 2, max(-1, len(words) - 12), -1):
        a, b = words[nth]
        word = text[a:b]
        if word[-1] in ',.;:!?"”’)' and not word.endswith(("’s", "'s")):
            break
        if "\n" in text[b : words[nth + 1][0]] or not (word[0].isalpha()):
            break
        if word.lower() in ("of", "and", "for", "&"):
            right = text[words[nth + 1][0] : words[nth + 1][1]]
            left = text[words[nth - 1][0] : words[nth - 1][1]] if nth else ""
            if not (right[:1].isupper() and left[:1].isupper() and left[-1:].isalnum()):
                break
            continue
        if word.lower() in _GOES_BACK_TO or word.endswith(("ed",)):
            break
        first = a
        if a == window and window:
            return None
    return Span(first, words[-1][1])


_ELIDED = re.compile(r"^[Ll][’']")
_DETERMINER = re.compile(r"(?:[Tt]he|[Dd](?:er|ie|as)|[Ll][ae]|[Ee]l|[Ii]l|[Ll]o|[Oo]|[Aa]|[Dd]e|[Hh]et)$")


def _role_then_name(text: str, words: Sequence[tuple[int, int]]) -> Span | None:
    """``directrice de l’école`` of "La directrice de l’école, Claire Dubois": the noun follows the article."""
    for nth in range(len(words) - 1, max(-1, len(words) - 10), -1):
        a, b = words[nth]
        if nth < len(words) - 1 and text[b - 1] in ",.;:!?":
            return None
        elided = _ELIDED.match(text[a:b])
        noun = (a + 2, b) if elided else words[nth + 1] if nth + 1 < len(words) else (b, b)
        word = text[noun[0] : noun[1]].rstrip(",")
        if not elided and not _DETERMINER.match(text[a:b]):
            continue
        if word in _FOREIGN_ROLES or (text[a:b].lower() == "the" and _names_a_role(word)):
            return Span(noun[0], words[-1][1] - 1)
        if text[a].isupper():
            return None
    return None


_APPOSITION = re.compile(
    r",\s+(?:\d{1,3},\s+)?(?P<role>(?:(?:the|a|an|his|her|their|its|who is the|la|le|der|die|"
    r"el)\s+)?[^,.;:!?“”\"\n()]{2,90}?(?=[,.;:!?“”\"\n(]|\s+(?:who|which|but)\b|\s+and\b(?! [A-ZÀ-Þ])|$))"
)
_FOREIGN_ROLE = re.compile(r"(?i)^(?:la|le|der|die|el|il|lo)\s+\w+$")
_ARTICLE = re.compile(r"(?:the|an?|der|die|das|eine?|la|le|les|une?|el|il|lo)\s+")


def _role_after(text: str, end: int) -> Span | None:
    """``chief economist at Acme Bank`` after ``Sarah Jones, the``."""
    found = _APPOSITION.match(text, end, min(len(text), end + 140))
    if not found:
        return None
    role = found["role"].rstrip()
    words = [w.strip("’'").lower() for w in re.findall(r"[\w’'-]+", role)]
    singular = {w[:-2] if w.endswith(("’s", "'s")) else w for w in words}
    if (
        not words
        or len(words) > 14
        or words[0] in ("who", "which", "said", "says", "and", "but", "in", "on", "at", "as")
    ):
        return None
    if any(w in ("said", "says", "told", "added", "is", "was", "were", "has", "had", "will") for w in words):
        return None
    article = _ARTICLE.match(role)
    bare = role[article.end() :] if article else role
    foreign = bare.split()[0] in _FOREIGN_ROLES if bare.split() else None
    if not foreign and not any(map(_names_a_role, singular)) and not _FOREIGN_ROLE.match(role):
        return None
    return Span(found.start("role") + len(role) - len(bare), found.start("role") + len(role))


# ------------------------------------------------------------------------------------------------ gender

_MALE = frozenset(
    "aaron adam alan albert alex alexander ali anders andrew andy anthony antonio arthur barack ben "
    "benjamin bernie bill bob "
    "brad brian bruce carl carlos charles charlie chris christian christopher chuck colin craig dan daniel "
    "darren dave david "
    "dean dennis derek dick dmitry don donald doug douglas duncan ed eddie edward elon emmanuel eric "
    "ernest ethan evan francis "
    "francois frank fred gareth gary gavin geoff george gerald gerard giovanni glenn gordon graham greg "
    "gregory hans harold harry "
    "henry herman howard hugh hugo ian isaac ivan ivor jack jacob jake james jamie jared jason jay jean "
    "jeb jeff jeffrey jens jeremy "
    "jerry jim jimmy joe joel joey johan john johnny jon jonathan jordan jorge jose joseph josh joshua "
    "juan julian justin karl "
    "keith ken kenneth kevin kyle kwame larry lars lawrence lee len leo leon lewis liam lindsey louis "
    "lucas luc luis luke marc "
    "marco marcus mario mark martin matt matthew max michael miguel mike mitch mitt mohamed mohammed "
    "muhammad nathan neil nicholas "
    "nick nigel noah omar oliver oscar owen pablo patrick paul pedro pete peter phil philip pierre rafael "
    "ralph rand randy ray "
    "raymond reginald reince ricardo richard rick rob robby robert roberto rod roger roland ron ronald "
    "ross roy rupert russell ryan "
    "sam samuel sanjay scott sean sebastian sergei seth shaun shawn simon stanley stephen steve steven "
    "stuart ted terry thomas "
    "tim timothy toby todd tom tommy tony travis trevor tyler victor vincent vladimir walter warren wayne "
    "will william xavier "
    "yusuf zachary zack newt marco mitch tad".split()
)
_FEMALE = frozenset(
    "abigail adriana agnes ailsa alexandra alice alicia alison amanda amara amber amy andrea angela anita "
    "anke ann anna anne annie "
    "april arianna ashley barbara beatrice becky beth betty beverly bonnie brenda bridget camilla carla "
    "carly carmen carol caroline "
    "catherine cathy charlotte chelsea cheryl christina christine cindy claire clara claudia cynthia dana "
    "dawn debbie deborah debra "
    "denise diana diane donna dorothy edith eileen elaine eleanor elena elin elizabeth ellen emily emma "
    "erica erin eva eve evelyn ewa "
    "ilyse fiona florence frances gabrielle gail gemma gina gloria grace hannah harriet hazel heather heidi "
    "helen hillary hilary hope "
    "huma ida ingrid irene isabel isabella jackie jacqueline jan jane janet janice jasmine jean jeanne "
    "jennifer jenny jessica jill "
    "joan joanna joanne josephine joyce judith judy julia julie june karen kate katherine kathleen kathryn "
    "kathy katie katrina "
    "kayleigh kellyanne kelly kerry kim kirsten kristen laura lauren leah leila lena leslie lillian linda "
    "lisa liz lola lori lorraine "
    "louise lucia lucy lydia lynn madeleine maggie margaret maria marie marilyn marina marisol marlene "
    "martha mary maya megan "
    "melania melanie melissa mercedes mia michelle mina miranda molly monica nadia nancy naomi natalie "
    "natasha nicola nicole nina "
    "nora olga olivia pamela patricia patty paula pauline peggy penny phyllis priya rachel rebecca renee "
    "rita roberta robin rosa "
    "rose rosemary ruth sadie sally samantha sandra sara sarah sharon sheila shirley silvia simone sofia "
    "sonia sophia sophie stella "
    "stephanie sue susan suzanne sylvia tamara tania tara teresa theresa tina tracy valerie vanessa vera "
    "veronica victoria "
    "virginia vivian wanda wendy whitney yvonne zadie zoe ivanka carly".split()
)


_MALE |= _SPEECH.men
_FEMALE |= _SPEECH.women
_FIRST_NAMES = _MALE | _FEMALE


def gender_of(name: str, title: str = "") -> Gender:
    """From a title ("Mrs") or a common first name; '' when neither tells."""
    for word in title.lower().replace(".", "").split():
        known: Gender = _CIVIL.get(word, "")
        if known:
            return known
        if word.endswith("in") and word.capitalize() in _FOREIGN_ROLES:
            return "f"  # "Bürgermeisterin"
    first = name.split()[0].lower().split("-")[0] if name.split() else ""
    if first in _MALE and first not in _FEMALE:
        return "m"
    if first in _FEMALE and first not in _MALE:
        return "f"
    return ""


# ------------------------------------------------------------------------------------------------ the table


def find_people(text: str) -> list[Person]:
    """Everybody *text* introduces by a full name or a title, and the organizations it names; by first mention.

    ``mentions`` holds every place that names them, short forms included ("Hancock", "Mrs Harker").
    """
    return Cast(text, find_mentions(text)).people()


class Cast:
    """The name table of one text: resolves a mention to its person."""

    def __init__(self, text: str, mentions: Sequence[Mention]) -> None:
        self.text = text
        self.mentions = mentions
        self._by_name: dict[str, Person] = {}
        self._by_surname: dict[str, list[Person]] = {}
        self._by_first: dict[str, list[Person]] = {}
        self._collect()

    def people(self) -> list[Person]:
        places: dict[str, list[Span]] = {}
        for mention in self.mentions:
            person = self.resolve(mention)
            if person is not None:
                places.setdefault(person.name.lower(), []).append(mention.name_span)
        return [replace(p, mentions=tuple(places.get(key, ()))) for key, p in self._by_name.items()]

    def _collect(self) -> None:
        for mention in self.mentions:
            words = mention.name.split()
            kind = self._kind(mention)
            if kind is None:
                known = self.resolve(mention)  # "Thackray, treasurer of the club," says what "Gwen Thackray" did not
                if known is not None and known.kind == "person" and known.role is None:
                    self._enrich(known.name.lower(), mention)
                continue
            key = mention.name.lower()
            if key in self._by_name:
                self._enrich(key, mention)
                continue
            if words[0].lower() in _PARTICLES and self.resolve(mention) is not None:
                continue  # "mevrouw De Vries" is Anna de Vries
            if len(words) == 1 and (mention.name.lower() in self._by_surname or mention.name.lower() in self._by_first):
                person = self.resolve(mention)
                if person is not None and (person.title or not mention.title):
                    continue
                if person is not None:
                    self._enrich(person.name.lower(), mention)
                    continue
            role, role_span = self._role(mention)
            person = Person(
                mention.name, mention.name_span, kind, mention.title, role, role_span,
                gender_of(mention.name, mention.title) if kind == "person" else "",
            )  # fmt: skip
            self._by_name[key] = person
            if kind == "person":
                self._by_surname.setdefault(person.surname, []).append(person)
                if len(words) > 1:
                    self._by_first.setdefault(words[0].lower(), []).append(person)

    def _enrich(self, key: str, mention: Mention) -> None:
        """A later mention may bring the role, the title or the gender the first one lacked."""
        known = self._by_name[key]
        better = known
        if known.role is None:
            role, span = self._role(mention)
            if role is not None:
                better = replace(better, role=role, role_span=span)
        if not known.gender:
            better = replace(better, gender=gender_of(known.name, mention.title))
        if better is not known:
            self._by_name[key] = better
            for table in (self._by_surname, self._by_first):
                for people in table.values():
                    if known in people:
                        people[people.index(known)] = better

    def _role(self, mention: Mention) -> tuple[str | None, Span | None]:
        if mention.title and mention.title.lower().rstrip(".") not in _CIVIL:
            span: Span | None = Span(mention.span.start, mention.span.start + len(mention.title))
            before = _role_before(self.text, mention.span.start)
            if before is not None and span is not None:
                span = Span(before.start, span.end)
        else:
            span = _role_before(self.text, mention.span.start) or _role_after(self.text, mention.name_span.end)
        if span is not None:
            span = _without_address(self.text, span)
        if span is None and mention.title.lower().rstrip(".") in ("dr", "prof"):
            span = Span(mention.span.start, mention.span.start + len(mention.title))
        return (span.of(self.text), span) if span else (None, None)

    def _kind(self, mention: Mention) -> Kind | None:
        words = mention.name.split()
        if mention.title and len(words) <= 4 and not _ORGANIZATION.search(mention.name):
            return "person"
        if len(words) < 2:
            return "organization" if re.fullmatch(r"[A-Z]{2,6}", mention.name) else None
        if _ORGANIZATION.search(mention.name) or len(words) > 5:
            return "organization"
        if all(w.isupper() and len(w) > 2 for w in words):
            return None
        return "person"

    def resolve(self, mention: Mention) -> Person | None:
        """Whom this mention means: the same name, else the surname (a "Mrs" is no man), else the first name."""
        exact = self._by_name.get(mention.name.lower())
        if exact is not None:
            return exact
        words = mention.name.split()
        gender = gender_of(mention.name, mention.title) if mention.title else ""
        if len(words) == 1 or mention.title or (words[0].lower() in _PARTICLES and len(words) < 4):
            last = [p for p in self._by_surname.get(_surname(mention.name), ()) if not _clash(gender, p.gender)]
            earlier = [p for p in last if p.span.start <= mention.span.start and len(p.name.split()) > 1]
            if earlier or last:
                full = [p for p in last if len(p.name.split()) > 1]
                return (earlier[-1:] or full or last)[0]
            first = self._by_first.get(mention.name.lower(), [])
            if first:
                return first[0]
        if len(words) > 1:
            last = self._by_surname.get(_surname(mention.name), [])
            same = [p for p in last if p.name.split()[0][0] == words[0][0]]
            if same:
                return same[0]
        return None

    def bearing(self, noun: str) -> Person | None:
        """The person whose role or title says *noun*: "the chancellor" is Chancellor Edith Moreau."""
        wanted = noun.lower()
        for person in self._by_name.values():
            told = f"{person.title} {person.role or ''}".lower()
            if person.kind == "person" and re.search(rf"\b{re.escape(wanted)}\b", told):
                return person
        return None


def _clash(first: Gender, second: Gender) -> bool:
    return bool(first and second and first != second)
