"""From the paper's cells to an answer: seconds of the posterior, the best fit and the recommendation.

    python benchmarks/calibration.py [--json]

4 chains of 1000 draws after 1000 of warm-up, from a fresh program: compilation is in it.
"""

from __future__ import annotations

from typing import Any

from common import parser, report, timed

from lithostat.calibration.best_fit import best_fit
from lithostat.calibration.posterior import calibrate
from lithostat.papers.doux2020.calibration import paper_data
from lithostat.papers.doux2020.published import cell
from lithostat.recommendation.recommend import recommend


def main() -> None:
    chosen = parser(__doc__).parse_args()
    data = paper_data()
    kept: list[Any] = []
    result: dict[str, Any] = {
        "posterior / s": timed(lambda: kept.append(calibrate(data, cell(), seed=0))),
    }
    found = kept[0]
    result["R-hat"] = found.diagnostics.r_hat
    result["divergences"] = found.diagnostics.divergences
    result["smallest effective sample size"] = found.diagnostics.effective_samples
    result["posterior again, compiled / s"] = timed(lambda: calibrate(data, cell(), seed=1))
    result["best fit / s"] = timed(lambda: best_fit(data))
    result["best fit again / s"] = timed(lambda: best_fit(data))
    result["recommendation / s"] = timed(lambda: recommend(found, current=0.75, hours=1000.0))
    result["recommendation again / s"] = timed(lambda: recommend(found, current=0.75, hours=1000.0))
    report(result, chosen.json)


if __name__ == "__main__":
    main()
