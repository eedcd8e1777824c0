"""Files cut short, with one byte changed, with 200 bytes changed: an error in one line, the rows that are whole, or a
warning; and a count of what nobody could have noticed.

LITHOSTAT_CAMPAIGN=1 runs 200 cuts, 200 single bytes and 20 times 200 bytes for every file instead of 6, 6 and 1, and
prints the counts of each format. Run as a program, this file does one campaign in a process of bounded memory.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.errors import InputError, LithostatError, MissingPackage
from lithostat.experiment.record import OTHER, Record
from lithostat.reading.read import read

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
FOLDERS = ("01_biologic_SSB_NCM_LPSCl_InLi", "02_neware_with_BTSDA_truth", "03_arbin_res_with_goldens")
FOLDERS += ("04_misc_cyclers", "05_EIS_circuits_and_instruments")
COUNT = 200 if os.environ.get("LITHOSTAT_CAMPAIGN") else 6
SEED = 20260
MEMORY = 2 << 30  # bytes above what the process holds before it reads
PATIENCE = 60.0  # s for one variant


def measured() -> list[Path]:
    """Every file of the folders that are here; those that no reader takes are sorted out when read."""
    found = [path for name in FOLDERS for path in sorted((SHARED / name).rglob("*")) if path.is_file()]
    return [path for path in found if not path.name.startswith("LICENSE") and path.suffix not in (".json", ".md")]


def made(folder: Path, name: str) -> Path:
    """A record of our own, as Parquet and as CSV, so that there is something to damage without any measured file."""
    rng = np.random.default_rng(1)
    second = np.arange(300) * 10.0
    step = 1 + np.arange(300) // 100
    current = np.array([1e-3, 0.0, -1e-3])[step - 1]
    table = {
        "test_time_second": second,
        "voltage_volt": np.round(3.0 + 0.5 * np.sin(second / 800.0) + 1e-5 * rng.standard_normal(300), 6),
        "current_ampere": current,
        "step_count": step,
        "net_capacity_ah": np.concatenate(([0.0], np.cumsum(5.0 * (current[1:] + current[:-1])))) / 3600.0,
    }
    record = Record(pl.DataFrame(table))
    path = folder / name
    return record.write_parquet(path) if name.endswith(".parquet") else record.write_csv(path)


@pytest.mark.parametrize("name", ["record.parquet", "record.csv"])
def test_a_damaged_file_of_our_own(name, tmp_path, capsys):
    judge(made(tmp_path, name), capsys)


@pytest.mark.parametrize("path", measured() or [None], ids=lambda path: path.name if path else "none")
def test_a_damaged_measured_file(path, tmp_path, capsys):
    if path is None:
        pytest.skip(f"no measured files beside this checkout ({SHARED})")
    if path.name.endswith(".nda.zip"):
        with zipfile.ZipFile(path) as archive:
            path = Path(archive.extract(path.stem, tmp_path))
    try:
        read(path)
    except InputError as error:
        pytest.skip(f"no reader takes it whole: {error.problem}")
    except MissingPackage as error:
        pytest.skip(str(error))
    judge(path, capsys)


def judge(path: Path, capsys) -> None:
    """Run the campaign in a child, report its counts, and hold it to what is promised."""
    variants = 2 * COUNT + max(COUNT // 10, 1)
    command = [sys.executable, "-W", "error", __file__, str(path), str(COUNT), str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    with capsys.disabled():
        if COUNT >= 200:
            print(f"\n{path.name}: {json.dumps(result)}")
    assert result["faults"] == []
    assert sum(result["counts"].values()) == variants
    silent = {name: count for name, count in result["counts"].items() if name.startswith("silent")}
    if result["format"] == "Neware .ndax" or path.name == "record.parquet":  # all data stand under a checksum
        assert silent == {}
    assert result["unbounded"] == []


# --- in the child ---


def variants(data: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """(what was done, the damaged bytes)"""
    rng = np.random.default_rng([seed, len(data)])
    for _ in range(count):
        place = int(rng.integers(0, len(data)))
        yield f"cut at {place}", data[:place]
    for _ in range(count):
        yield "one byte", changed(data, rng, 1)
    for _ in range(max(count // 10, 1)):
        yield "200 bytes", changed(data, rng, 200)


def changed(data: bytes, rng: np.random.Generator, count: int) -> bytes:
    """`count` bytes at random places, each made another one."""
    out = np.frombuffer(data, np.uint8).copy()
    places = rng.choice(len(out), min(count, len(out)), replace=False)
    out[places] ^= rng.integers(1, 256, len(places), dtype=np.uint8)
    return out.tobytes()


def campaign(path: Path, count: int, seed: int) -> dict:
    """Counts of how the variants of one file end. Faults are what must never happen."""
    whole = read(path)
    before = memory()
    limit = before[0] + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    counts: Counter[str] = Counter()
    faults: list[str] = []
    unbounded: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / path.name
        for what, data in variants(path.read_bytes(), count, seed):
            target.write_bytes(data)
            begin = time.monotonic()
            try:
                verdict, rest = compared(whole, read(target))
            except (InputError, MissingPackage) as error:
                verdict, rest = "refused", []
                if "\n" in str(error) or path.name not in str(error):
                    faults.append(f"{what}: no single line that names the file: {error}")
            except LithostatError as error:
                verdict, rest = "refused", []
                faults.append(f"{what}: {type(error).__name__}: {error}")
            except Exception as error:
                verdict, rest = "escaped", []
                faults.append(f"{what}: {type(error).__name__} escaped: {str(error)[:200]}")
            if time.monotonic() - begin > PATIENCE:
                faults.append(f"{what}: took {time.monotonic() - begin:.0f} s")
            counts[verdict] += 1
            if rest:
                unbounded.append(f"{what}: {verdict}: {rest}")
    return {
        "format": whole.provenance.get("files", [{"format": "a record of our own"}])[0]["format"],
        "counts": dict(counts),
        "unbounded": unbounded[:10],
        "faults": faults[:5],
        "grew_mib": (memory()[1] - before[1]) >> 20,
    }


def memory() -> tuple[int, int]:
    """Address space and largest resident set of this process [bytes]."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def compared(whole: Record, damaged: Record) -> tuple[str, list[str]]:
    """How a damaged record stands to the whole one, and what differs without a word beyond any bound."""
    if set(damaged.warnings) - set(whole.warnings):
        return "warned", []
    if whole.table.columns != damaged.table.columns:
        return "silent: columns", sorted(set(whole.table.columns) ^ set(damaged.table.columns))
    a = whole.table.with_columns(pl.col(pl.Int64, pl.UInt8, pl.Float32, pl.UInt32, pl.UInt16).cast(pl.Float64))
    b = damaged.table.cast(a.schema, strict=False)
    spectra = same_spectra(whole, damaged)
    if a.equals(b, null_equal=True) and spectra:
        return ("same" if whole.start == damaged.start else "silent: start instant"), []
    if set(b.hash_rows()) <= set(a.hash_rows()) and spectra:
        return "rows of the whole file", []
    if 0 < len(b) < len(a) and set(b.hash_rows()[:-1]) <= set(a.hash_rows()) and spectra:
        return "silent: last cell cut", [f"row {len(b)}"]
    if len(a) != len(b):
        return "silent: rows", [f"{len(b)} rows for {len(a)}"]
    rest = [name for name in a.columns if not a[name].equals(b[name], null_equal=True)]
    if not spectra:
        rest.append("spectra")
    classes = {unseen(name, whole, damaged) for name in rest}
    if beyond := [name for name in rest if unseen(name, whole, damaged) == "beyond"]:
        return "silent: beyond", beyond
    return next(f"silent: {kind}" for kind in CLASSES if kind in classes), []


