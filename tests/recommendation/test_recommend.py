"""Walls against closed forms, gains against brute force, and honest answers where little is known."""

from __future__ import annotations

import io
import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from lithostat import InputError
from lithostat.calibration.calibration import Calibration, Diagnostics
from lithostat.calibration.data import CellLife, Data, numbers_of
from lithostat.calibration.exposure import steady
from lithostat.calibration.posterior import calibrate
from lithostat.calibration.prediction import NEW, openings, predict_life
from lithostat.calibration.priors import parameters_for
from lithostat.model.parameters import Laws
from lithostat.papers.doux2020.calibration import paper_data
from lithostat.papers.doux2020.published import cell
from lithostat.physics.constants import FARADAY
from lithostat.recommendation.answer import drawn_window, percent
from lithostat.recommendation.next_cell import LONGEST, SETTING_UP, Candidate, candidates, next_cell
from lithostat.recommendation.recommend import recommend, sweep_draws
from lithostat.recommendation.recommendation_report import recommendation_report
from lithostat.recommendation.target import target_hours
from lithostat.recommendation.window import (
    Question,
    best_interval,
    failure_curve,
    failure_curves,
    lower_wall,
    upper_wall,
    window,
)
from lithostat.show.report_page import report_page
from lithostat.show.report_text import print_report
from lithostat.show.window_figure import window_figure

CURRENT, HOURS = 0.75, 1000.0  # A/m2, h
PRESSED = 25e6  # fabrication [Pa]
NUMBERS = numbers_of(cell())


def known(count=1, **values):
    """A calibration whose draws are what is stated; the rest at the medians of the priors, all labs alike."""
    parameters = parameters_for(Laws())
    draws = {one.name: np.full(count, one.median) for one in parameters} | {"life_spread": np.zeros(count)}
    draws |= {name: np.broadcast_to(np.asarray(value, float), count).copy() for name, value in values.items()}
    nothing = np.zeros((count, 0))
    return Calibration(draws, Laws(), parameters, Data(), NUMBERS, nothing, Diagnostics("prior", 1), seed=0)


SHARP = {"life_scatter": 0.05, "stripping_scatter": 0.05}  # cells nearly all alike: the walls are steps
STIFF = {"throat_radius": 1e-9, "focusing": 2.0, "toughness": 0.3e6}  # no creep: filaments only plate


@pytest.fixture(scope="module")
def paper():
    return calibrate(paper_data(), cell(), seed=3, chains=2, draws=500)


@pytest.fixture(scope="module")
def answer(paper):
    return recommend(paper, current=CURRENT, hours=HOURS)


def test_lower_wall_is_where_the_local_current_is_critical():
    """j / c(P) = j_crit(P), a power law on release from the fabrication pressure: solved by hand."""
    m, beta, reference, scale = 1.9, 0.1, 2.0, 8e6
    calibration = known(
        stripping_exponent=m, unloading_exponent=beta, stripping_current=reference, contact_pressure=scale, **SHARP
    )
    curve = failure_curve(calibration, Question(CURRENT, HOURS))
    pressed = 1.0 - math.exp(-PRESSED / scale)
    by_hand = (CURRENT / (pressed * reference) * PRESSED**beta * NUMBERS["stripping_pressure"] ** m) ** (1 / (m + beta))
    # probits are straight lines in ln P here: the crossing is exact on any grid
    assert lower_wall(curve, 0.5).median == pytest.approx(by_hand, rel=1e-6)


def test_upper_wall_is_where_plating_reaches_the_critical_flaw():
    """(pi / 4) (K / P)^2 = g (j / 2) (Omega / F) t, in a cell without creep and thick enough."""
    calibration = known(**STIFF, **SHARP)
    curve = failure_curve(calibration, Question(CURRENT, HOURS, numbers={"thickness": 5e-3}))
    grown = 2.0 * 0.5 * CURRENT * NUMBERS["molar_volume"] / FARADAY * HOURS * 3600.0
    by_hand = 0.3e6 * math.sqrt(math.pi / 4.0 / grown)
    # straight but for the minutes before the first current (2e-4) and what creep is left in the thinnest throat
    assert upper_wall(curve, 0.5).median == pytest.approx(by_hand, rel=1e-3)


