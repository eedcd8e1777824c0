"""The impedance of one cell as a page: spectra with fits, electrolyte, pressure, temperature, validity, relaxation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lithostat.experiment.output_names import SPECTRA_FIGURES
from lithostat.experiment.quantity import show, span
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.laws.arrhenius import Arrhenius
from lithostat.lab.folder import LoadedCell
from lithostat.lab.printed import pair, printed
from lithostat.lab.printed_spectra import HELD, LEGEND, blocks, short_name
from lithostat.lab.spectra_study import SpectraStudy
from lithostat.physics.constants import FARADAY
from lithostat.show.arrhenius_figure import arrhenius_figure
from lithostat.show.high_frequency_figure import enlarged, high_frequency_figure
from lithostat.show.impedance_figure import impedance_figure, label_of
from lithostat.show.memory_figure import memory_figure
from lithostat.show.page import page, svgs
from lithostat.show.relaxation_figure import relaxation_figure
from lithostat.show.relaxation_map_figure import relaxation_map_figure
from lithostat.show.residuals_figure import residuals_figure
from lithostat.show.series_figure import series_figure
from lithostat.show.validity_figure import validity_figure

WIDE = 112  # characters of a table on the page
FOLDED = 40  # spectra above which a table is folded
Draw = Callable[[], Figure]


def spectra_page(
    loaded: LoadedCell, study: SpectraStudy, figures: Mapping[str, Draw] | None = None, *, beside: str = ""
) -> str:
    """The page as HTML text, with the figures that `figures` draw inside; `beside` names simulated spectra that are
    drawn with the rest."""
    drawn, missing = svgs(spectra_figures(loaded, study) if figures is None else figures)
    tables = blocks(study, WIDE, every=True)
    held = any(cell.endswith(HELD) for columns in tables for column in columns[1:] for cell in column.cells)
    return page(
        "spectra.html",
        name=loaded.name,
        lead=_lead(loaded, study),
        numbers=_numbers(study),
        circuit=study.series.circuit.text,
        beside=beside,
        shown="the first spectrum" if len(study.validities) > 1 else "this spectrum",
        figures={name.replace("-", "_"): drawn.get(name, "") for name in SPECTRA_FIGURES},
        rows=[_row(study, k) for k in range(len(study.validities))],
        folded=FOLDED,
        electrolyte=_electrolyte(loaded, study),
        refused=(*study.shorted, *study.refused),
        tables=[
            {"heads": [(c.head, c.left) for c in columns], "rows": list(zip(*(c.cells for c in columns), strict=True))}
            for columns in tables
        ],
        legend=LEGEND if held else "",
        fit_notes=[(fit.spectrum.name, "; ".join(fit.warnings)) for fit in study.series.fits if fit.warnings],
        processes=_processes(study),
        findings=[printed(finding) for finding in study.findings],
        budget=[] if study.arrhenius is None else _budget(study.arrhenius),
        candidates=[
            {
                "text": one.text,
                "noise": f"{100 * one.noise:.2g} %",
                "criterion": f"{one.criterion:.0f}",
                "doubt": one.doubt,
            }
            for one in study.candidates
        ],
        warnings=(*study.warnings, *missing),
        folder=loaded.folder.name or str(loaded.folder),
        version=version("lithostat"),
    )


def spectra_figures(
    loaded: LoadedCell, study: SpectraStudy, *, axis: str | None = None, simulated: Sequence[Spectrum] = ()
) -> dict[str, Draw]:
    """What draws each figure, by name; those that have nothing to show are left out. Each is drawn once, when first
    called."""
    fits, read = study.series.fits, study.electrolyte.resistance
    spectra = [fit.spectrum for fit in fits]
    area = loaded.note.electrode_area
    figures: dict[str, Draw] = {
        "spectra": partial(impedance_figure, spectra, fits=fits, simulated=simulated, marked=read[:, 0], area=area),
        "residuals": partial(residuals_figure, fits),
        "validity": partial(validity_figure, study.validities[0]),
    }
    if enlarged(fits, read):
        figures["high-frequency"] = partial(high_frequency_figure, fits, read)
    if len(fits) > 1:
        figures["series"] = partial(series_figure, study.series, axis or varied(study))
        labels = [label_of(spectrum) for spectrum in spectra]
        figures["relaxation-map"] = partial(relaxation_map_figure, study.relaxations, labels)
    else:
        figures["relaxation"] = partial(relaxation_figure, study.relaxations[0])
    if study.memory is not None:
        figures["memory"] = partial(memory_figure, study.memory)
    if study.arrhenius is not None:
        lines = {"whole": study.arrhenius, **study.branches} if study.branches else study.arrhenius
        figures["arrhenius"] = partial(arrhenius_figure, lines)
    return {name: cache(draw) for name, draw in figures.items()}


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
    count = len(study.validities) + len(study.refused) + len(study.shorted)
    valid = sum(held.kind == "valid" for held in study.validities)
    found = [(f"{valid} of {count}", "pass the Kramers-Kronig relations whole")]
    if study.shorted:
        found.append((f"{len(study.shorted)} of {count}", "are those of a shorted cell"))
    noise = float(np.median([fit.noise for fit in study.series.fits]))
    found.append((f"{100 * noise:.2g} %", "left over by the circuit (median)"))
    for label, pairs in (("electrolyte", study.electrolyte.resistance), ("resistance at rest", study.resistance)):
        ohm = pairs[np.isfinite(pairs[:, 0]), 0]
        if len(ohm):
            low, high = ohm.min(), ohm.max()
            found.append((f"{low:.3g} Ω" if high < 1.005 * low else f"{low:.3g} to {high:.3g} Ω", label))
    if study.memory is not None:
        value = study.memory.value("contact_pressure")
        found.append((show(value, "contact_pressure") if value else "?", "contact pressure P_c"))
    if study.arrhenius is not None:
        energy, error = study.arrhenius.sigma.activation_energy / FARADAY, study.arrhenius.errors[1] / FARADAY
        found.append((f"{energy:.3f} ± {error:.3f} eV", "activation energy of the conductivity"))
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
        "short": short_name(fit.spectrum.name),
        "state": _state(fit.spectrum),
        "valid": held.kind == "valid",
        "kind": held.kind,
        "noise": f"{100 * held.noise_level:.2g} %",
        "high": "none" if held.beyond is None else pair(*held.beyond),
        "rest": pair(*study.resistance[k]) or "none",
        "seen": "; ".join(held.reasons),
    }


def _electrolyte(loaded: LoadedCell, study: SpectraStudy) -> dict[str, Any]:
    """The table of the electrolyte: each part and the whole, per area and as a conductivity where these are known."""
    read, note = study.electrolyte, loaded.note
    area, thickness = note.electrode_area, note.electrolyte_thickness
    parts = read.parts if len(read.parts) > 1 else ()
    heads = [*(f"{part.label} / Ω" for part in parts), "whole / Ω"]
    heads += ["whole / Ω cm²"] if area is not None else []
    heads += ["conductivity / mS cm⁻¹"] if area is not None and thickness is not None else []
    rows = []
    for k, total in enumerate(read.total):
        cells = [pair(part.readings[k].resistance, part.readings[k].error) or "none" for part in parts]
        cells.append(pair(total.resistance, total.error) or "none")
        if area is not None:
            cells.append(pair(1e4 * area * total.resistance, 1e4 * area * total.error) or "none")
            if thickness is not None and np.isfinite(total.resistance):
                sigma = 10.0 * thickness / (area * total.resistance)
                cells.append(pair(sigma, sigma * total.error / total.resistance))
            elif thickness is not None:
                cells.append("none")
        spectrum = study.series.fits[k].spectrum
        rows.append((short_name(spectrum.name), _state(spectrum), cells, total.how))
    named = [(part, True) for part in read.parts] + [(part, False) for part in read.others]
    arcs = [
        {
            "label": part.label,
            "capacitance": " to ".join(f"{end:.2g} F" for end in dict.fromkeys(part.capacitance)),
            "counted": "counted" if counted else "not counted",
        }
        for part, counted in named
        if np.isfinite(part.capacitance[0])
    ]
    whys = [(short_name(study.series.fits[k].spectrum.name), each.why) for k, each in enumerate(read.total) if each.why]
    return {"heads": heads, "rows": rows, "sum": read.sentence, "arcs": arcs, "whys": whys}


def _processes(study: SpectraStudy) -> list[dict[str, str]]:
    """Every process of every distribution."""
    return [
        {
            "name": short_name(study.series.fits[k].spectrum.name) if number == 1 else "",
            "time": f"{peak.tau:.3g} s",
            "frequency": f"{peak.frequency:.3g} Hz",
            "ohm": pair(peak.resistance, peak.uncertainty) + (" at least" if peak.open else ""),
        }
        for k, each in enumerate(study.relaxations)
        for number, peak in enumerate(each.peaks, start=1)
    ]


def _budget(line: Arrhenius) -> list[tuple[str, str]]:
    """The error budget, a source and its share each."""
    return [] if line.budget is None else [(entry.source, entry.text) for entry in line.budget.entries]
