"""What a mail weighs and how long it takes to make.

    python -m bench.render      # HTML of 15 items with summaries, milliseconds to render them

Imports come first, as in a program that is running; `render` is Jinja2 and premailer together, once a variant. Times
are of the processor, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import statistics
import time

from digest.model import Variant
from digest.render import render_issue
from tests.render_cases import full_issue
from tests.render_samples import make_config

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    options = parser.parse_args()
    first, later, variant = rendering(options.runs)
    print(f"HTML of {ITEMS} items: {len(variant.html.encode()):,} B   text {len(variant.text.encode()):,} B")
    print(f"render: {later * 1e3:.1f} ms (median of {options.runs}; the first, with its imports, {first * 1e3:.0f} ms)")


if __name__ == "__main__":
    main()
