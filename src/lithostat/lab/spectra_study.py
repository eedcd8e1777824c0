"""The spectra of one cell studied: valid or not, fitted as a series, and tied to pressure and temperature."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Finding
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import circuit
from lithostat.impedance.circuits.dc_limit import direct_current_resistance
from lithostat.impedance.circuits.fit import Fit
from lithostat.impedance.circuits.series import SeriesFit, fit_series
from lithostat.impedance.circuits.suggestion import Candidate, suggest
from lithostat.impedance.laws.arrhenius import Arrhenius, conductivity, fit_arrhenius
from lithostat.impedance.laws.contact_memory import Memory, fit_memory
from lithostat.impedance.relaxation.relaxation_times import Relaxation, relaxation_times
from lithostat.impedance.validity.check import Validity, check, clean
from lithostat.impedance.validity.sweep import WAY_OUT
from lithostat.lab.stated_spectra import in_order, order_is_known

ALIKE = 0.02  # relative difference of pressures that are one
ENOUGH = 4  # points whose scatter about a line tells their errors
CLEANER = 3.0  # times less noise, by which a turned sign is seen
NEAR = 2.0  # K between temperatures that are one
_ALONE = "{} comes from each spectrum's own fit: tied values ({}) have no scatter left that could tell their errors"
_TURNED = (
    "with the sign of the imaginary part turned the noise would be {} and not {}: does the column hold -Im Z? "
    + WAY_OUT
)
_NO_FILMS = (
    "too few points for a series resistance: the stated ionic resistance of {:.4g} ohm was taken for it, as if there "
    "were no films on the lithium"
)
_UNORDERED = (
    "neither a clock nor `spectra` in cell.yaml says in which order the spectra were measured: they were taken in the "
    "order of their names, and the contact law depends on it"
)


@dataclass(frozen=True)
class Question:
    """What is asked of the spectra. Without `text` a circuit is suggested; `bulk` names the values that add up to the
    electrolyte's resistance (else the circuit's `R0`)."""

    text: str | None = None
    ties: Mapping[str, str] = field(default_factory=dict)
    axis: str | None = None
    fixed: Mapping[str, float] = field(default_factory=dict)
    weighting: str = "modulus"
    bulk: tuple[str, ...] = ("R0",)


@dataclass(frozen=True)
class SpectraStudy:
    """What came out, in the order of measurement. `refused` are (name, sentence) of spectra that cannot be used.

    `resistance` (spectra, 2) is the resistance at rest and its standard error [ohm], NaN where a spectrum has none.
    `memory` and `arrhenius` are None where pressure or temperature did not vary or something was not stated; the
    warnings then say what.
    """

    validities: tuple[Validity, ...]
    series: SeriesFit
    relaxations: tuple[Relaxation, ...]
    resistance: np.ndarray
    candidates: tuple[Candidate, ...] = ()
    memory: Memory | None = None
    arrhenius: Arrhenius | None = None
    refused: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings on the series as a whole: tied values, the contact law, conductivity."""
        memory = self.memory.findings if self.memory is not None else ()
        warm = self.arrhenius.findings if self.arrhenius is not None else ()
        return (*self.series.findings(), *memory, *warm)

    def table(self) -> pl.DataFrame:
        """One row per spectrum: its state, what was found on its validity, every value with its standard error."""
        return pl.DataFrame([self._row(k) for k in range(len(self.validities))], infer_schema_length=None)

    def _row(self, k: int) -> dict[str, Any]:
        held, fit = self.validities[k], self.series.fits[k]
        spectrum = fit.spectrum
        row: dict[str, Any] = {
            "spectrum": spectrum.name,
            "test_time_second": spectrum.time,
            "pressure_pa": spectrum.pressure,
            "temperature_kelvin": spectrum.temperature,
            "points": len(held.spectrum.frequency),
            "validity": held.kind,
            "noise_level": held.noise_level,
            "stray_frequencies_hertz": "; ".join(f"{f:.6g}" for f in held.stray_frequencies),
            "high_frequency_resistance_ohm": held.high_frequency_resistance[0],
            "resistance_at_rest_ohm": self.resistance[k, 0],
            "resistance_at_rest_error_ohm": self.resistance[k, 1],
            "circuit": fit.circuit.text,
            "misfit": fit.noise,
        }
        errors = fit.standard_errors
        for (name, value), unit in zip(fit.values.items(), fit.circuit.units, strict=True):
            row[f"{name} [{unit}]"] = value
            row[f"{name} standard error [{unit}]"] = errors[name]
        return row | {"warnings": "; ".join((*held.reasons, *fit.warnings))}

    def as_json(self) -> dict[str, Any]:
        """One object for people and programs; SI."""
        return {
            "circuit": self.series.circuit.text,
            "candidates": [candidate._asdict() for candidate in self.candidates],
            "spectra": self.table().to_dicts(),
            "processes": [[finding.as_json() for finding in each.findings()] for each in self.relaxations],
            "findings": [finding.as_json() for finding in self.findings],
            "refused": [{"spectrum": name, "why": why} for name, why in self.refused],
            "warnings": list(self.warnings),
        }


