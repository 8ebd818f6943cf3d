"""Who said what, with which role, in seven languages and their own marks; and quotes of some more."""

from __future__ import annotations

import pytest

from digest.condense import find_quotes

Case = tuple[str, str, list[tuple[str, str, str]]]
CASES: list[Case] = [
    (
        "de",
        "„Wir haben zu lange auf die neue Brücke gewartet“, sagte Anna Weber, Bürgermeisterin von Halden, am Montag.",
        [("Wir haben zu lange auf die neue Brücke gewartet", "Anna Weber", "Bürgermeisterin von Halden")],
    ),
    (
        "de",
        "Die Leiterin der Schule, Petra Lang, widersprach: „Kein Kind lernt in einem Container besser als in einem Klassenzimmer.“",
        [
            (
                "Kein Kind lernt in einem Container besser als in einem Klassenzimmer.",
                "Petra Lang",
                "Leiterin der Schule",
            )
        ],
    ),
    (
        "de",
        "»Das Wasser stand bis zum zweiten Stock«, so Feuerwehrsprecher Jonas Beck. »So etwas haben wir hier noch nie gesehen.«",
        [
            ("Das Wasser stand bis zum zweiten Stock", "Jonas Beck", "Feuerwehrsprecher"),
            ("So etwas haben wir hier noch nie gesehen.", "Jonas Beck", "Feuerwehrsprecher"),
        ],
    ),
    (
        "de",
        "Bürgermeisterin Anna Weber hat am Montag den Haushalt vorgestellt. „Wir werden in diesem Jahr keine Schule schließen“, sagte sie.",
        [("Wir werden in diesem Jahr keine Schule schließen", "Anna Weber", "Bürgermeisterin")],
    ),
    (
        "de",
        "«Die Mieten steigen schneller als die Löhne», sagt der Ökonom Beat Rüegg.",
        [("Die Mieten steigen schneller als die Löhne", "Beat Rüegg", "Ökonom")],
    ),
    (
        "fr",
        "« Nous avons attendu ce pont pendant vingt ans », a déclaré Anne Moreau, maire de Halden, lundi soir.",
        [("Nous avons attendu ce pont pendant vingt ans", "Anne Moreau", "maire de Halden")],
    ),
    (
        "fr",
        "« Le chantier coûtera deux fois plus cher que prévu », dit Paul Girard, économiste à l’université de Lyon.",
        [("Le chantier coûtera deux fois plus cher que prévu", "Paul Girard", "économiste à l’université de Lyon")],
    ),
    (
        "fr",
        "La directrice de l’école, Claire Dubois, s’inquiète : « Les enfants passent deux heures par jour dans le car. »",
        [("Les enfants passent deux heures par jour dans le car.", "Claire Dubois", "directrice de l’école")],
    ),
    (
        "fr",
        "Le maire Paul Girard a présenté le budget lundi. « Aucune école ne fermera cette année dans notre ville », a-t-il promis.",
        [("Aucune école ne fermera cette année dans notre ville", "Paul Girard", "maire")],
    ),
    (
        "fr",
        "« La rivière a pris le champ d’abord, raconte Lucie Martin, agricultrice. À midi, la route avait disparu. »",
        [
            ("La rivière a pris le champ d’abord,", "Lucie Martin", "agricultrice"),
            ("À midi, la route avait disparu.", "Lucie Martin", "agricultrice"),
        ],
    ),
    (
        "es",
        "«Llevamos veinte años esperando este puente», dijo Ana Torres, alcaldesa de Halden, el lunes.",
        [("Llevamos veinte años esperando este puente", "Ana Torres", "alcaldesa de Halden")],
    ),
    (
        "es",
        "“La obra costará el doble de lo previsto”, aseguró el economista Pablo Ruiz en una entrevista.",
        [("La obra costará el doble de lo previsto", "Pablo Ruiz", "economista")],
    ),
    (
        "es",
        "La directora del colegio, Carmen Díaz, advirtió: «Los niños pasan dos horas al día en el autobús».",
        [("Los niños pasan dos horas al día en el autobús", "Carmen Díaz", "directora del colegio")],
    ),
    (
        "es",
        "El alcalde Juan Pérez presentó el presupuesto el lunes. «Ninguna escuela cerrará este año en nuestra ciudad», prometió él.",
        [("Ninguna escuela cerrará este año en nuestra ciudad", "Juan Pérez", "alcalde")],
    ),
    (
        "it",
        "«Aspettiamo questo ponte da vent’anni», ha detto Anna Ferri, sindaca di Halden, lunedì sera.",
        [("Aspettiamo questo ponte da vent’anni", "Anna Ferri", "sindaca di Halden")],
    ),
    (
        "it",
        "“Il cantiere costerà il doble del previsto”, spiega l’economista Paolo Conti in un’intervista.",
        [("Il cantiere costerà il doble del previsto", "Paolo Conti", "economista")],
    ),
    (
        "it",
        "La direttrice della scuola, Carla Neri, avverte: «I bambini passano due ore al giorno sul pullman».",
        [("I bambini passano due ore al giorno sul pullman", "Carla Neri", "direttrice della scuola")],
    ),
    (
        "it",
        "«Quest’anno nessuna scuola chiuderà nella nostra città», ha promesso il sindaco Marco Riva.",
        [("Quest’anno nessuna scuola chiuderà nella nostra città", "Marco Riva", "sindaco")],
    ),
    (
        "pt",
        "“Esperamos por esta ponte há vinte anos”, disse Ana Sousa, presidente da Câmara de Halden, na segunda-feira.",
        [("Esperamos por esta ponte há vinte anos", "Ana Sousa", "presidente da Câmara de Halden")],
    ),
    (
        "pt",
        "«A obra vai custar o dobro do previsto», afirmou o economista Paulo Reis.",
        [("A obra vai custar o dobro do previsto", "Paulo Reis", "economista")],
    ),
    (
        "pt",
        "A diretora da escola, Carla Nunes, alertou: “As crianças passam duas horas por dia no autocarro.”",
        [("As crianças passam duas horas por dia no autocarro.", "Carla Nunes", "diretora da escola")],
    ),
    (
        "pt",
        "O prefeito João Lima apresentou o orçamento na segunda-feira. “Nenhuma escola vai fechar este ano na nossa cidade”, disse ele.",
        [("Nenhuma escola vai fechar este ano na nossa cidade", "João Lima", "prefeito")],
    ),
    (
        "nl",
        "‘We wachten al twintig jaar op deze brug’, zei Anna de Vries, burgemeester van Halden, maandagavond.",
        [("We wachten al twintig jaar op deze brug", "Anna de Vries", "burgemeester van Halden")],
    ),
    (
        "nl",
        "„De bouw wordt twee keer zo duur als gepland”, aldus econoom Jan Bakker.",
        [("De bouw wordt twee keer zo duur als gepland", "Jan Bakker", "econoom")],
    ),
    (
        "nl",
        "De directeur van de school, Piet Jansen, waarschuwt: “Kinderen zitten elke dag twee uur in de bus.”",
        [("Kinderen zitten elke dag twee uur in de bus.", "Piet Jansen", "directeur van de school")],
    ),
    (
        "nl",
        "Burgemeester Femke Smit presenteerde maandag de begroting. ‘Geen enkele school gaat dit jaar dicht in onze stad’, beloofde ze.",
        [("Geen enkele school gaat dit jaar dicht in onze stad", "Femke Smit", "Burgemeester")],
    ),
    (
        "en",
        "‘We have waited twenty years for this bridge,’ said Anna Weber, mayor of Halden, on Monday.",
        [("We have waited twenty years for this bridge,", "Anna Weber", "mayor of Halden")],
    ),
    (
        "en",
        "“The work will cost twice what was planned,” the economist Paul Reid told the paper.",
        [("The work will cost twice what was planned,", "Paul Reid", "economist")],
    ),
]


