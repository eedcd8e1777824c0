"""Reading files: megabytes a second of `read` beside the library underneath, called bare, and beside other packages.

Each is timed in a process of its own, without the imports: processor time with that of programs it calls, best of
three. `read_here` also takes the file's SHA-256, gives columns their names and units, and holds the file's columns
against each other, which the bare library does not. What reading in a process apart adds is in docs/reading.md.
--peers makes a temporary environment for cellpy and one for yadg (GPL) and times them where they read the same file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import common
import numpy as np
import polars as pl

DATA = common.ROOT.parent / "shared" / "data"
NDAX = DATA / "02_neware_with_BTSDA_truth" / "nw4-120-1-6-53.ndax"
MPR = DATA / "01_biologic_SSB_NCM_LPSCl_InLi" / "CP_SSB.mpr"
RES = DATA / "03_arbin_res_with_goldens" / "20160805_test001_45_cc_01.res"
ROWS = 1_150_000  # of the synthetic csv, some 110 MB
PEERS = {"cellpy": "cellpy==1.0.3", "yadg": "yadg==7.0.1"}

# what is timed: imports, then one call with `path`
OURS = ("from pathlib import Path; from lithostat.reading.read import read_here", "read_here(Path(path))")
UNCHECKED = (
    "from pathlib import Path; import importlib; module = importlib.import_module('lithostat.reading.read'); "
    "assert module.check_consistency; module.check_consistency = lambda record: record",
    "module.read_here(Path(path))",
)
BARE = {
    ".ndax": ("fastnda", "import fastnda", "fastnda.read(path, cycle_mode='raw')"),
    ".mpr": ("galvani", "from galvani import BioLogic", "BioLogic.MPRfile(path)"),
    ".res": (
        "mdb-export",
        "import subprocess",
        "subprocess.run(['mdb-export', path, 'Channel_Normal_Table'], capture_output=True, check=True)",
    ),
    ".csv": ("polars.read_csv", "import polars", "polars.read_csv(path)"),
}
THEIRS = {
    ("yadg", ".mpr"): ("from yadg.extractors import extract", "extract('eclab.mpr', path, timezone='UTC')"),
    ("cellpy", ".res"): ("import cellpy", "cellpy.get(path, instrument='arbin_res', testing=True)"),
}
_TIMED = """
import contextlib, io, json, logging, resource, sys, warnings
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
path, first, call, runs = sys.argv[1:]
space, quiet = {"path": path}, io.StringIO()
def spent():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
with contextlib.redirect_stdout(quiet):
    exec(first, space)
    code, best = compile(call, "call", "eval"), float("inf")
    for _ in range(int(runs)):
        began = spent()
        made = eval(code, space)
        best = min(best, spent() - began)
        del made
print(json.dumps(best))
"""


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--peers", action="store_true", help="install cellpy and yadg in a temporary folder")
    options.add_argument("--runs", type=int, default=3)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = [path for path in (NDAX, MPR, RES) if path.is_file()] + [written(Path(folder) / "synthetic.csv")]
        pythons = {name: environment(Path(folder) / name, package) for name, package in PEERS.items() if args.peers}
        rows = [row for path in paths for row in compared(path, pythons, args.runs)]
    if args.json:
        print(json.dumps(rows))
        return
    print(f"{'file':<34}{'MB':>7}  {'reader':<24}{'CPU s':>8}{'MB/s':>8}{'ours / it':>11}")
    for row in rows:
        seconds = f"{row['s']:8.4f}{row['MB'] / row['s']:8.1f}" if row["s"] else f"{row['why'][:60]:>16}"
        ratio = f"{row['ratio']:11.2f}" if row["ratio"] else ""
        print(f"{row['file']:<34}{row['MB']:7.2f}  {row['reader']:<24}{seconds}{ratio}")


def written(path: Path) -> Path:
    """A long test as Battery Data Format: half-hours of charge and discharge with a little noise."""
    i, noise = np.arange(ROWS), np.random.default_rng(0).standard_normal((3, ROWS))
    half, inside = i // 1800, (i % 1800) / 3.6e6
    columns = {
        "Test Time / s": i * 1.0,
        "Voltage / V": (3.5 + 0.5 * np.sin(i / 5000.0) + 1e-4 * noise[0]).round(6),
        "Current / A": (np.where(half % 2, -1e-3, 1e-3) + 1e-7 * noise[1]).round(10),
        "Unix Time / s": 1.7e9 + i,
        "Cycle Count / 1": half // 2 + 1,
        "Step Count / 1": half + 1,
        "Ambient Temperature / degC": (25.0 + 0.1 * noise[2]).round(3),
        "Charging Capacity / Ah": np.where(half % 2, 0.0, inside),
        "Discharging Capacity / Ah": np.where(half % 2, inside, 0.0),
    }
    pl.DataFrame(columns).write_csv(path)
    return path


def environment(folder: Path, package: str) -> str:
    """The interpreter of a new environment that holds one package."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=True)
    return python


def compared(path: Path, pythons: dict[str, str], runs: int) -> list[dict[str, Any]]:
    """Ours, the bare library, and the peers that read such a file."""
    kind = path.suffix
    bare, first, call = BARE[kind]
    jobs = [("lithostat", sys.executable, *OURS), ("lithostat, unchecked", sys.executable, *UNCHECKED)]
    jobs.append((bare, sys.executable, first, call))
    jobs += [(name, pythons[name], *said) for (name, of), said in THEIRS.items() if of == kind and name in pythons]
    rows = []
    for name, python, first, call in jobs:
        seconds, why = timed(python, path, first, call, runs)
        megabytes = path.stat().st_size / 1e6
        ours = rows[0]["s"] if rows else None
        ratio = ours / seconds if ours and seconds else None
        rows.append({"file": path.name, "MB": megabytes, "reader": name, "s": seconds, "why": why, "ratio": ratio})
    return rows


def timed(python: str, path: Path, first: str, call: str, runs: int) -> tuple[float | None, str]:
    """Least processor time of a call in a new process [s], or why there is none."""
    command = [python, "-c", _TIMED, str(path), first, call, str(runs)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["failed"])[-1]
    return float(json.loads(done.stdout.splitlines()[-1])), ""


if __name__ == "__main__":
    main()
