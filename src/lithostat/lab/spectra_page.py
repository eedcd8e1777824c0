"""The impedance of one cell as a page: spectra with fits, pressure, temperature, validity, relaxation times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lithostat.experiment.quantity import show, span
from lithostat.experiment.spectrum import Spectrum
from lithostat.lab.folder import LoadedCell
from lithostat.lab.printed import pair, printed
from lithostat.lab.spectra_study import SpectraStudy
from lithostat.physics.constants import FARADAY
from lithostat.show.arrhenius_figure import arrhenius_figure
from lithostat.show.impedance_figure import impedance_figure
from lithostat.show.memory_figure import memory_figure
from lithostat.show.page import page, svgs
from lithostat.show.relaxation_figure import relaxation_figure
from lithostat.show.series_figure import series_figure
from lithostat.show.validity_figure import validity_figure


def spectra_page(
    loaded: LoadedCell,
    study: SpectraStudy,
    *,
    axis: str | None = None,
    simulated: Sequence[Spectrum] = (),
    beside: str = "",
) -> str:
    """The page as HTML text, with its figures inside. `simulated` spectra, named `beside`, are drawn with the rest."""
    figures, missing = svgs(_drawn(study, axis, simulated))
    series = study.series
    heads = [
        f"{name} / {unit}" if unit != "1" else name
        for name, unit in zip(series.circuit.names, series.circuit.units, strict=True)
    ]
    return page(
        "spectra.html",
        name=loaded.name,
        lead=_lead(loaded, study),
        numbers=_numbers(study),
        circuit=series.circuit.text,
        beside=beside,
        shown="the first spectrum" if len(study.validities) > 1 else "this spectrum",
        figures={name: figures.get(name, "") for name in _FIGURES},
        rows=[_row(study, k) for k in range(len(study.validities))],
        refused=study.refused,
        heads=heads,
        fits=[_fit(study, k) for k in range(len(study.validities))],
        findings=[printed(finding) for finding in (*study.findings, *study.relaxations[0].findings())],
        candidates=[
            {
                "text": one.text,
                "noise": f"{100 * one.noise:.2g} %",
                "criterion": f"{one.criterion:.0f}",
                "doubt": one.doubt,
            }
            for one in study.candidates
        ],
        warnings=(*study.warnings, *loaded.record.warnings, *missing),
        folder=loaded.folder.name or str(loaded.folder),
        version=version("lithostat"),
    )


_FIGURES = ("spectra", "memory", "arrhenius", "series", "validity", "relaxation")


def spectra_figures(
    study: SpectraStudy, *, axis: str | None = None, simulated: Sequence[Spectrum] = ()
) -> dict[str, Figure]:
    """Figures by name; those that have nothing to show are left out."""
    return {name: draw() for name, draw in _drawn(study, axis, simulated).items()}


def _drawn(study: SpectraStudy, axis: str | None, simulated: Sequence[Spectrum]) -> dict[str, Callable[[], Figure]]:
    fits = study.series.fits
    figures: dict[str, Callable[[], Figure]] = {
        "spectra": partial(impedance_figure, [fit.spectrum for fit in fits], fits=fits, simulated=simulated),
        "validity": partial(validity_figure, study.validities[0]),
        "relaxation": partial(relaxation_figure, study.relaxations[0]),
    }
    if len(fits) > 1:
        figures["series"] = partial(series_figure, study.series, axis or varied(study))
    if study.memory is not None:
        figures["memory"] = partial(memory_figure, study.memory)
    if study.arrhenius is not None:
        figures["arrhenius"] = partial(arrhenius_figure, study.arrhenius)
    return figures


def varied(study: SpectraStudy) -> str | None:
    """What differs from spectrum to spectrum: pressure, else temperature, else time; None if nothing is known."""
    for axis in ("pressure", "temperature", "time"):
        x = study.series.along(axis)
        if np.isfinite(x).all() and np.ptp(x) > 1e-3 * np.abs(x).max():
            return axis
    return None


def _lead(loaded: LoadedCell, study: SpectraStudy) -> str:
    count = len(study.validities)
    spectra = "one spectrum" if count == 1 else f"{count} spectra"
    return f"{spectra} from {len(loaded.files)} file(s), fitted with {study.series.circuit.text}"


def _numbers(study: SpectraStudy) -> list[tuple[str, str]]:
    """Large numbers at the head of the page, each with its label."""
    count = len(study.validities) + len(study.refused)
    valid = sum(held.kind == "valid" for held in study.validities)
    found = [(f"{valid} of {count}", "pass the Kramers-Kronig relations whole")]
    noise = float(np.median([fit.noise for fit in study.series.fits]))
    found.append((f"{100 * noise:.2g} %", "left over by the circuit (median)"))
    rest = study.resistance[np.isfinite(study.resistance[:, 0])]
    if len(rest):
        low, high = rest[:, 0].min(), rest[:, 0].max()
        found.append((f"{low:.3g} Ω" if high < 1.005 * low else f"{low:.3g} to {high:.3g} Ω", "resistance at rest"))
    if study.memory is not None:
        value = study.memory.value("contact_pressure")
        found.append((show(value, "contact_pressure") if value else "?", "contact pressure P_c"))
    if study.arrhenius is not None:
        energy = study.arrhenius.sigma
        found.append((f"{energy.activation_energy / FARADAY:.3f} eV", "activation energy of the conductivity"))
    return found


def _state(spectrum: Spectrum) -> str:
    said = []
    if spectrum.pressure is not None:
        said.append(show(spectrum.pressure, "pressure"))
    if spectrum.temperature is not None:
        said.append(show(spectrum.temperature, "temperature"))
    if spectrum.time is not None:
        said.append(span(spectrum.time))
    return ", ".join(said)


def _row(study: SpectraStudy, k: int) -> dict[str, Any]:
    held, fit = study.validities[k], study.series.fits[k]
    return {
        "name": fit.spectrum.name,
        "state": _state(fit.spectrum),
        "valid": held.kind == "valid",
        "kind": held.kind,
        "noise": f"{100 * held.noise_level:.2g} %",
        "high": pair(*held.high_frequency_resistance),
        "rest": pair(*study.resistance[k]),
        "seen": "; ".join(held.reasons),
    }


def _fit(study: SpectraStudy, k: int) -> dict[str, Any]:
    fit = study.series.fits[k]
    errors = fit.standard_errors
    return {
        "name": fit.spectrum.name,
        "warnings": "; ".join(fit.warnings),
        "cells": [pair(value, errors[name]) for name, value in fit.values.items()],
        "noise": f"{100 * fit.noise:.2g} %",
    }
