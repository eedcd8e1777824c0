"""Stretches to trains of like cycles: as many as a life is computed with, with every half-cycle in its place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.calibration.stretches import CREEP, EXACT, LOOSE, Rows, like

LONGEST = 4  # stretches of a cycle: plating, rest, stripping, rest
ALIKE = 1e-6  # relative difference of the times of like half-cycles in a protocol,
ALIKE_MEASURED = 0.1  # and in a record


class Trains(NamedTuple):
    """Segments with what happened in each: leading axis segments, SI; interfaces (2,).

    In a segment each interface plated `counts` times, for `plated` in all, with `charges` in all. Averaging neighbours
    adds them up, so that charge, time and the number of half-cycles stay.
    """

    durations: np.ndarray
    pressures: np.ndarray
    temperatures: np.ndarray
    attached: np.ndarray
    charges: np.ndarray  # (s, 2) [C/m2]
    plated: np.ndarray  # (s, 2) [s]
    counts: np.ndarray  # (s, 2)
    second: np.ndarray  # (s,) 1 where interface 2 plates first

    def cycles(self) -> np.ndarray:
        """Number of cycles in each segment (s,), 1 without current."""
        return np.maximum(self.counts.max(axis=1), 1.0)


def trains(rows: Rows, *, measured: bool = False) -> Trains:
    """The longest trains there are, from the left: of cycles of at most `LONGEST` stretches, one plating a side."""
    features, sign = rows.features(), np.sign(rows.currents)
    steps, alike = (LOOSE, ALIKE_MEASURED) if measured else (EXACT, ALIKE)
    parts, i = [], 0
    while i < len(sign):
        best = (1, 1)
        for length in range(1, LONGEST + 1):
            cycle = slice(i, i + length)
            if i + length > len(sign) or not _is_cycle(sign[cycle], features[cycle], steps):
                continue
            count = _repeats(rows.durations, features, sign, i, length, steps, alike)
            if length * count > best[0] * best[1] and (count > 1 or _is_pair(sign[cycle])):
                best = (length, count)
        stop = i + best[0] * best[1]
        parts.append(_pooled(rows, i, stop))
        i = stop
    return Trains(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _is_cycle(sign: np.ndarray, features: np.ndarray, steps: np.ndarray) -> bool:
    """Whether stretches make a cycle: a current, no interface plating twice, nothing else changing within it."""
    if not sign.any() or max(np.sum(sign > 0), np.sum(sign < 0)) > 1:
        return False
    return all(like(one[:3], features[0][:3], steps[:3]) for one in features)


def _is_pair(sign: np.ndarray) -> bool:
    """Plating and stripping, without a rest that may be something else."""
    return len(sign) == 2 and bool(np.all(sign != 0.0))


def _repeats(
    durations: np.ndarray,
    features: np.ndarray,
    sign: np.ndarray,
    first: int,
    length: int,
    steps: np.ndarray,
    alike: float,
) -> int:
    """How often the cycle of that length that begins at `first` comes, one after the other."""
    count = 1
    while first + (count + 1) * length <= len(sign):
        for k in range(length):
            one, other = first + count * length + k, first + k
            same = sign[one] == sign[other] and like(features[one], features[other], steps)
            if not same or abs(durations[one] - durations[other]) > alike * durations[other]:
                return count
        count += 1
    return count


def _pooled(rows: Rows, first: int, stop: int) -> Trains:
    """Stretches as one segment."""
    cut = slice(first, stop)
    time, current = rows.durations[cut], rows.currents[cut]
    both = np.stack([np.maximum(current, 0.0), np.maximum(-current, 0.0)], axis=1)
    weight = time / time.sum()
    flows = current[current != 0.0]
    return Trains(
        np.array([time.sum()]),
        np.array([1e6 * float(weight @ (rows.pressures[cut] / 1e6) ** CREEP) ** (1.0 / CREEP)]),
        np.array([float(weight @ rows.temperatures[cut])]),
        np.array([rows.attached[cut].max()]),
        (both * time[:, None]).sum(0)[None],
        ((both > 0.0) * time[:, None]).sum(0)[None],
        (both > 0.0).sum(0).astype(float)[None],
        np.array([float(flows.size > 0 and flows[0] < 0.0)]),
    )


def condensed(made: Trains, most: int) -> Trains:
    """At most `most` segments: neighbours whose drives differ least, weighted by the shorter of them, are averaged."""
    while len(made.durations) > most:
        surplus = len(made.durations) - most
        chosen: set[int] = set()
        for i in np.argsort(_cost(made), kind="stable"):  # a batch of the cheapest, no two of them neighbours
            if i - 1 not in chosen and i + 1 not in chosen:
                chosen.add(int(i))
            if len(chosen) >= max(1, surplus // 8):
                break
        made = joined(made, np.array([i for i in range(len(made.durations)) if i - 1 not in chosen]))
    return made


def joined(made: Trains, starts: np.ndarray) -> Trains:
    """Segments joined from each start to the next."""
    time = np.add.reduceat(made.durations, starts)
    weight = made.durations / np.repeat(time, np.diff(np.append(starts, len(made.durations))))
    powers = np.add.reduceat((made.pressures / 1e6) ** CREEP * weight, starts)
    flowing = made.counts.max(axis=1) > 0.0
    ends = np.append(starts[1:], len(flowing))
    first = [next((k for k in range(a, b) if flowing[k]), a) for a, b in zip(starts, ends, strict=True)]
    return Trains(
        durations=time,
        pressures=1e6 * powers ** (1.0 / CREEP),
        temperatures=np.add.reduceat(made.temperatures * weight, starts),
        attached=np.maximum.reduceat(made.attached, starts),
        charges=np.add.reduceat(made.charges, starts, axis=0),
        plated=np.add.reduceat(made.plated, starts, axis=0),
        counts=np.add.reduceat(made.counts, starts, axis=0),
        second=made.second[first],
    )


def going_on(made: Trains, tail: float) -> Trains:
    """The same with the segment last that stands for what goes on: it covers at least the share `tail` of the time.

    A half-cycle that begins one more cycle of the train before it is taken as part of that train.
    """
    if len(made.durations) > 1 and _begins_another(made):
        made = Trains(*(column[:-1] for column in made))
    whole = float(made.durations.sum())
    if made.durations[-1] >= tail * whole:
        return made
    remaining = np.cumsum(made.durations[::-1])[::-1]
    first = int(np.flatnonzero(remaining >= tail * whole)[-1])
    last = joined(Trains(*(column[first:] for column in made)), np.array([0]))
    return Trains(*(np.concatenate(pair) for pair in zip(made, last, strict=True)))


def _begins_another(made: Trains) -> bool:
    """Whether the last segment is the first half-cycle, or a part of it, of the train before it."""
    one, train = (Trains(*(column[k] for column in made)) for k in (-1, -2))
    if one.counts.sum() != 1.0 or train.counts.max() < 1.0 or one.second != train.second:
        return False
    side = int(one.second)
    if train.counts[side] == 0.0 or not np.isclose(one.pressures, train.pressures, rtol=LOOSE[0]):
        return False
    longest = train.plated[side] / train.counts[side]
    current = train.charges[side] / train.plated[side]
    same = np.isclose(one.charges[side] / one.plated[side], current, rtol=LOOSE[3])
    return bool(same and one.plated[side] <= (1.0 + ALIKE_MEASURED) * longest)


def _cost(made: Trains) -> np.ndarray:
    """How much is lost by averaging each pair of neighbours: their shorter duration times the distance of drives."""
    rates = made.charges / made.durations[:, None]
    largest = max(float(rates.sum(1).max()), 1e-30)
    pressure = np.log(np.maximum(made.pressures, 1e3))
    distance = (CREEP * np.diff(pressure)) ** 2 + (np.diff(made.temperatures) / 15.0) ** 2
    distance += ((np.diff(rates, axis=0) / largest) ** 2).sum(1)
    charge = np.log1p((made.charges / made.cycles()[:, None]).max(1) / 1e3)  # a tenth of a mAh/cm2 is 3.6e3
    distance += 0.1 * np.diff(charge) ** 2
    distance += 1e3 * (np.diff(made.attached) != 0.0)
    return np.minimum(made.durations[1:], made.durations[:-1]) * (distance + 1e-12)
