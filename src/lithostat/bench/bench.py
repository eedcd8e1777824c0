"""bench(laws, papers): every published cell under every chosen law, scored. The verb of this room."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lithostat.bench.drive import NotSimulated, PublishedDrive, drive_of
from lithostat.bench.fate import Fate, Task, solve
from lithostat.bench.prediction import Prediction, prediction
from lithostat.bench.score import OFFSET, Score, score, sign_score
from lithostat.experiment.cell import Cell
from lithostat.materials.card import find_law
from lithostat.model.lookup import DEFAULT_LAW
from lithostat.model.resolve import resolve
from lithostat.papers.published_cell import PublishedCell
from lithostat.papers.reader import Paper
from lithostat.recommendation.workers import in_process, on_cluster

LONG, ENOUGH = 100.0, 10.0  # times its bound that a cell is followed: one that was dated, one that lived


@dataclass(frozen=True)
class BenchRow:
    """A published cell under a law. `predicted` is None where it could not be simulated; the verdict says why."""

    cell: PublishedCell
    law: str
    predicted: Prediction | None
    score: Score
    assumed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain data, in the row's unit."""
        value = None if self.predicted is None else self.predicted.value
        return {
            "id": self.cell.id,
            "paper": self.cell.paper,
            "outcome": self.cell.outcome,
            "unit": self.cell.unit,
            "measured": self.cell.value,
            "low": self.cell.low or None,
            "high": self.cell.high if math.isfinite(self.cell.high) else None,
            "censored": self.cell.censored,
            "predicted": value,
            "interval_low": self.score.low,
            "interval_high": self.score.high,
            "law": self.law,
            "log_score": self.score.log_score,
            "verdict": self.score.verdict,
        }


@dataclass(frozen=True)
class Summary:
    """The rows of a paper, or of all papers, under a law. `rms` is of ln(predicted / measured) over `dated` rows.

    `width` is the median of high over low end of the 90 % intervals that have both: a wide one is no merit.
    """

    paper: str
    law: str
    scored: int
    not_simulated: int
    log_score: float
    dated: int
    rms: float | None
    inside: int
    width: float | None

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "paper": self.paper,
            "law": self.law,
            "rows": self.scored,
            "not_simulated": self.not_simulated,
            "log_score": self.log_score,
            "dated": self.dated,
            "rms_ln": self.rms,
            "inside_90": self.inside,
            "interval_width": self.width,
        }


@dataclass(frozen=True)
class Bench:
    """Everything that a bench says. `warnings` are of simulations, each once with the papers that it is about."""

    papers: tuple[Paper, ...]
    laws: tuple[str, ...]
    rows: tuple[BenchRow, ...]
    warnings: tuple[str, ...]

    def of(self, law: str, paper: str | None = None) -> tuple[BenchRow, ...]:
        """Rows of a law, of all papers or of one."""
        return tuple(row for row in self.rows if row.law == law and paper in (None, row.cell.paper))

    def summary(self, law: str, paper: str | None = None) -> Summary:
        """How a law did on a paper, or on all of them."""
        rows = [row for row in self.of(law, paper) if row.cell.scored]
        done = [row for row in rows if row.score.log_score is not None]
        dated = [row for row in done if row.score.inside is not None]
        widths = [row.score.high / row.score.low for row in done if row.score.high and row.score.low]
        logs = [math.log(row.predicted.middle / row.cell.value) for row in dated if row.predicted and row.cell.value]
        return Summary(
            paper or "all",
            law,
            len(done),
            len(rows) - len(done),
            sum(row.score.log_score or 0.0 for row in done),
            len(dated),
            math.sqrt(sum(x * x for x in logs) / len(logs)) if logs else None,
            sum(bool(row.score.inside) for row in dated),
            statistics.median(widths) if widths else None,
        )

    def as_json(self) -> dict[str, Any]:
        """Plain data: rows, and papers under every law."""
        papers = [self.summary(law, paper.name).as_json() for paper in self.papers for law in self.laws]
        return {"rows": [row.as_json() for row in self.rows], "papers": papers}


