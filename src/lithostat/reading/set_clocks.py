"""Clocks that were set while a test ran: by hand, by the network, or at the ends of summer time.

Where a clock is all that a file has for a time, the order of its rows is the better clock wherever it goes back.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from lithostat.experiment.record import Record

FEW = 5  # times that a clock is set back in a file; more, and the rows are in no order
HOUR = 3600.0  # by which summer time goes
NEAR = 5.0  # usual intervals within which an hour back is the end of summer time
FROM = "time_from"  # in the provenance of a file: 'clock' where it has no other time


def elapsed(clock: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Seconds since the first row by the clock of each row [s, any zero], and a sentence where it was set back.

    There the hour is added that summer time ends with, where that fits, else the usual interval is taken. Where the
    clock goes back more often the rows are in no order, and nothing is changed.
    """
    known = np.flatnonzero(np.isfinite(clock))
    if len(known) < 2:
        return clock - clock[0] if len(clock) else clock, []
    step = np.diff(clock[known])
    back = np.flatnonzero(step < 0.0)
    if not len(back) or len(back) > FEW or (step >= 0.0).sum() < 2:
        return clock - clock[0], []
    usual = float(np.median(step[step >= 0.0]))
    added, said = np.zeros(len(clock)), []
    for place in back:
        summer = 0.0 <= step[place] + HOUR <= NEAR * max(usual, 1.0)
        row = int(known[place + 1])
        added[row:] += HOUR if summer else usual - step[place]
        how = (
            "an hour more has passed, as at the end of summer time" if summer else f"{usual:.3g} s are taken as passed"
        )
        said.append(f"the clock goes back by {-step[place]:.6g} s at row {row + 1}: rows stay in their order, {how}")
    return clock - clock[0] + added, said


def by_zone(record: Record, zone: str, name: str, warnings: list[str]) -> tuple[Record, int]:
    """(record, fold of its start): a file that has a local clock and no other time is put on the time that passed.

    Where the clock shows an hour twice (fold 0 and 1), see `_second`.
    """
    entries, table = record.provenance.get("files", []), record.table
    clocked = len(entries) == 1 and entries[0].get(FROM) == "clock" and "unix_time_second" in table.columns
    naive = record.start is not None and record.start.tzinfo is None
    if not clocked or not naive or not len(table):
        return record, 0
    clock = table["unix_time_second"].to_numpy()
    if not np.isfinite(clock).all() or ZoneInfo(zone).key == "UTC":
        return record, 0
    early, late = (_utc(clock, zone, which) for which in ("earliest", "latest"))
    if early is None or late is None:
        warnings.append(f"{name}: its clock shows times that {zone} does not have; summer time is left out of account")
        return record, 0
    second = _second(clock, early != late)
    time, said = elapsed(np.where(second, late, early))
    warnings += [f"{name}: {sentence}" for sentence in said]
    if np.array_equal(time, table["test_time_second"].to_numpy()):
        return record, int(second[0])
    settled = [warning for warning in record.warnings if "the clock goes back by" not in warning]
    if abs(time[-1] - (clock[-1] - clock[0])) > 0.5 * HOUR:
        warnings.append(f"{name}: summer time of {zone} begins or ends in it; its rows are on the time that passed")
    moved = table.with_columns(pl.Series("test_time_second", time))
    return replace(record, table=moved, warnings=tuple(settled)), int(second[0])


def _second(clock: np.ndarray, twice: np.ndarray) -> np.ndarray:
    """Which of the rows that the clock shows `twice` are in the second hour.

    Somewhere from the row before such rows to the row behind them an hour more passes than the clock says: where
    that fits the usual interval best, which may be before the file begins or after it ends. Where nothing tells, all
    are in the first.
    """
    second, step = np.zeros(len(clock), bool), np.diff(clock)
    if not twice.any() or not (step > 0.0).any():
        return second
    usual = float(np.median(step[step > 0.0]))
    misfit = np.concatenate([[0.0], np.abs(step + HOUR - usual) - np.abs(step - usual), [0.0]])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], twice, [False]]).astype(np.int8)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        places = misfit[begin : end + 1][::-1]
        second[end - int(np.argmin(places)) : end] = True
    return second


def _utc(clock: np.ndarray, zone: str, which: str) -> np.ndarray | None:
    """Instants [s] of local times, of two the earliest or the latest; None if the zone does not have one of them."""
    local = pl.Series(np.round(clock * 1e6).astype(np.int64)).cast(pl.Datetime("us"))
    found = local.dt.replace_time_zone(zone, ambiguous=which, non_existent="null")  # type: ignore[arg-type]
    return None if found.null_count() else np.asarray(found.dt.epoch("us").to_numpy() / 1e6)
