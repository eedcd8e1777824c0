"""Known distributions of relaxation times: what comes back, how far off, in what time, beside published packages.

Cases: the simulated spectra of the bayes-drt benchmark, where they lie beside the checkout, and arcs of our own with
noise from several seeds. Errors, all on the window of the measured frequencies: L2 = |gamma - truth| / |truth| over
ln tau, the earth mover's distance between the normalised distributions in ln tau, and the relative error of the total
resistance. Resistors beside capacitors have no gamma to compare: their L2 is left out. `--peers PYTHON` is an
interpreter that has eisyfit-hybrid-drt and pyimpspec; they get the same numbers and their own defaults.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import common
import numpy as np

sys.path.insert(0, str(common.ROOT / "tests" / "impedance" / "relaxation"))
import known_distributions as known

from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.relaxation.relaxation_times import relaxation_times
from lithostat.impedance.validity.check import check

PUBLISHED = {
    "ECM_LIB": "LIB_ECM",
    "ECM_PDAC": "PDAC_ECM",
    "ECM-ger_PDAC": "PDAC_ECM-ger",
    "ECM-GHN_PDAC": "PDAC_ECM-GHN",
    **{f"{name}_{noise}": name for name in ("ZARC", "2ZARC", "Gerischer") for noise in ("noiseless", "uniform_1.0")},
    **{f"{name}_{noise}": name for name in ("RC-ZARC", "ZARC-RL") for noise in ("noiseless", "uniform_1.0")},
    **{f"{name}_{noise}": "" for name in ("RC", "2RC") for noise in ("noiseless", "uniform_1.0")},
}
# (tau [s], ohm) of the resistors with capacitors, which the files of gamma leave out.
DISCRETE = {"RC": [(1e-2, 1.0)], "2RC": [(1e-3, 1.0), (1e-2, 1.0)], "RC-ZARC": [(np.exp(-2.0), 1.0)]}
SIGNED = ("ZARC-RL", "GHN")  # their gamma is negative somewhere
Case = tuple[Spectrum, np.ndarray, np.ndarray, list[tuple[float, float]], bool]


def cases(seeds: int) -> dict[str, Case]:
    """Name to (spectrum, tau and gamma of the truth, discrete processes, whether gamma may be negative)."""
    made: dict[str, Case] = {}
    for name, truth in PUBLISHED.items() if known.DRT.is_dir() else ():
        gamma = known.table(f"gamma_{truth}.csv") if truth else {"tau": known.TAU, "gamma": 0.0 * known.TAU}
        discrete = DISCRETE.get(name.split("_")[0], [])
        signed = any(word in name for word in SIGNED)
        made[name] = (known.published(f"Z_{name}.csv"), gamma["tau"], gamma["gamma"], discrete, signed)
    for name, gamma in known.SMOOTH.items():
        for level in (0.001, 0.01):
            for seed in range(seeds):
                spectrum = known.spectrum(gamma, level, 1000 + seed)
                made[f"{name}, {100 * level:g} %|{seed}"] = (spectrum, known.TAU, gamma, [], False)
    return made


def wrong(tau: np.ndarray, gamma: np.ndarray, case: Case) -> tuple[float, float, float]:
    """(L2, earth mover's distance, relative error of the resistance)."""
    spectrum, true_tau, truth, discrete, _ = case
    if not discrete:
        return known.errors(tau, gamma, true_tau, truth, spectrum.frequency)
    ends = -np.log(2.0 * np.pi * np.array([spectrum.frequency.max(), spectrum.frequency.min()]))
    place = np.linspace(*ends, 2000)
    step = place[1] - place[0]
    true = np.interp(place, np.log(true_tau), truth)
    for at, ohm in discrete:
        true[np.argmin(np.abs(place - np.log(at)))] += ohm / step
    found = np.interp(place, np.log(tau), gamma)
    moved = np.abs(np.cumsum(found / found.sum() - true / true.sum())).sum() * step
    return np.nan, float(moved), float(found.sum() / true.sum() - 1.0)


def ours(made: dict[str, Case]) -> dict[str, Any]:
    answers = {}
    for name, (spectrum, *_, signed) in made.items():
        began = time.perf_counter()
        held = check(spectrum)
        middle = time.perf_counter()
        found = relaxation_times(spectrum, held, signed=signed)
        seconds = time.perf_counter() - middle
        answers[name] = {"tau": found.tau, "gamma": found.gamma, "seconds": seconds, "checked": middle - began}
    return answers


def theirs(python: str, made: dict[str, Case]) -> dict[str, Any]:
    """The peers' answers, by 'peer|case'."""
    text = {
        name: {
            "frequency": spectrum.frequency.tolist(),
            "real": spectrum.impedance.real.tolist(),
            "imaginary": spectrum.impedance.imag.tolist(),
            "signed": signed,
        }
        for name, (spectrum, *_, signed) in made.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        given, got = Path(folder) / "cases.json", Path(folder) / "out.json"
        given.write_text(json.dumps(text))
        script = Path(__file__).with_name("relaxation_peers.py")
        subprocess.run([python, str(script), str(given), str(got)], check=True)
        answers: dict[str, Any] = json.loads(got.read_text())
    return answers


def rows(made: dict[str, Case], answers: dict[str, Any]) -> dict[str, list[float]]:
    """Case (seeds together) to medians of [L2, earth mover, |resistance error|, milliseconds]."""
    grouped: dict[str, list[list[float]]] = {}
    for name, case in made.items():
        answer = answers.get(name, {})
        if "tau" not in answer:
            continue
        off = wrong(np.asarray(answer["tau"]), np.asarray(answer["gamma"]), case)
        grouped.setdefault(name.split("|")[0], []).append([off[0], off[1], abs(off[2]), 1e3 * answer["seconds"]])
    return {name: [statistics.median(column) for column in zip(*found, strict=True)] for name, found in grouped.items()}


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--peers", metavar="PYTHON", help="an interpreter with eisyfit-hybrid-drt and pyimpspec")
    args = options.parse_args()
    made = cases(args.seeds)
    ours(dict(list(made.items())[:2]))  # imports and first calls
    own = ours(made)
    everyone = {"lithostat": rows(made, own)}
    if args.peers:
        answers = theirs(args.peers, made)
        for peer in ("hybrid-drt", "pyimpspec"):
            own_answers = {name.split("|", 1)[1]: a for name, a in answers.items() if name.startswith(peer)}
            everyone[peer] = rows(made, own_answers)
    result = summary(everyone) | {"check_ms": 1e3 * statistics.median(a["checked"] for a in own.values())}
    if args.json:
        print(json.dumps({"cases": everyone, "summary": result}))
        return
    print(f"{'L2, earth mover, |R| error, ms':28}" + "".join(f"{peer:>34}" for peer in everyone))
    for name in everyone["lithostat"]:
        cells = [everyone[peer].get(name) for peer in everyone]
        print(f"{name:28}" + "".join(f"{_cell(cell):>34}" for cell in cells))
    common.report(result, False)


def summary(everyone: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    """On how many cases lithostat is at least as near as each peer, and the median ratio of the errors."""
    result: dict[str, Any] = {}
    mine = everyone["lithostat"]
    for peer, found in everyone.items():
        result[f"ms_{peer}"] = statistics.median(row[3] for row in found.values())
        for place, error in enumerate(("l2", "earth_mover", "resistance")):
            both = [name for name in mine if name in found and np.isfinite(mine[name][place])]
            if peer == "lithostat" or not both:
                continue
            ratio = [mine[name][place] / max(found[name][place], 1e-12) for name in both]
            result[f"{error}_not_worse_than_{peer}"] = f"{sum(r <= 1.02 for r in ratio)} of {len(both)}"
            result[f"{error}_ratio_to_{peer}"] = statistics.median(ratio)
    return result


def _cell(row: list[float] | None) -> str:
    if row is None:
        return "failed"
    size = "    -" if np.isnan(row[0]) else f"{row[0]:5.3f}"
    return f"{size} {row[1]:6.3f} {row[2]:6.3f} {row[3]:5.0f}"


if __name__ == "__main__":
    main()
