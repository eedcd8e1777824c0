"""Distribution of relaxation times: known ones come back, the band covers them, peaks are those that are there."""

from __future__ import annotations

import numpy as np
import pytest
from known_distributions import DRT, PLACE, SMOOTH, TAU, F, bell, errors, published, spectrum, table, zarc

from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.relaxation.linear_model import linear
from lithostat.impedance.relaxation.relaxation_times import Relaxation, relaxation_times
from lithostat.impedance.validity.check import check

real = pytest.mark.skipif(not DRT.is_dir(), reason="no benchmark files beside the checkout (shared/data)")
S = 2j * np.pi * F


def arcs(*pairs: tuple[float, float], level: float = 0.005, seed: int = 0) -> Spectrum:
    z = 1.0 + sum(ohm / (1.0 + S * tau) for ohm, tau in pairs)
    random = np.random.default_rng(seed)
    return Spectrum(F, z + level * np.abs(z) * (random.standard_normal(81) + 1j * random.standard_normal(81)))


def test_sum_over_the_grid_is_the_integral() -> None:
    """A bell half as wide as an RC's own kernel, against a grid 17 times finer."""
    problem = linear(F, np.ones(81) + 0j, np.ones(81))
    gamma = bell(2.0, 1e-3, 0.5)
    coarse = problem.bare @ np.interp(np.log(problem.tau), PLACE, gamma)
    fine = (PLACE[1] - PLACE[0]) * (1.0 / (1.0 + S[:, None] * TAU)) @ gamma
    assert np.abs(coarse[:81] + 1j * coarse[81:] - fine).max() < 1e-4  # linear interpolation of the bell
    exact = 2.0 * np.exp(-0.5 * ((np.log(problem.tau) - np.log(1e-3)) / 0.5) ** 2) / (0.5 * np.sqrt(2.0 * np.pi))
    summed = problem.bare @ exact
    assert np.abs(summed[:81] + 1j * summed[81:] - fine).max() < 1e-12


LIMITS = {  # (relative L2, earth mover) at noise of 0.1 % and of 1 %: medians of three seeds, measured and rounded up
    "one arc": ((0.05, 0.025), (0.10, 0.14)),
    "two arcs": ((0.14, 0.035), (0.26, 0.12)),
    "three arcs": ((0.12, 0.03), (0.21, 0.10)),
    "small beside large": ((0.08, 0.03), (0.15, 0.12)),
    "close bells": ((0.13, 0.03), (0.22, 0.08)),
}


@pytest.fixture(scope="module")
def recovered() -> dict[tuple[str, float], list[Relaxation]]:
    return {
        (name, level): [relaxation_times(spectrum(gamma, level, seed)) for seed in range(3)]
        for name, gamma in SMOOTH.items()
        for level in (0.001, 0.01)
    }


@pytest.mark.parametrize("name", SMOOTH)
def test_known_distributions_come_back(name: str, recovered: dict) -> None:
    for level, (size, moved) in zip((0.001, 0.01), LIMITS[name], strict=True):
        wrong = np.median([errors(r.tau, r.gamma, TAU, SMOOTH[name], F) for r in recovered[name, level]], axis=0)
        assert wrong[0] < size
        assert wrong[1] < moved
        assert abs(wrong[2]) < 3.0 * level


def test_band_covers_as_often_as_it_says(recovered: dict) -> None:
    """Of all times in the window where gamma is above a hundredth of its maximum, over smooth gammas and seeds."""
    shares = []
    for (name, _), found in recovered.items():
        for r in found:
            true = np.interp(np.log(r.tau), PLACE, SMOOTH[name])[r.window]
            inside = (r.lower[r.window] < true) & (true < r.upper[r.window])
            shares.append(inside[true > 0.01 * true.max()].mean())
            assert np.all(r.lower <= r.gamma)
            assert np.all(r.gamma <= r.upper)
    assert 0.92 < np.mean(shares) < 0.995
    narrow = relaxation_times(spectrum(SMOOTH["two arcs"], 0.01, 0), level=0.5)
    wide = recovered["two arcs", 0.01][0]
    assert np.all(narrow.upper - narrow.lower < wide.upper - wide.lower)


