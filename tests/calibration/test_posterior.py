"""The posterior: on the paper's cells, on data that say little, on data that contradict each other."""

import dataclasses
import math
import os

import numpy as np
import pytest

from lithostat import InputError
from lithostat.calibration.best_fit import best_fit
from lithostat.calibration.calibration import load_calibration
from lithostat.calibration.checks import leave_one_out, ranks_of_truth
from lithostat.calibration.companions import companions
from lithostat.calibration.compare import average_weights
from lithostat.calibration.conflicts import SHOWN, conflicts, learnt, tail_probabilities
from lithostat.calibration.data import CellLife, CriticalCurrent, Data, Resistance, numbers_of
from lithostat.calibration.exposure import steady
from lithostat.calibration.figures import learnt_figure, predicted_figure, rank_figure
from lithostat.calibration.layout import layout_of, standard_of
from lithostat.calibration.packed import pack
from lithostat.calibration.papers_left_out import FLOOR, leave_one_group_out
from lithostat.calibration.parameter import Parameter
from lithostat.calibration.posterior import calibrate
from lithostat.calibration.prediction import (
    MEDIAN,
    NEW,
    failure_probability,
    life_quantiles,
    offsets_of,
    predict_life,
)
from lithostat.calibration.priors import parameters_for
from lithostat.calibration.report import calibration_report
from lithostat.model.resolve import laws_of
from lithostat.papers.doux2020.calibration import paper_data
from lithostat.papers.doux2020.published import cell
from lithostat.show.report_page import report_page

CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"
HOUR, CURRENT = 3600.0, 0.75
OWN = numbers_of(cell())
DEFAULTS = tuple(one.name for one in parameters_for(laws_of(cell())))
CONTACT = tuple(name for name in DEFAULTS if name not in ("toughness", "throat_radius", "focusing", "life_scatter"))


def lived(name, pressure, low, high=None, group="own"):
    exposure = steady(pressure, CURRENT)
    high = low if high is None else high
    return CellLife(name, exposure, exposure.began + low * HOUR, exposure.began + high * HOUR, None, OWN, group=group)


@pytest.fixture(scope="module")
def paper():
    return calibrate(paper_data(), cell(), seed=1)


def test_the_chains_agree(paper):
    assert paper.diagnostics.r_hat < 1.01
    assert paper.diagnostics.divergences == 0
    assert paper.count == 4000
    assert paper.warnings == ()


def test_the_window_at_75_contains_5_and_excludes_15_megapascal(paper):
    asked = [steady(5e6, CURRENT), steady(15e6, CURRENT)]
    at_5, at_15 = failure_probability(paper, asked, 1000.0, group="doux2020").mean(1)
    assert at_5 < 0.5
    assert at_15 > 0.95
    low, high = np.quantile(failure_probability(paper, asked[0], 1000.0, group="doux2020"), [0.05, 0.95])
    assert high - low > 0.5  # one cell per pressure leaves it that open


def test_what_was_learnt_and_what_was_not(paper):
    told = {one.name: one for one in learnt(paper)}
    assert all(told[name].learnt for name in ("toughness", "throat_radius", "focusing", "life_scatter"))
    assert not told["stripping_scatter"].learnt
    assert min(tail_probabilities(paper).values()) > 0.05


def test_the_best_fit_is_better_than_every_draw(paper):
    fit = best_fit(paper_data())
    assert fit.converged
    assert np.all(np.linalg.eigvalsh(fit.covariance) > 0.0)
    z = standard_of(paper, layout_of(paper.parameters, paper.data))
    assert len(fit.z) == z.shape[1]
    drawn = paper.log_likelihood.sum(1) - 0.5 * (z**2).sum(1)
    assert fit.log_posterior > drawn.max()
    # fourteen numbers: the best of 4000 draws lies a few units below the top, and not twenty
    assert fit.log_posterior - drawn.max() < 12.0


