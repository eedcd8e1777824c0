"""Many cells with scatter for 1000 h, at 5 and at 10 MPa, after compilation: milliseconds a cell.

Both of wall time and of processor time, summed over cores; on a shared machine the second is the steadier.
"""

from __future__ import annotations

import os
import statistics
import time
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
        walls, processors = [], []
        for _ in range(args.runs):
            busy = time.process_time()
            began = time.perf_counter()
            drawn = ensemble(cell, protocol, members=args.members, seed=0, scatter=SCATTER)
            walls.append(time.perf_counter() - began)
            processors.append(time.process_time() - busy)
        result[f"ms_per_cell_{mpa:g}_MPa"] = 1e3 * statistics.median(walls) / args.members
        result[f"processor_ms_per_cell_{mpa:g}_MPa"] = 1e3 * statistics.median(processors) / args.members
        result[f"survived_{mpa:g}_MPa"] = float((drawn.members["kind"] == "survived").mean())
    common.report(result, args.json)


if __name__ == "__main__":
    main()
