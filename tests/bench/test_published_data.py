"""Published cells as data to learn from: every row that counts, with the half-cycles that it was driven with."""

import pytest

from lithostat.bench.published_data import published_data
from lithostat.papers.reader import read_papers

HOUR = 3600.0


@pytest.fixture(scope="module")
def data():
    return published_data(tuple(read_papers().values()), "retraction")


def test_every_row_that_counts_is_learnt_from_or_says_why_not(data):
    rows = [f"{paper.name} {cell.id}" for paper in read_papers().values() for cell in paper.cells if cell.scored]
    left_out = [name for name in rows if name not in data.names]
    assert sorted(left_out) == sorted(warning.split(" is left out")[0] for warning in data.warnings)
    assert left_out == ["chang2021 CH-7.4MPa", "chang2021 CH-13MPa", "haensel2021 H2", "hu2024 HU"]
    assert {one.group for one in data.observations} == {name.split()[0] for name in data.names}


def test_drives_and_outcomes_are_those_of_the_tables(data):
    lives = {one.name: one for one in data.lives}
    one = lives["schlenker2020 C3"]
    assert one.exposure.turns[-1] == pytest.approx([300.0, 300.0])
    assert one.exposure.plating[-1] == pytest.approx([3.0, 3.0])
    assert one.low == one.high == pytest.approx(one.exposure.began + 20 * HOUR)
    charge = lives["schlenker2020 E13-0.15-3.1ug"]  # 2.61 mAh/cm2 both ways at 0.15 mA/cm2
    assert charge.low == pytest.approx(charge.exposure.began + 2.61 / 0.15 * HOUR)
    gone = lives["singh2022 S1"]
    assert gone.contact_lost
    assert gone.exposure.attached[0] == pytest.approx(265e6)
    assert gone.contact[0] < gone.exposure.began + 15.5 * HOUR < gone.contact[1]
    full = lives["doux2020 fig3-5MPa"]
    assert full.exposure.filaments == (True, False)
    assert full.kind == "survived"


def test_ramps_that_plate_are_lives_and_ramps_that_strip_are_currents(data):
    lives = {one.name: one for one in data.lives}
    ramped = lives["kasemchainan2019 K1-plate-3MPa"]  # 0.2 to 2.0 mA/cm2 by 0.2, half a mAh/cm2 each
    before = sum(0.5 / (0.2 * step) for step in range(1, 10)) * HOUR
    assert ramped.low == pytest.approx(60.0 + before)
    assert ramped.high == pytest.approx(60.0 + before + 0.25 * HOUR)
    currents = {one.name: one for one in data.critical_currents}
    assert currents["spencerjolly2021 J1-80C"].temperature == pytest.approx(353.15)
    assert currents["kasemchainan2019 K1-strip-7MPa"].low == pytest.approx(10.0)
