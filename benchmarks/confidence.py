"""No time, but right or wrong: calls of cells whose truth is known, behind instruments with the habits of cyclers.

Half of the cells never short. Printed are false shorts, shorts that the record shows and that were called too late or
not at all, and stated confidence against the share that was right, in bins of at least `--least` claims.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import common
import numpy as np

sys.path.insert(0, str(common.ROOT / "tests" / "cycling"))


def main() -> None:
    from judged_calls import bins, judged_calls

    options = common.parser(__doc__)
    options.add_argument("--cells", type=int, default=4000)
    options.add_argument(
        "--first", type=int, default=51_000, help="the first seed; no number was set on those from here"
    )
    options.add_argument("--least", type=int, default=200)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--figure", type=Path, help="draw it into this file")
    args = options.parse_args()
    calls = judged_calls(range(args.first, args.first + args.cells), args.workers)
    shown = [call for call in calls if call.shown]
    right = np.array([call.confidence for call in calls if call.right])
    result: dict[str, Any] = {
        "cells": len(calls),
        "cells_without_a_short": sum(not call.truth.startswith("short") for call in calls),
        "false_shorts": sum(call.false_short for call in calls),
        "shorts_that_show": len(shown),
        "found_with_the_first_settled_sample": sum(call.in_time for call in shown),
        "right_calls": len(right),
        "share_of_them_at_least_0.95_sure": float(np.mean(right >= 0.95)),
    }
    points = bins(calls, args.least)
    for name, some in points.items():
        for number, (stated, share, claims) in enumerate(some):
            result[f"{name}_{number}"] = f"stated {stated:.3f}, right {share:.3f}, {claims} claims"
    if args.figure is not None:
        from lithostat.show.confidence_figure import confidence_figure

        confidence_figure(points, title=f"{len(calls)} cells behind random instruments").savefig(args.figure)
    common.report(result, args.json)


if __name__ == "__main__":
    main()
