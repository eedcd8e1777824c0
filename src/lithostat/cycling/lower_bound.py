"""The least resistance an intact cell can show: below it, electrons must help the ions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np
from scipy.ndimage import minimum_filter1d

from lithostat.cycling.parts import ROWS, parts
from lithostat.cycling.resistance import LEAST_PRESSURE, YOUNG, Blocks, jumps
from lithostat.cycling.running_median import median_of_five, median_of_three
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.validity.foot import first_foot
from lithostat.materials.card import cards

ACTIVATION = (
    0.5 * 96485.33212 / 8.31446261815324
)  # 0.5 eV as a temperature [K], above any known lithium conductor in use
# The best lithium conductor of a collection of 599 measured ones (OBELiX 2025) has 2.5 S/m near room temperature.
BEST_CONDUCTIVITY = 4.0  # S/m at 298 K
ROOM = 298.15
RIPENING = 0.25  # power of time that contact may gain with
FRESH = 0.6  # share of the ionic resistance that contact leaves while it is not twice as old
COLLAPSE = 0.2  # share of the ionic resistance that ripening never takes it below
_ENOUGH = 3  # blocks of the same regime that make a history at least
WINDOW = 4  # half-cycles that make the recent past
_NEAR = 1.03  # times the least resistance counts as having shown it again
_MOST_REGIMES = 5000  # more of them are noise


@dataclass(frozen=True)
class Past:
    """What the blocks of a record are held against, whichever of them are intact: one entry per block.

    `ohm` is their resistance [ohm] without glitches; `press`, `conduct` and `drive` are what it may be inversely
    proportional to (see `_factors`), `ripe` is the share that ripening takes, `regime` counts the stretches at one
    pressure and current, `window` blocks are the recent past.
    """

    block: Blocks
    ohm: np.ndarray
    press: np.ndarray
    conduct: np.ndarray
    drive: np.ndarray
    ripe: np.ndarray
    regime: np.ndarray
    window: int


class History(NamedTuple):
    """Least resistance [ohm] that each block's own past allows, inf where there is no past.

    `unripened` leaves the ripening out: what the cell would show had nothing happened.
    """

    least: np.ndarray
    unripened: np.ndarray


def past_of(block: Blocks) -> Past:
    """What of a record's past does not depend on which blocks are intact."""
    press, conduct, drive = _factors(block.pressure, block.temperature, block.current)
    ripe, regime = block.age**RIPENING, _regimes(press, block.current)
    return Past(block, _without_glitches(block), press, conduct, drive, ripe, regime, _window(block))


def history_bound(past: Past, among: np.ndarray) -> History:
    """Least resistance [ohm] that each block's own past allows, with ripening and without.

    `among` says which blocks belong to the intact past. Two things must both be
    undercut. First, the least that the cell ever showed, carried to the block's pressure, temperature and current as
    far as resistance is known to fall: in inverse proportion to pressure (contact) and to current (the voltage
    cannot fall when the current rises), with 0.5 eV against temperature. Second, if the block has neighbours in the
    same regime (pressure and current hold still), the least of the last four half-cycles, from which contact may
    only ripen: with the time since the pressure last changed to the power -0.25 (creep of lithium gives -0.13).
    After a jump of pressure or current the recent past is carried like the whole.
    """
    ohm, regime, window = np.where(among, past.ohm, np.inf), past.regime, past.window
    if not len(ohm) or regime[-1] > _MOST_REGIMES:
        everything = _carried(ohm, [past.press, past.conduct, past.drive])
        return History(everything, everything)
    if not regime[-1]:
        here = _carried(ohm, [past.press, past.conduct])
        both = _recent(ohm, [past.press, past.conduct], past.ripe, window)
        return History(*(np.minimum(here, bound, out=bound) for bound in both))
    bounds = History(np.full(len(ohm), np.inf), np.full(len(ohm), np.inf))
    factors = [past.press, past.conduct, past.drive]
    carried = _carried(ohm, factors)
    for bound, recent in zip(bounds, _recent(ohm, factors, past.ripe, window), strict=True):
        bound[:] = np.maximum(carried, recent)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(regime)) + 1, [len(ohm)]])
    for begin, end in itertools.pairwise(edges):
        first = _both_seen(past.block, begin, end) if begin else 0  # nothing can be carried into the first regime
        settled = slice(begin + first, end)
        part = slice(begin, end)
        factors = [past.press[part], past.conduct[part]]
        here = _carried(ohm[part], factors)
        for bound, recent in zip(bounds, _recent(ohm[part], factors, past.ripe[part], window), strict=True):
            bound[settled] = np.minimum(here, recent)[first:]
    return bounds


