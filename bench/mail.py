"""What the mail costs: bytes of one issue of ten stories, milliseconds to render it, microseconds a letter.

    python bench/mail.py [--letters 100000] [--write FOLDER]

--write leaves issue.html, issue.txt and letter.eml in FOLDER, filled for one reader, for the e-mail gate.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from digest.model import Envelope  # noqa: E402
from digest.render import render_issue  # noqa: E402
from digest.render.message import Skeleton, preview_html, preview_text  # noqa: E402
from tests.render_samples import FIELDS, make_config, sample_issue  # noqa: E402

DATE = datetime(2015, 9, 28, 7, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=20_000)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    issue, config = sample_issue(), make_config()

    start = time.perf_counter()
    rendered = render_issue(issue, config)
    first = time.perf_counter() - start
    times = []
    for _ in range(15):
        start = time.perf_counter()
        render_issue(issue, config)
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    skeleton = Skeleton(rendered, "", config)
    built = time.perf_counter() - start

    def letter(number: int) -> bytes:
        return b"".join(
            skeleton.letter(
                ordinal=number,
                envelope=Envelope("bounce@ledger.example.com", f"reader{number}@example.org"),
                message_id=f"<{number}@ledger.example.com>",
                date=DATE,
                fields={**FIELDS, "EMAIL": f"reader{number}@example.org"},
                one_click=True,
            ).chunks
        )

    start = time.perf_counter()
    size = sum(len(letter(number)) for number in range(options.letters))
    each = (time.perf_counter() - start) / options.letters

    (variant,) = rendered.variants
    print(f"HTML {len(variant.html.encode()):,} B   text {len(variant.text.encode()):,} B")
    print(f"letter {size // options.letters:,} B")
    print(f"render: first {first * 1e3:.0f} ms, then {statistics.median(times) * 1e3:.1f} ms (median of {len(times)})")
    print(f"skeleton {built * 1e3:.1f} ms, letter {each * 1e6:.1f} µs ({1 / each:,.0f} a second, one core)")
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        (options.write / "issue.html").write_text(preview_html(variant, FIELDS), encoding="utf-8")
        (options.write / "issue.txt").write_text(preview_text(variant, FIELDS), encoding="utf-8")
        (options.write / "letter.eml").write_bytes(letter(1))


if __name__ == "__main__":
    main()
