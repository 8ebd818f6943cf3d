"""Abbreviations and the words that open sentences, language by language: what a stop's neighbours can be.

A word in small letters is met in any case, one with a capital only so ("Mass." is a state, "mass." is not). The key
"" is for every language.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from digest.text.stopwords import STOP_WORDS


class Rules(NamedTuple):
    """What a language adds to the rules for all."""

    language: str
    never: frozenset[str]  # no end, whatever follows: "Mr."
    short: frozenset[str]  # an end only before a word that often opens a sentence: "Inc."
    starters: frozenset[str]
    particles: frozenset[str]  # starters that are also parts of names: "B. De Wever"
    years: frozenset[str]  # an end behind a number only: "w 2015 r."
    ordinals: bool  # "am 3. Mai"

    def never_ends(self, word: str) -> bool:
        return word in self.never or word.lower() in self.never

    def is_short(self, word: str) -> bool:
        return word in self.short or word.lower() in self.short


@lru_cache(maxsize=64)
def rules_of(language: str) -> Rules:
    """The rules for a language tag; for an unknown one those that all share, and every language's openers."""
    tag = re.split(r"[-_]", language.lower())[0]
    tag = _LIKE.get(tag, tag)
    known = tag in STOP_WORDS
    openers = [tag] if known else list(STOP_WORDS)
    starters = frozenset().union(*(STOP_WORDS[t] for t in openers if t in STOP_WORDS)) | _words(_STARTERS, *openers)
    return Rules(
        language=tag,
        never=_words(_NEVER, "", tag) - _words(_NOT_HERE, tag),
        short=_words(_SHORT, "", tag if known else "en"),
        starters=frozenset(word.casefold() for word in starters - _NO_STARTERS),
        particles=_words(_PARTICLES, tag),
        years=_words(_YEARS, tag),
        ordinals=tag in _ORDINALS,
    )


def _words(table: dict[str, str], *keys: str) -> frozenset[str]:
    return frozenset(word for key in keys for word in table.get(key, "").split())


