"""Symmetric cells built by hand: what looks like a short and is none, and shorts of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from hand_cells import BARE, CURRENT, HOUR, OHM, PELLET, clock, holds, record, spectrum, symmetric

from lithostat.cycling.outcomes import SURE
from lithostat.cycling.shorts import call_short
from lithostat.experiment.cell_note import CellNote, note_from
from lithostat.experiment.finding import Outcome
from lithostat.experiment.record import Record


def call(made: Record, note: CellNote = BARE) -> Outcome:
    return call_short(made, note).outcome


def lives(made: Record, note: CellNote = BARE) -> None:
    outcome = call(made, note)
    assert outcome.kind == "censored", outcome
    assert outcome.confidence > 0.8


def not_called(made: Record, note: CellNote = BARE) -> None:
    """The record cannot decide it: nothing is called, and no certainty is claimed."""
    outcome = call(made, note)
    assert not outcome.shorted, outcome
    assert outcome.kind != "unknown" or outcome.confidence < SURE


def dies(made: Record, kind: str, hours: float, note: CellNote = BARE) -> Outcome:
    outcome = call(made, note)
    assert outcome.kind == kind, outcome
    assert outcome.confidence >= SURE
    assert holds(outcome, hours), (outcome.interval, hours * HOUR)
    return outcome


# What is not a short


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("value", [0.0, -OHM, -1000.0])
@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize(("interval", "hours"), [(60.0, 100.0), (300.0, 500.0), (720.0, 1000.0), (1200.0, 2000.0)])
def test_glitches_of_one_or_two_samples_are_no_shorts(interval, hours, length, value, watched):
    def glitches(time, sign):
        ohm = np.full(len(time), OHM)
        for row in range(501, len(time) - 10, 997):
            ohm[row : row + length] = value
        return ohm

    lives(symmetric(glitches, interval=interval, hours=hours, watched=watched))


def test_a_short_after_glitches_is_still_seen():
    def ohm(time, sign):
        value = np.where(time >= 70.3 * HOUR, 10.0, OHM)
        value[501:503] = 0.0
        return value

    dies(symmetric(ohm), "hard short", 70.3)


@pytest.mark.parametrize("step", [2e-4, 1e-3, 2e-3, 4e-3])
def test_an_offset_that_steps_when_the_cycler_changes_its_range(step):
    time, sign = clock()
    not_called(record(time, OHM * CURRENT * sign + np.where(time > 50.0 * HOUR, step, 0.0), CURRENT * sign))


@pytest.mark.parametrize("known", [False, True])
def test_day_and_night(known):
    def celsius(time):
        return 25.0 + 2.0 * np.sin(2.0 * np.pi * time / (24.0 * HOUR))

    def ohm(time, sign):
        return OHM * np.exp(0.35 * 96485.0 / 8.314 * (1.0 / (273.15 + celsius(time)) - 1.0 / 298.15))

    lives(symmetric(ohm, **({"temperature": celsius} if known else {})))


def test_a_screw_that_is_turned():
    def ohm(time, sign):
        return np.where(time < 50.0 * HOUR, 90.0, 50.0 + 40.0 / 3.0)

    lives(symmetric(ohm, pressure=lambda time: np.where(time < 50.0 * HOUR, 5e6, 15e6)))
    outcome = call(symmetric(ohm))  # nobody measured the pressure: a soft short looks the same
    assert outcome.kind == "unknown"
    assert any("nobody measured the pressure" in text for text in outcome.evidence)


@pytest.mark.parametrize("watched", [False, True])
def test_contact_that_ripens_by_a_sixth_in_a_day(watched):
    lives(symmetric(lambda time, sign: OHM * (1.0 - 0.16 * np.minimum(time / (20.0 * HOUR), 1.0)), watched=watched))


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("healing", [10.0, 600.0, 1800.0])
@pytest.mark.parametrize("height", [10.0, 60.0, 200.0])
def test_voids_that_grow_at_each_stripping_and_heal_at_each_plating(height, healing, watched):
    def ohm(time, sign):
        within = time % HOUR
        void = np.where(sign < 0.0, (within / HOUR) ** 2, np.exp(-within / healing))
        return OHM + height * np.where(time < HOUR, 0.0, void)

    lives(symmetric(ohm, watched=watched))


def test_contact_that_heals_when_it_is_first_plated():
    """The void of the first stripping closes after the first reversal, below all that was seen before."""
    time, sign = clock(120.0)
    current = np.where(time < 20.0 * HOUR, 0.0, CURRENT * sign)
    since = time - 20.0 * HOUR
    ohm = np.where(since < HOUR, 85.0 + 40.0 * (since / HOUR) ** 2, 70.0 + 55.0 * np.exp((HOUR - since) / 300.0))
    quiet = {"pressure": 5e6 + 0.0 * time, "temperature": 25.0 + 0.0 * time}
    lives(record(time, ohm * current, current, **quiet))


def test_a_tenth_is_weather_where_nobody_measured_it():
    def ohm(time, sign):
        return np.where(time < 50.0 * HOUR, OHM, 0.9 * OHM)

    lives(symmetric(ohm))
    assert call(symmetric(ohm, watched=True)).kind != "censored"


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("interval", [1.0, 10.0, 60.0, 600.0])
@pytest.mark.parametrize("rise", [1.0, 10.0, 60.0, 300.0, 1200.0])
def test_polarisation_that_builds_up_after_each_reversal(rise, interval, watched):
    made = symmetric(
        lambda time, sign: 50.0 + 30.0 * (1.0 - np.exp(-(time % HOUR) / rise)),
        interval=interval,
        hours=20.0,
        watched=watched,
    )
    lives(made)


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("healed", [70.0, 64.0])
def test_a_rest_that_heals_what_rose_for_a_hundred_hours(healed, watched):
    time, sign = clock(224.0)
    current = np.where((time > 100.0 * HOUR) & (time < 124.0 * HOUR), 0.0, CURRENT * sign)
    ohm = np.where(time <= 100.0 * HOUR, 70.0 + 0.7 * time / HOUR, healed)
    voltage = ohm * current + 2e-5 * np.random.default_rng(0).standard_normal(len(time))
    columns = {"pressure": 5e6 + 0.0 * time, "temperature": 25.0 + 0.0 * time} if watched else {}
    not_called(record(time, voltage, current, **columns))


def ramp(short: float | None = None, **columns: float) -> Record:
    """A test of the critical current: the current steps up every two hours, kinetics after Butler and Volmer."""
    time = np.arange(0.0, 40.0 * HOUR, 30.0)
    sign = np.where((time // HOUR).astype(int) % 2 == 0, 1.0, -1.0)
    current = 1e-4 * ((time // (2.0 * HOUR)).astype(int) + 1)
    voltage = 50.0 * current + 0.05 * np.arcsinh(current / 2e-4)
    voltage = np.where(time >= (short or np.inf) * HOUR, 0.15 * voltage, voltage)
    voltage = sign * voltage + 2e-5 * np.random.default_rng(0).standard_normal(len(time))
    return record(time, voltage, current * sign, **{name: value + 0.0 * time for name, value in columns.items()})


@pytest.mark.parametrize("columns", [{}, {"pressure": 5e6, "temperature": 25.0}])
def test_a_critical_current_test(columns):
    lives(ramp(**columns))
    for hours in (24.0, 24.5, 25.0):  # at a step, within it, at a reversal
        dies(ramp(hours, **columns), "hard short", hours)


def test_a_zero_of_the_current_that_is_off_at_rest():
    """A cycler that reads 1.5 % of the current at rest: V/I means nothing there."""
    time, sign = clock()
    rest = (time >= 50.0 * HOUR) & (time < 55.0 * HOUR)
    draw = np.random.default_rng(0)
    voltage = np.where(rest, 0.0, OHM * CURRENT * sign) + 1e-6 * draw.standard_normal(len(time))
    lives(record(time, voltage, np.where(rest, 0.015 * CURRENT, CURRENT * sign)))
    lives(record(time, voltage, np.where(rest, 0.0, CURRENT * sign) + 0.02 * CURRENT * draw.standard_normal(len(time))))


@pytest.mark.parametrize("offset", [0.2 * OHM * CURRENT, -0.2 * OHM * CURRENT])
def test_an_offset_of_a_fifth_of_the_signal(offset):
    lives(symmetric(offset=offset))
    lives(symmetric(offset=offset, watched=True), PELLET)
    lives(symmetric(offset=offset, hours=1.5))
    dies(symmetric(lambda time, sign: np.where(time >= 60.3 * HOUR, 10.0, OHM), offset=offset), "hard short", 60.3)


@pytest.mark.parametrize("seed", range(5))
def test_a_cycler_whose_noise_is_a_fifth_of_the_signal(seed):
    noise = 0.2 * OHM * CURRENT
    lives(symmetric(noise=noise, seed=seed))
    lives(symmetric(noise=noise, seed=seed, watched=True))
    outcome = call(symmetric(lambda time, sign: np.where(time >= 60.0 * HOUR, 10.0, OHM), noise=noise, seed=seed))
    assert outcome.kind == "hard short"
    assert holds(outcome, 60.0)
    assert abs(outcome.time - 60.0 * HOUR) < 300.0


def test_contact_that_is_lost():
    outcome = call(
        symmetric(lambda time, sign: np.minimum(OHM * np.exp(np.maximum(time / HOUR - 60.0, 0.0) / 4.0), 700.0))
    )
    assert outcome.kind == "contact lost"
    assert 60.0 * HOUR < outcome.time < 70.0 * HOUR
    assert not outcome.shorted


# Shorts


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("interval", [1.0, 60.0, 600.0])
def test_a_hard_short_is_called_at_its_first_sample(interval, watched):
    at = 20.3 if interval < 60.0 else 60.3
    made = symmetric(
        lambda time, sign: np.where(time >= at * HOUR, 10.0, OHM), interval=interval, hours=1.5 * at, watched=watched
    )
    outcome = dies(made, "hard short", at)
    assert 0.0 <= outcome.time - at * HOUR < interval + 1e-6


@pytest.mark.parametrize("watched", [False, True])
def test_a_soft_short_that_goes_away_after_three_hours(watched):
    def ohm(time, sign):
        return np.where((time >= 40.3 * HOUR) & (time < 43.3 * HOUR), 35.0, OHM)

    dies(symmetric(ohm, watched=watched), "soft short, recovered", 40.3)


@pytest.mark.parametrize("watched", [False, True])
def test_a_soft_short_that_hardens_after_ten_hours(watched):
    def ohm(time, sign):
        return np.select([time < 40.3 * HOUR, time < 50.3 * HOUR], [OHM, 35.0], 3.0)

    outcome = dies(symmetric(ohm, watched=watched), "soft then hard short", 40.3)
    assert any("hard from 50.3" in text for text in outcome.evidence)


def test_a_soft_short_that_stays():
    for fall in (0.5, 0.2):
        made = symmetric(
            lambda time, sign, fall=fall: np.where(time >= 40.3 * HOUR, (1.0 - fall) * OHM, OHM), watched=True
        )
        dies(made, "soft short", 40.3)


@pytest.mark.parametrize("watched", [False, True])
def test_a_short_that_flickers_for_fifty_hours(watched):
    def ohm(time, sign):
        on = np.random.default_rng(4).random(1000) < 0.5
        shorted = on[(time // 600.0).astype(int)] & (time >= 40.0 * HOUR) & (time < 90.0 * HOUR)
        return np.where(shorted | ((time >= 40.0 * HOUR) & (time < 40.2 * HOUR)), 25.0, OHM)

    dies(symmetric(ohm, watched=watched), "soft short, recovered", 40.0)


def test_a_path_in_one_direction_only_is_less_sure():
    one = call(symmetric(lambda time, sign: np.where((time >= 40.3 * HOUR) & (sign > 0.0), 20.0, OHM)))
    both = call(symmetric(lambda time, sign: np.where(time >= 40.3 * HOUR, 20.0, OHM)))
    assert one.shorted
    assert both.shorted
    assert one.confidence < both.confidence
    assert any("other direction" in text for text in one.evidence)


@pytest.mark.parametrize(("level", "kind"), [(10.0, "hard short"), (45.0, "soft short")])
def test_a_short_that_forms_while_nothing_is_seen(level, kind):
    time, sign = clock(120.0)
    ohm = np.where(time > 52.0 * HOUR, level, OHM)
    current = np.where((time > 50.0 * HOUR) & (time < 55.0 * HOUR), 0.0, CURRENT * sign)
    columns = {"pressure": 5e6 + 0.0 * time, "temperature": 25.0 + 0.0 * time}
    outcome = call(record(time, ohm * current, current, **columns))
    assert outcome.kind == kind
    assert outcome.interval == (50.0 * HOUR, 55.0 * HOUR)
    assert not any("one sampling interval" in text for text in outcome.evidence)
    kept = (time < 50.5 * HOUR) | (time > 53.2 * HOUR)
    columns = {name: values[kept] for name, values in columns.items()}
    outcome = call(record(time[kept], (ohm * CURRENT * sign)[kept], (CURRENT * sign)[kept], **columns))
    assert outcome.kind == kind
    assert outcome.interval == pytest.approx((50.5 * HOUR, 53.2 * HOUR), abs=61.0)
    assert not any("one sampling interval" in text for text in outcome.evidence)


def test_the_last_samples():
    def last(samples):
        return symmetric(lambda time, sign: np.where(time >= time[-samples], 3.0, OHM), watched=True)

    assert not call(last(1)).shorted
    assert not call(last(2)).shorted  # a glitch looks the same
    assert call(last(4)).shorted


def test_a_short_in_the_first_hours():
    for hours in (0.5, 1.0, 1.5, 2.0):
        made = symmetric(lambda time, sign, at=hours: np.where(time >= at * HOUR, 10.0, OHM), hours=4.0)
        dies(made, "hard short", hours)


def test_a_record_that_begins_shorted():
    made = symmetric(1.5)
    assert call(made, PELLET).kind == "short before current"
    assert call(symmetric(1.5, spectra=(spectrum(short=1.5),))).kind == "short before current"
    assert call(symmetric(1.5, spectra=(spectrum(),))).kind == "short before current"
    outcome = call(made)  # a cell of little resistance, for all that anybody said
    assert outcome.kind == "censored"
    assert any("cannot be excluded" in text for text in outcome.evidence)
    assert outcome.confidence < call(symmetric(), PELLET).confidence


def test_one_direction_of_current():
    time = np.arange(0.0, 100.0 * HOUR, 60.0)
    draw = 2e-5 * np.random.default_rng(0).standard_normal(len(time))
    lives(record(time, OHM * CURRENT + draw, CURRENT + 0.0 * time))
    lives(record(time, (OHM + time / HOUR) * CURRENT + draw, CURRENT + 0.0 * time))
    voltage = np.where(time >= 50.0 * HOUR, 7.0, OHM) * CURRENT + draw
    outcome = call(record(time, voltage, CURRENT + 0.0 * time))
    assert outcome.kind == "hard short"
    assert abs(outcome.time - 50.0 * HOUR) <= 60.0


# Damaged records


def shorted() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    made = symmetric(lambda time, sign: np.where(time >= 60.0 * HOUR, 10.0, OHM))
    return tuple(made.column(name).copy() for name in ("test_time_second", "voltage_volt", "current_ampere"))


@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("rows", [slice(100, 140), slice(3000, 3001), slice(0, None, 7)])
def test_rows_without_a_value(column, rows):
    columns = shorted()
    columns[column][rows] = np.nan
    called = call_short(record(*columns), BARE)
    assert called.outcome.kind == "hard short"
    assert abs(called.outcome.time - 60.0 * HOUR) <= 60.0
    assert any("left out" in text for text in called.warnings)


def test_rows_that_are_not_in_order():
    columns = shorted()
    order = np.random.default_rng(0).permutation(len(columns[0]))
    called = call_short(record(*(column[order] for column in columns)), BARE)
    assert called.outcome.kind == "hard short"
    assert holds(called.outcome, 60.0)


def test_time_stamps_that_repeat():
    time, voltage, current = shorted()
    outcome = call(record(np.repeat(time[::2], 2), voltage, current))
    assert outcome.kind == "hard short"
    assert abs(outcome.time - 60.0 * HOUR) <= 120.0


@pytest.mark.parametrize("note", [BARE, CellNote()])
def test_a_current_of_the_other_sign(note):
    time, voltage, current = shorted()
    called = call_short(record(time, voltage, -current), note)
    assert called.outcome.kind == "hard short"
    assert holds(called.outcome, 60.0)
    assert any("opposite signs" in text for text in called.warnings)


def test_a_current_without_its_direction():
    time, voltage, current = shorted()
    called = call_short(record(time, voltage, np.abs(current)), BARE)
    assert called.outcome.kind == "unknown"
    assert any("direction was lost" in text for text in called.warnings)


@pytest.mark.parametrize("note", [BARE, CellNote(), note_from({"kind": "full"}), note_from({"kind": "half"}), PELLET])
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 5])
def test_hardly_any_rows(rows, note):
    time, voltage, current = (column[:rows] for column in shorted())
    assert not call(record(time, voltage, current), note).shorted
    assert not call(record(time, voltage + 3.0, current), note).shorted
    assert call(record(time, np.nan * voltage, current), note).kind == "unknown"
    assert call(record(time, voltage, 0.0 * current), note).kind == "unknown"


def test_impedance_alone():
    nothing = np.zeros(0)
    assert call(record(nothing, nothing, nothing, spectra=(spectrum(), spectrum(HOUR)))).kind == "unknown"
    assert call(record(nothing, nothing, nothing, spectra=(spectrum(None),))).kind == "unknown"
    outcome = call(record(nothing, nothing, nothing, spectra=(spectrum(), spectrum(HOUR, short=2.0))))
    assert outcome.kind == "short before current"
    assert outcome.interval == (0.0, HOUR)
