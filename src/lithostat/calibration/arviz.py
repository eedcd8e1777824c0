"""ArviZ as this package imports it."""

from __future__ import annotations

import functools
import warnings
from typing import Any


@functools.cache
def az() -> Any:
    """The module; its notice about the next version is for its own users."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        import arviz
    return arviz
