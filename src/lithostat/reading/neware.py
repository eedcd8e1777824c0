"""Neware .nda and .ndax, through fastnda."""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.experiment.files import open_file
from lithostat.experiment.record import Record
from lithostat.reading.archives import ZIP, check_archive, names
from lithostat.reading.harmonise import LARGEST, FileColumn, harmonise
from lithostat.reading.listening import listening

COLUMNS = {
    "index": FileColumn("record_index"),
    "voltage_V": FileColumn("voltage_volt", "V"),
    "current_mA": FileColumn("current_ampere", "mA"),
    "unix_time_s": FileColumn("unix_time_second", "s"),
    "step_time_s": FileColumn("step_time_second", "s"),
    "total_time_s": FileColumn("test_time_second", "s"),
    "cycle_count": FileColumn("cycle_count"),
    "step_count": FileColumn("step_count"),
    "step_index": FileColumn("step_index"),
    "capacity_mAh": FileColumn("step_capacity_ah", "mA*h"),
    "energy_mWh": FileColumn("step_energy_wh", "mW*h"),
    "interpolated": FileColumn("interpolated"),
}
# these versions write the local clock as year, month, day, hour, minute, second; the others count seconds in UTC
_LOCAL_CLOCK = (26, 28, 29)


def recognise(head: bytes, path: Path) -> bool:
    """An .nda by its first bytes, an .ndax by its entries, and either by its name where it is damaged."""
    if head.startswith(b"NEWARE") or path.suffix.lower() in (".nda", ".ndax"):
        return True
    return head.startswith(ZIP) and names(path, b"data.ndc")


def read(path: Path) -> Record:
    """Every row of the file. Current is positive while charging; capacity and energy count within a step.

    Raises `InputError` for a file without rows, with a wrong checksum, or whose auxiliary channels have no description.
    """
    packed = path.suffix.lower() == ".ndax" or _first_bytes(path, 2) == b"PK"
    if packed:
        # every entry has a checksum, and the library reads only some of them
        check_archive(path, kind=".ndax", holds="data.ndc", test=True)
    table, said = _table(path, ".ndax" if packed else ".nda")
    if not len(table):
        raise InputError("holds no rows of data", file=str(path), expected="a test that was started")
    about, more = _header_of_zip(path) if packed else _header(path)
    said += more
    if packed:
        table, more = _filled_in(path, table)
        said += more
    else:
        said += _cut_short(path, about, len(table))
    said += _gaps(table)
    table = table.with_columns(pl.col("capacity_mAh", "energy_mWh").abs() if "energy_mWh" in table.columns else [])
    columns, more = _with_temperature(table)
    start, clock = _start(table, about)
    return harmonise(
        table,
        columns,
        path=path,
        format_name="Neware .ndax" if packed else "Neware .nda",
        start=start,
        warnings=[*said, *more, *clock],
        about=about,
    )


def _first_bytes(path: Path, count: int) -> bytes:
    with open_file(path, LARGEST) as stream:
        return stream.read(count)


def _table(path: Path, suffix: str) -> tuple[pl.DataFrame, list[str]]:
    """What the library reads, and what it says beside it; what it calls an error has cost data and is refused."""
    try:
        import fastnda
    except ImportError:
        raise MissingPackage(f"{path}: a Neware file; install its reader with pip install 'lithostat[files]'") from None
    with listening("fastnda") as said, _with_suffix(path, suffix) as readable:
        table = fastnda.read(readable, cycle_mode="raw")
    errors = [text for level, text in said if level == logging.ERROR]
    if errors:
        raise InputError(f"is damaged: {errors[0].rstrip('!. ')}", file=str(path), expected="an unharmed copy")
    return table, list(dict.fromkeys(text for level, text in said if level >= logging.WARNING))


@contextlib.contextmanager
def _with_suffix(path: Path, suffix: str) -> Iterator[Path]:
    """The library goes by the name's ending; a file that was renamed is read from a copy."""
    if path.suffix.lower() == suffix:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copyfile(path, Path(folder) / f"copy{suffix}"))