def _both_seen(block: Blocks, begin: int, end: int) -> int:
    """Blocks of a regime until a half-cycle of each direction is over: voids of the one heal in the other."""
    direction = block.direction[begin:end]
    other = np.flatnonzero(direction != direction[0])
    if not len(other):
        return end - begin
    after = np.flatnonzero(block.half_cycle[begin:end] > block.half_cycle[begin + other[0]])
    return max(_ENOUGH, int(after[0]) if len(after) else end - begin)


def impedance_bound(block: Blocks, spectra: Sequence[Spectrum]) -> np.ndarray:
    """Ionic resistance [ohm] from the intact spectra taken before each block, inf where there is none.

    It is read at the first foot of the spectrum (see `ionic_resistance`), for blocks at the same pressure (within
    10 %) and temperature (within 3 K). Part of it may be contact, which gains by creep and by plating: until the
    contact is twice as old as it was the resistance may fall to 0.6 of the spectrum's, later to a fifth.
    """
    bound = np.full(len(block), np.inf)
    for spectrum in spectra:
        taken = spectrum.time if spectrum.time is not None else -np.inf
        after = block.start >= taken
        ohm = ionic_resistance(spectrum) * np.ones(len(block))
        after &= np.isfinite(ohm)
        if spectrum.pressure:
            after &= ~(np.abs(block.pressure / spectrum.pressure - 1.0) > 0.1)
        if spectrum.temperature:
            after &= ~(np.abs(block.temperature - spectrum.temperature) > 3.0)
        changed = block.end - block.age  # instant of the last change of pressure
        ripe = _at_most_one(np.maximum(taken - changed, YOUNG) / block.age)
        ohm *= np.where(ripe >= 0.5, FRESH, COLLAPSE)
        bound = np.where(after, np.minimum(bound, ohm), bound)
    return bound


def ionic_resistance(spectrum: Spectrum) -> float:
    """The resistance of the electrolyte at the first foot from high frequency, less its standard error [ohm].

    NaN where no foot lies in the window (`impedance.validity.foot`): such a spectrum bounds nothing.
    """
    foot = first_foot(spectrum)
    return math.nan if foot.resistance is None or foot.error is None else max(foot.resistance - foot.error, 0.0)


def believable(spectrum: Spectrum) -> bool:
    """Whether a spectrum can be that of a cell: no noise, and no negative resistance, as of a reference that floats."""
    return not spectrum.is_noise and spectrum.total_resistance > 0.0 and ionic_resistance(spectrum) > 0.0


def pellet_bound(note: CellNote, temperature: np.ndarray) -> tuple[str, np.ndarray]:
    """(what it is, resistance [ohm] at each temperature [K]) of a pellet that conducts as well as it possibly can.

    From thickness and area, with the upper end of the conductivity of the stated electrolyte's card, else with the best
    lithium conductor known. ('', nothing) where thickness or area were not stated.
    """
    if note.electrolyte_thickness is None or note.electrode_area is None:
        return "", np.zeros(0)
    area = max(note.electrode_area, note.pressed_area or 0.0)
    conductivity, name, at = BEST_CONDUCTIVITY, "the best conductor known", ROOM
    card = cards().get(note.electrolyte or "")
    if card is not None and "conductivity" in card.properties:
        value = card.properties["conductivity"]
        conductivity, name = value.high or value.value, card.name
        if "conductivity_temperature" in card.properties:
            at = card.properties["conductivity_temperature"].value
    ohm = np.empty(len(temperature))
    for part in parts(len(temperature)):
        kelvin = np.where(np.isfinite(temperature[part]), temperature[part], at)
        ohm[part] = _at_most_one(np.exp(ACTIVATION * (1.0 / kelvin - 1.0 / at)))
    ohm *= note.electrolyte_thickness / (conductivity * area)
    return f"a pellet of {name} at {10.0 * conductivity:.3g} mS/cm ({ohm.min(initial=np.inf):.3g} ohm)", ohm


def _at_most_one(ratio: np.ndarray) -> np.ndarray:
    return np.fmin(np.where(np.isfinite(ratio), ratio, 1.0), 1.0)


def _without_glitches(block: Blocks) -> np.ndarray:
    """Resistance of the blocks, small ones replaced by the median of their neighbourhood: two odd samples are no past.

    A block of eight samples and more has left out its extremes, and two of them hardly move it.
    """
    smooth = block.resistance
    for fewer, reach in ((8, 1), (3, 2)):
        few = block.samples < fewer
        if few.any():
            smooth = np.where(few, _median_around(block.resistance, reach), smooth)
    return smooth