def test_it_is_kept_whole(paper, tmp_path):
    small = dataclasses.replace(
        paper.chosen(np.arange(8)), diagnostics=dataclasses.replace(paper.diagnostics, chains=2)
    )
    again = load_calibration(small.save(tmp_path / "kept.json"))
    assert all(np.array_equal(again.draws[name], small.draws[name]) for name in small.draws)
    assert np.array_equal(again.offsets["doux2020"], small.offsets["doux2020"])
    assert np.array_equal(again.resistance_offsets["doux2020"], small.resistance_offsets["doux2020"])
    assert again.data.names == small.data.names
    assert again.parameters == small.parameters
    assert np.array_equal(again.log_likelihood, small.log_likelihood)
    exposure = steady(8e6, CURRENT)
    assert np.array_equal(predict_life(again, exposure), predict_life(small, exposure))
    assert again.inference_data().posterior.sizes == {"chain": 2, "draw": 4}
    (tmp_path / "damaged.json").write_text('{"format": 1, "draws": 3}')
    with pytest.raises(InputError, match="damaged"):
        load_calibration(tmp_path / "damaged.json")


def test_predictions_agree_with_each_other(paper):
    """Quantiles, draws and probabilities of one cell are three views of one distribution."""
    exposure = steady(10e6, CURRENT)
    median = float(life_quantiles(paper, [exposure], [0.5])[0, 0])
    hours = (median - exposure.began) / HOUR
    assert failure_probability(paper, exposure, hours, mechanism="short").mean() == pytest.approx(0.5, abs=1e-6)
    drawn = predict_life(paper, exposure, seed=1)
    assert np.mean(drawn < math.log(median)) == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(len(drawn)))


def test_a_larger_cell_shorts_earlier(paper):
    exposure, many_spots = steady(10e6, CURRENT), {"area_exponent": 1.0}
    large = many_spots | {"area": 4 * OWN["area"]}
    usual = failure_probability(paper, exposure, 400.0, mechanism="short", numbers=many_spots)
    assert np.all(failure_probability(paper, exposure, 400.0, mechanism="short", numbers=large) >= usual)
    # four spots: the cell survives if all of them do
    expected = 1.0 - (1.0 - usual) ** 4
    assert failure_probability(paper, exposure, 400.0, mechanism="short", numbers=large) == pytest.approx(expected)


def test_critical_currents_alone_have_a_normal_posterior():
    """ln j measured twice with known scatter and exponent: the conjugate normal, by hand."""
    prior, spread, scatter = math.log(2.0), 0.6, 0.3
    fixed = [
        Parameter(n, m, 1e-4, (m / 2, m * 2), "log", "fixed", "user")
        for n, m in (("stripping_scatter", scatter), ("stripping_exponent", 1.9))
    ]
    seen = [math.log(3.0), math.log(4.5)]
    points = tuple(
        CriticalCurrent(f"p{i}", OWN["stripping_pressure"], math.exp(x), math.exp(x), OWN) for i, x in enumerate(seen)
    )
    omitted = [name for name in DEFAULTS if not name.startswith("stripping")]
    data = Data(critical_currents=points)
    found = calibrate(data, cell(), parameters=fixed, without=omitted, seed=3)
    precision = 1 / spread**2 + 2 / scatter**2
    mean = (prior / spread**2 + sum(seen) / scatter**2) / precision
    drawn = np.log(found.draws["stripping_current"])
    error = 1 / math.sqrt(precision * found.diagnostics.effective_samples)
    assert drawn.mean() == pytest.approx(mean, abs=4 * error)
    assert drawn.std() == pytest.approx(1 / math.sqrt(precision), rel=0.1)
    fit = best_fit(found.data, parameters=fixed, without=omitted)
    place = [one.name for one in fit.parameters].index("stripping_current")
    assert math.log(fit.values["stripping_current"]) == pytest.approx(mean, abs=1e-3)
    assert spread * math.sqrt(fit.covariance[place, place]) == pytest.approx(1 / math.sqrt(precision), rel=1e-3)


