"""What was done to the cell in each stretch of a record: current held, voltage held or swept, rest, impedance."""

from __future__ import annotations

import itertools
import re

import numpy as np

from lithostat.cycling.current_levels import current_noise
from lithostat.cycling.half_cycles import HalfCycles
from lithostat.experiment.record import Record

GALVANOSTATIC, POTENTIOSTATIC, SWEEP = "galvanostatic", "potentiostatic", "voltage sweep"
REST, IMPEDANCE = "rest", "impedance"
HELD = 0.1  # relative spread of a current that is held
FIXED = 2e-3  # V, or this share of the voltage if more, over which a held voltage may spread
EVEN, MOSTLY = 0.1, 0.75  # a swept voltage goes on at one rate, to this share, in most parts; it may turn in others
SHORTEST = 6  # samples that tell a held current from another
MATCHED, UNMATCHED = 1e-3, 0.02  # shares by which pairs of opposite stretches differ in what is held, and in the other
PARTS = 12  # of a stretch, whose medians are looked at
PAIRS, LIKE = 3, 0.1  # pairs that tell what is held, of voltages that are alike to this share
LOOKED_AT = 2000  # stretches without a held current that are looked at one by one

# what the instruments call it, in headers and in rows
_NAMES = (
    (SWEEP, r"voltammetr|linear sweep|\blsv\b|\bcva?\b|potentiodynamic|cyclic|tafel"),
    (POTENTIOSTATIC, r"chronoamperometr|chronocoulometr|potentiostatic(?! (e|imp))|\bca\b|constant voltage"),
)


def techniques(record: Record, half: HalfCycles) -> np.ndarray:
    """One word for each stretch: as the file of the stretch says, else as its samples show.

    A technique that may hold either, such as cycling with limits or a sequence, says nothing; its samples decide.
    """
    words = np.full(len(half), GALVANOSTATIC, dtype=object)
    words[half.direction == 0] = REST
    words[half.direction == -2] = IMPEDANCE
    flowing = half.flowing
    if not len(flowing):
        return words
    stated = _stated(record, half)[flowing]
    words[flowing[stated != ""]] = stated[stated != ""]
    unsaid = flowing[stated == ""]
    words[unsaid] = _shown(record, half, unsaid)
    if _voltage_is_what_is_held(record, half, unsaid[words[unsaid] == GALVANOSTATIC]):
        words[unsaid] = POTENTIOSTATIC
    return words


def _stated(record: Record, half: HalfCycles) -> np.ndarray:
    """The technique that the header of each stretch's file names, '' where it names none or one that may be any."""
    said = [_word((file.get("header") or {}).get("technique")) for file in record.provenance.get("files", [])]
    if not any(said):
        return np.full(len(half), "", dtype=object)
    if "file_index" in record.table.columns:
        index = np.clip(record.column("file_index")[half.first], 0, len(said) - 1)
        return np.array(said, dtype=object)[index]
    return np.full(len(half), said[0] if len(said) == 1 else "", dtype=object)


def _word(text: object) -> str:
    return next((word for word, pattern in _NAMES if re.search(pattern, str(text or ""), re.IGNORECASE)), "")


def _shown(record: Record, half: HalfCycles, which: np.ndarray) -> np.ndarray:
    """What the samples of these stretches show. Where there are very many, some stand for all."""
    words = np.full(len(which), GALVANOSTATIC, dtype=object)
    if not len(which):
        return words
    least, most = _sizes(record, half, which)
    varied = np.flatnonzero((most - least > HELD * most) & (half.last[which] - half.first[which] + 1 >= SHORTEST))
    if not len(varied):
        return words
    looked_at = varied[:: max(1, len(varied) // LOOKED_AT)]
    for place in looked_at:
        rows = slice(half.first[which[place]], half.last[which[place]] + 1)
        words[place] = _of_one(*(record.column(name)[rows] for name in
                                 ("test_time_second", "voltage_volt", "current_ampere")))  # fmt: skip
    rest = np.setdiff1d(varied, looked_at)
    if len(rest):
        known, count = np.unique(words[looked_at], return_counts=True)
        words[rest] = known[np.argmax(count)]
    return words


def _sizes(record: Record, half: HalfCycles, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest size of the current in each of these stretches [A]."""
    low, high = half.least[which], half.most[which]
    least = np.where(low > 0.0, low, -high)
    current = record.column("current_ampere")
    for place in np.flatnonzero((low <= 0.0) & (high >= 0.0)):  # a glitch inside has the other sign
        index = which[place]
        least[place] = np.min(np.abs(current[half.first[index] : half.last[index] + 1]))
    return least, np.maximum(high, -low)


def _of_one(time: np.ndarray, voltage: np.ndarray, current: np.ndarray) -> str:
    """The technique of one stretch, by the medians of a dozen parts of it: noise and single samples do not count."""
    edges = np.linspace(0, len(time), min(PARTS, len(time) // 3) + 1).astype(int)
    at, volt, ampere = (np.array([np.median(values[a:b]) for a, b in itertools.pairwise(edges)])
                        for values in (time, voltage, current))  # fmt: skip
    noise = 1.4826 * float(np.median(np.abs(np.diff(current)))) / np.sqrt(2.0)
    chance = 6.0 * noise / np.sqrt(len(time) / len(at))  # what the medians of noise alone spread over
    if np.ptp(ampere) <= HELD * np.max(np.abs(ampere)) + chance:
        return GALVANOSTATIC
    if np.ptp(volt) <= max(FIXED, FIXED * float(np.max(np.abs(volt)))):
        return POTENTIOSTATIC
    if np.mean(np.abs(np.abs(ampere) - np.median(np.abs(ampere))) <= HELD * np.median(np.abs(ampere)) + chance) >= 0.5:
        return GALVANOSTATIC  # held for most of the time, as in a charge that ends at a voltage
    rate = np.abs(np.diff(volt)) / np.maximum(np.diff(at), 1e-12)
    even = np.abs(rate - np.median(rate)) <= EVEN * np.median(rate)
    return SWEEP if np.mean(even) >= MOSTLY else GALVANOSTATIC


def _voltage_is_what_is_held(record: Record, half: HalfCycles, which: np.ndarray) -> bool:
    """True if opposite stretches have the same voltage to a digit and other currents: a sample with an offset."""
    if len(which) < 2 * PAIRS:
        return False
    one, two = which[:-1][: 20 * PAIRS], which[1:][: 20 * PAIRS]
    middle = (half.first + half.last) // 2
    voltage = np.abs(record.column("voltage_volt")[middle])
    opposite = half.direction[one] == -half.direction[two]
    apart = [np.abs(np.abs(values[one]) - np.abs(values[two])) / np.maximum(np.abs(values[one]), 1e-300)
             for values in (voltage, half.current)]  # fmt: skip
    like = opposite & (apart[0] < LIKE)
    if np.count_nonzero(like) < PAIRS:
        return False
    noise = current_noise(record.column("current_ampere"), lambda rows: half.direction[half.of(rows)])
    chance = noise / np.sqrt(np.median(half.last[one] - half.first[one] + 1))
    return bool(np.median(apart[0][like]) <= MATCHED and np.median(apart[1][like]) >= max(UNMATCHED, 5.0 * chance))
