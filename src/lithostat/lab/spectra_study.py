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
from lithostat.impedance.circuits.fit import Fit
from lithostat.impedance.circuits.series import SeriesFit, fit_series
from lithostat.impedance.circuits.stray_points import SLIGHT, kept, without
from lithostat.impedance.circuits.suggestion import Candidate, suggest
from lithostat.impedance.laws.arrhenius import Arrhenius
from lithostat.impedance.laws.contact_memory import Memory
from lithostat.impedance.laws.electrolyte import Electrolyte, electrolyte
from lithostat.impedance.laws.error_budget import Stated
from lithostat.impedance.relaxation.relaxation_times import Relaxation, relaxation_times
from lithostat.impedance.validity.check import Validity, check
from lithostat.impedance.validity.turning import turns_back, turns_negative
from lithostat.lab.spectra_laws import independent, over_pressure, over_temperature, resistance_at_rest
from lithostat.lab.stated_spectra import in_order, order_is_known
from lithostat.lab.usable_spectra import Usable, usable

_UNORDERED = (
    "neither a clock nor `spectra` in cell.yaml says in which order the spectra were measured: they were taken in the "
    "order of their names, and the contact law depends on it"
)
_SUGGESTED = "the circuit {} was suggested by the spectra; name one with --circuit if you know better"
_BLOCKING = "the electrodes block: there is no resistance at rest"


@dataclass(frozen=True)
class Question:
    """What is asked of the spectra. Without `text` a circuit is suggested; `bulk` names the values that add up to the
    electrolyte's resistance (None: found by `laws.electrolyte`). `lowest` and `highest` crop the sweeps [Hz], `keep`
    leaves no point out of a fit, `signed` lets distributions of relaxation times be negative
    (they may where a sweep turns back in any case), `stated` are standard
    uncertainties of thickness, area and temperature (the note's where None)."""

    text: str | None = None
    ties: Mapping[str, str] = field(default_factory=dict)
    axis: str | None = None
    fixed: Mapping[str, float] = field(default_factory=dict)
    weighting: str = "modulus"
    bulk: tuple[str, ...] | None = None
    lowest: float | None = None
    highest: float | None = None
    keep: bool = False
    signed: bool = False
    stated: Stated = field(default_factory=Stated)