def test_many_repeats_that_scatter_as_they_should_contradict_nothing(paper):
    """Cells drawn from the model itself: of a thousand pairs some are rare, which says nothing against them."""
    truth = dataclasses.replace(
        paper, draws={name: np.full(40, np.median(values)) for name, values in paper.draws.items()}
    )
    rng = np.random.default_rng(3)
    lives = []
    for pressure in (10e6, 15e6, 20e6, 25e6):
        exposure = steady(pressure, CURRENT)
        drawn = np.exp(predict_life(truth, exposure, group=MEDIAN, seed=int(rng.integers(1000)))[:15])
        lives += [CellLife(f"{pressure / 1e6:g}-{i}", exposure, t, t, (t, math.inf), OWN) for i, t in enumerate(drawn)]
    assert conflicts(dataclasses.replace(truth, data=Data(tuple(lives)))) == ()
    # one that cannot be is still named, with the times that a lab would write down
    early = lived("early", 10e6, 1.0, 1.0)
    said = conflicts(dataclasses.replace(truth, data=Data((*lives, early))))
    assert any("'early' contradicts the rest" in text for text in said)
    assert any("'early' shorted by 60 min" in text for text in said)
    assert len([text for text in said if "no parameters give both" in text]) <= SHOWN


def test_contradicting_cells_are_named_and_leave_a_wide_answer():
    data = Data((lived("shorted at 5 MPa", 5e6, 1.0), lived("lived at 25 MPa", 25e6, 1000.0, math.inf)))
    found = calibrate(data, cell(), seed=1, chains=2, draws=500)
    said = " ".join(found.warnings)
    assert "'shorted at 5 MPa' shorted by" in said
    assert "'lived at 25 MPa' was whole" in said
    low, high = np.log(life_quantiles(found, [steady(10e6, CURRENT)], [0.05, 0.95])[0])
    assert high - low > math.log(100.0)


@pytest.mark.parametrize(
    ("lives", "said"),
    [
        ((), "no data"),
        ((lived("a", 5e6, 1000.0, math.inf), lived("b", 25e6, 100.0, math.inf)), "no cell has shorted"),
        ((lived("a", 25e6, 48.0),), "only one cell"),
    ],
    ids=["none", "censored", "one"],
)
def test_little_data_give_an_honest_answer(lives, said):
    found = calibrate(Data(lives), cell(), without=CONTACT, seed=1, chains=2, draws=500)
    assert any(said in warning for warning in found.warnings)
    prior = calibrate(Data(), cell(), without=CONTACT, seed=1, chains=2, draws=500)
    exposures = [steady(5e6, CURRENT)]
    width, before = (np.log(life_quantiles(one, exposures, [0.05, 0.95])[0]) @ [-1, 1] for one in (found, prior))
    assert width > 0.5 * before  # one or two cells cannot halve what is not known


def test_neither_cell_nor_data_is_an_error():
    with pytest.raises(InputError, match="neither"):
        calibrate(Data(), seed=1)


def test_ranks_of_the_truth_are_uniform_and_intervals_cover(tmp_path):
    """Coverage and ranks are what a right sampler gives in all but 1 of 1000 such tests; 200 sets in the campaign."""
    sets = 200 if CAMPAIGN else 12
    lives = paper_data(impedance=False).lives
    design = Data(tuple(dataclasses.replace(one, group="ab"[i % 2]) for i, one in enumerate(lives)))
    ranks = ranks_of_truth(design, sets=sets, seed=11, without=[n for n in CONTACT if n != "life_spread"])
    assert ranks.parameters[-2:] == ("offset of a", "offset of b")
    low, high = ranks.allowed(0.9, 1e-3 / len(ranks.parameters))
    assert np.all((ranks.coverage() >= low) & (ranks.coverage() <= high))
    if CAMPAIGN:
        assert np.all((ranks.coverage() >= 0.85) & (ranks.coverage() <= 0.95))
    _, smirnov = ranks.uniformity()
    assert np.all(smirnov > 1e-3 / len(ranks.parameters))
    rank_figure(ranks).savefig(tmp_path / "ranks.png")


