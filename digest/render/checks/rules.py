"""Every rule of the check on one page: its name, how grave it is, when it speaks, why that matters.

docs/check.md says the same to the editor, and a test compares the two. The modules beside this one find; `found` makes
the finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend (error) or to look at (warning)."""

    severity: Severity
    place: str  # "subject", "HTML, line 12", or an article's title
    what: str
    remedy: str = ""  # '' where there is nothing to add
    rule: str = ""  # its name in `RULES`; '' for what `digest doctor` finds
    why: str = ""
    article: str = ""  # the id of the item's article; '' where it is about no single item
    line: int = 0  # of the HTML part; 0 where no line is meant


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is: in words, and for those who lead there."""

    words: str
    article: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    severity: Severity
    when: str
    why: str


def found(rule: str, place: Place | str, what: str, remedy: str = "", *, severity: Severity | None = None) -> Finding:
    """The finding of *rule* at *place*; *severity* where this one is graver or lighter than usual."""
    known = RULES[rule]
    at = Place(place) if isinstance(place, str) else place
    return Finding(severity or known.severity, at.words, what, remedy, rule, known.why, at.article, at.line)


GROUPS: dict[str, tuple[Rule, ...]] = {
    "Sources and quoting": (
        Rule(
            "verbatim",
            "error",
            "an excerpt is not its article’s own text, or HTML or text part print it otherwise",
            "Readers and publishers trust that every sentence stands in the article as it is printed.",
        ),
        Rule(
            "outlet-missing",
            "error",
            "nobody is credited, and the text is neither your own nor permitted",
            "A quotation without its source is a borrowed text.",
        ),
        Rule(
            "url-missing",
            "error",
            "there is no address to link to, and the text is neither your own nor permitted",
            "Whoever is quoted gets the link; without it the reader cannot check the words.",
        ),
        Rule(
            "url-not-web",
            "error",
            "an article’s address does not begin with https:// or http://",
            "Mail programs open nothing else, or something else than you meant.",
        ),
        Rule(
            "url-not-https",
            "warning",
            "an article’s address begins with http://",
            "What is read there can be seen and changed on the way; some filters score it.",
        ),
        Rule(
            "headline-missing",
            "error",
            "an article has no headline",
            "The headline is the link; without words nobody can find or follow it.",
        ),
        Rule(
            "story-twice",
            "warning",
            "two items of the issue lead to the same address",
            "The second one looks like a slip, and takes a story’s place.",
        ),
        Rule(
            "publisher-limit",
            "error",
            "more characters are excerpted than the publisher allows",
            "nosnippet and max-snippet are the publisher’s own word on what may be shown.",
        ),
        Rule(
            "excerpt-withdrawn",
            "error",
            "a printed sentence no longer stands in what the publisher opens to excerpts",
            "The publisher reserved it, or put it behind a paywall, after the draft was made.",
        ),
        Rule(
            "publisher-blocked",
            "error",
            "an article, or another report of its story, comes from a blocked publisher",
            "You, or the publisher, decided that this newsletter leaves it alone.",
        ),
        Rule(
            "source-changed",
            "warning",
            "the article has a newer version than the one the issue cites",
            "The publisher may have corrected just the sentence you print.",
        ),
        Rule(
            "edit-unfit",
            "error",
            "an editor’s change is of a text that has changed, or of an article that is not in the issue",
            "It does not count as it stands; only who made it can say what it should be now.",
        ),
        Rule(
            "quote-words",
            "error",
            "more words of one article are printed than `[quoting]` allows",
            "Past a certain length an excerpt stands in for the article instead of leading to it.",
        ),
        Rule(
            "quote-share",
            "error",
            "a larger share of one article’s body is printed than `[quoting]` allows",
            "Of a short text even a few sentences are most of it.",
        ),
        Rule(
            "quote-count",
            "error",
            "an item prints more key quotes than `[quoting]` allows",
            "The quotes are what a reader would have gone to the article for.",
        ),
    ),
    "Subject and preheader": (
        Rule("subject-empty", "error", "the subject is empty", "Mail without a subject is taken for spam, or a slip."),
        Rule(
            "subject-length",
            "warning",
            "the subject has fewer than 15 or more than 70 characters",
            "A phone shows some 35 to 40 of them, a desktop some 70; less than 15 say too little to choose by.",
        ),
        Rule(
            "subject-shouting",
            "warning",
            "subject or preheader is mostly capitals, or has two marks like !! or !? in a row",
            "Readers and spam filters both take shouting for advertising.",
        ),
        Rule(
            "subject-reply",
            "error",
            "the subject begins like an answer or a forwarded mail (Re:, Fwd:, AW:)",
            "A subject that misleads is unlawful in the USA (15 USC 7704(a)(2)) and unwelcome everywhere.",
        ),
        Rule(
            "subject-hole",
            "warning",
            "subject or preheader has a hole: an empty bracket, “Hi ,”, a blank before a comma, a dash at the end",
            "A name or number that should have stood there was empty.",
        ),
        Rule(
            "preheader-empty",
            "warning",
            "there is no preheader",
            "The inbox then shows whatever text comes first, most often “View in browser”.",
        ),
        Rule(
            "preheader-length",
            "warning",
            "the preheader has fewer than 40 or more than 140 characters",
            "Shorter, and the mail’s first words follow it; longer, and nobody sees the end.",
        ),
        Rule(
            "preheader-repeats",
            "warning",
            "the preheader says what the subject says",
            "The second line of the inbox is free; said twice it is lost.",
        ),
        Rule(
            "preheader-not-first",
            "warning",
            "the first text of the HTML is not a hidden preheader",
            "The inbox line is taken from the first text there is.",
        ),
        Rule(
            "preheader-leaks",
            "warning",
            "no filler stands behind the preheader",
            "The inbox goes on with the first words of the mail.",
        ),
    ),
    "Words left over": (
        Rule(
            "placeholder-left",
            "error",
            "a placeholder is left: TODO, lorem ipsum, {{ name }}, %FIRST_NAME%, *|NAME|*",
            "Every reader sees that nobody looked.",
        ),
        Rule(
            "placeholder-maybe",
            "warning",
            "what looks like a placeholder stands in an article or in your own words",
            "It may be meant; it is printed as it is.",
        ),
        Rule(
            "value-empty",
            "error",
            "the HTML prints None, undefined, NaN or [object Object]",
            "The template printed a value that is not there.",
        ),
        Rule(
            "escaped-twice",
            "error",
            "the reader sees markup such as &amp; or <p> that stands in no article",
            "A template escaped a text that was escaped already.",
        ),
        Rule(
            "mojibake",
            "warning",
            "a text holds signs such as Ã© or â€™",
            "A source was read in the wrong character set; the article’s page has it right.",
        ),
    ),
    "The reader and the law": (
        Rule(
            "leave-missing",
            "error",
            "HTML or text part shows no way to leave",
            "The law and every mailbox provider ask for it; who cannot leave reports spam.",
        ),
        Rule(
            "postal-address",
            "error",
            "there is no postal address, or a part does not print it (a warning while letters become files only)",
            "16 CFR 316 asks for one in every mail; in other countries the imprint does.",
        ),
        Rule(
            "token-misplaced",
            "error",
            "a reader’s own value stands where it cannot be escaped",
            "An address with a quotation mark in it would break the mail, or worse.",
        ),
        Rule(
            "letter-broken",
            "error",
            "no letter can be written from this issue",
            "What cannot stand in a message stops the send at its first reader.",
        ),
        Rule(
            "from-freemail",
            "warning",
            "the newsletter comes from an address at a public mailbox provider",
            "Their DMARC policy has other servers’ mail in their name refused, or filed as spam.",
        ),
        Rule(
            "nobody-reads",
            "warning",
            "nobody would get this issue",
            "An issue for nobody is most often an import that was forgotten.",
        ),
        Rule(
            "audience-jump",
            "warning",
            "less than half, or more than twice, as many readers as the last issue had",
            "A list that jumps was most often imported, filtered or blocked by mistake.",
        ),
    ),
    "Links": (
        Rule(
            "link-not-https",
            "error",
            "a link of the template begins with anything but https:// or mailto:, or leads nowhere",
            "Mail programs block it, or open the reader’s own folder.",
        ),
        Rule("link-empty", "error", "a link has no words", "A screen reader reads out its address instead."),
        Rule(
            "link-vague",
            "warning",
            "a link says only “here”, “more” or the like",
            "In a list of links, as a screen reader gives it, it means nothing.",
        ),
        Rule(
            "link-same-words",
            "warning",
            "the same words lead to different addresses",
            "In a list of links nobody can tell them apart.",
        ),
        Rule(
            "link-repeated",
            "warning",
            "an item’s address is linked more than twice",
            "Headline and “Read at” are enough; each more is one to tab past.",
        ),
        Rule(
            "link-tracking",
            "warning",
            "an address carries tracking parameters (utm_…, fbclid, mc_eid)",
            "They tell the publisher, or somebody else, who came from where.",
        ),
        Rule(
            "link-shortened",
            "warning",
            "an address is a shortener’s or a click counter’s",
            "It hides where it leads, counts the reader, ends when the service ends, and filters punish it.",
        ),
        Rule(
            "link-private",
            "error",
            "a link leads into a private network or carries a password",
            "Nobody but you can open it, and the password is everybody’s.",
        ),
        Rule(
            "link-disguised",
            "error",
            "a link’s words show another site than it leads to",
            "That is how phishing looks, to readers and to filters.",
        ),
        Rule(
            "link-dead",
            "error",
            "the page is gone (404, 410); only with --fetch-links",
            "The story cannot be read any more.",
        ),
        Rule(
            "link-unanswered",
            "warning",
            "the page gave no good answer; only with --fetch-links",
            "It may be down, or only refuse programs: open it yourself.",
        ),
        Rule(
            "link-moved",
            "warning",
            "the page moved for good to another site; only with --fetch-links",
            "The old address will stop working.",
        ),
    ),
    "Pictures": (
        Rule(
            "picture-alt-missing",
            "error",
            "a picture has no alt attribute",
            "A screen reader reads out the file’s name; with pictures off nothing stands there.",
        ),
        Rule(
            "picture-alt-poor",
            "warning",
            "a picture’s alt text is a file name or only “image”",
            "It says no more than nothing.",
        ),
        Rule(
            "picture-foreign",
            "error",
            "a picture, or a picture in a style, is loaded from another host than the newsletter’s own site",
            "That host learns who opens the mail, when and where, and can change the picture.",
        ),
        Rule(
            "picture-not-https",
            "error",
            "a picture’s address is neither https:// nor inside the mail (cid:)",
            "Most programs show nothing for http:, data: and relative addresses.",
        ),
        Rule(
            "picture-pixel",
            "error",
            "a picture is one or two pixels large, or hidden",
            "It is there to count readers, or looks so to those who filter mail.",
        ),
        Rule(
            "picture-size-missing",
            "warning",
            "a picture has no width and height",
            "The mail jumps while pictures load; Outlook shows them at full size.",
        ),
        Rule(
            "picture-format",
            "warning",
            "a picture is WebP, AVIF, SVG, HEIC or TIFF",
            "Outlook on Windows or Gmail shows nothing for it; JPEG, PNG and GIF work everywhere.",
        ),
        Rule(
            "picture-credit",
            "error",
            "an article’s picture is printed without saying whose it is",
            "Whoever made it lets it be printed on just that condition, and has a right to it.",
        ),
        Rule(
            "picture-license",
            "error",
            "an article’s picture is printed without its license, or without the link to it",
            "The license asks for it; without one the picture is taken, not lent.",
        ),
        Rule(
            "picture-withdrawn",
            "error",
            "an article’s source no longer lets the printed picture be shown",
            "Its license or a wish of its publisher changed after the draft was made.",
        ),
        Rule(
            "picture-copy-missing",
            "error",
            "the mail names a picture that it does not carry and your site does not have, or an item has lost its own",
            "Readers see an empty frame, or nothing where you saw a picture.",
        ),
        Rule(
            "picture-heavy",
            "warning",
            "the pictures inside one letter have more than 400 KB (an error: 1 MB)",
            "Every letter carries them all: a slow phone waits, and a relay sends that many bytes to each reader.",
        ),
    ),
    "Reading": (
        Rule(
            "contrast-light",
            "error",
            "words stand out less than 4.5:1 from their ground (3:1 when large), as styled or with styles removed",
            "WCAG 2.2, 1.4.3: many people cannot read them, nobody can in the sun.",
        ),
        Rule(
            "contrast-dark",
            "error",
            "the same on the dark ground, by media query or as Outlook repaints",
            "Ink that stays dark on a ground turned dark cannot be read.",
        ),
        Rule(
            "dark-missing",
            "warning",
            "there are no dark colors, by media query or for Outlook ([data-ogsc])",
            "Mail programs then invent some.",
        ),
        Rule(
            "text-small",
            "warning",
            "words are smaller than 13 pixels",
            "On a phone they cannot be read without zooming, and Safari enlarges them as it likes.",
        ),
        Rule(
            "language-missing",
            "error",
            "<html> has no lang, or the wrapper does not repeat it",
            "A screen reader reads with the wrong voice; clients that drop <html> keep the wrapper.",
        ),
        Rule(
            "direction-missing",
            "error",
            "<html> has no dir",
            "Right-to-left mail turns around, and quoted foreign words drag their punctuation along.",
        ),
        Rule(
            "item-language",
            "warning",
            "a headline in another language, or of another direction, does not say so (lang, dir)",
            "WCAG 2.2, 3.1.2: it is read out as if it were the newsletter’s language.",
        ),
        Rule(
            "title-missing",
            "error",
            "<title> is empty",
            "It is the first thing read out, and names the tab of the view in the browser.",
        ),
        Rule(
            "heading-first",
            "error",
            "there is not exactly one <h1>, or another heading comes before it",
            "People who read by headings begin there.",
        ),
        Rule(
            "heading-skip",
            "warning",
            "a heading skips a level",
            "It sounds as if something were missing.",
        ),
        Rule(
            "table-role",
            "error",
            'a layout table has no role="presentation", in the HTML or in an Outlook comment',
            "Each cell is announced with row and column.",
        ),
    ),
    "Mail programs": (
        Rule(
            "size-clipped",
            "error",
            "the HTML part is larger than 102 KB",
            "Gmail cuts it there, and the way to leave with it. The decoded HTML counts, with each reader’s own values "
            "and the styles; pictures, headers and the text part do not.",
        ),
        Rule("size-near", "warning", "the HTML part is larger than 87 KB", "From 102 KB on Gmail cuts."),
        Rule(
            "style-size",
            "error",
            "the <style> elements hold more than 16 KB",
            "Gmail drops them altogether, and with them the dark colors and the wide layout.",
        ),
        Rule(
            "style-broken",
            "error",
            "a style sheet or style attribute does not parse",
            "Gmail drops the whole <style> for one fault.",
        ),
        Rule(
            "style-in-body",
            "error",
            "a <style> stands in the body",
            "Gmail and Outlook on Windows do not read it there.",
        ),
        Rule(
            "style-important",
            "error",
            "a style attribute says !important",
            "No dark, wide or printed rule can win against it.",
        ),
        Rule(
            "client-support",
            "warning",
            "a style, tag or attribute that one of the mail programs cannot show (an error where words are lost)",
            "Part of your readers see something else than you do.",
        ),
        Rule(
            "outlook-conditions",
            "error",
            "comments for Outlook are not balanced",
            "Everything behind the open one is gone in Outlook on Windows.",
        ),
        Rule(
            "outlook-width",
            "warning",
            "a box with max-width has no table of fixed width around it for Outlook",
            "Outlook on Windows does not know max-width: lines run over the whole window.",
        ),
        Rule(
            "document",
            "error",
            "no <!DOCTYPE html> first, no utf-8 charset, or no viewport that lets people zoom",
            "Without them clients guess, small text stays small and umlauts break.",
        ),
        Rule(
            "active-content",
            "error",
            "script, form, frame, media or on… attributes",
            "Mail programs take them out, and filters take the mail for an attack.",
        ),
    ),
    "Text part": (
        Rule(
            "text-missing",
            "error",
            "there is no text part",
            "Watches, terminals and some people read only that; filters mark its absence.",
        ),
        Rule(
            "text-unwrapped",
            "warning",
            "a line has more than 78 characters and could be broken",
            "RFC 5322, 2.1.1 asks for 78; text mail is read as it was wrapped.",
        ),
        Rule("text-markup", "error", "tags or entities stand in it", "A reader sees them as they are."),
        Rule(
            "text-story-missing",
            "error",
            "a story stands in only one of HTML and text part",
            "Both are the same issue; a filter that compares them takes the difference for a trick.",
        ),
        Rule(
            "text-order",
            "warning",
            "stories stand in another order than in the HTML",
            "You chose the order, for all readers.",
        ),
        Rule(
            "text-link-lost",
            "warning",
            "an address linked in the HTML is not written out (an error for an article’s)",
            "The reader of the text part cannot follow.",
        ),
        Rule(
            "text-footnotes",
            "warning",
            "a footnote is named and not given, or given and not named",
            "The reader looks for the other half.",
        ),
    ),
}

RULES: dict[str, Rule] = {rule.name: rule for rules in GROUPS.values() for rule in rules}
