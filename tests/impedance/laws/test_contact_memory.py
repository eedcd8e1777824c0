"""Resistance against pressure: exact recovery, coverage of the intervals, the published points, and the simulator."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import parse
from lithostat.impedance.laws.contact_memory import band, fit_memory, predicted
from lithostat.impedance.laws.contact_memory_card import cell_parameters, interface_card, split
from lithostat.impedance.laws.contact_memory_points import Ripening, highest_pressure
from lithostat.impedance.laws.fitted_card import write_card
from lithostat.materials.card import find, load
from lithostat.papers.doux2020.published import published
from lithostat.physics.contact import constriction_resistance, contact_fraction, ripening_rate

AREA = 1.267e-4
TRUE = {
    "contact_pressure": 6.4e6,
    "constriction_resistance": 53e-4,
    "series_resistance": 40e-4,
    "unloading_exponent": 0.11,
}
ORDER = 1e6 * np.array([1, 2, 5, 10, 15, 20, 25, 15, 8, 5, 2, 10, 25, 40, 30, 12])  # load, unload, reload, beyond


def law(pressure=ORDER, true=TRUE, fabrication=0.0):
    """Resistance [ohm], written out here and not taken from the package's fit."""
    top = np.array([max([*pressure[: k + 1], fabrication]) for k in range(len(pressure))])
    c = contact_fraction(pressure, top, top / true["contact_pressure"], exponent=true["unloading_exponent"])
    narrow = constriction_resistance(c, scale=true["constriction_resistance"])
    return (true["series_resistance"] + 2.0 * narrow) / AREA


def test_exact_points_give_the_exact_law():
    fit = fit_memory(ORDER, law(), area=AREA)
    for name, value in TRUE.items():
        assert fit.value(name) == pytest.approx(value, rel=1e-6)
    assert fit.unloading.tolist() == [k in (7, 8, 9, 10, 11, 14, 15) for k in range(16)]
    assert predicted(fit, ORDER, fit.highest) == pytest.approx(law(), rel=1e-7)


def test_the_highest_pressure_follows_from_the_order():
    assert highest_pressure([1.0, 5.0, 2.0, 6.0, 3.0]).tolist() == [1.0, 5.0, 5.0, 6.0, 6.0]
    assert highest_pressure([1.0, 5.0, 2.0], 4.0).tolist() == [4.0, 5.0, 5.0]


def test_the_order_of_the_points_matters():
    shuffled = np.argsort(ORDER, kind="stable")
    fit = fit_memory(ORDER[shuffled], law()[shuffled], area=AREA)
    assert fit.value("unloading_exponent") is None
    assert fit.spread > 0.1, "without their order the branches contradict each other"


def test_fabrication_pressure_is_part_of_the_memory():
    order = ORDER[3:]
    fit = fit_memory(order, law(order, fabrication=18e6), area=AREA, fabrication_pressure=18e6)
    assert fit.value("contact_pressure") == pytest.approx(TRUE["contact_pressure"], rel=1e-5)
    assert fit.value("unloading_exponent") == pytest.approx(TRUE["unloading_exponent"], rel=1e-5)
    assert fit_memory(order, law(order, fabrication=18e6), area=AREA).spread > 1e-3


def test_a_known_series_resistance_is_kept():
    fit = fit_memory(ORDER, law(), area=AREA, series_resistance=TRUE["series_resistance"] / AREA)
    assert [one.name for one in fit.estimates] == ["contact_pressure", "constriction_resistance", "unloading_exponent"]
    assert fit.value("constriction_resistance") == pytest.approx(53e-4, rel=1e-6)


def test_ripening_follows_its_rate():
    """Exact points of a contact that ripened by the rate of the physics, integrated here by small steps."""
    hold, ripening = 1800.0, Ripening(time=1800.0, stress_exponent=6.56)
    x, conformity = 0.0, []
    for pressure in ORDER:
        x = max(x, pressure / 6.4e6)
        for _ in range(4000):
            rate = ripening_rate(pressure, x, scale=6.4e6, time=1800.0, stress_exponent=6.56)
            middle = x + 0.5 * hold / 4000 * rate
            x += hold / 4000 * ripening_rate(pressure, middle, scale=6.4e6, time=1800.0, stress_exponent=6.56)
        conformity.append(x)
    c = contact_fraction(ORDER, highest_pressure(ORDER), np.array(conformity), exponent=0.11)
    resistance = (40e-4 + 2.0 * constriction_resistance(c, scale=53e-4)) / AREA
    fit = fit_memory(ORDER, resistance, area=AREA, times=hold * np.arange(1, 17), ripening=ripening)
    for name, value in TRUE.items():
        assert fit.value(name) == pytest.approx(value, rel=1e-4)
    ignored = fit_memory(ORDER, resistance, area=AREA)
    softer = 6.4e6 / 2.0 ** (1.0 / 7.56)  # each pressure held for one ripening time: x grows by (1 + 1)^(1/(n+1))
    assert ignored.value("contact_pressure") == pytest.approx(softer, rel=0.02)
    assert any("ripening" in text for text in ignored.warnings)


