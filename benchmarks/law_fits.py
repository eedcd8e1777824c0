"""No time, but right or wrong: every law fitted in the same way to the same cells, then held against all papers.

The eleven observations of Doux et al. 2020 (symmetric cells, holds, full cells) are fitted under each law by the
maximum of the posterior with that law's own priors, from several starts. Rows of all papers are then scored at that
point, each with the offset of its paper integrated out; every row is floored at -10 nats.
"""

from __future__ import annotations

import common
import numpy as np
from papers_left_out import LAWS, over_offsets, row_scores, told

from lithostat.bench.published_data import published_data
from lithostat.calibration.best_fit import best_fit
from lithostat.calibration.layout import layout_of
from lithostat.calibration.papers_left_out import FLOOR
from lithostat.calibration.priors import parameters_for
from lithostat.materials.card import find_law
from lithostat.model.parameters import Laws
from lithostat.papers.reader import read_papers

FITTED = "doux2020"


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--starts", type=int, default=5)
    options.add_argument("--law", action="append", help="repeatable; else all three")
    args = options.parse_args()
    result: dict[str, float] = {}
    for law in args.law or LAWS:
        result |= {f"{law}_{name}": value for name, value in fitted(law, args.starts).items()}
    common.report(result, args.json)


def fitted(law: str, starts: int) -> dict[str, float]:
    """Log-likelihood of the fitted cells, the score of every paper, and the fitted numbers [SI]."""
    laws, papers = Laws.of(dict(find_law(law).laws)), read_papers()
    fit = best_fit(published_data([papers[FITTED]], law), laws=laws, starts=starts)
    data = published_data(tuple(papers.values()), law)
    layout = layout_of(parameters_for(laws), data)
    z = np.zeros((1, layout.size))
    z[0, : len(fit.parameters)] = fit.z[: len(fit.parameters)]
    at = told(z, data, laws)
    scores = np.maximum(over_offsets(row_scores(at, data, list(range(len(data.lives)))))[0], FLOOR)
    currents = np.maximum(at.current_scores[0], FLOOR)
    found = {"log_likelihood": fit.log_likelihood, "converged": float(fit.converged)}
    for group in dict.fromkeys(one.group for one in data.observations):
        own = [scores[i] for i, one in enumerate(data.lives) if one.group == group]
        own += [currents[i] for i, one in enumerate(data.critical_currents) if one.group == group]
        found[f"score_{group}"] = float(np.sum(own))
    found["score"] = float(scores.sum() + currents.sum())
    for one, score in zip(data.lives, scores, strict=True):
        if one.group == FITTED:
            found[f"row_{one.name.removeprefix(FITTED).strip()}"] = float(score)
    return found | {name: float(value) for name, value in fit.values.items()}


if __name__ == "__main__":
    main()
