"""The engine on files that the tests write themselves, then on real files of cyclers, checked by hand against them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.reading import delimited

DATA = Path(__file__).parents[3] / "shared" / "data"
MISC = DATA / "04_misc_cyclers"
real = pytest.mark.skipif(not MISC.is_dir(), reason=f"no measured files beside the checkout ({MISC.parent.name})")


def written(tmp_path: Path, text: str | bytes, name: str = "file.txt", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def read(path: Path) -> Record:
    assert delimited.recognise(path.read_bytes()[: delimited.HEAD], path), "is not recognised"
    return delimited.read(path)


def row(record: Record, index: int, *names: str) -> tuple[float, ...]:
    return tuple(float(record.table[name][index]) for name in names)


MPT = """EC-Lab ASCII FILE
Nb header lines : 9

{technique}

Acquisition started on : {date}
Electrode surface area : 0.785 cm²
Characteristic mass : 0.011 g
{names}
{rows}
"""
TVI = ("test_time_second", "voltage_volt", "current_ampere")


def mpt(names: str, rows: str, technique: str = "Galvanostatic Cycling", date: str = "02/14/2018 10:02:46") -> str:
    return MPT.format(technique=technique, date=date, names=names.replace(" ", "\t"), rows=rows.replace(" ", "\t"))


def test_mpt_takes_units_from_names(tmp_path: Path) -> None:
    record = read(written(tmp_path, mpt("time/s Ewe/V I/mA", "0.0 3.1 -1.5\n2.5 3.0 2.5E-001"), encoding="cp1252"))
    assert row(record, 0, *TVI) == pytest.approx((0.0, 3.1, -1.5e-3))
    assert row(record, 1, *TVI) == pytest.approx((2.5, 3.0, 2.5e-4))
    assert record.start == datetime(2018, 2, 14, 10, 2, 46)
    assert record.provenance["files"][0]["header"]["area"] == "0.785 cm²"
    assert record.provenance["files"][0]["header"]["mass"] == "0.011 g"
    assert record.warnings == ()


def test_mpt_with_decimal_commas(tmp_path: Path) -> None:
    record = read(written(tmp_path, mpt("time/s Ewe/V I/µA", "0 3,1 -1,5\n2,5 3,0 2,5E-001"), encoding="cp1252"))
    assert row(record, 1, *TVI) == pytest.approx((2.5, 3.0, 2.5e-7))


def test_mpt_says_that_day_and_month_are_open(tmp_path: Path) -> None:
    record = read(written(tmp_path, mpt("time/s Ewe/V I/mA", "0 3 1", date="02/04/2018 10:02:46")))
    assert record.start == datetime(2018, 2, 4, 10, 2, 46)
    assert any("month first" in warning for warning in record.warnings)
    later = read(written(tmp_path, mpt("time/s Ewe/V I/mA", "0 3 1", date="24.12.2018 10:02:46")))
    assert later.start == datetime(2018, 12, 24, 10, 2, 46)
    assert later.warnings == ()


def test_mpt_of_open_circuit_has_no_current_because_none_flows(tmp_path: Path) -> None:
    record = read(written(tmp_path, mpt("time/s Ewe/V", "0 3.1\n1 3.2", technique="Open Circuit Voltage")))
    assert record.table["current_ampere"].to_list() == [0.0, 0.0]
    assert any("open circuit" in warning for warning in record.warnings)
    other = read(written(tmp_path, mpt("time/s Ewe/V", "0 3.1\n1 3.2")))
    assert np.isnan(other.column("current_ampere")).all()
    assert any("no current" in warning for warning in other.warnings)


def test_mpt_whose_count_of_header_lines_is_wrong(tmp_path: Path) -> None:
    text = mpt("time/s Ewe/V I/mA", "0 3.1 1\n1 3.2 1\n2 3.3 1").replace("lines : 9", "lines : 10")
    assert row(read(written(tmp_path, text)), 0, *TVI) == pytest.approx((0.0, 3.1, 1e-3))


def test_the_earlier_rule_wins_and_the_other_column_is_kept(tmp_path: Path) -> None:
    record = read(written(tmp_path, mpt("time/s Ewe/V Ecell/V I/mA", "0 3.1 2.5 1")))
    assert row(record, 0, "voltage_volt", "other:Ewe/V") == (2.5, 3.1)


ARBIN = (
    "Data_Point,Test_Time,DateTime,Step_Time,Step_Index,Cycle_Index,Current,Voltage,Charge_Capacity,Discharge_Capacity"
)


def test_arbin_with_old_and_new_names(tmp_path: Path) -> None:
    old = read(written(tmp_path, ARBIN + "\n1,0.5,1499006353,0.5,3,2,-0.25,3.25,0.125,0.5\n"))
    assert row(old, 0, *TVI, "step_index", "cycle_count", "charging_capacity_ah") == (0.5, 3.25, -0.25, 3, 2, 0.125)
    assert old.start == datetime.fromtimestamp(1499006352.5, UTC)
    new = "Data Point,Date Time,Test Time (s),Current (mA),Voltage (V)\n1,06/26/2020 10:02:46.250,10,-250,3.25\n"
    assert row(read(written(tmp_path, new)), 0, *TVI) == (10.0, 3.25, -0.25)
    assert read(written(tmp_path, new)).start == datetime(2020, 6, 26, 10, 2, 36, 250000)


MACCOR = "Rec#\tCyc#\tStep\t{time}\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\n"


def test_maccor_state_gives_the_sign(tmp_path: Path) -> None:
    rows = "".join(
        f"{i}\t0\t1\t 1d 00:00:0{i}.50\t0\t0\t0.5\t3.0\t{s}\t0\t03/31/2016 16:05:31\n" for i, s in enumerate("CDR")
    )
    record = read(written(tmp_path, "Today's Date 1\n" + MACCOR.format(time="TestTime") + rows))
    current = record.column("current_ampere")
    assert current[:2].tolist() == [0.5, -0.5]
    assert np.isnan(current[2])  # a resting cell with a current: the state does not say which way
    assert any("states (R)" in warning for warning in record.warnings)
    assert record.column("test_time_second").tolist() == [86400.5, 86401.5, 86402.5]


def test_maccor_minutes(tmp_path: Path) -> None:
    text = "Today's Date\n" + MACCOR.format(time="Test (Min)") + "1\t0\t1\t0.5\t0\t0\t0\t3.0\tR\t0\t16:05:31\n"
    record = read(written(tmp_path, text))
    assert row(record, 0, "test_time_second") == (30.0,)
    assert record.start is None  # an hour of the day is no instant
    assert record.table["other:DPt Time"][0] == "16:05:31"


NOVONIX = """[Summary]
Novonix HPC data file
Mass (g): 0.5
[End Summary]
[Data]
Date and Time,Cycle Number,Step Number,Run Time (h), Step Time (h),{more}
{rows}""".replace("{more}", "Current (A),Potential (V),Capacity (Ah),Temperature (°C)")


def test_novonix_parts_follow_the_clock(tmp_path: Path) -> None:
    first = NOVONIX.format(
        rows="1/13/2019 9:00:00 AM,1,0,0,0,0,3.5,0,20\n1/13/2019 10:00:00 AM,1,0,1,0,0.5,3.6,0.25,20\n"
    )
    second = NOVONIX.format(rows="1/13/2019 1:00:00 PM,1,0,0.5,0,-0.5,3.4,0,20\n")
    record = read(written(tmp_path, first + second))
    assert record.column("test_time_second").tolist() == [0.0, 3600.0, 14400.0]
    assert record.column("current_ampere").tolist() == [0.0, 0.5, -0.5]
    assert record.column("ambient_temperature_celsius").tolist() == [20.0, 20.0, 20.0]
    assert any("from its own start" in warning for warning in record.warnings)


GAMRY = "EXPLAIN\nTAG\tCV\nDATE\tLABEL\t12/31/2021\tDate\nTIME\tLABEL\t12:00:00\tTime\n{tables}"
CURVE = "{title}\tTABLE\n\tPt\tT\tVf\t{more}Over\n\t#\ts\tV vs. Ref.\t{units}bits\n{rows}"


def curve(title: str, *rows: str, current: bool = True) -> str:
    more, units = ("Im\t", "A\t") if current else ("", "")
    lines = "".join("\t" + one.replace(" ", "\t") + "\t.....\n" for one in rows)
    return CURVE.format(title=title, more=more, units=units, rows=lines)


def test_gamry_tables_are_stitched_and_counted(tmp_path: Path) -> None:
    text = (
        curve("OCVCURVE", "0 0.5 0.1", "1 1.0 0.1", current=False)
        + "EOC\tQUANT\t1\tx\n"
        + curve("CURVE1", "0 0.3 0.4 1E-6")
    )
    record = read(written(tmp_path, GAMRY.format(tables=text), encoding="cp1252"))
    assert record.column("test_time_second").tolist() == [0.5, 1.0, 1.0]
    assert record.column("step_count").tolist() == [1, 1, 2]
    assert not any("given up" in warning for warning in record.warnings)  # the line of units is no row
    assert record.column("current_ampere").tolist() == [0.0, 0.0, 1e-6]
    assert sum("open circuit" in w or "from its own start" in w for w in record.warnings) == 2
    assert record.start == datetime(2021, 12, 31, 12, 0, 0)


def test_gamry_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no table of data"):
        read(written(tmp_path, GAMRY.format(tables="")))


NEWARE = "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current({unit}),Voltage(mV),Capacity(mAs),Date,\n"


def test_neware_units_and_sign(tmp_path: Path) -> None:
    lines = "1,1,1,CC DChg,00:00:01.500,26:00:01.500,{i},3500,3.6,2025-06-17 09:26:39.383,\n"
    for unit, factor in (("µA", 1e-6), ("mA", 1e-3), ("A", 1.0)):
        text = NEWARE.format(unit=unit) + lines.format(i=-2.0) + lines.format(i=2.0)
        record = read(written(tmp_path, text, encoding="cp1252"))
        assert row(record, 0, *TVI) == pytest.approx((93601.5, 3.5, -2.0 * factor))
        assert row(record, 1, "current_ampere") == pytest.approx((-2.0 * factor,))
        assert row(record, 0, "step_time_second", "step_capacity_ah") == pytest.approx((1.5, 1e-6))


def test_generic_table_with_units(tmp_path: Path) -> None:
    names = "time/min;voltage [mV];current (uA);stack pressure / MPa;force (kN);load cell (mV);note"
    text = names + "\n0;3,5;-1;2,5;1;4;a\n1;3,6;-1;2,5;1;4;b\n"
    record = read(written(tmp_path, text))
    targets = (*TVI, "measured_pressure_pa", "load_newton", "load_cell_volt")
    assert row(record, 1, *targets) == pytest.approx((60.0, 3.6e-3, -1e-6, 2.5e6, 1000.0, 4e-3))
    assert record.table["other:note"].to_list() == ["a", "b"]
    assert any("note" in warning for warning in record.warnings)


@pytest.mark.parametrize("head", ["# press 3\n# by hand\n", "# press 3\n# "])
def test_lines_of_comment_before_the_names(tmp_path: Path, head: str) -> None:
    record = read(written(tmp_path, head + "time/s,pressure/MPa\n0,1.5\n1,2.5\n"))
    assert record.column("measured_pressure_pa").tolist() == [1.5e6, 2.5e6]
    assert record.column("test_time_second").tolist() == [0.0, 1.0]


def test_a_table_without_time_or_impedance_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column of time, and no impedance spectrum"):
        read(written(tmp_path, "freq (Hz),Zre (ohm cm2),Zim (ohm cm2)\n1,2,3\n"))


@pytest.mark.parametrize("name", ["voltage", "voltage (furlong)", "current", "time"])
def test_a_unit_that_is_not_known_is_refused(tmp_path: Path, name: str) -> None:
    names = {"time": "time/s", "voltage": "voltage/V", "current": "current/A"} | {name.split()[0]: name}
    with pytest.raises(InputError, match=r"column '.*(does not say its unit|cannot become).*declaration"):
        read(written(tmp_path, ",".join(names.values()) + "\n0,1,2\n"))


def test_a_pressure_without_unit_is_kept_as_it_is(tmp_path: Path) -> None:
    record = read(written(tmp_path, "time/s,pressure\n0,1\n1,2\n"))
    assert record.table["other:pressure"].to_list() == [1.0, 2.0]
    assert any("'pressure' does not say its unit" in warning for warning in record.warnings)


def test_a_log_with_dates_alone(tmp_path: Path) -> None:
    record = read(written(tmp_path, "Date Time,force (N)\n2024-05-01T10:00:00+02:00,5\n2024-05-01T10:00:30+02:00,6\n"))
    assert record.column("test_time_second").tolist() == [0.0, 30.0]
    assert record.start == datetime(2024, 5, 1, 8, tzinfo=UTC)


PLAIN = "time/s,voltage/V,current/A\n"
GOOD = "".join(f"{i}.0,3.{i}000,0.100{i}\n" for i in range(8))


@pytest.mark.parametrize(
    ("bad", "word"),
    [("8.0,3.x,0.1\n", "1 row"), ("8.0,3.1\n", "1 row"), ("8.0,3.1,0.1,9\n", "1 row"), ('8.0,"3.1,0.1\n', "1 row")],
)
def test_a_bad_row_is_given_up_and_counted(tmp_path: Path, bad: str, word: str) -> None:
    record = read(written(tmp_path, PLAIN + GOOD + bad + "9.0,3.1000,0.1000\n"))
    assert record.column("test_time_second").tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 9]
    assert any(word in warning and "line 10" in warning for warning in record.warnings)


@pytest.mark.parametrize("cut", ["8.0,3.9", "8.0,3.9000,0.1"])
def test_a_last_line_that_is_cut_is_named(tmp_path: Path, cut: str) -> None:
    record = read(written(tmp_path, PLAIN + GOOD + cut))
    assert len(record.table) == 8
    assert any("the last line (10) is cut" in warning for warning in record.warnings)
    whole = read(written(tmp_path, PLAIN + GOOD + "8.0,3.9000,0.1008"))
    assert len(whole.table) == 9
    assert whole.warnings == ("line 10 has no line end: its last number may be cut",)
    assert read(written(tmp_path, PLAIN + GOOD + "8.0,3.9000,0.1008\n")).warnings == ()


def test_an_empty_cell_is_nan_and_said(tmp_path: Path) -> None:
    record = read(written(tmp_path, PLAIN + "0,3.5,\n1,NaN,0.1\n,3.5,0.1\n"))
    assert np.isnan(record.column("current_ampere")).tolist() == [True, False]
    assert np.isnan(record.column("voltage_volt")).tolist() == [False, True]
    assert any("empty" in w for w in record.warnings)
    assert any("1 row" in w and "line 4" in w for w in record.warnings)


def test_bytes_that_are_no_text_are_said(tmp_path: Path) -> None:
    good = (PLAIN + GOOD).encode()
    nul = read(written(tmp_path, good.replace(b"3.3000", b"3.\x0000")))
    assert len(nul.table) == 7
    assert any("NUL" in warning for warning in nul.warnings)
    high = read(written(tmp_path, good.replace(b"3.3000", b"3.\x8100")))  # 0x81 is nothing in cp1252 either
    assert len(high.table) == 7
    assert any("no text" in warning for warning in high.warnings)


def test_encodings_and_line_ends(tmp_path: Path) -> None:
    text = PLAIN + GOOD
    for data in (text.encode("utf-16"), text.encode("utf-8-sig"), text.replace("\n", "\r\n").encode(),
                 text.replace("\n", "\r\r\n").encode(), text.replace("\n", "\r").encode()):  # fmt: skip
        record = read(written(tmp_path, data))
        assert row(record, 7, *TVI) == (7.0, 3.7, 0.1007)
        assert record.warnings == ()


def test_quoted_cells(tmp_path: Path) -> None:
    text = '"time/s","voltage/V","current/A","note"\n"0","3,5","0,5","a, b"\n"1","3,25","0,5","c"\n'
    record = read(written(tmp_path, text))
    assert row(record, 1, *TVI) == (1.0, 3.25, 0.5)
    assert record.table["other:note"].to_list() == ["a, b", "c"]


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    for text in (PLAIN + "a,b,c1\n", PLAIN + "1,2\n"):
        with pytest.raises(InputError, match="not one row"):
            read(written(tmp_path, text))
    path = written(tmp_path, "a letter\nof two lines\n")
    assert not delimited.recognise(path.read_bytes(), path)
    with pytest.raises(InputError, match="no format"):
        delimited.read(path)


def test_a_file_of_bytes_is_not_recognised(tmp_path: Path) -> None:
    path = written(tmp_path, b"time/s,voltage/V\n0,1\n" + bytes(1000))
    assert not delimited.recognise(path.read_bytes(), path)


# --- measured files -------------------------------------------------------------------------------------------------


@real
def test_real_arbin() -> None:
    record = read(MISC / "arbin_example.csv")
    assert len(record.table) == 2142
    assert row(record, 0, *TVI) == (0.0, 3.2796359, -9.63e-5)
    assert row(record, 2141, *TVI) == (6308.4823, 2.4080653, 0.0)
    assert row(record, 1, "record_index", "step_index", "ambient_temperature_celsius") == (2, 11, 29.18314)
    assert record.start == datetime.fromtimestamp(1499006353, UTC)


@real
def test_real_arbin_charge_is_the_integral_of_its_current() -> None:
    table = read(MISC / "arbin_example.csv").table.filter(cycle_count=2)
    time, current = table["test_time_second"].to_numpy(), table["current_ampere"].to_numpy()
    for sign, name in ((1.0, "charging_capacity_ah"), (-1.0, "discharging_capacity_ah")):
        charge = float(np.sum(np.diff(time) * np.clip(sign * current[1:], 0.0, None)) / 3600.0)
        assert charge == pytest.approx(table[name][-1] - table[name][0], rel=5e-3)


@real
def test_real_maccor_twins_agree() -> None:
    one, two = (read(MISC / f"maccor_example.00{i}") for i in (1, 2))
    assert row(one, 0, *TVI) == (0.0, 3.30678264, 0.0)
    assert row(one, 7, *TVI) == pytest.approx((1.1667 * 60.0, 3.30617227, 0.0))
    for name in TVI:
        assert one.table[name].to_list() == two.table[name].to_list()
    assert one.start == datetime(2016, 3, 31, 16, 5, 31)
    assert two.start is None
    header = one.provenance["files"][0]["header"]
    assert header["comment"].startswith("SET-LN3024-104, Targray NCM811")


@real
def test_real_maccor_with_days() -> None:
    record = read(MISC / "maccor_test_file_4267-66-6519.041")
    assert len(record.table) == 74
    assert row(record, 73, *TVI) == (10.0, 3.91172656, 0.0)
    assert record.table["other:State"][73] == "O"


@real
def test_real_novonix() -> None:
    record = read(MISC / "novonix_example_data.csv")
    assert len(record.table) == (1620 - 679) + (8057 - 2299)
    assert row(record, 0, *TVI) == (0.0, 3.50476652, 0.0)
    assert row(record, 941, "voltage_volt", "test_time_second") == pytest.approx((3.64461867, 36464.0))  # by the clock
    assert row(record, len(record.table) - 1, "voltage_volt", "net_capacity_ah") == (3.79640004, 1.5833352274)
    part = record.table[:938]  # the counter of the first part, before it stops for an instant
    time, current = part["test_time_second"].to_numpy(), part["current_ampere"].to_numpy()
    charge = np.sum(np.diff(time) * current[1:]) / 3600.0
    assert charge == pytest.approx(float(part["net_capacity_ah"][-1]), rel=2e-2)


@real
def test_real_gamry_decimal_comma_equals_decimal_point() -> None:
    point, comma = read(MISC / "chronoa_data.dta"), read(MISC / "chronoa_de_data.dta")
    assert row(point, 0, *TVI) == (0.0, -5.4e-4, -2.34197e-8)
    assert row(comma, 0, *TVI) == (0.0, -5.0e-4, -2.0e-8)  # the only row in which the two files differ
    assert row(point, 9, *TVI) == (270.0, 0.4, 3e-9)
    for name in TVI:
        assert point.table[name][1:].to_list() == comma.table[name][1:].to_list()


@real
def test_real_gamry_curves() -> None:
    cycles = read(MISC / "cv_data.dta")
    assert cycles.table["step_count"].unique().sort().to_list() == [1, 2, 3, 4, 5]
    assert row(cycles, 49, *TVI) == pytest.approx((601.1, 0.889001, 2.62272e-7))
    rest = read(MISC / "ocp_data.dta")
    assert row(rest, 20, *TVI) == (105.175, 0.0345678, 0.0)
    both = read(MISC / "ocvcurve_data.dta")
    assert row(both, 0, *TVI) == (0.258333, 0.28347, 0.0)
    assert row(both, 50, "voltage_volt", "current_ampere") == (0.250361, -4.2422e-5)
    wave = read(MISC / "squarewave_data.dta")
    assert np.isnan(wave.column("voltage_volt")).all()
    assert row(wave, 9, "test_time_second", "other:Vstep") == (0.1, -1.86758e-2)


@real
@pytest.mark.parametrize("name", ["cv_data_incompleteheader.dta", "vfp600_data.dta"])
def test_real_gamry_that_cannot_be_read_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"no table of data|no column of time"):
        read(MISC / name)


@real
def test_real_neware_export() -> None:
    record = read(DATA / "02_neware_with_BTSDA_truth" / "interp-test.csv")
    assert len(record.table) == 333
    assert row(record, 332, *TVI) == pytest.approx((1800.0, 2e-4, 0.0))
    assert record.start == datetime(2025, 6, 17, 9, 26, 39, 383000)
    assert row(record, 332, "unix_time_second")[0] - row(record, 0, "unix_time_second")[0] == pytest.approx(1800.2)
