"""A stack that relaxes against a zero that drifts: the finding says what speaks for which, and decides nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rig_cases import symmetric_record

from lithostat.cycling.pressure import pressure_findings
from lithostat.cycling.trace import trace_of
from lithostat.experiment.cell_note import note_from
from lithostat.experiment.finding import Finding

NAME = "change of the pressure over the record"


def found(pressure: np.ndarray, *, celsius: np.ndarray | None = None, load_cell: Any = None) -> Finding:
    record = symmetric_record(half_cycles=20)
    table = record.table.with_columns(measured_pressure_pa=pressure)
    if celsius is not None:
        table = table.with_columns(ambient_temperature_celsius=celsius)
    record = replace(record, table=table, provenance={"load_cell": load_cell} if load_cell else {})
    findings = pressure_findings(trace_of(record, note_from({"kind": "symmetric"})))
    return next(finding for finding in findings if finding.name == NAME)


def course(shape: np.ndarray) -> np.ndarray:
    return 3e7 + 1e6 * shape + 1e3 * np.random.default_rng(0).standard_normal(600)


T = np.linspace(0.0, 1.0, 600)


def test_a_frame_relaxes_early_and_a_zero_drifts_on() -> None:
    relaxed = found(course(np.exp(-T / 0.1)))
    assert relaxed.value == pytest.approx(-0.79, abs=0.01)  # the mean of the first twentieth of exp(-10 t) is 0.787
    assert any("a frame that relaxes does that" in text for text in relaxed.evidence)
    drifted = found(course(-T))
    assert drifted.value == pytest.approx(-0.95, abs=0.01)
    assert any("a zero that drifts does that" in text for text in drifted.evidence)
    assert any("not tared at the end: its drift would look the same" in text for text in drifted.evidence)


def test_two_tares_tell_them_apart_and_an_opened_port_says_what_it_may_be() -> None:
    tared = {"tare": [{"zero": 0.0}, {"zero": 0.1}], "drift_pa_per_day": 2e5}
    twice = found(course(-T), load_cell=tared).evidence
    assert any("tared twice: the drift of the zero (0.2 MPa per day)" in text for text in twice)
    opened = {"tare": [], "epochs": [{"zero": 1.0}, {"zero": None}]}
    assert any("opened again 1 time" in text for text in found(course(-T), load_cell=opened).evidence)


def test_a_pressure_that_follows_the_temperature_is_said() -> None:
    swing = np.sin(20.0 * T)
    with_it = found(course(swing - 0.3 * T), celsius=25.0 + 2.0 * swing)
    assert any("went with the temperature (0.5" in text for text in with_it.evidence)
    without = found(course(-T), celsius=25.0 + 2.0 * swing)
    assert not any("temperature" in text for text in without.evidence)


def test_noise_has_no_reasons() -> None:
    assert len(found(course(0.0 * T)).evidence) == 2
