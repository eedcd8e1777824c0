"""One sweep made ready: sorted, repeats averaged, and refused with a sentence where nothing can be made of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum

FEWEST = 6  # points; with fewer, a model that obeys Kramers-Kronig leaves nothing over to test
_SAME = 1e-9  # relative distance below which two frequencies are one
_REPEATED = 1e-6  # relative distance below which two impedances at one frequency are copies
_ALIKE = 0.05  # relative distance up to which repeats at one frequency are one measurement with its scatter
WAY_OUT = (
    "a column that holds -Im Z is turned by `read_as` in cell.yaml and a declaration whose rule for it says "
    "`sign: -1` (docs/impedance.md has both files)"
)


def ordered(spectrum: Spectrum) -> tuple[Spectrum, tuple[str, ...]]:
    """(the spectrum from the highest to the lowest frequency, what had to be done to it as sentences).

    Repeats of a frequency are averaged; `scatter` tells what they say of the noise. Refuses lengths that differ, values
    that are no numbers, frequencies that are not positive, repeats that are another measurement, fewer than `FEWEST`
    points, a constant, and a spectrum without any capacitive point.
    """
    frequency = np.asarray(spectrum.frequency, float)
    impedance = np.asarray(spectrum.impedance, complex)
    _refuse_damage(frequency, impedance, spectrum.name)
    notes = []
    order = np.argsort(-frequency, kind="stable")
    if not (np.array_equal(order, np.arange(len(order))) or np.array_equal(order[::-1], np.arange(len(order)))):
        notes.append("the frequencies were not in order and have been sorted")
    frequency, impedance = frequency[order], impedance[order]
    frequency, impedance, averaged, copies = _without_repeats(frequency, impedance, spectrum.name)
    if averaged:
        kind = "exact repeats" if copies else "repeats"
        notes.append(f"{averaged} {kind} of a frequency were averaged")
    _refuse_meaningless(frequency, impedance, spectrum.name)
    return replace(spectrum, frequency=frequency, impedance=impedance), tuple(notes)


def cropped(spectrum: Spectrum, lowest: float | None, highest: float | None) -> Spectrum:
    """The points between two frequencies [Hz], both included; None leaves that end as it is."""
    frequency = np.asarray(spectrum.frequency, float)
    inside = (frequency >= (lowest or 0.0) * (1.0 - _SAME)) & ~(frequency > (highest or np.inf) * (1.0 + _SAME))
    if inside.all():
        return spectrum
    if not inside.any():
        asked = f"between {lowest or 0.0:.4g} and {highest or np.inf:.4g} Hz"
        expected = f"a part of {np.nanmin(frequency):.4g} to {np.nanmax(frequency):.4g} Hz, which was measured"
        raise InputError(f"no point lies {asked}", place=spectrum.name or None, expected=expected)
    return replace(spectrum, frequency=frequency[inside], impedance=np.asarray(spectrum.impedance)[inside])


def _refuse_damage(frequency: np.ndarray, impedance: np.ndarray, name: str) -> None:
    place = name or None
    if frequency.ndim != 1 or impedance.shape != frequency.shape:
        shapes = f"{frequency.size} frequencies and {impedance.size} impedances"
        raise InputError(f"the spectrum has {shapes}", place=place, expected="one impedance for each frequency")
    broken = ~np.isfinite(frequency) | ~np.isfinite(impedance)
    if broken.any():
        row = int(np.argmax(broken))
        problem = f"{int(broken.sum())} points are no numbers, the first in row {row + 1}"
        raise InputError(problem, place=place, expected="finite values; leave rows out that were not measured")
    if (frequency <= 0.0).any():
        problem = f"the spectrum has a frequency of {frequency.min():.6g} Hz"
        raise InputError(problem, place=place, expected="frequencies above zero, in hertz")


def scatter(spectrum: Spectrum) -> float | None:
    """Noise of one part of the averaged points, relative to |Z|, from the scatter of repeats at each frequency; None
    where fewer than half of the frequencies were repeated, or all repeats are copies."""
    order = np.argsort(-spectrum.frequency, kind="stable")
    _, group, count, mean = _groups(spectrum.frequency[order], spectrum.impedance[order])
    spare = int(len(group) - len(count))
    if 2 * np.count_nonzero(count > 1) < len(count) or spare == 0:
        return None
    apart = np.abs((spectrum.impedance[order] - mean[group]) / mean[group])
    one = float(np.sqrt(0.5 * np.sum(apart**2) / spare))
    return one / float(np.sqrt(np.mean(count))) if one > _REPEATED else None


def _groups(frequency: np.ndarray, impedance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(first points of their frequency, number of each point's frequency, points of each, their mean)."""
    new = np.ones(len(frequency), bool)
    new[1:] = frequency[1:] < frequency[:-1] * (1.0 - _SAME)
    group = np.cumsum(new) - 1
    count = np.bincount(group, minlength=0)
    mean = (np.bincount(group, impedance.real) + 1j * np.bincount(group, impedance.imag)) / count
    return new, group, count, mean


def _without_repeats(
    frequency: np.ndarray, impedance: np.ndarray, name: str
) -> tuple[np.ndarray, np.ndarray, int, bool]:
    """Frequency and impedance with repeats averaged, how many points went into others, whether all were copies."""
    new, group, count, mean = _groups(frequency, impedance)
    if len(count) == len(frequency):
        return frequency, impedance, 0, True
    distance = np.abs(impedance - mean[group]) / np.abs(mean[group])
    apart = distance > _ALIKE
    if apart.any():
        at = float(frequency[np.argmax(apart)])
        problem = f"the frequency {at:.6g} Hz is there {int(count[group][np.argmax(apart)])} times with other values"
        raise InputError(problem, place=name or None, expected="one sweep per spectrum; split the sweeps")
    return frequency[new], mean, int(len(frequency) - len(count)), bool(distance.max() < _REPEATED)


def _refuse_meaningless(frequency: np.ndarray, impedance: np.ndarray, name: str) -> None:
    place = name or None
    if len(frequency) < FEWEST:
        raise InputError(f"the spectrum has {len(frequency)} points", place=place, expected=f"{FEWEST} or more")
    if np.ptp(impedance.real) == 0.0 and np.ptp(impedance.imag) == 0.0:
        problem = f"all points have the same impedance {impedance[0]:.6g} ohm"
        raise InputError(problem, place=place, expected="a spectrum that depends on frequency")
    if (impedance == 0.0).any():
        at = float(frequency[np.argmax(impedance == 0.0)])
        raise InputError(f"the impedance at {at:.6g} Hz is zero", place=place, expected="points that were measured")
    if not (impedance.imag < 0.0).any():
        problem = "the imaginary part is positive at every frequency: an inductor, or the sign is turned"
        raise InputError(problem, place=place, expected=f"a negative one where the cell is capacitive; {WAY_OUT}")