def _median_around(values: np.ndarray, reach: int) -> np.ndarray:
    """Median of each value and 1 or 2 neighbours on both sides; at the ends the larger of that and the value."""
    if len(values) < 2 * reach + 1:
        return np.full(len(values), np.median(values)) if len(values) else values
    median, middle = (median_of_three, median_of_five)[reach - 1], values.copy()
    for part in parts(len(values) - 2 * reach):
        middle[part.start + reach : part.stop + reach] = median(values[part.start : part.stop + 2 * reach])
    middle[:reach] = np.maximum(values[:reach], middle[reach])
    middle[-reach:] = np.maximum(values[-reach:], middle[-reach - 1])
    return middle


def _window(block: Blocks) -> int:
    """Blocks in `WINDOW` half-cycles, of those with most of them."""
    if not len(block):
        return 1
    edges = np.flatnonzero(np.diff(block.half_cycle)) + 1
    count = np.diff(np.concatenate([[0], edges, [len(block)]]))
    return int(WINDOW * max(1, round(float(np.quantile(count, 0.9)))))


def _factors(pressure: np.ndarray, temperature: np.ndarray, current: np.ndarray) -> list[np.ndarray]:
    """What the resistance may be inversely proportional to: pressure, conductivity, current; 1 where unknown."""
    press = pressure
    if not np.all(pressure >= LEAST_PRESSURE) or np.isinf(pressure).any():
        press = np.where(np.isfinite(pressure), np.maximum(pressure, LEAST_PRESSURE), 1.0)
    conduct = np.where(
        np.isfinite(temperature), np.exp(-ACTIVATION / np.where(temperature > 0, temperature, ROOM)), 1.0
    )
    return [press, conduct, current]


def _regimes(press: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Counts the stretches in which neither pressure nor current jumps."""
    regime = np.zeros(len(current), np.int32)
    regime[np.concatenate([jumps(press, least=0.0), jumps(current, least=0.0)]) + 1] = 1
    return np.cumsum(regime, out=regime)


def _carried(ohm: np.ndarray, factors: list[np.ndarray]) -> np.ndarray:
    """Least resistance of all blocks before each, where it may have fallen in inverse proportion to any rising factor.

    min over i of r_i prod_k min(1, x_ki / x_kj) is bounded from below by the least over all subsets of factors of
    (min over i of r_i prod x_ki) / prod x_kj, and each of those is one pass.
    """
    bound = np.full(len(ohm), np.inf)
    subsets = [some for size in range(len(factors) + 1) for some in itertools.combinations(range(len(factors)), size)]
    so_far = [np.inf] * len(subsets)
    for part in parts(len(ohm)):
        here, least = [factor[part] for factor in factors], bound[part]
        for place, some in enumerate(subsets):
            product = reduce(np.multiply, (here[index] for index in some)) if some else None
            carried = ohm[part] if product is None else ohm[part] * product
            before = np.minimum.accumulate(np.concatenate([[so_far[place]], carried]))
            so_far[place] = before[-1]
            np.minimum(least, before[:-1] if product is None else before[:-1] / product, out=least)
    return bound


def _recent(ohm: np.ndarray, factors: list[np.ndarray], ripe: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Least resistance of the `window` blocks before each, carried from where it was last seen (within 3 %).

    With what ripening may take of it since, and without.
    """
    ripened, unripened = np.full(len(ohm), np.inf), np.full(len(ohm), np.inf)
    for part in parts(len(ohm), max(ROWS, 4 * window)):
        rows, new = slice(max(part.start - window, 0), part.stop), slice(part.start - part.stop, None)
        least = _least_before(ohm[rows], window)
        then = _last_near(ohm[rows], least)
        carried = least.copy()
        for factor in factors:
            carried *= np.minimum(factor[rows][then] / factor[rows], 1.0)
        carried[~np.isfinite(least)] = np.inf
        unripened[part] = carried[new]
        ripened[part] = (carried * np.minimum(ripe[rows][then] / ripe[rows], 1.0))[new]
    return ripened, unripened


def _last_near(ohm: np.ndarray, least: np.ndarray) -> np.ndarray:
    """The last block before each whose resistance is within 3 % of the `least`, where that is finite."""
    near = _NEAR * np.maximum(least, 0.0) + np.minimum(least, 0.0)
    then = np.arange(-1, len(ohm) - 1)
    now = np.flatnonzero(np.isfinite(least[1:]) & ~(ohm[:-1] <= near[1:])) + 1  # most have it right behind them
    then[now], then[0] = 0, 0
    back = 2
    now = now[now >= back]
    while len(now):
        seen = ohm[now - back] <= near[now]
        then[now[seen]] = now[seen] - back
        back += 1
        now = now[~seen & (now >= back)]
    return then


def _least_before(values: np.ndarray, window: int) -> np.ndarray:
    """Least of the `window` values before each one, inf before the first."""
    least = np.full(len(values), np.inf)
    trailing = minimum_filter1d(values, window, mode="constant", cval=np.inf, origin=(window - 1) // 2)
    least[1:] = trailing[:-1]
    return least
