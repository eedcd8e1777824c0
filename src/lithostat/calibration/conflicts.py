"""What is wrong with data, model or both, as sentences that name cells."""

from __future__ import annotations

from lithostat.calibration.calibration import Calibration


def conflicts(calibration: Calibration) -> tuple[str, ...]:
    """Warnings."""
    return ()
