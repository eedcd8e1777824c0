"""The least resistance an intact cell can show: below it, electrons must help the ions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from lithostat.cycling.resistance import Blocks
from lithostat.experiment.spectrum import Spectrum

ACTIVATION = 0.5 * 96485.33212 / 8.31446261815324  # 0.5 eV as a temperature [K], above any known lithium conductor in use
# The best lithium conductor of a collection of 599 measured ones (OBELiX 2025) has 2.5 S/m near room temperature.
BEST_CONDUCTIVITY = 4.0  # S/m at 298 K
ROOM = 298.15
RIPENING = 0.25  # power of time that contact may gain with
YOUNG = 60.0  # s; contact is not younger than this when it is first measured
_JUMP = 0.05  # relative change of pressure or current between blocks that begins a new regime
_ENOUGH = 3  # blocks of the same regime that make a history
WINDOW = 64  # blocks: at least four half-cycles
_MOST_REGIMES = 5000  # more of them are noise


def history_floor(block: Blocks, current: np.ndarray, among: np.ndarray, *, creep: bool = True) -> np.ndarray:
    """Least resistance [ohm] that each block's own past allows, inf where there is no past.

    `current` is |I| of each block [A], `among` says which blocks belong to the intact past. Two things must both be
    undercut. First, the least that the cell ever showed, carried to the block's pressure, temperature and current as far
    as the field knows resistance to fall: in inverse proportion to pressure (contact) and to current (the voltage cannot
    fall when the current rises), with 0.5 eV against temperature. Second, if the block has neighbours in the same regime
    (pressure and current hold still), the least of the last `WINDOW` blocks, from which contact may only ripen: with
    the time since the pressure last changed to the power -0.25 (creep of lithium gives -0.13). `creep=False` leaves
    that last allowance out: what the cell would show had nothing happened.
    """
    smooth = _median_of_three(block.resistance)
    ohm = np.where(among, smooth, np.inf)
    press, conduct, drive = _factors(block.pressure, block.temperature, current)
    ever = _carried(ohm, [press, conduct, drive], np.minimum.accumulate)
    regime = _regimes(block.pressure, current)
    recent, within = np.full(len(ohm), np.inf), np.full(len(ohm), np.inf)
    if len(ohm) and regime[-1] <= _MOST_REGIMES:
        age = _age(block) if creep else np.ones(len(ohm))
        edges = np.concatenate([[0], np.flatnonzero(np.diff(regime)) + 1, [len(ohm)]])
        for part in (slice(begin, end) for begin, end in itertools.pairwise(edges)):
            if part.stop - part.start > _ENOUGH:
                recent[part] = _carried(ohm[part], [x[part] for x in (press, conduct, age)], _least_of_last)
                within[part] = _carried(ohm[part], [press[part], conduct[part]], np.minimum.accumulate)
                recent[part.start : part.start + _ENOUGH] = np.inf
    return np.where(np.isfinite(recent), np.minimum(within, recent), ever)


def impedance_floor(block: Blocks, spectra: Sequence[Spectrum]) -> np.ndarray:
    """Ionic resistance [ohm] from the intact spectra taken before each block, inf where there is none.

    It is the high-frequency resistance (see `ionic_resistance`), carried to the block's pressure and temperature as in
    `history_floor`. Part of it may be contact that ripens: it may fall with time as there, to half at most.
    """
    floor = np.full(len(block), np.inf)
    age = _age(block)
    for spectrum in spectra:
        taken = spectrum.time if spectrum.time is not None else -np.inf
        after = block.start >= taken
        ohm = ionic_resistance(spectrum) * np.ones(len(block))
        if spectrum.pressure:
            ohm *= _at_most_one(spectrum.pressure / np.where(block.pressure > 0.0, block.pressure, np.nan))
        if spectrum.temperature:
            ohm *= _at_most_one(np.exp(ACTIVATION * (1.0 / block.temperature - 1.0 / spectrum.temperature)))
        young = age[min(int(np.searchsorted(block.start, taken)), len(block) - 1)] if len(block) else 1.0
        ohm *= np.clip(young / age, 0.5, 1.0)
        floor = np.where(after, np.minimum(floor, ohm), floor)
    return floor


def ionic_resistance(spectrum: Spectrum) -> float:
    """The real part where the imaginary part comes closest to zero at the high-frequency end [ohm].

    Inductance makes the imaginary part positive there; the resistance is read where it crosses, else at the highest
    frequency. A pellet whose arc lies beyond the instrument shows less than its resistance here: a floor that is low.
    """
    order = np.argsort(spectrum.frequency)[::-1]
    real, imaginary = spectrum.impedance.real[order], spectrum.impedance.imag[order]
    crossing = np.flatnonzero((imaginary[:-1] > 0.0) & (imaginary[1:] <= 0.0))
    upper = crossing[crossing < max(1, len(real) // 2)]
    return float(real[upper[-1] + 1] if len(upper) else real[0])


def best_conductor_floor(thickness: float, area: float, temperature: np.ndarray) -> np.ndarray:
    """Resistance [ohm] of a pellet (thickness [m], area [m2]) made of the best lithium conductor known."""
    kelvin = np.where(np.isfinite(temperature), temperature, ROOM)
    return thickness / (BEST_CONDUCTIVITY * area) * _at_most_one(np.exp(ACTIVATION * (1.0 / kelvin - 1.0 / ROOM)))


def _at_most_one(ratio: np.ndarray) -> np.ndarray:
    return np.fmin(np.where(np.isfinite(ratio), ratio, 1.0), 1.0)


def _median_of_three(values: np.ndarray) -> np.ndarray:
    if len(values) < 3:
        return values
    middle = np.median(np.stack([values[:-2], values[1:-1], values[2:]]), axis=0)
    return np.concatenate([[max(values[0], middle[0])], middle, [max(values[-1], middle[-1])]])


def _factors(pressure: np.ndarray, temperature: np.ndarray, current: np.ndarray) -> list[np.ndarray]:
    """What the resistance may be inversely proportional to: pressure, conductivity, current; 1 where unknown."""
    press = np.where(np.isfinite(pressure), np.maximum(pressure, 5e4), 1.0)
    conduct = np.where(np.isfinite(temperature), np.exp(-ACTIVATION / np.where(temperature > 0, temperature, ROOM)), 1.0)
    return [press, conduct, current]


def _age(block: Blocks) -> np.ndarray:
    """(time since the pressure last changed)^0.25, or since the first block where nobody knows the pressure."""
    press = np.log(np.where(np.isfinite(block.pressure), np.maximum(block.pressure, 5e4), 1.0))
    changed = np.concatenate([[True], np.abs(np.diff(press)) > _JUMP])
    since = np.maximum.accumulate(np.where(changed, block.start, -np.inf))
    age: np.ndarray = np.maximum(block.end - since, YOUNG) ** RIPENING
    return age


def _regimes(pressure: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Counts the stretches in which neither pressure nor current jumps."""
    press = np.log(np.where(np.isfinite(pressure), np.maximum(pressure, 5e4), 1.0))
    jump = (np.abs(np.diff(press)) > _JUMP) | (np.abs(np.diff(np.log(current))) > _JUMP)
    return np.concatenate([[0], np.cumsum(jump)])


def _carried(
    ohm: np.ndarray, factors: list[np.ndarray], least: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Least resistance of the blocks before each, where it may have fallen in inverse proportion to any rising factor.

    min over i of r_i prod_k min(1, x_ki / x_kj) is bounded from below by the least over all subsets of factors of
    (min over i of r_i prod x_ki) / prod x_kj, and each of those is one pass.
    """
    floor = np.full(len(ohm), np.inf)
    for size in range(len(factors) + 1):
        for chosen in itertools.combinations(factors, size):
            product = np.prod(chosen, axis=0) if chosen else np.ones(len(ohm))
            before = np.concatenate([[np.inf], least(ohm * product)[:-1]])
            floor = np.minimum(floor, before / product)
    return floor


def _least_of_last(values: np.ndarray) -> np.ndarray:
    """Least of the last `WINDOW` values up to each, itself included."""
    padded = np.concatenate([np.full(WINDOW - 1, np.inf), values])
    result: np.ndarray = np.lib.stride_tricks.sliding_window_view(padded, WINDOW).min(axis=1)
    return result
