"""Stretches in which a symmetric cell shows less resistance than an intact one can: the candidates for a short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lithostat.cycling.drops import Drop, sudden_drops
from lithostat.cycling.event_rows import first_row
from lithostat.cycling.lower_bound import History, history_bound, impedance_bound, past_of, pellet_bound
from lithostat.cycling.parts import parts
from lithostat.cycling.resistance import PER_HALF_CYCLE, Blocks
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.spectrum import Spectrum

MARGIN = 0.05  # below the bound, where pressure and temperature were measured
MARGIN_BLIND = 0.15  # where one of them was not: a draught or a turn of the screw does as much
MARGIN_UNPLATED = 0.3  # after the first reversal: one contact has never been plated before, and heals
SIGMAS = 6.0
RUN = 3  # samples in a row that make an event; fewer are a glitch
ABRUPT = 0.5  # of the fall that comes from one sample to the next where a path forms at once
HARD = 0.8  # share of the current that passes as electrons in a hard short
MOST = 50  # events looked for
OWN_PAST, COURSE = "its own past", "its course until then"
WEAK = 0.1  # share of the largest current before, below which V/I is not judged: a cycler's zero has an error


@dataclass(frozen=True)
class Event:
    """An electronic path. `row` is the first sample that shows it, `before` the last that does not (None: none was).

    Where the noise blurs the step, `before` lies some samples earlier and `surely`, by which it is there, some later.

    `end` is the first row after it, None if it lasted. `expected` [ohm] is what an intact cell would have shown at
    least, `level` [ohm] what it showed at first, `least` [ohm] what it fell to; `electrons` is the largest share of the
    current that passed as electrons for three blocks. `directions` are the directions of current it was seen in;
    `below` names the bounds that were broken; `hardened` is the row from which it was hard; `from_start` is true if no
    block before it was that of an intact cell. `samples` lie below the
    limit. `mirrored` [ohm] is what V/I rose by in the other direction of current, NaN where that was not seen;
    `blind` is true if nobody measured the pressure, `abrupt` if half of the fall came from one sample to the next.
    """

    row: int
    before: int | None
    surely: int
    end: int | None
    expected: float
    level: float
    least: float
    electrons: float
    directions: tuple[int, ...]
    below: tuple[str, ...]
    hardened: int | None
    noise_ratio: float
    from_start: bool
    samples: int
    mirrored: float
    blind: bool
    abrupt: bool

    @property
    def hard(self) -> bool:
        """True if most of the current passed as electrons."""
        return self.electrons >= HARD


def find_events(block: Blocks, note: CellNote, spectra: Sequence[Spectrum]) -> list[Event]:
    """Every electronic path that the samples resolve, in the order of time; `spectra` are those of the intact cell."""
    if not len(block):
        return []
    judged = block.current >= WEAK * np.maximum.accumulate(block.current)
    bounds, drops = fixed_bounds(block, note, spectra), sudden_drops(block, judged)
    past, intact = past_of(block), np.ones(len(block), bool)
    events: list[Event] = []
    after, origin = 0, None
    while len(events) < MOST:
        history = history_bound(past, intact)
        limit = np.where(judged, limit_of(block, history.least, bounds), -np.inf)
        index = _next_run(limit, intact, after, block)
        drop = _drop_before(drops, index, after)
        if drop is not None:
            index, expected = drop.block, drop.expected
            event_limit, broken = drop.limit, {COURSE: np.full(len(block), drop.expected)}
        elif index is None:
            break
        else:
            expected, event_limit = _expected(block, index, history, bounds, limit), float(limit[index])
            broken = {OWN_PAST: history.least, **bounds}
        end = _recovery(block, index, expected)
        event = _event(block, index, end, expected, event_limit, broken)
        origin = index if origin is None else origin
        if event is not None:
            events.append(replace(event, mirrored=_mirrored(block, index, origin)))
        last = len(block) if end is None else end
        intact[index:last] = False
        after = last
        if end is None:
            break
    return events


def _drop_before(drops: Sequence[Drop], index: int | None, after: int) -> Drop | None:
    """The next sudden drop, unless a lower bound is broken there or earlier: that says more."""
    later = [drop for drop in drops if drop.block >= after]
    if not later or (index is not None and index <= later[0].block + 1):
        return None
    return later[0]


def _expected(block: Blocks, index: int, history: History, bounds: dict[str, np.ndarray], limit: np.ndarray) -> float:
    """What the intact cell would have shown at block `index` at least [ohm]."""
    near = slice(index - int(index > 0 and block.half_cycle[index - 1] == block.half_cycle[index]), index + 1)
    known = [bound[near].max() for bound in (history.unripened, *bounds.values()) if np.isfinite(bound[near]).all()]
    return float(max([limit[index], *known]))


def limit_of(block: Blocks, history: np.ndarray, bounds: dict[str, np.ndarray]) -> np.ndarray:
    """Resistance [ohm] below which a block cannot be that of an intact cell; -inf where nothing is known.

    How far below its past a block must lie to count: weather and noise.
    """
    limit, plated = np.full(len(block), -np.inf), _first_plated(block)
    for part in parts(len(block)):
        least, noise = history[part], SIGMAS * block.noise_of(part)
        known = np.isfinite(least) & (least > 0.0)
        share = np.divide(noise, least, out=np.zeros(len(least)), where=known)
        seen = np.isfinite(block.pressure[part]) & np.isfinite(block.temperature[part])
        margin = np.where(plated[part], MARGIN_UNPLATED, np.where(seen, MARGIN, MARGIN_BLIND)) + share
        limit[part][known] = (least * (1.0 - margin))[known]
        for bound in bounds.values():
            below = bound[part] * (1.0 - MARGIN) - noise
            limit[part] = np.maximum(limit[part], np.where(np.isfinite(bound[part]), below, -np.inf))
    return limit


def _first_plated(block: Blocks) -> np.ndarray:
    """True in the first half of the first half-cycle of the second direction."""
    other = int(np.argmax(block.direction != block.direction[0]))  # 0 where there is no other
    plated = np.zeros(len(block), bool)
    if other:
        behind = int(np.searchsorted(block.half_cycle, block.half_cycle[other], side="right"))
        plated[other : other + (behind - other + 1) // 2] = True
    return plated


def fixed_bounds(block: Blocks, note: CellNote, spectra: Sequence[Spectrum]) -> dict[str, np.ndarray]:
    """Lower bounds that do not come from the voltage itself."""
    bounds = {}
    if spectra:
        bounds["the ionic resistance from impedance"] = impedance_bound(block, spectra)
    if note.ionic_resistance is not None:
        bounds["the stated ionic resistance"] = np.full(len(block), note.ionic_resistance)
    name, ohm = pellet_bound(note, block.temperature)
    if name:
        bounds[name] = ohm
    return bounds


def _next_run(limit: np.ndarray, usable: np.ndarray, after: int, block: Blocks) -> int | None:
    """First block from `after` on that lies below its limit and begins `RUN` samples that do, or as many as there are.

    What follows is held against the limit of that block, since its own past already contains it.
    """
    for index in np.flatnonzero((block.resistance < limit)[after:] & usable[after:]) + after:
        samples, at = 0, int(index)
        while at < len(block) and block.resistance[at] < limit[index]:
            samples += _below(block, at, at, limit[index])
            at += 1
            if samples >= RUN:
                return int(index)
        if at == len(block):
            return int(index)
    return None


def _below(block: Blocks, begin: int, end: int, limit: float) -> int:
    """Samples of the blocks `begin` to `end` that lie below `limit`."""
    return int(np.count_nonzero(block.ohm[block.first[begin] : block.last[end] + 1] < limit))


def _recovery(block: Blocks, index: int, expected: float) -> int | None:
    """First block after `index` from which the resistance is back for good measure: three blocks at the old level."""
    back = block.resistance >= 0.95 * expected
    back[: index + 1] = False
    three = back[:-2] & back[1:-1] & back[2:]
    return int(np.flatnonzero(three)[0]) if three.any() else None


def _event(
    block: Blocks, index: int, end: int | None, expected: float, limit: float, bounds: dict[str, np.ndarray]
) -> Event | None:
    row, before, surely, step = first_row(block, index, limit)
    if end is not None and row >= block.first[end]:
        return None
    inside = slice(index, end)
    ohm = np.maximum(block.resistance[inside], 0.0)
    ohm[0] = max(_from_row(block, index, row), 0.0)
    electrons = np.clip(1.0 - ohm / expected, 0.0, 1.0)
    held = (
        electrons if len(electrons) < 3 else np.min(np.stack([electrons[:-2], electrons[1:-1], electrons[2:]]), axis=0)
    )
    noise_share = block.noise_of(inside)[: len(held)] / expected
    hard = np.flatnonzero(held >= HARD - 2.0 * noise_share)  # the least of three lies below their mean
    noise = _noise_ratio(block, index, end)
    if np.median(electrons[:3]) >= HARD:
        hard = np.zeros(1, np.int64)
    return Event(
        row=row,
        before=before,
        surely=surely,
        end=None if end is None else int(block.first[end]),
        expected=float(expected),
        level=float(np.median(ohm[:3])),
        least=float(np.min(ohm)),
        electrons=float(np.max(held)),
        directions=tuple(np.unique(block.direction[inside]).tolist()),
        below=tuple(
            name
            for name, bound in bounds.items()
            if np.isfinite(bound[inside][:3]).all()
            and np.median(block.resistance[inside][:3] - 0.95 * bound[inside][:3]) < 0.0
        ),
        hardened=_hard_row(block, index + int(hard[0]), row, expected) if len(hard) else None,
        noise_ratio=noise,
        from_start=before is None
        or bool(index > 0 and np.median(block.resistance[:index]) < 0.5 * (expected + np.median(ohm[:3]))),
        samples=_below(block, index, min(len(block) if end is None else end, index + RUN) - 1, limit),
        mirrored=float("nan"),
        blind=not bool(np.isfinite(block.pressure[index])),
        abrupt=before is None or step > ABRUPT * (expected - float(np.median(ohm[:3]))),
    )


def _mirrored(block: Blocks, index: int, origin: int) -> float:
    """Rise of V/I [ohm] in the other direction of current after block `index`; NaN where that was not seen.

    Against a few half-cycles before `origin`, the first block of the first event.
    """
    other = np.flatnonzero(block.direction == -block.direction[index])
    old, split = (int(np.searchsorted(other, at)) for at in (origin, index))
    if old == 0 or split == len(other):
        return float("nan")
    before, after = other[max(0, old - 4 * PER_HALF_CYCLE) : old], other[split : split + PER_HALF_CYCLE]
    return float(np.median(block.resistance[after]) - np.median(block.resistance[before]))


def _from_row(block: Blocks, index: int, row: int) -> float:
    """Resistance of a block from `row` on [ohm]: its samples before are those of the intact cell."""
    if not block.first[index] < row <= block.last[index]:
        return float(block.resistance[index])
    return float(np.nanmedian(block.ohm[row : block.last[index] + 1]))


def _hard_row(block: Blocks, index: int, row: int, expected: float) -> int:
    """First row of the block before `index`, or of that block, in which most of the current passes as electrons."""
    rows = np.arange(max(int(block.first[max(index - 1, 0)]), row), int(block.last[index]) + 1)
    noise = block.noise / float(block.current[index])
    low = np.flatnonzero(block.ohm[rows] <= (1.0 - HARD) * expected + 2.0 * noise)
    return int(rows[low[0]]) if len(low) else int(block.first[index])


def _noise_ratio(block: Blocks, index: int, end: int | None) -> float:
    """Noise of the samples inside the event over the noise of the intact cell, of the voltage at like current."""
    if block.noise <= 0.0:
        return 1.0
    last = len(block) - 1 if end is None else end - 1
    part = block.ohm[block.first[index] : block.last[min(last, index + 64)] + 1]
    part = part[np.isfinite(part)]
    if len(part) < 8:
        return 1.0
    return float(1.4826 * np.median(np.abs(np.diff(part))) / np.sqrt(2.0) * block.current[index] / block.noise)