def bench(
    papers: Sequence[Paper],
    laws: Sequence[str] = (DEFAULT_LAW,),
    *,
    offset: float = OFFSET,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Bench:
    """Simulate every cell of `papers` under every law, in this process or on the Dask cluster of `scheduler`.

    `offset` is the standard deviation of ln t between papers, 0 for cells of the lab that a law was fitted to. Cells
    made and driven alike are simulated once. One that cannot be simulated says so in its verdict and takes no other
    with it. Raises `InputError` for a law that is not known, `ClusterError` for a cluster that does not answer.
    """
    for law in laws:
        find_law(law)
    drives = {id(cell): _drive(cell) for paper in papers for cell in paper.cells}
    tasks = _tasks(papers, laws, drives)
    fates: dict[int, Fate] = {}
    work = in_process(tasks.values(), solve) if scheduler is None else on_cluster(tasks.values(), scheduler, solve)
    if progress is not None:
        progress(0, len(tasks))
    for fate in work:
        fates[fate.number] = fate
        if progress is not None:
            progress(len(fates), len(tasks))
    rows = tuple(
        _row(cell, paper, law, offset, drives, tasks, fates) for paper in papers for cell in paper.cells for law in laws
    )
    return Bench(tuple(papers), tuple(laws), rows, _warnings(papers, laws, drives, tasks, fates))


_Drives = dict[int, PublishedDrive | NotSimulated]
_Key = tuple[str, str]
_Tasks = dict[_Key, Task]


def _drive(cell: PublishedCell) -> PublishedDrive | NotSimulated:
    try:
        return drive_of(_driven(cell))
    except NotSimulated as reason:
        return reason


def _driven(cell: PublishedCell) -> PublishedCell:
    """A sign is of the life of its cell."""
    return replace(cell, outcome="short", unit="h") if cell.outcome == "sign" else cell


def _key(drive: PublishedDrive, law: str) -> _Key:
    return json.dumps([drive.cell | {"name": ""}, drive.steps, drive.turn, drive.temperature, drive.since]), law


def _tasks(papers: Sequence[Paper], laws: Sequence[str], drives: _Drives) -> _Tasks:
    """One task for every different drive and law, long enough for all rows that share it."""
    hours: dict[_Key, tuple[PublishedDrive, float]] = {}
    for paper in papers:
        for cell in paper.cells:
            drive = drives[id(cell)]
            if isinstance(drive, NotSimulated):
                continue
            for law in laws:
                key, long = _key(drive, law), _hours(cell, paper)
                hours[key] = (drive, max(long, hours.get(key, (drive, 0.0))[1]))
    ordered = sorted(hours.items(), key=lambda item: item[0][1])  # law by law: each compiles once
    return {key: Task(number, drive, key[1], long) for number, (key, (drive, long)) in enumerate(ordered)}


def _hours(cell: PublishedCell, paper: Paper) -> float:
    """How long a cell is followed [h]."""
    if cell.outcome == "sign":
        other = next(one for one in paper.cells if one.id == cell.columns["than"])
        return _hours(other, paper)
    bound, factor = (cell.low, ENOUGH) if math.isinf(cell.high) else (cell.high, LONG)
    if cell.unit == "mAh_cm2":
        bound /= cell.number("plate_mA_cm2") or 1.0
    return max(factor * bound, 1.0)


def _row(
    cell: PublishedCell,
    paper: Paper,
    law: str,
    offset: float,
    drives: _Drives,
    tasks: _Tasks,
    fates: dict[int, Fate],
) -> BenchRow:
    drive = drives[id(cell)]
    if isinstance(drive, NotSimulated):
        return BenchRow(cell, law, None, _unscored(f"not simulated: {drive}"))
    found = _predicted(cell, drive, law, tasks, fates)
    if isinstance(found, str):
        return BenchRow(cell, law, None, _unscored(f"not simulated: {found}"), drive.assumed)
    scatter = life_scatter(drive, law)
    if cell.outcome != "sign":
        return BenchRow(cell, law, found, score(cell, found, scatter, offset), drive.assumed)
    other = next(one for one in paper.cells if one.id == cell.columns["than"])
    beside = drives[id(other)]
    against = str(beside) if isinstance(beside, NotSimulated) else _predicted(other, beside, law, tasks, fates)
    if isinstance(against, str):
        return BenchRow(cell, law, found, _unscored(f"not simulated: {against}"), drive.assumed)
    return BenchRow(cell, law, found, sign_score(cell, found, against, scatter), drive.assumed)


def _predicted(
    cell: PublishedCell, drive: PublishedDrive, law: str, tasks: _Tasks, fates: dict[int, Fate]
) -> Prediction | str:
    """The prediction of a row, or why there is none."""
    fate = fates[tasks[_key(drive, law)].number]
    return (
        fate.error or f"it stalled after {fate.clock / 3600.0:.3g} h"
        if fate.kind == "stalled"
        else prediction(_driven(cell), fate)
    )


def life_scatter(drive: PublishedDrive, law: str) -> float:
    """Standard deviation of ln t between like cells, of the cards under this law."""
    cell: Cell = drive.for_law(law)
    return float(resolve(cell).scatter["focusing_scatter"])


def _unscored(verdict: str) -> Score:
    return Score(None, None, None, None, verdict)


def _warnings(
    papers: Sequence[Paper], laws: Sequence[str], drives: _Drives, tasks: _Tasks, fates: dict[int, Fate]
) -> tuple[str, ...]:
    """What simulations warned of, each once, behind the papers that it is about."""
    about: dict[str, dict[str, None]] = {}
    for paper in papers:
        for cell in paper.cells:
            drive = drives[id(cell)]
            if isinstance(drive, NotSimulated):
                continue
            said: Iterable[str] = (w for law in laws for w in fates[tasks[_key(drive, law)].number].warnings)
            for warning in said:
                about.setdefault(warning, {})[paper.name] = None
            if cell.columns.get("fixture") == "frame":
                about.setdefault("a frame of unknown stiffness is taken as a constant force", {})[paper.name] = None
            if isinstance(cell.columns.get("protocol"), str):
                said_so = "a protocol described in words was not read: its columns made the steps"
                about.setdefault(said_so, {})[paper.name] = None
    return tuple(f"{', '.join(names)}: {warning}" for warning, names in about.items())