def study_spectra(
    spectra: Sequence[Spectrum],
    note: CellNote,
    asked: Question,
    *,
    clock: bool = True,
    progress: Callable[[str], None] | None = None,
) -> SpectraStudy:
    """Check, fit and interpret the spectra of one cell. Raises `InputError` if none of them can be used.

    `clock` is false where no file says when it was measured: times then order nothing (see `in_order`).
    """
    with threadpool_limits(1, "blas"):  # the matrices are small: threads cost more than they give, tenfold on two cores
        return _studied(in_order(tuple(spectra), note, clock=clock), note, asked, progress)


def _studied(
    spectra: tuple[Spectrum, ...], note: CellNote, asked: Question, progress: Callable[[str], None] | None
) -> SpectraStudy:
    step = progress or (lambda _: None)
    if asked.text is not None:
        circuit(asked.text)  # a fault in it is an error before anything is done
    step("Kramers-Kronig")
    validities, usable, refused = _checked(spectra)
    if not usable:
        why = "; ".join(f"{name}: {sentence}" for name, sentence in refused) or "there is none"
        raise InputError(f"no spectrum can be used ({why})", expected="an impedance spectrum")
    candidates = suggest(usable, progress=step) if asked.text is None else ()
    if asked.text is None and not candidates:
        raise InputError("too few points for any circuit", expected="a circuit of your own, with fewer values")
    text = asked.text or candidates[0].text
    step(f"fitting {text}")
    series = fit_series(usable, text, ties=asked.ties, axis=asked.axis, fixed=asked.fixed, weighting=asked.weighting)
    step("relaxation times")
    relaxations = tuple(relaxation_times(held.spectrum, held) for held in validities)
    rest = _at_rest(series.fits)
    said: list[str] = [*series.warnings, *_doubts(series.fits)]
    if candidates:
        said.append(f"the circuit {text} was suggested by the spectra; name one with --circuit if you know better")
    memory = _memory(series, _independent(series, asked.ties, rest, said), note, said)
    if memory is not None and not order_is_known(spectra, note):
        said.append(_UNORDERED)
    arrhenius = _arrhenius(series, asked, note, said)
    said += [line for one in (memory, arrhenius) if one is not None for line in one.warnings]
    return SpectraStudy(
        tuple(validities), series, relaxations, rest, candidates, memory, arrhenius, tuple(refused), tuple(said)
    )


def _at_rest(fits: Sequence[Fit]) -> np.ndarray:
    """Resistance at rest and its standard error [ohm], (spectra, 2); NaN where there is none."""
    found = [direct_current_resistance(fit) for fit in fits]
    return np.array([(np.nan, np.nan) if one is None else one for one in found])


def _doubts(fits: Sequence[Fit]) -> list[str]:
    """What the fits warn of, each kind once with the spectrum that says it first."""
    kinds: dict[str, list[str]] = {}
    for fit in fits:
        for sentence in fit.warnings:
            kinds.setdefault(re.split(r" \(|:", sentence)[0], []).append(f"{fit.spectrum.name}: {sentence}")
    many = {kind: f" (so do {len(said) - 1} more of {len(fits)} fits)" for kind, said in kinds.items() if said[1:]}
    return [said[0] + many.get(kind, "") for kind, said in kinds.items()]


