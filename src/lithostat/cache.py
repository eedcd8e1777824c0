"""Where things are kept that can be made again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """LITHOSTAT_CACHE, or the user's cache folder. `OSError` if there is no home."""
    named = os.environ.get("LITHOSTAT_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if base.startswith("~"):
        raise OSError("the user has no home folder")
    return Path(base) / "lithostat"