@pytest.mark.skipif(not CAMPAIGN, reason="LITHOSTAT_CAMPAIGN=1 fits the paper's cells six times")
def test_left_out_cells_lie_in_their_predictive_intervals():
    names = [f"fig2b-{pressure}MPa" for pressure in (75, 25, 20, 15, 10, 5)]
    found = leave_one_out(paper_data(), names=names, seed=1)
    assert sum(one.inside for one in found) >= 5


def test_weights_follow_what_predicts_and_know_how_little_few_cells_say():
    same = np.array([[-1.0, -1.0], [-2.0, -2.0]])
    assert average_weights(same) == pytest.approx([0.5, 0.5])
    assert average_weights(np.array([[-1.0, -19.0], [-1.0, -19.0]])) == pytest.approx([1.0, 0.0], abs=1e-6)
    ahead = np.array([[-1.0, -1.1]] * 9)  # ahead by a hair on each of nine: 0.9 in all, however the lives are weighed
    assert average_weights(ahead) == pytest.approx(np.array([1.0, np.exp(-0.9)]) / (1.0 + np.exp(-0.9)), rel=1e-6)
    mixed = np.array(
        [[-1.0, -4.0], [-4.0, -1.2]] * 4
    )  # each is best on half of the cells: the bootstrap does not decide
    assert 0.4 < average_weights(mixed)[0] < 0.8


def test_the_page_calls_a_lost_contact_by_its_name_and_counts_no_survivor(paper):
    one = lived("gone", 2e6, 30.0, math.inf)
    one = dataclasses.replace(one, contact=(0.0, one.low))
    report = calibration_report("cells", dataclasses.replace(paper, data=Data((one,))), companions((one,)))
    said = report_page(report)
    assert "contact lost" in said
    assert "after 30 h, without a short" in said
    assert "0 of 1" in said
    assert "1 of them for lost contact" in said
    assert "longer than" not in said


def test_figures_are_drawn(paper, tmp_path):
    learnt_figure(paper).savefig(tmp_path / "learnt.png")
    predicted_figure(paper, CURRENT, target=1000 * HOUR).savefig(tmp_path / "predicted.png")
    assert (tmp_path / "learnt.png").stat().st_size > 10_000
    assert (tmp_path / "predicted.png").stat().st_size > 10_000


# of the time to short with everything known but the level: a posterior that can be written down
TAU, SIGMA = 0.8, 0.3


def fixed(name, value):
    return Parameter(name, value, 1e-4, (value / 2, value * 2), "log", "fixed", "user")


ALONE = [name for name in DEFAULTS if name not in ("life_scatter", "life_spread")]


def level(found):
    """ln of the life of the median lab at 10 MPa, which only the numbers of the cards make."""
    return float(predict_life(found, steady(10e6, CURRENT), group=MEDIAN)[0])


@pytest.fixture(scope="module")
def two_labs():
    prior = calibrate(Data(), cell(), without=ALONE, seed=1, chains=1, draws=10)
    begin = steady(10e6, CURRENT).began
    middle = level(prior)

    def at(name, above, group):
        time = (math.exp(middle + above) - begin) / HOUR
        return lived(name, 10e6, time, group=group)

    lives = (at("a1", 0.9, "a"), at("a2", 1.1, "a"), at("a3", 1.0, "a"), at("b1", -0.5, "b"))
    known = [fixed("life_scatter", SIGMA), fixed("life_spread", TAU)]
    return calibrate(Data(lives), cell(), parameters=known, without=ALONE, seed=4, chains=4, draws=1000)


def test_offsets_of_labs_are_the_normal_posterior_by_hand(two_labs):
    """Known scatter and spread: each lab's offset has the conjugate posterior of its own cells."""
    for group, values in (("a", [0.9, 1.1, 1.0]), ("b", [-0.5])):
        precision = 1 / TAU**2 + len(values) / SIGMA**2
        drawn = two_labs.offsets[group]
        error = 5.0 / math.sqrt(precision * two_labs.diagnostics.effective_samples)
        assert drawn.mean() == pytest.approx(sum(values) / SIGMA**2 / precision, abs=error)
        assert drawn.std() == pytest.approx(1 / math.sqrt(precision), rel=0.1)


