"""BioLogic .mpr: measured files, and files made here byte by byte for what those do not hold."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.reading import biologic_mpr
from lithostat.reading.internal_consistency import check_consistency

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
CELL, MISC = SHARED / "01_biologic_SSB_NCM_LPSCl_InLi", SHARED / "04_misc_cyclers"
FILES = {
    CELL / "CP_SSB.mpr": (30208, 0),
    CELL / "PEIS_SSB.mpr": (89, 1),
    CELL / "Sample1_PEIS_EndOfDischarge.mpr": (86, 1),
    MISC / "00_test_04_MB_C01.mpr": (1501, 0),
    MISC / "250116_kigr_gen6_01_01_GCPL_CD8.mpr": (392, 0),
    MISC / "250116_kigr_gen6_01_02_GCPL_CD8.mpr": (3791, 0),
    MISC / "aurora_PEIS.mpr": (244, 4),
}
installed = pytest.mark.skipif(
    not __import__("importlib.util").util.find_spec("galvani"), reason="the extra 'gpl' is not installed"
)
with_data = pytest.mark.skipif(
    not (CELL.is_dir() and MISC.is_dir()), reason=f"no measured files beside this checkout ({SHARED})"
)


def galvani_data(path: Path) -> np.ndarray:
    from galvani import BioLogic

    with path.open("rb") as stream:
        return BioLogic.MPRfile(stream).data


@installed
@with_data
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_reads_and_nothing_is_said_that_is_not_true(path):
    record = check_consistency(biologic_mpr.read(path))
    assert (len(record.table), len(record.spectra)) == FILES[path]
    assert np.isfinite(record.table.select("test_time_second", "voltage_volt", "current_ampere").to_numpy()).all()
    known = ("columns without a standard name", "the file has no current: it is", "no start time, only the date")
    assert [text for text in record.warnings if not any(part in text for part in known)] == []


@installed
@with_data
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_columns_keep_their_values_through_their_units(path):
    record, data = biologic_mpr.read(path), galvani_data(path)
    assert np.array_equal(record.column("test_time_second"), data["time/s"])
    voltage = "Ewe/V" if "Ewe/V" in data.dtype.names else "<Ewe>/V"
    assert np.array_equal(record.column("voltage_volt"), data[voltage].astype(float))
    for name in {"I/mA", "<I>/mA"} & set(data.dtype.names):
        assert np.allclose(record.column("current_ampere"), data[name].astype(float) * 1e-3, rtol=1e-15)
    for name, factor in {"(Q-Qo)/mA.h": 1e-3, "(Q-Qo)/C": 1.0 / 3600.0}.items():
        if name in data.dtype.names:
            assert np.allclose(record.column("net_capacity_ah"), data[name].astype(float) * factor, rtol=1e-12)


@installed
@with_data
def test_the_chronopotentiometry_of_the_solid_state_cell():
    """1 kHz, seven pulses of 8.4 uA of either sign, and the charge is the current's integral."""
    record = biologic_mpr.read(CELL / "CP_SSB.mpr")
    time, current = record.column("test_time_second"), record.column("current_ampere")
    assert np.median(np.diff(time)) == pytest.approx(1e-3, rel=1e-3)
    assert current.max() == pytest.approx(8.4e-6, rel=0.01)
    assert current.min() == pytest.approx(-8.4e-6, rel=0.01)
    charge = record.column("net_capacity_ah") * 3600.0
    integral = np.concatenate(([0.0], np.cumsum(0.5 * (current[1:] + current[:-1]) * np.diff(time))))
    assert np.abs(charge - integral).max() < 0.01 * np.ptp(charge)
    assert record.start.isoformat() == "2024-05-17T14:09:11.952000"
    assert set(record.column("step_count")) == set(range(1, 9))


@installed
@with_data
@pytest.mark.parametrize("path", [path for path in FILES if "PEIS" in path.name], ids=lambda path: path.name)
def test_spectra_have_the_sign_of_a_capacitor_and_agree_with_modulus_and_phase(path):
    record, data = biologic_mpr.read(path), galvani_data(path)
    impedance = np.concatenate([spectrum.impedance for spectrum in record.spectra])
    frequency = np.concatenate([spectrum.frequency for spectrum in record.spectra])
    assert np.all(impedance.imag < 0.0)
    assert np.array_equal(frequency, data["freq/Hz"].astype(float))
    polar = record.column("absolute_impedance_ohm") * np.exp(1j * np.deg2rad(record.column("phase_degree")))
    assert np.all(np.abs(impedance - polar) <= 1e-5 * np.abs(impedance))


