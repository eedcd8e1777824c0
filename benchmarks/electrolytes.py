"""Random pellets between blocking electrodes and garnets over temperature: how right the electrolyte is read.

    python benchmarks/electrolytes.py [--count 200] [--rows FILE]

Both kinds in turn, from `tests/impedance/laws/random_pellets.py`: the arc of the bulk inside, at the edge and above
the window, the slowest arc below it in about a fifth of the spectra ("not in the window" is then right), grain
boundaries, leads, noise of 0.1 to 1 %. With `--rows` every pellet is one line of JSON in FILE as
soon as it is done, and pellets that FILE holds are not computed again.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import ROOT, parser, report
from threadpoolctl import threadpool_limits

from lithostat.experiment.errors import InputError
from lithostat.impedance.circuits.series import fit_series
from lithostat.impedance.circuits.suggestion import suggest
from lithostat.impedance.laws.arrhenius import fit_arrhenius
from lithostat.impedance.laws.electrolyte import electrolyte
from lithostat.physics.constants import FARADAY

sys.path.insert(0, str(ROOT / "tests" / "impedance" / "laws"))
from random_pellets import INSIDE, OUTSIDE, pellet

KINDS = ("pellet", "garnet")
WRONG = 5.0  # standard errors from which a number is wrong


def row(seed: int, kind: str) -> dict[str, Any]:
    """What was read of one series, beside its truth."""
    began = time.process_time()
    truth = pellet(seed, garnet=kind == "garnet")
    text = suggest(truth.spectra)[0].text
    read = electrolyte(fit_series(truth.spectra, text), thickness=truth.thickness, area=truth.area)
    used = time.process_time() - began
    ohm = read.resistance[:, 0]
    known = np.isfinite(ohm)
    energies: list[float | None] = [None, None]
    if known.sum() >= 3:
        for k, values in enumerate((ohm, truth.whole)):
            try:
                line = fit_arrhenius(truth.kelvin[known], 1.0 / values[known])
                energies[k] = line.sigma.activation_energy / FARADAY
            except InputError:
                energies[k] = None
    return {
        "seed": seed,
        "kind": kind,
        "circuit": text,
        "true_ohm": truth.whole.tolist(),
        "ohm": [float(value) if np.isfinite(value) else None for value in ohm],
        "error_ohm": [float(value) if np.isfinite(value) else None for value in read.resistance[:, 1]],
        "how": [reading.how for reading in read.total],
        "told": [any(line.startswith(one.name) for line in read.warnings) for one in truth.spectra],
        "refused": ["not in the window" in reading.why for reading in read.total],
        "remote": truth.remote.tolist(),
        "energy_ev": energies[0],
        "true_energy_ev": energies[1],
        "cpu_s": used,
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of some pellets."""
    readings = [
        dict(zip(_OF_A_SPECTRUM, values, strict=True))
        for each in rows
        for values in zip(*(each[key] for key in _OF_A_SPECTRUM), strict=True)
    ]
    there = [each for each in readings if each["how"] != "none"]
    off = {
        how: np.array([(r["ohm"] - r["true_ohm"]) / r["error_ohm"] for r in there if r["how"] == how]) for how in _HOWS
    }
    wrong = [r for r in there if not abs(r["ohm"] - r["true_ohm"]) <= WRONG * r["error_ohm"]]
    energy = [
        abs(each["energy_ev"] - each["true_energy_ev"])
        if each["energy_ev"] is not None and each["true_energy_ev"] is not None
        else np.inf
        for each in rows
        if each["true_energy_ev"] is not None
    ]
    return {
        "series": len(rows),
        "spectra": len(readings),
        "read from the circuit": len(off["circuit"]),
        "read at the foot (told)": len(off["foot"]),
        "no number": len(readings) - len(there),
        **_windows(readings, wrong),
        "circuit: within one standard error": float(np.mean(np.abs(off["circuit"]) < 1.0)),
        "all numbers: within one standard error": float(np.mean(np.abs(np.concatenate(list(off.values()))) < 1.0)),
        "wrong without a warning, share of all numbers": sum(not r["told"] for r in wrong) / max(len(there), 1),
        "wrong with a warning, share of all numbers": sum(r["told"] for r in wrong) / max(len(there), 1),
        "series with an activation energy": len(energy),
        "of these within 0.01 eV": float(np.mean(np.array(energy) < 0.01)) if energy else np.nan,
        "CPU time of a series, median / s": float(np.median([each["cpu_s"] for each in rows])),
    }


def _windows(readings: list[dict[str, Any]], wrong: list[dict[str, Any]]) -> dict[str, int]:
    """How often a number and "not in the window" were said, by where the resistance is."""
    counts = {}
    for place, low, high in (("in", 0.0, INSIDE), ("partly in", INSIDE, OUTSIDE), ("out of", OUTSIDE, np.inf)):
        there = [r for r in readings if low <= r["remote"] < high]
        none = [r for r in there if r["how"] == "none"]
        counts |= {
            f"{place} the window": len(there),
            f"{place} the window, no number": len(none),
            f"{place} the window, 'not in the window'": sum(r["refused"] for r in none),
            f"{place} the window, a wrong number": sum(low <= r["remote"] < high for r in wrong),
            f"{place} the window, a wrong number without a warning": sum(
                low <= r["remote"] < high and not r["told"] for r in wrong
            ),
        }
    return counts


_HOWS = ("circuit", "foot")
_OF_A_SPECTRUM = ("true_ohm", "ohm", "error_ohm", "how", "told", "refused", "remote")


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--count", type=int, default=200, help="series of each kind")
    options.add_argument("--rows", type=Path, help="file of rows, one pellet each; continued if it is there")
    chosen = options.parse_args()
    threadpool_limits(1, "blas")
    kept = chosen.rows.read_text().splitlines() if chosen.rows is not None and chosen.rows.exists() else []
    rows = [json.loads(line) for line in kept]
    done = {(each["seed"], each["kind"]) for each in rows}
    for seed in range(chosen.count):
        for kind in KINDS:
            if (seed, kind) in done:
                continue
            rows.append(row(seed, kind))
            if chosen.rows is not None:
                with chosen.rows.open("a") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
    result = {f"{kind}: {name}": value for kind in KINDS for name, value in _of(rows, kind).items()}
    report(result, chosen.json)


def _of(rows: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    chosen = [each for each in rows if each["kind"] == kind]
    return summary(chosen) if chosen else {}


if __name__ == "__main__":
    main()
