"""How to choose the smoothness of a distribution of relaxation times: five choices on known distributions.

The first four are a ridge on the curvature of a non-negative gamma itself, with its strength by generalised cross
validation, by the discrepancy principle (misfit equal to the noise that `check` found), by the corner of the L-curve,
and by the evidence of the Gaussian model without the sign; the last is `relaxation_times`: curvature of ln gamma, by
evidence. Medians over circuits and seeds of the relative L2 error and of the earth mover's distance in ln tau.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

import common
import numpy as np
from scipy.optimize import nnls

sys.path.insert(0, str(common.ROOT / "tests" / "impedance" / "relaxation"))
import known_distributions as known

from lithostat.impedance.relaxation.linear_model import LinearModel, curvature, linear
from lithostat.impedance.relaxation.relaxation_times import relaxation_times
from lithostat.impedance.validity.check import check

STRENGTHS = np.logspace(-4.0, 4.0, 25)  # over data and penalty of equal trace


def ridges(problem: LinearModel) -> dict[str, np.ndarray]:
    """gamma by each choice of the ridge's strength."""
    points, numbers = len(problem.tau), len(problem.rest)
    penalty = curvature(points, problem.step) + 1e-2 * problem.step * np.eye(points)
    penalty *= np.trace(problem.gram) / np.trace(penalty)
    root = np.linalg.cholesky(penalty).T
    gammas, misfit, rough, validation, evidence = [], [], [], [], []
    for strength in STRENGTHS:
        rows = np.vstack([problem.kernel, np.sqrt(strength) * root])
        gamma, _ = nnls(rows, np.concatenate([problem.rest, np.zeros(points)]), maxiter=50 * points)
        gammas.append(gamma)
        misfit.append(problem.misfit(gamma))
        rough.append(float(np.sum((root @ gamma) ** 2)))
        inverse = np.linalg.inv(problem.gram + strength * penalty)
        free = numbers - problem.free.shape[1] - np.trace(inverse @ problem.gram)
        validation.append(misfit[-1] / free**2)
        fitted = problem.pull @ inverse @ problem.pull
        log_prior = points * np.log(strength) + np.linalg.slogdet(penalty)[1]
        evidence.append(0.5 * (fitted + log_prior + np.linalg.slogdet(inverse)[1]))
    bent = np.gradient(np.gradient(np.log(rough), np.log(misfit)), np.log(misfit))
    chosen = {
        "cross validation": int(np.argmin(validation)),
        "discrepancy": int(np.argmin(np.abs(np.log(np.array(misfit) / numbers)))),
        "L-curve": int(np.nanargmax(np.where(np.isfinite(bent), bent, -np.inf))),
        "evidence": int(np.argmax(evidence)),
    }
    return {f"ridge, {name}": gammas[at] for name, at in chosen.items()}


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--seeds", type=int, default=3)
    args = options.parse_args()
    found: dict[str, list[tuple[float, float]]] = {}
    seconds = []
    for gamma in known.SMOOTH.values():
        for level in (0.001, 0.003, 0.01):
            for seed in range(args.seeds):
                held = check(known.spectrum(gamma, level, 2000 + seed))
                began = time.perf_counter()
                ours = relaxation_times(held.spectrum, held)
                seconds.append(time.perf_counter() - began)
                keep = ~held.stray
                sweep = held.spectrum
                problem = linear(sweep.frequency[keep], sweep.impedance[keep], held.noise[keep])
                for name, answer in ({"relaxation_times": ours.gamma} | ridges(problem)).items():
                    wrong = known.errors(problem.tau, answer, known.TAU, gamma, sweep.frequency)
                    found.setdefault(name, []).append(wrong[:2])
    result: dict[str, Any] = {"spectra": len(seconds), "relaxation_times_ms": 1e3 * statistics.median(seconds)}
    for name, errors in found.items():
        result[f"{name}: L2"] = statistics.median(error[0] for error in errors)
        result[f"{name}: earth mover"] = statistics.median(error[1] for error in errors)
        beaten = [mine[0] <= other[0] for mine, other in zip(found["relaxation_times"], errors, strict=True)]
        if name != "relaxation_times":
            result[f"{name}: relaxation_times is nearer in L2"] = f"{sum(beaten)} of {len(beaten)}"
    common.report(result, args.json)


if __name__ == "__main__":
    main()
