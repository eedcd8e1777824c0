"""Transmission lines against a ladder of resistors solved node by node; values of zero; points that stay in a fit."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from random_circuits import TEXTS, random_case

from lithostat.engine import engine
from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import circuit
from lithostat.impedance.circuits.dc_limit import direct_current_resistance
from lithostat.impedance.circuits.fit import fit
from lithostat.impedance.circuits.jacobian import impedance_and_derivatives, logarithmic, natural
from lithostat.impedance.circuits.stray_points import kept

F = np.geomspace(1e6, 1e-2, 60)
S = 2j * np.pi * F
LINES = ("TL1", "TLB1", "TLS1")
TRUTH = {
    "TL1": {"TL1_Rion": 80.0, "TL1_Rel": 15.0, "TL1_Rct": 40.0, "TL1_Q": 2e-3, "TL1_n": 0.9},
    "TLB1": {"TLB1_Rion": 120.0, "TLB1_Rel": 10.0, "TLB1_Q": 5e-3, "TLB1_n": 0.92},
    "TLS1": {"TLS1_R": 90.0, "TLS1_Ro": 400.0, "TLS1_Q": 2e-3, "TLS1_n": 0.85},
}


def noisy(z: np.ndarray, level: float = 2e-3, seed: int = 0) -> Spectrum:
    random = np.random.default_rng(seed)
    return Spectrum(F, z * (1.0 + level * (random.standard_normal(60) + 1j * random.standard_normal(60))), name="cell")


def ladder(first: float, second: float, interface: np.ndarray, *, across: bool, cells: int = 800) -> np.ndarray:
    """Impedance of two rails of `cells` resistors each with the interface spread between their nodes, by solving for
    the potentials of all nodes. `across`: from the near end of the first rail to the far end of the second one; else
    along the first rail."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import splu

    found, n = [], cells + 1
    weight = np.full(n, 1.0 / cells)
    weight[[0, -1]] *= 0.5
    rail = np.arange(cells)
    for y_interface in 1.0 / interface:
        left = np.concatenate([rail, n + rail, np.arange(n)])
        right = np.concatenate([rail + 1, n + rail + 1, n + np.arange(n)])
        y = np.concatenate([np.full(cells, cells / first), np.full(cells, cells / second), weight * y_interface])
        rows = np.concatenate([left, right, left, right])
        columns = np.concatenate([left, right, right, left])
        matrix = coo_matrix((np.concatenate([y, y, -y, -y]), (rows, columns)), shape=(2 * n, 2 * n)).tocsc()
        end = 2 * n - 1 if across else cells
        keep = np.delete(np.arange(2 * n), end)  # that end is grounded
        current = np.zeros(2 * n, complex)
        current[0] = 1.0
        found.append(splu(matrix[keep][:, keep].tocsc().astype(complex)).solve(current[keep])[0])
    return np.array(found)


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_the_limit_of_a_ladder(name: str) -> None:
    values = list(TRUTH[name].values())
    some = slice(20, None, 4)  # up to 2e3 Hz: what is faster needs a finer ladder
    s = S[some]
    if name == "TL1":
        ion, electron, transfer, q, n = values
        solved = ladder(ion, electron, 1.0 / (1.0 / transfer + q * s**n), across=True)
    else:
        first, second, q, n = values
        solved = ladder(first, second, 1.0 / (q * s**n), across=name == "TLB1")
    z = circuit(name).impedance(F[some], TRUTH[name])
    np.testing.assert_allclose(z, solved, rtol=2e-4)


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_fitted(name: str) -> None:
    text, truth = f"R0-{name}", {"R0": 25.0} | TRUTH[name]
    found = fit(noisy(np.asarray(circuit(text).impedance(F, truth)), 1e-3), text)
    for key, value in truth.items():
        if not key.endswith("_n"):
            assert abs(np.log(found.values[key] / value)) < 4.0 * found.standard_errors[key] / value + 1e-3, key
    assert found.noise < 2e-3