# Why nobody could have noticed, the gravest first. `unseen` says what each of them means, in numbers.
CLASSES = ("start instant", "edge", "label", "below bound", "no second opinion", "other columns")


def unseen(name: str, whole: Record, damaged: Record) -> str:
    """Which bound of `internal_consistency` a change of this column stays within, worked out anew from the whole file.

    'other columns' are kept and never used. 'no second opinion' is a column that nothing else in the file repeats, and
    the direct current of a sweep up to three times what the file has otherwise.
    'label' is a step, cycle or row number. 'edge' is one of the first or last two rows of the file or of a step, or
    next to a change of current: such a row has no two neighbours to agree against it. 'below bound' is a change of at
    most 1 % of the column's range, 20 times the scatter or twice the slope around it, for a time one that stays between
    its neighbours and, on an even grid, within 0.2 % of the interval, for a date 2 s, for a counter what current and
    time of two rows would explain.
    """
    if name.startswith(OTHER):
        return "other columns"
    if name == "spectra":
        return unseen_points(whole, damaged)
    old, new = whole.column(name).astype(float), damaged.column(name).astype(float)
    rows = np.flatnonzero(~((old == new) | (np.isnan(old) & np.isnan(new))))
    if name in ("record_index", "cycle_count", "step_index", "step_count"):
        return "label"
    if name == "unix_time_second" and np.ptp((new - old)[rows]) < 1e-3 and len(rows) == len(old):
        return "start instant"
    if name in ("absolute_impedance_ohm", "phase_degree", "frequency_hertz", "internal_resistance_ohm"):
        return "no second opinion"
    kinds = {unseen_row(name, whole, old, new[row], int(row)) for row in rows[:300]}
    return next(kind for kind in ("beyond", *CLASSES) if kind in kinds)


