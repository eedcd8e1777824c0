"""Cost of the named laws against the first one, in both engines, in one run: processor time of one simulated cell.

JAX: one cell for 1000 h (an hour each way), and an ensemble. PyBaMM: cycles of the full cell. Laws take turns, so that
what else the machine does falls on all of them; medians, compilation left out.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"
import common

from lithostat import Cell, ensemble, simulate
from lithostat.materials.card import law_cards
from lithostat.model.lookup import DEFAULT_LAW

LONG = {"toughness": "10 MPa m^0.5"}  # nothing shorts: every law simulates the same time


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--members", type=int, default=1000)
    options.add_argument("--cycles", type=int, default=20)
    options.add_argument("--runs", type=int, default=5)
    args = options.parse_args()
    laws = (DEFAULT_LAW, *(name for name in law_cards() if name != DEFAULT_LAW))
    result: dict[str, Any] = {"aim": 1.5}
    for engine, of in (("simulate", _one), ("ensemble", _many), ("full_cell", _full)):
        times = _in_turns({law: of(law, args) for law in laws}, args.runs)
        for law, seconds in times.items():
            result[f"{engine}_{law}_processor_s"] = seconds
            result[f"{engine}_{law}_ratio"] = seconds / times[DEFAULT_LAW]
    common.report(result, args.json)


def _in_turns(runs: dict[str, Callable[[], Any]], count: int) -> dict[str, float]:
    """Median processor time of each [s], after one run that compiles."""
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {law: [] for law in runs}
    for _ in range(count):
        for law, run in runs.items():
            began = time.process_time()
            run()
            times[law].append(time.process_time() - began)
    return {law: statistics.median(each) for law, each in times.items()}


def _cell(law: str) -> Cell:
    return common.cell().model_copy(
        update={"laws": Cell.from_dict({"laws": {"named": law}}).laws, "parameters": {"toughness": 1e7}}
    )


def _one(law: str, args: Any) -> Callable[[], Any]:
    cell, protocol = _cell(law), common.protocol(5.0)
    return lambda: simulate(cell, protocol)


def _many(law: str, args: Any) -> Callable[[], Any]:
    cell, protocol = _cell(law), common.protocol(5.0)
    return lambda: ensemble(cell, protocol, members=args.members, seed=0)


def _full(law: str, args: Any) -> Callable[[], Any]:
    from full_cell import full_protocol

    from lithostat.fullcell.parameters import DOUX2020
    from lithostat.fullcell.run import simulate_full

    cell = Cell.from_dict(DOUX2020 | {"laws": {"named": law}, "parameters": LONG})
    protocol = full_protocol(args.cycles)
    return lambda: simulate_full(cell, protocol, host="SPM")


if __name__ == "__main__":
    main()
