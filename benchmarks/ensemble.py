"""Many cells with scatter for 1000 h, at 5 and at 10 MPa, after compilation: milliseconds of wall time a cell."""

from __future__ import annotations

import os
import statistics
from typing import Any

import common

from lithostat import ensemble

SCATTER = {"focusing_scatter": 0.28, "toughness_scatter": 0.1, "throat_radius_scatter": 0.1}
PRESSURES = (5.0, 10.0)  # MPa


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--members", type=int, default=10_000)
    options.add_argument("--runs", type=int, default=3)
    args = options.parse_args()
    cell = common.cell()
    ensemble(cell, common.protocol(PRESSURES[0]), members=1, seed=0, scatter=SCATTER)  # compiles
    result: dict[str, Any] = {"members": args.members, "cores": len(os.sched_getaffinity(0))}
    for mpa in PRESSURES:
        protocol = common.protocol(mpa)
        drawn = ensemble(cell, protocol, members=args.members, seed=0, scatter=SCATTER)
        again = [
            common.timed(lambda p=protocol: ensemble(cell, p, members=args.members, seed=0, scatter=SCATTER))
            for _ in range(args.runs)
        ]
        result[f"ms_per_cell_{mpa:g}_MPa"] = 1e3 * statistics.median(again) / args.members
        result[f"survived_{mpa:g}_MPa"] = float((drawn.members["kind"] == "survived").mean())
    common.report(result, args.json)


if __name__ == "__main__":
    main()
