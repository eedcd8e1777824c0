"""The seed paper: what its page must show, and that the cards hold the best fit to it."""

import math
from html.parser import HTMLParser

import pytest

from lithostat.papers.doux2020 import fit
from lithostat.papers.doux2020.figures import figures
from lithostat.papers.doux2020.page import paper_page
from lithostat.papers.doux2020.published import published
from lithostat.papers.doux2020.reproduce import reproduce
from lithostat.simulation.ledger import ledger


@pytest.fixture(scope="module")
def result():
    return reproduce()


@pytest.fixture(scope="module")
def rows(result):
    return {row.id: row for row in result.rows}


@pytest.mark.parametrize(("name", "hours"), [("25MPa", 48), ("20MPa", 190), ("15MPa", 272), ("10MPa", 474)])
def test_dated_failures_lie_within_a_factor_of_1_7(rows, name, hours):
    row = rows[f"fig2b-{name}"]
    assert row.measured == hours
    assert 1 / 1.7 <= row.simulated / hours <= 1.7
    assert row.passed


def test_75_mpa_shorts_before_current_flows(result, rows):
    assert result.records["fig2b-75MPa"].outcome.kind == "short before current"
    assert rows["fig2b-75MPa"].passed


@pytest.mark.parametrize(("name", "hours"), [("fig2b-5MPa", 1000), ("figS3-2MPa", 163)])
def test_low_pressure_outlives_the_test(rows, name, hours):
    assert rows[name].passed
    assert rows[name].simulated > hours


def test_25_mpa_without_current_does_not_short(result, rows):
    assert result.records["hold-25MPa"].outcome.kind == "survived"
    assert result.records["hold-25MPa"].outcome.time > 1000 * 3600
    assert rows["hold-25MPa"].passed


@pytest.mark.parametrize(
    ("name", "ohm"),
    [
        ("1MPa-loading", 500),
        ("5MPa-loading", 110),
        ("10MPa-loading", 50),
        ("15MPa-loading", 40),
        ("20MPa-loading", 35),
        ("25MPa-loading", 32),
        ("5MPa-unloading", 50),
    ],
)
def test_impedance_lies_within_15_percent(rows, name, ohm):
    row = rows[f"fig4-{name}"]
    assert row.measured == ohm
    assert abs(row.simulated / ohm - 1) <= 0.15


def test_the_books_of_every_record_balance(result):
    assert max(ledger(record).worst for record in result.records.values()) < 1e-8


def test_rows_without_a_target_are_never_counted_as_met(rows):
    assert {row.passed for row in rows.values() if row.target == "none"} == {None}


def test_the_page_says_what_was_fitted_and_what_is_inconsistent(result):
    class Text(HTMLParser):
        def __init__(self):
            super().__init__()
            self.words, self.links = [], []

        def handle_data(self, data):
            self.words.append(data)

        def handle_starttag(self, tag, attrs):
            self.links += [value for name, value in attrs if name in ("src", "href")]

    html = paper_page(result, figures(result))
    reader = Text()
    reader.feed(html)
    text = " ".join(" ".join(reader.words).split())
    assert "toughness, throat_radius, focusing" in text
    assert all(entry["found"] in text for entry in published()["inconsistencies"])
    assert html.count("<svg") == 4
    assert not [link for link in reader.links if link and not link.startswith(("#", "data:"))]  # no outside request


@pytest.mark.parametrize("name", fit.NAMES)
@pytest.mark.parametrize("nudge", [0.93, 1.07])
def test_the_cards_hold_the_best_fit(best, name, nudge):
    parameters, likelihood = best
    nudged = fit.lives(parameters | {name: parameters[name] * nudge}, {})
    assert fit.log_likelihood(nudged, fit.START[3]) < likelihood


@pytest.fixture(scope="module")
def best():
    from lithostat.papers.doux2020.published import cell
    from lithostat.simulation.resolve import resolve

    resolved = resolve(cell())
    parameters = {name: resolved.values[name].value for name in fit.NAMES}
    scatter = resolved.values["focusing_scatter"].value
    assert math.isclose(scatter, fit.START[3])
    return parameters, fit.log_likelihood(fit.lives(parameters, {}), scatter)