def test_the_window_of_cells_that_are_alike_lies_between_the_walls():
    made = recommend(known(**STIFF, **SHARP), current=CURRENT, hours=HOURS, thickness=5e-3)
    # just as far as the walls' draws go: one draw, so that mean and median are the same
    assert made.window == pytest.approx((made.lower.median, made.upper.median), rel=1e-6)
    assert made.window[0] < made.best < made.window[1]
    assert made.probability == pytest.approx(1.0, abs=1e-6)
    assert [end.key for end in made.limited_by] == ["contact", "fracture"]


def test_probability_is_the_share_of_cells_that_last(paper, answer):
    """Against cells drawn one by one, within four binomial standard errors."""
    few = paper.thinned(2000)
    exposure = steady(answer.best, CURRENT)
    rng = np.random.default_rng(1)
    lasts = []
    for seed in range(20):
        lives = predict_life(few, exposure, seed=seed)
        load = openings(few, [exposure], np.array([exposure.began + 3600.0 * HOURS]))[0]
        kept = rng.standard_normal(few.count) * few.draws["stripping_scatter"] > load
        lasts.append(kept & (lives > np.log(exposure.began + 3600.0 * HOURS)))
    # the draws are the same in every round, so that only the scatter of cells is random: at most binomial
    error = 4.0 * math.sqrt(0.25 / (20 * few.count))
    assert np.mean(lasts) == pytest.approx(answer.probability, abs=error)


def test_the_paper_allows_5_mpa_and_not_15(answer):
    low, high = answer.window
    assert low < 5e6 < high
    assert high < 15e6
    assert answer.interval[0] < 5e6 < answer.interval[1]
    assert answer.interval[1] / answer.interval[0] > 1.5  # one cell per pressure is not much
    assert [end.key for end in answer.limited_by] == ["contact", "fracture"]


def test_a_stricter_question_has_a_narrower_window(paper):
    """For the paper's own lab and for a new one, which knows less and whose windows close sooner."""
    new, own = failure_curves(paper.thinned(500), Question(CURRENT, HOURS), (NEW, "doux2020"))
    for curve, asked in ((own, (0.7, 0.5, 0.3)), (new, (0.7, 0.6, 0.5))):
        found = [window(curve, accepted) for accepted in asked]
        for wide, narrow in itertools.pairwise(found):
            assert wide[0] < narrow[0] < narrow[1] < wide[1]
        assert window(curve, 0.5 * curve.mean.min()) is None
    strict, usual = window(own, 0.4), window(new, 0.4)
    assert strict is not None
    assert usual is None or strict[0] < usual[0] < usual[1] < strict[1]


def test_no_window_is_said_with_the_least_bad_pressure(paper):
    made = recommend(paper, current=20.0 * CURRENT, hours=HOURS)
    said = made.as_dict()
    assert said["window_mpa"] is None
    assert 0.0 <= said["probability"] < 0.5
    assert said["best_mpa"] > 0.0
    assert any(text.startswith("no window") for text in made.warnings)
    assert any("extrapolation" in text for text in made.warnings)
    assert "no pressure has" in made.sentence()


def test_a_wall_that_nothing_makes_is_open():
    made = recommend(
        known(stripping_current=1e3, stripping_exponent=0.2, **STIFF, **SHARP), current=CURRENT, hours=10.0
    )
    assert made.window[0] == 0.0
    assert made.as_dict()["window_mpa"][0] is None
    assert made.limited_by[0].key == "open"
    assert any("open" in text for text in made.warnings)


def test_where_lithium_grows_across_it_is_said():
    """Thin electrolyte, gentle pressures: the filament crosses before any crack, whatever the pressure."""
    made = recommend(known(**STIFF, **SHARP), current=CURRENT, hours=HOURS, thickness=0.1e-3)
    assert made.window is None
    assert made.limited_by[1].key == "penetration"
    assert made.upper.median == 0.0
    assert made.as_dict()["upper_wall_mpa"]["median"] is None


