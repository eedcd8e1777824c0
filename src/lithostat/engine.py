"""JAX as this package uses it: double precision where it is needed, and compilations kept on disk."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
from jax.experimental.compilation_cache import compilation_cache

from lithostat.cache import cache_folder

_PLACE, _LEAST_TIME = "jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs"
_SETTINGS = (_PLACE, _LEAST_TIME, "jax_persistent_cache_min_entry_size_bytes")  # JAX sets the last one itself
_callers: dict[str, Any] = {}  # their settings while we are inside
_inside: list[None] = []  # one for each block that is open
_changing = threading.Lock()


@contextlib.contextmanager
def engine() -> Iterator[None]:
    """Run JAX in double precision inside this block, leaving the caller's own settings as they were behind it.

    Compilations are kept on disk, in the place that the caller has chosen if there is one.
    """
    with _compilations_kept(), jax.enable_x64(True):
        yield


@contextlib.contextmanager
def _compilations_kept() -> Iterator[None]:
    """Inside, JAX keeps what it compiles in our folder; the last thread to leave puts the caller's settings back."""
    folder = usable_cache_folder()
    with _changing:
        if not _inside:
            _callers.update({name: jax.config.values[name] for name in _SETTINGS})
            if folder is not None and not _callers[_PLACE]:
                jax.config.update(_PLACE, str(folder))
                jax.config.update(_LEAST_TIME, 0.0)
        _inside.append(None)
    try:
        yield
    finally:
        with _changing:
            _inside.pop()
            if not _inside and jax.config.values[_PLACE] != _callers[_PLACE]:
                for name, value in _callers.items():
                    jax.config.update(name, value)
                compilation_cache.reset_cache()  # else what the caller compiles would go there as well


def usable_cache_folder() -> Path | None:
    """The cache folder if a file can be made in it; else None, once with a warning."""
    return _usable(os.environ.get("LITHOSTAT_CACHE"))


@functools.cache
def _usable(_named: str | None) -> Path | None:
    """The cache folder if a file can be made in it; else None, once with a warning: it costs seconds, not the run."""
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, ValueError) as error:  # ValueError: a NUL
        said = f"compiled programs cannot be kept ({error}), so that every start takes seconds longer"
        warnings.warn(f"{said}; set LITHOSTAT_CACHE to a folder that can be written", UserWarning, stacklevel=5)
        return None
