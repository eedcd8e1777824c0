"""A map in pieces: what one task solves, and where its result is kept until all are there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from scipy.special import ndtr, ndtri_exp

from lithostat.experiment.errors import InputError
from lithostat.experiment.later import keep_for_later
from lithostat.experiment.record import write_text, write_whole
from lithostat.model.parameters import Laws, Parameters
from lithostat.physics.weakest_link import log_worst_of
from lithostat.recommendation.grid import Grid
from lithostat.recommendation.plans import Columns
from lithostat.simulation.conditions import Endings, endings
from lithostat.simulation.pieces import ENDED_AS
from lithostat.simulation.plan import Plan

SIZE = 512  # members of one task
KINDS = ("survived", "short", "short before current", "contact lost", "lithium spent", "stalled")
SATURATED = 1e-4  # probabilities nearer to 0 or 1 are not refined
CLOSE = 0.02  # ln of focusing from the critical one, near enough to read it off
PASSES = 3  # at most, after the median cell
MANIFEST = "manifest.json"
ABOUT = "lithostat"  # in the metadata of a part


class Work(NamedTuple):
    """One task, complete in itself: it can be sent to any machine that has this package."""

    number: int
    pairs: np.ndarray  # (SIZE,), the last task repeats its last pair
    real: int  # how many of them count
    parameters: Parameters
    laws: Laws
    plan: Plan
    fields: dict[str, np.ndarray]
    columns: Columns
    focusing: np.ndarray
    spread: np.ndarray
    spots: np.ndarray
    began: float
    length: np.ndarray


class Part(NamedTuple):
    """Result of one task, (real,) each."""

    number: int
    pair: np.ndarray
    kind: np.ndarray  # index into KINDS, of the median cell
    cycling_time: np.ndarray  # from the first current to its end [s]
    short_time: np.ndarray  # the same to a short; infinite without [s]
    probability: np.ndarray  # of a short within the protocol, given the scatter between spots


def works(of: Grid, order: np.ndarray, skip: set[int]) -> Iterator[Work]:
    """The tasks of a map that are not in `skip`."""
    total = len(order)
    for number, first in enumerate(range(0, total, SIZE)):
        if number in skip:
            continue
        pairs = order[np.minimum(np.arange(first, first + SIZE), total - 1)]
        yield Work(
            number=number,
            pairs=pairs,
            real=min(SIZE, total - first),
            parameters=of.parameters,
            laws=of.laws,
            plan=of.plan,
            fields={name: values[pairs] for name, values in of.fields.items()},
            columns={name: (pattern, values[pairs]) for name, (pattern, values) in of.columns.items()},
            focusing=of.focusing[pairs],
            spread=of.spread[pairs],
            spots=of.spots[pairs],
            began=of.began,
            length=of.length[pairs],
        )


def solve(work: Work) -> Part:
    """The median cell of every pair to its end, and how probable a short is among cells that scatter about it.

    A cell is as good as its worst spot, so that a short within the protocol needs a focusing above a critical one. The
    critical one is found by simulating again at where it must be: first as if times went as 1/g, then by secants.
    """
    log_median = np.log(work.focusing) + work.spread * worst_quantile(work.spots)
    first = _run(work, log_median)
    flowing = bool(np.any(work.plan.table.current != 0.0))  # else focusing has nothing to say
    critical = _critical(work, log_median, _score(work, first)) if flowing else log_median
    spread = np.maximum(work.spread, 1e-12)
    exceed = 1.0 - ndtr((critical - np.log(work.focusing)) / spread) ** work.spots
    cycling = np.maximum(first.time - work.began, 0.0)
    shorted = np.isfinite(first.short_time)
    early = shorted & ((first.short_time <= work.began) | (not flowing))
    names = np.where(shorted, np.where(early, "short before current", "short"), _named(first.status))
    kind = np.array([KINDS.index(str(name)) for name in names], np.int8)
    sure = np.where(shorted, 1.0, 0.0)
    probability = np.where((work.spread > 0.0) & ~early & flowing, exceed, sure)
    part = (
        work.pairs,
        kind,
        cycling,
        np.where(shorted, np.maximum(first.short_time - work.began, 0.0), np.inf),
        probability,
    )
    return Part(work.number, *(np.asarray(values)[: work.real] for values in part))


def worst_quantile(spots: np.ndarray) -> np.ndarray:
    """Normal quantile of the median worst of so many spots [-]: that of `weakest_link.worst_of`, by its logarithm.

    The share itself underflows for a cell of some micrometres.
    """
    return np.asarray(ndtri_exp(log_worst_of(0.5, spots)))


def _named(status: np.ndarray) -> np.ndarray:
    return np.array([ENDED_AS[int(one)] for one in status])


def _run(work: Work, log_focusing: np.ndarray) -> Endings:
    fields = work.fields | {"focusing": np.exp(log_focusing)}
    return endings(work.parameters, work.laws, work.plan, fields=fields, columns=work.columns)


def _score(work: Work, ended: Endings) -> np.ndarray:
    """ln of how far a member is beyond a short at its end: 0 for a short just then, positive for an earlier one."""
    shorted = np.isfinite(ended.short_time)
    lived = np.maximum(np.where(shorted, ended.short_time, ended.time) - work.began, 1e-3)
    return np.where(shorted, np.log(np.maximum(work.length, 1e-3) / lived), np.minimum(ended.margin, 0.0))


def _critical(work: Work, at: np.ndarray, score: np.ndarray) -> np.ndarray:
    """ln of the focusing above which a member shorts within its test, (SIZE,)."""
    guess = at - score
    below = np.where(score < 0.0, at, -np.inf)  # largest known to survive
    above = np.where(score < 0.0, np.inf, at)  # smallest known to short
    for _ in range(PASSES):
        z = (guess - np.log(work.focusing)) / np.maximum(work.spread, 1e-12)
        probability = 1.0 - ndtr(z) ** work.spots
        open_ = (work.spread > 0.0) & (probability > SATURATED) & (probability < 1.0 - SATURATED)
        open_ &= np.abs(score) > CLOSE
        if not open_.any():
            break
        tried = np.where(open_, guess, at)
        found = _score(work, _run(work, tried))
        below = np.where(open_ & (found < 0.0), np.maximum(below, tried), below)
        above = np.where(open_ & (found >= 0.0), np.minimum(above, tried), above)
        rise = np.where(np.abs(tried - at) > 1e-9, tried - at, 1.0)
        slope = np.clip(np.where(open_, (found - score) / rise, 1.0), 0.2, 5.0)
        moved = np.where(open_, tried - found / slope, guess)
        inside = (moved > below) & (moved < above)
        bracketed = np.isfinite(below) & np.isfinite(above)
        moved = np.where(~inside & bracketed, 0.5 * (below + above), moved)
        at, score, guess = np.where(open_, tried, at), np.where(open_, found, score), moved
    return guess


class Folder:
    """Where a map is kept while it is made: a manifest of its inputs, and one file for each finished task.

    A part says of itself which map and which task it is of, and carries a checksum: what is not whole, or lies where
    another belongs, counts as not finished.
    """

    def __init__(self, path: Path, inputs: dict[str, Any], tasks: int) -> None:
        self.path, self.tasks = path, tasks
        self._unkept: dict[int, Part] = {}  # what could not be written
        self._mark = mark = fingerprint(inputs)
        manifest = path / MANIFEST
        if manifest.exists():
            try:
                kept = json.loads(manifest.read_text(encoding="utf-8"))
                differs = _differences(kept["inputs"], inputs)
                known = kept["fingerprint"]
            except (OSError, ValueError, KeyError, TypeError):
                raise InputError("is not a manifest of a map", file=str(manifest), expected="another folder") from None
            if known != mark:
                raise InputError(
                    f"holds a map of other inputs (different: {', '.join(differs) or 'inputs'})",
                    file=str(path),
                    expected="another folder, or the inputs it was started with",
                )
        else:
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise InputError("is there already and holds no map", file=str(path), expected="a new or empty folder")
            page = {"fingerprint": mark, "tasks": tasks, "inputs": inputs}
            write_text(manifest, json.dumps(page, indent=1))

    def _file(self, number: int) -> Path:
        return self.path / "parts" / f"{number:06d}.parquet"

    def done(self) -> set[int]:
        """Numbers of the tasks that are finished."""
        return {number for number in range(self.tasks) if self._read(number) is not None}

    def _read(self, number: int) -> pl.DataFrame | None:
        """What was kept of a task; None if it is not there, not whole, or not of this task."""
        file = self._file(number)
        try:
            said = json.loads(pl.read_parquet_metadata(file)[ABOUT])
            table = pl.read_parquet(file, glob=False)
            return table if said == self._about(number, table) else None
        except (Exception, pl.exceptions.PanicException):  # a damaged file may raise anything
            return None

    def _about(self, number: int, table: pl.DataFrame) -> dict[str, Any]:
        return {"map": self._mark, "task": number, "sha256": _digest(table)}

    def keep(self, part: Part) -> None:
        """Write a result, whole or not at all; what cannot be written is held until the map is whole."""
        table = _table(part)
        about = {ABOUT: json.dumps(self._about(part.number, table))}
        kept = keep_for_later(
            f"part {part.number} of the map",
            lambda: write_whole(
                self._file(part.number), lambda name: table.write_parquet(name, metadata=about), durable=True
            ),
        )
        if not kept:
            self._unkept[part.number] = part

    def gather(self) -> Part:
        """All results together, by pair."""
        parts = []
        for number in range(self.tasks):
            table = _table(self._unkept[number]) if number in self._unkept else self._read(number)
            if table is None:
                problem = "was damaged or removed while the map was made"
                raise InputError(problem, file=str(self._file(number)), expected="the same call once more")
            parts.append(table)
        table = pl.concat(parts).sort("pair")
        return Part(-1, *(table[name].to_numpy() for name in Part._fields if name != "number"))


def _digest(table: pl.DataFrame) -> str:
    """SHA-256 of names, types and values."""
    digest = hashlib.sha256()
    for column in table:
        digest.update(f"{column.name} {column.dtype} {len(column)}".encode())
        digest.update(column.to_numpy().tobytes())
    return digest.hexdigest()


def _table(part: Part) -> pl.DataFrame:
    return pl.DataFrame({name: getattr(part, name) for name in Part._fields if name != "number"})


def fingerprint(inputs: dict[str, Any]) -> str:
    """SHA-256 of the inputs of a map, versions included."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _differences(kept: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [name for name in sorted({*kept, *now}) if kept.get(name) != json.loads(json.dumps(now.get(name)))]
