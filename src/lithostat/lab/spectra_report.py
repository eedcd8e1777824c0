"""What the spectra of one cell say: fits, electrolyte, pressure, temperature, validity, relaxation times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from lithostat.experiment.quantity import show, span
from lithostat.experiment.report import Column, Drawing, Number, Report, Section, Table, Tone, table_of
from lithostat.experiment.spectrum import Spectrum
from lithostat.lab.printed import pair
from lithostat.lab.printed_spectra import LEGEND, blocks, chosen_rows, holds, short_name
from lithostat.lab.specimen import Specimen
from lithostat.lab.spectra_figures import shown, spectra_figures
from lithostat.lab.spectra_study import SpectraStudy
from lithostat.physics.constants import FARADAY

WIDE = 112  # characters of a table that only a page has
_CAPTIONS = {
    "high-frequency": "The high-frequency end of each spectrum. Orange: the resistance of the electrolyte with its "
    "standard error.",
    "residuals": "What the circuit leaves over.",
    "memory": "Resistance of every fit, in the order of measurement, and the contact law with its memory.",
    "series": "Bars: one standard error. Hollow: held by a bound. Orange: tied along the series.",
    "relaxation": "Distribution of relaxation times with its 95 % band.",
    "relaxation-map": "Distributions of relaxation times of all spectra. Right: each scaled to its highest point, with "
    "its 95 % band.",
}


def spectra_report(
    loaded: Specimen, study: SpectraStudy, *, axis: str | None = None, simulated: Sequence[Spectrum] = ()
) -> Report:
    """The report of a study; `axis` is what the series runs along, `simulated` spectra are drawn with the measured
    ones."""
    refused = (*study.refused, *loaded.refused)  # those of a shorted cell are among the warnings
    return Report(
        title=loaded.name,
        answer=_answer(loaded, study),
        numbers=tuple(_numbers(study)),
        sections=(
            *_drawn(loaded, study, axis, simulated),
            Section("Every fit", tables=_fits(study)),
            Section("", points=tuple(_fit_notes(study))),
            Section("Not used", points=tuple(f"{name}: {why}" for name, why in refused), spoken=True),
            Section("Circuits that were tried", tables=_candidates(study)),
        ),
        warnings=study.warnings,
        data=study.as_json() | {"cell": loaded.name},
        source=loaded.folder.name or str(loaded.folder),
    )


def _drawn(
    loaded: Specimen, study: SpectraStudy, axis: str | None, simulated: Sequence[Spectrum]
) -> tuple[Section, ...]:
    """The sections with figures, and what belongs to them."""
    figures = cache(partial(spectra_figures, loaded, study, axis=axis, simulated=simulated))
    there = shown(study)
    broken = " Broken: simulated." if simulated else ""
    first = "the first spectrum" if len(study.validities) > 1 else "this spectrum"
    captions = _CAPTIONS | {
        "spectra": f"Points: measured. Lines: {study.series.circuit.text}.{broken}",
        "validity": f"What the Kramers-Kronig relations leave over, {first}.",
    }

    def drawings(*names: str) -> tuple[Drawing, ...]:
        return tuple(
            Drawing(name, partial(_draw, figures, name), captions.get(name, "")) for name in names if name in there
        )

    budget = () if study.arrhenius is None or study.arrhenius.budget is None else study.arrhenius.budget.entries
    seen = [(fit.spectrum.name, held.reasons) for fit, held in zip(study.series.fits, study.validities, strict=True)]
    return (
        Section("", drawings=drawings("spectra", "high-frequency", "residuals")),
        Section(
            "Electrolyte",
            (f"Read as {study.electrolyte.sentence}. Errors are those of the resistance alone.",),
            tables=(_electrolyte(loaded, study),),
        ),
        Section("", points=tuple(_electrolyte_notes(study))),
        Section("Resistance against pressure", drawings=drawings("memory")),
        Section("Conductivity against temperature", drawings=drawings("arrhenius")),
        Section("", points=tuple(f"error of the {entry.source}: {entry.text}" for entry in budget)),
        Section("Values along the series", drawings=drawings("series")),
        Section("Can the spectra be believed?", drawings=drawings("validity"), tables=(_validity(study),)),
        Section("", points=tuple(f"{name}: {'; '.join(reasons)}" for name, reasons in seen if reasons)),
        Section("Relaxation times", drawings=drawings("relaxation", "relaxation-map"), tables=_processes(study)),
        Section("Findings", findings=tuple(study.findings)),
    )


def _draw(figures: Callable[[], Mapping[str, Callable[[], Any]]], name: str) -> Any:
    return figures()[name]()


def _answer(loaded: Specimen, study: SpectraStudy) -> str:
    count, files = len(study.validities), len(loaded.files)
    spectra = "one spectrum" if count == 1 else f"{count} spectra"
    source = "one file" if files == 1 else f"{files} files"
    return f"{spectra} from {source}, fitted with {study.series.circuit.text}"


def _numbers(study: SpectraStudy) -> list[Number]:
    """Large numbers at the head, each with its label."""
    count = len(study.validities) + len(study.refused) + len(study.shorted)
    valid = sum(held.kind == "valid" for held in study.validities)
    found = [Number(f"{valid} of {count}", "pass the Kramers-Kronig relations whole")]
    if study.shorted:
        found.append(Number(f"{len(study.shorted)} of {count}", "are those of a shorted cell", "bad"))
    noise = float(np.median([fit.noise for fit in study.series.fits]))
    found.append(Number(f"{100 * noise:.2g} %", "left over by the circuit (median)"))
    for label, pairs in (("electrolyte", study.electrolyte.resistance), ("resistance at rest", study.resistance)):
        ohm = pairs[np.isfinite(pairs[:, 0]), 0]
        if len(ohm):
            low, high = ohm.min(), ohm.max()
            found.append(Number(f"{low:.3g} Ω" if high < 1.005 * low else f"{low:.3g} to {high:.3g} Ω", label))
    if study.memory is not None:
        value = study.memory.value("contact_pressure")
        found.append(Number(show(value, "contact_pressure") if value else "?", "contact pressure P_c"))
    if study.arrhenius is not None:
        energy, error = study.arrhenius.sigma.activation_energy / FARADAY, study.arrhenius.errors[1] / FARADAY
        found.append(Number(f"{energy:.3f} ± {error:.3f} eV", "activation energy of the conductivity"))
    return found


def _state(spectrum: Spectrum) -> str:
    said = []
    if spectrum.pressure is not None:
        said.append(show(spectrum.pressure, "pressure"))
    if spectrum.temperature is not None:
        said.append(show(spectrum.temperature, "temperature"))
    if spectrum.time is not None:
        said.append(span(spectrum.time))
    return ", ".join(part.replace(" ", "\u00a0") for part in said)


def _electrolyte(loaded: Specimen, study: SpectraStudy) -> Table:
    """Each part and the whole, per area and as a conductivity where these are known."""
    read, area, thickness = study.electrolyte, loaded.note.electrode_area, loaded.note.electrolyte_thickness
    parts = read.parts if len(read.parts) > 1 else ()
    rows = []
    for k, total in enumerate(read.total):
        spectrum = study.series.fits[k].spectrum
        row = {"spectrum": short_name(spectrum.name), "state": _state(spectrum)}
        row |= {f"{part.label} / Ω": pair(*part.readings[k][:2]) or "none" for part in parts}
        row["whole / Ω"] = pair(total.resistance, total.error) or "none"
        if area is not None:
            row["whole / Ω cm²"] = pair(1e4 * area * total.resistance, 1e4 * area * total.error) or "none"
        if area is not None and thickness is not None:
            sigma = 10.0 * thickness / (area * total.resistance)
            row["conductivity / mS cm⁻¹"] = pair(sigma, sigma * total.error / total.resistance) or "none"
        rows.append(row | {"read from": total.how})
    return table_of("", rows, numeric=list(rows[0])[2:-1])


def _electrolyte_notes(study: SpectraStudy) -> list[str]:
    """Why a reading is not the circuit's, and the capacitances by which arcs are named."""
    read = study.electrolyte
    names = [short_name(fit.spectrum.name) for fit in study.series.fits]
    said = [f"{name}: {total.why}" for name, total in zip(names, read.total, strict=True) if total.why]
    arcs = [
        f"{part.label} {' to '.join(f'{end:.2g} F' for end in dict.fromkeys(part.capacitance))}, {counted}"
        for parts, counted in ((read.parts, "counted"), (read.others, "not counted"))
        for part in parts
        if np.isfinite(part.capacitance[0])
    ]
    ranges = "Capacitances, by which arcs are named (ranges of bulk, grain boundary, interphase and contact overlap)"
    return [*said, *([f"{ranges}: {'; '.join(arcs)}"] if arcs else [])]


