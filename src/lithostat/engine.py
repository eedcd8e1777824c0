"""JAX as this package uses it: double precision where it is needed, and compilations kept on disk."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import jax


def cache_folder() -> Path:
    """Where compiled programs are kept: LITHOSTAT_CACHE, or the user's cache folder. `OSError` if there is no home."""
    named = os.environ.get("LITHOSTAT_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if base.startswith("~"):
        raise OSError("the user has no home folder")
    return Path(base) / "lithostat"


@contextlib.contextmanager
def engine() -> Iterator[None]:
    """Run JAX in double precision inside this block, leaving the caller's own setting alone.

    Compilations are kept on disk unless the caller has chosen a place already.
    """
    if not jax.config.values["jax_compilation_cache_dir"]:
        folder = usable_cache_folder()
        if folder is not None:
            jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    with jax.enable_x64(True):
        yield


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
