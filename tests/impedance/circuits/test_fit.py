"""Fits of one spectrum: exact, against SciPy, against the truth of many random circuits, and on real circuits."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from random_circuits import TEXTS, random_case
from scipy import optimize, stats

from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import circuit
from lithostat.impedance.circuits.fit import Fit, fit, fit_each
from lithostat.impedance.circuits.jacobian import impedance_and_derivatives, logarithmic
from lithostat.reading.read import read

DATA = Path(__file__).parents[4] / "shared" / "data"
EIS = DATA / "05_EIS_circuits_and_instruments"
CAMPAIGN = bool(os.environ.get("LITHOSTAT_CAMPAIGN"))
CASES = 1000 if CAMPAIGN else 75
ARC = "R0-p(R1,CPE1)"
F = np.geomspace(1e6, 1e-1, 50)


def spectrum(text: str, truth: dict[str, float], noise: float = 0.0, seed: int = 0) -> Spectrum:
    z = np.asarray(circuit(text).impedance(F, truth))
    random = np.random.default_rng(seed)
    parts = random.standard_normal(len(F)) + 1j * random.standard_normal(len(F))
    return Spectrum(F, z + noise * np.abs(z) * parts)


TRUTH = {"R0": 12.0, "R1": 80.0, "CPE1_Q": 3e-6, "CPE1_n": 0.87}


@pytest.mark.parametrize("text", TEXTS)
def test_derivatives_are_those_of_the_impedance(text: str) -> None:
    _, truth, case = random_case(TEXTS.index(text))
    chosen = circuit(text)
    logs = logarithmic(chosen)
    values = chosen.array(truth)
    at = np.where(logs, np.log(np.where(logs, values, 1.0)), values)
    omega = 2.0 * np.pi * case.frequency
    parts, slopes = impedance_and_derivatives(chosen, at[None], omega[None])
    np.testing.assert_allclose(
        parts[0, :, 0] + 1j * parts[0, :, 1], chosen.impedance(case.frequency, truth), rtol=1e-12
    )
    for k in range(len(at)):
        step = np.zeros(len(at))
        step[k] = 1e-5
        up, _ = impedance_and_derivatives(chosen, (at + step)[None], omega[None])
        down, _ = impedance_and_derivatives(chosen, (at - step)[None], omega[None])
        np.testing.assert_allclose((up - down) / 2e-5, slopes[..., k], atol=1e-6 * np.abs(slopes[..., k]).max())


@pytest.mark.parametrize("text", TEXTS)
def test_without_noise_the_truth_comes_back(text: str) -> None:
    _, truth, case = random_case(TEXTS.index(text))
    exact = Spectrum(case.frequency, np.asarray(circuit(text).impedance(case.frequency, truth)))
    found = fit(exact, text)
    assert found.values == pytest.approx(truth, rel=1e-5)
    assert found.noise < 1e-7


def test_the_minimum_and_the_covariance_are_scipys() -> None:
    case = spectrum(ARC, TRUTH, noise=5e-3)
    found = fit(case, ARC)
    modulus = np.abs(found.impedance())

    def rest(x: np.ndarray) -> np.ndarray:
        values = {"R0": np.exp(x[0]), "R1": np.exp(x[1]), "CPE1_Q": np.exp(x[2]), "CPE1_n": x[3]}
        apart = (circuit(ARC).impedance(case.frequency, values) - found.spectrum.impedance) / modulus
        return np.concatenate([apart.real, apart.imag])

    order = np.argsort(-case.frequency)
    assert np.array_equal(case.frequency[order], found.spectrum.frequency)
    peer = optimize.least_squares(rest, found.coordinates + 0.05, x_scale="jac", xtol=1e-14, ftol=1e-14, gtol=1e-14)
    np.testing.assert_allclose(found.coordinates, peer.x, rtol=1e-6)
    covariance = np.linalg.inv(peer.jac.T @ peer.jac) * 2.0 * peer.cost / (2 * len(F) - 4)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-3)


def pulls(found: Fit, truth: dict[str, float]) -> tuple[np.ndarray, float]:
    """(distance from the truth in standard errors, squared distance in the metric of the covariance)."""
    logs = logarithmic(found.circuit)
    values = found.circuit.array(truth)
    apart = found.coordinates - np.where(logs, np.log(np.where(logs, values, 1.0)), values)
    return apart / np.sqrt(np.diag(found.covariance)), float(apart @ np.linalg.solve(found.covariance, apart))


def test_random_circuits_come_back_within_their_errors() -> None:
    """Of 1000 (in the campaign) at least 99 % converge, within three standard errors; 68 % intervals hold 63 to 73 %.

    'Within three' is taken jointly: the distance in the metric of the covariance is below what 99.73 % of noise stays
    below. The fewer cases of an everyday run are held to what 1000 with those shares allow at one in a thousand.
    """
    joint, single, held, converged = [], [], [], []
    for seed in range(CASES):
        text, truth, case = random_case(seed)
        found = fit(case, text)
        away, squared = pulls(found, truth)
        model = np.asarray(found.circuit.impedance(found.spectrum.frequency, truth))
        at_truth = (np.abs((found.spectrum.impedance - model) / np.abs(model)) ** 2).sum()
        converged.append((np.abs(found.residuals) ** 2).sum() <= 1.001 * at_truth)
        size = len(truth)
        joint.append(squared <= size * stats.f.ppf(0.9973, size, found.degrees))
        single += (np.abs(away) <= 3.0).tolist()
        interval = found.interval(0.68)
        held += [low <= truth[name] <= high for name, (low, high) in interval.items()]
    print(f"converged {np.mean(converged):.4f}, jointly {np.mean(joint):.4f}, singly {np.mean(single):.4f}, ", end="")
    print(f"68 % intervals hold {np.mean(held):.4f} of {len(held)}")
    few = 0 if CAMPAIGN else stats.binom.ppf(0.999, CASES, 0.01) / CASES - 0.01
    wide = 0 if CAMPAIGN else 3.1 * np.sqrt(0.68 * 0.32 / (len(held) / 2.0))  # values of one fit go together
    assert np.mean(converged) >= 0.99 - few
    assert np.mean(joint) >= 0.99 - few
    assert np.mean(single) >= 0.99 - (0 if CAMPAIGN else stats.binom.ppf(0.999, len(single), 0.01) / len(single) - 0.01)
    assert 0.63 - wide <= np.mean(held) <= 0.73 + wide


PUBLISHED = {"Circuit1": (29.1, 46.7), "Circuit2": (150.0, 502.0), "Circuit3": (1510.0, 4630.0)}


@pytest.mark.skipif(not EIS.is_dir(), reason="no measured files beside the checkout (shared/data)")
@pytest.mark.parametrize("name", PUBLISHED)
def test_real_circuits_have_their_published_resistances_and_repeat(name: str) -> None:
    both = fit_each([read(EIS / f"{name}_EIS_{k}.z").spectra[0] for k in (1, 2)], "R0-p(R1,C1)")
    for found in both:
        assert (found.values["R0"], found.values["R1"]) == pytest.approx(PUBLISHED[name], rel=0.02)
    first, second = (found.values for found in both)
    assert first == pytest.approx(second, rel=0.01)


def test_arcs_come_fast_before_slow_whatever_the_start() -> None:
    text = "R0-p(R1,C1)-p(R2,C2)"
    truth = {"R0": 5.0, "R1": 10.0, "C1": 1e-6, "R2": 30.0, "C2": 1e-2}
    swapped = {"R0": 5.0, "R1": 30.0, "C1": 1e-2, "R2": 10.0, "C2": 1e-6}
    case = spectrum(text, truth, noise=1e-3)
    for start in (truth, swapped):
        assert fit(case, text, start=start).values == pytest.approx(truth, rel=0.01)


def test_a_fixed_value_stays_and_has_no_error() -> None:
    found = fit(spectrum(ARC, TRUTH, noise=1e-3), ARC, fixed={"R0": 12.0})
    assert found.values["R0"] == pytest.approx(12.0, rel=1e-14)
    assert found.standard_errors["R0"] == 0.0
    assert found.degrees == 2 * len(F) - 3


def test_a_value_that_a_bound_holds_has_no_error_and_is_named() -> None:
    """Noise wants the exponent of a capacitor above 1 in about half of the spectra."""
    all_found = [fit(spectrum(ARC, TRUTH | {"CPE1_n": 1.0}, noise=5e-3, seed=seed), ARC) for seed in range(12)]
    held = [found for found in all_found if found.at_bound]
    assert 1 <= len(held) <= 11
    for found in held:
        assert found.at_bound == ("CPE1_n",)
        assert np.isnan(found.standard_errors["CPE1_n"])
        assert np.isfinite(found.standard_errors["R1"])
        assert any("held by a bound" in said and "CPE1_n" in said for said in found.warnings)


def test_a_value_that_the_spectrum_does_not_determine_is_named() -> None:
    text = "R0-p(R1,CPE1)-p(R2,CPE2)"
    found = fit(spectrum(ARC, TRUTH, noise=5e-3), text)
    assert any("not determined" in said or "held by a bound" in said for said in found.warnings)


def test_a_circuit_that_leaves_something_over_says_so() -> None:
    two = {"R0": 5.0, "R1": 10.0, "C1": 1e-6, "R2": 30.0, "C2": 1e-2}
    found = fit(spectrum("R0-p(R1,C1)-p(R2,C2)", two, noise=1e-3), "R0-p(R1,CPE1)")
    assert any("over that is not noise" in said for said in found.warnings)
    right = fit(spectrum("R0-p(R1,C1)-p(R2,C2)", two, noise=1e-3), "R0-p(R1,C1)-p(R2,C2)")
    assert right.warnings == ()


def test_weightings_agree_on_exact_data_and_unknown_ones_are_refused() -> None:
    case = spectrum(ARC, TRUTH)
    for weighting in ("modulus", "parts", "unit"):
        assert fit(case, ARC, weighting=weighting).values == pytest.approx(TRUTH, rel=1e-5)
    with pytest.raises(InputError, match="did you mean 'modulus'"):
        fit(case, ARC, weighting="modulos")


@pytest.mark.parametrize(
    ("frequency", "impedance", "says"),
    [
        (F[:3], np.full(3, 1 - 1j), "point"),
        (F, np.where(F[7] == F, np.nan, 1.0 - 1j), "(?i)nan|number"),
        (np.where(F[7] == F, F[8], F), (1.0 - 1j) * np.arange(1, 51), "(?i)other values"),
        (-F, np.full(50, 1 - 1j) / F, "(?i)positive|above"),
        (F, 5.0 + 1j * F * 1e-6, "(?i)sign|capacit"),
        (F[:-1], np.full(50, 1 - 1j), "(?i)length|49"),
    ],
)
def test_bad_spectra_are_refused_with_a_sentence(frequency: np.ndarray, impedance: np.ndarray, says: str) -> None:
    with pytest.raises(InputError, match=says):
        fit(Spectrum(frequency, impedance), ARC)


def test_more_values_than_points_are_refused() -> None:
    case = spectrum(ARC, TRUTH)
    with pytest.raises(InputError, match="points"):
        fit(Spectrum(F[::7], case.impedance[::7]), "R0-p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)-p(R4,CPE4)-p(R5,CPE5)")


def test_unsorted_frequencies_are_sorted_and_reported() -> None:
    case = spectrum(ARC, TRUTH)
    shuffled = np.random.default_rng(0).permutation(len(F))
    found = fit(Spectrum(F[shuffled], case.impedance[shuffled]), ARC)
    assert found.values == pytest.approx(TRUTH, rel=1e-5)
    assert any("sorted" in said for said in found.warnings)


def test_a_fit_is_repeatable() -> None:
    case = spectrum(ARC, TRUTH, noise=5e-3)
    assert fit(case, ARC).values == fit(case, ARC).values
