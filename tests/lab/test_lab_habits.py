"""Records as labs and cyclers write them, one habit each: outcome, time, charge and V/I against what is right."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from lithostat.lab.analyze import AnalysedCell, analyze_cell
from lithostat.lab.folder import find_cells

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "12_lab_habits"
HOUR = 3600.0

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the records of habits are not beside this checkout")


class Right(NamedTuple):
    """What a record is to say: outcome, its time [s], overpotential [mV], charge in all and per half-cycle [mAh]."""

    kind: str = "censored"
    time: float | None = None
    overpotential: float | None = 100.0
    charge: float | None = 0.6
    per_half_cycle: float | None = 0.1


SIX_HOURS = Right()
TWELVE = Right(charge=1.2)
TABLE = {
    "01_reversal_samples": TWELVE,
    "01b_same_without": TWELVE,
    "01c_2_samples": TWELVE,
    "01c_3_samples": TWELVE,
    "02_current_noise_8pc": Right(overpotential=175.0, charge=0.2, per_half_cycle=0.2),
    "02b_current_noise_0": Right(overpotential=175.0, charge=0.2, per_half_cycle=0.2),
    "03_no_current": Right(time=600.0, charge=1 / 60, per_half_cycle=1 / 60),
    "04_averaged_voltage": SIX_HOURS,
    "04b_averaged_voltage2": SIX_HOURS,
    "06_reference_floats": SIX_HOURS,
    "10_underscored": SIX_HOURS,
    "10b_underscored_bare": SIX_HOURS,
    "10c_symbols": SIX_HOURS,
    "11_basytec": SIX_HOURS,
    "13_maccor_md": SIX_HOURS,
    "15_ms_as_s": Right(time=6 * HOUR),
    "17_neware_loops": SIX_HOURS,
    "17b_neware_unsigned": SIX_HOURS,
    "19b_kind_stated": Right("hard short", 2790.0, None, None, None),
    "20_soft_after_pauses": Right("soft short", 31 * HOUR, 90.0, None, None),
    "20b_soft_no_dip": Right("soft short", 31 * HOUR, 90.0, None, None),
    "21_force_in_v": SIX_HOURS,
    "22_coarse_600s": TWELVE,
    "22b_fine_10s": TWELVE,
    "27_ivium": SIX_HOURS,
    "29_absolute_time": SIX_HOURS,
    "30_palmsens": SIX_HOURS,
    "33_landt_native": SIX_HOURS,
    "34_soft_after_growth_40pc": Right("soft short", 33 * HOUR, None, None, None),
    "34_soft_after_growth_44pc": Right("soft short", 33 * HOUR, None, None, None),
    "34_soft_after_growth_70pc": Right("soft short", 33 * HOUR, None, None, None),
    "36_weather": Right(overpotential=None, charge=12.0),
    "41_neware_xlsx": Right(charge=0.5983),  # its last row is a minute before the end
    "42_neware_xlsx8": Right(charge=0.5983),
}
SETTLED = 6.1 * 60.0  # s by which a path may be seen later where every pause is followed by samples on their way


def analysed(name: str) -> AnalysedCell:
    (cell,) = find_cells(DATA / name)
    return analyze_cell(cell, overrides={}, repeats=1)


def values(cell: AnalysedCell) -> dict[str, float | None]:
    assert cell.analysis is not None, cell.error
    return {finding.name: finding.value for finding in cell.analysis.findings}


@pytest.mark.parametrize("name", TABLE)
def test_a_habit_changes_neither_call_nor_numbers(name):
    cell, right = analysed(name), TABLE[name]
    found = values(cell)
    outcome = cell.analysis.outcome
    assert outcome.kind == right.kind, outcome.evidence
    if right.time is not None:
        late = SETTLED if name == "20_soft_after_pauses" else 1.0
        assert right.time - 1.0 <= outcome.time <= right.time + late
        assert outcome.interval is None or outcome.interval[0] - 1.0 <= right.time <= outcome.interval[1] + 1.0
    if right.overpotential is not None:
        assert found["overpotential at first"] == pytest.approx(right.overpotential, rel=1e-3)
    if right.charge is not None:
        assert found["charge in both directions"] == pytest.approx(right.charge, rel=1e-3)
    if right.per_half_cycle is not None:
        assert found["charge per half-cycle"] == pytest.approx(right.per_half_cycle, rel=1e-3)
    if right.kind == "censored" and name not in ("03_no_current", "36_weather"):
        assert len(cell.analysis.half_cycles) == (1 if name.startswith("02") else round(right.charge / 0.1))


def test_hours_without_a_known_current_are_not_survived():
    outcome = analysed("03_no_current").analysis.outcome
    assert outcome.confidence < 0.6
    assert any("nothing is claimed" in text and "10 min" in text for text in outcome.evidence)


def test_a_sweep_of_the_voltage_is_no_cycling():
    outcome = analysed("05_cv").analysis.outcome
    assert outcome.kind == "unknown"
    assert "voltage sweep" in outcome.evidence[0]


@pytest.mark.parametrize("name", ["07_zwe_ce", "08_modulus_phase", "31_zahner", "43_zplot_bare"])
def test_spectra_of_cells_whatever_their_columns(name):
    found = values(analysed(name))
    assert found["ionic resistance, first spectrum"] == pytest.approx(30.0, rel=1e-3)
    assert found["total resistance, first spectrum"] == pytest.approx(130.0, rel=1e-3)


def test_a_blocking_pellet_shows_its_ionic_resistance():
    assert values(analysed("09_blocking"))["ionic resistance, first spectrum"] == pytest.approx(420.0, rel=0.02)


def test_steps_of_a_held_voltage_give_a_resistance_without_the_offset():
    cell = analysed("18_dc_polarisation")
    found = values(cell)
    assert cell.analysis.outcome.kind == "unknown"
    assert found["dc resistance at the end of the steps"] == pytest.approx(7.0, rel=1e-6)
    assert found["dc resistance at the start of the steps"] == pytest.approx(7.0, rel=1e-6)
    assert found["offset of the voltage"] == pytest.approx(5.0, rel=1e-6)


def test_a_kind_that_decides_is_asked_for():
    cell = analysed("19_kind_guess")
    assert cell.analysis.outcome.kind == "unknown"
    assert any("state 'kind'" in warning for warning in cell.analysis.warnings)
    assert cell.analysis.outcome.time == 2790.0


def test_a_reference_that_floats_is_named():
    warnings = analysed("06_reference_floats").analysis.warnings
    assert any("seems to float" in warning for warning in warnings)


def test_pressure_in_psi():
    pressure = values(analysed("10_underscored"))["pressure, mean"]
    assert pressure == pytest.approx(725 * 6894.757e-6, rel=1e-6)


def test_newtons_labelled_as_volts_are_not_believed_in_silence():
    cell = analysed("21_force_in_v")
    assert values(cell)["pressure"] is None
    assert any("120.4 V" in warning and "no volts" in warning for warning in cell.analysis.warnings)


def test_two_channels_of_a_workbook_are_two_cells():
    cell = analysed("40_arbin_two_channels")
    assert cell.analysis is None
    assert "2 channels (1, 2)" in cell.error


def test_a_half_cell_that_discharges_first():
    found = values(analysed("44b_no_part_sample"))
    assert found["first-cycle efficiency"] == pytest.approx(95.0, rel=1e-6)
    assert found["mean Coulombic efficiency"] == pytest.approx(95.0, rel=1e-6)
