"""What a mail weighs and what it costs.

    python -m bench.render                        # HTML of 15 items with summaries, milliseconds to render them
    python -m bench.render --messages 100000      # messages a second on one core
    python -m bench.render --check                # milliseconds of the check

Imports come first, as in a program that is running; `render` is Jinja2 and premailer together, once a variant. Times
are of the processor, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime

from digest.model import Envelope, Issue, Variant
from digest.render import render_issue
from digest.render.check import check_issue
from digest.render.checks.rules import RULES
from digest.render.message import Skeleton
from tests.check_samples import long
from tests.render_cases import full_issue
from tests.render_samples import FIELDS, make_config, sample_issue

DATE = datetime(2015, 9, 28, 7, tzinfo=UTC)
LEAVE = FIELDS["LEAVE"].rpartition("/")[0]
PREFS = FIELDS["PREFS"].rpartition("/")[0]


def fifteen() -> Issue:
    """The fixture's issue with fifteen stories, five of them told twice under another address."""
    issue = sample_issue()
    more = []
    for number, item in enumerate(issue.items[1:6], 1):
        url = f"{item.article.url}-{number}"
        article = replace(
            item.article, id=f"{number:016x}", url=url, canonical=url, title=f"{item.article.title}, again"
        )
        sentences = tuple(replace(s, article=article.id) for s in item.summary.sentences)
        quotes = tuple(replace(q, article=article.id) for q in item.summary.quotes)
        summary = replace(item.summary, sentences=sentences, quotes=quotes)
        pick = replace(item.pick, story=replace(item.pick.story, lead=article))
        more.append(replace(item, pick=pick, summary=summary))
    return replace(issue, items=tuple(long(item) for item in (*issue.items[:7], *more, *issue.items[7:])))


ITEMS = 15


def rendering(runs: int) -> tuple[float, float, Variant]:
    """Seconds for the first call, seconds for a later one (median of *runs*), and what came out."""
    issue, config = full_issue(ITEMS), make_config()
    start = time.process_time()
    rendered = render_issue(issue, config)
    first = time.process_time() - start
    times = []
    for _ in range(runs):
        start = time.process_time()
        render_issue(issue, config)
        times.append(time.process_time() - start)
    return first, statistics.median(times), rendered.variants[0]


def messages(count: int) -> None:
    """Composes *count* whole messages, every byte joined, each for another reader."""
    config = make_config()
    rendered = render_issue(fifteen(), config)
    skeleton = Skeleton(rendered, "", config)
    held = _resident_mb()
    size = 0
    start = time.process_time()
    for number in range(count):
        token = f"{number:032x}"
        fields = {
            "EMAIL": f"reader{number}@example.org",
            "WHY": FIELDS["WHY"],
            "LEAVE": f"{LEAVE}/{token}",
            "PREFS": f"{PREFS}/{token}",
        }
        letter = skeleton.letter(
            ordinal=number,
            envelope=Envelope("bounce@ledger.example.com", fields["EMAIL"]),
            message_id=f"<{number}@ledger.example.com>",
            date=DATE,
            fields=fields,
            one_click=True,
            to_name=f"Reader {number}",
        )
        size += len(b"".join(letter.chunks))
    took = time.process_time() - start
    print(
        f"{count:,} messages of {size // count:,} B in {took:.2f} s on one core ({count / took:,.0f} a second), "
        f"{_resident_mb() - held:.1f} MB more than before"
    )


def checking(runs: int) -> None:
    """Judges the issue of fifteen stories *runs* times, as the preview does at each change."""
    config, issue = make_config(), fifteen()
    rendered = render_issue(issue, config)
    start = time.process_time()
    found = check_issue(issue, rendered, config)
    first, times = time.process_time() - start, []
    for _ in range(runs):
        start = time.process_time()
        check_issue(issue, rendered, config)
        times.append(time.process_time() - start)
    print(
        f"check of {len(issue.items)} stories: {statistics.median(times) * 1e3:.0f} ms (median of {runs}; the first "
        f"{first * 1e3:.0f} ms), {len(RULES)} rules, {len(found)} findings"
    )


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=0, metavar="COUNT")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        checking(30)
    elif options.messages:
        messages(options.messages)
    else:
        first, later, variant = rendering(30)
        print(f"HTML of {ITEMS} items: {len(variant.html.encode()):,} B   text {len(variant.text.encode()):,} B")
        print(f"render: {later * 1e3:.1f} ms (median of 30; the first, with its imports, {first * 1e3:.0f} ms)")


if __name__ == "__main__":
    main()
