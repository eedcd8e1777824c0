"""Where the time goes for one spectrum, as a user feels it: `lithostat impedance FILE` in a warm process.

    python benchmarks/one_spectrum.py [FILE] [--source FOLDER]

FILE is a measured spectrum; without it, one of two arcs is made. `--source` is the `src` folder of another checkout, to
time an earlier state with the same script. Wall and CPU seconds are the least of five runs after two.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import parser, report

RUNS, WARM = 5, 2


def timed(arguments: list[str]) -> tuple[float, float]:
    """Wall and CPU time of one command in this process [s]."""
    from typer.testing import CliRunner

    from lithostat.cli import app

    wall, cpu = time.perf_counter(), time.process_time()
    result = CliRunner().invoke(app, arguments)
    if result.exit_code:
        raise SystemExit(result.output)
    return time.perf_counter() - wall, time.process_time() - cpu


def knows_pages() -> bool:
    """Whether this state draws only when asked."""
    from typer.testing import CliRunner

    from lithostat.cli import app

    return "--pages" in CliRunner().invoke(app, ["impedance", "--help"]).output


def made(folder: Path) -> Path:
    """A spectrum of two arcs with 0.3 % of noise."""
    import numpy as np

    random = np.random.default_rng(0)
    f = np.geomspace(1e6, 1e-1, 60)
    s = 2j * np.pi * f
    z = 30.0 + 60.0 / (1.0 + (s * 1e-5) ** 0.9) + 20.0 / (1.0 + (s * 3e-2) ** 0.8)
    z = z * (1.0 + 3e-3 * (random.standard_normal(60) + 1j * random.standard_normal(60)))
    path = folder / "spectrum.csv"
    rows = [f"{at:.8g},{one.real:.8g},{one.imag:.8g}" for at, one in zip(f, z, strict=True)]
    path.write_text("\n".join(["freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm", *rows]) + "\n")
    return path


def main() -> None:
    options = parser(__doc__)
    options.add_argument("file", nargs="?", type=Path)
    options.add_argument("--source", help="src folder of another checkout")
    chosen = options.parse_args()
    if chosen.source and os.environ.get("PYTHONPATH") != chosen.source:
        environment = dict(os.environ, PYTHONPATH=chosen.source)
        sys.exit(subprocess.run([sys.executable, *sys.argv], env=environment, check=False).returncode)
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.file or made(Path(folder))
        for name, more in (("as called", []), ("--json", ["--json"]), ("--pages", ["--pages"])):
            if more == ["--pages"] and not knows_pages():
                continue  # an earlier state draws always
            arguments = ["impedance", str(path), "-o", folder, *more]
            first = timed(arguments)
            runs = [timed(arguments) for _ in range(WARM + RUNS)][WARM:]
            result[f"{name}: first in the process / s"] = first[0]
            result[f"{name}: warm, wall / s"] = min(run[0] for run in runs)
            result[f"{name}: warm, CPU / s"] = min(run[1] for run in runs)
    report(result, chosen.json)


if __name__ == "__main__":
    main()
