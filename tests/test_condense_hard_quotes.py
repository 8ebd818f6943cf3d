"""Hard cases in a dozen languages: what is a quote and what is not, whose it is, in every kind of marks."""

from __future__ import annotations

import pytest

from digest.condense import find_quotes

Case = tuple[str, str, str, list[tuple[str, str | None]]]
# What it is about, the language, the text; each piece with its speaker.
CASES: list[Case] = [
    (
        "saying de",
        "de",
        "Anna Weber leitet den Hafen. Wie das Sprichwort sagt: „Morgenstund hat Gold im Mund, mein Kind.“",
        [],
    ),
    ("saying fr", "fr", "Comme dit le proverbe, « pierre qui roule n’amasse pas mousse ».", []),
    ("saying es", "es", "Como dice el refrán, «más vale pájaro en mano que ciento volando».", []),
    (
        "headline repeat single",
        "en",
        "‘We will not pay’, says mayor\n\nMayor Ann Lee has refused to pay for the bridge.\n\n“We will not pay for a bridge nobody asked for,” said Lee.",
        [("We will not pay for a bridge nobody asked for,", "Ann Lee")],
    ),
    (
        "pull quote repeat",
        "en",
        "Ann Lee is the mayor. “We will not pay for a bridge nobody asked for,” said Lee on Monday.\n\n“We will not pay for a bridge nobody asked for”\n\nThe council met for an hour.",
        [("We will not pay for a bridge nobody asked for,", "Ann Lee")],
    ),
    (
        "pull quote first",
        "en",
        "“We will not pay for a bridge nobody asked for”\n\nAnn Lee is the mayor. “We will not pay for a bridge nobody asked for,” said Lee on Monday.\n\nThe council met for an hour.",
        [("We will not pay for a bridge nobody asked for,", "Ann Lee")],
    ),
    ("scare de", "de", "Die „grüne Brücke der Zukunft für alle“ ist grau geworden.", []),
    ("title de", "de", "Im Roman „Die lange Reise nach Norden und zurück“ erzählt Anna Weber von ihrer Mutter.", []),
    ("title fr", "fr", "Dans son roman « Le long voyage vers le nord », Anne Moreau raconte la vie de sa mère.", []),
    ("title es", "es", "En su novela «El largo viaje hacia el norte», Ana Torres cuenta la vida de su madre.", []),
    ("title it", "it", "Nel romanzo «Il lungo viaggio verso il nord» Anna Ferri racconta la vita di sua madre.", []),
    ("title pt", "pt", "No romance “A longa viagem para o norte”, Ana Sousa conta a vida da mãe.", []),
    ("title nl", "nl", "In de roman ‘De lange reis naar het noorden’ vertelt Anna de Vries over haar moeder.", []),
    ("nickname", "en", "Robert “Big Bad Bob the Builder” Dunn said the bridge was late.", []),
    ("saying", "en", "As the saying goes, “a bird in the hand is worth two in the bush.”", []),
    ("inches", "en", 'The 27" screen stands 6\'2" from the wall, and the 32" one costs more, said Ann Lee.', []),
    ("feet single", "en", "He is 6'2\" and weighs 90 kg; his brother, at 5'11\", is smaller, Ann Lee said.", []),
    (
        "name colon",
        "en",
        "Ann Lee: “We will not pay for a bridge nobody asked for.”\n\nBob Dunn: “Then who will pay for it in the end?”",
        [
            ("We will not pay for a bridge nobody asked for.", "Ann Lee"),
            ("Then who will pay for it in the end?", "Bob Dunn"),
        ],
    ),
    (
        "dash name",
        "en",
        "“We will not pay for a bridge nobody asked for.” — Ann Lee, mayor of Halden",
        [("We will not pay for a bridge nobody asked for.", "Ann Lee")],
    ),
    (
        "dash name next line",
        "en",
        "“We will not pay for a bridge nobody asked for.”\n— Ann Lee, mayor of Halden",
        [("We will not pay for a bridge nobody asked for.", "Ann Lee")],
    ),
    (
        "dash name next para",
        "en",
        "“We will not pay for a bridge nobody asked for.”\n\n— Ann Lee, mayor of Halden",
        [("We will not pay for a bridge nobody asked for.", "Ann Lee")],
    ),
    (
        "tweet",
        "en",
        "Ann Lee tweeted: “We will not pay for a bridge nobody asked for. #bridge @town https://t.co/x”",
        [("We will not pay for a bridge nobody asked for. #bridge @town https://t.co/x", "Ann Lee")],
    ),
    (
        "mixed",
        "en",
        '“We will not pay for a bridge nobody asked for," said Ann Lee. "It is too dear for a town like ours.”',
        [
            ("We will not pay for a bridge nobody asked for,", "Ann Lee"),
            ("It is too dear for a town like ours.", "Ann Lee"),
        ],
    ),
    (
        "mojibake",
        "en",
        "â€œWe will not pay for a bridge nobody asked for,â€\x9d said Ann Lee.",
        [("We will not pay for a bridge nobody asked for,", "Ann Lee")],
    ),
    (
        "mojibake2",
        "en",
        "â€œWe will not pay for a bridge nobody asked for,â€ said Ann Lee.",
        [("We will not pay for a bridge nobody asked for,", "Ann Lee")],
    ),
    (
        "double single ``",
        "en",
        "``We will not pay for a bridge nobody asked for,'' said Ann Lee.",
        [("We will not pay for a bridge nobody asked for,", "Ann Lee")],
    ),
    (
        "nested fr",
        "fr",
        "« Il a dit “jamais” trois fois devant toute la salle », a déclaré Anne Moreau.",
        [("Il a dit “jamais” trois fois devant toute la salle", "Anne Moreau")],
    ),
    (
        "nested same fr",
        "fr",
        "« Il a dit « jamais » trois fois devant toute la salle », a déclaré Anne Moreau.",
        [("Il a dit « jamais » trois fois devant toute la salle", "Anne Moreau")],
    ),
    (
        "nested de",
        "de",
        "„Er hat dreimal ‚niemals‘ gesagt, vor dem ganzen Saal“, sagte Anna Weber.",
        [("Er hat dreimal ‚niemals‘ gesagt, vor dem ganzen Saal", "Anna Weber")],
    ),
    (
        "swiss nested",
        "de",
        "«Er hat dreimal ‹niemals› gesagt, vor dem ganzen Saal», sagte Anna Weber.",
        [("Er hat dreimal ‹niemals› gesagt, vor dem ganzen Saal", "Anna Weber")],
    ),
    (
        "de split",
        "de",
        "„Wir zahlen nicht“, sagte Anna Weber, „für eine Brücke, die niemand wollte.“",
        [("Wir zahlen nicht", "Anna Weber"), ("für eine Brücke, die niemand wollte.", "Anna Weber")],
    ),
    (
        "de wrong closing",
        "de",
        '„Wir zahlen nicht für eine Brücke, die niemand wollte", sagte Anna Weber.',
        [("Wir zahlen nicht für eine Brücke, die niemand wollte", "Anna Weber")],
    ),
    (
        "de straight",
        "de",
        '"Wir zahlen nicht für eine Brücke, die niemand wollte", sagte Anna Weber.',
        [("Wir zahlen nicht für eine Brücke, die niemand wollte", "Anna Weber")],
    ),
    (
        "nl low",
        "nl",
        "„We betalen niet voor een brug die niemand wilde,” zei Anna de Vries.",
        [("We betalen niet voor een brug die niemand wilde,", "Anna de Vries")],
    ),
    (
        "nl apostrophe",
        "nl",
        "‘We gaan ’s avonds en ’s ochtends niet betalen voor die brug’, zei Anna de Vries.",
        [("We gaan ’s avonds en ’s ochtends niet betalen voor die brug", "Anna de Vries")],
    ),
    (
        "nl foto's",
        "nl",
        "‘De foto’s van de auto’s bewijzen dat de brug veilig is’, zei Anna de Vries.",
        [("De foto’s van de auto’s bewijzen dat de brug veilig is", "Anna de Vries")],
    ),
    (
        "it single",
        "it",
        "‘Non pagheremo un ponte che nessuno ha chiesto’, ha detto Anna Ferri.",
        [("Non pagheremo un ponte che nessuno ha chiesto", "Anna Ferri")],
    ),
    (
        "it apostrophe",
        "it",
        "«L’acqua dell’Arno non c’è più», ha detto Anna Ferri, sindaca di Halden.",
        [("L’acqua dell’Arno non c’è più", "Anna Ferri")],
    ),
    (
        "it che",
        "it",
        "La sindaca Anna Ferri ha detto che «il ponte non si farà mai senza soldi dello Stato».",
        [("il ponte non si farà mai senza soldi dello Stato", "Anna Ferri")],
    ),
    (
        "es que",
        "es",
        "La alcaldesa Ana Torres dijo que «el puente no se hará nunca sin dinero del Estado».",
        [("el puente no se hará nunca sin dinero del Estado", "Ana Torres")],
    ),
    (
        "fr que",
        "fr",
        "La maire Anne Moreau a déclaré que « le pont ne se fera jamais sans argent de l’État ».",
        [("le pont ne se fera jamais sans argent de l’État", "Anne Moreau")],
    ),
    (
        "fr selon",
        "fr",
        "« Le pont ne se fera jamais sans argent de l’État », selon Anne Moreau.",
        [("Le pont ne se fera jamais sans argent de l’État", "Anne Moreau")],
    ),
    (
        "es según",
        "es",
        "«El puente no se hará nunca sin dinero del Estado», según Ana Torres.",
        [("El puente no se hará nunca sin dinero del Estado", "Ana Torres")],
    ),
    (
        "it secondo",
        "it",
        "«Il ponte non si farà mai senza soldi dello Stato», secondo Anna Ferri.",
        [("Il ponte non si farà mai senza soldi dello Stato", "Anna Ferri")],
    ),
    (
        "pt segundo",
        "pt",
        "“A ponte nunca se fará sem dinheiro do Estado”, segundo Ana Sousa.",
        [("A ponte nunca se fará sem dinheiro do Estado", "Ana Sousa")],
    ),
    (
        "nl volgens",
        "nl",
        "‘De brug komt er nooit zonder geld van het Rijk’, volgens Anna de Vries.",
        [("De brug komt er nooit zonder geld van het Rijk", "Anna de Vries")],
    ),
    (
        "ja name first",
        "ja",
        "田中一郎市長は「今年は学校を閉鎖しない」と述べた。",
        [("今年は学校を閉鎖しない", "田中一郎")],
    ),
    ("ja title", "ja", "映画「となりの大きな森」が公開された。", []),
    ("zh before", "zh", "市长李娜说：“今年我们不会关闭任何学校。”", [("今年我们不会关闭任何学校。", "李娜")]),
    ("zh title", "zh", "电影《漫长的旅程》今天上映。", []),
    ("ru title", "ru", "Роман «Долгое путешествие на далёкий север» вышел в мае.", []),
    ("ru newspaper", "ru", "Газета «Новая газета» сообщила о пожаре в порту города.", []),
    (
        "ru who",
        "ru",
        "Анна Вебер заявила: «Мы не закроем ни одной школы в этом году».",
        [("Мы не закроем ни одной школы в этом году", "Анна Вебер")],
    ),
    ("pl title", "pl", "Film „Długa podróż na daleką północ” wszedł do kin.", []),
    (
        "pl",
        "pl",
        "Anna Wójcik powiedziała: „Nie zamkniemy w tym roku żadnej szkoły”.",
        [("Nie zamkniemy w tym roku żadnej szkoły", "Anna Wójcik")],
    ),
    (
        "sv same marks",
        "sv",
        "Anna Berg säger: ”Vi stänger inga skolor i år.” ”Aldrig i livet”, svarar Bo Ek.",
        [("Vi stänger inga skolor i år.", "Anna Berg"), ("Aldrig i livet", "Bo Ek")],
    ),
    (
        "sv guillemets",
        "sv",
        "»Vi stänger inga skolor i år», säger Anna Berg.",
        [("Vi stänger inga skolor i år", "Anna Berg")],
    ),
    (
        "ar q",
        "ar",
        "قال أحمد علي: «لن نغلق أي مدرسة هذا العام في المدينة».",
        [("لن نغلق أي مدرسة هذا العام في المدينة", None)],
    ),
    (
        "blockquote md",
        "en",
        "Ann Lee wrote to the council:\n\nWe will not pay for a bridge nobody asked for.\n\nThe council met.",
        [],
    ),
    (
        "plural possessive",
        "en",
        "‘The teachers’ pay and the nurses’ hours are the same fight,’ said Ann Lee.",
        [("The teachers’ pay and the nurses’ hours are the same fight,", "Ann Lee")],
    ),
    ("song", "en", "The band played “We Shall Overcome Some Day in Our Town” and went home.", []),
    ("lower title", "en", "Her essay, “a bridge too far for a poor town”, was read by Ann Lee.", []),
    (
        "anonymous",
        "de",
        "„Wir haben davon nichts gewusst“, sagte ein Sprecher der Stadt.",
        [("Wir haben davon nichts gewusst", None)],
    ),
    (
        "de org",
        "de",
        "„Wir haben davon nichts gewusst“, teilte die Deutsche Bahn mit.",
        [("Wir haben davon nichts gewusst", "Deutsche Bahn")],
    ),
    (
        "fr title M",
        "fr",
        "Paul Girard est maire. « Nous avons perdu trop de temps avec ce pont », a dit M. Girard.",
        [("Nous avons perdu trop de temps avec ce pont", "Paul Girard")],
    ),
    (
        "fr Mme",
        "fr",
        "Anne Moreau est maire. « Nous avons perdu trop de temps avec ce pont », regrette Mme Moreau.",
        [("Nous avons perdu trop de temps avec ce pont", "Anne Moreau")],
    ),
    (
        "es sr",
        "es",
        "Juan Pérez es alcalde. «Hemos perdido demasiado tiempo con este puente», lamentó el señor Pérez.",
        [("Hemos perdido demasiado tiempo con este puente", "Juan Pérez")],
    ),
    (
        "pt ele",
        "pt",
        "João Lima é prefeito. “Perdemos tempo demais com esta ponte”, disse ele.",
        [("Perdemos tempo demais com esta ponte", "João Lima")],
    ),
    (
        "de Frau",
        "de",
        "Anna Weber leitet den Hafen. „Wir haben zu viel Zeit verloren“, sagte Frau Weber.",
        [("Wir haben zu viel Zeit verloren", "Anna Weber")],
    ),
    (
        "nl mevrouw",
        "nl",
        "Anna de Vries leidt de haven. ‘We hebben te veel tijd verloren’, zei mevrouw De Vries.",
        [("We hebben te veel tijd verloren", "Anna de Vries")],
    ),
]