def _validity(study: SpectraStudy) -> Table:
    """What the Kramers-Kronig relations say of each spectrum."""
    held, fits = study.validities, study.series.fits
    tones: tuple[Tone, ...] = tuple("good" if each.kind == "valid" else "doubtful" for each in held)
    high = tuple("none" if each.beyond is None else pair(*each.beyond) for each in held)
    return Table(
        "",
        (
            Column("spectrum", tuple(short_name(fit.spectrum.name) for fit in fits)),
            Column("state", tuple(_state(fit.spectrum) for fit in fits)),
            Column("validity", tuple(each.kind for each in held), tones=tones),
            Column("noise", tuple(f"{100 * each.noise_level:.2g} %" for each in held), True),
            Column("R at f→∞ / Ω", high, True),
            Column("R at rest / Ω", tuple(pair(*each) or "none" for each in study.resistance), True),
        ),
    )


def _processes(study: SpectraStudy) -> tuple[Table, ...]:
    """Every process of every distribution."""
    rows = [
        {
            "spectrum": short_name(study.series.fits[k].spectrum.name) if number == 1 else "",
            "time": f"{peak.tau:.3g} s",
            "frequency": f"{peak.frequency:.3g} Hz",
            "resistance / Ω": pair(peak.resistance, peak.uncertainty) + (" at least" if peak.open else ""),
        }
        for k, each in enumerate(study.relaxations)
        for number, peak in enumerate(each.peaks, start=1)
    ]
    return (table_of("", rows, numeric=("time", "frequency", "resistance / Ω")),) if rows else ()


def _fits(study: SpectraStudy) -> tuple[Table, ...]:
    """A few values of the circuit in each table; of many spectra an even choice in a terminal."""
    shown = chosen_rows(study)
    brief = blocks(study)
    said = [LEGEND] if holds(brief) else []
    if shown.step > 1:
        said.append(f"one in {shown.step} of {shown.stop} spectra; all of them are in the table and on the page")
    tables = [Table("", columns, brief=True, caption=". ".join(said) * (columns is brief[-1])) for columns in brief]
    if shown.step > 1:
        tables += [Table("All spectra", columns) for columns in blocks(study, WIDE, every=True)]
    return tuple(tables)


def _fit_notes(study: SpectraStudy) -> list[str]:
    return [f"{fit.spectrum.name}: {'; '.join(fit.warnings)}" for fit in study.series.fits if fit.warnings]


def _candidates(study: SpectraStudy) -> tuple[Table, ...]:
    rows: list[dict[str, Any]] = [
        {
            "circuit": each.text,
            "left over": f"{100 * each.noise:.2g} %",
            "information criterion": f"{each.criterion:.0f}",
            "why passed over": each.doubt,
        }
        for each in study.candidates
    ]
    return (table_of("", rows, numeric=("left over", "information criterion")),) if rows else ()
