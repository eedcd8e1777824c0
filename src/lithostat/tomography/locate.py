"""The verb: where the pellet lies in a volume and which greys its parts have, from the coarse levels alone."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from lithostat.experiment.errors import InputError
from lithostat.experiment.volume import Volume
from lithostat.tomography.layout import BLOCK, Greys, LocatedPellet

LARGEST = 160  # steps along an axis of the level that is looked at
RIM = 6  # voxels at the rim of the pellet that are left out, in whole steps
AHEAD = 4  # rows of which all but one are bright behind an interface
APART = 0.15  # share of the contrast by which the two electrodes may differ


class NoPellet(InputError):
    """No bright layer between two darker ends is seen."""


def locate(volume: Volume) -> LocatedPellet:
    """Find the bright layer (electrolyte) between darker ends (lithium), its interfaces and the references.

    Works on a level of at most 160 steps an axis. Raises `NoPellet` where there is no such layer.
    """
    step = next(b for b in (2, 4, 8) if max(volume.shape) / b <= LARGEST or b == 8)
    greys = np.asarray(volume.level(step)[:], np.float32)
    field = _field(volume, greys)
    between = _between(greys, field)
    bright = greys > between
    first, last = _layer(bright, field)
    columns = _columns(bright, field, first, last, max(1, round(RIM / step)))
    heights, seen = _surfaces(greys, bright, columns, between, first, last)
    inside, ends = _zones(heights, greys.shape, columns, seen)
    if not inside.any():
        raise NoPellet(f"in {volume.name} the bright layer is too thin to be measured", expected="a thicker pellet")
    electrolyte = _mode(greys[inside & bright])
    lithium = tuple(_mode(greys[end]) if end.sum() > 100 else None for end in ends)
    known = [grey for grey in lithium if grey is not None]
    # the threshold between two references is better than the first guess; everything is done once more with it
    dark = float(np.mean(known)) if known else None
    if dark is not None:
        between = 0.5 * (dark + electrolyte)
        bright = greys > between
        heights, seen = _surfaces(greys, bright, columns, between, first, last)
        inside, _ = _zones(heights, greys.shape, columns, seen)
    noise, of_means = _noise(volume, step, columns, heights)
    reference = Greys(electrolyte, dark, between, noise, (lithium[0], lithium[1]), of_means)
    return LocatedPellet(
        shape=volume.shape,
        step=step,
        columns=columns,
        surfaces=step * (heights + 0.5) - 0.5,
        seen=seen,
        greys=reference,
        electrolyte=_local(greys, inside & bright, electrolyte, step, volume.shape),
        warnings=_warnings(reference, seen, volume),
    )


def _field(volume: Volume, greys: np.ndarray) -> np.ndarray:
    """Columns that were measured, (y, x)."""
    outside = volume.not_measured(greys)
    if outside is None:
        return np.ones(greys.shape[1:], bool)
    measured = outside.mean(axis=0) < 0.5
    return ndimage.binary_erosion(measured, iterations=2, border_value=1)


def _between(greys: np.ndarray, field: np.ndarray) -> float:
    """Grey that parts dark from bright best (Otsu), of the field; the brightest two per mille (metal) count less."""
    values = greys[:, field]
    values = values[np.isfinite(values)]
    if values.size == 0 or values.min() == values.max():
        raise NoPellet("all greys are the same", expected="a tomogram of a cell")
    count, edges = np.histogram(values, 512, tuple(np.quantile(values, (0.001, 0.998))))
    middle = 0.5 * (edges[:-1] + edges[1:])
    below, total = np.cumsum(count), np.cumsum(count * middle)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_low, mean_high = total / below, (total[-1] - total) / (below[-1] - below)
        between = below * (below[-1] - below) * (mean_high - mean_low) ** 2
    return float(middle[int(np.nanargmax(between[:-1]))])


def _layer(bright: np.ndarray, field: np.ndarray) -> tuple[int, int]:
    """First and last row of the bright layer: where its share of the inner field is at least half the largest."""
    inner = _inner(field)
    share = ndimage.median_filter(bright[:, inner].mean(axis=1), 3)
    runs, count = ndimage.label(share >= 0.5 * share.max())
    if count == 0 or share.max() < 0.2:
        raise NoPellet("no bright layer is seen", expected="electrolyte that is brighter than the electrodes")
    longest = 1 + int(np.argmax(np.bincount(runs.ravel())[1:]))
    rows = np.flatnonzero(runs == longest)
    if len(rows) < 6:
        raise NoPellet("no bright layer is seen", expected="a pellet of at least six steps of the coarse level")
    return int(rows[0]), int(rows[-1])


def _inner(field: np.ndarray) -> np.ndarray:
    """The middle of the field: half its reach from its centre."""
    y, x = np.nonzero(field)
    rows, columns = np.arange(field.shape[0])[:, None], np.arange(field.shape[1])
    reach = 0.5 * np.sqrt(field.sum() / np.pi)
    return field & (np.hypot(rows - y.mean(), columns - x.mean()) <= reach)


def _columns(bright: np.ndarray, field: np.ndarray, first: int, last: int, rim: int) -> np.ndarray:
    """Where the pellet is, (y, x): bright in most of the layer's middle; without holes and without its rim."""
    quarter = (last - first + 1) // 4
    middle = bright[first + quarter : last + 1 - quarter].mean(axis=0) > 0.5
    labels, count = ndimage.label(middle & field)
    if count == 0:
        raise NoPellet("no bright layer is seen", expected="electrolyte that is brighter than the electrodes")
    largest = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    pellet = ndimage.binary_erosion(ndimage.binary_fill_holes(largest), iterations=rim, border_value=1)
    pellet &= field
    if pellet.sum() < 64:
        raise NoPellet("the bright layer is too small to be measured", expected="a pellet in the middle of the field")
    return pellet


