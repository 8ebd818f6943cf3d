"""Which lines are no part of a report, and which only look so; every rule in time, whatever the line."""

from __future__ import annotations

import re
import time

import pytest

from digest.text import leftovers
from digest.text.leftovers import leftover_reason

PROSE = """
    Copyright reform failed in the committee by two votes on Tuesday.
    Copyright in the map belongs to the county, the court ruled.
    All rights reserved under the treaty were returned to the islanders in 1998.
    (c) The council pays for the rest of the bridge.
    Photographs by the thousand arrived at the town hall within a week.
    The photo was taken by a tourist and shared by Reuters (Reuters said it paid nothing).
    Two officials confirmed the talks on Monday night (Reuters).
    Illustration by hand is dying out, the guild's chairman said.
    Credit by mutual banks fell for the third month in a row.
    Pictures: they are what the council has never lacked, said Ms Ortiz.
    Images: 3 of 12 showed the suspect near the pier.
    Video: the new evidence that convinced the jury came from a tram.
    Watch: the old one stopped at 10:14, the hour of the quake.
    Reporting by phone is allowed from Monday for all fishermen.
    Writing by candlelight, the clerk copied 400 names.
    Editing by committee has ruined better laws than this one.
    He contributed to this report, and was paid 300 euros from the fund.
    The fund contributed to this report.
    The committee reported this from the outset, and this story is now closed.
    This story first appeared in 1911 and nobody has retold it since.
    This article was published under a false name, the court heard.
    Have a tip? The waiters of Porto do, and they want it taxed fairly.
    Contact the clerk at office@example.org.
    Write to the minister and to the committee at petitions@example.org.
    Privacy policy failed the children, the ombudsman said
    Terms of use for the hall have not changed since 1974
    Register your boat for free before the end of the month, the port urged owners.
    Join us, the union told the drivers, and more than 300 did so today.
    Sign up now or lose the seat, the coach told parents.
    Subscribe, said the editor, because a free press is not free.
    Get more sleep and answer your inbox later, the doctors advised staff.
    Follow me on X, he told the crowd, and 2,000 did.
    Follow the money on social benefits and you end in the town hall
    Love our trees? The council has a plan to share the cost with owners.
    Leave a comment at the town hall by Friday, the council asked residents.
    More in sorrow than in anger, the mayor withdrew the plan
    Most popular of all was the free ferry, with 4,000 riders
    Recommended doses were exceeded in 12 of 40 cases
    Related claims against the port were settled in May
    Also on the agenda was the closure of the library
    Don't miss the point, she told the chamber: the money is gone
    Previous post offices closed in 2011 and 2014
    Source: the county's own figures show 1,200 missed buses.
    Updated: the list now has 412 names, ten more than in May.
    17 March 2026 source of the leak was found.
    Tags: every sheep in the county must wear two from January.
    Topics: schools, roads and the price of water, in that order.
    We sold cookies at the site and used the money to navigate the permit.
    By April 2027
    Foto von der Brücke kamen zuerst bei der Polizei an.
    Bild: Der Verlag wehrt sich gegen die Klage der Ministerin.
    Quelle: Der Bach entspringt am Ort, der ihm den Namen gibt.
    Stand: Die Bude am Hafen war am Freitag geschlossen.
    Erstellt: So nennt das Amt eine Liste, die niemand gelesen hat.
    Mehr zum Thema wusste auch der Minister nicht
    Mehr über die Brücke als über das Wasser sprach der Rat
    Auch interessant war der zweite Antrag
    Ihr Browser war nicht aktuell, schrieb die Bank dem Kunden
    Wir backen Cookies und nutzen den Erlös für das Personal der Schule.
    Folgen sie uns nach X, rief der Anführer
    Source : c'est ainsi que les habitants appellent la place.
    Publié: le rapport l'est enfin, trois ans après le vote.
    Votre navigateur n'a pas vu le récif, dit le capitaine au juge
    Lire aussi le contrat avant de signer, conseille l'avocate
    Voir aussi la mer depuis la gare, tel était le rêve
    Abonnez-vous à la patience, dit le chef de gare.
    Recevez-vous la newsletter de la mairie? Un habitant sur deux dit oui.
    Le 12 mars 2026 - Sources: deux agents du port confirment.
    Fuente: así llaman en el pueblo a la plaza donde empezó todo.
    Actualizado: así está ya el censo, dijo la alcaldesa.
    Temas: la escuela, las calles y el precio del agua.
    Te puede interesar saber que el pleno es público
    Su navegador no vio el arrecife, dijo el capitán al juez
    Suscríbete a la esperanza, decía el cartel de la fábrica.
    Recibe cada casa un boletín con las cuentas del agua.
    Siga el camino de X hasta la ermita
    Sigue en Facebook la disputa por el agua
    Iscriviti a parlare, gli disse il giudice.
    Fonte: il sindaco non ne ha voluta nominare nessuna.
    Leggi anche tra le righe, dice la maestra ai ragazzi
    Fonte: ninguém no porto quis dizer quem a ligou.
    Atualizado: o plano prevê agora três pontes em vez de duas.
    Leia mais devagar o contrato antes de assinar
    Bron: niemand in het dorp weet waar het water vandaan komt.
    Ontvang de minister met bloemen, stond in de nieuwsbrief van de partij.
    Lees ook de kleine letters voordat u tekent
"""
LEFTOVERS = """
    copyright line = Copyright 2015 The Conversation.
    copyright line = Copyright © 2026 Harbour Notes
    copyright line = © 2026 Harbour Notes. No part of it may be sold.
    copyright line = All rights reserved. This material may not be published, broadcast or rewritten.
    copyright line = 2026 Harbour Notes GmbH – Alle Rechte vorbehalten.
    copyright line = Tous droits réservés.
    copyright line = Todos los derechos reservados.
    caption = Photo: Ana Ruiz/Reuters.
    caption = Photo by Ana Ruiz for Harbour Notes.
    caption = Photograph: Ana Ruiz/The Guardian
    caption = The old bridge at dawn. (AP Photo/Ana Ruiz)
    caption = The old bridge at dawn (Getty Images)
    caption = Pictured: the mayor with her dog.
    caption = Image caption The bridge was closed in spring.
    caption = Watch video here.
    caption = Foto: dpa
    caption = Foto: Jürg Bänziger / dpa.
    caption = Bild von Anna Schmidt
    caption = Crédit photo : Ana Ruiz.
    caption = Foto: Ana Ruiz (EFE)
    caption = Foto di Anna Rossi
    credit line = CNN's Ana Ruiz, Jan Roe and Mustafa al-Arab contributed to this report.
    credit line = Ana Ruiz contributed to this report from Atlanta and Jan Roe wrote from London.
    credit line = CNN's Ana Ruiz reported this story from Beirut, and Jan Roe wrote it in Atlanta.
    credit line = Reporting by Ana Ruiz in Porto; Editing by Jan Roe and Jo Smith
    credit line = This article was originally published on The Conversation. Read the original article.
    credit line = This story first appeared in the Harbour Notes.
    credit line = This article is republished from The Conversation under a Creative Commons license.
    credit line = Have a tip? Write to us at tips@harbour.example.
    credit line = Contact the author at ana@harbour.example.
    credit line = Terms of Service | Privacy Policy
    subscribe line = Sign up for our weekly newsletter.
    subscribe line = Sign up now for free!
    subscribe line = Subscribe to Harbour Notes
    subscribe line = Register now
    subscribe line = Get the latest news in your inbox.
    subscribe line = Abonnez-vous pour lire la suite.
    subscribe line = Abonnieren Sie unseren Newsletter.
    subscribe line = Recevez chaque matin notre newsletter.
    subscribe line = Recibe gratis nuestro boletín
    subscribe line = Ricevi la nostra newsletter
    subscribe line = Assine a nossa newsletter.
    subscribe line = Meld je aan voor de nieuwsbrief.
    share line = Follow @HarbourNotes on Twitter to join the conversation about boats.
    share line = Follow Harbour Notes on Facebook.
    share line = Share this article on Facebook, Twitter
    share line = ShareTweetPin 12
    share line = Folgen Sie uns auf Instagram
    share line = Suivez-nous sur Facebook.
    share line = Síguenos en X
    share line = Sigue a Harbour Notes en Facebook
    comment form = Leave a comment below.
    comment form = Leave a Reply Cancel reply
    comment form = Leave a comment on this article
    media notice = Your browser does not support the video tag.
    media notice = Click here for more information about the award.
    media notice = Ihr Browser unterstützt dieses Video nicht.
    media notice = Votre navigateur ne prend pas en charge la vidéo.
    media notice = Su navegador no soporta vídeo.
    link to more = Read more: What's the truth about the bridge?
    link to more = Learn more about the bridge.
    link to more = More from Harbour Notes
    link to more = More on this story
    link to more = Related articles
    link to more = Related: Mayor quits
    link to more = Don't miss: the ten best bridges
    link to more = Most read now
    link to more = Also on harbour.example Mayors in fear of bridges
    link to more = Next post: How to build a bridge
    link to more = Tags: bridge, mayor, Porto
    link to more = Lesen Sie auch: Das war der Rat der Lehrerin an alle.
    link to more = Mehr über die Brücke
    link to more = À lire aussi Le pont tient
    link to more = Lees meer over de brug
    source line = Source: European Best Destinations.
    source line = Quelle: eigene Recherche
    source line = Bron: ANP
    date line = Updated: 03 / 14 / 2013 07: 51: 21 AM PDT
    date line = Aktualisiert: Dienstag, 14.30 Uhr
    date and source line = 17 March 2026 – Source: Harbour Notes
    cookie notice = Notre site utilise des cookies pour vos statistiques de navigation.
    cookie notice = Unsere Seite verwendet Cookies, um Ihre Erfahrung zu verbessern.
    by-line = By Ana Ruiz and Jan Roe
    by-line = Words by Ana Ruiz
"""


