"""The one or two quotes an editor would pull, and the rule that lets each other one out."""

from __future__ import annotations

import pytest

from digest.condense import explain_key_quotes, key_quotes, summarize
from digest.model import Span

STRONG = "We must build three new ships before winter or lose every contract we have"
OTHER = "No port on this coast can afford another winter without a single working crane"


def why(text: str, language: str = "en") -> list[tuple[str, str]]:
    """The words of each quote's best run and the rule that let it out ('' for a key quote)."""
    return [(w.quote.texts[0], w.rule) for w in explain_key_quotes(text, language=language)]


def said(words: str, who: str = "said Ann Lee, head of the port.") -> str:
    return f"“{words},” {who}"


RULES = {
    "a key quote": (said(STRONG), ""),
    "too short": (said("We must build ships now"), "5 words, fewer than 8"),
    "too long": (said("We must build " + "ship after ship " * 20), "63 words, more than 45"),
    "nobody named": (said(STRONG, "one official said."), "nobody is named for it"),
    "a surname nobody introduced": (said(STRONG, "Leeds said."), "“Leeds” is no full name"),
    "unclosed": (f"Ann Lee said: “{STRONG}.", "not sure enough that Ann Lee said it (0.47)"),
    "a pronoun": (said("It costs more than three new ships and every contract"), "leans on what was said before: “It …”"),
    "that is": (said("That is why we must build three new ships"), "leans on what was said before: “That …”"),
    "a connective": (said("But we must build three new ships before winter"), "leans on what was said before: “But …”"),
    "he, and nobody named": (said("If he builds three ships, we lose every contract"), "does not say who “he” is"),
    "a press office": (said("We are delighted to build three new ships before winter"), "says nothing: “delighted”"),
    "a headline": (said("Port To Build Three New Ships Before Winter Comes"), "reads like a headline"),
    "broken off": ("“We must build three new ships before winter or —” said Ann Lee, head of the port.", "breaks off"),
    "goes on behind the attribution": (
        "“We must build three new ships this year,” said Ann Lee, head of the port, “before the winter comes.”",
        "ends before its sentence does",
    ),
    "the writer's sentence goes on": (
        "Ann Lee, head of the port, said: “Three new ships before the next winter comes to Halden” is the plan of the whole town.",
        "ends before its sentence does",
    ),
    "begins in the writer's sentence": (
        "Ann Lee, head of the port, called it the “Disgrace of a town that builds no more ships.”",
        "begins in the middle of a sentence",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "rule"), RULES.values(), ids=RULES)
def test_each_rule_says_in_words_why_a_quote_stays_where_it_is(text: str, rule: str) -> None:
    assert why(text)[0][1] == rule
    assert len(key_quotes(text, language="en")) == (rule == "")


@pytest.mark.parametrize(
    "words",
    [
        "It is time to build three new ships for this port",
        "There are three ships in this port and nobody to sail them",
        "If Bob Dunn builds three ships, he will lose every contract",
        "No ship has ever left this port without its own crane",
        "People say they will never build another ship in this town",
    ],
)
def test_a_pronoun_that_needs_nothing_before_it_stands_alone(words: str) -> None:
    assert [q.texts[0] for q in key_quotes(said(words), language="en")] == [words]


EMPTY = {
    "de": "„Wir freuen uns sehr auf die Zusammenarbeit mit der Stadt Halden“, sagte Anna Weber, Sprecherin des Hafens.",
    "fr": "« Nous sommes ravis de cette belle coopération avec la ville de Halden », a déclaré Anne Moreau, porte-parole.",
    "es": "«Estamos encantados con esta colaboración con la ciudad de Halden», dijo Ana Torres, portavoz del puerto.",
    "it": "«Siamo lieti di questa collaborazione con la città di Halden», ha detto Anna Ferri, portavoce del porto.",
    "pt": "“Estamos felizes com esta parceria com a cidade de Halden”, disse Ana Sousa, porta-voz do porto.",
    "nl": "‘We zijn erg blij met de samenwerking met de stad Halden’, zei Anna de Vries, woordvoerder van de haven.",
}
LEANING = {
    "de": "„Das ist ein schwerer Schlag für den ganzen Hafen“, sagte Anna Weber, Sprecherin des Hafens.",
    "fr": "« C’est un coup dur pour tout le port de Halden », a déclaré Anne Moreau, porte-parole.",
    "es": "«Eso es un duro golpe para todo el puerto», dijo Ana Torres, portavoz del puerto.",
    "it": "«Questo è un duro colpo per tutto il porto», ha detto Anna Ferri, portavoce del porto.",
    "pt": "“Isso é um duro golpe para todo o porto”, disse Ana Sousa, porta-voz do porto.",
    "nl": "‘Dat is een zware klap voor de hele haven’, zei Anna de Vries, woordvoerder van de haven.",
}
SAYING = {
    "de": "„Ohne neue Schiffe verliert dieser Hafen bis zum Winter jeden Auftrag“, sagte Anna Weber, Sprecherin des Hafens.",
    "fr": "« Sans nouveaux navires, ce port perdra tous ses contrats avant l’hiver », a déclaré Anne Moreau, porte-parole.",
    "es": "«No podemos perder otro invierno sin una sola grúa en el puerto», dijo Ana Torres, portavoz del puerto.",
    "it": "«Nessun porto di questa costa può permettersi un altro inverno senza gru», ha detto Anna Ferri, portavoce del porto.",
    "pt": "“Não podemos perder mais um inverno sem uma única grua no porto”, disse Ana Sousa, porta-voz do porto.",
    "nl": "‘Zonder nieuwe schepen verliest deze haven voor de winter elk contract’, zei Anna de Vries, woordvoerder van de haven.",
}


