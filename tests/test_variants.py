"""Readers who asked for another language, some sections or the lead only get that, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.address import Address
from digest.compose import issue_for
from digest.model import Issue, Wish
from digest.render import render_issue
from digest.render.check import verify_verbatim, visible_text
from digest.store import Store, open_store
from tests.render_samples import make_config, sample_issue

AT = datetime(2015, 9, 27, 18, 0, tzinfo=UTC)
CONFIG = make_config()


def only(*topics: str, lead: bool = False, language: str = "") -> Wish:
    wish = Wish(language, topics, lead).fitted(sample_issue(), "en-GB")
    assert wish is not None
    return wish


@pytest.mark.parametrize(
    ("wish", "key"),
    [
        (Wish(), ""),
        (Wish("en-US"), ""),  # the newsletter's own language in another spelling
        (Wish("de"), "language-de"),
        (Wish("", ("transport", "Gardening")), "topics-transport"),
        (Wish("", ("Cities", "Transport")), "topics-transport.cities"),
        (Wish("", ("Cities", "Transport", "Government")), "topics-government.transport.cities"),  # without the links
        (Wish("de", ("Transport",), True), "language-de_topics-transport_lead-only"),
    ],
)
def test_a_wish_is_fitted_to_what_the_issue_holds(wish: Wish, key: str) -> None:
    fitted = wish.fitted(sample_issue(), "en-GB")
    assert fitted is not None
    assert fitted.key == key


def test_a_wish_for_topics_the_issue_lacks_is_served_by_nothing() -> None:
    assert Wish("", ("Gardening",)).fitted(sample_issue(), "en-GB") is None


def test_a_section_s_name_is_safe_in_a_file_name() -> None:
    assert Wish("", ("../Straße & Bahn",)).key == "topics-~2e~2e~2fstrasse-~26-bahn"
    assert Wish("de-../x").key == "language-de~2d~2e~2e~2fx"
    assert Wish("", ("a_lead-only",)).key != Wish("", ("a",), True).key
    assert Wish("", ("a b",)).key != Wish("", ("a-b",)).key


def test_many_long_names_still_make_a_file_name() -> None:
    names = tuple(f"السياسة والاقتصاد {n}" for n in range(20))
    keys = {Wish("", names).key, Wish("", names[1:]).key}
    assert len(keys) == 2
    assert all(len(key) < 60 for key in keys)


def test_readers_of_a_topic_get_its_stories_led_by_the_first() -> None:
    issue = issue_for(sample_issue(), only("Transport"))
    assert [i.form for i in issue.items] == ["lead", "item", "item"]
    assert (issue.subject, issue.intro) == ("The port that published every delay", "")
    assert issue.preheader.startswith("Also: Night trains are filling up again")


def test_readers_of_a_topic_get_its_plain_links_too() -> None:
    """A link printed in "In brief" still belongs to its section; one of no section is for who gets everything."""
    sample = sample_issue()
    *full, ours, other, none = sample.items
    ours, other = replace(ours, topic="Transport"), replace(other, topic="Cities")
    issue = replace(sample, items=(*full, ours, other, replace(none, topic="")))
    fitted = Wish("", ("Transport",)).fitted(issue, "en-GB")
    assert fitted is not None
    titles = [i.article.title for i in issue_for(issue, fitted).items]
    assert titles == ["The port that published every delay", "Night trains are filling up again",
                      "In Norderhaven fährt die Straßenbahn leiser", ours.article.title]  # fmt: skip


def test_readers_of_every_topic_get_the_issue_whole() -> None:
    """Who chose all sections would miss what stands in none of them."""
    sample = sample_issue()
    brief = [replace(i, topic="") if i.form == "link" else i for i in sample.items]
    issue = replace(sample, items=tuple(brief), topics=("Cities", "Transport", "Government", "Energy"))
    assert Wish("", ("Cities", "Transport", "Government", "Energy")).fitted(issue, "en-GB") == Wish()
    some = Wish("", ("Cities", "Transport", "Government")).fitted(issue, "en-GB")
    assert some is not None
    assert [i for i in issue_for(issue, some).items if i.topic == ""] == []  # they did not choose all


def test_a_topic_of_plain_links_only_is_led_by_the_first_under_its_own_name() -> None:
    sample = sample_issue()
    link = replace(sample.items[-1], topic="Law")
    issue = replace(sample, items=(*sample.items[:-1], link))
    fitted = Wish("", ("Law",)).fitted(issue, "en-GB")
    assert fitted is not None
    (lead,) = issue_for(issue, fitted).items
    assert (lead.form, lead.pick.section) == ("lead", "Law")


def test_each_variant_is_seen_on_the_web_at_its_own_address_which_many_share() -> None:
    issue, transport = sample_issue(), only("Transport")
    rendered = render_issue(issue, CONFIG, variants={transport: issue_for(issue, transport)})
    usual, ours = rendered.variants
    assert usual.view == "https://ledger.example.com/issues/2015-W39"
    assert ours.view == "https://ledger.example.com/issues/2015-W39/topics-transport"
    for variant in rendered.variants:
        assert f'href="{variant.view}"' in variant.html
        assert f"\n{variant.view}\n" in variant.text


def test_readers_of_the_lead_get_it_alone_with_its_subject() -> None:
    issue = issue_for(sample_issue(), only(lead=True))
    assert [i.article.title for i in issue.items] == [sample_issue().items[0].article.title]
    assert issue.subject == sample_issue().subject


def test_every_variant_is_rendered_once_verified_and_bound_by_the_fingerprint() -> None:
    issue, wishes = sample_issue(), [only("Transport"), only(lead=True), only(language="de")]
    variants = {wish: issue_for(issue, wish) for wish in wishes}
    rendered = render_issue(issue, CONFIG, variants=variants)
    assert [v.key for v in rendered.variants] == ["", "topics-transport", "lead-only", "language-de"]
    verify_verbatim(issue, rendered)
    usual, transport, lead, german = (visible_text(v.html) for v in rendered.variants)
    assert "heat pumps" in usual and "heat pumps" not in transport + lead
    assert "Night trains" in transport and "Night trains" not in lead
    assert "Abbestellen" in german and "Night trains" in german
    assert rendered.fingerprint != render_issue(issue, CONFIG).fingerprint
    assert rendered == render_issue(issue, CONFIG, variants=variants)


def test_a_changed_excerpt_in_one_variant_stops_it() -> None:
    from digest.errors import VerbatimError

    issue = sample_issue()
    rendered = render_issue(issue, CONFIG, variants={only("Transport"): issue_for(issue, only("Transport"))})
    usual, transport = rendered.variants
    wrong = replace(transport, html=transport.html.replace("Complaints fell by a third", "Complaints fell by half"))
    with pytest.raises(VerbatimError, match="The port"):
        verify_verbatim(issue, replace(rendered, variants=(usual, wrong)))


def test_a_language_the_mail_does_not_speak_makes_no_variant() -> None:
    wish = Wish("nl")
    rendered = render_issue(sample_issue(), CONFIG, variants={wish: sample_issue()})
    assert [v.key for v in rendered.variants] == [""]


# ------------------------------------------------------------------------------------------------ who gets which


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, create=True, durability="normal") as opened:
        yield opened


def add(store: Store, name: str, wish: Wish) -> None:
    store.subscribers.add(
        Address(name, "example.org"),
        "",
        how="editor",
        wording="yes",
        who="eve",
        at=AT,
        language=wish.language,
        topics=wish.topics,
        length="lead" if wish.lead_only else "full",
    )


def draft(store: Store) -> Issue:
    issue = sample_issue()
    fitted = {wish.fitted(issue, "en-GB") for wish in store.subscribers.wishes(AT)}
    variants = {wish: issue_for(issue, wish) for wish in fitted if wish and wish.key}
    store.issues.save_draft(issue, render_issue(issue, CONFIG, variants=variants), at=AT)
    return issue


def test_each_reader_is_planned_for_the_variant_they_asked_for(store: Store) -> None:
    add(store, "all", Wish())
    add(store, "us", Wish("en-US"))
    add(store, "trains", Wish("", ("Transport",)))
    add(store, "lead", Wish(lead_only=True))
    add(store, "german", Wish("de"))
    add(store, "gardener", Wish("", ("Gardening",)))
    issue = draft(store)
    account = store.ledger.freeze(issue.slug, "", AT)
    people = {s.id: s.address.local for s in store.subscribers.all()}
    got = {people[d.subscriber]: d.variant for d in store.ledger.deliveries(issue.slug)}
    assert got == {
        "all": "",
        "us": "",
        "trains": "topics-transport",
        "lead": "lead-only",
        "german": "language-de",
    }
    assert (account.candidates, account.planned) == (6, 5)
    assert account.excluded == {"nothing in their topics": 1}


def test_who_came_after_the_draft_gets_the_nearest_variant_there_is(store: Store) -> None:
    add(store, "trains", Wish("", ("Transport",)))
    issue = draft(store)
    add(store, "fr-trains", Wish("fr", ("Transport",)))
    add(store, "cities", Wish("", ("Cities",)))
    store.ledger.freeze(issue.slug, "", AT)
    assert [d.variant for d in store.ledger.deliveries(issue.slug)] == ["topics-transport", "topics-transport", ""]


def test_the_week_renders_what_its_readers_asked_for_in_languages_the_mail_speaks(tmp_path: Path) -> None:
    import shutil

    from tests.test_cli_week import ROOT, run_in

    shutil.copy(ROOT / "digest.toml", tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "readers.csv").write_text(
        "email,language,topics\nann@example.org,,\nbob@example.org,nl,Transport\ncid@example.org,de,\n", "utf-8"
    )
    run = run_in(tmp_path)
    run("subscribers", "import", str(tmp_path / "readers.csv"), "--yes", "--basis", "they asked for it")
    run("weekly", "--week", "2026-W12")
    with open_store(tmp_path) as opened:
        keys = [v.key for v in opened.issues.rendered("2026-W12").variants]
        got = {d.variant for d in opened.ledger.deliveries("2026-W12")}
    assert keys == ["", "language-de", "topics-transport"]
    assert got == {*keys}
    assert (tmp_path / "var/issues/2026-W12/topics-transport.html").is_file()
    (tmp_path / "var/issues/2026-W12/report.html").write_text("<p>Sent.</p>")
    run("subscribers", "set", "cid@example.org", "--language", "")
    run("build", "--week", "2026-W12")
    files = {file.name for file in (tmp_path / "var/issues/2026-W12").iterdir()}
    assert files == {f"{n}.{end}" for n in ("issue", "topics-transport") for end in ("html", "txt")} | {"report.html"}
    run("subscribers", "set", "cid@example.org", "--language", "de")
    run("build", "--week", "2026-W12")
    run("check")
    run("approve", "--yes")

    from digest.config import load_config
    from digest.web.site import create_site

    client = create_site(tmp_path, load_config(tmp_path)).test_client()
    assert 'lang="en-GB"' in client.get("/issues/2026-W12").text
    assert "Im\u00a0Browser\u00a0ansehen" in client.get("/issues/2026-W12/language-de").text
    assert client.get("/issues/2026-W12/language-fr").status_code == 404


def test_in_another_language_the_editors_own_words_say_which_is_theirs() -> None:
    """A German greeting in an Arabic letter would else be read aloud as Arabic, its comma at the wrong end."""
    words = replace(
        CONFIG.newsletter,
        language="de",
        tagline="Am Wasser",
        greeting="Hallo,",
        sign_off="Bis bald.",
        invitation="Schreiben Sie uns.",
    )
    config = replace(CONFIG, newsletter=words)
    lead, *rest = sample_issue().items
    rest[-1] = replace(rest[-1], pick=replace(rest[-1].pick, section="Kurz notiert"))
    issue = replace(sample_issue(), items=(replace(lead, note="Zwei fehlten."), *rest), intro="Zehn Berichte.")
    arabic = Wish("ar")
    _, variant = render_issue(issue, config, variants={arabic: issue}).variants
    marked = 'lang="de" dir="ltr"'
    for shown in ("Am Wasser</p>", "Zehn Berichte.</p>", "Zwei fehlten.</span>", "Transport</h2>"):
        before = variant.html[: variant.html.index(shown)].rpartition("<")[2]
        assert marked in before, shown
    assert marked in variant.html.partition(variant.tokens["GREETING"])[0].rpartition("<")[2]
    for ours in ("Bis bald", "Schreiben Sie", "Kurz notiert"):  # said in Arabic
        assert ours not in variant.html + variant.text
    assert "باختصار" in variant.html
    usual = render_issue(issue, config).variants[0].html
    assert "Bis bald" in usual and usual.count(marked) == 2  # <html> and the wrapper alone
