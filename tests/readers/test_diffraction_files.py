"""Files of diffractometers to patterns: every format, what their headers mean, and what people have been bitten by.

The faults are those of public reports on other programs: attenuation undone twice, several scans in one archive, the
third column of .rasx, sigma of integrated images, silent wavelengths.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import diffraction_files as made
import numpy as np
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.radiation import read_lines
from lithostat.reading.patterns import Stated, read_patterns
from lithostat.reading.patterns_log import on_timeline, read_log, with_log

X, Y = made.scan()
ONE = np.ones_like(X)
TUBE = ((1.540598e-10, 1.0), (1.544426e-10, 0.5))
FILES: dict[str, Callable[[Path], Path]] = {
    "scan.xy": lambda path: made.xy(path, X, Y),
    "scan.xye": lambda path: made.xy(path, X, Y, np.sqrt(Y)),
    "scan.xrdml": lambda path: made.xrdml(path, Y),
    "scan.ras": lambda path: made.ras(path, X, Y, ONE),
    "scan.rasx": lambda path: made.rasx(path, X, Y, ONE),
    "scan.brml": lambda path: made.brml(path, [Y]),
    "scan.uxd": lambda path: made.uxd(path, Y),
    "scan.raw": lambda path: made.raw1(path, Y),
    "four.raw": lambda path: made.raw4(path, Y),
    "scan.gsa": lambda path: made.gsas(path, Y),
    "scan.gss": lambda path: made.gsas(path, Y, np.sqrt(Y)),
    "scan.fxye": lambda path: made.fxye(path, X, Y, np.sqrt(Y)),
    "scan.chi": lambda path: made.chi(path, X, Y),
    "scan.cif": lambda path: made.pdcif(path, X, Y),
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_points(name: str, tmp_path: Path) -> None:
    (pattern,) = read_patterns(FILES[name](tmp_path / name))
    assert pattern.degrees == pytest.approx(X, abs=1e-9)
    assert pattern.counts == pytest.approx(Y, abs=1e-9)
    assert pattern.sigma == pytest.approx(np.sqrt(Y), rel=1e-5)
    assert pattern.sigma_from == ("file" if name.endswith((".xye", ".gss", ".fxye")) else "counts")
    assert pattern.warnings == ()
    if name == "four.raw":
        assert pattern.start == datetime(2024, 11, 14, 16, 47, 52)
    if name.endswith((".xrdml", ".ras", ".rasx", ".brml", ".uxd", ".raw")):
        assert np.array(pattern.lines) == pytest.approx(np.array(TUBE), rel=1e-9)
    elif name.endswith(".cif"):
        assert np.array(pattern.lines) == pytest.approx(np.array([[1.540598e-10, 1.0]]))
    else:
        assert pattern.lines == ()  # never a silent copper tube


def test_what_an_xrdml_header_says(tmp_path: Path) -> None:
    (pattern,) = read_patterns(made.xrdml(tmp_path / "a.xrdml", Y))
    assert pattern.geometry == "reflection"
    assert pattern.radius == pytest.approx(0.145)
    assert pattern.start == datetime.fromisoformat("2024-11-14T16:47:52-08:00")
    assert pattern.duration == pytest.approx(125.0)
    assert pattern.attenuation == "none"


@pytest.mark.parametrize("applied", [True, False])
def test_an_attenuator_is_undone_once(applied: bool, tmp_path: Path) -> None:
    """`intensities` of .xrdml hold the factor already, `counts` do not; sigma is the counter's either way."""
    factors = np.where(Y > 400.0, 10.0, 1.0)
    counted = np.round(Y / factors)
    written = counted * factors if applied else counted
    (pattern,) = read_patterns(made.xrdml(tmp_path / "a.xrdml", written, counts=not applied, factors=factors))
    assert pattern.counts == pytest.approx(counted * factors)
    assert pattern.sigma == pytest.approx(factors * np.sqrt(np.maximum(counted, 1.0)))
    assert pattern.sigma_from == "scaled"
    assert pattern.attenuation == ("undone by the file" if applied else "undone here")
    assert any("absorber" in text for text in pattern.warnings)


@pytest.mark.parametrize("kind", ["ras", "rasx"])
def test_the_third_column_of_rigaku_is_the_attenuator(kind: str, tmp_path: Path) -> None:
    factors = np.where(Y > 400.0, 8.0, 1.0)
    write = {"ras": made.ras, "rasx": made.rasx}[kind]
    (pattern,) = read_patterns(write(tmp_path / f"a.{kind}", X, np.round(Y / factors), factors))
    assert pattern.counts == pytest.approx(np.round(Y / factors) * factors)
    assert pattern.attenuation == "undone here"