def _independent(series: SeriesFit, ties: Mapping[str, str], rest: np.ndarray, said: list[str]) -> np.ndarray:
    """Resistances at rest that another law may be fitted to: not those that lie on one already."""
    units = dict(zip(series.circuit.names, series.circuit.units, strict=True))
    bound = [name for name, kind in ties.items() if kind not in ("free", "shared") and units[name] == "ohm"]
    if not bound:
        return rest
    if np.ptp(np.nan_to_num(series.along("pressure"))) > 0.0:
        said.append(_ALONE.format("the contact law", ", ".join(bound)))
    return _at_rest(series.alone)


def _checked(
    spectra: Sequence[Spectrum],
) -> tuple[list[Validity], list[Spectrum], list[tuple[str, str]]]:
    """Validity and the cleaned spectrum of each that can be used, and why the others cannot."""
    validities, usable, refused = [], [], []
    for number, spectrum in enumerate(spectra, start=1):
        name = spectrum.name or f"spectrum {number}"
        try:
            held = check(spectrum)
            turned = _turned(held)
            if held.kind == "not believable" or turned is not None:
                refused.append((name, _why_not(held, turned)))
                continue
            cleaned, _ = clean(spectrum, held)
        except InputError as error:
            refused.append((name, f"{error.problem}; expected {error.expected}"))
            continue
        validities.append(held)
        usable.append(cleaned)
    return validities, usable, refused


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


def _memory(series: SeriesFit, rest: np.ndarray, note: CellNote, said: list[str]) -> Memory | None:
    """The contact law of the resistances at rest, if pressure varied."""
    pressure = series.along("pressure")
    known = np.isfinite(pressure) & np.isfinite(rest).all(1) & (pressure > 0.0)
    if not known.any() or np.ptp(pressure[known]) <= ALIKE * pressure[known].max():
        return None
    if not known.all():
        said.append(
            f"resistance against pressure leaves out {int((~known).sum())} spectra without pressure or resistance"
        )
    points, problem = (pressure[known], rest[known, 0]), ""
    # films lie in series too: the pellet's resistance stands for both only where the points cannot tell them
    for series_ohm in dict.fromkeys((None, note.ionic_resistance)):
        try:
            found = fit_memory(*points, area=note.electrode_area, series_resistance=series_ohm)
        except InputError as error:
            problem = problem or str(error)
            continue
        if series_ohm is not None:
            said.append(_NO_FILMS.format(series_ohm))
        return found
    said.append(f"no contact law was fitted: {problem}")
    return None


def _arrhenius(series: SeriesFit, asked: Question, note: CellNote, said: list[str]) -> Arrhenius | None:
    """Conductivity of the electrolyte against temperature, if temperature varied."""
    kelvin, bulk = series.along("temperature"), asked.bulk
    known = np.isfinite(kelvin)
    if not known.any() or np.ptp(kelvin[known]) <= NEAR:
        return None
    for name in bulk:
        series.values(name)  # an unknown name is an error
    tied = [name for name in bulk if asked.ties.get(name, "free") != "free"]
    if tied:
        said.append(_ALONE.format("conductivity against temperature", ", ".join(tied)))
    fits = series.alone if tied else series.fits
    ohm = np.array([sum(fit.values[name] for name in bulk) for fit in fits])
    error = np.array([_error_of_sum(fit.covariance, fit.circuit.names, fit.values, bulk) for fit in fits])
    known &= np.isfinite(ohm)
    if not known.all():
        said.append(f"conductivity leaves out {int((~known).sum())} spectra without a temperature")
    try:
        sigma = conductivity(ohm[known], thickness=note.electrolyte_thickness, area=note.electrode_area)
        # with few points the fits' own errors must do; else the scatter knows more than they (temperature, contact)
        sure = known.sum() < ENOUGH and bool((error[known] > 0.0).all())
        return fit_arrhenius(kelvin[known], sigma, error=sigma * error[known] / ohm[known] if sure else None)
    except InputError as problem:
        said.append(f"no conductivity against temperature: {problem}")
        return None


def _error_of_sum(
    covariance: np.ndarray, names: tuple[str, ...], values: Mapping[str, float], bulk: tuple[str, ...]
) -> float:
    """Standard error of a sum of resistances [ohm]; their coordinates are logarithms."""
    slope = np.array([values[name] if name in bulk else 0.0 for name in names])
    used = slope > 0.0
    return float(np.sqrt(slope[used] @ covariance[np.ix_(used, used)] @ slope[used]))