@installed
@with_data
def test_sweeps_of_one_file_are_apart_with_the_time_of_each():
    record = biologic_mpr.read(MISC / "aurora_PEIS.mpr")
    assert [len(spectrum.frequency) for spectrum in record.spectra] == [61] * 4
    time, cycle = record.column("test_time_second"), record.column("cycle_count")
    assert [spectrum.time for spectrum in record.spectra] == [time[cycle == number][0] for number in (1, 2, 3, 4)]
    assert record.start is None
    assert "the file has no start time, only the date 2025-11-10" in record.warnings


@installed
@with_data
def test_current_of_a_file_without_one_is_its_counted_charge_by_time():
    record = biologic_mpr.read(MISC / "250116_kigr_gen6_01_02_GCPL_CD8.mpr")
    data = galvani_data(MISC / "250116_kigr_gen6_01_02_GCPL_CD8.mpr")
    assert any(
        text.startswith("the file has no current: it is 'dq/mA.h' divided by the time") for text in record.warnings
    )
    current = record.column("current_ampere")
    driven = (data["flags"] & 3) == 1  # constant current: the column 'control' is the current that was set, in mA
    driven[1:] &= driven[:-1]
    apart = np.abs(current[driven] * 1e3 - data["control/V/mA"][driven])
    assert np.quantile(apart, 0.95) < 0.005 * np.abs(data["control/V/mA"][driven]).max()
    assert np.all(current[(data["flags"] & 3) == 3][:10] == 0.0)


# --- files made here ---


def module(short: str, data: bytes) -> bytes:
    head = short.ljust(10).encode() + b"made here".ljust(25)
    return b"MODULE" + head + struct.pack("<II", len(data), 0) + b"01/02/24" + data


def made(
    folder: Path,
    columns: dict[int, tuple[str, list[float]]],
    technique: int = 0x19,
    log: bool = True,
    rows: int | None = None,
) -> Path:
    """An .mpr with these columns: number of the kind -> (its type, values)."""
    count = len(next(iter(columns.values()))[1])
    table = np.zeros(count, [(str(kind), form) for kind, (form, _) in columns.items()])
    for kind, (_, values) in columns.items():
        table[str(kind)] = values
    head = struct.pack("<IB", rows or count, len(columns)) + struct.pack(f"<{len(columns)}H", *columns)
    data = head.ljust(405, b"\0") + table.tobytes()
    body = bytearray(module("VMP Set", bytes([technique]) + bytes(99)))
    second = bytearray(module("VMP data", data))
    second[6 + 10 + 25 + 4 : 6 + 10 + 25 + 8] = struct.pack("<I", 2)  # version of the data module
    body += second
    if log:
        stamp = bytearray(700)
        stamp[465:473] = struct.pack("<d", 45293.5)  # days since 1899-12-30: 2024-01-02 12:00
        body += module("VMP LOG", bytes(stamp))
    path = folder / "made.mpr"
    path.write_bytes(biologic_mpr.MAGIC.ljust(22) + b"\x1a" + b" " * 25 + bytes(4) + bytes(body))
    return path