def unseen_row(name: str, whole: Record, old: np.ndarray, value: float, row: int) -> str:
    """The same for one row."""
    table = whole.table
    near = slice(max(row - 2, 0), row + 3)
    steps = next(
        (table[name].to_numpy() for name in ("step_count", "step_index") if name in table.columns), np.zeros(len(old))
    )
    current = whole.column("current_ampere")
    quiet = np.nanquantile(current, 0.99) - np.nanquantile(current, 0.01) if np.isfinite(current).any() else 0.0
    if row < 2 or row > len(old) - 3 or len(set(steps[near])) > 1 or np.ptp(current[near]) > 0.01 * quiet:
        return "edge"
    if len(old) < 12:
        return "edge"
    change = abs(value - old[row])
    if name == "current_ampere" and "frequency_hertz" in table.columns and table["frequency_hertz"][row] > 0.0:
        return "no second opinion" if change <= 3.1 * max(quiet, abs(np.nanmedian(old))) else "beyond"
    around = np.delete(old[max(row - 9, 0) : row + 10], min(row, 9))
    slope = np.abs(np.diff(around)).max()
    time = whole.column("test_time_second")
    interval = np.diff(time[near]).max()
    if name == "test_time_second":
        even = np.ptp(np.diff(old[near])) <= 2e-4 * interval
        return "below bound" if change <= (0.0021 * interval if even else interval) else "beyond"
    if name == "step_time_second":
        return "below bound" if change <= 0.01 + 1e-3 * interval else "beyond"
    if name == "unix_time_second":
        jitter = np.abs(np.diff(np.delete((old - time)[max(row - 9, 0) : row + 10], min(row, 9)))).max()
        return "below bound" if change <= 2.01 + 20.0 * jitter else "beyond"
    if name.endswith(("_ah", "_wh")):
        explained = 4.0 * slope + 20.0 * np.abs(np.diff(around, 2)).max()
        return "below bound" if change <= explained + 1e-6 * np.nanmax(np.abs(old)) else "beyond"
    if name == "power_watt":
        return "below bound" if change <= 0.06 * max(abs(old[row]), abs(value)) + slope else "beyond"
    size = np.nanquantile(old, 0.99) - np.nanquantile(old, 0.01)
    least = 5.0 if name == "ambient_temperature_celsius" else 0.0
    scatter = np.abs(np.diff(around, 2)).max()
    return "below bound" if change <= least + 0.011 * size + 10.0 * scatter + 2.0 * slope else "beyond"


def unseen_points(whole: Record, damaged: Record) -> str:
    """For points of spectra: two at each end have no neighbours to agree against them; between them 1 % of the range.

    Of log f it is 2 % of a step where the two before and after are even to 0.2 %, 20 % where they are even to 5 %, and
    elsewhere a step.
    """
    if [len(one.frequency) for one in whole.spectra] != [len(one.frequency) for one in damaged.spectra]:
        return "beyond"
    kinds = set()
    for one, other in zip(whole.spectra, damaged.spectra, strict=True):
        for old, new, share in (
            (np.log(one.frequency), np.log(other.frequency), None),
            (one.impedance.real, other.impedance.real, 0.011),
            (one.impedance.imag, other.impedance.imag, 0.011),
        ):
            for row in np.flatnonzero(old != new):
                around = np.delete(old[max(row - 9, 0) : row + 10], min(row, 9))
                bend, slope = np.abs(np.diff(around, 2)).max(), np.abs(np.diff(around)).max()
                change = abs(new[row] - old[row])
                edge = row < 2 or row > len(old) - 3
                bound = 0.6 * slope + 10.0 * bend if share is None else share * np.ptp(old) + 10.0 * bend + 2.0 * slope
                if share is None and not edge:
                    step = 0.5 * (new[row + 1] - new[row - 1])
                    uneven = max(abs(new[row - 1] - new[row - 2] - step), abs(new[row + 2] - new[row + 1] - step))
                    for part, even in ((0.2, 0.05), (0.02, 0.002)):
                        if uneven < 0.999 * even * abs(step):
                            change, bound = (
                                abs(new[row] - 0.5 * (new[row + 1] + new[row - 1])),
                                1.001 * part * abs(step),
                            )
                kinds.add("edge" if edge else "below bound" if change <= bound else "beyond")
    return next(kind for kind in ("beyond", "edge", "below bound") if kind in kinds)


def same_spectra(whole: Record, damaged: Record) -> bool:
    """Whether every point of every spectrum is a point of the whole file's."""
    known = {point for spectrum in whole.spectra for point in zip(spectrum.frequency, spectrum.impedance, strict=True)}
    found = {
        point for spectrum in damaged.spectra for point in zip(spectrum.frequency, spectrum.impedance, strict=True)
    }
    return found <= known


if __name__ == "__main__":
    warnings.simplefilter("error")
    print(json.dumps(campaign(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
