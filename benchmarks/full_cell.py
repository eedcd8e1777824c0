"""229 cycles of the paper's full cell: the coupled cell against PyBaMM's bare half-cell model, on the same protocol.

Both in one process, in turns, with the same tolerances and the same number of saved points; medians. 'Bare' is PyBaMM's
own DFN or SPM half-cell with the same parameter set (constant volume fraction, no losses, no short), driven by
`pybamm.Experiment` and IDAKLU, as its users do; its time is that of `Simulation.solve` with the experiment built. The
time of the coupled cell is all of `simulate_full`, from the protocol to the finished record.
"""

from __future__ import annotations

import os
import statistics
from typing import Any

os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"
import common
import pybamm

from lithostat import Protocol
from lithostat.experiment.cell import Cell
from lithostat.fullcell.parameters import DOUX2020, get_parameter_values
from lithostat.fullcell.plant import SolverTolerance
from lithostat.fullcell.run import HOSTS, simulate_full
from lithostat.model.ledger import ledger

SURVIVOR = {"parameters": {"focusing": "1.8"}}  # the median cell of the cards shorts before cycle 229


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--cycles", type=int, default=229)
    options.add_argument("--runs", type=int, default=3)
    args = options.parse_args()
    cell, protocol = Cell.from_dict(DOUX2020 | SURVIVOR), full_protocol(args.cycles)
    result: dict[str, Any] = {"cycles": args.cycles}
    for host in HOSTS:
        bare: list[float] = []
        coupled: list[float] = []
        for _ in range(args.runs):
            simulation = bare_simulation(host, args.cycles)
            bare.append(common.timed(simulation.solve))
            coupled.append(common.timed(lambda host=host: simulate_full(cell, protocol, host=host)))
        record = simulate_full(cell, protocol, host=host)
        result[f"{host}_bare_s"], result[f"{host}_coupled_s"] = statistics.median(bare), statistics.median(coupled)
        result[f"{host}_ratio"] = result[f"{host}_coupled_s"] / result[f"{host}_bare_s"]
        result[f"{host}_outcome"], result[f"{host}_books"] = record.outcome.kind, ledger(record).worst
        result[f"{host}_bare_cycles"] = len(simulation.solution.cycles)
    common.report(result, args.json)


def full_protocol(cycles: int) -> Protocol:
    """Pressed at 25 MPa, released to 5 MPa, then cycles at C/10 between 2.5 and 4.3 V."""
    turn = [{"charge": "C/10", "until": {"voltage": "4.3 V"}}, {"discharge": "C/10", "until": {"voltage": "2.5 V"}}]
    steps = [{"press": "25 MPa", "for": "1 min"}, {"release": "5 MPa"}, {"repeat": cycles, "steps": turn}]
    return Protocol.model_validate({"temperature": "25 degC", "steps": steps})


def bare_simulation(host: str, cycles: int) -> Any:
    """PyBaMM's own half-cell model with the same numbers; its first build is left out of the time."""
    model = getattr(pybamm.lithium_ion, host)({"working electrode": "positive"})
    values = pybamm.ParameterValues(get_parameter_values())
    current = values["Current function [A]"]
    turn = tuple(
        pybamm.step.current(sign * current, duration="40 hours", termination=f"{limit} V", period="40 minutes")
        for sign, limit in ((-1.0, 4.3), (1.0, 2.5))
    )
    default = SolverTolerance()
    solver = pybamm.IDAKLUSolver(rtol=default.relative, atol=default.absolute)
    simulation = pybamm.Simulation(
        model, parameter_values=values, experiment=pybamm.Experiment([turn] * cycles), solver=solver
    )
    simulation.build_for_experiment()
    return simulation


if __name__ == "__main__":
    main()
