"""The resistance of the electrolyte without a circuit: the first foot from high frequency; sweeps with known truth."""

from __future__ import annotations

import numpy as np
import pytest

from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.validity.foot import first_foot

F = np.geomspace(1e7, 0.1, 90)
S = 2j * np.pi * F
CM2, MM = 1e-4, 1e-3


def arc(ohm: float, farad: float, n: float = 1.0) -> np.ndarray:
    return np.asarray(ohm / (1.0 + (S * ohm * farad) ** n))


def sweep(z: np.ndarray, noise: float = 1e-3, seed: int = 0) -> Spectrum:
    random = np.random.default_rng(seed)
    return Spectrum(F, z * (1.0 + noise * (random.standard_normal(90) + 1j * random.standard_normal(90))))


TAIL = 1.0 / (1e-6 * S**0.9)
CASES = {  # (sweep, resistance of the electrolyte)
    "the arc beyond the window": (50.0 + TAIL, 50.0),
    "its right flank in the window": (arc(500.0, 2e-11) + TAIL, 500.0),
    "all of it in the window": (arc(5e4, 2e-11) + TAIL, 5e4),
    "leads above it": (30.0 + 1e-6 * S + 1.0 / (1e-5 * S), 30.0),
    "lithium electrodes": (40.0 + arc(200.0, 1e-6, 0.9), 40.0),
    "bulk in the window and lithium electrodes": (arc(900.0, 5e-10, 0.95) + arc(100.0, 2e-5, 0.9), 900.0),
    "grain boundaries count": (arc(2e4, 2e-11) + arc(2e4, 2e-9, 0.95) + arc(3e4, 1e-6, 0.9), 4e4),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(3))
def test_the_first_foot_is_the_electrolyte(name: str, seed: int) -> None:
    z, ohm = CASES[name]
    foot = first_foot(sweep(z, seed=seed), thickness=MM, area=CM2)
    assert foot.resistance is not None
    assert foot.error is not None
    assert foot.resistance == pytest.approx(ohm, rel=0.05), foot
    assert abs(foot.resistance - ohm) < 4.0 * foot.error, foot
    assert foot.finding.value == foot.resistance


def test_the_lowest_point_of_the_whole_sweep_is_another_thing() -> None:
    z, ohm = CASES["bulk in the window and lithium electrodes"]
    spectrum = sweep(z)
    lowest = spectrum.impedance.real[np.argmin(np.abs(spectrum.impedance.imag[:-1]))]
    assert lowest > 1.05 * ohm
    assert first_foot(spectrum).resistance == pytest.approx(ohm, rel=0.05)


def test_between_blocking_electrodes_the_last_foot_counts() -> None:
    spectrum = sweep(arc(2e4, 2e-11) + arc(3e4, 4e-8, 0.95) + 0.01 * TAIL)
    assert first_foot(spectrum).resistance == pytest.approx(2e4, rel=0.05)
    assert first_foot(spectrum, blocking=True).resistance == pytest.approx(5e4, rel=0.05)


@pytest.mark.parametrize(
    "z",
    [
        pytest.param(1.0 + TAIL, id="only the electrodes"),
        pytest.param(arc(1e12, 2e-11), id="only the left flank of the arc"),
        pytest.param(arc(1e3, 1e-5, 0.9) + 1.0 / (1e-2 * S**0.5), id="an arc of an interface first"),
        pytest.param(np.full(90, np.nan + 0j), id="no numbers"),
    ],
)
def test_where_there_is_no_foot_there_is_no_number(z: np.ndarray) -> None:
    low = F < 2e4  # without the high frequencies
    spectrum = Spectrum(F[low], z[low])
    foot = first_foot(spectrum)
    assert foot.resistance is None
    assert foot.kind == "not in the window"
    assert foot.finding.value is None
    assert foot.why in foot.finding.evidence


def test_order_and_single_odd_points_do_not_matter() -> None:
    spectrum = sweep(CASES["its right flank in the window"][0])
    z = spectrum.impedance.copy()
    z[40] *= 1.5
    turned = Spectrum(spectrum.frequency[::-1], spectrum.impedance[::-1])
    assert first_foot(turned) == first_foot(spectrum)
    assert first_foot(Spectrum(F, z)).resistance == pytest.approx(500.0, rel=0.05)
