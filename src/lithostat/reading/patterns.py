"""read_patterns(path) -> every scan of a diffraction file as a `Pattern`, with what its header says.

geddes reads the bytes (xy, xye, chi, xrdml, brml, raw, ras, rasx, uxd, GSAS, pdCIF); wavelength, radius, clock,
attenuation and the meaning of sigma are read here. Nothing is defaulted: what the file does not say stays unknown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.experiment.files import read_file
from lithostat.experiment.pattern import FEWEST, GEOMETRIES, Pattern
from lithostat.reading.patterns_header import Header, headers
from lithostat.reading.patterns_sigma import sigma_of

LARGEST = 256 << 20  # bytes; no one-dimensional pattern is larger
MOST_SCANS = 5000
MOST_LOST = 0.05  # of the points, that may hold no number
SUFFIXES = frozenset(
    [
        ".xy",
        ".xye",
        ".xrdml",
        ".raw",
        ".brml",
        ".ras",
        ".rasx",
        ".uxd",
        ".cif",
        ".gsa",
        ".gss",
        ".fxye",
        ".gsas",
        ".chi",
        ".dat",
        ".txt",
        ".csv",
    ]
)


class Stated(NamedTuple):
    """What a person says about a file; it goes before what the file says."""

    lines: tuple[tuple[float, float], ...] = ()
    geometry: str | None = None
    radius: float | None = None
    monochromator: float | None = None
    polarisation: float | None = None
    region: str | None = None


def read_patterns(path: str | Path, stated: Stated | None = None) -> tuple[Pattern, ...]:
    """All scans of a file, in the file's order.

    Raises `InputError` with the file and one sentence where nothing can be read; a scan that cannot be used is left out
    and named in the warnings of the others.
    """
    path = Path(path)
    content = _content(path)
    parse = _parser(content, path)
    found, refused = [], []
    known = _headers(content, path)
    digest = hashlib.sha256(content).hexdigest()
    for index, (x, y) in enumerate(parse()):
        header = known[index] if index < len(known) else (known[-1] if known else Header())
        try:
            found.append(_pattern(path, index, x, y, header, stated or Stated(), digest))
        except InputError as error:
            refused.append(f"scan {index + 1} was not used: {error.problem}")
            fault = error
    if not found:
        raise (
            InputError(fault.problem, file=str(path), expected=fault.expected)
            if refused
            else InputError("holds no scan", file=str(path), expected="intensity against angle")
        )
    if len(found) == 1:
        found = [replace(found[0], name=path.name)]
    return tuple(replace(each, warnings=(*each.warnings, *refused)) for each in found)


def _headers(content: bytes, path: Path) -> tuple[Header, ...]:
    try:
        return headers(content, path.name)
    except InputError as error:
        raise InputError(error.problem, file=str(path), expected=error.expected) from None


def _content(path: Path) -> bytes:
    content = read_file(path, LARGEST)
    if not content:
        raise InputError("is empty", file=str(path))
    return content


def _parser(content: bytes, path: Path) -> Callable[[], Any]:
    """A generator over the scans of a file as geddes reads them."""
    try:
        import geddes
    except ImportError:
        raise MissingPackage("diffraction files need geddes: pip install 'lithostat[diffraction]'") from None

    def scans() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for index in range(MOST_SCANS):
            try:
                scan = geddes.read_bytes(content, path.name, index=index)
            except BaseException as error:  # geddes raises ValueError; its panics are no Exception
                if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
                    raise
                if index > 0 and re.search(r"out of range|index must be 0|only one", str(error)):
                    return
                raise InputError(_said(error), file=str(path), expected="a pattern; see docs/diffraction.md") from None
            yield np.asarray(scan.x, float), np.asarray(scan.y, float)

    return scans


def _said(error: BaseException) -> str:
    reason = (str(error).splitlines() or [""])[0].removeprefix("Parse error: ")[:200]
    return f"is damaged or no pattern that is known here ({reason})"


def _pattern(
    path: Path, index: int, x: np.ndarray, y: np.ndarray, header: Header, stated: Stated, digest: str
) -> Pattern:
    """One scan as a `Pattern`; raises `InputError` for what no fit could use."""
    x, y, header, notes = _usable(x, y, header)
    lines = stated.lines or header.lines
    two_theta = _angles(x, header, lines)
    values, sigma, sigma_from, said = sigma_of(y, header.third, header)
    geometry = stated.geometry or header.geometry
    if geometry is not None and geometry not in GEOMETRIES:
        raise InputError(f"received the geometry '{geometry}'", expected=f"one of {', '.join(GEOMETRIES)}")
    return Pattern(
        two_theta,
        values,
        sigma,
        sigma_from,
        lines=lines,
        geometry=geometry,
        radius=stated.radius if stated.radius is not None else header.radius,
        monochromator=stated.monochromator if stated.monochromator is not None else header.monochromator,
        polarisation=stated.polarisation if stated.polarisation is not None else header.polarisation or 0.0,
        axial=header.axial,
        start=header.start,
        duration=header.duration,
        region=stated.region,
        attenuation=header.attenuation,
        name=f"{path.name} scan {index + 1}",
        source={"file": path.name, "sha256": digest, "scan": index + 1},
        warnings=(*header.warnings, *notes, *said),
    )


def _usable(x: np.ndarray, y: np.ndarray, header: Header) -> tuple[np.ndarray, np.ndarray, Header, tuple[str, ...]]:
    """Angles, values and what the header lists per point, without what is not finite; a falling axis is turned."""
    if len(x) < FEWEST:
        raise InputError(f"holds a scan of {len(x)} points", expected=f"at least {FEWEST}")
    header, notes = _matching(header, len(x))
    good = np.isfinite(x) & np.isfinite(y)
    if not good.all():
        lost = int((~good).sum())
        if lost > MOST_LOST * len(x):
            raise InputError(f"{lost} of {len(x)} points are not finite numbers", expected="finite angles and counts")
        notes.append(f"{lost} of {len(x)} points are not finite numbers and were left out")
        x, y, header = x[good], y[good], _of_points(header, good)
    if x[0] > x[-1]:
        notes.append("the angles fall from point to point; the scan was turned round")
        x, y, header = x[::-1], y[::-1], _of_points(header, slice(None, None, -1))
    if x[0] < 0.0 < x[-1]:
        notes.append(f"{int((x < 0.0).sum())} points on the other side of the beam were left out")
        y, header, x = y[x >= 0.0], _of_points(header, x >= 0.0), x[x >= 0.0]
    if (np.diff(x) <= 0.0).any():
        at = int(np.argmin(np.diff(x)))
        raise InputError(
            f"the angle falls or stands still at point {at + 2} ({x[at + 1]:.5g} after {x[at]:.5g})",
            expected="angles that increase from point to point",
        )
    if (y < 0.0).any():
        notes.append(
            f"{int((y < 0.0).sum())} of {len(y)} intensities are below zero: a background was subtracted before"
        )
    if not (y > 0.0).any():
        raise InputError("no intensity is above zero", expected="counts")
    return x, y, header, tuple(notes)


def _matching(header: Header, count: int) -> tuple[Header, list[str]]:
    """The header, if what it lists per point is listed for every point; a third column that is not is left out."""
    for name, listed, fewest in (("attenuators", header.factors, 0), ("counting times", header.seconds, 1)):
        if listed is not None and len(listed) not in (count, fewest):
            raise InputError(
                f"lists {len(listed)} {name} for {count} points", expected="one for each point: is the file cut off?"
            )
    if header.third is not None and len(header.third) != count:
        said = f"the third column holds {len(header.third)} numbers for {count} points; it was not used"
        return replace(header, third=None), [said]
    return header, []


def _of_points(header: Header, chosen: np.ndarray | slice) -> Header:
    """The header with what it lists per point for some of the points, or in another order."""
    third, factors, seconds = (
        values[chosen] if values is not None and len(values) > 1 else values
        for values in (header.third, header.factors, header.seconds)
    )
    return replace(header, third=third, factors=factors, seconds=seconds)


def _angles(x: np.ndarray, header: Header, lines: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Two-theta [rad] from the axis of the file."""
    if header.axis == "rad":
        return x
    if header.axis == "degrees":
        if x[-1] > 180.0 or x[0] < 0.0:
            raise InputError(f"angles from {x[0]:.5g} to {x[-1]:.5g}", expected="two-theta in degrees, 0 to 180")
        return np.radians(x)
    if not lines:
        raise InputError(
            "the axis is a scattering vector, and nobody said the wavelength", expected="--wavelength '0.4959 angstrom'"
        )
    sine = x * (1e10 if header.axis == "1/angstrom" else 1e9) * lines[0][0] / (4.0 * np.pi)
    if sine[-1] >= 1.0:
        raise InputError(
            f"a scattering vector of {x[-1]:.4g} {header.axis} cannot be reached at {lines[0][0] * 1e10:.4f} angstrom",
            expected="the wavelength of the measurement",
        )
    return 2.0 * np.arcsin(sine)
