"""Weights of weighed mixtures beside rietx, identification in about 110 candidates, and what each costs.

The measured patterns lie in `../shared/data/08_XRD_phase_mixtures` beside the checkout. CPU time of this process, one
thread, after one call of each engine that is not counted. Without rietx only the own numbers are printed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import parser, report
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "diffraction"))
from known import candidates, phase, weighed

from lithostat.diffraction.amounts import amounts
from lithostat.diffraction.identify import Question, identify, quantify
from lithostat.diffraction.second_opinion import rietx_weights
from lithostat.experiment.errors import LithostatError, MissingPackage
from lithostat.reading.patterns import read_patterns


def worked(run: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and its CPU time [s]."""
    began = time.process_time()
    made = run()
    return made, time.process_time() - began


def weights(with_rietx: bool) -> dict[str, Any]:
    """Own weights and rietx's against the weighed ones, file by file."""
    rows: list[tuple[str, float, float, float, float, float]] = []
    for turn, (file, truth) in enumerate([*weighed("NiO_0p7028", "2min"), *weighed()]):
        pattern = read_patterns(file)[0]
        own, seconds = worked(lambda pattern=pattern, truth=truth: quantify(pattern, [phase(name) for name in truth]))
        mine = max(abs(each.weight - truth[each.name]) for each in amounts(own))
        mean = float(np.mean([abs(each.weight - truth[each.name]) for each in amounts(own)]))
        theirs, cpu = float("nan"), float("nan")
        if with_rietx:
            try:
                found, cpu = worked(lambda own=own: rietx_weights(own))
                theirs = float(np.mean([abs(found[name] - truth[name]) for name in truth]))
            except MissingPackage:
                with_rietx = False
            except LithostatError as error:
                print(f"{file.name}: {error}", file=sys.stderr)
        if turn > 0:
            rows.append((file.name, mean, mine, theirs, seconds, cpu))
        said = f"{file.name}: mean error {100 * mean:.1f} (rietx {100 * theirs:.1f}), {seconds:.2f} s (rietx {cpu:.2f})"
        print(
            f"{said}, goodness {own.goodness:.2f}, {'at rest' if own.optimum.converged else 'NOT at rest'}", flush=True
        )
    table = np.array([row[1:] for row in rows])
    other = np.array(["V2O5" not in row[0] or "NiO" not in row[0] for row in rows])
    made = {
        "files": len(rows),
        "mean error / wt%": 100 * float(table[:, 0].mean()),
        "without V2O5/NiO": 100 * float(table[other, 0].mean()),
        "worst error": 100 * float(table[:, 1].max()),
        "CPU of a fit / s": float(table[:, 3].mean()),
    }
    if with_rietx:
        seen = np.isfinite(table[:, 2])
        made |= {
            "rietx: mean error / wt%": 100 * float(table[seen, 2].mean()),
            "rietx: CPU of a fit / s": float(table[seen, 4].mean()),
            "rietx: CPU over own, median": float(np.median(table[seen, 4] / table[seen, 3])),
        }
    return made


def identification() -> dict[str, Any]:
    """Calls on the weighed mixtures with their elements known, in about 110 candidates."""
    major, seen, false, seconds, fits = 0, 0, [], [], []
    for file, truth in weighed():
        pattern = read_patterns(file)[0]
        elements = frozenset(symbol for name in truth for symbol in phase(name).elements) | {"O", "H", "C"}
        question = Question(candidates(), elements=elements, spread=False)
        study, cpu = worked(lambda pattern=pattern, question=question: identify(pattern, question))
        _, once = worked(lambda pattern=pattern, truth=truth: quantify(pattern, [phase(name) for name in truth]))
        present = {call.name for call in study.called("present")}
        major += len(truth)
        seen += len(present & set(truth))
        false += sorted(present - set(truth))
        seconds.append(cpu)
        fits.append(cpu / once)
        called = ", ".join(f"{call.name} {call.call}" for call in study.called("present", "possible"))
        print(f"{file.name}: {called}; {cpu:.1f} s", flush=True)
    return {
        "candidates": len(candidates()),
        "true phases of 10 wt% and more": major,
        "of these present": seen,
        "false 'present'": ", ".join(false) or "none",
        "CPU of an identification / s": float(np.mean(seconds)),
        "in three-phase fits, worst": max(fits),
    }


def main() -> None:
    """Print what was asked for."""
    asked = parser(__doc__)
    asked.add_argument("--without-rietx", action="store_true", help="own numbers only")
    asked.add_argument("--weights-only", action="store_true", help="no identification")
    said = asked.parse_args()
    with threadpool_limits(1):
        result = weights(not said.without_rietx)
        if not said.weights_only:
            result |= identification()
    report(result, said.json)


if __name__ == "__main__":
    main()
