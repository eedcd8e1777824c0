"""The life in closed steps against the closed form, the simulator, and differences for its gradient."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import hyp2f1

from lithostat import Cell, simulate
from lithostat.calibration.data import numbers_of
from lithostat.calibration.exposure import Exposure, exposure_of_protocol, exposure_of_record, steady
from lithostat.calibration.packed import pack_exposures
from lithostat.engine import engine
from lithostat.model.life import NUMBERS, log_life
from lithostat.model.parameters import Laws, parameters_of
from lithostat.papers.doux2020.published import cell, cycling

HOUR = 3600.0
NUMBERS_OF_PAPER = {name: numbers_of(cell())[name] for name in NUMBERS}


def life(exposure, numbers=NUMBERS_OF_PAPER, laws=None):
    segments, _, plated = pack_exposures([exposure])
    with engine():
        one = jax.tree.map(lambda column: column[0], segments)
        return float(jnp.exp(log_life(one, parameters_of(numbers), laws or Laws(), plated)))


def one_plating(pressure, current):
    return Exposure(
        np.array([np.inf]),
        np.array([pressure]),
        np.array([298.15]),
        np.array([[current, 0.0]]),
        np.array([current]),
        0.0,
        np.inf,
    )


def creep_constant(pressure):
    p = NUMBERS_OF_PAPER
    n, r = p["creep_exponent"], p["throat_radius"]
    heat = np.exp(-p["creep_activation_energy"] / 8.314462618 * (1 / 298.15 - 1 / p["creep_temperature"]))
    return r / (n + 3) * 3 ** ((n + 1) / 2) * p["creep_rate"] * heat * (pressure * r / 2 / p["creep_stress"]) ** n


def critical(pressure):
    return min(np.pi / 4 * (NUMBERS_OF_PAPER["toughness"] / pressure) ** 2, NUMBERS_OF_PAPER["thickness"])


@pytest.mark.parametrize("pressure", [2e6, 5e6, 10e6, 20e6, 25e6, 50e6, 75e6])
@pytest.mark.parametrize("current", [0.01, 0.75, 20.0])
def test_one_plating_lives_as_the_closed_form_says(pressure, current):
    n = NUMBERS_OF_PAPER["creep_exponent"]
    v = NUMBERS_OF_PAPER["focusing"] * current * NUMBERS_OF_PAPER["molar_volume"] / 96485.33212
    length = critical(pressure)
    argument = -(v / creep_constant(pressure)) * length**n
    exact = length / v * (1 - hyp2f1(1, 1 / n, 1 + 1 / n, argument))
    # ten nodes in each of three pieces; what is left of the closed form's own digits bounds it where creep rules
    assert life(one_plating(pressure, current)) == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("pressure", [10e6, 25e6, 75e6])
def test_a_hold_lives_as_creep_alone_says(pressure):
    n = NUMBERS_OF_PAPER["creep_exponent"]
    exact = critical(pressure) ** (n + 1) / ((n + 1) * creep_constant(pressure))
    assert life(steady(pressure, 0.0, fabrication=None)) == pytest.approx(exact, rel=1e-12)


RIVALS = [
    Laws(),
    Laws(growth="length_focusing"),
    Laws(growth="pressure_focusing"),
    Laws(entry="threshold"),
    Laws(failure="percolation"),
]


@pytest.mark.parametrize("laws", RIVALS, ids=lambda laws: "-".join(laws))
@pytest.mark.parametrize("pressure", ["25 MPa", "20 MPa", "10 MPa"])
def test_condensing_errs_by_less_than_a_half_cycle(laws, pressure):
    """Against the whole simulator with every half-cycle, for every law."""
    chosen = Cell.from_dict(cell().model_dump(mode="json") | {"laws": laws._asdict()}, si=True)
    record = simulate(chosen, cycling(pressure), samples=2)
    exposure = exposure_of_protocol(chosen, cycling(pressure))
    assert len(exposure.durations) <= 3
    assert record.outcome.kind == "short"
    assert abs(life(exposure, laws=laws) - record.outcome.time) < HOUR
    again = exposure_of_record(record)
    assert again.began == pytest.approx(exposure.began)
    assert abs(life(again, laws=laws) - record.outcome.time) < HOUR


def test_a_fall_of_the_limit_shorts_at_once():
    """Grown to 80 um at 10 MPa, a cell is short when the pressure rises to one whose limit is 20 um."""
    base = steady(10e6, 0.75, fabrication=None)
    durations, pressures = np.array([600.0, 200 * HOUR, np.inf]), np.array([10e6, 10e6, 40e6])
    rising = dataclasses.replace(
        base,
        durations=durations,
        pressures=pressures,
        temperatures=np.full(3, 298.15),
        plating=np.array([[0.0, 0.0], [0.375, 0.375], [0.375, 0.375]]),
        stripping=np.full(3, 0.75),
    )
    assert life(rising) == pytest.approx(durations[:2].sum(), rel=1e-12)


@pytest.mark.parametrize("laws", RIVALS[:3], ids=lambda laws: laws.growth)
def test_a_segment_cut_into_pieces_changes_nothing(laws):
    whole = [60.0, 600.0, 30 * HOUR, np.inf]
    plating = np.array([[0, 0], [0, 0], [0.3, 0.1], [0.5, 0.2]])
    pressures = np.array([25e6, 20e6, 20e6, 15e6])

    def made(durations, index):
        count = len(index)
        stripping = np.zeros(count)
        heat = np.full(count, 298.15)
        return Exposure(np.array(durations), pressures[index], heat, plating[index], stripping, 660.0, np.inf)

    cut = made([60.0, 600.0] + [3 * HOUR] * 10 + [np.inf], [0, 1] + [2] * 10 + [3])
    # through a scan and ten searched lengths instead of one, each good to the accuracy of the quadrature
    assert life(cut, laws=laws) == pytest.approx(life(made(whole, [0, 1, 2, 3]), laws=laws), rel=1e-7)


@pytest.mark.parametrize("laws", RIVALS, ids=lambda laws: "-".join(laws))
def test_the_gradient_is_that_of_differences(laws):
    exposures = [steady(pressure, 0.75) for pressure in (25e6, 15e6, 8e6)]
    exposures[0] = dataclasses.replace(
        exposures[0],
        durations=np.array([60.0, 600.0, 20 * HOUR, np.inf]),
        pressures=np.array([25e6, 20e6, 20e6, 25e6]),
        temperatures=np.full(4, 298.15),
        plating=np.array([[0, 0], [0, 0], [0.3, 0.3], [0.4, 0.4]]),
        stripping=np.zeros(4),
    )
    segments, _, plated = pack_exposures(exposures)
    names = ("toughness", "throat_radius", "focusing", "entry_pressure")

    def lives(x):
        numbers = NUMBERS_OF_PAPER | {name: jnp.exp(x[i]) for i, name in enumerate(names)}
        return jax.vmap(lambda one: log_life(one, parameters_of(numbers), laws, plated))(segments)

    with engine():
        x = jnp.log(jnp.array([NUMBERS_OF_PAPER[name] for name in names]))
        slopes = np.asarray(jax.jacrev(lives)(x))
        steps = 1e-5 * np.eye(len(names))
        differences = np.stack([(lives(x + h) - lives(x - h)) / 2e-5 for h in steps], axis=1)
    # the ends of the pieces are held fixed in the derivative: an error of the order of the quadrature's own
    assert np.allclose(slopes, differences, rtol=1e-5, atol=1e-5)


def test_a_cell_that_never_shorts_has_a_finite_gradient():
    """Below the entry pressure and without current nothing grows; the sampler must survive that."""
    segments, _, plated = pack_exposures([steady(2e6, 0.0, fabrication=None)])
    with engine():
        one = jax.tree.map(lambda column: jnp.asarray(column[0]), segments)
        numbers = NUMBERS_OF_PAPER | {"entry_pressure": 5e6}
        value, slope = jax.value_and_grad(
            lambda r: log_life(one, parameters_of(numbers | {"throat_radius": r}), Laws(entry="threshold"), plated)
        )(7e-7)
    assert float(np.asarray(value)) > 100.0
    assert np.isfinite(np.asarray(slope))
