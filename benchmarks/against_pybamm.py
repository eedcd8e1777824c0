"""One cell for 1000 h (1000 half-cycles, 5 MPa, it survives): lithostat against the same model in PyBaMM with IDAKLU.

Both with the same tolerances, compiled and warm, in one process, in turns; medians. The time of PyBaMM is that of its
`solve` alone (model discretised, solver set up, no variable evaluated); that of lithostat is given twice: its solve
alone, and all of `simulate`, from the protocol to the finished record. Voltages are compared at all samples.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

import common
import jax
import numpy as np

sys.path.insert(0, str(common.ROOT / "tests" / "validation"))
import peer_pybamm

from lithostat import simulate
from lithostat.engine import engine
from lithostat.simulation import integrate
from lithostat.simulation.run import SAMPLES
from lithostat.simulation.schedule import schedule

TOLERANCE = integrate.Tolerance()


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--runs", type=int, default=9)
    options.add_argument("--stepping", action="store_true", help="also time PyBaMM with one solve for each half-cycle")
    args = options.parse_args()
    cell, protocol, wanted = common.cell(), common.protocol(5.0), peer_pybamm.Protocol(pressure=5e6)

    record = simulate(cell, protocol)
    numbers = record.provenance["parameters"]
    p = numbers | {"temperature": protocol.temperature}
    plan = schedule(cell, protocol).plan
    peer = peer_pybamm.Peer(p, rtol=TOLERANCE.relative, atol=TOLERANCE.absolute)

    def solve() -> None:
        with engine():
            parameters = integrate.Parameters(**{name: np.float64(value) for name, value in numbers.items()})
            fractions = (np.arange(SAMPLES) / SAMPLES) ** 2
            jax.block_until_ready(integrate.trajectory(parameters, integrate.Laws(), plan, fractions, TOLERANCE))

    runs = {
        "lithostat_simulate_s": lambda: simulate(cell, protocol),
        "lithostat_solve_s": solve,
        "pybamm_solve_s": lambda: peer.solve(wanted),
    }
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(args.runs):
        for name, run in runs.items():
            times[name].append(common.timed(run))
    result: dict[str, Any] = {name: statistics.median(values) for name, values in times.items()}
    result["ratio_simulate"] = result["pybamm_solve_s"] / result["lithostat_simulate_s"]
    result["ratio_solve"] = result["pybamm_solve_s"] / result["lithostat_solve_s"]
    if args.stepping:
        stepping = peer_pybamm.Peer(p, switching=False, rtol=TOLERANCE.relative, atol=TOLERANCE.absolute)
        stepping.solve_stepping(wanted._replace(cycles=2))
        result["pybamm_stepping_s"] = common.timed(lambda: stepping.solve_stepping(wanted))
        result["ratio_stepping"] = result["pybamm_stepping_s"] / result["lithostat_simulate_s"]
    result["largest_voltage_difference_V"] = difference(record, peer, wanted)
    result["half_cycles"], result["outcome"] = 2 * wanted.cycles, record.outcome.kind
    common.report(result, args.json)


def difference(record: Any, peer: peer_pybamm.Peer, wanted: peer_pybamm.Protocol) -> float:
    """Largest difference of the voltages over all samples [V]."""
    times = record.column("test_time_second")
    solved = peer.solve(wanted, times)
    density = record.column("current_ampere") / record.provenance["parameters"]["area"]
    voltage = density * solved.resistance[np.searchsorted(solved.times, times)]
    return float(np.max(np.abs(voltage - record.column("voltage_volt"))))


if __name__ == "__main__":
    main()
