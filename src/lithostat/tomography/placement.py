"""The verb: where the cell of an earlier scan lies in a later one - shift, rotation, compression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

from lithostat.experiment.volume import Volume
from lithostat.tomography.layout import LocatedPellet

BLOCK = 24  # voxels of a level along each side of a block
BLOCKS = 64  # at most, that a level is compared by
STEPS = 12  # of Gauss-Newton on a level
SETTLED = 0.01  # voxels: a step that moves nothing further ends a level
ANGLES = 720  # of the circle, that the first rotation is searched on
SLICES = 24
PARAMETERS = 8  # shift (3), rotation (3), through-plane and in-plane stretch


@dataclass(frozen=True)
class Placement:
    """The later scan's voxel x shows what the earlier one has at `matrix` x + `offset`, both from the first voxel.

    `residual`: rms of what single blocks would still be shifted by [voxel]; `alike`: correlation of the two scans where
    they were compared, 0 to 1; `blocks` how many.
    """

    matrix: np.ndarray
    offset: np.ndarray
    residual: float
    alike: float
    blocks: int

    def at(self, points: np.ndarray) -> np.ndarray:
        """Where points (n, 3) of the later scan lie in the earlier one."""
        return points @ self.matrix.T + self.offset

    def shift(self, centre: np.ndarray) -> np.ndarray:
        """How far the cell moved at a point of the later scan [voxel], (3,): later less earlier."""
        return np.asarray(centre, float) - self.at(np.asarray(centre, float)[None])[0]

    @property
    def turn(self) -> float:
        """Rotation about the through-plane axis [rad]."""
        return float(np.arctan2(self.matrix[2, 1] - self.matrix[1, 2], self.matrix[1, 1] + self.matrix[2, 2]))

    @property
    def compression(self) -> float:
        """Share by which the later pellet is thinner."""
        return float(np.linalg.norm(self.matrix[:, 0]) - 1.0)


def place(after: Volume, before: Volume, layouts: tuple[LocatedPellet, LocatedPellet]) -> Placement:
    """Find the placement on ever finer levels; `layouts` of (after, before)."""
    ratio = after.voxel_size / before.voxel_size
    step = max(layouts[0].step, layouts[1].step)
    images = [_shares(volume, layout, step) for volume, layout in zip((after, before), layouts, strict=True)]
    matrix, offset = _first(images, layouts, step, ratio)
    result = Placement(matrix, offset, float("inf"), 0.0, 0)
    while step >= 1:
        result = _refined(after, before, layouts, step, result)
        step //= 2
    return result


def _shares(volume: Volume, layout: LocatedPellet, step: int) -> np.ndarray:
    """A level as shares from dark (0) to electrolyte (1), clipped; 0 where nothing was measured."""
    greys = np.asarray(volume.level(step)[:], np.float32)
    outside = volume.not_measured(greys)
    shares = np.clip((greys - layout.greys.dark) / layout.greys.contrast, -0.2, 1.2)
    if outside is not None:
        shares[outside] = 0.0
    return shares


def _centre(layout: LocatedPellet) -> np.ndarray:
    """Middle of the pellet [voxel]."""
    y, x = np.nonzero(layout.columns)
    z = 0.5 * np.median(layout.surfaces.sum(axis=0)[layout.columns])
    return np.array([z, *(layout.step * (at.mean() + 0.5) - 0.5 for at in (y, x))])


def _first(
    images: list[np.ndarray], layouts: tuple[LocatedPellet, LocatedPellet], step: int, ratio: float
) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the pellets on each other, turned by the angle at which slices are most alike."""
    centres = [_centre(layout) for layout in layouts]
    rings = [
        _rings(image, centre / step, layout, step)
        for image, centre, layout in zip(images, centres, layouts, strict=True)
    ]
    radii = min(one.shape[1] for one in rings)
    spectra = [fft.rfft(one[:, :radii], axis=2) for one in rings]
    alike = fft.irfft((spectra[0] * np.conj(spectra[1])).sum(axis=(0, 1)), ANGLES)
    k = int(np.argmax(alike))
    angle = 2.0 * np.pi * (k if k <= ANGLES // 2 else k - ANGLES) / ANGLES
    # later(phi) = earlier(phi - angle): the earlier point of a later one is turned back
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    matrix = ratio * turn
    return matrix, centres[1] - matrix @ centres[0]


def _rings(image: np.ndarray, centre: np.ndarray, layout: LocatedPellet, step: int) -> np.ndarray:
    """Slices of the pellet around its axis, (slice, radius, angle), less their mean over the angle."""
    thick = layout.thickness / step
    rows = centre[0] + np.linspace(-0.42, 0.42, SLICES) * thick
    reach = int(0.9 * np.sqrt(layout.columns.sum() / np.pi) * layout.step / step)
    radius = np.arange(3, max(reach, 5))
    angle = 2.0 * np.pi * np.arange(ANGLES) / ANGLES
    y = centre[1] + radius[:, None] * np.sin(angle)
    x = centre[2] + radius[:, None] * np.cos(angle)
    smooth = ndimage.gaussian_filter(image, (1.0, 0.7, 0.7))
    found = np.stack([ndimage.map_coordinates(smooth, [np.full_like(y, row), y, x], order=1) for row in rows])
    return (found - found.mean(axis=2, keepdims=True)) * np.sqrt(radius)[:, None]


def _refined(
    after: Volume, before: Volume, layouts: tuple[LocatedPellet, LocatedPellet], step: int, start: Placement
) -> Placement:
    """Gauss-Newton over all blocks of a level at once; outliers, as new filaments are, count little."""
    corners = _blocks(layouts[0], step, after.level(step).shape)
    centre = _centre(layouts[0])
    fixed = [_block(after, layouts[0], step, corner) for corner in corners]
    matrix, offset = start.matrix, start.offset
    for _ in range(STEPS):
        normal, right, _, _ = _equations(before, layouts[1], step, corners, fixed, (matrix, offset), centre)
        change = np.linalg.solve(normal + 1e-9 * np.trace(normal) * np.eye(PARAMETERS), right)
        matrix, offset = _moved(matrix, offset, change, centre)
        reach = np.array([1.0, 1.0, 1.0, *([np.sqrt(layouts[0].cross_section / np.pi)] * 5)])
        if np.abs(change * reach).max() < SETTLED * step:
            break
    *_, shifts, alike = _equations(before, layouts[1], step, corners, fixed, (matrix, offset), centre)
    known = shifts[np.isfinite(shifts).all(axis=1)]
    residual = float(np.sqrt(np.median((known**2).sum(axis=1)))) if len(known) else float("inf")
    return Placement(matrix, offset, residual * step, alike, len(known))


def _blocks(layout: LocatedPellet, step: int, shape: tuple[int, ...]) -> np.ndarray:
    """Corners (n, 3) of blocks spread over the pellet and its interfaces, in voxels of the level."""
    size = min(BLOCK, min(shape) - 4)
    y, x = np.nonzero(layout.columns)
    low = np.array([layout.surfaces[0].min() / step - size / 3, *(at.min() * layout.step / step for at in (y, x))])
    high = np.array(
        [layout.surfaces[1].max() / step + size / 3, *((at.max() + 1) * layout.step / step for at in (y, x))]
    )
    high = np.minimum(high, np.array(shape) - 2.0) - size
    low = np.minimum(np.maximum(low, 2.0), high)
    spacing = max(float(size), (np.prod(np.maximum(high - low, size)) / BLOCKS) ** (1 / 3))
    axes = [np.linspace(a, b, max(2, round((b - a) / spacing) + 1)) for a, b in zip(low, high, strict=True)]
    corners = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3).round().astype(int)
    middle = ((corners + size / 2) * step / layout.step).astype(int)
    inside = np.clip(middle[:, 1:], 0, np.array(layout.columns.shape) - 1)
    return corners[layout.columns[tuple(inside.T)]]