def test_all_scans_of_a_file_are_read(tmp_path: Path) -> None:
    for path in (made.brml(tmp_path / "a.brml", [Y, Y[::-1]]), made.xrdml(tmp_path / "a.xrdml", Y, scans=2)):
        first, second = read_patterns(path)
        assert first.counts == pytest.approx(Y)
        assert second.source["scan"] == 2
        assert second.name.endswith("scan 2")


def test_a_scan_that_cannot_be_used_is_named_and_the_others_stay(tmp_path: Path) -> None:
    (pattern,) = read_patterns(made.brml(tmp_path / "a.brml", [Y, Y[:10]]))
    assert "scan 2 was not used: holds a scan of 10 points" in pattern.warnings


def _points_or_sentence(path: Path) -> np.ndarray | str:
    try:
        return read_patterns(path)[0].counts
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("folder", ["../../../../evil/", "/abs/", "C:\\windows\\", "a/../../b/"])
def test_no_path_leads_out_of_an_archive(folder: str, tmp_path: Path) -> None:
    """Archives are read in memory: nothing appears beside or above them, whatever their members are called."""
    inside = tmp_path / "in"
    inside.mkdir()
    for write in (
        lambda: made.brml(inside / "a.brml", [Y], folder),
        lambda: made.rasx(inside / "a.rasx", X, Y, ONE, folder),
    ):
        path = write()
        said = _points_or_sentence(path)
        assert path.name in said if isinstance(said, str) else said == pytest.approx(Y)
        assert sorted(os.listdir(tmp_path)) == ["in"]
        assert os.listdir(inside) == [path.name]
        path.unlink()


def test_an_archive_that_unpacks_to_a_gibibyte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="an archive of 1 files and 1024 MiB"):
        read_patterns(made.archive_bomb(tmp_path / "a.brml"))