def test_sums_come_back_with_honest_uncertainty(recovered: dict) -> None:
    pulls = []
    for (name, _), found in recovered.items():
        for r in found:
            true = np.interp(np.log(r.tau), PLACE, SMOOTH[name])[r.window].sum() * np.log(r.tau[1] / r.tau[0])
            pulls.append((r.polarisation[0] - true) / r.polarisation[1])
    assert np.mean(np.abs(pulls) < 2.0) > 0.9
    assert np.abs(np.median(pulls)) < 1.0


def test_two_capacitors_are_two_peaks_with_their_times_and_resistances() -> None:
    for seed in range(6):
        found = relaxation_times(arcs((1.0, 1e-3), (2.0, 3e-2), seed=seed))
        assert len(found.peaks) == 2
        for peak, (ohm, tau) in zip(found.peaks, ((1.0, 1e-3), (2.0, 3e-2)), strict=True):
            assert np.log(peak.tau / tau) == pytest.approx(0.0, abs=0.05)
            assert abs(peak.resistance - ohm) < 4.0 * peak.uncertainty
            assert peak.uncertainty < 0.05 * ohm
            assert not peak.open
            assert peak.capacitance == pytest.approx(tau / ohm, rel=0.1)


def test_one_arc_has_no_side_peaks() -> None:
    found = [relaxation_times(spectrum(SMOOTH["one arc"], 0.01, 100 + seed)) for seed in range(25)]
    assert sum(len(r.peaks) == 1 for r in found) >= 24
    places = [np.log(peak.tau / 1e-2) / peak.log_tau_uncertainty for r in found for peak in r.peaks[:1]]
    assert np.mean(np.abs(places) < 2.0) > 0.8


def test_scale_of_the_impedance_does_not_matter() -> None:
    small = spectrum(SMOOTH["two arcs"], 0.01, 3)
    large = Spectrum(F, 1e5 * small.impedance)
    one, other = relaxation_times(small), relaxation_times(large)
    assert other.gamma / 1e5 == pytest.approx(one.gamma, rel=0.02, abs=1e-3 * one.gamma.max())


def test_impedance_of_the_distribution_is_the_measured_one() -> None:
    seen = spectrum(SMOOTH["three arcs"], 0.001, 1)
    found = relaxation_times(seen)
    assert np.abs(found.impedance(F) / seen.impedance - 1.0).max() < 0.006
    assert 0.6 < found.misfit < 1.2
    assert found.series_resistance[0] == pytest.approx(1.0, abs=4.0 * found.series_resistance[1])


def test_stray_points_are_left_out() -> None:
    seen = spectrum(SMOOTH["two arcs"], 0.002, 4)
    z = seen.impedance.copy()
    z[40] *= 1.2
    found, clean = relaxation_times(Spectrum(F, z)), relaxation_times(seen)
    assert found.gamma == pytest.approx(clean.gamma, abs=0.05 * clean.gamma.max())
    assert any("off by" in note for note in found.notes)


def test_inductive_loop_asks_for_a_signed_distribution() -> None:
    truth = zarc(1.0, 1e-2, 0.8) - zarc(0.3, 1.0, 0.9)
    seen = spectrum(truth, 0.003, 5)
    held = check(seen)
    blind = relaxation_times(seen, held)
    assert any("signed=True" in note for note in blind.notes)
    signed = relaxation_times(seen, held, signed=True)
    assert not any("signed=True" in note for note in signed.notes)
    assert signed.gamma.min() < -0.5 * zarc(0.3, 1.0, 0.9).max()
    assert errors(signed.tau, signed.gamma, TAU, truth, F)[0] < 0.21
    assert [np.sign(peak.resistance) for peak in signed.peaks] == [1.0, -1.0]
    assert errors(blind.tau, blind.gamma, TAU, truth, F)[0] > 0.3


