"""What a cell went through, from a protocol and from a record."""

import numpy as np
import polars as pl
import pytest

from lithostat import InputError, Record
from lithostat.calibration.condense import Rows, condense
from lithostat.calibration.exposure import Exposure, exposure_of_protocol, exposure_of_record
from lithostat.experiment.cell_note import note_from


def test_few_rows_stay_exact_and_go_on_with_their_average(experiment):
    turns = [{"plate": "1 mA/cm2", "for": "1 h"}, {"strip": "1 mA/cm2", "for": "1 h"}]
    cell, protocol = experiment([{"press": "10 MPa", "for": "1 min"}, {"repeat": 3, "steps": turns}])
    made = exposure_of_protocol(cell, protocol)
    assert made.durations.tolist() == [60.0, *[3600.0] * 6, np.inf]
    assert made.plating[1].tolist() == [10.0, 0.0]
    assert made.plating[2].tolist() == [0.0, 10.0]
    assert made.plating[-1].tolist() == [5.0, 5.0]
    assert made.began == 60.0
    assert made.length == 60.0 + 6 * 3600.0


def test_many_rows_become_few_and_keep_their_charge(experiment):
    turns = [{"plate": "1 mA/cm2", "for": "1 h"}, {"strip": "1 mA/cm2", "for": "30 min"}, {"rest": "10 min"}]
    steps = [{"press": "10 MPa", "for": "1 min"}, {"repeat": 100, "steps": turns}, {"set_pressure": "15 MPa"}]
    cell, protocol = experiment([*steps, {"repeat": 100, "steps": turns}])
    made = exposure_of_protocol(cell, protocol, most=12)
    assert len(made.durations) <= 12
    middle = made.pressures[:-1] < 14e6
    charge = (made.durations[:-1, None] * made.plating[:-1])[middle].sum(0)
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
    # the endless segment averages whole turns although every row is a block of its own
    assert made.plating[-1] == pytest.approx([5.0, 5.0], rel=0.2)
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
    for name in ("durations", "pressures", "temperatures", "plating", "stripping"):
        assert np.array_equal(getattr(made, name), getattr(again, name))
    assert (again.began, again.length) == (made.began, made.length)


@pytest.mark.parametrize("seed", range(5))
def test_condensing_keeps_time_and_charge_whatever_the_rows(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(30, 3000))
    plating = rng.random((count, 2)) * (rng.random((count, 1)) > 0.3)
    rows = Rows(rng.random(count) * 100, rng.random(count) * 2e7, 290 + rng.random(count), plating, plating.max(1))
    found = condense(rows, 16)
    assert len(found.durations) <= 16
    assert np.isinf(found.durations[-1])
    assert found.durations[:-1].sum() < rows.durations.sum()
    spent = (found.durations[:-1, None] * found.plating[:-1]).sum()
    assert 0.0 < spent <= (rows.durations[:, None] * rows.plating).sum() * (1 + 1e-12)