def test_a_new_lab_is_not_known_better_than_labs_differ(two_labs):
    ends = [0.05, 0.95]
    exposure = [steady(10e6, CURRENT)]
    of_a, of_new = (np.log(life_quantiles(two_labs, exposure, ends, group=group)[0]) for group in ("a", NEW))
    assert of_new[1] - of_new[0] == pytest.approx(2 * 1.645 * math.hypot(TAU, SIGMA), rel=0.02)
    known = 1 / math.sqrt(1 / TAU**2 + 3 / SIGMA**2)
    assert of_a[1] - of_a[0] == pytest.approx(2 * 1.645 * math.hypot(known, SIGMA), rel=0.05)
    assert offsets_of(two_labs, NEW).std() == pytest.approx(TAU, rel=0.01)
    with pytest.raises(InputError, match="no cells of 'c'"):
        offsets_of(two_labs, "c")


def test_a_lab_left_out_is_predicted_by_how_labs_differ(two_labs):
    """Its rows have the density of a normal with spread and scatter; the floor holds for what cannot be."""
    data = two_labs.data + Data((lived("odd", 10e6, 1e7, group="c"),))
    found = leave_one_group_out(
        data, laws=two_labs.laws, groups=["b", "c"], parameters=two_labs.parameters, without=ALONE, seed=2
    )
    width = math.hypot(TAU, SIGMA)
    by_hand = -0.5 * (0.5 / width) ** 2 - math.log(width * math.sqrt(2 * math.pi))
    assert found[0].scores[0] == pytest.approx(by_hand, abs=0.1)
    assert found[0].joint == pytest.approx(found[0].scores[0])
    assert found[0].inside_90[0].inside
    assert found[1].scores[0] == FLOOR
    assert found[0].misses[0] == pytest.approx(0.5, abs=0.1)


def test_cells_made_and_driven_alike_are_computed_once():
    lives = tuple(lived(f"{pressure}-{i}", pressure, 10.0 + i) for i in range(40) for pressure in (5e6, 10e6, 20e6))
    packed, _ = pack(Data(lives))
    (part,) = packed.parts
    assert part.segments.durations.shape[0] == 3
    assert packed.life.shape == (120, 2)
    assert np.array_equal(part.which[packed.order], np.tile([0, 1, 2], 40))


def test_a_thousand_cells_are_judged_in_a_blink(paper):
    """Of half a million pairs only those that stand out are looked at."""
    few = paper.thinned(100)
    lives = tuple(lived(f"c{i}", 10e6, 300.0 + 0.4 * i) for i in range(1000))
    said = conflicts(dataclasses.replace(few, data=Data(lives)))
    assert len(said) < 1000


def test_resistances_that_contradict_each_other_are_named():
    """Rising with pressure, by a factor that no parameters give."""
    points = tuple(
        Resistance(f"{ohm} ohm", pressure, pressure, float(ohm), float(ohm), OWN)
        for pressure, ohm in ((5e6, 20), (25e6, 400), (5.1e6, 21))
    )
    found = calibrate(Data(resistances=points), cell(), without=["life_spread"], seed=1, chains=2, draws=500)
    said = " ".join(found.misfits)
    assert "'20 ohm' has 20 ohm and '400 ohm' has 400 ohm: no parameters give both" in said
    assert set(found.misfits) <= set(found.warnings)


def test_laws_that_have_no_closed_life_are_refused():
    said = cell().model_dump(mode="json")
    for laws, named in (({"named": "retraction", "growth": "structure_focusing"}, "structure_focusing"),):
        other = type(cell()).from_dict(said | {"laws": laws}, si=True)
        with pytest.raises(InputError, match=named):
            calibrate(Data(), other, seed=1)


def test_of_one_group_alone_the_numbers_are_its_own_and_a_new_lab_differs_by_two_offsets(paper):
    assert not np.any(paper.offsets["doux2020"])
    spread = paper.draws["life_spread"]
    assert offsets_of(paper, NEW).std() == pytest.approx(math.sqrt(2.0 * np.mean(spread**2)), rel=0.05)
    assert not {one.name: one for one in learnt(paper)}["life_spread"].learnt
