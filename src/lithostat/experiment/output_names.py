"""Names of the files that a command writes: possible on every file system, and no two of them one on any."""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

LONGEST = 100  # bytes of a name without its ending; the shortest limit of a file system in use is 143 in all
FIGURE_FILES = ("svg", "pdf", "png")
SPECTRA_FIGURES = (
    *("spectra", "high-frequency", "residuals", "memory", "arrhenius", "series", "validity", "relaxation"),
    "relaxation-map",
)
# what is written for each cell or input; every other name in the folder is in OWN
ENDINGS = (
    *(".parquet", ".bdf.parquet", "-half-cycles.csv", "-cycles.csv", ".html", ".csv", ".png", ".yaml"),
    *("-cells.parquet", "-cells.png", "-spectra.csv", "-spectra.html", "-posterior.csv"),
    *("-spectra-points.csv", "-spectra-curves.csv", "-spectra-distributions.csv"),
    *(f"-{figure}.{kind}" for figure in SPECTRA_FIGURES for kind in FIGURE_FILES),
    *("-calibration.json", "-calibration.html", "-recommendation.html", "-window.png", "-map", "-map.png", "-map.html"),
    *(".json", ".zarr", "-before.zarr", "-tomogram", "-tomogram.html", "-tomogram.json"),
    *("-diffraction.html", "-phases.csv", "-pattern.svg", "-pattern.pdf", "-zoom.svg", "-zoom.pdf"),
    *("-amounts.svg", "-amounts.pdf", "-series.svg", "-series.pdf"),
)
OWN = ("cells.csv", "cells.parquet", "index.html")  # of the folder as a whole
WATCH_FILES = ("watch.json", "events.jsonl", "log.frames")  # of a watch, beside the records of its cells
_DEVICES = re.compile(r"(con|prn|aux|nul|(com|lpt)\d)(\..*)?", re.IGNORECASE)  # files of Windows, whatever the ending


@dataclass(frozen=True)
class Named:
    """What the files of one cell begin with: `stem` in its folder. `renamed` if another cell had its name first."""

    stem: Path
    renamed: bool = False

    def path(self, ending: str) -> Path:
        """The file with one of `ENDINGS`."""
        if ending not in ENDINGS:
            raise ValueError(f"'{ending}' is not in ENDINGS, where two names are kept apart")
        return self.stem.with_name(self.stem.name + ending)


class OutputNames:
    """Gives each cell that is written into a folder a name of its own, in the order they ask."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken = {_as_compared(name) for name in OWN}
        self._next: dict[str, int] = {}  # number to try for a name that is taken

    def of(self, name: str) -> Named:
        """What the files of a cell of that name begin with. Names that are one on some file system get a number."""
        first = possible(name)
        same = _as_compared(first)
        for number in itertools.count(self._next.get(same, 1)):
            stem = first if number == 1 else _cut(first, LONGEST - len(f"-{number}")) + f"-{number}"
            files = {_as_compared(stem + ending) for ending in ENDINGS}
            if files.isdisjoint(self._taken):
                self._taken |= files
                self._next[same] = number + 1
                return Named(self.folder / stem, number > 1)
        raise AssertionError  # numbers do not end


def readable(name: str) -> str:
    """A name of a file as text; bytes in it that are no text as '?', so that it can be printed and written."""
    return name.encode("utf-8", "replace").decode()


def possible(name: str) -> str:
    """A name that every file system takes: letters, digits, '.+-_', no device of Windows, at most `LONGEST` bytes."""
    text = re.sub(r"[^\w.+-]+", "_", unicodedata.normalize("NFC", name)).lstrip("._-")
    if _DEVICES.fullmatch(unicodedata.normalize("NFKC", text.rstrip("._"))):
        text = f"cell_{text}"
    return _cut(text, LONGEST) or "cell"


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore").rstrip("._")


def _as_compared(name: str) -> str:
    """The name as a file system sees it that tells neither case nor the ways to write an accent apart."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).upper().casefold())
