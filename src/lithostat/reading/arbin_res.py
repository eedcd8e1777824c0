"""Arbin .res: an Access database, through mdbtools where it is installed, else through access-parser."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.experiment.record import Record
from lithostat.reading.arbin_auxiliary import CHANNELS, NAMES, with_auxiliary
from lithostat.reading.harmonise import Column, harmonise

ROWS, HEADER = "Channel_Normal_Table", "Global_Table"
MAGIC = (b"\x00\x01\x00\x00Standard Jet DB", b"\x00\x01\x00\x00Standard ACE DB")
EPOCH = datetime(1899, 12, 30)  # Arbin's clock counts days from here, in local time
PATIENCE = 20.0  # s, and as much again for every 4 MB; either library can go round in circles on a damaged page
COLUMNS = {
    "Data_Point": Column("record_index"),
    "Test_Time": Column("test_time_second", "s"),
    "Step_Time": Column("step_time_second", "s"),
    "DateTime": Column("unix_time_second", "s"),
    "Step_Index": Column("step_index"),
    "Cycle_Index": Column("cycle_count"),
    "Current": Column("current_ampere", "A"),
    "Voltage": Column("voltage_volt", "V"),
    "Charge_Capacity": Column("charging_capacity_ah", "A*h"),
    "Discharge_Capacity": Column("discharging_capacity_ah", "A*h"),
    "Charge_Energy": Column("charging_energy_wh", "W*h"),
    "Discharge_Energy": Column("discharging_energy_wh", "W*h"),
    "step_count": Column("step_count"),
}

# access-parser runs in a child: a damaged page can keep it busy for ever or make it ask for any amount of memory, and
# neither can be stopped from inside. It prints the columns of both tables, and how many complaints it logged.
_CHILD = """
import contextlib, json, logging, sys
with contextlib.suppress(ImportError):
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from access_parser import AccessParser
complaints = []
handler = logging.Handler()
handler.emit = lambda entry: complaints.append(entry.levelno)
logging.getLogger("access_parser").addHandler(handler)
path, *tables = sys.argv[1:]
database = AccessParser(path)
complaints.clear()  # of the system tables
found = {name: database.parse_table(name) for name in tables if name in database.catalog}
found = {name: table if all(map(len, table.values())) else {} for name, table in found.items()}
print(json.dumps({"tables": found, "complaints": len(complaints)}, default=str))
"""


def recognise(head: bytes, path: Path) -> bool:
    """A Jet or ACE database, or a file that is named like one."""
    return head.startswith(MAGIC) or path.suffix.lower() == ".res"


def read(path: Path) -> Record:
    """Every row of the normal table in the order of its data points; what the header states is kept, never used.

    Raises `InputError` if the database is damaged or none of Arbin's.
    """
    if not _magic(path):
        raise InputError("does not start like an Access database", file=str(path), expected="an Arbin .res")
    if shutil.which("mdb-export"):
        table, header, said = _by_mdbtools(path)
    else:
        table, header, said = _by_access_parser(path)
    if missing := [name for name in ("Data_Point", "Test_Time", "Current", "Voltage") if name not in table.columns]:
        raise InputError(f"has no {', '.join(missing)} in '{ROWS}'", file=str(path), expected="an Arbin .res")
    if not len(table):
        raise InputError("holds no rows of data", file=str(path), expected="a test that was started")
    table = table.sort("Data_Point")  # rows lie in the order of database pages
    said += _gaps(table)
    table, more = with_auxiliary(table, *_auxiliary(path))
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
    with path.open("rb") as stream:
        return stream.read(32).startswith(MAGIC)


def _by_mdbtools(path: Path) -> tuple[pl.DataFrame, dict[str, Any], list[str]]:
    """Both tables through `mdb-export`.

    It prints single precision with 8 digits, which is one unit in the last place of such a number at most. It is called
    here and not through polars_access_mdbtools because that neither limits its time nor looks at how it ended.
    """
    text = _run(["mdb-export", str(path.resolve()), ROWS], path)
    table = pl.read_csv(io.StringIO(text), infer_schema=False) if text.strip() else pl.DataFrame()
    table = table.cast(pl.Float64, strict=False)  # every column is a number; a damaged one is null
    rows = list(csv.DictReader(io.StringIO(_run(["mdb-export", str(path.resolve()), HEADER], path))))
    return table, dict(rows[0]) if rows else {}, []


def _by_access_parser(path: Path) -> tuple[pl.DataFrame, dict[str, Any], list[str]]:
    """Both tables through access-parser, in a child process."""
    try:
        import access_parser  # noqa: F401
    except ImportError:
        raise MissingPackage(
            f"{path}: an Arbin .res file; install its reader with pip install 'lithostat[files]', or mdbtools"
        ) from None
    data = json.loads(_run([sys.executable, "-c", _CHILD, str(path.resolve()), ROWS, HEADER], path))
    rows = data["tables"].get(ROWS, {})
    if len({len(values) for values in rows.values()}) > 1:
        raise InputError(f"is damaged: columns of '{ROWS}' differ in length", file=str(path))
    header = {name: values[0] for name, values in data["tables"].get(HEADER, {}).items() if values}
    said = [f"the database reader complained {data['complaints']} times about rows"] if data["complaints"] else []
    return pl.DataFrame(rows), header, said


def _auxiliary(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables of auxiliary channels and of their names; empty ones where the database has none that can be read."""
    frames = []
    for name in (CHANNELS, NAMES):
        try:
            if shutil.which("mdb-export"):
                text = _run(["mdb-export", str(path.resolve()), name], path)
                frame = pl.read_csv(io.StringIO(text), infer_schema=False) if text.strip() else pl.DataFrame()
            else:
                tables = json.loads(_run([sys.executable, "-c", _CHILD, str(path.resolve()), name], path))["tables"]
                frame = pl.DataFrame(tables.get(name, {}))
        except (InputError, pl.exceptions.PolarsError):
            frame = pl.DataFrame()  # older databases have no such table
        frames.append(frame)
    return frames[0], frames[1]


def _run(command: list[str], path: Path) -> str:
    """What a program prints about this file; `InputError` if it fails, complains, or finds no end in time or length."""
    size = path.stat().st_size
    most = 8 * size + (1 << 20)  # bytes; a table is about as long in text as in the database
    patience = PATIENCE * (1.0 + size / 4e6)
    begin = time.monotonic()
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints) as process,
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
        raise InputError(
            f"is damaged or none of Arbin's ({complaint or f'its reader ended with code {code}'})",
            file=str(path),
            expected=f"an Access database with '{ROWS}'",
        )
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