@pytest.mark.parametrize("text", [*TEXTS, "R0-p(R1,CPE1)-RL1", "R0-ARC1", *(f"R0-{name}" for name in LINES)])
def test_derivatives_are_those_of_jax(text: str) -> None:
    chosen = circuit(text)
    logs = logarithmic(chosen)
    if text in TEXTS:
        _, truth, _ = random_case(TEXTS.index(text))
    else:
        typical = {"ohm": 30.0, "1": 0.8, "s": 0.1, "F": 1e-5, "S s^n": 1e-3}
        truth = {name: typical[unit] for name, unit in zip(chosen.names, chosen.units, strict=True)}
    values = chosen.array(truth)
    at = np.where(logs, np.log(np.where(logs, values, 1.0)), values)
    with engine():
        import jax.numpy as jnp

        def parts(coordinates: jax.Array) -> jax.Array:
            z = chosen.tree.impedance(jnp.asarray(2.0 * np.pi * F), natural(coordinates, logs, jnp)[:, None], jnp)
            return jnp.stack([z.real, z.imag], axis=-1)

        theirs = np.asarray(jax.jacfwd(parts)(jnp.asarray(at)))
    _, ours = impedance_and_derivatives(chosen, at[None], 2.0 * np.pi * F[None])
    np.testing.assert_allclose(ours[0], theirs, rtol=1e-8, atol=1e-9 * np.abs(theirs).max())


def test_a_resistance_can_be_fixed_at_zero() -> None:
    z = 200.0 / (1.0 + (S * 1e-4) ** 0.9)
    found = fit(noisy(z), "R0-p(R1,CPE1)", fixed={"R0": 0.0})
    assert found.values["R0"] == 0.0
    assert found.standard_errors["R0"] == 0.0
    assert found.values["R1"] == pytest.approx(200.0, rel=5e-3)
    with pytest.raises(InputError, match="cannot be fixed"):
        fit(noisy(z), "R0-p(R1,CPE1)", fixed={"CPE1_Q": 0.0})


def test_a_resistance_at_rest_that_the_sweep_does_not_reach_is_none() -> None:
    reached = fit(noisy(10.0 + 100.0 / (1.0 + S * 0.1)), "R0-p(R1,C1)")
    assert direct_current_resistance(reached) == pytest.approx((110.0, 0.1), abs=0.5)
    blocking = fit(noisy(10.0 + 1.0 / (1e-5 * S**0.9)), "R0-p(R1,CPE1)")
    assert direct_current_resistance(blocking) is None


def test_a_loop_takes_its_resistance_away_at_rest() -> None:
    z = 10.0 + 40.0 / (1.0 + (S * 1e-4) ** 0.9) - 15.0 / (1.0 + S * 1.5)
    limit = direct_current_resistance(fit(noisy(z), "R0-p(R1,CPE1)-RL1"))
    assert limit is not None
    assert abs(limit[0] - 35.0) < 4.0 * limit[1] < 1.0


def one_arc(scale: float, level: float) -> tuple[Spectrum, np.ndarray]:
    """A sweep whose four lowest points are off by up to `scale`, and which those are."""
    z = noisy(10.0 + 100.0 / (1.0 + (S * 0.5) ** 0.85), level).impedance.copy()
    off = np.zeros(60, bool)
    off[-4:] = True
    z[off] *= 1.0 + scale * np.array([0.1, -1.0, 0.6, 1.0])
    return Spectrum(F, z, name="cell"), off


def test_points_that_are_off_by_no_more_than_the_circuit_leaves_stay() -> None:
    spectrum, off = one_arc(0.014, level=4e-3)
    (mask,), said = kept([spectrum], [off], "R0-p(R1,CPE1)")
    assert mask.all()
    assert said == ()


def test_points_that_are_far_off_are_left_out_and_an_end_is_said() -> None:
    spectrum, off = one_arc(0.8, level=1e-3)
    (mask,), said = kept([spectrum], [off], "R0-p(R1,CPE1)")
    assert mask[~off].all()
    assert (~mask).sum() >= 2
    assert "an end of the sweep" in said[0]
    assert "--keep" in said[0]
    assert "would be" in said[0], "what they would change is told"