def test_where_all_cells_fail_no_pressure_is_praised():
    """Any pressure is as bad as another: the middle of the range is not printed as a finding, nor 0 or 100 %."""
    made = recommend(known(**STIFF, **SHARP), current=1e3 * CURRENT, hours=1e5, accepted=1e-6)
    assert made.hopeless
    assert "MPa" not in made.sentence()
    assert "at most 0.0001 %" in made.sentence()
    assert any("means nothing" in text for text in made.warnings)
    assert max(one.hours for one in made.considered) == LONGEST  # nobody waits the eleven years that were asked for


def test_what_is_nearly_certain_is_not_said_to_be():
    made = recommend(known(**STIFF, **SHARP), current=CURRENT, hours=1.0, thickness=5e-3)
    assert made.probability > 0.999
    assert "more than 99 % probability" in made.sentence()
    assert [percent(share) for share in (0.0, 0.02, 0.5, 1.0)] == ["less than 1 %", "2 %", "50 %", "more than 99 %"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"hours": 4e3}, "asked for 4000 h, the longest test lasted 1000 h"),
        ({"hours": 1000.0, "thickness": 30e-6}, "asked for thickness 0.03 mm, the cells had"),
        ({"hours": 1000.0, "area": 1e-2}, "asked for area 100 cm2, the cells had"),
        ({"hours": 1000.0}, None),
    ],
)
def test_what_was_never_tested_is_called_an_extrapolation(paper, asked, said):
    warnings = recommend(paper.thinned(50), current=CURRENT, **asked).warnings
    found = [text for text in warnings if "extrapolation" in text]
    assert [said in text for text in found] == ([True] if said else [])


def test_shorts_before_current_share_a_label_and_a_cell_of_an_hour_has_its_hour(paper):
    few = replace(paper.thinned(50), data=paper.data + Data((CellLife("h", *_hour(), None, NUMBERS),)))
    lives = drawn_window(recommend(few, current=CURRENT, hours=HOURS), few).lives
    assert any(life == (pytest.approx(75e6), 0.0, "short before current") for life in lives)
    drawn = window_figure(drawn_window(recommend(few, current=CURRENT, hours=HOURS), few))
    texts = [text.get_text() for text in drawn.axes[0].texts]
    assert texts.count("before current") == 1
    assert "1 h" in texts


def test_repeats_at_one_pressure_share_a_label(paper):
    like = [
        CellLife(f"r{i}", steady(10e6, CURRENT), t * 3600.0, t * 3600.0, (t * 3600.0, math.inf), NUMBERS)
        for i, t in enumerate((101, 3001))
    ]
    few = replace(paper.thinned(50), data=Data(tuple(like)))
    drawn = window_figure(drawn_window(recommend(few, current=CURRENT, hours=HOURS), few))
    assert [text.get_text() for text in drawn.axes[0].texts].count("101-3001 h") == 1


def _hour():
    exposure = steady(40e6, CURRENT)
    return exposure, exposure.began + 3600.0, exposure.began + 3600.0


def test_without_data_the_answer_is_as_wide_as_the_prior(paper, answer):
    prior = calibrate(Data(), cell(), seed=5)
    made = recommend(prior, current=CURRENT, hours=HOURS)
    width = math.log(made.interval[1] / made.interval[0])
    assert width > math.log(answer.interval[1] / answer.interval[0])
    (own,) = failure_curves(paper, Question(CURRENT, HOURS), ("doux2020",))
    own_low, own_high = best_interval(own)
    assert width > 1.5 * math.log(own_high / own_low)  # of the lab whose cells these are
    assert any("no data" in text for text in made.warnings)
    low, high = made.probability_interval
    assert high - low > 0.9
    assert made.upper.high > upper_wall(own, answer.question.accepted).high


def test_survivors_alone_do_not_make_an_upper_wall(paper, answer):
    """Two cells that never failed at low pressure: what lies above is the prior's, wide and said so."""
    lives = tuple(
        CellLife(f"{p / 1e6:g}", steady(p, CURRENT), 500 * 3600.0, math.inf, (500 * 3600.0, math.inf), NUMBERS)
        for p in (3e6, 5e6)
    )
    made = recommend(calibrate(Data(lives), cell(), seed=6, chains=2, draws=500), current=CURRENT, hours=HOURS)
    assert made.upper.high > answer.upper.high
    (own,) = failure_curves(paper, Question(CURRENT, HOURS), ("doux2020",))
    assert made.upper.high > 2.0 * upper_wall(own, answer.question.accepted).high
    assert any("no cell has shorted" in text for text in made.warnings)


