"""What pictures cost: one copied, one issue rendered with them, its letters composed.

    python -m bench.pictures

Times are of the processor. The pictures are drawn by `tests.picture_samples`; noise is the worst a camera can bring.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from PIL import Image

from digest.collect.pictures import copy_of
from digest.model import Envelope
from digest.render import render_issue
from digest.render.message import Skeleton
from tests.picture_samples import chart, copies, encoded, harbour, pictured
from tests.render_cases import cases
from tests.render_samples import FIELDS

LETTERS = 10_000


def ms(work: Callable[[], object], times: int = 3) -> float:
    """Milliseconds of the processor, the median."""
    spent = []
    for _ in range(times):
        begun = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - begun))
    return statistics.median(spent)


def main() -> None:
    noise = Image.effect_noise((4000, 3000), 80).convert("RGB")
    originals = {
        "photograph, 12 megapixels": encoded(harbour(4000, 3000), "JPEG", quality=92),
        "noise, 12 megapixels": encoded(noise, "JPEG", quality=92),
        "chart, 1,040 × 560": encoded(chart()),
    }
    copy_of(originals["chart, 1,040 × 560"])  # imports done
    for name, data in originals.items():
        copy = copy_of(data)
        print(
            f"copy of a {name}, {len(data):,} B: {ms(lambda data=data: copy_of(data)):.0f} ms, "  # type: ignore[misc]
            f"{copy.width_px} × {copy.height_px}, {len(copy.data):,} B"
        )
    all_cases = {"no picture": cases()["sample"], **pictured()}
    for name in ("no picture", "pictures-lead", "pictures-all", "pictures-site"):
        issue, config = all_cases[name]
        rendered = render_issue(issue, config, copies=copies())
        spent = ms(lambda issue=issue, config=config: render_issue(issue, config, copies=copies()))  # type: ignore[misc]
        skeleton = Skeleton(rendered, "", config)
        begun = time.process_time()
        for ordinal in range(LETTERS):
            letter = skeleton.letter(
                ordinal=ordinal,
                envelope=Envelope("bounce@ledger.example.com", "sam@reader.example.org"),
                message_id=f"<{ordinal}@ledger.example.com>",
                date=datetime(2015, 9, 28, tzinfo=UTC),
                fields=FIELDS,
                one_click=True,
            )
        rate = LETTERS / (time.process_time() - begun)
        size = len(b"".join(letter.chunks))
        print(f"{name}: rendered in {spent:.0f} ms, a letter of {size:,} B, {rate:,.0f} letters a second")


if __name__ == "__main__":
    main()