def test_open_ends_are_said() -> None:
    random = np.random.default_rng(6)
    noise = 0.002 * (random.standard_normal(81) + 1j * random.standard_normal(81))
    arc = 1.0 + 1.0 / (1.0 + (S * 1e-4) ** 0.9)
    warburg = relaxation_times(Spectrum(F, (arc + 0.5 / np.sqrt(S)) * (1.0 + noise)))
    assert warburg.open_low
    assert not warburg.open_high
    assert any("runs off the window at low frequency" in note for note in warburg.notes)
    total = next(finding for finding in warburg.findings() if finding.name == "polarisation resistance")
    assert total.value is None
    blocked = relaxation_times(Spectrum(F, (arc + 1.0 / (2e-3 * S)) * (1.0 + noise)))
    assert blocked.blocking is not None
    assert blocked.blocking.exponent == pytest.approx(1.0, abs=0.01)
    assert blocked.blocking.inverse_charge == pytest.approx(500.0, rel=0.05)
    assert blocked.peaks[0].tau == pytest.approx(1e-4, rel=0.2)
    fast = relaxation_times(Spectrum(F, (1.0 + 5.0 / (1.0 + (S * 1e-7) ** 0.8)) * (1.0 + noise)))
    assert fast.open_high


@real
@pytest.mark.parametrize(
    ("name", "truth", "size", "moved"),
    [
        ("ZARC_uniform_1.0", "ZARC", 0.05, 0.10),
        ("2ZARC_uniform_1.0", "2ZARC", 0.22, 0.11),
        ("Gerischer_uniform_1.0", "Gerischer", 0.58, 0.17),
        ("ZARC_noiseless", "ZARC", 0.015, 0.004),
        ("2ZARC_noiseless", "2ZARC", 0.015, 0.004),
        ("Gerischer_noiseless", "Gerischer", 0.42, 0.12),
        ("ECM_LIB", "LIB_ECM", 0.20, 0.04),
        ("ECM_PDAC", "PDAC_ECM", 0.15, 0.05),
        ("ECM-ger_PDAC", "PDAC_ECM-ger", 0.29, 0.03),
    ],
)
def test_published_benchmark(name: str, truth: str, size: float, moved: float) -> None:
    """Against the distributions of the bayes-drt benchmark (Huang et al. 2021); the bounds are what was measured."""
    seen, true = published(f"Z_{name}.csv"), table(f"gamma_{truth}.csv")
    found = relaxation_times(seen)
    wrong = errors(found.tau, found.gamma, true["tau"], true["gamma"], seen.frequency)
    assert wrong[0] < size
    assert wrong[1] < moved


@real
@pytest.mark.parametrize("noise", ["noiseless", "uniform_1.0"])
def test_published_resistors_and_capacitors(noise: str) -> None:
    one = relaxation_times(published(f"Z_RC_{noise}.csv"))
    assert [peak.tau for peak in one.peaks] == pytest.approx([1e-2], rel=0.06)
    assert [peak.resistance for peak in one.peaks] == pytest.approx([1.0], rel=0.01)
    two = relaxation_times(published(f"Z_2RC_{noise}.csv"))
    assert [peak.tau for peak in two.peaks] == pytest.approx([1e-3, 1e-2], rel=0.06)
    assert [peak.resistance for peak in two.peaks] == pytest.approx([1.0, 1.0], rel=0.03)


@real
@pytest.mark.parametrize(("noise", "size"), [("noiseless", 0.08), ("uniform_1.0", 0.23)])
def test_published_inductive_loop(noise: str, size: float) -> None:
    seen, true = published(f"Z_ZARC-RL_{noise}.csv"), table("gamma_ZARC-RL.csv")
    found = relaxation_times(seen, signed=True)
    assert errors(found.tau, found.gamma, true["tau"], true["gamma"], seen.frequency)[0] < size