@pytest.mark.parametrize("language", EMPTY)
def test_in_each_language_the_press_office_and_the_leaning_sentence_are_left(language: str) -> None:
    assert why(EMPTY[language], language)[0][1].startswith("says nothing: “")
    assert why(LEANING[language], language)[0][1].startswith("leans on what was said before: “")
    (quote,) = key_quotes(SAYING[language], language=language)
    assert quote.speaker is not None and quote.role is not None


TWO = f"{said(STRONG)}\n\n{said(OTHER, 'she added.')}\n\n{said(OTHER.replace('port', 'town'), 'said Bob Dunn, the mayor.')}"


def test_two_key_quotes_are_two_peoples() -> None:
    assert {q.speaker for q in key_quotes(TWO, language="en")} == {"Ann Lee", "Bob Dunn"}
    rules = [rule for _, rule in why(TWO)]
    assert rules[:2] == ["", ""]
    assert rules[2] in ("Ann Lee is quoted already", "says what Bob Dunn says")


def test_what_another_says_in_the_same_words_is_not_pulled_twice() -> None:
    text = f"{said(STRONG)}\n\n{said(STRONG + ' now', 'said Bob Dunn, the mayor.')}"
    assert len(key_quotes(text, language="en")) == 1
    assert ("says what Ann Lee says" in [r for _, r in why(text)]) or (
        "says what Bob Dunn says" in [r for _, r in why(text)]
    )


def test_what_stands_in_the_summary_is_not_pulled() -> None:
    start = TWO.index("We must")
    told = explain_key_quotes(TWO, avoid=[Span(start, start + 20)], language="en")
    assert "stands in the summary" in [w.rule for w in told]
    assert all(
        not q.spans[0].overlaps(Span(start, start + 20)) for q in key_quotes(TWO, avoid=[Span(start, start + 20)])
    )


def test_key_quotes_share_the_words_there_are() -> None:
    both = key_quotes(TWO, language="en", max_words=30)
    assert len(both) == 2
    (one,) = key_quotes(TWO, language="en", max_words=20)
    rules = {w.rule for w in explain_key_quotes(TWO, language="en", max_words=20)}
    assert any(rule.endswith("and there is room for 6") for rule in rules), rules
    assert one.speaker


def test_the_terms_add_up_and_each_quote_is_told_once() -> None:
    told = explain_key_quotes(TWO, language="en")
    assert sorted(w.number for w in told) == [1, 2, 3]
    for weighed in told:
        assert weighed.worth == pytest.approx(sum(weighed.terms.values()), abs=0.005)
        assert weighed.terms, weighed.rule
    assert [w.worth for w in told[:2]] == sorted((w.worth for w in told[:2]), reverse=True)


def test_taking_a_stand_is_worth_more_than_naming_a_thing() -> None:
    flat = "The harbour office has a page for the ships of the week"
    text = f"{said(flat, 'said Bob Dunn, the mayor.')}\n\n{said(STRONG)}"
    assert [q.speaker for q in key_quotes(text, limit=1, language="en")] == ["Ann Lee"]


def test_a_run_of_sentences_is_cut_whole_with_its_nested_marks() -> None:
    text = "“It was. We must never say ‘too late’ about a port that fed this town,” said Ann Lee, head of the port."
    (quote,) = key_quotes(text, language="en")
    assert quote.texts == ("We must never say ‘too late’ about a port that fed this town",)


def test_a_summary_brings_its_quotes_within_its_words() -> None:
    text = f"Port in trouble\n\nThe port of Halden listed 128 late ships in March on a page of its own.\n\n{TWO}"
    summary = summarize(text, quotes=2, max_words=70, language="en")
    spoken = [span for quote in summary.quotes for span in quote.outer]
    assert summary.quotes
    assert not any(e.span.overlaps(span) for e in summary.sentences for span in spoken)


RUNWAY = "The airport must build a second runway because storms will come again"


@pytest.mark.parametrize(
    ("around", "rule"),
    [
        (f"“{RUNWAY},” Holt was told by Moss.", "is told at second hand"),
        (f"“{RUNWAY},” Moss quoted Holt as saying.", "is told at second hand"),
        (f"Holt denied saying: “{RUNWAY}.”", "is denied, or was never said"),
        (f"A passenger, who did not want to be named, said: “{RUNWAY}.”", "whoever said it is not named"),
        (f"“{RUNWAY},” Holt said.", ""),
    ],
)
def test_words_that_may_be_anothers_are_not_pulled(around: str, rule: str) -> None:
    (weighed,) = explain_key_quotes(f"Mayor Lena Holt met Greg Moss, the pilot.\n\n{around}", language="en")
    assert weighed.rule == rule


def test_a_surname_of_two_is_not_enough() -> None:
    text = "Mayor Anna Clarke and builder Thomas Clarke met on Monday.\n\n"
    (weighed,) = explain_key_quotes(f"{text}“{RUNWAY},” Clarke said.", language="en")
    assert weighed.rule == "more than one is called Clarke"
