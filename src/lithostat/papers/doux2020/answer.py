"""The paper's own answer: the pressure window that its cells allow, and how sure one cell per pressure makes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from lithostat.calibration.kept import kept_calibration
from lithostat.experiment.quantity import parse
from lithostat.papers.doux2020.calibration import paper_data
from lithostat.papers.doux2020.published import cell, published
from lithostat.recommendation.answer import Recommendation, figure_arrays
from lithostat.recommendation.recommend import recommend
from lithostat.show.window_figure import window_figure

HOURS = 1000.0  # the paper's longest test
SEED = 0


class Answer(NamedTuple):
    """The recommendation at the paper's current, and its figure."""

    made: Recommendation
    figure: Figure

    def printed(self) -> dict[str, Any]:
        """What the page says."""
        said = self.made.as_dict()
        windows = []
        for level, pair in said["windows_mpa"].items():
            shown = (
                "no pressure"
                if pair is None
                else " to ".join("open" if e is None else f"{e:.2g}" for e in pair) + " MPa"
            )
            windows.append({"level": f"{100 * float(level):.0f} %", "window": shown})
        low, high = (100.0 * share for share in self.made.probability_interval)
        return {
            "sentence": self.made.sentence(),
            "chance": f"{low:.0f} to {high:.0f} %",
            "windows": windows,
            "ends": [end.why for end in self.made.limited_by],
            "next": self.made.next_cell.why(),
            "warnings": self.made.warnings,
        }


def answer(progress: Callable[[str, float], None] | None = None) -> Answer:
    """Calibrate on the paper's symmetric cells, holds and impedance, and recommend at its current for 1000 h."""
    found = kept_calibration(paper_data(), cell(), seed=SEED, progress=progress)
    current = parse(published()["current"], "current_density")
    made = recommend(found, current=current, hours=HOURS, progress=progress)
    return Answer(made, window_figure(**figure_arrays(made, found)))
