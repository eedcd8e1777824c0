"""simulate(cell, protocol) -> Record, whatever the cell: the engine follows from it."""

from __future__ import annotations

from typing import Any

from lithostat.experiment.cell import Cell
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.record import Record


def simulate(cell: Cell, protocol: Protocol, **said: Any) -> Record:
    """What this cell does under this protocol.

    A symmetric cell runs in JAX (`lithostat.simulation.run.simulate`, which takes `samples` and `tolerance`), a full
    cell in PyBaMM (`lithostat.fullcell.run.simulate_full`, which takes `progress`, `host`, `samples`, `tolerance`).
    Raises `InputError` for a cell and protocol that do not fit, `SimulationError` (holding the record so far) where a
    solver cannot go on, `MissingPackage` for a full cell without PyBaMM.
    """
    if cell.with_cathode:
        from lithostat.fullcell.run import simulate_full

        return simulate_full(cell, protocol, **said)
    from lithostat.simulation.run import simulate as simulate_symmetric

    return simulate_symmetric(cell, protocol, **said)
