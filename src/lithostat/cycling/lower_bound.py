"""The least resistance an intact cell can show: below it, electrons must help the ions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from scipy.ndimage import minimum_filter1d

from lithostat.cycling.resistance import YOUNG, Blocks, jumps
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


def history_bound(block: Blocks, current: np.ndarray, among: np.ndarray, *, creep: bool = True) -> np.ndarray:
    """Least resistance [ohm] that each block's own past allows, inf where there is no past.

    `current` is |I| of each block [A], `among` says which blocks belong to the intact past. Two things must both be
    undercut. First, the least that the cell ever showed, carried to the block's pressure, temperature and current as
    far as resistance is known to fall: in inverse proportion to pressure (contact) and to current (the voltage
    cannot fall when the current rises), with 0.5 eV against temperature. Second, if the block has neighbours in the
    same regime (pressure and current hold still), the least of the last four half-cycles, from which contact may
    only ripen: with the time since the pressure last changed to the power -0.25 (creep of lithium gives -0.13).
    After a jump of pressure or current the recent past is carried like the whole.
    `creep=False` leaves the ripening out: what the cell would show had nothing happened.
    """
    smooth = _without_glitches(block)
    ohm = np.where(among, smooth, np.inf)
    press, conduct, drive = _factors(block.pressure, block.temperature, current)
    regime = _regimes(block.pressure, current)
    if not len(ohm) or regime[-1] > _MOST_REGIMES:
        return _carried(ohm, [press, conduct, drive])
    window = _window(block)
    age = block.age**RIPENING if creep else np.ones(len(ohm))
    bound = np.full(len(ohm), np.inf)
    jumped = slice(None if regime[-1] else 1)  # where there is one regime the loop below does it all
    factors = [factor[jumped] for factor in (press, conduct, drive, age)]
    bound[jumped] = np.maximum(_carried(ohm[jumped], factors[:3]), _recent(ohm[jumped], factors, window))
    edges = np.concatenate([[0], np.flatnonzero(np.diff(regime)) + 1, [len(ohm)]])
    for begin, end in itertools.pairwise(edges):
        first = _both_seen(block, begin, end) if begin else 0  # nothing can be carried into the first regime
        settled = slice(begin + first, end)
        part = slice(begin, end)
        here = _carried(ohm[part], [press[part], conduct[part]])
        recent = _recent(ohm[part], [press[part], conduct[part], age[part]], window)
        bound[settled] = np.minimum(here, recent)[first:]
    return bound


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
    kelvin = np.where(np.isfinite(temperature), temperature, at)
    ohm = (
        note.electrolyte_thickness
        / (conductivity * area)
        * _at_most_one(np.exp(ACTIVATION * (1.0 / kelvin - 1.0 / at)))
    )
    return f"a pellet of {name} at {10.0 * conductivity:.3g} mS/cm ({ohm.min(initial=np.inf):.3g} ohm)", ohm


def _at_most_one(ratio: np.ndarray) -> np.ndarray:
    return np.fmin(np.where(np.isfinite(ratio), ratio, 1.0), 1.0)


def _without_glitches(block: Blocks) -> np.ndarray:
    """Resistance of the blocks, small ones replaced by the median of their neighbourhood: two odd samples are no past.

    A block of eight samples and more has left out its extremes, and two of them hardly move it.
    """
    samples = block.samples
    few = np.where(samples <= 2, _median_around(block.resistance, 2), _median_around(block.resistance, 1))
    return np.where(samples >= 8, block.resistance, few)


def _median_around(values: np.ndarray, reach: int) -> np.ndarray:
    """Median of each value and its `reach` neighbours on both sides; at the ends the larger of that and the value."""
    width = 2 * reach + 1
    if len(values) < width:
        return np.full(len(values), np.median(values)) if len(values) else values
    middle = np.median(np.lib.stride_tricks.sliding_window_view(values, width), axis=1)
    return np.concatenate(
        [np.maximum(values[:reach], middle[0]), middle, np.maximum(values[len(values) - reach :], middle[-1])]
    )


def _window(block: Blocks) -> int:
    """Blocks in `WINDOW` half-cycles, of those with most of them."""
    if not len(block):
        return 1
    edges = np.flatnonzero(np.diff(block.half_cycle)) + 1
    count = np.diff(np.concatenate([[0], edges, [len(block)]]))
    return int(WINDOW * max(1, round(float(np.quantile(count, 0.9)))))


def _factors(pressure: np.ndarray, temperature: np.ndarray, current: np.ndarray) -> list[np.ndarray]:
    """What the resistance may be inversely proportional to: pressure, conductivity, current; 1 where unknown."""
    press = np.where(np.isfinite(pressure), np.maximum(pressure, 5e4), 1.0)
    conduct = np.where(
        np.isfinite(temperature), np.exp(-ACTIVATION / np.where(temperature > 0, temperature, ROOM)), 1.0
    )
    return [press, conduct, current]


def _regimes(pressure: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Counts the stretches in which neither pressure nor current jumps."""
    press = np.log(np.where(np.isfinite(pressure), np.maximum(pressure, 5e4), 1.0))
    jump = jumps(press) | jumps(np.log(current))
    return np.concatenate([[0], np.cumsum(jump)])


def _carried(ohm: np.ndarray, factors: list[np.ndarray]) -> np.ndarray:
    """Least resistance of all blocks before each, where it may have fallen in inverse proportion to any rising factor.

    min over i of r_i prod_k min(1, x_ki / x_kj) is bounded from below by the least over all subsets of factors of
    (min over i of r_i prod x_ki) / prod x_kj, and each of those is one pass.
    """
    bound = np.full(len(ohm), np.inf)
    for size in range(len(factors) + 1):
        for chosen in itertools.combinations(factors, size):
            product = np.prod(chosen, axis=0) if chosen else np.ones(len(ohm))
            before = np.concatenate([[np.inf], np.minimum.accumulate(ohm * product)[:-1]])
            bound = np.minimum(bound, before / product)
    return bound


def _recent(ohm: np.ndarray, factors: list[np.ndarray], window: int) -> np.ndarray:
    """Least resistance of the `window` blocks before each, carried from where it was last seen (within 3 %)."""
    if len(ohm) < 2:
        return np.full(len(ohm), np.inf)
    least = _least_before(ohm, window)
    now = np.flatnonzero(np.isfinite(least))
    then = np.zeros(len(ohm), np.int64)
    back = 1
    while len(now):
        seen = ohm[now - back] <= _NEAR * np.maximum(least[now], 0.0) + np.minimum(least[now], 0.0)
        then[now[seen]] = now[seen] - back
        back += 1
        now = now[~seen & (now >= back)]
    bound = least.copy()
    for factor in factors:
        bound *= np.minimum(factor[then] / factor, 1.0)
    return np.where(np.isfinite(least), bound, np.inf)


def _least_before(values: np.ndarray, window: int) -> np.ndarray:
    """Least of the `window` values before each one, inf before the first."""
    least = np.full(len(values), np.inf)
    trailing = minimum_filter1d(values, window, mode="constant", cval=np.inf, origin=(window - 1) // 2)
    least[1:] = trailing[:-1]
    return least