def _broken(path: Path, kind: str) -> Path:
    bad = Y.copy()
    if kind == "nan":
        bad[::4] = np.nan
    if kind == "dark":
        bad[:] = 0.0
    angles = X.copy()
    if kind == "saw":
        angles[200:] -= 1.0
    if kind == "beyond":
        angles += 175.0
    head = {"empty": "", "one": "10 5\n"}.get(kind)
    if head is not None:
        path.write_text(head)
        return path
    return made.xy(path, angles, bad)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("empty", "is empty"),
        ("one", "holds a scan of 1 points; expected at least 50"),
        ("nan", "finite"),
        ("dark", "no intensity is above zero"),
        ("saw", "strictly increasing"),
        ("beyond", "expected two-theta in degrees, 0 to 180"),
    ],
)
def test_a_file_that_no_fit_could_use_is_one_sentence(kind: str, said: str, tmp_path: Path) -> None:
    path = _broken(tmp_path / "a.xy", kind)
    with pytest.raises(InputError) as caught:
        read_patterns(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert said in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("name", ["a.xrdml", "a.brml", "a.raw", "a.ras", "a.xy"])
def test_noise_is_one_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    random = np.random.default_rng(3)
    for head in (b"", b"PK\x03\x04", b"RAW1.01\0", b"RAW4.00\0", b"<xrdMeasurements><xrdMeasurement"):
        path.write_bytes(head + random.bytes(3000))
        with pytest.raises(InputError) as caught:
            read_patterns(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", [name for name in FILES if name not in ("scan.xy", "scan.xye", "scan.cif", "scan.uxd")]
)
def test_a_file_cut_anywhere_gives_points_or_a_sentence(name: str, tmp_path: Path) -> None:
    whole = FILES[name](tmp_path / name).read_bytes()
    random = np.random.default_rng(5)
    for end in random.integers(1, len(whole), 12):
        (tmp_path / name).write_bytes(whole[:end])
        said = _points_or_sentence(tmp_path / name)
        assert name in said if isinstance(said, str) else len(said) <= len(X)


def test_entities_are_refused(tmp_path: Path) -> None:
    path = made.xrdml(tmp_path / "a.xrdml", Y)
    text = path.read_text().replace("?>", '?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>', 1)
    path.write_text(text)
    with pytest.raises(InputError, match="declares entities of its own"):
        read_patterns(path)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.xy")
    with pytest.raises(InputError, match="is a pipe"):
        read_patterns(tmp_path / "a.xy")


def test_an_axis_that_runs_down_is_turned(tmp_path: Path) -> None:
    (pattern,) = read_patterns(made.xy(tmp_path / "a.xye", X[::-1], Y[::-1], np.sqrt(Y[::-1])))
    assert pattern.counts == pytest.approx(Y)
    assert pattern.sigma == pytest.approx(np.sqrt(Y), rel=1e-5)


def test_negative_intensities_say_that_a_background_was_subtracted(tmp_path: Path) -> None:
    (pattern,) = read_patterns(made.xy(tmp_path / "a.xy", X, Y - 105.0))
    assert any("below zero: a background was subtracted before" in text for text in pattern.warnings)
    assert pattern.sigma_from == "unknown"
    assert (pattern.sigma > 0.0).all()


def test_points_across_the_beam_are_left_out(tmp_path: Path) -> None:
    (pattern,) = read_patterns(made.xy(tmp_path / "a.xye", X - 12.0, Y, np.sqrt(Y)))
    assert pattern.two_theta[0] >= 0.0
    assert pattern.counts == pytest.approx(Y[X >= 12.0])


def test_attenuators_for_another_number_of_points_are_refused(tmp_path: Path) -> None:
    """Half a list would leave half the absorber in the counts."""
    path = made.xrdml(tmp_path / "a.xrdml", Y, factors=np.full(200, 7.0))
    with pytest.raises(InputError, match=r"200 attenuators for 400 points|attenuation factors"):
        read_patterns(path)


@pytest.mark.parametrize(
    ("third", "believed"),
    [
        (np.sqrt(Y), True),  # the error of one pixel per bin
        (np.sqrt(Y) * 6.0, False),  # a spread over pixels
        (Y * 0.9, False),  # a background
        (np.zeros_like(Y), False),
    ],
    ids=["error", "spread", "background", "zeros"],
)
def test_a_third_column_is_held_against_the_scatter(third: np.ndarray, believed: bool, tmp_path: Path) -> None:
    """Integrated images hold many things there, and a wrong one makes every limit wrong."""
    (pattern,) = read_patterns(made.xy(tmp_path / "a.xye", X, Y, third))
    assert (pattern.sigma_from == "file") is believed
    assert any("the third column" in text for text in pattern.warnings) is not believed
    assert np.median(pattern.sigma / np.sqrt(Y)) == pytest.approx(1.0, abs=0.15)


def test_smoothed_counts_are_named(tmp_path: Path) -> None:
    smooth = np.round(np.convolve(np.pad(Y, 2, mode="edge"), np.full(5, 0.2), mode="valid"))
    (pattern,) = read_patterns(made.xy(tmp_path / "a.xy", X, smooth))
    assert any("smoothed" in text for text in pattern.warnings)


def test_counts_per_second_are_no_counts(tmp_path: Path) -> None:
    (pattern,) = read_patterns(made.xy(tmp_path / "a.xy", X, Y / 8.7))
    assert pattern.sigma_from == "unknown"
    assert np.median(pattern.sigma / (np.sqrt(Y) / 8.7)) == pytest.approx(1.0, abs=0.15)
    assert any("no plain counts" in text for text in pattern.warnings)


def test_a_slit_that_opens_with_the_angle_is_named(tmp_path: Path) -> None:
    (pattern,) = read_patterns(made.xrdml(tmp_path / "a.xrdml", Y, slit="automatic"))
    assert any("automatic" in text for text in pattern.warnings)


def test_no_wavelength_is_a_refusal_that_names_the_option(tmp_path: Path) -> None:
    (pattern,) = read_patterns(made.xy(tmp_path / "a.xy", X, Y))
    with pytest.raises(InputError, match="--wavelength") as caught:
        pattern.need()
    assert "--geometry" in str(caught.value)
    assert "a.xy" in str(caught.value)


@pytest.mark.parametrize("text", ["Mo Ka", "mo k\u03b1", "Mo_Kalpha"])
def test_tubes_by_name(text: str) -> None:
    assert read_lines(text) == ((0.70931715e-10, 1.0), (0.7136070e-10, 0.5))


def test_k_alpha_1_alone_is_one_line() -> None:
    """A second line that a monochromator took away must not come back."""
    assert read_lines("Cu Ka1") == ((1.5405929e-10, 1.0),)


def test_a_wavelength_in_nm_is_read_and_one_without_a_unit_is_not() -> None:
    assert np.array(read_lines("0.15406 nm")) == pytest.approx(np.array([[1.5406e-10, 1.0]]))
    for text in ("1.5406", "0.15406", "15.406 nm", "1.5 um", "Xx Ka", "", "Cu", "nan angstrom"):
        with pytest.raises(InputError):
            read_lines(text)


@pytest.mark.parametrize(
    ("head", "length"),
    [
        ("# wavelength: 0.049590 nm\n", 0.4959e-10),
        ("# Wavelength: 4.959e-11 m\n", 0.4959e-10),
        ("# lambda (A) = 0.4959\n", 0.4959e-10),
        ("# wavelength = 0.4959\n", None),  # of what?
        ("# wavelength: 495.9 nm\n", None),  # light
    ],
)
def test_a_wavelength_in_a_comment(head: str, length: float | None, tmp_path: Path) -> None:
    (pattern,) = read_patterns(made.xy(tmp_path / "a.xye", X, Y, np.sqrt(Y), head=head))
    assert [pair[0] for pair in pattern.lines] == ([] if length is None else [pytest.approx(length)])
    assert bool(pattern.warnings) is (length is None)


def test_a_scattering_vector_becomes_an_angle(tmp_path: Path) -> None:
    q = 4.0 * np.pi * np.sin(0.5 * np.radians(X)) / 0.4959  # 1/nm
    path = made.xy(tmp_path / "a.xye", q, Y, np.sqrt(Y), head="# q (nm^-1)  I  sigma\n")
    with pytest.raises(InputError, match="--wavelength"):
        read_patterns(path)
    (pattern,) = read_patterns(path, Stated(lines=read_lines("4.959 angstrom")))
    assert pattern.degrees == pytest.approx(X, abs=2e-4)
    made.xy(path, q * 40.0, Y, np.sqrt(Y), head="# q (nm^-1)  I  sigma\n")
    with pytest.raises(InputError, match="cannot be reached"):
        read_patterns(path, Stated(lines=read_lines("4.959 angstrom")))


# --- clocks -----------------------------------------------------------------------------------------------------------

LOG = """scan_number,cell_name,start_time,end_time
17,x,2025-07-02 19:05:59,2025-07-02 19:06:59
18,x,2025-07-02 19:15:03,
"""


def test_a_log_gives_the_scans_their_clocks(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    scans = read_log(tmp_path / "log.csv")
    (one,) = read_patterns(made.xy(tmp_path / "17_summed.xye", X, Y, np.sqrt(Y)))
    other = replace(one, source=one.source | {"file": "117_summed.xye"})
    known, unknown = with_log([one, other], scans)
    assert known.start == datetime(2025, 7, 2, 19, 5, 59)
    assert known.duration == pytest.approx(60.0)
    assert unknown.start is None
    assert any("no scan of the log" in text for text in unknown.warnings)
    (placed,) = on_timeline([known], datetime(2025, 7, 2, 19, 0, 0))
    assert placed.time == pytest.approx(389.0)  # the middle of the scan
    (aware,) = on_timeline([known], datetime.fromisoformat("2025-07-02T19:00:00+01:00"))
    assert aware.time == pytest.approx(389.0)
    assert any("time zone" in text for text in aware.warnings)
    assert timedelta(seconds=aware.time or 0.0) > timedelta(0)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "scan_number,start_time\n17,yesterday\n"])
