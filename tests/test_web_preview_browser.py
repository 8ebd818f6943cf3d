"""The preview in a real browser: every toggle, the keyboard, a reader's letter, changes while it is looked at."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from digest.web.preview import Workshop, create_preview
from digest.web.preview.evidence import cuts_of
from tests.conftest import ROOT, absent
from tests.test_web_preview import letter_to, parts_of
from tests.web_browser import running, sideways
from tests.web_newsletter import NOW, SLUG, Post, edit_templates, make_newsletter, own_templates

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(make_newsletter(tmp_path_factory.mktemp("newsletter")), SLUG)


@pytest.fixture(scope="module")
def post() -> Post:
    return Post()


@pytest.fixture(scope="module")
def preview(workshop: Workshop, post: Post) -> Iterator[str]:
    with running(create_preview(workshop, token="k3y", mail_test=post, now=lambda: NOW)) as url:
        yield url


class Desk:
    """A window with the preview in it, and what went wrong there: nothing, one hopes."""

    def __init__(self, browser: Any, url: str, *, width: int, scheme: str, query: str) -> None:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"{url}/?token=k3y")
        self.page.wait_for_url(f"{url}/")
        if query:
            self.page.goto(f"{url}/?{query}")
        self.settle()

    def until(self, claim: str) -> Any:
        """What the script *claim* gives as soon as it is something. (wait_for_function needs a policy that allows eval.)"""
        for _ in range(400):
            if found := self.page.evaluate(claim):
                return found
            self.page.wait_for_timeout(20)
        raise AssertionError(f"never came true: {claim}")

    def settle(self) -> None:
        """Until the frame has what it was asked for."""
        self.until("document.querySelectorAll('iframe').length === 1 && document.getElementById('frame')?.dataset.view")

    def press(self, group: str, name: str) -> None:
        folded = self.page.locator("#show-bar[aria-expanded=false]")
        if folded.is_visible():
            folded.click()
        self.page.get_by_role("group", name=group, exact=True).get_by_role("button", name=name, exact=True).click()
        self.settle()

    def tab(self, name: str) -> None:
        self.page.get_by_role("navigation", name="Panels").get_by_role("button", name=re.compile(f"^{name}")).click()

    def key(self, name: str) -> None:
        self.page.keyboard.press(name)
        self.settle()

    def pressed(self) -> list[str]:
        return [button.inner_text() for button in self.page.locator('.bar [aria-pressed="true"]').all()]

    def focused(self) -> str:
        return str(
            self.page.evaluate(
                "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent || document.activeElement.id).trim()"
            )
        )

    def frame(self) -> Any:
        """The page in the frame."""
        self.settle()
        return self.page.frame_locator("#frame")

    def seen_color(self) -> str:
        return str(self.frame().locator(".card").first.evaluate("e => getComputedStyle(e).backgroundColor"))


@pytest.fixture
def desk(browser: Any, preview: str) -> Iterator[Any]:
    opened: list[Desk] = []

    def open_desk(*, width: int = 1440, scheme: str = "light", query: str = "", url: str = preview) -> Desk:
        opened.append(Desk(browser, url, width=width, scheme=scheme, query=query))
        return opened[-1]

    yield open_desk
    for each in opened:
        each.page.context.close()
    for each in opened:
        assert each.said == []


# ------------------------------------------------------------------------------------------------ toggles


def test_every_toggle_shows_what_it_says(desk: Any) -> None:
    window = desk()
    window.page.evaluate("window.stayed = true")

    for name, px in (("320", 320), ("375", 375), ("600", 600), ("800", 800)):
        window.press("Width", name)
        assert window.page.locator(".device").evaluate("e => e.offsetWidth") == px
    window.press("Look", "Dark")
    dark = window.seen_color()
    window.press("Look", "No style")
    assert window.seen_color() not in {dark, ""}
    assert window.frame().locator("style").count() == 1, "only our own is left"
    window.press("Look", "Light")
    assert window.seen_color() == "rgb(255, 255, 255)" != dark
    window.press("Pictures", "On")
    assert "pictures=on" in window.page.url
    window.press("Pictures", "Off")
    for name, words in (
        ("Text", "THE WEEKLY LEDGER"),
        ("HTML", "<!DOCTYPE html>"),
        ("Headers", "List-Unsubscribe"),
        ("Message", "MIME-Version"),
    ):
        window.press("Show", name)
        assert words in window.frame().locator("body").inner_text(), name
        assert window.page.get_by_role("button", name="Dark").is_disabled()
    window.press("Show", "Mail")

    assert window.page.evaluate("window.stayed"), "without leaving the page"
    assert window.pressed() == ["Mail", "800", "Light", "Off"]


def test_the_view_lives_in_the_address(desk: Any) -> None:
    window = desk()
    window.press("Width", "375")
    window.press("Show", "Text")

    window.page.reload()
    window.settle()

    assert window.pressed()[:2] == ["Text", "375"]


def test_the_light_mail_stays_light_on_a_dark_screen(desk: Any) -> None:
    assert desk(scheme="dark").seen_color() == "rgb(255, 255, 255)"


def test_the_ruler_sets_any_width(desk: Any) -> None:
    window = desk()
    ruler = window.page.locator("#ruler")
    assert not ruler.is_visible()

    window.press("Width", "Free")
    ruler.focus()
    window.key("Home")
    assert window.page.locator("#measure").inner_text() == "280 px"
    window.page.locator("h1").click()
    window.key("]")
    assert window.page.locator("#measure").inner_text() == "290 px"


def test_a_wide_mail_is_shrunk_into_a_narrow_room(desk: Any) -> None:
    window = desk(width=375, query="panel=mail")
    window.press("Width", "800")

    box = window.page.locator("#frame").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 375
    assert "800 px, shown at" in window.page.locator("#measure").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_panel_is_wider_than_a_narrow_screen(desk: Any, scheme: str) -> None:
    window = desk(width=320, scheme=scheme, query="at=1.1")

    for panel in ("Stories", "Source", "Mail", "Check", "Inbox", "Readers"):
        window.tab(panel)
        shown = window.page.locator(f"#{panel.lower()}")
        assert shown.is_visible()
        assert sideways(window.page) == 0, panel
        assert shown.evaluate("e => e.scrollWidth - e.clientWidth") == 0, panel
    for view in ("Text", "HTML", "Headers", "Message"):
        window.tab("Mail")
        window.press("Show", view)
        window.press("Width", "320")
        assert window.frame().locator("html").evaluate("e => e.scrollWidth - e.clientWidth") == 0, view


# ------------------------------------------------------------------------------------------------ evidence


def test_a_sentence_is_shown_in_its_source_and_in_the_mail(desk: Any, workshop: Workshop) -> None:
    window = desk()
    draft = workshop.show().draft
    assert draft is not None
    sentence = next(i.summary.sentences for i in draft.issue.items[2:] if i.summary.sentences)[0].text

    window.page.locator("#stories").get_by_role("link", name=sentence).click()
    mark = window.page.locator("#source mark.here")
    mark.wait_for()

    assert mark.inner_text() == sentence
    window.until("document.querySelector('#source mark.here').getBoundingClientRect().top < innerHeight - 100")
    window.until(
        "(() => { const f = document.getElementById('frame').contentWindow; const r = [...(f.CSS.highlights.get('here') || [])][0]; if (!r) return false; const b = r.getBoundingClientRect(); return b.top >= 0 && b.bottom <= f.innerHeight && r.toString() })()"
    )
    pointed = window.page.evaluate(
        "[...document.getElementById('frame').contentWindow.CSS.highlights.get('here')][0].toString()"
    )
    assert " ".join(pointed.split()) == sentence

    window.page.get_by_role("button", name="Close the source").click()
    window.until("!document.querySelector('#source mark')")
    assert window.focused() == sentence, "the keyboard goes back to where it was opened"


def test_a_sentence_clicked_in_the_mail_leads_to_its_source(desk: Any, workshop: Workshop) -> None:
    draft = workshop.show().draft
    assert draft is not None
    sentence = next(i for i in draft.issue.items if len(i.summary.sentences) == 1).summary.sentences[0].text
    window = desk()

    window.frame().get_by_text(sentence).click()

    mark = window.page.locator("#source mark.here")
    mark.wait_for()
    assert mark.inner_text() == sentence


def test_on_a_phone_a_sentence_opens_the_source_and_a_headline_the_mail(desk: Any) -> None:
    window = desk(width=375)

    window.page.locator("#stories .cuts a").first.click()
    window.page.locator("#source mark.here").wait_for()
    assert window.page.locator("#source").is_visible() and not window.page.locator("#stories").is_visible()

    window.tab("Stories")
    window.page.locator("#stories .title").nth(2).click()
    window.page.locator("#mail").wait_for(state="visible")
    window.until("document.getElementById('frame').contentWindow.scrollY > 200")


def test_what_was_cut_away_is_grey_and_says_why(desk: Any, workshop: Workshop) -> None:
    draft = workshop.show().draft
    assert draft is not None
    number = next(n for n, i in enumerate(draft.issue.items, 1) if i.article.removed)
    window = desk(query=f"at={number}")

    removed = window.page.locator("#source .removed li").first

    assert draft.issue.items[number - 1].article.removed[0].reason in removed.inner_text()
    grey, ink = (
        e.evaluate("e => getComputedStyle(e).color") for e in (removed, window.page.locator("#source .headline"))
    )
    assert grey != ink


# ------------------------------------------------------------------------------------------------ a reader


def test_a_reader_gets_what_is_shown_byte_for_byte(desk: Any, workshop: Workshop) -> None:
    window = desk()
    raw = letter_to(workshop.folder, workshop, 1)

    window.key("/")
    window.page.keyboard.type("ellwood")
    window.page.get_by_role("button", name="ruth@example.org").click()
    window.page.get_by_text("Would get it.", exact=True).wait_for()

    window.press("Show", "Message")
    assert window.frame().locator("pre").evaluate("e => e.textContent") == raw.decode().replace("\r\n", "\n")
    window.press("Show", "Text")
    assert window.frame().locator("pre").evaluate("e => e.textContent") == parts_of(raw)["text/plain"]
    window.press("Show", "Mail")
    links = window.frame().locator("a").evaluate_all("all => all.map(a => a.href)")
    assert any("/stand-in/leave" in link for link in links)
    assert not any("/leave/" in link or link.startswith("mailto:") for link in links), (
        "nobody is taken off the list by accident"
    )
    assert "ruth@example.org" in window.frame().locator("body").inner_text()
    assert "ruth" not in window.page.url, "no address stands in the browser's history"


def test_a_test_is_mailed_from_the_desk(desk: Any, post: Post) -> None:
    window = desk(query="panel=readers")

    window.page.get_by_label("To one address").fill("me@example.org")
    window.page.get_by_role("button", name="Send the test").click()
    window.page.get_by_text("in var/outbox for me@example.org").wait_for()

    assert [str(address) for _, address in post.sent] == ["me@example.org"]


# ------------------------------------------------------------------------------------------------ hostile text


def test_hostile_text_does_nothing_and_nothing_leaves_the_machine(desk: Any, preview: str, workshop: Workshop) -> None:
    draft = workshop.show().draft
    assert draft is not None
    number = next(n for n, i in enumerate(draft.issue.items, 1) if "hostile" in (i.article.url or ""))
    window = desk(query=f"at={number}.1&pictures=on")

    for view in ("Text", "HTML", "Headers", "Message", "Mail"):
        window.press("Show", view)
        window.page.wait_for_timeout(100)

    assert window.page.title().endswith("– preview")
    assert {url.split("/")[2] for url in window.asked} == {preview.split("/")[2]}


def test_a_mail_that_tries_everything_stays_inert(browser: Any, tmp_path: Path, desk: Any) -> None:
    folder = make_newsletter(tmp_path)
    own_templates(folder)
    attack = """<script>parent.document.title='owned'</script><img src="https://evil.example/i.png" onerror="parent.document.title='owned'">
    <form action="https://evil.example/f"><input name=a autofocus onfocus="parent.document.title='owned'"></form>
    <iframe src="https://evil.example/x"></iframe><object data="https://evil.example/o"></object>
    <meta http-equiv="refresh" content="0;url=https://evil.example/r"><link rel="stylesheet" href="https://evil.example/s.css">
    <link rel="preconnect" href="https://evil.example"><style>@import url(https://evil.example/i.css);p{background:url(https://evil.example/b.png)}
    @font-face{font-family:x;src:url(https://evil.example/f.woff)}p{font-family:x}</style>
    <a href="javascript:parent.document.title='owned'" id="js">x</a><video src="https://evil.example/v" autoplay></video></body>"""
    edit_templates(folder, lambda text: text.replace("</body>", attack))
    with running(create_preview(Workshop(folder, SLUG), token="k3y", now=lambda: NOW)) as url:
        window = Desk(browser, url, width=1440, scheme="light", query="pictures=on")
        window.page.wait_for_timeout(500)

        assert window.page.title().endswith("– preview")
        reached = window.page.evaluate(
            "performance.getEntriesByType('resource').filter(e => e.name.includes('evil') && e.responseStatus).length"
        )
        assert reached == 0
        assert len(window.page.context.pages) == 1 and window.page.url.startswith(url)
        window.page.context.close()


# ------------------------------------------------------------------------------------------------ changes while looking


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A newsletter of the test's own, with its templates in it, and where its preview is."""
    folder = make_newsletter(tmp_path)
    own_templates(folder)
    with running(create_preview(Workshop(folder, SLUG), token="k3y", now=lambda: NOW)) as url:
        yield folder, url


def test_a_changed_template_shows_itself_and_place_and_toggles_stay(own: tuple[Path, str], desk: Any) -> None:
    folder, url = own
    window = desk(url=url, query="at=2.1")
    window.page.evaluate("window.stayed = true")
    window.press("Width", "375")
    window.press("Look", "Dark")
    window.page.locator("#why-2 summary").click()
    window.page.evaluate("document.getElementById('frame').contentWindow.scrollTo(0, 1234)")
    window.page.evaluate("document.getElementById('stories').scrollTop = 321")
    window.page.locator("#stories .cuts a").nth(4).evaluate("e => e.focus({preventScroll: true})")
    focused = window.focused()

    edit_templates(folder, lambda text: text.replace("</body>", '<p id="added">Added below</p></body>'))

    window.until("document.getElementById('frame')?.contentDocument?.getElementById('added')?.outerHTML")
    assert window.page.evaluate("document.getElementById('frame').contentWindow.scrollY") == 1234
    assert window.page.evaluate("document.getElementById('stories').scrollTop") == 321
    assert window.page.evaluate("document.getElementById('why-2').open && window.stayed")
    assert window.focused() == focused
    assert window.pressed() == ["Mail", "375", "Dark", "Off"]
    assert window.seen_color() != "rgb(255, 255, 255)"


def test_a_broken_template_says_so_over_the_last_good_mail(own: tuple[Path, str], desk: Any) -> None:
    folder, url = own
    window = desk(url=url)

    edit_templates(folder, lambda text: text.replace("</body>", "\n{{ page.oops }}</body>"))
    alert = window.page.get_by_role("alert")
    alert.get_by_text("Not shown yet").wait_for()

    assert "issue.html.j2, line" in alert.inner_text() and "{{ page.oops }}" in alert.inner_text()
    assert "The Weekly Ledger" in window.frame().locator("body").inner_text()

    edit_templates(folder, lambda text: text.replace("\n{{ page.oops }}", ""))
    window.until("!document.querySelector('#fault .banner')")


def test_an_edit_and_a_setting_show_themselves(own: tuple[Path, str], desk: Any) -> None:
    from digest.editing import add_edit
    from digest.week import open_project

    folder, url = own
    window = desk(url=url)

    with open_project(folder) as project:
        add_edit(project, SLUG, "subject", "", "A subject of my own for this week", who="Mara", at=NOW)
    window.until("document.title.startsWith('A subject of my own')")

    config = folder / "digest.toml"
    config.write_text(config.read_text("utf-8").replace("The week’s news from", "Slow news from"), encoding="utf-8")
    window.until("document.getElementById('frame')?.contentDocument?.body.innerText.includes('Slow news from')")


def test_a_preview_that_ended_says_so(desk: Any, tmp_path: Path) -> None:
    with running(create_preview(Workshop(make_newsletter(tmp_path), SLUG), token="k3y", now=lambda: NOW)) as url:
        window = desk(url=url)
    with suppress(AssertionError):
        window.page.get_by_text("The preview has ended").wait_for(timeout=10_000)
    assert "The preview has ended" in window.page.locator("#said").inner_text()
    window.said.clear()  # the browser's own words on a refused connection


# ------------------------------------------------------------------------------------------------ keyboard and ears


def test_everything_is_reached_with_the_tab_key(desk: Any) -> None:
    window = desk(query="at=1.1")
    reached: list[str] = []

    for _ in range(400):
        window.page.keyboard.press("Tab")
        if window.page.evaluate("document.activeElement.tagName") == "IFRAME":
            break
        outline = window.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", window.focused()
        reached.append(window.focused())

    assert reached[0] == "Go to the mail"
    for name in (
        "Keys ?",
        "Stories 10",
        "Check ✓",
        "Inbox",
        "Readers",
        "Close the source",
        "Mail",
        "320",
        "Dark",
        "On",
    ):
        assert name in reached, name
    clickable = window.page.locator("button:visible:enabled, a[href]:visible, summary:visible, input:visible").count()
    assert len(reached) >= clickable, "nothing that can be clicked is left out"


def test_the_keys_do_what_they_say(desk: Any, workshop: Workshop) -> None:
    window = desk()
    draft = workshop.show().draft
    assert draft is not None

    for key, view in (("t", "Text"), ("s", "HTML"), ("h", "Headers"), ("b", "Message"), ("m", "Mail")):
        window.key(key)
        assert window.pressed()[0] == view
    for key, width in (("1", "320"), ("2", "375"), ("4", "800"), ("5", "Free"), ("3", "600")):
        window.key(key)
        assert window.pressed()[1] == width
    for key, look in (("d", "Dark"), ("x", "No style"), ("l", "Light")):
        window.key(key)
        assert window.pressed()[2] == look
    for key, panel in (("c", "check"), ("o", "inbox"), ("r", "readers"), ("w", "stories")):
        window.key(key)
        assert window.page.locator(f"#{panel}").is_visible()
    window.key("j")
    window.key("j")
    window.key("k")
    assert window.focused() == draft.issue.items[0].article.title
    window.key("n")
    window.key("n")
    window.page.locator("#source mark.here").wait_for()
    assert cuts_of(draft.issue.items[0])[1].text in window.focused()
    window.key("Escape")
    window.until("!document.querySelector('#source mark')")
    window.frame().locator("a").first.focus()
    window.key("d")
    assert window.pressed()[2] == "Dark", "also while the keyboard is in the mail"
    window.key("l")
    window.key("?")
    assert window.page.get_by_role("dialog", name="Keys").is_visible()
    window.page.get_by_label("Single keys are on").uncheck()
    window.key("Escape")
    window.key("d")
    assert window.pressed()[2] == "Light", "switched off, a letter is only a letter"


def test_what_is_typed_is_no_command(desk: Any) -> None:
    window = desk(query="panel=readers")

    window.page.get_by_label("A subscriber").focus()
    window.page.keyboard.type("dt1?x")

    assert window.page.get_by_label("A subscriber").input_value() == "dt1?x"
    assert window.pressed() == ["Mail", "600", "Light", "Off"]


def test_it_is_heard_in_order(desk: Any, workshop: Workshop) -> None:
    draft = workshop.show().draft
    assert draft is not None
    tree = desk(query="at=1.1").page.locator("body").aria_snapshot()

    places = [
        tree.index(piece)
        for piece in (
            'link "Go to the mail"',
            'heading "The Weekly Ledger" [level=1]',
            'navigation "Panels"',
            'region "Stories"',
            f'link "{draft.issue.items[0].article.title}"',
            draft.issue.items[0].summary.sentences[0].text[:40],
            'heading "Near misses" [level=3]',
            'region "Source"',
            'region "The mail"',
            'group "Show"',
            'group "Width"',
            'group "Look"',
            "iframe",
        )
    ]
    assert places == sorted(places)


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core, from where the e-mail gate is installed (DIGEST_AXE names another place)."""
    path = Path(os.environ.get("DIGEST_AXE", ROOT / "build/gate/node_modules/axe-core/axe.min.js"))
    if not path.is_file():
        absent(f"axe-core is not at {path} (.ci/run installs it)")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("width", "query"),
    [
        (1440, "at=1.1"),
        (1440, "panel=check&view=text"),
        (1440, "panel=inbox&view=headers"),
        (1440, "panel=readers&reader=3&view=source"),
        (1024, "at=2.1&look=dark"),
        (375, ""),
        (375, "panel=source&at=3.1"),
        (320, "panel=mail&view=message"),
    ],
)
def test_axe_finds_nothing(desk: Any, axe: str, scheme: str, width: int, query: str) -> None:
    window = desk(width=width, scheme=scheme, query=query)
    framed = window.page.frames[-1]
    assert "/frame/" in framed.url
    window.page.evaluate(axe)

    found = window.page.evaluate(
        "axe.run(document, {iframes: false, resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + n.failureSummary).join(' | ')))"
    )

    assert found == []


def test_axe_finds_nothing_in_the_keys_and_in_a_fault(own: tuple[Path, str], desk: Any, axe: str) -> None:
    folder, url = own
    window = desk(url=url)
    edit_templates(folder, lambda text: text.replace("</body>", "\n{{ page.oops }}</body>"))
    window.page.get_by_text("Not shown yet").wait_for()
    for key in ("w", "?"):
        window.key(key)
        window.page.evaluate(axe)
        found = window.page.evaluate(
            "axe.run(document, {iframes: false}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | ')))"
        )
        assert found == []