SEEDS = 150 if os.environ.get("LITHOSTAT_CAMPAIGN") else 80


@pytest.fixture(scope="module", params=["stated errors", "estimated errors"])
def fits(request):
    """Fits to the paper's kind of series (7 points) or to 16 points, with 3 % noise."""
    order = ORDER if request.param == "estimated errors" else 1e6 * np.array([1, 5, 10, 15, 20, 25, 5])
    results = []
    for seed in range(SEEDS):
        true = law(order)
        noisy = true * np.exp(0.03 * np.random.default_rng(seed).standard_normal(len(order)))
        error = 0.03 * noisy if request.param == "stated errors" else None
        results.append(fit_memory(order, noisy, area=AREA, error=error))
    return results


@pytest.mark.parametrize("name", TRUE)
def test_intervals_cover_what_they_say(fits, name):
    """68.27 % of the intervals hold the truth, within 3 standard errors of a share of that many seeds."""
    inside = 0
    for fit in fits:
        one = next(estimate for estimate in fit.estimates if estimate.name == name)
        inside += one.low <= TRUE[name] <= one.high
    share, allowed = inside / SEEDS, 3.0 * math.sqrt(0.6827 * 0.3173 / SEEDS)
    assert share == pytest.approx(0.6827, abs=allowed)


def test_estimates_are_centred(fits):
    """The median over the seeds is the truth within a third of the scatter."""
    for k, name in enumerate(("contact_pressure", "constriction_resistance", "series_resistance")):
        values = np.log([fit.estimates[k].value / TRUE[name] for fit in fits])
        assert abs(np.median(values)) < 0.33 * values.std()


def test_the_seven_published_points_give_the_card():
    """Card: 6.4 MPa, 53 ohm cm2, 0.11, with the series resistance of the cards (pellet and films) kept."""
    points = published()["impedance"]
    pressure = [parse(point["pressure"], "pressure") for point in points]
    ohm = [point["ohm"] for point in points]
    interface, pellet = find("lithium|Li6PS5Cl"), find("Li6PS5Cl")
    film = interface.value("charge_transfer_resistance").value
    film += interface.value("interphase_initial").value / interface.value("interphase_conductivity").value
    series = (1e-3 / pellet.value("conductivity").value + 2.0 * film) / AREA
    fit = fit_memory(pressure, ohm, area=AREA, series_resistance=series)
    for name in ("contact_pressure", "constriction_resistance", "unloading_exponent"):
        card = interface.value(name).value
        assert fit.value(name) == pytest.approx(card, rel=0.05)
        one = next(estimate for estimate in fit.estimates if estimate.name == name)
        assert one.low < card < one.high
    free = fit_memory(pressure, ohm, area=AREA)
    assert any("pellet and films" in text for text in free.warnings)
    one = free.estimates[2]
    assert one.name == "series_resistance"
    assert one.low < series * AREA < 1.1 * one.high


def test_the_simulator_gets_its_parameters_back(run):
    """Press, release and press again in the simulator; its spectra alone give the parameters it was run with."""
    steps = []
    before = 0.0
    for mpa in (2, 5, 10, 20, 25, 10, 5, 15, 30):
        steps += [{"press" if mpa > before else "release": f"{mpa} MPa"}]
        steps += [{"measure_impedance": {"from": "1 MHz", "to": "0.001 Hz"}}]
        before = mpa
    record = run(steps)
    spectra = record.spectra
    fit = fit_memory([one.pressure for one in spectra], [one.total_resistance for one in spectra], area=spectra[0].area)
    numbers = record.provenance["parameters"]
    for name in ("contact_pressure", "constriction_resistance", "unloading_exponent"):
        assert fit.value(name) == pytest.approx(numbers[name], rel=1e-5)
    parts = split(fit, thickness=numbers["thickness"], conductivity=numbers["conductivity"])
    interphase = numbers["interphase_initial"] / numbers["interphase_conductivity"]
    assert parts.film == pytest.approx(numbers["charge_transfer_resistance"] + interphase, rel=1e-4)
    parameters = cell_parameters(fit, parts=parts, interphase=interphase)
    again = run(steps, parameters=parameters)
    for old, new in zip(spectra, again.spectra, strict=True):
        assert new.impedance == pytest.approx(old.impedance, rel=1e-4)


def test_the_card_is_read_back_and_simulated(tmp_path, experiment):
    fit = fit_memory(ORDER, law() * (1.0 + 0.02 * np.cos(np.arange(16))), area=AREA)
    text = interface_card(fit, "lithium|mine", source="a synthetic series", base="lithium|Li6PS5Cl")
    path = write_card(tmp_path / "mine.yaml", text)
    card = load(path)
    for one in fit.estimates:
        if one.name == "series_resistance":
            continue
        value = card.value(one.name)
        assert value.value == pytest.approx(one.value, rel=1e-5)
        assert (value.low, value.high) == (pytest.approx(one.low, rel=1e-5), pytest.approx(one.high, rel=1e-5))
        assert (value.tag, value.source.cite) == ("fit", "a synthetic series")
        assert "7 of 16 points after release" in value.conditions
    original = find("lithium|Li6PS5Cl")
    assert card.value("focusing") == original.value("focusing")
    assert card.others["stripping_current"] == original.others["stripping_current"]
    alone = load(write_card(tmp_path / "alone.yaml", interface_card(fit, "lithium|mine", source="series")))
    assert set(alone.properties) == {"contact_pressure", "constriction_resistance", "unloading_exponent"}

    from lithostat.experiment.cell import Cell
    from lithostat.model.resolve import resolve

    cell, _ = experiment([{"rest": "1 h"}])
    data = cell.model_dump(mode="json") | {"interface": str(path)}
    assert resolve(Cell.from_dict(data, si=True)).parameters.contact_pressure == pytest.approx(
        fit.value("contact_pressure"), rel=1e-5
    )