@pytest.mark.parametrize(("language", "text", "said"), [c[1:] for c in CASES], ids=[f"{c[1]}: {c[0]}" for c in CASES])
def test_what_is_a_quote_and_whose(language: str, text: str, said: list[tuple[str, str | None]]) -> None:
    found = find_quotes(text, language=language)
    assert [(piece, quote.speaker) for quote in found for piece in quote.texts] == said
    for quote in found:
        assert [span.of(text) for span in quote.spans] == list(quote.texts)


@pytest.mark.parametrize("name", ["mojibake", "mojibake2"])
def test_a_quote_in_broken_marks_is_half_as_sure(name: str) -> None:
    (text,) = [case[2] for case in CASES if case[0] == name]
    (quote,) = find_quotes(text)
    assert quote.confidence < 0.6


RESTYLED = {
    "uk": ("‘", "’"),
    "straight": ('"', '"'),
    "de": ("„", "“"),
    "chevrons": ("»", "«"),
    "fr": ("«\u00a0", "\u00a0»"),
    "nl": ("„", "”"),
    "ja": ("「", "」"),
}


@pytest.mark.parametrize("style", RESTYLED)
def test_other_marks_change_nothing_of_who_said_what(style: str) -> None:
    opening, closing = RESTYLED[style]
    texts = [c[2] for c in CASES if c[1] == "en" and "“" in c[2] and not set(c[2]) & set("\"‘’«»'")]
    assert len(texts) >= 8
    for text in texts:
        restyled = text.replace("“", opening).replace("”", closing)
        want = [(q.texts, q.speaker, q.role) for q in find_quotes(text)]
        assert [(q.texts, q.speaker, q.role) for q in find_quotes(restyled)] == want, restyled


def test_an_unrelated_paragraph_changes_nothing_elsewhere() -> None:
    for _, language, text, said in CASES:
        text = f"The council of the town met on Monday for an hour.\n\n{text}"
        longer = f"{text}\n\nThe weather in the harbour was fair all day, and the ferry left on time."
        for one in (text, longer):
            assert [(piece, q.speaker) for q in find_quotes(one, language=language) for piece in q.texts] == said, one
