"""JAX as this package uses it: double precision where it is needed, and compilations kept on disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import jax


def cache_folder() -> Path:
    """Where compiled programs are kept: LITHOSTAT_CACHE, or the user's cache folder."""
    named = os.environ.get("LITHOSTAT_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lithostat"


@contextlib.contextmanager
def engine() -> Iterator[None]:
    """Run JAX in double precision inside this block, leaving the caller's own setting alone.

    Compilations are kept on disk unless the caller has chosen a place already.
    """
    if not jax.config.values["jax_compilation_cache_dir"]:
        folder = cache_folder()
        with contextlib.suppress(OSError):  # a folder that cannot be had costs seconds, not the run
            folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    with jax.enable_x64(True):
        yield
