"""The seed paper: what its page must show, and that the cards hold the best fit to it."""

import math
from html.parser import HTMLParser

import pytest

from lithostat.cycling.shorts import call_short
from lithostat.experiment.cell_note import note_from
from lithostat.model.ledger import ledger
from lithostat.papers.doux2020 import fit
from lithostat.papers.doux2020.figures import figures
from lithostat.papers.doux2020.page import paper_report
from lithostat.papers.doux2020.published import published
from lithostat.show.report_page import report_page
from lithostat.simulation.sensor import Instrument, sense


@pytest.fixture(scope="module")
def result(reproduced):
    return reproduced


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


@pytest.mark.parametrize(
    ("name", "measured", "allowed"),
    [
        ("fig1-LiIn-discharge", 140.0, 7.0),
        ("fig1-LiIn-efficiency", 66.5, 3.0),
        ("fig2c-discharge", 150.0, 7.5),
        ("fig2c-efficiency", 69.0, 3.0),
        ("fig3-retention-100", 80.9, 3.0),
        ("fig3-efficiency", 98.86, 0.5),
    ],
)
def test_full_cells_lie_within_their_targets(rows, name, measured, allowed):
    assert rows[name].measured == measured
    assert abs(rows[name].simulated - measured) <= allowed
    assert rows[name].passed


def test_full_cells_short_where_the_paper_s_did(result, rows):
    assert result.records["fig1-Li"].outcome.kind == "short"
    assert result.records["fig1-LiIn"].outcome.kind == "survived"
    assert rows["fig1-Li-short"].simulated == 1.0
    assert rows["fig2c-short"].simulated == 2.0
    failed = result.records["fig1-Li"].table
    assert failed.filter(failed["cycle_count"] == 1)["voltage_volt"].max() < 4.3  # never reaches its limit
    assert result.records["fig3"].outcome.kind == "survived"


@pytest.mark.parametrize(
    ("name", "shorted"), [("fig1-Li", True), ("fig2c", True), ("fig1-LiIn", False), ("fig3", False)]
)
def test_the_analysis_calls_full_cells_from_what_a_cycler_would_have_written(result, name, shorted):
    record = result.records[name]
    seen = sense(record, Instrument(interval=60.0, voltage_noise=2e-4), seed=1)
    outcome = call_short(seen, note_from({"kind": "full"})).outcome
    assert outcome.shorted is shorted, outcome.evidence
    if shorted:
        assert 0.0 <= outcome.time - record.outcome.time < 3600.0


def test_the_page_says_that_the_median_cell_does_not_live_229_cycles(rows):
    row = rows["fig3-median-short"]
    assert row.passed is None
    assert 160 < row.simulated < 190
    assert "focusing of 2.07 or less" in rows["fig3-no-short"].note


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

    html = report_page(paper_report(result, figures(result)))
    reader = Text()
    reader.feed(html)
    text = " ".join(" ".join(reader.words).split())
    assert "toughness, throat_radius, focusing" in text
    assert all(entry["found"] in text for entry in published()["inconsistencies"])
    assert "contact_loss_charge" in text
    assert html.count("<svg") == 7
    assert not [link for link in reader.links if link and not link.startswith(("#", "data:"))]  # no outside request


@pytest.mark.parametrize("name", fit.NAMES)
@pytest.mark.parametrize("nudge", [0.93, 1.07])
def test_the_cards_hold_the_best_fit(best, name, nudge):
    parameters, likelihood = best
    nudged = fit.lives(parameters | {name: parameters[name] * nudge}, {})
    assert fit.log_likelihood(nudged, fit.START[3]) < likelihood


@pytest.fixture(scope="module")
def best():
    from lithostat.model.resolve import resolve
    from lithostat.papers.doux2020.published import cell

    resolved = resolve(cell())
    parameters = {name: resolved.values[name].value for name in fit.NAMES}
    scatter = resolved.values["focusing_scatter"].value
    assert math.isclose(scatter, fit.START[3])
    return parameters, fit.log_likelihood(fit.lives(parameters, {}), scatter)
