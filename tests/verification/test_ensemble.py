"""Many cells at once are the same cells one by one, and larger cells die as the weakest link says."""

import numpy as np
import pytest

from lithostat import InputError, ensemble, simulate
from lithostat.physics.weakest_link import links

PLATING = [{"press": "25 MPa"}, {"plate": "75 uA/cm2", "for": "200 h"}]
SPREAD = {"focusing_scatter": 0.3, "toughness_scatter": 0.1, "throat_radius_scatter": 0.1}


def test_members_are_what_simulate_gives_one_by_one(experiment):
    cell, protocol = experiment(PLATING, parameters={"focusing_scatter": 0})
    many = ensemble(cell, protocol, members=6, seed=1, scatter=SPREAD)
    assert many.members["kind"].to_list() == ["short"] * 6
    for row in many.members.iter_rows(named=True):
        stated = {
            "focusing_scatter": 0,
            "focusing": row["focusing"],
            "toughness": f"{row['toughness']!r} Pa m^0.5",
            "throat_radius": f"{row['throat_radius']!r} m",
        }
        single = simulate(*experiment(PLATING, parameters=stated)).outcome
        assert row["time_second"] == pytest.approx(single.time, rel=1e-5)  # the ensemble's looser tolerance
        assert row["cycling_second"] == pytest.approx(single.cycling_time, rel=1e-5)


def test_without_scatter_every_member_is_the_median_cell(experiment):
    cell, protocol = experiment(PLATING, parameters={"focusing_scatter": 0})
    many = ensemble(cell, protocol, members=3, seed=5)
    single = simulate(cell, protocol).outcome.time
    assert many.members["time_second"].to_numpy() == pytest.approx(np.full(3, single), rel=1e-5)


def test_same_seed_same_members_and_another_seed_others(experiment):
    cell, protocol = experiment(PLATING)
    first, again, other = (ensemble(cell, protocol, members=5, seed=seed).members for seed in (3, 3, 4))
    assert first.equals(again)
    assert not first["time_second"].equals(other["time_second"])


def test_survival_of_a_larger_cell_is_the_power_of_its_links(experiment):
    """S_A(t) = S_ref(t)^(A/A_ref), within four binomial standard errors at every decile."""
    members, ratio = 2000, 4.0
    spots = {"area_exponent": 1}
    small_cell, protocol = experiment(PLATING, area="1.267 cm2", parameters=spots)
    large_cell, _ = experiment(PLATING, area="5.068 cm2", parameters=spots)
    assert links(large_cell.area, reference_area=small_cell.area, exponent=1.0) == pytest.approx(ratio)
    small = ensemble(small_cell, protocol, members=members, seed=11)
    large = ensemble(large_cell, protocol, members=members, seed=12)
    times = np.quantile(small.members["cycling_second"].to_numpy(), np.linspace(0.05, 0.95, 10))
    s_ref, s_large = small.survival(times), large.survival(times)
    expected = s_ref**ratio
    slope = ratio * s_ref ** (ratio - 1)  # error of s_ref carried through the power
    error = np.sqrt(expected * (1 - expected) / members + slope**2 * s_ref * (1 - s_ref) / members)
    assert np.all(np.abs(s_large - expected) < 4 * error + 1 / members)


def test_scattered_parameters_are_log_normal_about_the_card(experiment):
    """Median and standard deviation of each logarithm, within four standard errors."""
    members = 4000
    cell, protocol = experiment([{"press": "25 MPa"}], parameters={"focusing": 2.7, "toughness": "0.2 MPa m^0.5"})
    spread = {"focusing_scatter": 0.3, "toughness_scatter": 0.1, "throat_radius_scatter": 0.0}
    table = ensemble(cell, protocol, members=members, seed=8, scatter=spread).members
    for name, centre, sigma in (("focusing", 2.7, 0.3), ("toughness", 0.2e6, 0.1)):
        logarithm = np.log(table[name].to_numpy())
        assert np.median(logarithm) == pytest.approx(np.log(centre), abs=4 * 1.2533 * sigma / np.sqrt(members)), name
        assert np.std(logarithm) == pytest.approx(sigma, rel=4 / np.sqrt(2 * members)), name
    assert table["throat_radius"].n_unique() == 1


def test_survival_starts_at_one_falls_and_is_unknown_beyond_the_test(experiment):
    cell, protocol = experiment([{"press": "25 MPa"}, {"plate": "75 uA/cm2", "for": "30 h"}])
    many = ensemble(cell, protocol, members=200, seed=2)
    survival = many.survival(np.array([0.0, 20 * 3600.0, 30 * 3600.0, 31 * 3600.0]))
    assert survival[0] == 1.0
    assert survival[0] >= survival[1] >= survival[2] > 0.0
    assert np.isnan(survival[3])
    survived = float((many.members["kind"] == "survived").mean())
    assert survival[2] == pytest.approx(survived)


def test_no_members_is_refused(experiment):
    with pytest.raises(InputError, match="at least 1"):
        ensemble(*experiment(PLATING), members=0, seed=1)


def test_a_misspelt_scatter_is_refused(experiment):
    with pytest.raises(InputError, match="focusing_scatter"):
        ensemble(*experiment(PLATING), members=1, seed=1, scatter={"focusing_scater": 0.3})


def test_flaws_that_grow_differ_between_cells_under_the_law_that_has_them(experiment):
    press = [{"press": "75 MPa"}, {"rest": "200 h"}]
    cell, protocol = experiment(press, laws={"named": "delayed_fracture"})
    many = ensemble(cell, protocol, members=400, seed=2)
    spread = np.std(np.log(many.members["flaw_size"].to_numpy()))
    assert spread == pytest.approx(many.provenance["scatter"]["flaw_size_scatter"], rel=4 / np.sqrt(2 * 400))
    times = many.members["time_second"].to_numpy()
    order = np.argsort(many.members["flaw_size"].to_numpy())
    assert np.all(np.diff(times[order]) <= 0.0)  # before the first current nothing else differs: larger flaws go first
    plain, protocol = experiment(press)
    assert "flaw_size" not in ensemble(plain, protocol, members=2, seed=2).members.columns


@pytest.mark.parametrize("law", ["retraction", "delayed_fracture"])
def test_members_under_other_laws_are_what_simulate_gives_too(experiment, law):
    steps = [{"press": "25 MPa"}, {"plate": "0.5 mA/cm2", "for": "200 h"}]
    cell, protocol = experiment(steps, laws={"named": law}, parameters={"focusing_scatter": 0})
    many = ensemble(cell, protocol, members=3, seed=1, scatter={"flaw_size_scatter": 0})
    single = simulate(cell, protocol).outcome
    assert single.kind == "short"
    assert many.members["time_second"].to_numpy() == pytest.approx(np.full(3, single.time), rel=1e-5)


def test_a_tiny_cell_has_a_worst_spot_too(experiment):
    """Of a millionth of the reference area its quantile, 0.5^(10^6), is less than any number; its logarithm is not."""
    cell, protocol = experiment(PLATING, area="1e-6 cm2", parameters={"area_exponent": 1})
    single = simulate(cell, protocol)
    many = ensemble(cell, protocol, members=3, seed=1)
    assert single.outcome.kind == "survived"
    assert np.all(many.members["focusing"].to_numpy() > 0.0)
    assert many.members["kind"].to_list() == ["survived"] * 3