def _header_of_zip(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Attributes of the test in TestInfo.xml."""
    try:
        with zipfile.ZipFile(path) as archive:
            root = ElementTree.fromstring(archive.read("TestInfo.xml").decode("gb18030"))
    except (KeyError, UnicodeDecodeError, ElementTree.ParseError) as error:
        return {}, [f"the file's description of the test (TestInfo.xml) cannot be read ({error})"]
    info = root.find("config/TestInfo")
    return (dict(info.attrib) if info is not None else {}), []


def _header(path: Path) -> tuple[dict[str, Any], list[str]]:
    import fastnda

    try:
        with listening("fastnda"), _with_suffix(path, ".nda") as readable:
            about = fastnda.read_metadata(readable)
    except Exception as error:  # the rows are read; a header that is not must not cost them
        return {}, [f"the file's header cannot be read ({type(error).__name__})"]
    return {name: value for name, value in about.items() if isinstance(value, str | int | float)}, []


def _filled_in(path: Path, table: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Mark the rows for which the file stores no clock and no counters, only voltage and current.

    Neware's own export fills these in as well: time from the sampling interval, counters from current times time.
    """
    from fastnda._ndc import read_ndc

    with zipfile.ZipFile(path) as archive:
        if "data_runInfo.ndc" not in archive.namelist():
            return table, []
        stored = read_ndc(archive.read("data_runInfo.ndc"))
    made = (~table["index"].is_in(stored["index"].implode())).cast(pl.Int64).alias("interpolated")
    count = int(made.sum())
    if not count:
        return table, []
    text = "rows hold measured voltage and current only; their time and counters are interpolated as Neware does"
    return table.with_columns(made), [f"{count} of {len(table)} {text}"]


def _cut_short(path: Path, about: dict[str, Any], rows: int) -> list[str]:
    promised = about.get("num_datapoints")
    if isinstance(promised, int) and promised != rows:
        return [f"the header promises {promised} rows and the file holds {rows}"]
    head = _first_bytes(path, 98)
    place, size = (82, 8) if head[14] >= 128 else (64, 4)  # of the pointer to the rows: begin, then length
    begin, length = (int.from_bytes(head[place + k * size : place + (k + 1) * size], "little") for k in (0, 1))
    if (missing := begin + length - path.stat().st_size) > 0:
        return [f"the file ends {missing} bytes before its header says"]
    return []


def _gaps(table: pl.DataFrame) -> list[str]:
    """Row numbers count up by one; where they do not, rows are lost. A row without a step is one whose step is lost."""
    said = []
    steps = table["index"].cast(pl.Int64).diff().fill_null(1)
    if jumps := int((steps != 1).sum()):
        first = table["index"][int((steps != 1).arg_max() or 0)]
        said.append(f"row numbers jump {jumps} times, first at row {first}: rows are missing")
    lost = int(table["step_index"].is_null().sum()) if "step_index" in table.columns else 0
    if lost:
        said.append(f"{lost} rows belong to no step that the file describes")
    return said


def _with_temperature(table: pl.DataFrame) -> tuple[dict[str, FileColumn], list[str]]:
    """The one temperature of the auxiliary channels is the cell's; of several it is the first, and that is said."""
    found = [name for name in table.columns if name.startswith("aux") and name.endswith("_temperature_degC")]
    if not found:
        return COLUMNS, []
    columns = COLUMNS | {found[0]: FileColumn("ambient_temperature_celsius", "degC")}
    said = [f"of {len(found)} temperatures, '{found[0]}' is taken for the cell's"] if len(found) > 1 else []
    return columns, said


def _start(table: pl.DataFrame, about: dict[str, Any]) -> tuple[datetime | None, list[str]]:
    """Instant of test time 0 for versions that write a local clock; None leaves it to `unix_time_second`."""
    if about.get("nda_version") not in _LOCAL_CLOCK or "unix_time_s" not in table.columns:
        return None, []
    zero = table["unix_time_s"][0] - table["total_time_s"][0]
    text = "the clock is the local one of the cycler's computer; the file does not say its time zone"
    return datetime(1970, 1, 1) + timedelta(seconds=zero), [text]
