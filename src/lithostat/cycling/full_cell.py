"""Signs of a short in a half or full cell, whose voltage is not its resistance alone."""

from __future__ import annotations

import numpy as np

from lithostat.cycling.evidence import Evidence, Suspect, pressure_evidence
from lithostat.cycling.half_cycles import HalfCycles
from lithostat.cycling.trace import Trace
from lithostat.experiment.cell_note import CellNote

FALL = 0.02  # V; smaller falls of a charging voltage are everyday
TURNED = 1e-3  # V below its highest from which a charging voltage has turned round
NUCLEATION = 0.05  # share of a charge in which the voltage may come down from its first peak
OVERSHOOT = 0.3  # V that such a peak may have
BEYOND = 1.2  # times the capacity that a charge may take before it counts as endless
FORMING = 1.5  # times, for the first charge: it also forms interphases
DEAD = 0.3  # V below which a full cell that stood above `ALIVE` has an electronic path
DEAD_HALF = 0.02  # V; graphite and alloys work close to lithium
ALIVE = 1.0  # V
CHARGED = 600.0  # s of current before a cell can be said to have had a voltage of its own
WINDOW = 0.1  # V that a discharge spans at least if it is to say what the cell holds; pulses do not
REPEATED = 3  # charges or discharges of like size that make a capacity
LOST = 0.1  # fall of a cycle's efficiency against the cell's own past that is more than ageing
CYCLES = 3  # in a row that make such a fall
ALIKE = 0.5  # of the largest of them that each must take
LOUD = 5.0  # times noisier than the rest of the charge
LOUD_LEAST = 2e-3  # V; less noise is no sign of anything
RUN = 3  # samples or blocks in a row; fewer are a glitch
_BLOCKS = 64


def full_cell_suspects(trace: Trace) -> list[Suspect]:
    """Every stretch that looks like an electronic path, in the order of time."""
    sweeps = charge_sweeps(trace.half)
    suspects = [*_falls(trace), *_endless(trace, sweeps), *_dead(trace), *_imbalance(trace.half, sweeps)]
    merged: list[Suspect] = []
    for suspect in sorted(suspects, key=lambda suspect: suspect.row):
        if merged and (merged[-1].end is None or suspect.row <= merged[-1].end):
            merged[-1] = merged[-1].joined(suspect)
        else:
            merged.append(suspect)
    return [suspect.with_evidence(pressure_evidence(trace, suspect.row)) for suspect in merged]


def charge_sweeps(half: HalfCycles) -> np.ndarray:
    """Charges and discharges whole, whatever rests and steps of the current divide them.

    One row each: (first half-cycle, last half-cycle, direction), in the order of time.
    """
    flowing = half.flowing
    direction = half.direction[flowing]
    begins = np.concatenate([[True], direction[1:] != direction[:-1]]) if len(flowing) else np.zeros(0, bool)
    at = np.flatnonzero(begins)
    if not len(at):
        return np.zeros((0, 3), np.int64)
    ends = np.concatenate([at[1:] - 1, [len(flowing) - 1]])
    return np.stack([flowing[at], flowing[ends], direction[at]], axis=1).astype(np.int64)


def stated_capacity(note: CellNote) -> float | None:
    """Capacity from the active mass and specific capacity of the note [C]; None without them."""
    if note.active_mass is None or note.specific_capacity is None:
        return None
    return note.active_mass * note.specific_capacity


def _taken(half: HalfCycles, sweeps: np.ndarray) -> np.ndarray:
    """Charge of each sweep without sign [C]."""
    flows = np.where(np.abs(half.direction) == 1, np.abs(half.charge), 0.0)
    total = np.concatenate([[0.0], np.cumsum(flows)])
    taken: np.ndarray = total[sweeps[:, 1] + 1] - total[sweeps[:, 0]]
    return taken