_LIKE = {"nb": "no", "nn": "no", "sk": "cs"}
_ORDINALS = frozenset("de da no fi cs pl hu et lv sl hr sr is tr".split())
_YEARS = {"pl": "r w", "ru": "г гг в вв", "uk": "р рр"}
_NEVER = {
    "": "mr mrs ms mx dr messrs mme mlle prof e.g i.e a.k.a viz cf vs v approx Sen Sens Rep Reps Gov Govs Gen Lt "
    "Lieut Col Sgt Cpl Capt Cmdr Cdr Adm Maj Brig Pvt Pfc Supt Det Insp Rev Revd Hon Pres Amb Atty Ste Fr "
    "Esp esp incl excl Msgr Mgr Asst Assoc Ald Cllr Rt Ven Comdr Dist Intl Natl Univ ca nr bzw z.b d.h u.a "
    "hr dipl sra srta dott dhr mevr núm p.ej",
    "de": "hr fr frl dipl ing geb gest z.b d.h u.a o.g i.d.r i.d bzw str nr abs tel evtl ggf inkl exkl zzgl sog "
    "vgl bspw insb allg österr ehem med jur rer nat habil Pfr Hptm Hr Fr Mag Bd Jg Kap Abb Tab Anm Aufl "
    "Red Übers ca lt verh led kath ev röm dt engl frz St Ziff Rn Az d.r o.ä h.c gem",
    "fr": "mme mmes mlle mgr dr av boul bd env cf tél réf c.-à-d p.ex lieut M MM Me Pr St Ste Gén",
    "es": "sra srta sres sras dr dra dña prof profa lic arq gral cnel tte fr mons excmo excma ilmo ilma av avda "
    "pza p.ej p.e pág págs núm núms tel apdo aprox cf p.d D Ing Sto Sta EE RR JJ FF",
    "it": "sig sigg sig.ra sig.na dott dott.ssa dr prof prof.ssa ing avv on arch geom rag mons egr gent.mo "
    "gent.ma spett pag pagg cfr es p.es ad.es tel cit p.zza v.le c.so Mar S SS Dir",
    "pt": "sr sra srs sras srta dr dra prof profa eng arq sgt exmo exma v.ex.ª av p.ex pág págs núm tel séc D R "
    "Min Des Cel Ten Sto Sta Pe Dep",
    "nl": "dhr mevr mw mej dr drs ir ing mr prof ds bijv bv o.a d.w.z m.b.t t.a.v t.n.v i.v.m m.u.v i.p.v n.a.v "
    "o.l.v z.g zgn blz nr nrs tel ca vgl incl excl resp lt kol gen pag St",
    "pl": "prof mgr inż hab doc ul al pl os św śp bł ks bp abp kard gen płk ppłk kpt por ppor mjr sierż asp "
    "podkom nadkom insp red np tj tzn tzw m.in str s t p pp ws zob rys tab rozdz art ust poz tel woj pow "
    "gm oo wg nr sp Min",
    "ru": "ул просп пер пл наб кв корп стр св акад проф доц канд г-н г-жа тов ср напр т т.е т.к т.н рис табл гл "
    "ст п пп ред сост изд тел о оз с д пос ген лейт адм бул ш респ хут дер ж.-д",
    "uk": "вул просп пров пл бул буд кв с смт обл ім св акад проф доц див напр т т.зв т.е т.ч тов п пп рис табл "
    "ст гл ред о оз ген тел кн адм",
    "sv": "t.ex bl.a d.v.s dvs s.k fr.o.m t.o.m p.g.a kl ca nr resp tel kungl jur prof dr hr inkl exkl f.d f.ö jfr",
    "da": "f.eks bl.a dvs d.v.s s.k p.g.a pga kl ca nr tlf hr jf iflg ifm inkl ekskl kap evt mht vedr fhv st "
    "cand adv dr prof ing skt sct",
    "no": "f.eks bl.a dvs d.v.s s.k p.g.a pga kl ca nr tlf hr jf iflg ifm inkl ekskl kap evt mht vedr tidl st "
    "cand adv dr prof ing Skt",
    "fi": "esim ks vrt ns nk ko mm klo n prof tri toim os puh dos maist ent evl",
    "cs": "p pí prof doc ing mgr judr mudr phdr rndr bc mvdr paeddr gen plk pplk mjr kpt por tzv např tj resp č "
    "čís str sv ul nám roč obr kap odst čl tel popř př mj cca tř",
    "el": "κ κα κκ δρ καθ αγ δηλ βλ λ.χ αρ αριθ σελ τηλ λεωφ οδ πλ αντ υπ στρ ταξ σχ πρβ μητρ αρχ π.χ",
    "tr": "dr prof doç yrd öğr uzm müh apt bkz örn korg yzb bnb ltd md gn m.ö m.s çev üniv krş ing arş Av Sn St "
    "Hz No Op Org Gör Alb Gen Mah Sok Cad Haz Yay Fak Mim",
    "hu": "dr ifj id özv prof pl ún kb szt st ld vö tel gr ill",
    "ro": "dl dna dra dr prof ing str nr bd bl ap alin lit sf jud pag p cca mr cpt lt av acad conf Com",
    "hi": "डॉ प्रो पं श्री श्रीमती कु रु मि सं कं लि स्व ई ए बी सी डी एफ जी एच आई जे के एल एम एन ओ क्यू आर एस टी "
    "यू वी डब्ल्यू एक्स वाई ज़ेड जेड पी",
    "ar": "أ.د هـ",
    "fa": "ر.ک",
    "he": "רח שד",
}
# Words elsewhere, abbreviations in English.
_NOT_HERE = {"tr": "vs Sen", "sv": "Det Hon", "da": "Det", "no": "Det"}
_SHORT = {
    "": "inc ltd plc co corp bros llc llp jr sr esq ph.d m.d b.a m.a b.sc m.sc a.d b.c b.c.e c.e dept govt assn "
    "ave blvd hwy pkwy bldg sq rd St Mt Ft ft al pct ed eds Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec "
    "Br mio mrd tsd gmbh ee.uu s.a s.p.a",
    "en": "Mon Tue Tues Wed Thu Thur Thurs Fri Sat Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Ky La Md "
    "Mass Mich Minn Miss Mo Mont Neb Nev Okla Ore Pa Penn Tenn Tex Va Vt Wash Wis Wisc Wyo Ont Que Alta "
    "Sask Est Jct Cir Ct Ln Ctr Inst Mfg Pty Pte Pvt",
    "de": "mio mrd tsd jh jhd chr std min sek hrsg verl gmbh mwst jan feb mär apr jun jul aug sept okt nov dez "
    "bhf pl e.v Mo Di Mi Do Sa So",
    "fr": "j.-c cie sté janv févr avr juil sept oct nov déc s.a",
    "es": "uu hh oo aa ee.uu a.c d.c cía s.a s.l s.a.u cv ene feb mar abr jun jul ago sept oct nov dic ud uds vd vds",
    "it": "s.p.a s.r.l s.a.s s.n.c a.c d.c gen feb mar apr giu lug ago sett ott nov dic",
    "pt": "s.a ltda cia lda a.c d.c jan fev mar abr jun jul ago set out nov dez",
    "nl": "b.v n.v jl a.s jan febr mrt apr aug sept okt nov dec chr",
    "tr": "a.ş şti t.c",
    "el": "α.ε ε.ε η.π.α μ.χ",
    "sv": "st",
    "pl": "im ok pkt godz",
    "ru": "пр см м им гр",
    "uk": "м см гр",
    "cs": "csc ph.d",
}
_PARTICLES = {
    "fr": "le la les de du des",
    "nl": "de van der den het ten ter",
    "it": "la le lo di de della del da",
    "es": "la de del el",
    "pt": "da de do dos das a o",
}
_STARTERS = {
    "en": "one two three four five six seven eight nine ten some many most several all both each every yet "
    "however also meanwhile still even although though because despite during since until whether another "
    "others such according asked nobody nothing everyone everybody everything someone somebody something "
    "anyone none neither either whatever instead indeed therefore thus hence moreover furthermore "
    "nevertheless nonetheless otherwise besides additionally likewise similarly unfortunately fortunately "
    "perhaps maybe yes once across against along among around behind beside between beyond throughout "
    "toward towards within without unlike via whereas whenever wherever unless except let please is are "
    "was were do does did has have had can could would should if later earlier today yesterday tomorrow "
    "soon finally recently actually apparently clearly eventually frankly generally hopefully immediately "
    "initially ironically mostly nearly obviously occasionally originally previously probably quickly "
    "really reportedly sadly seriously shortly slowly suddenly surprisingly typically ultimately usually "
    "often sometimes never always almost already again few little less much elsewhere afterwards overall "
    "then there",
    "de": "das dies dieser diese dieses doch zudem außerdem dann danach dort hier heute gestern morgen jetzt da "
    "damit dabei dazu darauf deshalb trotzdem allerdings jedoch später inzwischen zuvor seither bisher "
    "bald viele alle einige manche kein keine niemand etwas jeder jede beide sogar schon erst weil obwohl "
    "während trotz wegen ohne gegen unter bis laut wer wo warum wieso welche unser mein sein ihre seine "
    "man ihm ihn ihnen",
    "fr": "cela cet ceci celui puis ensuite alors après avant depuis hier aujourd demain selon pourtant "
    "cependant enfin aucun personne rien tout tous toute chaque plusieurs certains quelques deux trois "
    "elles notre nos votre vos mon ma mes ces quand lorsque comme si malgré sans chez lors quel quelle "
    "pourquoi comment l d j c s n qu",
    "es": "él según después luego entonces ahora hoy ayer mañana aunque además sin embargo también esto eso ese "
    "esa estos estas aquí allí nadie nada todo todos cada muchos varios algunos dos tres ellos ellas "
    "nosotros usted yo tú mi tu hay fue era durante ante tras hasta contra mientras cuando donde así aún "
    "ya",
    "it": "questa questi queste quello quella gli poi dopo prima ora oggi ieri domani anche però tuttavia "
    "infatti così nessuno niente tutto tutti ogni molti alcuni due tre loro noi lei lui egli ella secondo "
    "durante contro senza tra fra mentre dove come perché nel nella negli nelle sul sulla dal dalla al "
    "alla l",
    "pt": "ele ela eles elas isto aquilo esse este esta estes depois então agora hoje ontem amanhã também porém "
    "contudo entretanto assim ninguém nada tudo todos cada muitos vários alguns dois três nós você eu meu "
    "minha segundo durante contra sem até desde enquanto quando onde já ainda há foi era",
    "nl": "dit deze dan daarna toen nu vandaag gisteren morgen maar echter ook toch nog niemand niets alles "
    "allen elke veel enkele twee drie wij jullie u mijn onze volgens tijdens tegen zonder sinds terwijl "
    "wanneer waar waarom hoe wie daar hier daarom bovendien inmiddels later eerder",
    "ru": "затем потом тогда здесь там теперь сейчас сегодня вчера завтра однако поэтому ранее позже никто ничто "
    "многие некоторые каждый эта эти этот эту такой такие два три его её их мы вы после перед согласно "
    "несмотря кроме именно впрочем кстати почему зачем кто где когда сам сама",
    "uk": "потім тоді тут там тепер зараз сьогодні вчора завтра однак проте тому раніше пізніше ніхто ніщо "
    "багато деякі кожен ця ці цей цю такий такі два три його її їх згідно крім саме чому хто де коли",
    "pl": "potem wtedy teraz dziś dzisiaj wczoraj jutro jednak dlatego wcześniej później nikt nic wiele wielu "
    "niektórzy każdy ta te ten ci dwa trzy według podczas mimo oprócz dlaczego gdzie kto tutaj następnie "
    "obecnie tymczasem",
    "sv": "sedan nu idag igår imorgon dock därför tidigare senare ingen inget alla många några varje två tre vi "
    "ni enligt under trots varför där här dessutom samtidigt men",
    "da": "senere nu dog derfor tidligere ingen intet alle mange nogle hver to tre ifølge trods hvorfor der her "
    "desuden samtidig siden",
    "no": "senere nå dog derfor tidligere ingen alle mange noen hver to tre ifølge tross hvorfor der her "
    "dessuten samtidig siden",
    "fi": "sitten silloin nyt tänään eilen kuitenkin siksi aiemmin myöhemmin kukaan kaikki moni monet jotkut "
    "kaksi kolme myös lisäksi samalla tämän tästä siellä täällä miksi",
    "tr": "bu o şu sonra daha önce şimdi bugün dün yarın ancak fakat ama ayrıca kimse hiç herkes her birçok bazı "
    "iki üç biz siz onlar ben sen neden nerede böylece bunun buna bunlar orada burada",
    "cs": "potom pak nyní dnes včera zítra však proto dříve později nikdo nic mnoho někteří každý tato tyto "
    "tento dva tři podle během přesto proč kde kdo zde tam",
    "el": "μετά τότε τώρα σήμερα χθες αύριο όμως ωστόσο γι κανείς τίποτα πολλοί κάθε δύο τρεις εμείς εσείς εκεί "
    "εδώ γιατί ποιος αυτός αυτή αυτό σύμφωνα",
    "hu": "aztán most ma tegnap holnap azonban ezért korábban később senki semmi sok minden két három szerint alatt",
    "ro": "apoi atunci acum azi astăzi ieri mâine totuși însă nimeni nimic mulți fiecare doi trei conform potrivit",
}
# Names as often as words, and verbs of speech.
_NO_STARTERS = frozenset("will may said say says own".split())