@pytest.mark.parametrize(("language", "text", "said"), CASES, ids=[f"{c[0]}: {c[1][:24]}" for c in CASES])
def test_the_speaker_and_the_role_come_out_in_each_language(
    language: str, text: str, said: list[tuple[str, str, str]]
) -> None:
    found = find_quotes(text, language=language)
    assert [(piece, quote.speaker, quote.role) for quote in found for piece in quote.texts] == said
    for quote in found:
        assert quote.role_span is not None and quote.role_span.of(text) == quote.role


# Where the speaker is named within the marks, or nothing but a dash tells what was said.
ASIDES = {
    "a pronoun hung on the verb": (
        "fr",
        "Paul Girard est là. « Il faut agir tout de suite, explique-t-il, avant l’hiver. »",
        ("Il faut agir tout de suite,", "avant l’hiver."),
        "Paul Girard",
    ),
    "an apposition within the aside": (
        "fr",
        "« Je suis, dit Paul Girard, maire de Lyon, très inquiet pour la suite de ce chantier. »",
        ("Je suis,", "très inquiet pour la suite de ce chantier."),
        "Paul Girard",
    ),
    "an aside that ends the quote": (
        "fr",
        "Paul Girard est venu. « Nous sommes prêts à ouvrir le pont en mai, a-t-il déclaré. »",
        ("Nous sommes prêts à ouvrir le pont en mai,",),
        "Paul Girard",
    ),
    "after an exclamation": (
        "fr",
        "« Quelle honte pour notre ville et pour nos enfants ! s’exclame Lucie Martin. Il faut partir. »",
        ("Quelle honte pour notre ville et pour nos enfants !", "Il faut partir."),
        "Lucie Martin",
    ),
    "a verb of speech that is none here": (
        "fr",
        "« Il chante, danse, raconte des histoires et dort chez les voisins », dit Lucie Martin.",
        ("Il chante, danse, raconte des histoires et dort chez les voisins",),
        "Lucie Martin",
    ),
    "between dashes": (
        "es",
        "«Es una vergüenza para esta ciudad —dijo Juan Pérez—. No volverá a pasar».",
        ("Es una vergüenza para esta ciudad", "No volverá a pasar"),
        "Juan Pérez",
    ),
    "Spanish dialogue": (
        "es",
        "—No cerraremos ninguna escuela este año —dijo el alcalde Juan Pérez—. Es mi promesa.",
        ("No cerraremos ninguna escuela este año", "Es mi promesa."),
        "Juan Pérez",
    ),
    "Russian dialogue": (
        "ru",
        "— Мы не закроем ни одной школы в этом году, — сказала Анна Вебер. — Это решено.",
        ("Мы не закроем ни одной школы в этом году,", "Это решено."),
        "Анна Вебер",
    ),
    "Polish dialogue": (
        "pl",
        "– Nie zamkniemy w tym roku żadnej szkoły – powiedziała Anna Wójcik.",
        ("Nie zamkniemy w tym roku żadnej szkoły",),
        "Anna Wójcik",
    ),
    "Swedish dialogue": (
        "sv",
        "– Vi stänger inga skolor i år, säger Anna Berg, borgmästare i Halden.",
        ("Vi stänger inga skolor i år,",),
        "Anna Berg",
    ),
    "Swedish marks": (
        "sv",
        "”Vi stänger inga skolor i år”, säger Anna Berg.",
        ("Vi stänger inga skolor i år",),
        "Anna Berg",
    ),
    "Chinese": ("zh", "“今年我们不会关闭任何学校，”市长安娜说。", ("今年我们不会关闭任何学校，",), "安娜"),
    "Japanese": (
        "ja",
        "「今年は学校を閉鎖しない」と市長の田中一郎氏は述べた。",
        ("今年は学校を閉鎖しない",),
        "田中一郎",
    ),
    "Arabic names nobody by a capital": (
        "ar",
        "«لن نغلق أي مدرسة هذا العام»، قالت العمدة آنا ويبر.",
        ("لن نغلق أي مدرسة هذا العام",),
        None,
    ),
}


@pytest.mark.parametrize(("language", "text", "pieces", "speaker"), ASIDES.values(), ids=ASIDES)
def test_what_the_writer_puts_between_is_no_part_of_the_quote(
    language: str, text: str, pieces: tuple[str, ...], speaker: str | None
) -> None:
    (quote,) = find_quotes(text, language=language)
    assert (quote.texts, quote.speaker) == (pieces, speaker)
    assert [span.of(text) for span in quote.spans] == list(pieces)


NOT_SPEECH = [
    "— Bob Smith, AP reporter, said nothing about the price of the bridge.",
    "– first point of the list, said to be the cheapest of all of them",
    "Das Boot – so der Titel des Films – läuft im Kino der Stadt.",
]


@pytest.mark.parametrize("text", NOT_SPEECH)
def test_a_dash_alone_begins_no_speech(text: str) -> None:
    assert find_quotes(text, language="en") == find_quotes(text, language="de") == []