def _surfaces(
    greys: np.ndarray, bright: np.ndarray, columns: np.ndarray, between: float, first: int, last: int
) -> tuple[np.ndarray, tuple[bool, bool]]:
    """Heights of both interfaces (2, y, x) in steps, and whether each lies within the volume."""
    made, seen = [], []
    for turn in (False, True):
        image, flags = (greys[::-1], bright[::-1]) if turn else (greys, bright)
        start = len(greys) - 1 - last if turn else first
        # bright from here on, but for pores: most of the next rows are
        reach = max(4, (last - first) // 3)
        low, high = max(0, start - reach), min(len(greys) - AHEAD, start + reach)
        ahead = sum(flags[low + k : high + k].astype(np.int8) for k in range(1, AHEAD + 1))
        ok = flags[low:high] & (ahead >= AHEAD - 1)
        at = low + np.argmax(ok, axis=0)
        at = np.where(ok.any(axis=0), at, start)
        height = _crossing(image, at, between)
        seen.append(bool(np.median(at[columns]) > 1.0))
        height = ndimage.median_filter(_filled(height, columns), 5, mode="nearest")
        made.append(len(greys) - 1 - height if turn else height)
    for k, edge in ((0, -0.5), (1, len(greys) - 0.5)):
        if not seen[k]:
            made[k] = np.full_like(made[k], edge)
    return np.stack(made), (seen[0], seen[1])


def _crossing(greys: np.ndarray, at: np.ndarray, between: float) -> np.ndarray:
    """Height at which greys cross `between` on the way to row `at`, linear between rows; (y, x) in steps."""
    y, x = np.indices(at.shape)
    above = np.maximum(at - 1, 0)
    low, high = greys[above, y, x], greys[at, y, x]
    rest = np.where(high > low, (high - between) / np.maximum(high - low, 1e-12), 0.0)
    return at - np.clip(rest, 0.0, 1.0)


def _filled(height: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Heights with those of the nearest column of the pellet where there is none."""
    _, nearest = ndimage.distance_transform_edt(~columns, return_indices=True)
    return height[tuple(nearest)]


def _zones(
    heights: np.ndarray, shape: tuple[int, ...], columns: np.ndarray, seen: tuple[bool, bool]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Where there is surely pellet, and surely electrode at either end; (z, y, x) bool."""
    rows = np.arange(shape[0])[:, None, None]
    inside = (rows > heights[0] + 1.5) & (rows < heights[1] - 1.5) & columns
    first = (rows < heights[0] - 2.0) & columns & seen[0]
    last = (rows > heights[1] + 2.0) & columns & seen[1]
    return inside, [first, last]


def _mode(values: np.ndarray) -> float:
    """The most frequent value, of many that are noisy: the peak of their histogram."""
    low, high = np.quantile(values, (0.01, 0.99))
    if low == high:
        return float(low)
    count, edges = np.histogram(values, 128, (low, high))
    smooth = ndimage.gaussian_filter1d(count.astype(float), 4.0)
    peak = int(np.argmax(smooth))
    near = values[(values >= edges[max(peak - 12, 0)]) & (values <= edges[min(peak + 13, 128)])]
    return float(np.median(near))


def _noise(volume: Volume, step: int, columns: np.ndarray, heights: np.ndarray) -> tuple[float, float]:
    """Standard deviation by noise of a voxel in the pellet, and of a [1 2 1]^3 mean, from differences in a few places.

    Voxels are compared three apart and means eight, so that noise that neighbours share counts in the means.
    """
    top, bottom = (float(np.median(h[columns])) * step for h in heights)
    single, means = [], []
    y, x = (int(np.median(np.nonzero(columns)[k])) * step for k in (0, 1))
    reach = max(12, int(0.3 * step * np.sqrt(columns.sum() / np.pi)))
    reach = min(reach, 128)
    for share in (0.3, 0.5, 0.7):
        z = max(1, int(top + share * (bottom - top)))
        rows, across = slice(max(0, y - reach), y + reach), slice(max(0, x - reach), x + reach)
        part = np.asarray(volume.voxels[z - 1 : z + 2, rows, across], float)
        single.append(_scatter(part[1], 3))
        for axis in range(3):
            part = ndimage.convolve1d(part, (0.25, 0.5, 0.25), axis=axis)
        means.append(_scatter(part[1], 8))
    return float(np.median(single)), float(np.median(means))


def _scatter(plane: np.ndarray, apart: int) -> float:
    """Standard deviation of noise, from differences along the rows of a plane."""
    across = plane[:, apart:] - plane[:, :-apart]
    return 1.4826 * float(np.median(np.abs(across))) / float(np.sqrt(2.0))


def _local(
    greys: np.ndarray, sure: np.ndarray, electrolyte: float, step: int, shape: tuple[int, int, int]
) -> np.ndarray:
    """Local grey of the electrolyte on blocks of 32 voxels: smooth, and the common one where none is seen."""
    size = BLOCK // step
    count = tuple(-(-length // BLOCK) for length in shape)
    blocks = [np.minimum(np.arange(n) // size, m - 1) for n, m in zip(greys.shape, count, strict=True)]
    index: np.ndarray = np.asarray(np.ravel_multi_index(np.ix_(*blocks), count))[sure]
    values, number = np.asarray(greys[sure], float), int(np.prod(count))
    used = np.ones(len(values), bool)
    for _ in range(3):  # means of what is near the mean: pores that are seen in part drop out
        weight = np.bincount(index[used], minlength=number).astype(float)
        total = np.bincount(index[used], values[used], minlength=number)
        mean = np.divide(total, weight, out=np.full(number, electrolyte), where=weight > 0.0)
        off = values - mean[index]
        used = np.abs(off) < 2.0 * float(np.std(off))
    weight, total = weight.reshape(count), total.reshape(count)
    excess = total - weight * electrolyte
    spread = ndimage.gaussian_filter(excess, 1.0, mode="constant")
    support = ndimage.gaussian_filter(weight, 1.0, mode="constant")
    return electrolyte + np.divide(spread, support, out=np.zeros(count), where=support > 1e-3 * weight.max())


def _warnings(greys: Greys, seen: tuple[bool, bool], volume: Volume) -> tuple[str, ...]:
    said = [f"the {end} is not seen: the pellet runs out of the volume there" for end, ok in
            zip(volume.ends, seen, strict=True) if not ok]  # fmt: skip
    one, other = greys.lithium_ends
    if one is not None and other is not None and abs(one - other) > APART * abs(greys.contrast):
        said.append("the two electrodes differ in grey by more than 15 % of the contrast: are both of them lithium?")
    if greys.contrast_to_noise < 2.5:
        said.append(f"contrast-to-noise {greys.contrast_to_noise:.2g} is below 2.5: thin filaments are missed")
    return tuple(said)
