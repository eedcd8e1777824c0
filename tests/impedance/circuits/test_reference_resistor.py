"""A known resistor: the leads come back exactly, errors per decade by hand, the window by its formula, our chain."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.reference_resistor import judge_instrument, resistor, self_test
from lithostat.simulation.sensor import Instrument, sense

F = np.logspace(7, -1, 81)
LEADS = 50e-9


def noisy(spectrum, size, seed):
    draw = np.random.default_rng(seed)
    shape = len(spectrum.frequency)
    error = draw.standard_normal(shape) + 1j * draw.standard_normal(shape)
    return dataclasses.replace(spectrum, impedance=spectrum.impedance + size * np.abs(spectrum.impedance) * error)


def test_an_ideal_resistor_is_right_everywhere():
    found = judge_instrument(resistor(F))
    assert found.window == (pytest.approx(0.1), pytest.approx(1e7))
    assert "at all frequencies measured, 100 mHz to 10 MHz" in found.verdict
    assert found.resistance[0] == pytest.approx(1.0, rel=1e-12)
    assert all(one.magnitude == pytest.approx(0.0, abs=1e-12) for one in found.decades)


def test_the_inductance_of_the_leads_and_the_window_it_leaves():
    """1 degree is reached at f = tan(1 degree) R / (2 pi L); the window ends at the last point below."""
    found = judge_instrument(resistor(F, inductance=LEADS))
    assert found.apparent_inductance[0] == pytest.approx(LEADS, rel=1e-9)
    limit = np.tan(np.radians(1.0)) / (2.0 * np.pi * LEADS)
    assert found.window == (pytest.approx(0.1), pytest.approx(F[limit >= F].max()))
    assert "above it the leads' inductance of 50 nH takes over" in found.verdict
    top = found.decades[-2]
    assert (top.low, top.points) == (1e6, 10)
    reactance = 2.0 * np.pi * F[1] * LEADS  # the highest of that decade
    assert top.phase == pytest.approx(np.degrees(np.arctan(reactance)), rel=1e-9)
    assert top.magnitude == pytest.approx(np.hypot(1.0, reactance) - 1.0, rel=1e-9)


def test_one_ohm_hides_the_capacitance_and_says_so():
    found = judge_instrument(noisy(resistor(F, inductance=LEADS, capacitance=1e-10), 1e-4, 1))
    assert found.capacitance is None
    hidden = {one.name: one for one in found.findings}["stray capacitance"]
    assert hidden.value is None
    assert "only L - R^2 C shows" in hidden.evidence[0]
    value, error = found.apparent_inductance
    assert abs(value - (LEADS - 1e-10)) < 4.0 * error


def test_a_large_resistor_shows_the_capacitance():
    found = judge_instrument(resistor(F, resistance=1e3, inductance=LEADS, capacitance=1e-10), resistance=1e3)
    assert found.apparent_inductance[0] == pytest.approx(LEADS - 1e-4, rel=1e-6)
    assert found.capacitance[0] == pytest.approx(1e-10, rel=1e-6)
    assert "stray capacitance of 100 pF takes over" in found.verdict


def test_both_are_told_apart_where_they_resonate():
    found = judge_instrument(resistor(F, resistance=20.0, inductance=1e-6, capacitance=1e-9), resistance=20.0)
    assert found.inductance[0] == pytest.approx(1e-6, rel=1e-6)
    assert found.capacitance[0] == pytest.approx(1e-9, rel=1e-6)


def test_standard_errors_cover_the_leads():
    pulls = []
    for seed in range(200):
        found = judge_instrument(noisy(resistor(F, inductance=LEADS), 2e-3, seed))
        value, error = found.resistance
        pulls.append((value - 1.0) / error)
        assert found.noise == pytest.approx(2e-3, rel=0.3)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.16)
    assert abs(np.mean(pulls)) < 0.25


def test_a_wrong_gain_is_nowhere_within_the_accuracy():
    found = judge_instrument(dataclasses.replace(resistor(F), impedance=1.05 * resistor(F).impedance))
    assert found.window is None
    assert "nowhere within 1 % and 1 degree" in found.verdict
    assert "+5 %" in found.verdict
    assert judge_instrument(resistor(F, resistance=1.05), magnitude=0.06).window == (
        pytest.approx(0.1),
        pytest.approx(1e7),
    )


def test_the_order_of_the_points_does_not_matter():
    there = resistor(F, inductance=LEADS)
    back = Spectrum(F[::-1].copy(), there.impedance[::-1].copy())
    assert judge_instrument(back).decades == judge_instrument(there).decades


@pytest.mark.parametrize(
    ("spectrum", "said", "match"),
    [
        (resistor(F[:3]), {}, "3 points"),
        (resistor(F, resistance=50.0), {}, "not 1 ohm by any instrument"),
        (resistor(F), {"resistance": 0.0}, "resistance of 0"),
        (resistor(F), {"magnitude": -1.0}, "magnitude accuracy"),
        (Spectrum(F, np.full(81, np.nan + 0j)), {}, "not numbers"),
    ],
)
def test_what_is_no_resistor_is_refused(spectrum, said, match):
    with pytest.raises(InputError, match=match):
        judge_instrument(spectrum, **said)


@pytest.mark.parametrize("resistance", [1.0, 0.01, 1e4])
def test_the_chain_returns_the_resistor(resistance):
    results = [self_test(resistance=resistance, seed=seed) for seed in range(20)]
    assert all(one.passed for one in results), [one.sentence for one in results if not one.passed]
    assert not self_test(resistance=resistance, noise=0.2, accuracy=1e-4).passed


def test_through_the_simulated_instrument():
    """The sensor that simulated cells are watched through: its noise is found, and one ohm within 0.1 %."""
    rows = pl.DataFrame(
        {
            "test_time_second": [0.0, 60.0],
            "voltage_volt": [0.0, 0.0],
            "current_ampere": [0.0, 0.0],
            "step_count": [1, 1],
            "cycle_count": [0, 0],
            "ambient_temperature_celsius": [25.0, 25.0],
            "applied_pressure_pa": [0.0, 0.0],
            "measured_pressure_pa": [0.0, 0.0],
        }
    )
    seen = sense(Record(rows, spectra=(resistor(F),)), Instrument(impedance_noise=5e-3), seed=4)
    found = judge_instrument(seen.spectra[0])
    assert found.noise == pytest.approx(5e-3 / np.sqrt(2.0), rel=0.2)
    assert found.resistance[0] == pytest.approx(1.0, abs=1e-3)
    assert abs(found.resistance[0] - 1.0) < 4.0 * found.resistance[1]
