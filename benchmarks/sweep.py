"""A regime map of pressure against current, 200 x 200 conditions of 1000 h: in process, and on a Dask cluster.

The cluster is local, two workers of one thread each. One of them is killed half-way; the map must be the same to the
last bit. Exits with 1 if it is not, or if the map took longer than its aim of 120 s.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import common
import numpy as np

from lithostat.recommendation.axis import Axis
from lithostat.recommendation.regime_map import MEANING, RegimeMap, sweep

AIM = 120.0  # s


def axes(count: int) -> tuple[Axis, Axis]:
    """1 to 50 MPa and 10 to 1000 uA/cm2, both logarithmic."""
    return Axis("pressure", 1e6, 50e6, count, log=True), Axis("current", 0.1, 10.0, count, log=True)


def on_cluster(count: int, output: Path, kill: bool) -> tuple[RegimeMap, float, int]:
    """The map on a local cluster, its wall time, and how many workers were killed."""
    import distributed

    killed: list[int] = []
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):

        def progress(done: int, tasks: int) -> None:
            if kill and not killed and done >= tasks // 2:
                victim = sorted(client.run(os.getpid).values())[0]
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

        began = time.perf_counter()
        made = sweep(
            common.cell(),
            common.protocol(5.0),
            *axes(count),
            output=output,
            scheduler=cluster.scheduler_address,
            progress=progress,
        )
        return made, time.perf_counter() - began, len(killed)


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--count", type=int, default=200, help="values on each axis")
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cell, protocol = common.cell(), common.protocol(5.0)
        sweep(cell, protocol, *axes(4), output=Path(folder) / "first")  # compiles
        busy, began = time.process_time(), time.perf_counter()
        here = sweep(cell, protocol, *axes(args.count), output=Path(folder) / "here")
        wall, processor = time.perf_counter() - began, time.process_time() - busy
        there, cluster_wall, killed = on_cluster(args.count, Path(folder) / "there", kill=True)
    same = all(np.array_equal(getattr(here, name), getattr(there, name), equal_nan=True) for name in MEANING)
    result: dict[str, Any] = {
        "conditions": args.count**2,
        "cores": len(os.sched_getaffinity(0)),
        "in process, s": wall,
        "in process, processor s": processor,
        "cluster of two, s": cluster_wall,
        "workers killed": killed,
        "same to the last bit": same,
    }
    common.report(result, args.json)
    sys.exit(0 if same and killed == 1 and wall <= AIM else 1)


if __name__ == "__main__":
    main()
