"""The voltage that a symmetric cell shows without current: of the instrument, and of unlike electrodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lithostat.cycling.half_cycles import HalfCycles

if TYPE_CHECKING:
    from lithostat.cycling.trace import Trace

REVERSALS = 10  # that tell the offset
DRIFT = 0.2  # of the voltage from one half-cycle to the next but one; more is no drift
SEARCHED = 1000  # half-cycles among which they are looked for


def voltage_offset(trace: Trace) -> float:
    """Voltage of the instrument and of unlike electrodes at no current [V]: what opposite half-cycles have in common.

    Of each half-cycle it takes the least voltage (a tenth of the samples lie below): voids and polarisation come on top
    of that, and not alike in both directions. Half the sum of two that follow one another, where possible with the mean
    of the two around the one, so that a resistance that rises steadily is no offset. Of the first ten reversals at
    equal current it takes a small sum, so that a short between two half-cycles does not enter; 0 without a reversal.
    """
    half, sums = trace.half, []
    has_settled = trace.settled[1] <= half.last[trace.judged]
    flowing, rows = (entries[has_settled][: SEARCHED + 2] for entries in (trace.judged, trace.settled[1]))
    settled, least = dict(zip(flowing.tolist(), rows.tolist(), strict=True)), dict[int, float]()
    for place in range(min(len(flowing) - 1, SEARCHED)):
        near = [index for index in flowing[place : place + 3] if _opposite(half, flowing[place], index) is not None]
        if len(near) < 2 or near[1] != flowing[place + 1] or not _opposite(half, near[0], near[1]):
            continue
        for index in near:
            least.setdefault(index, _least(trace.voltage, half, index, settled[int(index)]))
        around = len(near) == 3 and not _opposite(half, near[0], near[2])
        around = around and abs(least[near[2]] / least[near[0]] - 1.0) < DRIFT if least[near[0]] else False
        first = 0.5 * (least[near[0]] + least[near[2]]) if around else least[near[0]]
        sums.append(0.5 * (first + least[near[1]]))
        if len(sums) == REVERSALS:
            break
    return float(sorted(sums, key=abs)[len(sums) // 4]) if sums else 0.0


def _opposite(half: HalfCycles, index: int, other: int) -> bool | None:
    """Whether two half-cycles of like current have opposite directions; None if their currents are not alike."""
    same_level = abs(abs(half.current[index]) - abs(half.current[other])) < 0.02 * abs(half.current[index])
    return bool(half.direction[index] == -half.direction[other]) if same_level else None


def _least(voltage: np.ndarray, half: HalfCycles, index: int, settled: int) -> float:
    """Voltage of a half-cycle that a tenth of its settled samples stay below, in the direction of the current."""
    last, sign = half.last[index], half.direction[index]
    return float(sign * np.quantile(sign * voltage[settled : last + 1], 0.1))
