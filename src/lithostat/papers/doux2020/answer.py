"""The paper's own answer: the pressure window that its cells allow, and how sure one cell per pressure makes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from matplotlib.figure import Figure

from lithostat.calibration.kept import kept_calibration
from lithostat.experiment.quantity import parse
from lithostat.papers.doux2020.calibration import paper_data
from lithostat.papers.doux2020.published import cell, published
from lithostat.recommendation.answer import Recommendation, drawn_window
from lithostat.recommendation.recommend import recommend
from lithostat.show.window_figure import window_figure

HOURS = 1000.0  # the paper's longest test
SEED = 0


class Answer(NamedTuple):
    """The recommendation at the paper's current, and its figure."""

    made: Recommendation
    figure: Figure

    def windows(self) -> list[tuple[str, str]]:
        """(accepted share of failures, the window in words) for every level."""
        shown = []
        for level, pair in self.made.as_dict()["windows_mpa"].items():
            ends = ["open" if end is None else f"{end:.2g}" for end in pair or ()]
            shown.append((f"{100 * float(level):.0f} %", " to ".join(ends) + " MPa" if ends else "no pressure"))
        return shown


def answer(progress: Callable[[str, float], None] | None = None) -> Answer:
    """Calibrate on the paper's symmetric cells, holds and impedance, and recommend at its current for 1000 h."""
    found = kept_calibration(paper_data(), cell(), seed=SEED, progress=progress)
    current = parse(published()["current"], "current_density")
    made = recommend(found, current=current, hours=HOURS, progress=progress)
    return Answer(made, window_figure(drawn_window(made, found)))
