"""Which spectra of a cell can be used: cropped, believed, not turned, not those of a shorted cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from lithostat.cycling.collapse import like_a_resistor
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.validity.check import Validity, check
from lithostat.impedance.validity.drift import Steady, referred_to_the_middle
from lithostat.impedance.validity.sweep import WAY_OUT, cropped
from lithostat.impedance.validity.turning import turns_back, turns_negative

CLEANER = 3.0  # times less noise, by which a turned sign is seen
_COMMON, _SURE = 6, 4.0  # points that two sweeps must share; standard deviations between them that are a change
_TURNED = (
    "with the sign of the imaginary part turned the noise would be {} and not {}: does the column hold -Im Z? "
    + WAY_OUT
)
_BACK = (
    "{}: the last points turn back above the real axis, below {:.3g} Hz: an inductive loop; the resistance at rest is "
    "less than the real part before it"
)
_NEGATIVE = (
    "{}: the real part is negative below {:.3g} Hz, to {:.4g} ohm: a negative resistance at rest, which no passive "
    "cell has (a potential that moves, or a reaction that passivates)"
)


@dataclass(frozen=True)
class Usable:
    """The spectra that can be used, and why the others cannot; tuples in the order of the spectra.

    `sweeps` have all points in order, each referred to the middle of its sweep where the cell drifted (`steady`, None
    where it did not). `refused` and `shorted` are (name, sentence).
    """

    validities: tuple[Validity, ...]
    sweeps: tuple[Spectrum, ...]
    steady: tuple[Steady | None, ...]
    refused: tuple[tuple[str, str], ...]
    shorted: tuple[tuple[str, str], ...]
    seen: tuple[str, ...]


def usable(
    spectra: Sequence[Spectrum], note: CellNote, *, lowest: float | None = None, highest: float | None = None
) -> Usable:
    """Check each spectrum, between `lowest` and `highest` frequency [Hz]. One that cannot be used stops no other."""
    validities, steady, refused, shorted, seen = [], [], [], [], list[str]()
    for number, spectrum in enumerate(spectra, start=1):
        name = spectrum.name or f"spectrum {number}"
        try:
            short = like_a_resistor(spectrum, note.electrode_area)
            if short is not None:
                shorted.append((name, f"the cell is short: {short.text}"))
                continue
            held = check(cropped(spectrum, lowest, highest))
            turned = _turned(held)
            if held.kind == "not believable" or turned is not None:
                refused.append((name, _why_not(held, turned)))
                continue
        except InputError as error:
            refused.append((name, f"{error.problem}; expected {error.expected}"))
            continue
        validities.append(held)
        steady.append(referred_to_the_middle(held) if held.drifting else None)
        seen += _seen(name, held, steady[-1])
    seen += _between_sweeps(validities)
    sweeps = tuple(
        replace(held.spectrum if still is None else still.spectrum, name=held.spectrum.name)
        for held, still in zip(validities, steady, strict=True)
    )
    return Usable(tuple(validities), sweeps, tuple(steady), tuple(refused), tuple(shorted), tuple(seen))


def _seen(name: str, held: Validity, steady: Steady | None) -> list[str]:
    """What one should know of a sweep before any circuit."""
    seen = [] if steady is None else [f"{name}: {steady.sentence}"]
    negative, back = turns_negative(held.spectrum), turns_back(held.spectrum)
    if negative is not None:
        seen.append(_NEGATIVE.format(name, negative, float(held.spectrum.impedance.real[-1])))
    elif back is not None:
        seen.append(_BACK.format(name, back))
    return seen


def _between_sweeps(validities: Sequence[Validity]) -> list[str]:
    """How far apart two sweeps of one file are, taken one after the other in one state."""
    said = []
    for first, second in pairwise(validities):
        one, two = first.spectrum, second.spectrum
        file = one.name.split(" sweep ")[0]
        alike = one.pressure == two.pressure and one.temperature == two.temperature
        if " sweep " not in one.name or two.name.split(" sweep ")[0] != file or not alike:
            continue
        common = (two.frequency >= one.frequency[-1]) & (two.frequency <= one.frequency[0])
        if common.sum() < _COMMON:
            continue
        z = np.interp(-np.log(two.frequency[common]), -np.log(one.frequency), one.impedance)
        apart = (two.impedance[common] - z) / z
        usual, last = float(np.median(np.abs(apart))), float(np.mean(np.abs(two.impedance[common] / z)[-3:])) - 1.0
        noise = float(np.hypot(first.noise_level, second.noise_level))
        same = "they agree within their noise" if max(usual, abs(last)) < _SURE * noise else "the cell changed"
        said.append(
            f"{two.name} differs from the sweep before it by {usual:.2%} (median), by {last:+.2%} at the lowest "
            f"frequencies: {same}"
        )
    return said


def _why_not(held: Validity, turned: Validity | None) -> str:
    """Why a spectrum is not believed. Its stray points are only counted."""
    count = int(held.stray.sum())
    said = [f"{count} of {len(held.stray)} points are off"] if count else []
    said += held.reasons_as_a_whole
    if turned is not None:
        said.append(_TURNED.format(f"{turned.noise_level:.2%}", f"{held.noise_level:.2%}"))
    return "; ".join(said)


def _turned(held: Validity) -> Validity | None:
    """The same spectrum with the sign of its imaginary part turned, if that is plainly the more believable one."""
    sweep = held.spectrum
    if np.mean(sweep.impedance.imag > 0.0) < 0.5:
        return None  # leads and loops reach above the axis, but seldom with most of the points
    try:
        turned = check(replace(sweep, impedance=np.conj(sweep.impedance)))
    except InputError:
        return None
    cleaner = turned.noise_level * CLEANER < held.noise_level
    better = turned.kind == "valid" != held.kind or (cleaner and turned.kind != "not believable")
    return turned if better else None
