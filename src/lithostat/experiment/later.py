"""What is kept only to save time later: it may fail, and costs no answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from lithostat.experiment.errors import LithostatError


def keep_for_later(what: str, keep: Callable[[], Any]) -> bool:
    """Call `keep`; True if it kept `what`. If a file or folder stands in its way, that is a warning and no error."""
    try:
        keep()
    except (OSError, LithostatError) as error:
        warnings.warn(f"{what} could not be kept for later: {error}", UserWarning, stacklevel=3)
        return False
    return True
