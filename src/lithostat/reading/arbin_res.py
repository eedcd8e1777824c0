"""Arbin .res: an Access database, through mdbtools where it is installed, else through access-parser."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tempfile
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.experiment.files import open_file
from lithostat.experiment.other_programs import empty_folder, program
from lithostat.experiment.record import Record
from lithostat.reading.arbin_auxiliary import CHANNELS, NAMES, with_auxiliary
from lithostat.reading.harmonise import LARGEST, FileColumn, harmonise
from lithostat.reading.listening import listening

ROWS, HEADER = "Channel_Normal_Table", "Global_Table"
MAGIC = (b"\x00\x01\x00\x00Standard Jet DB", b"\x00\x01\x00\x00Standard ACE DB")
EPOCH = datetime(1899, 12, 30)  # Arbin's clock counts days from here, in local time
PATIENCE = 20.0  # s, and as much again for every 4 MB; it can go round in circles on a damaged page
COLUMNS = {
    "Data_Point": FileColumn("record_index"),
    "Test_Time": FileColumn("test_time_second", "s"),
    "Step_Time": FileColumn("step_time_second", "s"),
    "DateTime": FileColumn("unix_time_second", "s"),
    "Step_Index": FileColumn("step_index"),
    "Cycle_Index": FileColumn("cycle_count"),
    "Current": FileColumn("current_ampere", "A"),
    "Voltage": FileColumn("voltage_volt", "V"),
    "Charge_Capacity": FileColumn("charging_capacity_ah", "A*h"),
    "Discharge_Capacity": FileColumn("discharging_capacity_ah", "A*h"),
    "Charge_Energy": FileColumn("charging_energy_wh", "W*h"),
    "Discharge_Energy": FileColumn("discharging_energy_wh", "W*h"),
    "step_count": FileColumn("step_count"),
}


def recognise(head: bytes, path: Path) -> bool:
    """A Jet or ACE database, or a file that is named like one."""
    return head.startswith(MAGIC) or path.suffix.lower() == ".res"


def read(path: Path) -> Record:
    """Every row of the normal table in the order of its data points; what the header states is kept, never used.

    Raises `InputError` if the database is damaged or none of Arbin's.
    """
    if not _magic(path):
        raise InputError("does not start like an Access database", file=str(path), expected="an Arbin .res")
    exporter = program("mdb-export", outside=path.parent)
    tables, said = _by_mdbtools(path, str(exporter)) if exporter is not None else _by_access_parser(path)
    table, names = tables[ROWS], tables[HEADER]
    header = {} if names.is_empty() else {name: _plain(value) for name, value in names.row(0, named=True).items()}
    if missing := [name for name in ("Data_Point", "Test_Time", "Current", "Voltage") if name not in table.columns]:
        raise InputError(f"has no {', '.join(missing)} in '{ROWS}'", file=str(path), expected="an Arbin .res")
    if not len(table):
        raise InputError("holds no rows of data", file=str(path), expected="a test that was started")
    table = table.sort("Data_Point")  # rows lie in the order of database pages
    said += _gaps(table)
    table, more = with_auxiliary(table, tables[CHANNELS], tables[NAMES])
    said += more
    if int(table["Test_ID"].n_unique()) > 1:
        raise InputError(f"holds {table['Test_ID'].n_unique()} tests", file=str(path), expected="one test per file")
    return harmonise(
        _with_steps(_with_clock(table)),
        COLUMNS,
        path=path,
        format_name="Arbin .res",
        start=_start(header),
        warnings=[*said, "the clock is the local one of the cycler's computer; the file does not say its time zone"],
        about={name: value for name, value in header.items() if value not in (None, "")},
    )


def _magic(path: Path) -> bool:
    with open_file(path, LARGEST) as stream:
        return stream.read(32).startswith(MAGIC)


def _by_mdbtools(path: Path, exporter: str) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """All tables through `mdb-export`, those that the database does not have as empty ones.

    It prints single precision with 8 digits, which is one unit in the last place of such a number at most. It is called
    here and not through polars_access_mdbtools because that neither limits its time nor looks at how it ended.
    """

    def table(name: str) -> pl.DataFrame:
        text = _run([exporter, str(path.resolve()), name], path)
        return pl.read_csv(io.StringIO(text), infer_schema=False) if text.strip() else pl.DataFrame()

    tables = {name: table(name) for name in (ROWS, HEADER)}
    tables[ROWS] = tables[ROWS].cast(pl.Float64, strict=False)  # every column is a number; a damaged one is null
    for name in (CHANNELS, NAMES):
        try:
            tables[name] = table(name)
        except (InputError, pl.exceptions.PolarsError):
            tables[name] = pl.DataFrame()  # older databases have no such table
    return tables, []


def _by_access_parser(path: Path) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """The same through access-parser. A damaged page can keep it busy for ever or make it ask for any memory."""
    try:
        from access_parser import AccessParser
    except ImportError:
        raise MissingPackage(
            f"{path}: an Arbin .res file; install its reader with pip install 'lithostat[files]', or mdbtools"
        ) from None
    try:
        with listening("access_parser") as complaints:
            database = AccessParser(str(path))
            complaints.clear()  # of the system tables
            found = {name: database.parse_table(name) for name in (ROWS, HEADER) if name in database.catalog}
            said = [f"the database reader complained {len(complaints)} times about rows"] if complaints else []
            for name in (CHANNELS, NAMES):
                if name in database.catalog:
                    with contextlib.suppress(KeyError, ValueError, TypeError, IndexError):
                        found[name] = database.parse_table(name)
    except MemoryError:
        raise
    except Exception as error:  # it has a dozen kinds
        raise _damaged(f"{type(error).__name__}: {error}", path) from None
    if len({len(values) for values in found.get(ROWS, {}).values()}) > 1:
        raise InputError(f"is damaged: columns of '{ROWS}' differ in length", file=str(path))
    return {name: _frame(found.get(name, {})) for name in (ROWS, HEADER, CHANNELS, NAMES)}, said


def _frame(columns: dict[str, list[Any]]) -> pl.DataFrame:
    """A table as access-parser gives it, as long as its shortest column."""
    rows = min(map(len, columns.values()), default=0)  # of an empty table, texts of no length
    return pl.DataFrame({name: list(values[:rows]) for name, values in columns.items()}, strict=False)


def _plain(value: object) -> str | int | float | None:
    """An entry of the header as JSON has it."""
    return value if isinstance(value, str | int | float | None) else str(value)


def _damaged(why: str, path: Path) -> InputError:
    problem = f"is damaged or none of Arbin's ({(why.splitlines() or [''])[0][:200]})"
    return InputError(problem, file=str(path), expected=f"an Access database with '{ROWS}'")


def _run(command: list[str], path: Path) -> str:
    """What a program prints about this file; `InputError` if it fails, complains, or finds no end in time or length."""
    size = path.stat().st_size
    most = 8 * size + (1 << 20)  # bytes; a table is about as long in text as in the database
    patience = PATIENCE * (1.0 + size / 4e6)
    begin = time.monotonic()
    with (
        tempfile.TemporaryFile() as complaints,
        empty_folder() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, cwd=folder) as process,
    ):
        timer = threading.Timer(patience, process.kill)
        timer.start()
        try:
            printed = process.stdout.read(most + 1) if process.stdout else b""
            if len(printed) > most:
                process.kill()
        finally:
            timer.cancel()
        code = process.wait()
        complaints.seek(0)
        complaint = (complaints.read(1 << 16).decode(errors="replace").strip().splitlines() or [""])[-1][:200]
    if len(printed) > most or time.monotonic() - begin >= patience:
        raise InputError("keeps its reader busy without an end; it is damaged", file=str(path))
    if code != 0 or complaint:
        raise _damaged(complaint or f"its reader ended with code {code}", path)
    return printed.decode(errors="replace")


def _gaps(table: pl.DataFrame) -> list[str]:
    """Data points count up by one; where they do not, rows are lost or damaged."""
    jumps = table["Data_Point"].diff().fill_null(1) != 1
    if not jumps.any():
        return []
    first = table["Data_Point"][int(jumps.arg_max() or 0)]
    return [f"data points jump {int(jumps.sum())} times, first at {first}: rows are missing or damaged"]


def _with_clock(table: pl.DataFrame) -> pl.DataFrame:
    """Arbin's days to seconds since 1970."""
    if "DateTime" not in table.columns:
        return table
    days = (datetime(1970, 1, 1) - EPOCH).days
    return table.with_columns((pl.col("DateTime").cast(pl.Float64, strict=False) - days) * 86400.0)


def _with_steps(table: pl.DataFrame) -> pl.DataFrame:
    """A step begins where the protocol's step or the cycle changes, or where the time of the step starts anew."""
    names = [name for name in ("Step_Index", "Cycle_Index") if name in table.columns]
    if not names:
        return table
    new = pl.any_horizontal(pl.col(name).diff().fill_null(1) != 0 for name in names)
    if "Step_Time" in table.columns:
        new = new | (pl.col("Step_Time").diff() < 0.0).fill_null(False)
    return table.with_columns(new.cast(pl.Int64).cum_sum().alias("step_count"))


def _start(header: dict[str, Any]) -> datetime | None:
    """Instant of test time 0 as the header states it, without a time zone."""
    try:
        return EPOCH + timedelta(days=float(header["Start_DateTime"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
