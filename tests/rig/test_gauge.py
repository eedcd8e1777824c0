"""Load cells: straight lines through known loads, epochs of the zero, temperature; nothing is taken out by itself."""

from __future__ import annotations

import numpy as np
import pytest

from lithostat.rig.gauge import Epochs, Gauge, KnownLoad, straight_line


def test_a_straight_line_through_known_loads() -> None:
    points = [KnownLoad(f, 1000.0 + 20.0 * f, 1.0, 10) for f in (0.0, 100.0, 500.0)]
    made = straight_line(points)
    assert made.slope == pytest.approx(0.05, rel=1e-12)
    assert made.zero == pytest.approx(1000.0, rel=1e-12)
    assert made.worst == pytest.approx(0.0, abs=1e-9)


def test_up_and_down_shows_the_hysteresis_and_a_bend_the_worst_point() -> None:
    up = [KnownLoad(f, 20.0 * f, 1.0, 10) for f in (0.0, 100.0, 200.0)]
    made = straight_line([*up, KnownLoad(100.0, 2100.0, 1.0, 10)])
    assert made.hysteresis == pytest.approx(5.0, rel=0.02)
    assert made.worst > 2.0


@pytest.mark.parametrize("points", [[], [KnownLoad(5.0, 1.0, 0.0, 1)] * 3, [KnownLoad(f, 1.0, 0.0, 1) for f in (0, 5)]])
def test_one_load_is_no_calibration(points: list[KnownLoad]) -> None:
    with pytest.raises(ValueError, match="two different loads"):
        straight_line(points)


def test_force_from_what_is_printed() -> None:
    gauge = Gauge(slope=0.05, zero=1000.0)
    assert gauge.newton(3000.0, gauge.zero) == pytest.approx(100.0)
    warm = Gauge(slope=0.05, zero=1000.0, per_kelvin=10.0, span_per_kelvin=1e-3, reference=298.15)
    true = 100.0  # what the cell prints of it when it is 10 K warmer
    raw = 1000.0 + 10.0 * 10.0 + true / (0.05 * (1.0 + 1e-2))
    assert warm.newton(raw, 1000.0, 308.15) == pytest.approx(true)
    assert warm.newton(raw, 1000.0) != pytest.approx(true)  # without a temperature nothing is taken out


def test_a_port_that_is_opened_again_begins_an_epoch_that_somebody_must_confirm() -> None:
    epochs = Epochs(1000.0)
    epochs.begin(0.0, "the port was opened")
    assert epochs.confirmed
    epochs.begin(60.0, "the port was opened")
    assert not epochs.confirmed
    assert epochs.zero == 1000.0  # and until then it stays: a stack that relaxes looks like a zero that drifts
    assert "nobody confirmed its zero" in epochs.sentences()[0]
    epochs.confirm(400.0, "by hand")
    assert epochs.confirmed
    assert epochs.at(np.array([-1.0, 0.0, 59.0, 60.0, 1e6])).tolist() == [1000.0, 1000.0, 1000.0, 400.0, 400.0]
    assert epochs.sentences() == []