def test_a_log_that_says_nothing_is_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(InputError, match=r"log\.csv"):
        read_log(tmp_path / "log.csv")


DATA = Path(__file__).parents[3] / "shared" / "data" / "08_XRD_phase_mixtures"


@pytest.mark.skipif(not DATA.is_dir(), reason="the measured operando series is not beside here")
def test_five_scans_on_the_timeline_of_their_neware_file(tmp_path: Path) -> None:
    """Five patterns nine minutes apart, each within the cell's record; the file's sigma is believed."""
    from lithostat.reading.read import read

    with zipfile.ZipFile(DATA / "operando_coincell8_LDE2_reduced.zip") as archive:
        names = [name for name in archive.namelist() if not name.startswith("__MACOSX")]
        for name in names:
            if name.endswith((".xye", ".ndax", ".csv")):
                (tmp_path / Path(name).name).write_bytes(archive.read(name))
    patterns = [read_patterns(path)[0] for path in sorted(tmp_path.glob("*.xye"))]
    scans = read_log(next(tmp_path.glob("*.csv")))
    record = read(next(tmp_path.glob("*.ndax")))
    placed = on_timeline(with_log(patterns, scans), record.start)
    times = np.array([pattern.time for pattern in placed], float)
    assert np.diff(times) == pytest.approx(544.5, abs=2.0)
    last = record.column("test_time_second")[-1]
    assert -300.0 < times[0] < 0.0  # before the current
    assert (times[1:] > 0.0).all()
    assert (times < last).all()
    assert {pattern.sigma_from for pattern in placed} == {"file"}
    assert all(pattern.lines == () for pattern in placed)
