"""What is finished of a long pass over data: a folder with one file for each finished part."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lithostat.experiment.record import write_text, write_whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

INPUTS = "inputs.json"


class Journal:
    """Parts of a pass that are done, each with what the next parts or the end need of it.

    The data of a part is written before `keep` is called for it, so that after a kill every part that the journal
    knows is whole. A folder that was begun with other `inputs` is emptied. A power cut is not covered.
    """

    def __init__(self, folder: Path, inputs: dict[str, Any]) -> None:
        self.folder = folder
        text = json.dumps(inputs, sort_keys=True, indent=1)
        try:
            same = (folder / INPUTS).read_text(encoding="utf-8") == text
        except (OSError, UnicodeDecodeError):
            same = False
        if not same:
            shutil.rmtree(folder, ignore_errors=True)
            write_text(folder / INPUTS, text)

    def _file(self, part: int) -> Path:
        return self.folder / f"{part:06d}.npz"

    def keep(self, part: int, **arrays: ArrayLike) -> None:
        """Say that `part` is done, and what is to be remembered of it; whole or not at all."""
        write_whole(self._file(part), lambda temporary: _save(temporary, arrays))

    def get(self, part: int) -> dict[str, np.ndarray] | None:
        """What was kept of a part; None if it is not done or cannot be read."""
        try:
            with np.load(self._file(part), allow_pickle=False) as kept:
                return {name: kept[name] for name in kept.files}
        except (OSError, ValueError, KeyError, EOFError):
            return None

    def close(self) -> None:
        """Remove the folder, when everything is where it belongs."""
        shutil.rmtree(self.folder, ignore_errors=True)


def fingerprint(inputs: dict[str, Any]) -> str:
    """SHA-256 of plain data."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _save(path: str, arrays: dict[str, Any]) -> None:
    with open(path, "wb") as stream:  # np.savez would add a suffix to the name
        np.savez(stream, **arrays)
