"""Simulation-based calibration: is the posterior right, on data that the model itself made?

    python benchmarks/ranks.py [--sets N] [--figure ranks.png] [--json]

Truths from the prior, data of the shape of the paper's cells from the truths (times to short alone: toughness, throat
radius, focusing, scatter), a posterior from each. Ranks of the truth must be uniform, and 90 % intervals must hold it
in 90 % of the sets. 200 sets take a quarter of an hour.
"""

from __future__ import annotations

from typing import Any

from common import parser, report

from lithostat.calibration.checks import ranks_of_truth
from lithostat.calibration.data import Data
from lithostat.calibration.figures import rank_figure
from lithostat.calibration.parameter import DEFAULTS
from lithostat.papers.doux2020.calibration import paper_data

LEARNT = ("toughness", "throat_radius", "focusing", "life_scatter")


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--sets", type=int, default=200)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--figure", help="file for the figure of the ranks")
    chosen = options.parse_args()
    design = Data(paper_data(impedance=False).lives)
    without = [name for name in DEFAULTS if name not in LEARNT]
    ranks = ranks_of_truth(design, sets=chosen.sets, seed=chosen.seed, without=without)
    chi, smirnov = ranks.uniformity()
    result: dict[str, Any] = {"data sets": chosen.sets, "divergences": ranks.divergences}
    for k, name in enumerate(ranks.parameters):
        result[f"{name}: 90 % intervals hold"] = float(ranks.coverage()[k])
        result[f"{name}: p of uniform ranks (chi-squared, Kolmogorov-Smirnov)"] = f"{chi[k]:.2g}, {smirnov[k]:.2g}"
    low, high = ranks.allowed()
    result["what a right sampler gives, but for 1 in 1000"] = f"{low:.3f} to {high:.3f}"
    if chosen.figure:
        rank_figure(ranks).savefig(chosen.figure, dpi=160)
    report(result, chosen.json)


if __name__ == "__main__":
    main()
