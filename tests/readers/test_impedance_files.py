"""Files of impedance: each format by hand, and real sweeps against what is published of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.reading import delimited

DATA = Path(__file__).parents[3] / "shared" / "data"
EIS = DATA / "05_EIS_circuits_and_instruments"
DRT = DATA / "06_DRT_benchmark_bayes-drt"
MADAP = DATA / "07_EIS_vs_T_conductivity_MADAP"
real = pytest.mark.skipif(not EIS.is_dir(), reason="no measured files beside the checkout (shared/data)")


def read(path: Path) -> Record:
    assert delimited.recognise(path.read_bytes()[: delimited.HEAD], path), "is not recognised"
    return delimited.read(path)


def written(tmp_path: Path, text: str, name: str = "file.txt", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def point(record: Record, index: int, sweep: int = 0) -> tuple[float, complex]:
    spectrum = record.spectra[sweep]
    return float(spectrum.frequency[index]), complex(spectrum.impedance[index])


F = [1e4 / 10**k for k in range(6)]
ROWS = [(f, 10.0 + k, -2.5 - k) for k, f in enumerate(F)]  # a capacitive sweep downwards


def lines(delimiter: str, comma: bool = False, sign: float = 1.0) -> str:
    text = "".join(delimiter.join(repr(x) for x in (f, re, sign * im)) + "\n" for f, re, im in ROWS)
    return text.replace(".", ",") if comma else text


@pytest.mark.parametrize(
    ("delimiter", "comma"), [(",", False), (";", False), ("\t", False), (";", True), ("\t", True), (" ", True)]
)
@pytest.mark.parametrize("names", [True, False])
def test_plain_tables_in_all_writings(tmp_path: Path, delimiter: str, comma: bool, names: bool) -> None:
    head = delimiter.join(("freq", "real", "imag")) + "\n" if names else ""
    record = read(written(tmp_path, head + lines(delimiter, comma)))
    assert len(record.table) == 0
    assert point(record, 0) == (1e4, 10.0 - 2.5j)
    assert point(record, 5) == (pytest.approx(0.1), 15.0 - 7.5j)
    assert any("Hz" in warning for warning in record.warnings)


@pytest.mark.parametrize(
    ("names", "factor", "sign"),
    [
        ("Frequency (Hz),Z' (kOhm),-Z'' (kOhm)", 1e3, -1.0),
        ("f/Hz,Re(Z)/Ohm,-Im(Z)/Ohm", 1.0, -1.0),
        ("freq [Hz],Zre [mohm],Zim [mohm]", 1e-3, 1.0),
        (",Freq,Zreal,Zimag", 1.0, 1.0),
    ],
)
def test_names_units_and_signs_of_plain_tables(tmp_path: Path, names: str, factor: float, sign: float) -> None:
    body = lines(",", sign=sign)
    if names.startswith(","):
        body = "".join(f"{k},{line}\n" for k, line in enumerate(body.splitlines()))
    record = read(written(tmp_path, names + "\n" + body))
    assert point(record, 1)[1] == pytest.approx(factor * (11.0 - 3.5j))


def test_an_areal_impedance_is_not_taken_for_ohm(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read(written(tmp_path, "freq (Hz),Zre (ohm cm2),Zim (ohm cm2)\n" + lines(",")))


def test_positive_imaginary_parts_are_kept_and_said(tmp_path: Path) -> None:
    record = read(written(tmp_path, "freq,real,imag\n" + lines(",", sign=-1.0)))
    assert point(record, 0)[1] == 10.0 + 2.5j
    assert any("imaginary part is positive nearly everywhere" in warning for warning in record.warnings)
    told = read(written(tmp_path, "freq,real,imag\n" + lines(",")))
    assert not any("imaginary part" in warning for warning in told.warnings)


def test_three_columns_that_are_no_sweep_are_refused(tmp_path: Path) -> None:
    text = "".join(f"{0.5 * k + 0.5},{3.0 + k},{0.1}\n" for k in range(40))
    with pytest.raises(InputError, match="without names"):
        read(written(tmp_path, text))


def test_sweeps_are_told_apart(tmp_path: Path) -> None:
    up = "".join(f"{f},{re},{im}\n" for f, re, im in reversed(ROWS))
    twice = read(written(tmp_path, "freq,real,imag\n" + lines(",") + lines(",")))
    assert [len(spectrum.frequency) for spectrum in twice.spectra] == [6, 6]
    assert [spectrum.name for spectrum in twice.spectra] == ["file sweep 1", "file sweep 2"]
    there_and_back = read(written(tmp_path, "freq,real,imag\n" + lines(",") + up))
    assert len(there_and_back.spectra) == 2
    text = "time/s,freq/Hz,|Z|/Ohm,Phase(Z)/deg,I/A,Ewe/V,loop_index\n"
    text += "".join(f"{k},{100.0 / (k + 1)},2.0,-90.0,1e-6,3.0,{k // 2}\n" for k in range(4))
    by_counter = read(written(tmp_path, text))
    assert [len(spectrum.frequency) for spectrum in by_counter.spectra] == [2, 2]
    assert by_counter.spectra[1].time == 2.0
    assert point(by_counter, 0)[1] == pytest.approx(-2.0j)
    assert by_counter.column("voltage_volt").tolist() == [3.0] * 4


def test_mpt_of_impedance(tmp_path: Path) -> None:
    text = "EC-Lab ASCII FILE\nNb header lines : 3\n" + "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\ttime/s\t<Ewe>/V\t<I>/mA\t\n"
    text += "".join(f"{f}\t{re}\t{-im}\t{k}.5\t3.5\t2.0\n" for k, (f, re, im) in enumerate(ROWS))
    record = read(written(tmp_path, text))
    assert point(record, 0) == (1e4, 10.0 - 2.5j)
    assert record.spectra[0].time == 0.5
    assert record.table["current_ampere"].to_list() == [2e-3] * 6
    assert record.table["frequency_hertz"].to_list() == F


def test_mpt_without_frequency_has_no_spectrum(tmp_path: Path) -> None:
    text = "EC-Lab ASCII FILE\nNb header lines : 3\nRe(Z)/Ohm\t-Im(Z)/Ohm\ttime/s\t<Ewe>/V\t<I>/mA\n1\t2\t0\t3\t4\n"
    record = read(written(tmp_path, text))
    assert record.spectra == ()
    assert any("no frequency" in warning for warning in record.warnings)


GAMRY = (
    "EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n"
    "\tPt\tTime\tFreq\tZreal\tZimag\tZmod\tZphz\tIdc\tVdc\n\t#\ts\tHz\tohm\tohm\tohm\t°\tA\tV\n"
)


def test_gamry(tmp_path: Path) -> None:
    text = GAMRY + "".join(f"\t{k}\t{k}\t{f}\t{re}\t{im}\t1\t-5\t1E-3\t1.5\n" for k, (f, re, im) in enumerate(ROWS))
    record = read(written(tmp_path, text + "EXPERIMENTABORTED\tTOGGLE\tT\n", encoding="cp1252"))
    assert point(record, 2) == (F[2], 12.0 - 4.5j)
    assert record.table["current_ampere"].to_list() == [1e-3] * 6


def of_gamry(z: list[complex], title: str = "ZCURVE\tTABLE", step: int = 0) -> str:
    """A table of Gamry whose modulus and phase are those of its real and imaginary part."""
    names = "".join(GAMRY.splitlines(keepends=True)[3:])
    rows = (
        f"\t{k}\t{step + k}\t{f}\t{one.real}\t{one.imag}\t{abs(one):.7g}\t{np.degrees(np.angle(one)):.7g}\t1E-3\t1.5\n"
        for k, (f, one) in enumerate(zip(F, z, strict=True))
    )
    return f"{title}\n{names}{''.join(rows)}"


def test_modulus_and_phase_are_held_against_real_and_imaginary_part(tmp_path: Path) -> None:
    head, z = "EXPLAIN\nTAG\tEISPOT\n", [re + 1j * im for _, re, im in ROWS]
    assert not [text for text in read(written(tmp_path, head + of_gamry(z))).warnings if "modulus" in text]
    text = (head + of_gamry(z)).replace("\t12.0\t", "\t12.1\t")
    (said,) = (text for text in read(written(tmp_path, text)).warnings if "modulus" in text)
    assert said == "modulus and phase of 1 point are not those of real and imaginary part (first: at 100 Hz)"


def test_a_table_without_its_first_line_is_said(tmp_path: Path) -> None:
    head, z = "EXPLAIN\nTAG\tEISPOT\n", [re + 1j * im for _, re, im in ROWS]
    end, second = "AREA\tQUANT\t1\tArea\n", of_gamry(z, "ZCURVE2\tTABLE", 10)
    whole = head + of_gamry(z) + end + second
    record = read(written(tmp_path, whole))
    assert len(record.spectra) == 2
    assert not any("outside" in text for text in record.warnings)
    for title, place in (("ZCURVE\tTABLE", 6), ("ZCURVE2\tTABLE", 16)):
        record = read(written(tmp_path, whole.replace(title, title.replace("B", "?"))))
        assert len(record.spectra) == 1
        assert f"6 lines look like rows outside of any table, the first is line {place}" in record.warnings


def test_a_title_states_how_many_rows_there_are(tmp_path: Path) -> None:
    head, z = "EXPLAIN\nTAG\tEISPOT\n", [re + 1j * im for _, re, im in ROWS]
    for stated, expected in ((6, []), (7, ["the table 'ZCURVE' states 7 rows and has 6"])):
        record = read(written(tmp_path, head + of_gamry(z, f"ZCURVE\tTABLE\t{stated}")))
        assert [text for text in record.warnings if "states" in text] == expected


def test_half_a_date_is_said(tmp_path: Path) -> None:
    z = [re + 1j * im for _, re, im in ROWS]
    for time, said in (("TIME", False), ("T?ME", True)):
        head = f"EXPLAIN\nTAG\tEISPOT\nDATE\tLABEL\t5/21/2016\tDate\n{time}\tLABEL\t17:47:03\tTime\n"
        record = read(written(tmp_path, head + of_gamry(z)))
        assert (record.start is None) == said == any("only part of the date" in text for text in record.warnings)


@pytest.mark.parametrize(("place", "value"), [(2, "100e6"), (2, "1e-9"), (3, "10e5")])
def test_a_frequency_that_splits_a_sweep_is_said(tmp_path: Path, place: int, value: str) -> None:
    rows = [f"{value if k == place else f},{re},{im}\n" for k, (f, re, im) in enumerate(ROWS)]
    record = read(written(tmp_path, "freq/Hz,real/ohm,imag/ohm\n" + "".join(rows)))
    assert len(record.spectra) == 2
    assert f"a sweep turns at {float(value):.4g} Hz, but goes on without that point" in record.warnings


def test_a_sweep_of_two_points_is_said(tmp_path: Path) -> None:
    """The first frequency was 10000 before its last digit was lost."""
    rows = [f"{f},{re},{im}\n" for f, (_, re, im) in zip((1000, 5000, 1000, 500, 100), ROWS, strict=False)]
    record = read(written(tmp_path, "freq/Hz,real/ohm,imag/ohm\n" + "".join(rows)))
    assert "a sweep has no more than 2 points (first: at 1000 Hz)" in record.warnings


def test_rows_without_order_are_one_spectrum(tmp_path: Path) -> None:
    rows = [(1e5 / 2**k, 10.0 + k, -2.5 - k) for k in range(24)]
    order = np.random.default_rng(3).permutation(len(rows))
    record = read(
        written(tmp_path, "freq,real,imag\n" + "".join(f"{f},{re},{im}\n" for f, re, im in np.array(rows)[order]))
    )
    assert len(record.spectra) == 1
    assert sorted(zip(record.spectra[0].frequency, record.spectra[0].impedance.real, strict=True), reverse=True) == [
        (f, re) for f, re, _ in rows
    ]
    assert "the rows are in no order of frequency; all 24 are taken as one spectrum" in record.warnings


def test_short_sweeps_of_the_same_frequencies_stay_apart(tmp_path: Path) -> None:
    body = "".join(f"{f},{re},{im}\n" for f, re, im in ROWS[:4])
    record = read(written(tmp_path, "freq,real,imag\n" + 4 * body))
    assert [len(spectrum.frequency) for spectrum in record.spectra] == [4, 4, 4, 4]
    assert not any("no order" in warning for warning in record.warnings)


def test_points_that_are_left_out_are_said(tmp_path: Path) -> None:
    body = lines(",") + "0,16.0,-1.0\n" + "0.05,,-8.0\n" + "0.02,17.0,NaN\n"
    record = read(written(tmp_path, "freq,real,imag\n" + body))
    assert len(record.spectra[0].frequency) == 6
    assert "3 points of 9 left out: no number, or a frequency that is not above 0" in record.warnings
    assert not any(
        "left out" in warning for warning in read(written(tmp_path, "freq,real,imag\n" + lines(","))).warnings
    )


def test_a_point_without_impedance_is_said_but_not_a_row_of_the_course_in_time(tmp_path: Path) -> None:
    names = "Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)\t\n"
    rows = "3.5\t-0.1\t10\t0\t0\t0\t\n"
    rows += "".join(f"3.5\t0.02\t{20 + k}\t{f}\t{re}\t{im}\t\n" for k, (f, re, im) in enumerate(ROWS))
    assert not any("left out" in warning for warning in read(written(tmp_path, names + rows)).warnings)
    record = read(written(tmp_path, names + rows + "3.5\t0.02\t30\t0.05\tNaN\t-3\t\n"))
    assert "1 point of 7 left out: no number, or a frequency that is not above 0" in record.warnings


def test_points_left_out_of_a_spectrum_per_row_are_said(tmp_path: Path) -> None:
    head = ";name;temperature [°C];frequency [Hz];real impedance Z' [Ohm];imaginary impedance Z'' [Ohm]\n"
    record = read(written(tmp_path, head + "0;a;-20.0;[100.0, 10.0, 0.0];[1.0, NaN, 2.0];[-3.0, -4.0, -5.0]\n"))
    assert len(record.spectra[0].frequency) == 1
    assert "2 points of 3 left out: no number, or a frequency that is not above 0" in record.warnings


ZPLOT = (
    "ZPLOT2 ASCII\n  Date: 10-12-2018\n  Time: 12:32:21\n"
    "  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange\nEnd Comments\n"
)
ZPLOTW = '"ZPlotW Data File: Version 3.2c"\nDate: 12-17-2019    Time: 16:24:35\n79\n"  Freq(Hz)    Ampl     Z\'(a)"\n'
CHI = "Feb. 20, 2020   15:55:08\nInstrument Model:  CHI660E\n\nFreq/Hz, Z'/ohm, Z\"/ohm, Z/ohm, Phase/deg\n\n"
PAR = (
    "<Application>\nName=VersaStudio\n</Application>\n"
    "Definition=Segment #, E(V), I(A), Elapsed Time(s), Frequency(Hz), Z Real, Z Imag, 0\n"
)


@pytest.mark.parametrize(
    ("head", "line", "tail", "rows"),
    [
        (ZPLOT, "{f}\t0\t0\t{k}\t{re}\t{im}\t0\t0\t4\n", "", 0),
        (ZPLOTW, "{f}, 0, 0, {k}, {re}, {im}, 0, 0, 5\n", "", 0),
        ('"Z60W Data File: Version 1.1"\n0,2\n"  Freq (Hz)    Ampl"\n', "{f},0,0,{k},{re},{im},0,0,0\n", "", 0),
        (CHI, "{f}, {re}, {im}, 1, -5\n", "", 0),
        ("Frequency\t Zre\t Zimg\r\n", "{f}\t {re}\t {im}\r\r\n", "", 0),
        (PAR, "0,3.5,1E-3,{k},{f},{re},{im}\n", "</Segment1>\n<DockingLayout>\n", 6),
    ],
    ids=["zplot", "zplotw", "autolab", "chi", "powersuite", "versastudio"],
)
def test_vendors_of_impedance(tmp_path: Path, head: str, line: str, tail: str, rows: int) -> None:
    body = "".join(line.format(k=k, f=f, re=re, im=im) for k, (f, re, im) in enumerate(ROWS))
    record = read(written(tmp_path, head + body + tail))
    assert len(record.table) == rows
    assert point(record, 0) == (1e4, 10.0 - 2.5j)
    assert point(record, 5)[1] == 15.0 - 7.5j


def test_parstat_rows_of_frequency_zero_are_no_impedance(tmp_path: Path) -> None:
    text = "Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)\t\n"
    text += "3.5\t-0.1\t10\t0\t0\t0\t\n"
    text += "".join(f"3.5\t0.02\t{20 + k}\t{f}\t{re}\t{im}\t\n" for k, (f, re, im) in enumerate(ROWS))
    record = read(written(tmp_path, text))
    assert len(record.table) == 7
    assert len(record.spectra[0].frequency) == 6
    assert np.isnan(record.column("frequency_hertz")[0])
    assert record.spectra[0].time == 20.0


def test_one_spectrum_per_row(tmp_path: Path) -> None:
    head = ";name;temperature [°C];frequency [Hz];real impedance Z' [Ohm];imaginary impedance Z'' [Ohm]\n"
    good = "0;a;-20.0;[100.0, 10.0];[1.0, 2.0];[-3.0, -4.0]\n"
    record = read(written(tmp_path, head + good + "1;b;5.0;[100.0, 10.0];[1.0];[-3.0, -4.0]\n"))
    assert len(record.spectra) == 1
    assert point(record, 1) == (10.0, 2.0 - 4.0j)
    assert record.spectra[0].temperature == pytest.approx(253.15)
    assert record.provenance["files"][0]["header"]["rows"][0]["name"] == "a"
    assert any("1 of 2 rows" in warning for warning in record.warnings)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("tau,gamma\n1e-7,0.1\n", "relaxation times"),
        (",temp,cond\n0,-20.0,0.0015\n", "results"),
        ('{\n "R0": 1.0}\n', "JSON"),
    ],
)
def test_results_are_refused(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        read(written(tmp_path, text))


# --- measured files -------------------------------------------------------------------------------------------------

# file, number of points, first and last point as the file has them
BY_HAND = [
    ("Circuit1_EIS_1.z", 48, (5e4, 29.036 + 0.63662j), (1.0, 75.803 - 0.16244j)),
    ("exampleData.csv", 66, (3.1623e-3, 4.949989776405060160e-02 - 2.043869854441892481e-02j),
     (1e4, 1.577148266048593317e-02 + 1.015747456493823649e-02j)),
    ("exampleDataAutolab.txt", 41, (1e4, 0.013785863964281 + 0.007191946305823j),
     (0.1, 0.0345697771923854 - 0.00390292888845954j)),
    ("exampleDataBioLogic.mpt", 43, (1000.3201, 65.470886 - 0.38998979j), (0.01689554, 110.97003 - 2.3458567j)),
    ("exampleDataCHInstruments.txt", 73, (9.961e4, 98.91 - 2.748j), (0.1, 5685.0 - 15860.0j)),
    ("exampleDataGamry.DTA", 72, (200015.6, 825.8584 - 1367.239j), (0.0158898, 17007.49 - 6635.557j)),
    ("exampleDataGamryABORT.DTA", 72, (200015.6, 825.8584 - 1367.239j), (0.0158898, 17007.49 - 6635.557j)),
    ("exampleDataParstat.txt", 31, (1e4, -0.00049816280376104 + 0.0175143479976367j),
     (10.0, 0.0270946491457229 - 0.00399791080333837j)),
    ("exampleDataPowersuite.txt", 30, (0.1, 423929.46 - 49014.063j), (2e6, -470.54113 - 1397.7358j)),
    ("exampleDataVersaStudio.par", 61, (1e5, 55.31571 + 4.575431j), None),
    ("exampleDataZPlot.z", 21, (3e5, 147.77 - 11.335j), (3e3, 613.68 - 137.13j)),
    ("exampleDataZPlot_noComments.z", 31, (3e5, 642.62 - 85.821j), (300.0, 1305.3 - 195.01j)),
]  # fmt: skip


@real
@pytest.mark.parametrize(("name", "points", "first", "last"), BY_HAND, ids=[entry[0] for entry in BY_HAND])
def test_real_instruments(
    name: str, points: int, first: tuple[float, complex], last: tuple[float, complex] | None
) -> None:
    record = read(EIS / name)
    assert len(record.spectra) == 1
    assert len(record.spectra[0].frequency) == points
    assert point(record, 0) == pytest.approx(first)
    if last is not None:
        assert point(record, -1) == pytest.approx(last)


@real
def test_real_mpt_whose_names_lack_a_column_is_refused() -> None:
    with pytest.raises(InputError, match="rows have 18 cells, but there are 17 names"):
        read(EIS / "exampleDataBioLogic_MissingFreq.mpt")


@real
def test_real_circuits_are_what_is_published() -> None:
    published = {1: (29.1, 46.7), 2: (150.0, 502.0), 3: (1510.0, 4630.0)}
    for number, (series, arc) in published.items():
        one, two = (read(EIS / f"Circuit{number}_EIS_{repeat}.z").spectra[0] for repeat in (1, 2))
        assert one.impedance[0].real == pytest.approx(series, rel=0.02)
        assert one.impedance[-1].real - one.impedance[0].real == pytest.approx(arc, rel=0.02)
        assert np.allclose(one.frequency, two.frequency)
        assert np.max(np.abs(one.impedance - two.impedance) / np.abs(one.impedance)) < 0.01


@real
def test_real_sweep_is_the_same_by_two_exports() -> None:
    long, short = (read(EIS / name).spectra[0] for name in ("Circuit2_EIS_1.z", "exampleDataZPlot.z"))
    assert np.array_equal(long.frequency[:21], short.frequency)
    assert np.array_equal(long.impedance[:21], short.impedance)


@real
def test_real_ec_lab_csv_of_ten_loops() -> None:
    record = read(DATA / "01_biologic_SSB_NCM_LPSCl_InLi" / "Sample2_PEIS_AtRest.csv")
    assert len(record.table) == 900
    assert len(record.spectra) == 10
    expected = 50.752583 * np.exp(-1j * np.deg2rad(20.75998))
    assert point(record, 0) == pytest.approx((7000018.5, expected))
    assert record.spectra[0].time == pytest.approx(126.23869597606244)
    assert record.table["current_ampere"][0] == -1.8129722e-07


@real
def test_real_tables_of_the_drt_benchmark() -> None:
    for path in sorted(DRT.glob("Z_*.csv")):
        record = read(path)
        assert len(record.spectra) == 1, path.name
        assert len(record.table) == 0
    indexed = read(DRT / "Z_ECM_LIB.csv")
    assert point(indexed, 0) == (999.0404050000001, 0.11227860860403772 + 0.0031466644619689644j)
    assert point(read(DRT / "DRTtools_LIB_data.txt"), 0) == (999.040405, 0.112362966 + 0.00318273902j)
    assert point(read(DRT / "550C.0.5V.DTA"), -1) == (0.1000747, 1.944187 + 0.0235922j)
    probe = read(next(iter(sorted(DRT.glob("PDAC_COM3_02210*")))))
    assert point(probe, -1) == pytest.approx((0.1001603, 5.784012e6 - 1.657657e6j))
    for path in (*DRT.glob("gamma_*.csv"), *DRT.glob("*.json")):
        with pytest.raises(InputError, match=r"relaxation times|JSON"):
            read(path)


@real
def test_real_spectra_against_temperature() -> None:
    record = read(MADAP / "all508.csv")
    assert len(record.spectra) == 39
    assert record.warnings == ()
    assert point(record, 0) == pytest.approx((2e4, 3027.80785458682 - 426.635566107178j))
    assert record.spectra[0].temperature == pytest.approx(253.15)
    rows = record.provenance["files"][0]["header"]["rows"]
    assert (rows[0]["resistance [Ohm]"], rows[0]["conductivity [S/cm]"]) == ("3061.9", "0.0015416114177471503")
    assert rows[38]["experimentID"] == "WOC_23032021_BM063_4"


@real
def test_real_twins_in_three_delimiters() -> None:
    twins = [read(MADAP / f"test_{k}.csv") for k in (1, 2, 3)]
    assert point(twins[0], 0) == (2e4, 996.439157869206 + 318.684884313117j)
    for twin in twins:
        assert np.array_equal(twin.spectra[0].impedance, twins[0].spectra[0].impedance)
        assert any("imaginary part is positive" in warning for warning in twin.warnings)
    negated = read(MADAP / "for_test_8.csv")
    assert point(negated, 0)[1] == 996.439157869206 - 318.684884313117j
    with pytest.raises(InputError, match="results"):
        read(MADAP / "for_test_arr.csv")