@dataclass(frozen=True)
class SpectraStudy:
    """What came out, in the order of measurement. `refused` are (name, sentence) of spectra that cannot be used, and
    `shorted` of those that are a shorted cell's.

    `resistance` (spectra, 2) is the resistance at rest and its standard error [ohm], NaN where a spectrum has none.
    `memory` and `arrhenius` are None where pressure or temperature did not vary or something was not stated; the
    warnings then say what. `branches` are the lines of single parts of the electrolyte.
    """

    validities: tuple[Validity, ...]
    series: SeriesFit
    relaxations: tuple[Relaxation, ...]
    resistance: np.ndarray
    electrolyte: Electrolyte
    candidates: tuple[Candidate, ...] = ()
    memory: Memory | None = None
    arrhenius: Arrhenius | None = None
    branches: Mapping[str, Arrhenius] = field(default_factory=dict)
    refused: tuple[tuple[str, str], ...] = ()
    shorted: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings on the series as a whole: tied values, the contact law, conductivity."""
        memory = self.memory.findings if self.memory is not None else ()
        warm = self.arrhenius.findings if self.arrhenius is not None else ()
        parts = [
            replace(finding, name=f"{finding.name}, {label}")
            for label, line in self.branches.items()
            for finding in line.findings[:2]
        ]
        return (*self.series.findings(), *memory, *warm, *parts)

    def table(self) -> pl.DataFrame:
        """One row per spectrum: its state, what was found on its validity, every value with its standard error."""
        return pl.DataFrame([self._row(k) for k in range(len(self.validities))], infer_schema_length=None)

    def _row(self, k: int) -> dict[str, Any]:
        held, fit, read = self.validities[k], self.series.fits[k], self.electrolyte.total[k]
        spectrum = fit.spectrum
        row: dict[str, Any] = {
            "spectrum": spectrum.name,
            "test_time_second": spectrum.time,
            "pressure_pa": spectrum.pressure,
            "temperature_kelvin": spectrum.temperature,
            "points": len(held.spectrum.frequency),
            "points_fitted": len(spectrum.frequency),
            "validity": held.kind,
            "noise_level": held.noise_level,
            "stray_frequencies_hertz": "; ".join(f"{f:.6g}" for f in held.stray_frequencies),
            "high_frequency_resistance_ohm": None if held.beyond is None else held.beyond[0],
            "electrolyte_resistance_ohm": read.resistance,
            "electrolyte_resistance_error_ohm": read.error,
            "electrolyte_read_from": read.how,
            "resistance_at_rest_ohm": self.resistance[k, 0],
            "resistance_at_rest_error_ohm": self.resistance[k, 1],
            "circuit": fit.circuit.text,
            "misfit": fit.noise,
        }
        for part in self.electrolyte.parts if len(self.electrolyte.parts) > 1 else ():
            row[f"electrolyte {part.label} [ohm]"] = part.readings[k].resistance
            row[f"electrolyte {part.label} standard error [ohm]"] = part.readings[k].error
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
            "electrolyte": self.electrolyte.as_json(),
            "processes": [[finding.as_json() for finding in each.findings()] for each in self.relaxations],
            "findings": [finding.as_json() for finding in self.findings],
            "refused": [{"spectrum": name, "why": why} for name, why in self.refused],
            "shorted": [{"spectrum": name, "why": why} for name, why in self.shorted],
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
    ready = usable(spectra, note, lowest=asked.lowest, highest=asked.highest)
    if not ready.validities:
        why = "; ".join(f"{name}: {sentence}" for name, sentence in (*ready.shorted, *ready.refused)) or "there is none"
        raise InputError(f"no spectrum can be used ({why})", expected="an impedance spectrum")
    candidates = suggest(_without_gross(ready), progress=step) if asked.text is None else ()
    if asked.text is None and not candidates:
        raise InputError("too few points for any circuit", expected="a circuit of your own, with fewer values")
    text = asked.text or candidates[0].text
    step(f"fitting {text}")
    series, left_out = _fitted(ready, text, asked)
    step("relaxation times")
    relaxations = tuple(_relaxed(ready, k, asked.signed) for k in range(len(ready.sweeps)))
    read = electrolyte(
        series, thickness=note.electrolyte_thickness, area=note.electrode_area, named=_named(series, asked)
    )
    rest = resistance_at_rest(series.fits, read.blocking)
    said: list[str] = [f"{name}: {why}" for name, why in ready.shorted]
    said += [*ready.seen, *left_out, *series.warnings, *_doubts(series.fits), *read.warnings]
    if candidates:
        said.append(_SUGGESTED.format(text))
    if read.blocking:
        said.append(_BLOCKING)
    points = read.resistance if read.blocking else independent(series, asked.ties, rest, said)
    memory = over_pressure(series, points, note, said)
    if memory is not None and not order_is_known(spectra, note):
        said.append(_UNORDERED)
    warm = over_temperature(series, read, note, _stated(asked, note), said)
    said += [line for one in (memory, warm.total) if one is not None for line in one.warnings]
    return SpectraStudy(
        validities=ready.validities,
        series=series,
        relaxations=relaxations,
        resistance=rest,
        electrolyte=read,
        candidates=candidates,
        memory=memory,
        arrhenius=warm.total,
        branches=warm.parts,
        refused=ready.refused,
        shorted=ready.shorted,
        warnings=tuple(dict.fromkeys(said)),
    )


def _without_gross(ready: Usable) -> list[Spectrum]:
    """The sweeps without stray points that are off by much: no circuit need describe them."""
    return [
        without(sweep, held.stray & (np.abs(held.residual) > SLIGHT))
        for sweep, held in zip(ready.sweeps, ready.validities, strict=True)
    ]


def _fitted(ready: Usable, text: str, asked: Question) -> tuple[SeriesFit, tuple[str, ...]]:
    """The series fitted, and what was left out of it."""
    sweeps, left_out = ready.sweeps, tuple[str, ...]()
    if not asked.keep:
        stray = [held.stray for held in ready.validities]
        masks, left_out = kept(sweeps, stray, text, fixed=asked.fixed, weighting=asked.weighting)
        sweeps = tuple(without(sweep, ~mask) for sweep, mask in zip(sweeps, masks, strict=True))
    series = fit_series(sweeps, text, ties=asked.ties, axis=asked.axis, fixed=asked.fixed, weighting=asked.weighting)
    growth = [0.0 if steady is None else 0.5 * steady.growth[1] for steady in ready.steady]
    if any(growth):
        fits = tuple(_less_sure(fit, each) for fit, each in zip(series.fits, growth, strict=True))
        alone = tuple(_less_sure(fit, each) for fit, each in zip(series.alone, growth, strict=True))
        series = replace(series, fits=fits, alone=alone)
    return series, left_out


def _less_sure(fit: Fit, growth: float) -> Fit:
    """A fit whose sweep was referred to its middle with an unsure growth: its arcs are larger or smaller together."""
    ends = {"ohm": 1.0, "ohm s^-0.5": 1.0, "S s^n": -1.0, "F": -1.0}
    turn = np.array(
        [
            0.0 if name in ("R0", *fit.fixed) else ends.get(unit, 0.0)
            for name, unit in zip(fit.circuit.names, fit.circuit.units, strict=True)
        ]
    )
    return replace(fit, covariance=fit.covariance + growth**2 * np.outer(turn, turn))


def _relaxed(ready: Usable, k: int, signed: bool) -> Relaxation:
    held = ready.validities[k] if ready.steady[k] is None else check(ready.sweeps[k])
    loop = turns_back(held.spectrum) is not None or turns_negative(held.spectrum) is not None
    return relaxation_times(held.spectrum, held, signed=signed or loop)


def _named(series: SeriesFit, asked: Question) -> tuple[str, ...] | None:
    """The values that a person says make up the electrolyte."""
    for name in asked.bulk or ():
        series.values(name)  # an unknown name is an error
    return asked.bulk


def _stated(asked: Question, note: CellNote) -> Stated:
    of_note = note.uncertainty
    if of_note is None:
        return asked.stated
    theirs = (of_note.electrolyte_thickness, of_note.area, of_note.temperature)
    return Stated(*(mine if mine is not None else other for mine, other in zip(asked.stated, theirs, strict=True)))


def _doubts(fits: Sequence[Fit]) -> list[str]:
    """What the fits warn of, each kind once with the spectrum that says it first."""
    kinds: dict[str, list[str]] = {}
    for fit in fits:
        for sentence in fit.warnings:
            kinds.setdefault(re.split(r" \(|:", sentence)[0], []).append(f"{fit.spectrum.name}: {sentence}")
    many = {kind: f" (so do {len(said) - 1} more of {len(fits)} fits)" for kind, said in kinds.items() if said[1:]}
    return [said[0] + many.get(kind, "") for kind, said in kinds.items()]
