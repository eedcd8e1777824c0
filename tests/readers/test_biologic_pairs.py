"""The same measurement as BioLogic .mpr and as EC-Lab's own text: column by column the same record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lithostat.experiment.record import OTHER, Record
from lithostat.reading.read import read

pytest.importorskip("galvani", reason="the extra 'gpl' is not installed")

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "14_biologic_pairs"
PAIRS = [
    (path, text)
    for path in sorted(DATA.glob("*.mpr"))
    for text in (path.with_suffix(".mpt"), path.with_name(f"{path.stem}.de.mpt"))
    if text.is_file()
]
# What EC-Lab computes when it writes its text; the .mpr does not hold it.
COMPUTED = {
    "cycle_count": "cycle number",
    "charging_capacity_ah": "Q charge, from the charge of each half cycle",
    "discharging_capacity_ah": "Q discharge",
    "charging_energy_wh": "Energy charge, where the file does not count energy",
    "discharging_energy_wh": "Energy discharge",
    "power_watt": "P/W, voltage times current",
    "step_time_second": "step time/s",
}
# What the .mpr gives and the text leaves to its reader.
DERIVED = {"step_count": "counts the changes of Ns"}
# EC-Lab writes 0 A in the first row, though the cell is charged there: the file itself holds the current that was set.
FIRST_ROW = {("gcpl.issue_226.CxN", "current_ampere"), ("gcpl.issue_226.I", "current_ampere")}
THREE = {"cp", "lsv", "geis", "peis", "gcpl.issue_226.CxN", "gcpl.issue_226.I", "gcpl.pr_182.1"}  # electrodes
ROUNDING = 2e-6  # of the largest value: the text has seven to nine digits, the .mpr single precision

pytestmark = pytest.mark.skipif(not PAIRS, reason="the pairs of BioLogic files are not beside this checkout")


@pytest.fixture(scope="module", params=PAIRS, ids=lambda pair: pair[1].name)
def pair(request) -> tuple[str, Record, Record]:
    binary, text = request.param
    return binary.stem, read(binary), read(text)


def standard(record: Record) -> set[str]:
    return {name for name in record.table.columns if not name.startswith(OTHER)}


def test_the_same_columns_but_those_that_are_computed(pair):
    _, binary, text = pair
    assert standard(text) - standard(binary) <= set(COMPUTED)
    assert standard(binary) - standard(text) <= set(DERIVED)


def test_the_same_numbers(pair):
    name, binary, text = pair
    assert len(binary.table) == len(text.table)
    for column in standard(binary) & standard(text):
        values, expected = (record.column(column).astype(float) for record in (binary, text))
        rows = slice(1, None) if (name, column) in FIRST_ROW else slice(None)
        size = float(np.nanmax(np.abs(expected))) if np.isfinite(expected).any() else 0.0
        np.testing.assert_allclose(
            values[rows], expected[rows], rtol=0.0, atol=ROUNDING * size, equal_nan=True, err_msg=column
        )


def test_the_same_spectra(pair):
    _, binary, text = pair
    assert len(binary.spectra) == len(text.spectra)
    for one, other in zip(binary.spectra, text.spectra, strict=True):
        np.testing.assert_allclose(one.frequency, other.frequency, rtol=ROUNDING)
        np.testing.assert_allclose(one.impedance, other.impedance, rtol=ROUNDING)
        assert one.time == pytest.approx(other.time, rel=1e-6, abs=1e-3)


def test_the_same_start_and_header(pair):
    _, binary, text = pair
    assert binary.start == text.start
    said, expected = (record.provenance["files"][0]["header"] for record in (binary, text))
    for key in ("technique", "area", "mass", "electrolyte", "comment"):
        if key in expected:
            assert said.get(key) == expected[key].replace(",", "."), key


def test_a_reference_electrode_is_told(pair):
    name, binary, _ = pair
    assert any("Ewe less Ece" in warning for warning in binary.warnings) == (name in THREE)
