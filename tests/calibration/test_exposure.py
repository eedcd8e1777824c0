"""What a cell went through, from a protocol and from a record."""

import numpy as np
import polars as pl
import pytest

from lithostat import InputError, Record
from lithostat.calibration.exposure import Exposure, exposure_of_protocol, exposure_of_record
from lithostat.calibration.stretches import Rows, stretches
from lithostat.calibration.trains import condensed, trains
from lithostat.experiment.cell_note import note_from
from lithostat.model.segments import ENDLESS


def test_like_cycles_are_one_train_that_goes_on(experiment):
    turns = [{"plate": "1 mA/cm2", "for": "1 h"}, {"strip": "1 mA/cm2", "for": "1 h"}]
    cell, protocol = experiment([{"press": "10 MPa", "for": "1 min"}, {"repeat": 3, "steps": turns}])
    made = exposure_of_protocol(cell, protocol)
    assert made.durations.tolist() == [60.0, np.inf]
    assert made.plating.tolist() == [[0.0, 0.0], [10.0, 10.0]]
    assert made.turns.tolist() == [[0.0, 0.0], [3600.0, 3600.0]]
    assert made.periods.tolist() == [60.0, 7200.0]
    assert made.second.tolist() == [0.0, 0.0]
    assert made.began == 60.0
    assert made.length == 60.0 + 6 * 3600.0


def test_a_lone_half_cycle_goes_on_and_one_that_strips_first_says_so(experiment):
    cell, protocol = experiment([{"press": "10 MPa", "for": "1 min"}, {"strip": "1 mA/cm2", "for": "1 h"}])
    made = exposure_of_protocol(cell, protocol)
    assert made.turns[-1].tolist() == [0.0, ENDLESS]
    turns = [{"strip": "1 mA/cm2", "for": "2 h"}, {"plate": "2 mA/cm2", "for": "1 h"}]
    cell, protocol = experiment([{"press": "10 MPa", "for": "1 min"}, {"repeat": 3, "steps": turns}])
    made = exposure_of_protocol(cell, protocol)
    assert made.second.tolist() == [0.0, 1.0]
    assert made.plating[-1].tolist() == [20.0, 10.0]
    assert made.turns[-1].tolist() == [3600.0, 7200.0]


def test_half_cycles_stay_apart_and_many_rows_keep_their_charge(experiment):
    turns = [{"plate": "1 mA/cm2", "for": "1 h"}, {"strip": "1 mA/cm2", "for": "30 min"}, {"rest": "10 min"}]
    steps = [{"press": "10 MPa", "for": "1 min"}, {"repeat": 100, "steps": turns}, {"set_pressure": "15 MPa"}]
    cell, protocol = experiment([*steps, {"repeat": 100, "steps": turns}])
    made = exposure_of_protocol(cell, protocol, most=12)
    assert len(made.durations) <= 12
    middle = made.pressures[:-1] < 14e6
    mean = made.plating * made.turns / made.periods[:, None]
    charge = (made.durations[:-1, None] * mean[:-1])[middle].sum(0)
    assert charge == pytest.approx([100 * 10.0 * 3600.0, 100 * 10.0 * 1800.0], rel=1e-9)
    assert made.stripping.max() == pytest.approx(10.0)
    assert made.pressures[-1] == pytest.approx(15e6)


def test_a_fixed_gap_asks_for_a_record(experiment):
    cell, protocol = experiment(
        [{"press": "10 MPa"}, {"plate": "1 mA/cm2", "for": "1 h"}],
        fixture={"kind": "fixed gap", "stiffness": "1 MPa/um"},
    )
    with pytest.raises(InputError, match="record"):
        exposure_of_protocol(cell, protocol)


def test_a_noisy_record_is_condensed_to_its_means():
    rng = np.random.default_rng(3)
    count = 4000
    time = 60.0 * np.arange(count)
    current = np.where((time // 3600).astype(int) % 2 == 0, 1e-3, -1e-3)
    table = pl.DataFrame(
        {
            "test_time_second": time,
            "voltage_volt": np.zeros(count),
            "current_ampere": current,
            "measured_pressure_pa": 8e6 * (1.0 + 0.05 * rng.standard_normal(count)),
        }
    )
    made = exposure_of_record(Record(table), note_from({"area": "1 cm2", "temperature": "30 degC"}))
    assert len(made.durations) <= 24
    assert np.allclose(made.temperatures, 303.15)
    assert made.pressures[-1] == pytest.approx(8e6, rel=0.03)
    # half-cycles are found although every row is a block of its own
    assert made.plating[-1] == pytest.approx([10.0, 10.0], rel=1e-6)
    assert made.turns[-1] == pytest.approx([3600.0, 3600.0], rel=0.1)
    assert made.stripping[-1] == pytest.approx(10.0)


def test_a_record_without_area_or_pressure_says_so():
    table = pl.DataFrame({"test_time_second": [0.0, 60.0], "voltage_volt": [0.0, 0.0], "current_ampere": [1e-3, 1e-3]})
    with pytest.raises(InputError, match="area"):
        exposure_of_record(Record(table))
    with pytest.raises(InputError, match="pressure"):
        exposure_of_record(Record(table), note_from({"area": "1 cm2"}))


def test_there_and_back(experiment):
    cell, protocol = experiment([{"press": "10 MPa"}, {"plate": "1 mA/cm2", "for": "1 h"}])
    made = exposure_of_protocol(cell, protocol)
    again = Exposure.from_dict(made.as_dict())
    for name in ("durations", "pressures", "temperatures", "plating", "turns", "periods", "second", "stripping"):
        assert np.array_equal(getattr(made, name), getattr(again, name))
    assert (again.began, again.length) == (made.began, made.length)


@pytest.mark.parametrize("seed", range(5))
def test_condensing_keeps_time_charge_and_half_cycles_whatever_the_rows(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(30, 1500))
    current = rng.normal(size=count) * (rng.random(count) > 0.3)
    rows = Rows(rng.random(count) * 100 + 1, rng.random(count) * 2e7, 290 + rng.random(count), np.zeros(count), current)
    found = condensed(trains(stretches(rows)), 16)
    assert len(found.durations) <= 16
    assert found.durations.sum() == pytest.approx(rows.durations.sum())
    plated = [(rows.durations * np.maximum(sign * current, 0.0)).sum() for sign in (1.0, -1.0)]
    assert found.charges.sum(0) == pytest.approx(plated)
    turns = np.sign(current)
    begins = np.flatnonzero(np.append(True, turns[1:] != turns[:-1]))
    assert np.all(found.counts.sum(0) >= [(turns[begins] > 0).sum(), (turns[begins] < 0).sum()])