def test_the_gain_of_an_experiment_is_what_simulated_outcomes_give():
    """Truths from the posterior, outcomes from the truths, draws re-weighted by each: what is left of deviations."""
    rng = np.random.default_rng(2)
    count = 400
    calibration = known(
        count,
        toughness=0.22e6 * np.exp(0.3 * rng.standard_normal(count)),
        focusing=3.0 * np.exp(0.4 * rng.standard_normal(count)),
        stripping_current=2.0 * np.exp(0.5 * rng.standard_normal(count)),
        life_scatter=0.3,
        stripping_scatter=0.3,
    )
    question = Question(CURRENT, HOURS, numbers={"thickness": 5e-3})
    curve = failure_curve(calibration, question)
    lower, upper = lower_wall(curve, 0.5).draws, upper_wall(curve, 0.5).draws
    found = max(candidates([calibration], question, lower, upper), key=lambda one: one.gain)
    exposure = steady(found.pressure, found.current)
    mean = predict_life(calibration, exposure, numbers=question.numbers)
    ends = np.array([exposure.began + 3600.0 * found.hours])
    load = openings(calibration, [exposure], ends, numbers=question.numbers)[0] / 0.3
    walls = np.log(np.stack([lower, np.maximum(upper, lower)]))
    left = []
    for truth in rng.integers(count, size=4000):
        end = math.log(exposure.began + 3600.0 * found.hours)
        life = mean[truth] + 0.3 * rng.standard_normal()
        gone = 0.5 * (1.0 + np.vectorize(math.erf)(load / math.sqrt(2.0)))
        if rng.random() < gone[truth]:
            weight = gone
        elif life > end:
            weight = (1.0 - gone) * 0.5 * (1.0 + np.vectorize(math.erf)((mean - end) / 0.3 / math.sqrt(2.0)))
        else:
            weight = (1.0 - gone) * np.exp(-0.5 * ((life - mean) / 0.3) ** 2)
        weight = weight / weight.sum()
        centre = walls @ weight
        left.append(np.sqrt(((walls - centre[:, None]) ** 2) @ weight).sum())
    gain = 1.0 - np.mean(left) / walls.std(axis=1).sum()
    error = 4.0 * np.std(left) / math.sqrt(len(left)) / walls.std(axis=1).sum()
    assert found.gain > 0.1
    # sorting times into bins can only lose: by less than a tenth of the gain here
    assert gain - 0.1 * gain - error < found.gain < gain + error


def test_an_experiment_whose_outcome_is_known_tells_nothing():
    calibration = known(50, stripping_current=np.geomspace(1.0, 4.0, 50), life_scatter=0.3, stripping_scatter=0.05)
    question = Question(CURRENT, HOURS)
    curve = failure_curve(calibration, question)
    found = candidates([calibration], question, lower_wall(curve, 0.5).draws, upper_wall(curve, 0.5).draws)
    for one in found:
        if one.loses < 1e-6 or one.loses > 1.0 - 1e-6:
            assert one.gain == pytest.approx(0.0, abs=1e-4)
    assert max(one.gain for one in found) > 0.3


def test_the_quickest_of_nearly_equal_experiments_is_chosen():
    def made(gain, expected):
        return Candidate(5e6, 1.0, 1000.0, expected, gain, 0.5, 0.1)

    assert next_cell((made(0.20, 900.0), made(0.19, 300.0), made(0.10, 50.0))).expected_hours == 300.0
    assert next_cell((made(0.20, 900.0), made(0.17, 300.0))).expected_hours == 900.0


def test_expected_hours_lie_between_setting_up_and_the_whole_length(answer):
    assert answer.considered
    for one in answer.considered:
        assert SETTING_UP < one.expected_hours < SETTING_UP + one.hours * (1.0 + 1e-9)