def test_without_release_the_exponent_is_left_out_and_said():
    fit = fit_memory(ORDER[:7], law(ORDER[:7]), area=AREA)
    assert [one.name for one in fit.estimates] == ["contact_pressure", "constriction_resistance", "series_resistance"]
    assert any("unloading exponent is not determined" in text for text in fit.warnings)
    assert "unloading_exponent" not in cell_parameters(fit)
    assert np.isnan(predicted(fit, 5e6, 25e6))
    assert np.isfinite(predicted(fit, 5e6, 5e6))
    finding = {one.name: one for one in fit.findings}["unloading_exponent"]
    assert finding.value is None
    assert "not determined" in finding.evidence[0]


@pytest.mark.parametrize(
    ("order", "said", "match"),
    [
        (ORDER[:2], {}, "2 points cannot determine 3 unknowns"),
        (1e6 * np.array([5, 5, 5, 5]), {}, "all resistances were measured at 5 MPa"),
        (ORDER, {"area": None}, "without the area"),
        (ORDER, {"area": -1.0}, "without the area"),
        (ORDER, {"series_resistance": -3.0}, "series resistance"),
        (ORDER, {"fabrication_pressure": np.nan}, "fabrication pressure of nan"),
        (ORDER, {"confidence": 68.0}, "confidence of 68"),
        (1e6 * np.array([20, 15, 10, 8, 5, 2]), {}, "do not determine"),
        (1e6 * np.array([20, 15, 10, 8, 5, 2]), {"fabrication_pressure": 30e6}, "do not determine"),
        (ORDER, {"ripening": Ripening(1800.0, 6.56)}, "without times"),
        (ORDER, {"error": [1.0, 2.0]}, "16 pressures and 2 of error"),
        (ORDER, {"times": np.arange(16.0)[::-1]}, "backwards"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_a_sentence(order, said, match):
    with pytest.raises(InputError, match=match):
        fit_memory(order, law(order), **{"area": AREA} | said)


def test_as_many_points_as_unknowns_leave_no_interval_unless_errors_are_stated():
    fit = fit_memory(ORDER[1:4], law(ORDER[1:4]), area=AREA)
    assert any("nothing is left" in text for text in fit.warnings)
    assert np.isnan(fit.estimates[0].low)
    assert fit.spread is None
    assert "no interval" in fit.findings[0].evidence[0]
    stated = fit_memory(ORDER[1:4], law(ORDER[1:4]), area=AREA, error=0.02 * law(ORDER[1:4]))
    one = stated.estimates[0]
    assert one.low < TRUE["contact_pressure"] < one.high


def test_a_resistance_that_is_no_number_is_named():
    wrong = law()
    wrong[4] = np.nan
    with pytest.raises(InputError, match="point 5 has resistance nan"):
        fit_memory(ORDER, wrong, area=AREA)


def test_a_misfit_beyond_the_stated_errors_is_said():
    noisy = law() * np.exp(0.1 * np.random.default_rng(1).standard_normal(16))
    assert any("chi squared" in text for text in fit_memory(ORDER, noisy, area=AREA, error=0.01 * noisy).warnings)
    assert not any("chi squared" in text for text in fit_memory(ORDER, noisy, area=AREA, error=0.1 * noisy).warnings)


def test_the_band_is_as_wide_as_the_scatter_of_refits():
    noise = 0.03
    draws = [
        fit_memory(
            ORDER,
            law() * np.exp(noise * np.random.default_rng(seed).standard_normal(16)),
            area=AREA,
            error=noise * law(),
        )
        for seed in range(60)
    ]
    at, top = np.array([3e6, 12e6, 5e6]), np.array([3e6, 12e6, 25e6])
    spread = np.log([predicted(fit, at, top) for fit in draws]).std(0)
    low, high = band(draws[0], at, top)
    assert 0.5 * np.log(high / low) == pytest.approx(spread, rel=0.3)


def test_a_pellet_that_exceeds_the_series_resistance_is_said():
    fit = fit_memory(ORDER, law(), area=AREA)
    parts = split(fit, thickness=1e-3, conductivity=0.2)
    assert parts.film is None
    assert "the pellet alone would have 50 ohm cm2, all in series has 40 ohm cm2" in parts.why
    with pytest.raises(InputError, match="cannot be told apart"):
        split(fit, thickness=1e-3, conductivity=None)
