"""A series of spectra against pressure, fitted with ours, impedance.py and pyimpspec in one run.

    python benchmarks/spectra.py --peers PYTHON

PYTHON is the interpreter of an environment with `pip install impedance pandas pyimpspec` (pyimpspec is GPL; it stays
outside). All get the same spectra and the same circuit; the peers also get one guess for the whole series: the true
values of its middle spectrum ("near"), or those with resistances and capacitances ten times too small ("far"). Ours
gets none. pyimpspec fits with one method and weight, and with --search also with its own search over all of them. A fit
has failed if its misfit is above 1.5 times that of the truth.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from common import parser, report, timed

from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import circuit
from lithostat.impedance.circuits.fit import fit_each
from lithostat.impedance.circuits.series import fit_series

TEXT = "R0-p(R1,CPE1)-p(R2,CPE2)"
NOISE = 3e-3


def series(count: int) -> tuple[np.ndarray, np.ndarray, list[dict[str, float]]]:
    """Frequencies [Hz], impedances (spectra, points) [ohm] and true values of a cell on loading from 1 to 25 MPa."""
    random = np.random.default_rng(0)
    frequency = np.geomspace(1e6, 1e-1, 60)
    truth = [
        {"R0": 30.0, "R1": 5.0 + 300.0 / mpa, "CPE1_Q": 2e-7, "CPE1_n": 0.9, "R2": 15.0 + 60.0 / mpa}
        | {"CPE2_Q": 2e-3, "CPE2_n": 0.8}
        for mpa in np.geomspace(1.0, 25.0, count)
    ]
    clean = np.stack([np.asarray(circuit(TEXT).impedance(frequency, values)) for values in truth])
    noise = random.standard_normal(clean.shape) + 1j * random.standard_normal(clean.shape)
    return frequency, clean + NOISE * np.abs(clean) * noise, truth


def failures(values: list[Any], frequency: np.ndarray, measured: np.ndarray, truth: list[dict[str, float]]) -> int:
    """How many fits are missing or miss the minimum."""

    def misfit(given: Any, z: np.ndarray) -> float:
        model = np.asarray(circuit(TEXT).impedance(frequency, given))
        return float((np.abs((z - model) / z) ** 2).sum())

    bad = 0
    for found, z, real in zip(values, measured, truth, strict=True):
        bad += found is None or not misfit(np.asarray(found), z) < 1.5 * misfit(real, z)
    return bad


def astray(values: list[Any], truth: list[dict[str, float]]) -> float:
    """Median relative error of the three resistances, of the fits that are there."""
    names = circuit(TEXT).names
    errors = [
        abs(dict(zip(names, found, strict=True))[name] / real[name] - 1.0)
        for found, real in zip(values, truth, strict=True)
        if found is not None
        for name in ("R0", "R1", "R2")
    ]
    return float(np.median(errors)) if errors else float("nan")


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--spectra", type=int, default=20)
    options.add_argument("--peers", help="Python of an environment with the peers")
    options.add_argument("--search", action="store_true", help="pyimpspec's own search too (minutes a spectrum)")
    chosen = options.parse_args()
    frequency, measured, truth = series(chosen.spectra)
    spectra = [Spectrum(frequency, z, pressure=1e6 * (1 + k)) for k, z in enumerate(measured)]
    ties = {"R0": "shared", "CPE1_n": "shared", "CPE2_n": "shared"}
    result: dict[str, Any] = {"spectra": chosen.spectra}
    result["ours, first call (compiles or reads the cache) / s"] = timed(lambda: fit_each(spectra, TEXT))
    ours = min(timed(lambda: fit_each(spectra, TEXT)) for _ in range(3))
    result["ours / s"] = ours
    found = [list(one.values.values()) for one in fit_each(spectra, TEXT)]
    result["ours, failed"] = failures(found, frequency, measured, truth)
    result["ours, median error of R"] = astray(found, truth)
    result["ours, with three parameters shared / s"] = min(
        timed(lambda: fit_series(spectra, TEXT, ties=ties)) for _ in range(3)
    )
    if chosen.peers:
        middle = np.array(list(truth[len(truth) // 2].values()))
        powers = np.array(["_n" not in name for name in circuit(TEXT).names])
        for label, guess in (("near", middle), ("far", np.where(powers, 0.1 * middle, middle))):
            with tempfile.TemporaryDirectory() as folder:
                stored = Path(folder) / "series.npz"
                np.savez(stored, frequency=frequency, z=measured, guess=guess)
                script = Path(__file__).with_name("peer_spectra.py")
                ran = subprocess.run(
                    [chosen.peers, str(script), str(stored), *(["--search"] if chosen.search else [])],
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
            for name, peer in json.loads(ran.stdout.strip().splitlines()[-1]).items():
                result[f"{name}, {label} guess / s"] = peer["seconds"]
                result[f"{name}, {label} guess, failed"] = failures(peer["values"], frequency, measured, truth)
                result[f"{name}, {label} guess, median error of R"] = astray(peer["values"], truth)
                result[f"{name}, {label} guess / ours"] = peer["seconds"] / ours
    else:
        print("no --peers PYTHON: only ours was timed", file=sys.stderr)
    report(result, chosen.json)


if __name__ == "__main__":
    main()