def test_targets_in_hours_cycles_and_capacity_are_the_same():
    assert target_hours(0.75, hours=1000.0) == 1000.0
    assert target_hours(0.75, cycles=500, half_cycle=3600.0) == pytest.approx(1000.0)
    assert target_hours(0.75, capacity=0.75 * 3.6e6) == pytest.approx(1000.0)


def test_pressing_and_half_cycles_are_those_that_were_said():
    asked = Question(CURRENT, HOURS, half_cycle=1800.0, pressed=(50e6, 1800.0)).exposure(5e6)
    assert asked.pressures.tolist() == [50e6, 5e6, 5e6]
    assert asked.durations.tolist() == [1800.0, 600.0, math.inf]
    assert asked.turns[-1].tolist() == [1800.0, 1800.0]
    assert Question(CURRENT, HOURS).exposure(5e6).as_dict() == steady(5e6, CURRENT).as_dict()


@pytest.mark.parametrize(
    "said",
    [
        {"half_cycle": 0.0},
        {"half_cycle": math.inf},
        {"pressed": (0.0, 60.0)},
        {"pressed": (200e6, 60.0)},
        {"pressed": (25e6, math.nan)},
    ],
)
def test_a_press_or_half_cycle_that_cannot_be_is_refused(said):
    with pytest.raises(InputError, match="received"):
        Question(CURRENT, HOURS, **said)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({}, "no target"),
        ({"hours": 1.0, "cycles": 3.0}, "hours and cycles"),
        ({"cycles": 3.0}, "half-cycle"),
        ({"hours": -1.0}, "target between"),
        ({"hours": 10.0, "accepted": 1.0}, "accepted failure probability"),
        ({"hours": 10.0, "current": 0.0}, "above 0"),
        ({"hours": 10.0, "temperature": 1000.0}, "temperature"),
        ({"hours": 10.0, "area": -1.0}, "area"),
        ({"hours": 10.0, "current": float("nan")}, "not a finite number"),
    ],
)
def test_what_cannot_be_asked_is_refused(said, problem):
    with pytest.raises(InputError, match=problem):
        recommend(known(), **({"current": CURRENT} | said))


def test_the_json_holds_what_is_promised(answer):
    said = json.loads(json.dumps(answer.as_dict()))
    promised = {"window_mpa", "best_mpa", "interval_low_mpa", "interval_high_mpa"}
    assert promised | {"probability", "limited_by", "next_cell"} <= set(said)
    assert {"pressure_mpa", "current_ua_per_cm2", "hours", "why"} <= set(said["next_cell"])
    assert said["interval_low_mpa"] <= said["interval_high_mpa"]
    assert said["accepted_failure_probability"] == 0.5


def test_larger_and_thinner_cells_are_worse(paper):
    few = paper.thinned(300)
    large = 10.0 * NUMBERS["area"]
    usual = recommend(few, current=CURRENT, hours=HOURS).probability
    # unless a card says that spots that short become more with area, no published cell does
    assert recommend(few, current=CURRENT, hours=HOURS, area=large).probability == usual
    many_spots = replace(few, numbers=few.numbers | {"area_exponent": 1.0})
    assert recommend(many_spots, current=CURRENT, hours=HOURS, area=large).probability < usual
    assert recommend(few, current=CURRENT, hours=HOURS, thickness=0.3e-3).probability < usual


def test_draws_for_a_sweep_have_names_that_it_knows(paper):
    draws = sweep_draws(paper, 16)
    assert {len(values) for values in draws.values()} == {16}
    assert "focusing_scatter" in draws
    assert not {name for name in draws if name.startswith(("life_", "resistance_")) or name == "stripping_scatter"}


def test_the_figure_shows_the_window_the_walls_and_every_cell_that_cycled(paper, answer):
    figure = window_figure(drawn_window(answer, paper))
    top, bottom = figure.axes
    texts = " ".join(text.get_text() for text in top.texts)
    assert "window" in texts
    assert f"{answer.best / 1e6:.2g} MPa" in texts
    for hours in ("474 h", "272 h", "190 h", "48 h", "1000 h", "163 h"):
        assert hours in texts
    assert "next" in bottom.texts[0].get_text()


