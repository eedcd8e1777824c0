"""Printed tables of spectra: they fit a width, no number is cut, and nothing is missing."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.report import Report
from lithostat.experiment.spectrum import Spectrum
from lithostat.lab.printed import pair
from lithostat.lab.printed_spectra import HELD, LEGEND, LONGEST, MOST_ROWS, MOST_VALUES, WIDTH, blocks
from lithostat.lab.spectra_report import spectra_report
from lithostat.lab.spectra_study import Question, SpectraStudy, study_spectra
from lithostat.show.report_page import report_page
from lithostat.show.report_text import print_report

CIRCUIT = "R0-p(R1,CPE1)-p(R2,CPE2)-W1"


@pytest.fixture(scope="module")
def study() -> SpectraStudy:
    """Three spectra at three temperatures, nine values; CPE1 is a capacitor and stays at its bound."""
    random = np.random.default_rng(5)
    f = np.geomspace(1e6, 0.01, 60)
    s = 2j * np.pi * f
    spectra = []
    for k, kelvin in enumerate((270.0, 290.0, 310.0)):
        z = (30.0 + 100.0 / (1.0 + s * 1e-5) + 80.0 / (1.0 + (s * 1e-2) ** 0.8)) * np.exp(-k) + 4.0 / np.sqrt(s)
        z = z * (1.0 + 1e-4 * (random.standard_normal(60) + 1j * random.standard_normal(60)))
        spectra.append(Spectrum(f, z, temperature=kelvin, name=f"a rather long name of a spectrum number {k}.csv"))
    return study_spectra(spectra, CellNote(), Question(text=CIRCUIT))


def report(study: SpectraStudy) -> Report:
    note = CellNote.model_validate({"area": "1 cm2"})
    loaded: Any = SimpleNamespace(name="cell", folder=Path("cell"), files=(), note=note, refused=())
    return spectra_report(loaded, study)


def printed(study: SpectraStudy) -> str:
    out = io.StringIO()
    print_report(report(study), Console(file=out, width=WIDTH))
    return out.getvalue()


def test_tables_are_narrow_and_whole(study: SpectraStudy) -> None:
    tables = blocks(study)
    names = [column.head for columns in tables for column in columns]
    assert [name for name in names if name in study.series.circuit.names] == list(study.series.circuit.names)
    assert names.count("left over") == names.count("temperature") == names.count("validity") == 1
    assert "pressure" not in names
    for columns in tables:
        assert columns[0].head == "spectrum"
        assert sum(column.head in study.series.circuit.names for column in columns) <= MOST_VALUES
        assert all(len(name) <= LONGEST for name in columns[0].cells)
        assert len(set(columns[0].cells)) == 3


def test_every_number_stands_in_one_line(study: SpectraStudy) -> None:
    lines = printed(study).splitlines()
    for fit in study.series.fits:
        for name, value in fit.values.items():
            assert any(pair(value, fit.standard_errors[name]) in line for line in lines), name
    heads = [k for k, line in enumerate(lines) if line.startswith("  spectrum ")]
    assert len(heads) == len(blocks(study)) > 1
    assert all(len(lines[k + row].rstrip()) <= WIDTH for k in heads for row in range(4))


def test_values_at_a_bound_are_marked(study: SpectraStudy) -> None:
    held = [(k, name) for k, fit in enumerate(study.series.fits) for name in fit.at_bound]
    assert held, "the capacitor's exponent wants to be 1"
    cells = {column.head: column.cells for columns in blocks(study) for column in columns}
    marked = [(k, name) for name in study.series.circuit.names for k in range(3) if cells[name][k].endswith(HELD)]
    assert sorted(marked) == sorted(held)
    assert LEGEND in printed(study)
    free = replace(study, series=replace(study.series, fits=tuple(replace(f, at_bound=()) for f in study.series.fits)))
    assert LEGEND not in printed(free)


def test_pressure_is_shown_where_it_is_known(study: SpectraStudy) -> None:
    fits = tuple(replace(f, spectrum=replace(f.spectrum, pressure=5e6, temperature=298.0)) for f in study.series.fits)
    pressed = replace(study, series=replace(study.series, fits=fits))
    heads = {column.head: column.cells for columns in blocks(pressed) for column in columns}
    assert heads["pressure"] == ("5 MPa",) * 3
    assert "temperature" not in heads


def repeated(study: SpectraStudy, times: int) -> SpectraStudy:
    """The same spectra so many times."""
    read = study.electrolyte
    parts = tuple(part._replace(readings=times * part.readings) for part in read.parts)
    return replace(
        study,
        validities=times * study.validities,
        series=replace(study.series, fits=times * study.series.fits),
        relaxations=times * study.relaxations,
        resistance=np.tile(study.resistance, (times, 1)),
        electrolyte=replace(read, total=times * read.total, feet=times * read.feet, parts=parts),
    )


def test_of_many_spectra_an_even_choice_is_printed(study: SpectraStudy) -> None:
    many = repeated(study, 11)
    assert len(blocks(many)[0][0].cells) <= MOST_ROWS
    assert "one in 3 of 33 spectra" in printed(many)


def test_a_long_table_of_the_page_is_folded(study: SpectraStudy) -> None:
    assert "<details>" not in report_page(report(study))
    text = report_page(report(repeated(study, 14)))
    assert text.count("<details><summary>42 rows</summary>") >= 3
