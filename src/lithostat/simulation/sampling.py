"""When an instrument takes its samples of a simulated record, and where those lie in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.simulation.instrument import Instrument

MOST_TRIGGERED = 200  # samples behind one switch, and between two saved points
FASTEST = 1e-3  # s between triggered samples


class Samples(NamedTuple):
    """Samples in the order they are written: time [s], the record's row before each, the share of the way to the next.

    `partly` is the share of the current before the switch in samples that have part of both, else 0.
    """

    at: np.ndarray
    row: np.ndarray
    share: np.ndarray
    partly: np.ndarray


class Switches(NamedTuple):
    """Edges of steps: the rows before them, their times [s], and the voltages before and behind [V]."""

    row: np.ndarray
    time: np.ndarray
    before: np.ndarray
    behind: np.ndarray

    def since(self, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
        """(number of the last switch before each sample, -1 if none; time since then [s])."""
        number = np.searchsorted(self.row + 1, samples.row, side="right") - 1
        since = np.where(number >= 0, samples.at - self.time[np.maximum(number, 0)] if len(self.time) else 0.0, np.inf)
        return number, since


def switches(time: np.ndarray, step: np.ndarray, voltage: np.ndarray) -> Switches:
    """The edges of steps in a record that holds both sides of each; a short in mid step is none."""
    row = np.flatnonzero((np.diff(time) == 0.0) & (np.diff(step) != 0))
    return Switches(row, time[row], voltage[row], voltage[row + 1] if len(row) else voltage[row])


def sample(
    time: np.ndarray, voltage: np.ndarray, edge: Switches, tool: Instrument, draw: np.random.Generator
) -> Samples:
    """All samples of one record, without those that fall into gaps."""
    extra = [
        np.arange(time[0], time[-1], tool.interval),
        *_behind(edge, time[-1], tool),
        _triggered(time, voltage, tool),
    ]
    at = np.unique(np.concatenate(extra))
    row, share = _place(time, at)
    partly = np.zeros(len(at))
    if tool.edges:
        sides = np.unique(np.concatenate([edge.row, edge.row + 1, [len(time) - 1]]))
        at, row = np.concatenate([at, time[sides]]), np.concatenate([row, sides])
        share, partly = np.concatenate([share, np.zeros(len(sides))]), np.zeros(len(at))
    if tool.part_samples > 0.0 and len(edge.row):
        some = edge.row[draw.random(len(edge.row)) < tool.part_samples]
        at, row = np.concatenate([at, time[some]]), np.concatenate([row, some + 1])
        share, partly = np.concatenate([share, np.zeros(len(some))]), np.concatenate([partly, draw.random(len(some))])
    order = np.lexsort((-partly, row, at))
    at, row, share, partly = at[order], row[order], share[order], partly[order]
    new = np.concatenate([[True], (np.diff(at) > 0.0) | (np.diff(row) > 0) | (partly[:-1] > 0.0)])
    new &= _without_gaps(at, tool, draw)
    return Samples(at[new], row[new], share[new], partly[new])


def _place(time: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row before, share of the way to the next); at an edge, the row that begins the new step."""
    row = np.searchsorted(time, at, side="right") - 1
    width = time[np.minimum(row + 1, len(time) - 1)] - time[row]
    return row, np.divide(at - time[row], width, out=np.zeros(len(at)), where=width > 0.0)


def _behind(edge: Switches, end: float, tool: Instrument) -> list[np.ndarray]:
    """Times of the fast samples behind each switch, those at fixed times and those that its polarisation triggers."""
    if not len(edge.time):
        return []
    until = np.append(edge.time[1:], end)
    offsets = [np.tile(np.asarray(tool.after_switch, float), (len(edge.time), 1))]
    if tool.trigger > 0.0 and tool.polarisation > 0.0:
        move = np.abs(tool.polarised * (edge.behind - edge.before))[:, None]
        step = tool.trigger * np.arange(1, MOST_TRIGGERED + 1)[None, :]
        left = np.where(step < move, move - step, np.nan)
        offsets.append(
            tool.polarisation * np.log(np.divide(move, left, out=np.full_like(left, np.nan), where=left > 0))
        )
    behind = np.concatenate(offsets, axis=1)
    behind = np.round(behind / FASTEST) * FASTEST
    times = edge.time[:, None] + behind
    return [times[(behind > 0.0) & (times < until[:, None])]]


def _triggered(time: np.ndarray, voltage: np.ndarray, tool: Instrument) -> np.ndarray:
    """Times at which the voltage has moved by `trigger` between two saved points."""
    if tool.trigger <= 0.0:
        return np.zeros(0)
    width, move = np.diff(time), np.abs(np.diff(voltage))
    count = np.where(width > 0.0, np.minimum(move / tool.trigger, MOST_TRIGGERED), 0.0).astype(np.int64)
    row = np.repeat(np.arange(len(width)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + 1
    return time[row] + width[row] * number / (count[row] + 1)


def _without_gaps(at: np.ndarray, tool: Instrument, draw: np.random.Generator) -> np.ndarray:
    """Which samples were written: none during the gaps, whose starts are drawn uniformly."""
    written = np.ones(len(at), bool)
    for start in draw.uniform(at[0], at[-1], tool.gaps):
        written &= (at < start) | (at > start + tool.gap_length)
    written[0] = True
    return written
