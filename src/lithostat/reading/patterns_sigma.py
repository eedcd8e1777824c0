"""What one standard deviation of an intensity is: from counts, from a column, or from how neighbours scatter."""

from __future__ import annotations

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.reading.patterns_header import Header

ALIKE = (0.5, 2.0)  # a stated sigma over the scatter of neighbours, within which it is believed
POISSON = (0.8, 1.25)  # the root of the numbers over their scatter, within which they are counts
WHOLE = 1e-6  # distance from whole numbers


def scatter(values: np.ndarray) -> float:
    """Median of |second difference| over that of counting noise: 1 where sigma is the root of the numbers."""
    second = np.abs(values[2:] - 2.0 * values[1:-1] + values[:-2])
    expected = 0.6745 * np.sqrt(6.0 * np.maximum(values[1:-1], 1.0))
    return float(np.median(second / expected)) if len(second) else 1.0


def against(values: np.ndarray, sigma: np.ndarray) -> float:
    """A stated sigma over what neighbours scatter by, in the middle of all points; NaN where neighbours are equal."""
    second = np.abs(values[2:] - 2.0 * values[1:-1] + values[:-2])
    typical = float(np.median(second / np.maximum(0.6745 * np.sqrt(6.0) * sigma[1:-1], 1e-300)))
    return 1.0 / typical if typical > 0.0 else float("nan")


def sigma_of(
    values: np.ndarray, third: np.ndarray | None, header: Header
) -> tuple[np.ndarray, np.ndarray, str, tuple[str, ...]]:
    """Intensity, sigma, a key of `SIGMA_FROM`, and sentences.

    Counts per second become counts where the time is known, and attenuated counts what the sample scattered; sigma is
    that of the counter. A third column is believed only if neighbours scatter by about as much.
    """
    said: list[str] = []
    seconds = header.seconds
    raw = values
    if header.rate:
        if seconds is None:
            said.append("the file holds counts per second without the time: sigma was taken from the scatter")
            return (*_scattered(values), "scaled", tuple(said))
        raw = values * seconds
    elif seconds is not None and len(seconds) == len(values) and np.ptp(seconds) > 1e-9 * seconds.max():
        rate = seconds / seconds.mean()
        sigma = np.sqrt(np.maximum(values, 1.0)) / rate
        said.append("points were counted for different times: counts were put on one time")
        return values / rate, sigma, "scaled", tuple(said)
    if header.factors is not None and len(header.factors) == len(values):
        factors = header.factors
        if not (np.isfinite(factors).all() and (factors > 0.0).all()):
            raise InputError("lists attenuators that are no positive numbers", expected="a factor above 0 per point")
        counted = raw / factors if header.applied else raw
        said.append(
            f"an absorber was in the beam (up to {factors.max():.4g}): its factor is undone, sigma is the counter's"
        )
        return counted * factors, factors * np.sqrt(np.maximum(counted, 1.0)), "scaled", tuple(said)
    if third is not None and len(third) == len(values):
        found = _third(raw, third)
        if found is not None:
            return raw, third, "file", tuple(said)
        said.append(_disbelief(raw, third))
    whole = np.abs(raw - np.round(raw)).max(initial=0.0) < WHOLE
    likeness = scatter(raw)
    if whole and (raw >= 0.0).all() and POISSON[0] < likeness < POISSON[1]:
        return raw, np.sqrt(np.maximum(raw, 1.0)), "counts", tuple(said)
    if whole and (raw >= 0.0).all() and likeness < POISSON[1]:
        said.append(
            f"neighbouring points scatter {likeness:.2f} times as much as counts would: they were smoothed or shared "
            "between pixels; errors may be too small"
        )
        return raw, np.sqrt(np.maximum(raw, 1.0)), "counts", tuple(said)
    said.append(
        f"the numbers are no plain counts (neighbours scatter {likeness:.3g} times as much): sigma was taken from the "
        "scatter of neighbouring points"
    )
    return (*_scattered(raw), "unknown" if not header.rate else "scaled", tuple(said))


def _third(values: np.ndarray, third: np.ndarray) -> np.ndarray | None:
    if not (np.isfinite(third).all() and (third > 0.0).all()):
        return None
    ratio = against(values, third)
    return third if ALIKE[0] < ratio < ALIKE[1] else None


def _disbelief(values: np.ndarray, third: np.ndarray) -> str:
    if not (np.isfinite(third).all() and (third > 0.0).all()):
        return "the third column holds numbers that are no sigma (zero, negative or not finite); it was not used"
    ratio = against(values, third)
    if not np.isfinite(ratio):
        return "the third column cannot be held against the scatter of the points, which is zero; it was not used"
    return (
        f"the third column is {ratio:.3g} times what neighbouring points scatter by: it is a background, a spread over "
        "pixels, or something else than the error of the second; it was not used"
    )


def _scattered(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values and a sigma that grows with their root, as large as neighbours scatter."""
    positive = np.maximum(values, max(1e-3 * float(np.max(np.abs(values), initial=0.0)), 1e-300))
    second = np.abs(values[2:] - 2.0 * values[1:-1] + values[:-2])
    factor = float(np.median(second / (0.6745 * np.sqrt(6.0 * positive[1:-1]))))
    if factor <= 0.0:  # every third point is the mean of its neighbours
        factor = float(np.sqrt(np.mean(second**2) / 6.0 / positive.mean())) or 1e-3
    return values, factor * np.sqrt(positive)
