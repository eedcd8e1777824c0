"""How figures look: one palette, one set of defaults, figures made without a display."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

INK, MUTED, GRID = "#1b2733", "#6b7885", "#dfe4e8"
BLUE, ORANGE, RED, GREEN, VIOLET = "#1f6fb2", "#e08a1e", "#c63b3b", "#2f8f5b", "#7a5aa6"

_DEFAULTS: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.4,
    "savefig.dpi": 160,
    "svg.fonttype": "path",
    "svg.hashsalt": "lithostat",
    "path.simplify_threshold": 0.5,
}


LARGEST = 1e30  # what is larger is no number that an axis can show


def shown(values: np.ndarray) -> np.ndarray:
    """The same numbers, NaN where they are beyond all axes."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(values) < LARGEST, values, np.nan)


def plain(text: str) -> str:
    """Text of a file for a label, in which a dollar sign begins no formula."""
    return text.replace("$", r"\$")


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw inside this block with the package's look; the user's own settings come back after it."""
    with mpl.rc_context(_DEFAULTS):
        yield


def blank(width: float, height: float, rows: int = 1, columns: int = 1, **layout: Any) -> tuple[Figure, Any]:
    """An empty figure of that size in inches and its axes; needs no window system."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **layout)