def test_a_new_lab_and_the_lab_of_the_cells_get_their_answers(answer, paper):
    """The lab whose cells they are is surer of what happens at pressures that its cells shorted at."""
    own = answer.of_lab
    assert own.group == "doux2020"
    assert answer.labs_differ > 1.2
    assert answer.as_dict()["of_lab"]["window_mpa"] == pytest.approx([end / 1e6 for end in own.window])
    assert "cells made as those of 'doux2020'" in own.sentence()
    assert "labs differ" in answer.difference()
    question = Question(CURRENT, HOURS)
    of_new, of_own = failure_curves(paper.thinned(500), question, (NEW, "doux2020"), np.array([15e6]))
    assert of_own.short.mean() > of_new.short.mean() > 0.5
    with pytest.raises(InputError, match="no cells of 'nobody'"):
        recommend(paper.thinned(50), current=CURRENT, hours=HOURS, lab="nobody")


def test_own_cells_move_the_answer_for_the_lab_and_not_what_labs_are():
    """All draws agree but for the offset: of a lab whose cells live ten times as long all last, of others half do."""
    count = 200
    calibration = known(count, life_spread=1.0, life_scatter=0.05)
    calibration = replace(calibration, offsets={"own": np.full(count, math.log(10.0))})
    exposure = steady(8e6, CURRENT)
    median = (np.exp(predict_life(calibration, exposure, group="")[0]) - exposure.began) / 3600.0
    question = Question(CURRENT, float(median))
    of_new, of_own = failure_curves(calibration, question, (NEW, "own"), np.array([8e6]))
    assert of_new.short.mean() == pytest.approx(0.5, abs=0.02)
    assert of_own.short.mean() < 1e-6


def test_the_next_cell_counts_what_it_tells_of_the_lab():
    """Nothing is unknown but the lab's offset: a cell of that lab tells it, a cell of a lab like the median nothing."""
    count = 300
    rng = np.random.default_rng(1)
    calibration = known(count, life_scatter=0.2, stripping_scatter=0.05)
    calibration = replace(calibration, offsets={"own": rng.standard_normal(count)})
    question = Question(CURRENT, HOURS)
    curve = failure_curve(calibration, question, group="own")
    walls = lower_wall(curve, 0.5).draws, upper_wall(curve, 0.5).draws
    told = max(one.gain for one in candidates([calibration], question, *walls, group="own"))
    untold = max(one.gain for one in candidates([calibration], question, *walls, group=""))
    assert told > 0.3
    assert untold == pytest.approx(0.0, abs=1e-6)


def test_the_interval_is_withheld_where_data_and_model_do_not_fit(paper):
    at_odds = replace(paper.thinned(50), misfits=("'a' contradicts the rest",))
    made = recommend(at_odds, current=CURRENT, hours=HOURS)
    said = made.as_dict()
    assert made.interval is None
    assert said["interval_withheld"] is True
    assert said["interval_low_mpa"] is said["interval_high_mpa"] is None
    assert any("withheld" in text for text in made.warnings)
    drawn = window_figure(drawn_window(made, at_odds))
    assert f"{made.best / 1e6:.2g} MPa" in " ".join(text.get_text() for text in drawn.axes[0].texts)


def test_the_report_says_both_answers_and_hides_no_doubt(answer, paper):
    report = recommendation_report(answer, paper, "paper")
    spoken = " ".join(point for section in report.sections for point in section.points)
    assert report.answer.startswith("for a new lab, ")
    assert "cells made as those of 'doux2020'" in spoken
    assert "labs differ" in spoken
    assert report.as_json["window_mpa"] == answer.as_dict()["window_mpa"]
    page = report_page(report)
    assert "best pressure, 90 % interval" in page
    assert "<svg" in page
    at_odds = recommendation_report(replace(answer, interval=None), paper)
    assert "withheld" in at_odds.numbers[0].value
    printed = io.StringIO()
    print_report(at_odds, Console(file=printed, width=200))
    assert "withheld" in printed.getvalue()