def rows(table: str) -> list[str]:
    return [line.strip() for line in table.strip().splitlines()]


@pytest.mark.parametrize("line", rows(PROSE))
def test_prose_that_opens_like_a_leftover_stays(line: str) -> None:
    assert leftover_reason(line) == ""


@pytest.mark.parametrize("row", rows(LEFTOVERS))
def test_a_leftover_goes_though_it_ends_in_a_stop(row: str) -> None:
    reason, line = row.split(" = ", 1)
    assert leftover_reason(line) == reason


PATTERNS = {"a date": leftovers.DATED, "an opening": leftovers._OPENING, **dict(leftovers._RULES)}


@pytest.mark.parametrize("name", PATTERNS)
def test_a_line_made_of_a_rules_own_words_is_read_at_once(name: str) -> None:
    """The exponential ones took minutes; what is linear in 5,000 characters takes a few milliseconds."""
    pattern = PATTERNS[name]
    own = sorted(set(re.findall(r"[^\W\d_]{2,}", re.sub(r"\\[a-zA-Z]", " ", pattern.pattern))))
    words = [*own[:: len(own) // 40 + 1], "Ana", "1", "12 March 2026", "©", "a@b.c", "A.", "(AP", "tweet", ""]
    lines = [(word + mark) * (5000 // len(word + mark)) + "!" for word in words for mark in (" ", ", ", ": ", "/")]
    slowest = 0.0
    for line in lines:
        started = time.process_time()
        pattern.fullmatch(line)
        slowest = max(slowest, time.process_time() - started)
    assert slowest < 0.05


@pytest.mark.parametrize(
    "line", [f"Share {'tweet ' * 50}!", f"Like {'1234567890' * 30} of them", f"Updated{' ' * 5000}soon"]
)
def test_numbers_blanks_and_share_words_without_end_are_read_at_once(line: str) -> None:
    started = time.process_time()
    assert leftover_reason(line) == ""
    assert time.process_time() - started < 0.05
