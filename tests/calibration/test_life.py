"""The life in closed steps against the closed form, the simulator, and differences for its gradient."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import hyp2f1

from lithostat import Cell, Protocol, simulate
from lithostat.calibration.data import numbers_of
from lithostat.calibration.exposure import Exposure, exposure_of_protocol, exposure_of_record, steady
from lithostat.calibration.packed import pack_exposures
from lithostat.engine import engine
from lithostat.model.life import NUMBERS, history, log_life
from lithostat.model.parameters import parameters_of
from lithostat.model.resolve import laws_of
from lithostat.model.segments import ENDLESS
from lithostat.papers.doux2020.published import cell, cycling
from lithostat.simulation.integrate import Tolerance

HOUR = 3600.0
ENOUGH = Tolerance(1e-6, 1e-9, 1e-7)
CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"


def under(law):
    return Cell.from_dict(cell().model_dump(mode="json") | {"laws": {"named": law}}, si=True)


FIRST = laws_of(under("first"))
NUMBERS_OF_PAPER = {name: numbers_of(under("first"))[name] for name in NUMBERS}


def life(exposure, numbers=NUMBERS_OF_PAPER, laws=None):
    segments, plated = pack_exposures([exposure])
    with engine():
        one = jax.tree.map(lambda column: jnp.asarray(column[0]), segments)
        return float(jnp.exp(log_time(one, numbers, laws or FIRST, plated)))


def log_time(segments, numbers, laws, plated):
    p = parameters_of(numbers)
    return log_life(segments, history(segments, p, laws, plated), p, laws, plated)


def exposed(durations, pressures, plating, turns, periods, second=None):
    count = len(durations)
    columns = (np.asarray(column, float) for column in (durations, pressures, np.full(count, 298.15), np.zeros(count)))
    begin = np.zeros(count) if second is None else np.asarray(second, float)
    trains = (np.asarray(column, float) for column in (plating, turns, periods))
    return Exposure(*columns, *trains, begin, 0.0, np.inf)


def one_plating(pressure, current):
    return exposed([np.inf], [pressure], [[current, 0.0]], [[ENDLESS, 0.0]], [ENDLESS])


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


@pytest.mark.parametrize("pressure", [5e6, 25e6])
@pytest.mark.parametrize("current", [0.75, 20.0])
def test_one_plating_beyond_what_crept_in_lives_as_the_sum_says(pressure, current):
    """Additive: ((n+1) K t)^(1/(n+1)) + g j Omega t / F = limit, solved by bisection."""
    p = numbers_of(under("retraction"))
    n, r = p["creep_exponent"], p["throat_radius"]
    heat = np.exp(-p["creep_activation_energy"] / 8.314462618 * (1 / 298.15 - 1 / p["creep_temperature"]))
    creep = r / (n + 3) * 3 ** ((n + 1) / 2) * p["creep_rate"] * heat * (pressure * r / 2 / p["creep_stress"]) ** n
    tip = p["focusing"] * current * p["molar_volume"] / 96485.33212
    limit = min(np.pi / 4 * (p["toughness"] / pressure) ** 2, p["thickness"])
    exact = brentq(
        lambda t: ((n + 1) * creep * t) ** (1 / (n + 1)) + tip * t - limit, 1e-3, 1e12, xtol=1e-6, rtol=1e-12
    )
    assert life(one_plating(pressure, current), p, laws_of(under("retraction"))) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("pressure", [10e6, 25e6, 75e6])
def test_a_hold_lives_as_creep_alone_says(pressure):
    n = NUMBERS_OF_PAPER["creep_exponent"]
    exact = critical(pressure) ** (n + 1) / ((n + 1) * creep_constant(pressure))
    assert life(steady(pressure, 0.0, fabrication=None)) == pytest.approx(exact, rel=1e-12)


RIVALS = [
    FIRST,
    FIRST._replace(growth="length_focusing"),
    FIRST._replace(growth="pressure_focusing"),
    FIRST._replace(entry="threshold"),
    FIRST._replace(failure="percolation"),
]


@pytest.mark.parametrize("laws", RIVALS, ids=lambda laws: "-".join(laws))
@pytest.mark.parametrize("pressure", ["25 MPa", "20 MPa", "10 MPa"])
def test_condensing_errs_by_less_than_a_half_cycle(laws, pressure):
    """Against the whole simulator with every half-cycle, for every law."""
    said = cell().model_dump(mode="json") | {"laws": {"named": "first"} | laws._asdict()}
    chosen = Cell.from_dict(said, si=True)
    record = simulate(chosen, cycling(pressure), samples=2)
    exposure = exposure_of_protocol(chosen, cycling(pressure))
    assert len(exposure.durations) <= 3
    assert record.outcome.kind == "short"
    assert abs(life(exposure, laws=laws) - record.outcome.time) < HOUR
    again = exposure_of_record(record)
    assert again.began == pytest.approx(exposure.began)
    assert abs(life(again, laws=laws) - record.outcome.time) < HOUR


@pytest.mark.parametrize("law", ["retraction", "delayed_fracture"])
@pytest.mark.parametrize("pressure", ["25 MPa", "10 MPa", "3 MPa"])
@pytest.mark.parametrize(("current", "half"), [(0.075, "1 h"), (0.5, "30 min")])
def test_lives_half_cycle_by_half_cycle_are_those_of_the_simulator(law, pressure, current, half):
    """Retraction, and voids that crowd what is plated: within a cycle or 3 %, whichever is more."""
    turn = [{verb: f"{current} mA/cm2", "for": half} for verb in ("plate", "strip")]
    steps = (
        [{"press": "25 MPa", "for": "1 min"}, {"release": pressure, "for": "10 min"}] if pressure != "25 MPa" else []
    )
    steps = steps or [{"press": "25 MPa", "for": "11 min"}]
    steps = [*steps, {"repeat": 700, "steps": turn}]
    protocol = Protocol.from_dict({"steps": steps, "temperature": "25 degC", "after_short": "0 s"})
    chosen = under(law)
    record = simulate(chosen, protocol, samples=1, tolerance=ENOUGH)
    found = life(exposure_of_protocol(chosen, protocol), numbers_of(chosen), laws_of(chosen))
    if record.outcome.kind == "short":
        cycle = 2 * HOUR if half == "1 h" else HOUR
        assert abs(found - record.outcome.time) < max(cycle, 0.03 * record.outcome.time)
    else:
        assert record.outcome.kind == "survived"
        assert found > 0.97 * record.outcome.time


def test_a_fall_of_the_limit_shorts_at_once():
    """Grown to 80 um at 10 MPa, a cell is short when the pressure rises to one whose limit is 20 um."""
    durations = [600.0, 200 * HOUR, np.inf]
    plating, turns = [[0, 0], [0.75, 0.75], [0.75, 0.75]], [[0, 0], [HOUR, HOUR], [HOUR, HOUR]]
    rising = exposed(durations, [10e6, 10e6, 40e6], plating, turns, [600.0, 2 * HOUR, 2 * HOUR])
    assert life(rising) == pytest.approx(sum(durations[:2]), rel=1e-12)


@pytest.mark.parametrize("laws", RIVALS[:3], ids=lambda laws: laws.growth)
def test_a_segment_cut_into_pieces_changes_nothing(laws):
    plating, turns = [[0, 0], [0, 0], [0.6, 0.2], [1.0, 0.4]], [[0, 0], [0, 0], [HOUR, HOUR], [HOUR, HOUR]]
    periods, pressures = [60.0, 600.0, 2 * HOUR, 2 * HOUR], np.array([25e6, 20e6, 20e6, 15e6])

    def made(durations, index):
        columns = (np.array(column, float)[index] for column in (plating, turns, periods))
        return exposed(durations, pressures[index], *columns)

    cut = made([60.0, 600.0] + [4 * HOUR] * 10 + [np.inf], [0, 1] + [2] * 10 + [3])
    whole = made([60.0, 600.0, 40 * HOUR, np.inf], [0, 1, 2, 3])
    # through a scan and ten searched lengths instead of one, each good to the accuracy of the quadrature
    assert life(cut, laws=laws) == pytest.approx(life(whole, laws=laws), rel=1e-5)


def random_exposure(rng):
    """Presses, rests, trains, lone and endless half-cycles in any order; what goes on is any of these."""
    count = 8  # through a scan, which is quick to compile
    durations = 10.0 ** rng.uniform(1.0, 5.5, count)
    plating, turns, periods = np.zeros((count, 2)), np.zeros((count, 2)), durations.copy()
    for i in range(count):
        kind = rng.choice(["rest", "train", "one half", "one way"])
        current = 10.0 ** rng.uniform(-1.5, 1.5, 2)
        if kind == "train":
            halves = 10.0 ** rng.uniform(1.5, 4.5, 2)
            plating[i], turns[i] = current, halves
            periods[i] = halves.sum() * rng.choice([1.0, 1.3])
            durations[i] = periods[i] * int(rng.integers(1, 40))
        elif kind != "rest":
            side = int(rng.integers(2))
            plating[i, side], turns[i, side] = current[0], durations[i]
    durations[-1] = np.inf
    if (turns[-1] > 0.0).sum() < 2:
        turns[-1] = np.where(turns[-1] > 0.0, ENDLESS, 0.0)
        periods[-1] = ENDLESS
    pressures = 1e6 * 10.0 ** rng.uniform(-1.0, 1.9, count)
    return exposed(durations, pressures, plating, turns, periods, rng.integers(0, 2, count))


NAMES = ("toughness", "throat_radius", "focusing", "stripping_current", "void_height", "flaw_size")


@pytest.mark.parametrize("law", ["first", "retraction", "delayed_fracture"] if CAMPAIGN else ["retraction"])
def test_every_exposure_has_a_finite_gradient_and_it_is_that_of_differences(law):
    """Endless half-cycles and rests, voids and retraction among them; steps in a life are left out, not loosened."""
    rng = np.random.default_rng(7)
    numbers, laws = numbers_of(under(law)), laws_of(under(law))
    names = [name for name in NAMES if np.isfinite(numbers[name])]
    segments, plated = pack_exposures([random_exposure(rng) for _ in range(500 if CAMPAIGN else 60)])

    def lives(x):
        own = numbers | {name: jnp.exp(x[i]) for i, name in enumerate(names)}
        return jax.vmap(lambda one: log_time(one, own, laws, plated))(segments)

    with engine():
        segments = jax.tree.map(jnp.asarray, segments)
        x = jnp.log(jnp.array([numbers[name] for name in names]))
        run, steps = jax.jit(lives), 1e-5 * np.eye(len(names))
        slopes, middle = np.asarray(jax.jit(jax.jacrev(lives))(x)), np.asarray(run(x))
        up, down = (np.stack([np.asarray(run(x + sign * h)) for h in steps], axis=1) for sign in (1.0, -1.0))
    assert np.all(np.isfinite(middle))
    assert np.all(np.isfinite(slopes))
    right, left = (up - middle[:, None]) / 1e-5, (middle[:, None] - down) / 1e-5
    smooth = np.abs(right - left) < 1e-3 * (1.0 + np.abs(right))  # no step of the life lies between
    assert smooth.mean() > 0.9
    error = np.abs(slopes - 0.5 * (right + left)) / (1.0 + np.abs(slopes))
    assert np.max(error[smooth]) < 1e-3


@pytest.mark.parametrize("laws", RIVALS, ids=lambda laws: "-".join(laws))
def test_the_gradient_is_that_of_differences(laws):
    risen = exposed(
        [60.0, 600.0, 20 * HOUR, np.inf],
        [25e6, 20e6, 20e6, 25e6],
        [[0, 0], [0, 0], [0.6, 0.6], [0.8, 0.8]],
        [[0, 0], [0, 0], [HOUR, HOUR], [HOUR, HOUR]],
        [60.0, 600.0, 2 * HOUR, 2 * HOUR],
    )
    segments, plated = pack_exposures([risen, *(steady(pressure, 0.75) for pressure in (15e6, 8e6))])
    names = ("toughness", "throat_radius", "focusing", "entry_pressure")

    def lives(x):
        numbers = NUMBERS_OF_PAPER | {name: jnp.exp(x[i]) for i, name in enumerate(names)}
        return jax.vmap(lambda one: log_time(one, numbers, laws, plated))(segments)

    with engine():
        segments = jax.tree.map(jnp.asarray, segments)
        x, run = jnp.log(jnp.array([NUMBERS_OF_PAPER[name] for name in names])), jax.jit(lives)
        slopes = np.asarray(jax.jit(jax.jacrev(lives))(x))
        steps = 1e-5 * np.eye(len(names))
        differences = np.stack([(run(x + h) - run(x - h)) / 2e-5 for h in steps], axis=1)
    # the ends of the pieces are held fixed in the derivative: an error of the order of the quadrature's own
    assert np.allclose(slopes, differences, rtol=1e-5, atol=1e-5)


def test_a_cell_that_never_shorts_has_a_finite_gradient():
    """Below the entry pressure and without current nothing grows; the sampler must survive that."""
    segments, plated = pack_exposures([steady(2e6, 0.0, fabrication=None)])
    with engine():
        one = jax.tree.map(lambda column: jnp.asarray(column[0]), segments)
        numbers, laws = NUMBERS_OF_PAPER | {"entry_pressure": 5e6}, FIRST._replace(entry="threshold")
        value, slope = jax.value_and_grad(lambda r: log_time(one, numbers | {"throat_radius": r}, laws, plated))(7e-7)
    assert float(np.asarray(value)) > 100.0
    assert np.isfinite(np.asarray(slope))