def _block(volume: Volume, layout: LocatedPellet, step: int, corner: np.ndarray) -> np.ndarray:
    part = tuple(slice(max(0, int(c) - 2), int(c) + BLOCK + 2) for c in corner)
    return _smooth(np.asarray(volume.level(step)[part], np.float32), layout)


def _smooth(greys: np.ndarray, layout: LocatedPellet) -> np.ndarray:
    shares = np.clip((greys - layout.greys.dark) / layout.greys.contrast, -1.0, 2.0)
    return ndimage.gaussian_filter(shares, 1.0, mode="nearest")


def _equations(
    before: Volume,
    layout: LocatedPellet,
    step: int,
    corners: np.ndarray,
    fixed: list[np.ndarray],
    placed: tuple[np.ndarray, np.ndarray],
    centre: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Normal matrix and right side for a small change of the placement; the shift (n, 3) each block asks for alone
    [voxel of the level], NaN without texture; and how alike the scans are."""
    normal, right = np.zeros((PARAMETERS, PARAMETERS)), np.zeros(PARAMETERS)
    shifts, alike = np.full((len(corners), 3), np.nan), []
    for k, (corner, own) in enumerate(zip(corners, fixed, strict=True)):
        first = np.maximum(corner - 2, 0)
        at = (np.indices(own.shape).reshape(3, -1).T + first + 0.5) * step - 0.5
        there = ((at @ placed[0].T + placed[1]) + 0.5) / step - 0.5
        seen, slope = _sampled(before, layout, step, there, own.shape)
        if seen is None:
            continue
        inner = (slice(2, -2),) * 3
        rest = (own - seen)[inner].reshape(-1)
        weight = 1.0 / np.maximum(1.0, np.abs(rest) / 0.15)
        towards = np.stack([one[inner].reshape(-1) for one in slope], axis=1) @ (
            placed[0] / np.cbrt(np.linalg.det(placed[0]))
        )
        where = at.reshape(*own.shape, 3)[inner].reshape(-1, 3) - centre
        design = _design(towards / step, where)
        normal += design.T @ (design * weight[:, None])
        right += design.T @ (rest * weight)
        small = towards.T @ (towards * weight[:, None])
        if np.linalg.eigvalsh(small)[0] > 1e-3 * len(rest) * 0.01:
            shifts[k] = np.linalg.solve(small, towards.T @ (rest * weight))
        alike.append((own[inner].reshape(-1), seen[inner].reshape(-1)))
    if not alike:
        return normal + np.eye(PARAMETERS), right, shifts, 0.0
    one, other = (np.concatenate([pair[j] for pair in alike]) for j in range(2))
    return normal, right, shifts, float(np.corrcoef(one, other)[0, 1])


def _sampled(
    volume: Volume, layout: LocatedPellet, step: int, there: np.ndarray, shape: tuple[int, ...]
) -> tuple[np.ndarray | None, list[np.ndarray]]:
    """Smooth shares of the earlier scan at points (n, 3) of a level, and their slopes; None outside of it."""
    level = volume.level(step)
    low, high = np.floor(there.min(axis=0)).astype(int) - 3, np.ceil(there.max(axis=0)).astype(int) + 4
    cut_low, cut_high = np.maximum(low, 0), np.minimum(high, level.shape)
    if (cut_high - cut_low < 8).any() or (np.maximum(-low, 0) + np.maximum(high - level.shape, 0)).max() > 8:
        return None, []
    part = _smooth(
        np.asarray(level[tuple(slice(int(a), int(b)) for a, b in zip(cut_low, cut_high, strict=True))], np.float32),
        layout,
    )
    places = (there - cut_low).T.reshape(3, *shape)
    slopes = np.gradient(part)
    turned = [ndimage.map_coordinates(one, places, order=1, mode="nearest") for one in (part, *slopes)]
    return turned[0], turned[1:]


def _design(slope: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Change of the grey by each parameter: shift z y x, rotation about z y x, stretch through and in the plane."""
    z, y, x = where.T
    gz, gy, gx = slope.T
    return np.stack([gz, gy, gx, -gy * x + gx * y, gz * x - gx * z, -gz * y + gy * z, gz * z, gy * y + gx * x], axis=1)


def _moved(
    matrix: np.ndarray, offset: np.ndarray, change: np.ndarray, centre: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The placement after a small change, made in the frame of the later scan: x -> x + shift + G (x - centre)."""
    a, b, c = change[3:6]
    through, inside = change[6:]
    grow = np.array([[through, -c, b], [c, inside, -a], [-b, a, inside]])
    shift = change[:3]
    return matrix @ (np.eye(3) + grow), offset + matrix @ (shift - grow @ centre)