def _falls(trace: Trace) -> list[Suspect]:
    """Charges at constant current in which the voltage falls or becomes loud, though it should rise smoothly."""
    half, voltage, time, current = trace.half, trace.voltage, trace.time, np.abs(trace.current)
    suspects = []
    for index in np.flatnonzero(half.direction == 1):
        first, last = int(half.first[index]), int(half.last[index])
        if last - first < 12:
            continue
        level = current[first : last + 1]
        constant = np.flatnonzero(np.abs(level - np.median(level[: len(level) // 2 + 1])) < 0.05 * np.median(level))
        if len(constant) < 12:
            continue
        last = first + int(constant[-1])  # what follows is held at constant voltage
        part = voltage[first : last + 1]
        size = max(RUN, len(part) // _BLOCKS)
        count = len(part) // size
        cut = part[: count * size].reshape(count, size)
        means = np.median(cut, axis=1)
        noise = 1.4826 * float(np.median(np.abs(np.diff(part)))) / np.sqrt(2.0)
        suspect = _first_fall(part, means, size, noise, first)
        if suspect is not None:
            suspects.append(_judged(suspect, trace, int(index)))
        rough = _roughness(time[first : last + 1], part)
        usual = np.median(rough[: count * size].reshape(count, size), axis=1)
        loud = _first_loud(rough, usual, size, first, last)
        if loud is not None:
            suspects.append(loud)
    return suspects


def _roughness(time: np.ndarray, voltage: np.ndarray) -> np.ndarray:
    """Distance of every sample from the straight line between its neighbours in time [V]; no slope is a noise."""
    width = time[2:] - time[:-2]
    share = np.divide(time[1:-1] - time[:-2], width, out=np.full(len(width), 0.5), where=width > 0.0)
    rough = np.abs(voltage[1:-1] - voltage[:-2] - share * (voltage[2:] - voltage[:-2]))
    return np.concatenate([rough[:1], rough, rough[-1:]])


def _first_loud(steps: np.ndarray, usual: np.ndarray, size: int, first: int, last: int) -> Suspect | None:
    """The stretch from which a charge is much noisier than its quiet quarter.

    `steps` [V] is the roughness of its samples, `usual` its median in each block.
    """
    limit = max(LOUD * float(np.quantile(usual, 0.25)), LOUD_LEAST)
    loud = usual > limit
    loud[: int(np.ceil(NUCLEATION * len(usual)))] = False
    runs = np.flatnonzero(loud[:-2] & loud[1:-1] & loud[2:]) if len(loud) >= RUN else np.zeros(0, np.int64)
    if not len(runs):
        return None
    index = int(runs[0])
    level = float(np.median(usual[index : index + RUN]))
    text = f"the voltage became noisy during a charge: {1e3 * level:.2g} mV from sample to sample"
    begin = max(index - 1, 0) * size
    row = first + begin + int(np.argmax(steps[begin:] > limit))
    stays = bool(loud[index:].mean() > 0.5)
    end = None if stays else min(first + (index + RUN) * size, last)
    return Suspect(row, max(row - 1, 0), end, (Evidence(text, 1.5),))


def _first_fall(
    part: np.ndarray, means: np.ndarray, size: int, noise: float, first: int
) -> tuple[int, int, int | None, float] | None:
    """(row, row before, end, fall) of the first fall in a charge, None if there is none."""
    early = int(np.ceil(NUCLEATION * len(means)))
    if len(means) < early + 3:
        return None
    limit = max(FALL, 8.0 * noise)
    fall = np.concatenate([[0.0], np.fmax.accumulate(means)[:-1] - means[1:]])
    settled = np.concatenate([np.zeros(early + 1), np.fmax.accumulate(means[early:])[:-1] - means[early + 1 :]])
    low = np.flatnonzero((fall > OVERSHOOT + limit) | (settled > limit))
    if not len(low):
        return None
    index = int(low[0])
    high = float(np.max(means[early:index])) if index > early else float(np.max(means[:index]))
    level = float(np.min(means[index : index + 3]))
    top = early + int(np.argmax(means[early:index])) if index > early else int(np.argmax(means[:index]))
    begin = min(top + 1, index) * size  # a soft path lets the voltage fall slowly: it was there from the top on
    least = min(max(4.0 * noise, TURNED), 0.5 * (high - level))
    under = np.flatnonzero(part[begin : (index + 2) * size] < high - least)
    row = begin + int(under[0]) if len(under) else index * size
    back = np.flatnonzero(means[index:] >= high)
    end = None if not len(back) else first + (index + int(back[0])) * size
    return first + row, first + max(row - 1, 0), end, high - level


def _judged(first_fall: tuple[int, int, int | None, float], trace: Trace, index: int) -> Suspect:
    row, before, end, fall = first_fall
    evidence = [
        Evidence(f"the voltage fell by {1e3 * fall:.0f} mV while the cell was charged", 1.0 + min(10.0 * fall, 2.0))
    ]
    if end is None:
        evidence.append(Evidence("it did not come back before the charge ended", 1.0))
        evidence.extend(_never_full(trace, int(trace.half.first[index]), int(trace.half.last[index])))
    return Suspect(row, before, end, tuple(evidence))


def _never_full(trace: Trace, first: int, last: int) -> list[Evidence]:
    """The upper voltage that a charge should have reached, if it was stated and the charge did not."""
    top = trace.note.upper_voltage
    highest = float(np.max(trace.voltage[first : last + 1]))
    if top is None or highest >= top - FALL:
        return []
    return [Evidence(f"the charge never reached {top:.3g} V (it stayed below {highest:.3g} V)", 2.0)]


def _endless(trace: Trace, sweeps: np.ndarray) -> list[Suspect]:
    """Charges that take more than the cell can hold: the first tells when, the largest how much went astray."""
    half, voltage, stated = trace.half, trace.voltage, stated_capacity(trace.note)
    taken, direction = _taken(half, sweeps), sweeps[:, 2]
    spans = np.abs(voltage[half.last[sweeps[:, 1]]] - voltage[half.first[sweeps[:, 0]]]) if len(sweeps) else taken
    given = _given(np.where(spans >= WINDOW, taken, 0.0), direction)
    capacity = np.maximum(stated or 0.0, given)  # a cell that gives more than was stated holds more
    allowed = np.where(np.cumsum(direction == 1) == 1, FORMING, BEYOND)
    over = np.flatnonzero((direction == 1) & (capacity > 0.0) & (taken > allowed * capacity))
    if not len(over):
        return []
    one = int(over[0])
    worst = over[np.argmax(taken[over] / capacity[over])]
    ratio = float(taken[worst] / capacity[worst])
    row = _row_of_charge(trace, sweeps[one], float(allowed[one] * capacity[one]))
    by_note = stated is not None and capacity[worst] <= stated
    source = "the stated active mass and specific capacity" if by_note else "the largest discharge before"
    many = "a charge" if len(over) == 1 else f"{len(over)} charges, one of them"
    text = f"{many} took {ratio:.2f} times the capacity ({capacity[worst] / 3.6:.3g} mAh, {source})"
    evidence = [Evidence(text, 2.0 + min(2.0 * float(np.log(ratio / BEYOND)), 2.0) + 0.5 * min(len(over) - 1, 2))]
    first = int(half.first[sweeps[one][0]])
    if not by_note and _slower(half, sweeps, taken, one):
        evidence = [Evidence(f"{text}, but at a lower current than those discharges", 1.0)]
    evidence.extend(_never_full(trace, first, int(half.last[sweeps[one][1]])))
    lasts = over[-1] >= np.flatnonzero(direction == 1)[-1]
    end = None if lasts else int(half.first[sweeps[over[-1] + 1][0]])
    return [Suspect(row, first, end, tuple(evidence), electrons=1.0 - 1.0 / ratio)]


def _slower(half: HalfCycles, sweeps: np.ndarray, taken: np.ndarray, one: int) -> bool:
    """True if the charge ran at less than half the current of the discharges before it, which say what the cell holds.

    A cell gives less at a high current than a slow charge can put in.
    """
    length = half.end[sweeps[:, 1]] - half.start[sweeps[:, 0]]
    current = np.divide(taken, length, out=np.zeros(len(taken)), where=length > 0.0)
    before = current[:one][sweeps[:one, 2] == -1]
    return len(before) > 0 and bool(current[one] < 0.5 * np.median(before))


def _given(taken: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Largest discharge before each sweep that a charge came before [C]; 0 until three sweeps were half as large.

    An interrupted charge or a discharge at the start of the record says nothing of the capacity.
    """
    given = np.zeros(len(taken))
    largest = 0.0
    for index in range(1, len(taken)):
        if direction[index - 1] == -1 and index > 1:
            largest = max(largest, float(taken[index - 1]))
        if largest > given[index - 1] and np.count_nonzero(taken[:index] >= 0.5 * largest) < REPEATED:
            given[index] = given[index - 1]
        else:
            given[index] = largest
    return given


def _row_of_charge(trace: Trace, sweep: np.ndarray, charge: float) -> int:
    """First row of a sweep at which `charge` [C] has passed."""
    half = trace.half
    for index in range(int(sweep[0]), int(sweep[1]) + 1):
        step = abs(float(half.charge[index])) if abs(half.direction[index]) == 1 else 0.0
        if step >= charge > 0.0:
            at = half.start[index] + charge / step * (half.until[index] - half.start[index])
            return min(int(np.searchsorted(trace.time, at)), int(half.last[index]))
        charge -= step
    return int(half.last[sweep[1]])


def _imbalance(half: HalfCycles, sweeps: np.ndarray) -> list[Suspect]:
    """Cycles that give back much less of their charge than the cell's own earlier ones: electrons took the rest."""
    taken, direction = _taken(half, sweeps), sweeps[:, 2]
    pairs = np.flatnonzero((direction[:-1] == 1) & (direction[1:] == -1))
    if len(pairs) < 2 * CYCLES + 1 or not np.all(taken[pairs] > 0.0):
        return []
    efficiency = taken[pairs + 1] / taken[pairs]
    for at in range(CYCLES + 1, len(efficiency) - CYCLES + 1):
        past = efficiency[1:at]
        usual, scatter = float(np.median(past)), 1.4826 * float(np.median(np.abs(past - np.median(past))))
        now, charges = efficiency[at : at + CYCLES], taken[pairs][at : at + CYCLES]
        again = np.min(charges) > ALIKE * np.max(charges)  # what leaked must be charged again, what stayed in need not
        if again and np.all(now < usual - max(LOST, 4.0 * scatter)):
            level = float(np.median(efficiency[at:]))
            low = np.flatnonzero(efficiency[at:] > usual - 0.5 * LOST)
            text = (
                f"{int(low[0]) if len(low) else len(efficiency) - at} cycles in a row gave back "
                f"{100 * np.median(now):.0f} % of their charge, those before {100 * usual:.0f} %"
            )
            weight = float(np.interp(usual - np.median(now), [LOST, 0.3], [1.0, 3.0]))
            charge = sweeps[pairs[at]]
            row = int(half.first[charge[0]])
            end = int(half.first[sweeps[pairs[at + int(low[0])]][0]]) if len(low) else None
            share = float(np.clip(1.0 - min(level, float(np.median(now))) / usual, 0.0, 1.0))
            return [Suspect(row, max(row - 1, 0), end, (Evidence(text, weight),), electrons=share)]
    return []


def _dead(trace: Trace) -> list[Suspect]:
    """Stretches, at rest or while charging, in which a cell that had a voltage shows none."""
    half, voltage = trace.half, trace.voltage
    level = DEAD_HALF if trace.kind == "half" else DEAD
    flowed = np.cumsum(np.where(np.abs(half.direction) == 1, half.end - half.start, 0.0))
    worked = np.searchsorted(flowed, CHARGED)  # stretch by which the cell had been cycled for long enough
    alive = np.flatnonzero(voltage > ALIVE)
    if not len(alive) or worked >= len(half):
        return []
    low = np.abs(voltage) < level
    edges = np.flatnonzero(np.diff(np.concatenate([[False], low, [False]]).astype(np.int8)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        rows = np.arange(begin, end)
        stretch = np.searchsorted(half.first, rows, side="right") - 1
        shows = half.direction[stretch] >= 0
        if shows.sum() < RUN or begin < max(int(alive[0]), int(half.first[worked])):
            continue
        at_rest = half.direction[stretch[0]] == 0
        if not voltage[half.first[stretch[0]] if at_rest else begin - 1] > ALIVE:
            continue  # it was discharged to there
        before = int(begin) - 1
        charging = bool((half.direction[stretch] == 1).any())
        how = "while the cell was charged" if charging else "at rest"
        text = f"the voltage {how} was {voltage[rows[shows][0]]:.2f} V, after it had been above {ALIVE:.0f} V"
        if at_rest:  # it died during a rest: the path may be as old as the rest
            before = max(int(half.first[stretch[0]]) - 1, 0)
        over = int(end) if end < len(voltage) and (voltage[end:] > ALIVE).any() else None
        hard = int(begin) if charging else None
        return [Suspect(int(begin), before, over, (Evidence(text, 4.0),), hardened=hard)]
    return []