TIME, VOLTAGE, CURRENT = 4, 6, 8
PLAIN = {TIME: ("<f8", [0.0, 1.0, 2.0]), VOLTAGE: ("<f4", [1.0, 1.5, 2.0])}
SWEEP = {
    TIME: ("<f8", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    VOLTAGE: ("<f4", [1.0] * 6),
    CURRENT: ("<f4", [0.0] * 6),
    32: ("<f4", [100.0, 10.0, 1.0, 100.0, 10.0, 1.0]),
    37: ("<f4", [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]),
    38: ("<f4", [0.5, 0.6, 0.7, 0.5, 0.6, 0.7]),
}


@installed
def test_open_circuit_has_no_current_and_says_so(tmp_path):
    record = biologic_mpr.read(made(tmp_path, PLAIN, technique=biologic_mpr.OPEN_CIRCUIT))
    assert record.column("current_ampere").tolist() == [0.0, 0.0, 0.0]
    assert "the technique is open circuit and the file has no current: it is 0 A" in record.warnings
    assert record.start.isoformat() == "2024-01-02T12:00:00"


@installed
def test_a_missing_current_of_another_technique_is_not_made_up(tmp_path):
    record = biologic_mpr.read(made(tmp_path, PLAIN))
    assert np.isnan(record.column("current_ampere")).all()
    assert "the file has no current; the column is NaN" in record.warnings


@installed
def test_without_a_log_there_is_no_start(tmp_path):
    record = biologic_mpr.read(made(tmp_path, PLAIN, log=False))
    assert record.start is None
    assert "the file has no start time, only the date 2024-01-02" in record.warnings


@installed
def test_frequency_that_jumps_back_starts_a_sweep(tmp_path):
    record = biologic_mpr.read(made(tmp_path, SWEEP))
    assert [spectrum.time for spectrum in record.spectra] == [0.0, 3.0]
    assert record.spectra[1].impedance.tolist() == pytest.approx([1.0 - 0.5j, 2.0 - 0.6j, 3.0 - 0.7j])
    assert len(record.table) == 6


@installed
def test_an_impedance_that_disagrees_with_itself_is_named(tmp_path):
    modulus = np.hypot(SWEEP[37][1], SWEEP[38][1])
    whole = biologic_mpr.read(made(tmp_path, SWEEP | {36: ("<f4", list(modulus))}))
    modulus[4] *= 1.01
    damaged = biologic_mpr.read(made(tmp_path, SWEEP | {36: ("<f4", list(modulus))}))
    (said,) = set(damaged.warnings) - set(whole.warnings)
    assert said.startswith("in 1 rows, first row 5, impedance, modulus, phase")


@installed
def test_charges_that_disagree_are_named(tmp_path):
    charge = {CURRENT: ("<f4", [1.0] * 3), 7: ("<f8", [0.0, 1e-3, 1e-3]), 13: ("<f8", [0.0, 1e-3, 2e-3])}
    whole = biologic_mpr.read(made(tmp_path, PLAIN | charge))
    charge[13] = ("<f8", [0.0, 1e-3, 2.1e-3])
    damaged = biologic_mpr.read(made(tmp_path, PLAIN | charge))
    (said,) = set(damaged.warnings) - set(whole.warnings)
    assert said == "in 1 rows, first row 3, the file's own columns of charge do not agree"


@installed
def test_a_column_of_unknown_kind_is_one_sentence(tmp_path):
    for columns in (PLAIN | {999: ("<f4", [0.0] * 3)}, {999: ("<f4", [0.0] * 3)} | PLAIN):
        with pytest.raises(
            InputError, match=r"made\.mpr: has a column of a kind that is not known here .*\.mpt"
        ) as caught:
            biologic_mpr.read(made(tmp_path, columns))
        assert "\n" not in str(caught.value)


@installed
def test_rows_that_do_not_fill_the_file_are_refused(tmp_path):
    with pytest.raises(InputError, match="its rows do not fill the length it states"):
        biologic_mpr.read(made(tmp_path, PLAIN, rows=2))


@installed
def test_voltage_between_the_terminals_goes_before_that_of_one_electrode(tmp_path):
    record = biologic_mpr.read(made(tmp_path, PLAIN | {CURRENT: ("<f4", [0.0] * 3), 27: ("<f4", [4.0, 5.0, 6.0])}))
    assert record.column("voltage_volt").tolist() == [4.0, 5.0, 6.0]
    assert record.column("other:Ewe/V").tolist() == [1.0, 1.5, 2.0]


def test_a_file_that_only_looks_like_one_is_refused(tmp_path):
    pytest.importorskip("galvani", reason="the extra 'gpl' is not installed")
    path = tmp_path / "cell.mpr"
    path.write_bytes(b"BIO-LOGIX" + bytes(100))
    assert biologic_mpr.recognise(path.read_bytes(), path)
    with pytest.raises(InputError, match=r"cell\.mpr: does not start like a BioLogic \.mpr"):
        biologic_mpr.read(path)


def test_without_galvani_it_says_what_to_install_or_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "galvani", None)
    path = tmp_path / "cell.mpr"
    path.write_bytes(biologic_mpr.MAGIC + bytes(100))
    with pytest.raises(MissingPackage, match=r"pip install 'lithostat\[gpl\]'.*\.mpt.*EC-Lab") as caught:
        biologic_mpr.read(path)
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
