"""Scores against their definition: densities that integrate to one, probabilities, and intervals that hold 90 %."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from lithostat.bench.prediction import Prediction
from lithostat.bench.score import CRITICAL_SCATTER, FLOOR, between, log_probability, score, sign_score, spread
from lithostat.papers.published_cell import PublishedCell
from lithostat.papers.reader import cell_of


def cell(**changed: object) -> PublishedCell:
    row = {"id": "A", "cell_kind": "symmetric", "outcome": "short", "unit": "h", "censored": "none", "tag": "V1",
           "stated": "none"}  # fmt: skip
    return cell_of(row | changed, paper="x", file="x")


def dated(hours: float) -> PublishedCell:
    return cell(value=hours, low=hours, high=hours)


FAILED = Prediction(100.0, 100.0, "short")


def test_the_density_of_ln_t_integrates_to_one() -> None:
    total, _ = quad(lambda x: math.exp(log_probability(dated(math.exp(x)), math.log(100.0), 1.1)), -5.0, 15.0)
    assert total == pytest.approx(1.0, abs=1e-8)


def test_bounds_share_the_probability_between_them() -> None:
    right = cell(outcome="survived", low=30.0, censored="right")
    left = cell(high=30.0, censored="left")
    middle = cell(low=30.0, high=300.0, censored="interval")
    beyond = cell(outcome="survived", low=300.0, censored="right")
    points = [math.exp(log_probability(one, math.log(100.0), 1.1)) for one in (right, left, middle, beyond)]
    assert points[0] + points[1] == pytest.approx(1.0, rel=1e-12)
    assert points[2] + points[3] == pytest.approx(points[0], rel=1e-12)


@pytest.mark.parametrize("shift", [0.0, 5.0, 30.0, -30.0])
def test_a_narrow_interval_is_a_density_times_its_width_however_far_out(shift: float) -> None:
    width = 1e-4
    expected = norm.logpdf(shift) + math.log(width)
    assert between(shift - 0.5 * width, shift + 0.5 * width, 0.0, 1.0) == pytest.approx(expected, abs=1e-5)


def test_an_error_of_reading_of_no_width_is_a_dated_value() -> None:
    near = cell(value=50.0, low=50.0 * (1 - 1e-5), high=50.0 * (1 + 1e-5))
    assert log_probability(near, math.log(100.0), 0.9) == pytest.approx(
        log_probability(dated(50.0), math.log(100.0), 0.9), abs=1e-6
    )


def test_the_stated_interval_holds_its_share() -> None:
    """Cells drawn with the scatter and the offset that a prediction states lie inside in 90 of 100 cases."""
    rng = np.random.default_rng(5)
    lives = 100.0 * np.exp(rng.normal(0.0, 0.27, 4000) + rng.normal(0.0, 1.0, 4000))
    inside = np.mean([bool(score(dated(float(life)), FAILED, 0.27).inside) for life in lives])
    assert inside == pytest.approx(0.9, abs=3.0 * math.sqrt(0.09 / 4000))


def test_the_better_prediction_scores_more_and_absurd_ones_count_once() -> None:
    scores = [score(dated(100.0 * factor), FAILED, 0.27).log_score for factor in (1.0, 3.0, 30.0, 1e9)]
    assert scores == sorted(scores, reverse=True)  # type: ignore[type-var]
    assert scores[-1] == FLOOR
    assert "floored" in score(dated(1e11), FAILED, 0.27).verdict


def test_verdicts_say_which_way_and_how_far() -> None:
    assert score(dated(50.0), FAILED, 0.27).verdict == "inside 90 %: 2 times too long"
    assert score(dated(1000.0), FAILED, 0.27).verdict.startswith("outside 90 %: 10 times too short")
    kept = cell(outcome="survived", low=30.0, censored="right")
    assert score(kept, Prediction(None, 300.0, "survived"), 0.27).verdict == "within its bounds"
    lost = Prediction(10.0, 10.0, "contact lost")
    assert score(kept, lost, 0.27).verdict == "below its bound: 3 times too short; contact lost"
    assert "by contact lost" in score(dated(10.0), lost, 0.27).verdict


def test_what_was_not_followed_to_its_end_has_no_upper_bound() -> None:
    found = score(dated(100.0), Prediction(None, 100.0, "survived"), 0.27)
    assert found.high is None
    assert found.low is not None


def test_a_sign_is_of_two_cells_that_share_their_offset() -> None:
    row = {"outcome": "sign", "unit": None, "value": -1.0, "than": "B"}
    shorter = cell(**{key: value for key, value in row.items() if value is not None} | {"unit": ""})
    right = sign_score(shorter, Prediction(10.0, 10.0, "short"), FAILED, 0.27)
    wrong = sign_score(shorter, FAILED, Prediction(10.0, 10.0, "short"), 0.27)
    assert right.log_score == pytest.approx(float(norm.logcdf(math.log(10.0) / (math.sqrt(2.0) * 0.27))))
    assert right.verdict.startswith("sign right")
    assert wrong.verdict.startswith("sign wrong")


def test_the_offset_between_papers_is_none_for_ones_own_cells() -> None:
    ramp = cell(outcome="critical_current", unit="mA_cm2", value=1.0, low=1.0, high=1.0)
    assert spread(dated(1.0), 0.27, 0.0) == 0.27
    assert spread(ramp, 0.27, 0.0) == CRITICAL_SCATTER
