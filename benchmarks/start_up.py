"""Whole-process times: bare Python, the import, --help, and a run with and without kept compilations.

Medians of interleaved runs. Exits with 1 if an aim is missed: the import less than 0.2 s above bare Python, --help less
than 0.4 s, and a second run that is faster and compiles nothing that the first has kept.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import common

RUNS = 7
IMPORT_AIM = 0.2  # above bare Python [s]
HELP_AIM = 0.4  # [s]
COUNT = """
import logging, sys
seen = []
class Keep(logging.Handler):
    def emit(self, record):
        seen.append(record.getMessage())
log = logging.getLogger("jax._src.compiler")
log.setLevel(logging.DEBUG)
log.addHandler(Keep())
log.propagate = False
import lithostat
experiment = lithostat.read_experiment(sys.argv[1])
lithostat.simulate(experiment.cell, experiment.protocol)
hits = sum(m.startswith("Persistent compilation cache hit") for m in seen)
misses = sum(m.startswith("PERSISTENT COMPILATION CACHE MISS") for m in seen)
print(hits, misses)
"""


def main() -> None:
    args = common.parser(__doc__).parse_args()
    console = Path(sys.executable).with_name("lithostat")
    commands = {
        "python": [sys.executable, "-c", "pass"],
        "import": [sys.executable, "-c", "import lithostat"],
        "help": [str(console), "--help"],
    }
    notes = [] if _works(commands["help"]) else ["the console script `lithostat` is missing or fails: not timed"]
    if notes:
        del commands["help"]
    result: dict[str, Any] = {f"{name}_s": value for name, value in _medians(commands).items()}
    result["import_above_python_s"] = result["import_s"] - result["python_s"]
    if not notes:
        result |= _runs([str(console), "run", str(common.EXAMPLE)])
    result |= _compilations()
    missed = _missed(result)
    result["notes"], result["missed"] = "; ".join(notes) or "none", "; ".join(missed) or "none"
    common.report(result, args.json)
    sys.exit(1 if missed else 0)


def _missed(result: dict[str, Any]) -> list[str]:
    """The aims that were not met, in words."""
    aims = {
        f"import < {IMPORT_AIM} s above python": result["import_above_python_s"] < IMPORT_AIM,
        f"help < {HELP_AIM} s": result.get("help_s", 0.0) < HELP_AIM,
        "second run faster": result.get("second_run_s", 0.0) < result.get("first_run_s", 1.0),
        "second run compiles nothing": result["second_misses"] == 0 and result["second_hits"] > 0,
    }
    return [name for name, met in aims.items() if not met]


def _call(command: list[str], cache: str | None = None, cwd: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"LITHOSTAT_CACHE": cache} if cache else {})
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=True)


def _works(command: list[str]) -> bool:
    try:
        _call(command)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _medians(commands: dict[str, list[str]]) -> dict[str, float]:
    """Median wall time of each command, in turns [s]."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            times[name].append(common.timed(lambda c=command: _call(c)))
    return {name: statistics.median(values) for name, values in times.items()}


def _runs(command: list[str]) -> dict[str, float]:
    """Median times of a run with an empty cache folder and of the next with the same folder [s]."""
    first: list[float] = []
    second: list[float] = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as cache:
            for times in (first, second):
                with tempfile.TemporaryDirectory() as here:  # whatever the run writes goes here
                    times.append(common.timed(lambda c=cache, h=here: _call(command, c, h)))
    return {"first_run_s": statistics.median(first), "second_run_s": statistics.median(second)}


def _compilations() -> dict[str, int]:
    """Kept compilations found and missed in a first and a second process."""
    with tempfile.TemporaryDirectory() as cache:
        counts = [_call([sys.executable, "-c", COUNT, str(common.EXAMPLE)], cache).stdout.split() for _ in range(2)]
    names = ("first_hits", "first_misses", "second_hits", "second_misses")
    return dict(zip(names, (int(value) for pair in counts for value in pair), strict=True))


if __name__ == "__main__":
    main()
