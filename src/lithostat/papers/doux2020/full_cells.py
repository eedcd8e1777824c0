"""The paper's full cells (Figures 1, 2c and 3): cells and protocols from full_cells.yaml, rows for the table."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from importlib import resources
from typing import Any

from lithostat.experiment import document
from lithostat.experiment.cell import Cell
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.record import Record
from lithostat.fullcell.run import simulate_full
from lithostat.fullcell.summary import cycle_summary
from lithostat.papers.row import Row

PRESS = "1 min"
AFTER_SHORT = "24 h"  # a failed charge is shown for so long
RATE = "C/10"


@functools.cache
def published_full() -> dict[str, Any]:
    """The contents of full_cells.yaml as plain data."""
    text = (resources.files(__package__) / "full_cells.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = document.parse(text, "full_cells.yaml").data
    return data


def full_cell(name: str) -> Cell:
    """The cell of one experiment."""
    data = published_full()
    cell = copy.deepcopy(data["cell"]) | copy.deepcopy(data["experiments"][name]["change"])
    return Cell.from_dict(cell)


def full_protocol(name: str) -> Protocol:
    """Lithium is pressed on at 25 MPa, then the cell is cycled at C/10 at its pressure, or at one after the other."""
    said = published_full()["experiments"][name]
    upper, lower = said["limits"]
    turn = [
        {"charge": RATE, "until": {"voltage": upper}},
        {"discharge": RATE, "until": {"voltage": lower}},
    ]
    steps: list[dict[str, Any]] = [
        {"press": "25 MPa", "for": PRESS},
        {"set_pressure": said["pressure"]},
        {"repeat": said["cycles"], "steps": turn},
    ]
    if "then" in said:
        steps += [{"set_pressure": said["then"]}, {"repeat": 1, "steps": turn}]
    return Protocol.from_dict({"name": said["what"], "after_short": AFTER_SHORT, "steps": steps})


def full_records(progress: Callable[[str], None] | None = None) -> dict[str, Record]:
    """Every experiment of the full cells, by name. `progress` is called with the name before each."""
    records = {}
    for name in published_full()["experiments"]:
        if progress:
            progress(name)
        records[name] = simulate_full(full_cell(name), full_protocol(name))
    return records


def full_rows(records: dict[str, Record]) -> list[Row]:
    """The published numbers beside the simulated ones."""
    return [_row(entry, records[entry["experiment"]]) for entry in published_full()["rows"]]


def short_cycle(record: Record) -> int | None:
    """Cycle in which the cell shorted; None if it did not."""
    if record.outcome is None or not record.outcome.shorted:
        return None
    before = record.table.filter(record.table["test_time_second"] <= record.outcome.time)
    return int(before["cycle_count"][-1])


def _row(entry: dict[str, Any], record: Record) -> Row:
    experiment = published_full()["experiments"][entry["experiment"]]
    what = f"{_WHAT[entry['value']]}, {experiment['what']}"
    said: dict[str, Any] = {"id": entry["id"], "what": what, "unit": entry["unit"], "tag": entry["tag"]}
    measured = float(entry["measured"])
    notes = ["fitted to this figure"] if entry.get("fitted") else []
    if entry["value"] in ("short_in_cycle", "survives"):
        return _short_row(entry, record, said, measured, experiment.get("why", ""))
    simulated = _VALUES[entry["value"]](record)
    allowed = float(entry["points"]) if "points" in entry else float(entry["within"].split()[0]) / 100.0 * measured
    target = f"within {entry['points']} points" if "points" in entry else f"within {entry['within']}"
    good = abs(simulated - measured) <= allowed
    off = f"off by {simulated - measured:+.3g} {entry['unit']}"
    return Row(
        **said,
        measured=measured,
        simulated=simulated,
        verdict=target if good else off,
        passed=good,
        target=target,
        note="; ".join(notes),
    )


def _short_row(entry: dict[str, Any], record: Record, said: dict[str, Any], measured: float, why: str) -> Row:
    """Did it short, and in which cycle? A row that is only shown has no target."""
    cycle = short_cycle(record)
    last = float(record.column("cycle_count")[-1])
    if entry["value"] == "survives":
        good = cycle is None and last >= measured
        verdict, target = ("no short" if good else f"shorts in cycle {cycle}"), f"no short in {measured:g} cycles"
        text, simulated = f"> {measured:g}", last if cycle is None else float(cycle)
    else:
        good = cycle == measured
        verdict = "shorts there" if good else "does not short" if cycle is None else f"shorts in cycle {cycle}"
        target, text = f"a short in cycle {measured:g}", ""
        simulated = None if cycle is None else float(cycle)  # type: ignore[assignment]
    return Row(
        **said,
        measured=measured,
        simulated=simulated,
        verdict=verdict,
        passed=None if entry.get("shown") else good,
        target="none" if entry.get("shown") else target,
        measured_text=text,
        note=why,
        bound=entry["value"] == "survives",
    )


def _cycle(record: Record, column: str, cycle: int) -> float:
    table = cycle_summary(record)
    return float(table.filter(table["cycle_count"] == cycle)[column][0])


def _mean_efficiency(record: Record) -> float:
    return 100.0 * float(cycle_summary(record)["efficiency"].drop_nans().mean())  # type: ignore[arg-type]


_VALUES: dict[str, Callable[[Record], float]] = {
    "first_discharge": lambda record: _cycle(record, "discharge_mah_per_g", 1),
    "first_efficiency": lambda record: 100.0 * _cycle(record, "efficiency", 1),
    "retention_100": lambda record: 100.0 * _cycle(record, "retention", 100),
    "mean_efficiency": _mean_efficiency,
}
_WHAT = {
    "first_discharge": "discharge of the first cycle",
    "first_efficiency": "efficiency of the first cycle",
    "retention_100": "capacity of cycle 100 over that of the first",
    "mean_efficiency": "mean efficiency of all cycles",
    "short_in_cycle": "short",
    "survives": "cycles without a short",
}
