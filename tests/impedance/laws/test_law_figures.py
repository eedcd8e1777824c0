"""Figures of impedance, memory and temperature: what is drawn is what was given, and simulation meets measurement."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.fit import fit
from lithostat.impedance.circuits.series import fit_series
from lithostat.impedance.laws.arrhenius import fit_arrhenius
from lithostat.impedance.laws.contact_memory import band, fit_memory, predicted
from lithostat.show.arrhenius_figure import arrhenius_figure
from lithostat.show.impedance_figure import impedance_figure
from lithostat.show.memory_figure import memory_figure
from lithostat.show.series_figure import series_figure
from lithostat.simulation.sensor import Instrument, sense
from lithostat.simulation.spectrum_at import spectrum_at


@pytest.fixture(scope="module")
def spectra(run):
    steps = []
    for verb, mpa in (("press", 5), ("press", 25), ("release", 8)):
        steps += [{verb: f"{mpa} MPa", "for": "5 min"}, {"measure_impedance": {"from": "1 MHz", "to": "0.1 Hz"}}]
    record = run(steps)
    measured = sense(record, Instrument(impedance_noise=3e-3), seed=2).spectra
    f = np.logspace(6, -1, 90)
    simulated = [spectrum_at(record, one.time, frequency=f, step=int(one.name.split()[1])) for one in record.spectra]
    return measured, simulated


def test_simulation_fit_and_measurement_meet(spectra, tmp_path):
    measured, simulated = spectra
    fits = [fit(one, "R0-p(R1,C1)") for one in measured]
    figure = impedance_figure(measured, fits=fits, simulated=simulated)
    nyquist, modulus, phase = figure.axes
    assert len(nyquist.lines) == len(modulus.lines) == len(phase.lines) == 9
    for k in range(3):
        points, fitted, broken = modulus.lines[3 * k : 3 * k + 3]
        assert len({to_rgb(line.get_color()) for line in (points, fitted, broken)}) == 1
        assert np.sort(points.get_ydata()) == pytest.approx(np.sort(np.abs(measured[k].impedance)))
        ohm = np.interp(1.0, broken.get_xdata(), broken.get_ydata())
        assert np.interp(1.0, fitted.get_xdata(), fitted.get_ydata()) == pytest.approx(ohm, rel=3e-3)
        assert phase.lines[3 * k + 2].get_ydata().max() > 0.0, "a capacitive cell points upwards"
    assert any("stretched" in text.get_text() for text in nyquist.texts)
    texts = [text.get_text() for text in nyquist.get_legend().get_texts()]
    assert texts == ["5 MPa, 5 min", "25 MPa, 10 min", "8 MPa, 15 min"]
    figure.savefig(tmp_path / "impedance.png")


def test_nothing_to_draw_is_refused():
    with pytest.raises(InputError, match="no spectrum to draw"):
        impedance_figure()


def test_memory_shows_points_law_and_band(tmp_path):
    pressure = 1e6 * np.array([1, 5, 10, 20, 25, 10, 5, 15])
    ohm = np.array([500.0, 110.0, 52.0, 36.0, 32.0, 42.0, 50.0, 37.0])
    for error in (None, 0.05 * ohm):
        memory = fit_memory(pressure, ohm, area=1.267e-4, error=error)
        figure = memory_figure(memory, "title")
        (axis,) = figure.axes
        assert len(axis.containers) == 2
        drawn = np.concatenate([box.lines[0].get_xdata() for box in axis.containers])
        assert sorted(drawn) == pytest.approx(sorted(pressure / 1e6))
        loading, released = (line for line in axis.lines if len(line.get_xdata()) == 120)
        x = loading.get_xdata() * 1e6
        assert loading.get_ydata() == pytest.approx(predicted(memory, x, x))
        x = released.get_xdata() * 1e6
        assert released.get_ydata() == pytest.approx(predicted(memory, x, 25e6))
        edge = axis.collections[0].get_paths()[0].vertices[:, 1]
        low, high = band(memory, loading.get_xdata() * 1e6, loading.get_xdata() * 1e6)
        assert (edge.min(), edge.max()) == (pytest.approx(low.min()), pytest.approx(high.max()))
        figure.savefig(tmp_path / "memory.png")


def test_pressing_alone_can_be_drawn(tmp_path):
    pressure, ohm = 1e6 * np.array([1, 5, 10, 20, 25]), np.array([500.0, 110.0, 52.0, 36.0, 32.0])
    figure = memory_figure(fit_memory(pressure, ohm, area=1.267e-4))
    assert len(figure.axes[0].containers) == 1
    figure.savefig(tmp_path / "pressing.png")


@pytest.mark.parametrize("noise", [1e-5, 0.0])
def test_the_error_of_an_activation_energy_is_never_a_row_of_zeros(noise):
    kelvin = np.array([253.15, 263.15, 273.15, 283.15, 293.15, 303.15])
    sigma = 0.28 * np.exp(-33.8e3 / 8.314462618 * (1.0 / kelvin - 1.0 / 298.15))
    sigma = sigma * (1.0 + noise * np.array([1.0, -1.0, 0.5, 1.0, -0.5, -1.0]))
    found = fit_arrhenius(kelvin, sigma)
    figure = arrhenius_figure(found)
    label = figure.axes[0].get_legend().get_texts()[0].get_text()
    said = float(label.split(" ± ")[1].split(" eV")[0]) if " ± " in label else 0.0
    assert said == pytest.approx(found.sigma.error / 96485.33212, rel=0.05)
    (top,) = figure.axes[0].child_axes
    assert [text.get_text() for text in top.get_xticklabels()] == [
        "-20 °C",
        "-10 °C",
        "0 °C",
        "10 °C",
        "20 °C",
        "30 °C",
    ]


def test_a_shared_value_is_drawn_with_its_number_and_no_offset():
    random = np.random.default_rng(4)
    f = np.geomspace(1e5, 0.1, 40)
    spectra = []
    for ohm in (50.0, 60.0, 70.0):
        z = 11.99 + ohm / (1.0 + 2j * np.pi * f * 1e-3)
        z = z * (1.0 + 1e-5 * (random.standard_normal(40) + 1j * random.standard_normal(40)))
        spectra.append(Spectrum(f, z))
    figure = series_figure(fit_series(spectra, "R0-p(R1,C1)", ties={"R0": "shared"}))
    figure.draw_without_rendering()
    shared, varied = figure.axes[:2]
    assert shared.yaxis.get_offset_text().get_text() == ""
    low, high = shared.get_ylim()
    assert low < 11.99 * 0.951
    assert high > 11.99 * 1.049
    assert varied.get_ylim()[1] - varied.get_ylim()[0] < 25.0, "what varies keeps its own range"


def test_arrhenius_shows_both_energies_and_the_bend(tmp_path):
    kelvin = np.linspace(253.15, 333.15, 9)
    fit_bent = fit_arrhenius(kelvin, 10.0 * np.exp(-600.0 / (kelvin - 160.0)))
    straight = 0.28 * np.exp(-33.8e3 / 8.314462618 * (1.0 / kelvin - 1.0 / 298.15))
    figure = arrhenius_figure({"liquid": fit_bent, "pellet": fit_arrhenius(kelvin, straight, error=0.03 * straight)})
    axis, below = figure.axes
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert len(labels) == 3
    assert any("0.350" in label and "0.375" in label for label in labels), "sigma and sigma T, named"
    assert any("VFT" in label and "160 K" in label for label in labels)
    bent = next(line for line in below.lines if len(line.get_xdata()) == 200)
    assert np.ptp(bent.get_ydata()) > 5.0
    figure.savefig(tmp_path / "arrhenius.png")
