"""The posterior of a fit: the first-order intervals where they hold, and the truth where they do not."""

import numpy as np
import pytest
from scipy import stats

from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import circuit
from lithostat.impedance.circuits.fit import fit
from lithostat.impedance.circuits.posterior import posterior

F = np.geomspace(1e6, 1e-2, 60)


def measured(text: str, truth: dict[str, float], noise: float, seed: int) -> Spectrum:
    z = np.asarray(circuit(text).impedance(F, truth))
    random = np.random.default_rng(seed)
    return Spectrum(F, z + noise * np.abs(z) * (random.standard_normal(60) + 1j * random.standard_normal(60)))


def test_where_the_misfit_is_a_parabola_the_posterior_is_the_fit() -> None:
    found = fit(measured("R0-p(R1,C1)", {"R0": 12.0, "R1": 80.0, "C1": 3e-6}, 3e-3, 1), "R0-p(R1,C1)")
    sampled = posterior(found)
    assert sampled.warnings == ()
    for k, (name, draws) in enumerate(sampled.draws.items()):
        sd = np.sqrt(found.covariance[k, k]) * np.sqrt(stats.t(found.degrees).var())
        apart = np.log(draws.ravel()) - found.coordinates[k]
        # 4000 draws, some correlated: mean to a tenth of a standard deviation, width to a tenth
        assert abs(apart.mean()) < 0.1 * sd, name
        assert apart.std() == pytest.approx(sd, rel=0.1)


def test_where_it_is_bent_the_fit_says_so_and_the_posterior_holds_the_truth() -> None:
    """An arc that hides in the shoulder of a blocked diffusion: first-order errors miss the truth by far."""
    text = "R0-p(R1,CPE1)-Wo1"
    truth = {"R0": 20.9, "R1": 38.6, "CPE1_Q": 2.916e-3, "CPE1_n": 0.83, "Wo1_R": 46.2, "Wo1_tau": 0.684}
    for seed in range(5):
        assert {"Wo1_R", "Wo1_tau"} <= set(fit(measured(text, truth, 8e-3, seed), text).bent)
    found = fit(measured(text, truth, 8e-3, 21), text)  # noise that drives the fit far along the valley
    assert abs(np.log(found.values["Wo1_R"] / truth["Wo1_R"])) > 5.0 * np.sqrt(found.covariance[4, 4])
    assert any("not to be believed" in said and "Wo1_R" in said for said in found.warnings)
    low, high = posterior(found).interval(0.99)["Wo1_R"]
    assert low < truth["Wo1_R"] < high
