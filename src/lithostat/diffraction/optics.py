"""What an instrument does to the lines of a powder: polarisation, shifts, absorption by layers, texture."""

from __future__ import annotations

import numpy as np

MOST_TILT = np.radians(85.0)  # beyond it a layer seen on edge has no useful path
_TURNS = np.cos(np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False))  # of a crystal about its scattering vector


def lorentz_polarisation(
    two_theta: np.ndarray, *, monochromator: float | None = None, polarisation: float = 0.0
) -> np.ndarray:
    """Intensity of a powder ring per length of its arc, random crystals, up to a constant [-].

    (a + w K cos^2(2 theta)) / (a + w K) / (sin^2 theta cos theta), with the shares w and a of the beam polarised within
    and across the scattering plane and K = cos^2(2 theta_M) of a monochromator crystal in that plane (1 without one).
    `polarisation` is w - a: 0 for a tube, near -1 for a synchrotron with a vertical scattering plane.
    """
    theta = 0.5 * two_theta
    within, across = 0.5 * (1.0 + polarisation), 0.5 * (1.0 - polarisation)
    if monochromator is not None:
        within = within * np.cos(monochromator) ** 2
    polarised = (across + within * np.cos(two_theta) ** 2) / (across + within)
    return polarised / (np.sin(theta) ** 2 * np.cos(theta))


def shift(two_theta: np.ndarray, kind: str, amount: float) -> np.ndarray:
    """How far a line is moved [rad].

    `kind` 'zero': by `amount` [rad] everywhere. 'displacement': a flat sample outside the focusing circle by `amount`
    radii, -2 s/R cos(theta). 'along the beam': a sample in transmission nearer to the detector by `amount` radii,
    -s/R sin(2 theta).
    """
    if kind == "zero":
        return amount * np.ones_like(two_theta)
    if kind == "displacement":
        return -2.0 * amount * np.cos(0.5 * two_theta)
    return -amount * np.sin(two_theta)


def slab_transmission(two_theta: np.ndarray, thickness: float) -> np.ndarray:
    """What absorption leaves of the lines of a slab that the beam meets at a right angle [-], 1 without absorption.

    `thickness` in absorption lengths (mu t): (exp(-mt) - exp(-mt/c)) / (mt (1/c - 1)) with c = cos(2 theta).
    """
    excess = thickness * (1.0 / np.cos(np.minimum(two_theta, MOST_TILT)) - 1.0)
    small = np.abs(excess) < 1e-6
    safe = np.where(small, 1.0, excess)
    return np.exp(-thickness) * np.where(small, 1.0 - 0.5 * excess, -np.expm1(-safe) / safe)


def layer_transmission(two_theta: np.ndarray, thickness: float) -> np.ndarray:
    """Share of the scattered beam that a layer behind the sample lets through [-]; mu t at normal incidence.

    A layer in front of the sample takes exp(-mu t) at every angle and is not asked for.
    """
    return np.exp(-thickness / np.cos(np.minimum(two_theta, MOST_TILT)))


def cylinder_transmission(two_theta: np.ndarray, radius: float, wall: float = 0.0, outside: float = 1.0) -> np.ndarray:
    """What absorption leaves of the lines of a cylinder that the beam meets from the side [-].

    `radius` in absorption lengths of the sample (mu R). `wall` is the absorption coefficient of the tube around it over
    that of the sample, `outside` the tube's outer radius over R. By quadrature over the cross-section, exact to 1e-4.
    """
    rings, turns = 24, 48
    r = np.sqrt((np.arange(rings) + 0.5) / rings)[:, None]
    phi = (2.0 * np.pi * (np.arange(turns) + 0.5) / turns)[None, :]
    x, y = (r * np.cos(phi)).ravel(), (r * np.sin(phi)).ravel()
    angles = np.atleast_1d(np.asarray(two_theta, float))
    inward = _path(x, y, -1.0, 0.0, wall, outside)
    left = [
        np.exp(-radius * (inward + _path(x, y, np.cos(angle), np.sin(angle), wall, outside))).mean() for angle in angles
    ]
    return np.array(left).reshape(np.shape(two_theta))


def _path(x: np.ndarray, y: np.ndarray, to_x: float, to_y: float, wall: float, outside: float) -> np.ndarray:
    """Absorption lengths from places in a unit disc to the outside, per absorption length of its radius."""
    along, off = x * to_x + y * to_y, (x * to_y - y * to_x) ** 2
    within = np.sqrt(np.maximum(1.0 - off, 0.0)) - along
    through = np.sqrt(np.maximum(outside**2 - off, 0.0)) - along - within
    return within + wall * through


def march_dollase(cosines: np.ndarray, degree: float, tilt: np.ndarray) -> np.ndarray:
    """Intensity of textured over that of random crystals, (reflections,) [-]; 1 at degree 1.

    `cosines` (reflections, images) of the angle between a reflection's images under the symmetry and the direction in
    which crystals like to lie. `degree` r of Dollase (1986), J. Appl. Cryst. 19, 267: below 1
    for plates that lie flat. `tilt` (reflections,) angle between the scattering vector and the axis of the sample
    [rad]: 0 in reflection, 90 degrees less theta through a slab, 90 degrees across a cylinder.
    """
    if not tilt.any():
        axis = cosines[..., None]
    else:
        sines = np.sqrt(np.maximum(1.0 - cosines**2, 0.0))[..., None]
        axis = cosines[..., None] * np.cos(tilt)[:, None, None] + sines * np.sin(tilt)[:, None, None] * _TURNS
    square = axis**2
    density = (degree**2 * square + (1.0 - square) / degree) ** -1.5
    return np.mean(density, axis=(1, 2))
