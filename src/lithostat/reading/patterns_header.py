"""What the header of a diffraction file says beside angles and counts; one reader per kind of file."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.radiation import ANODES, SECOND

ANGSTROM = 1e-10  # m
LARGEST = 256 << 20  # bytes that an archive may unpack to
MOST_MEMBERS = 10_000
GRAPHITE = 3.3555e-10  # m, spacing 002: the usual monochromator behind a sample


@dataclass(frozen=True)
class Header:
    """What a file says about one scan; None and () where it says nothing.

    Args:
        lines: wavelengths [m] with weights; geometry, radius, monochromator, axial, polarisation as in `Pattern`.
        start: wall clock; duration [s].
        third: third column of a text file, whatever it means.
        factors: (n,) by which the counter's number must be multiplied for what the sample scattered.
        applied: True where the numbers of the file have been multiplied by them already.
        seconds: (n,) counting time per point, or one for all.
        rate: True where the numbers are counts per second.
        axis: 'degrees', 'rad', '1/angstrom' or '1/nm'.
        attenuation: as in `Pattern`.
    """

    lines: tuple[tuple[float, float], ...] = ()
    geometry: str | None = None
    radius: float | None = None
    monochromator: float | None = None
    polarisation: float | None = None
    axial: float | None = None
    start: datetime | None = None
    duration: float | None = None
    third: np.ndarray | None = None
    factors: np.ndarray | None = None
    applied: bool = False
    seconds: np.ndarray | None = None
    rate: bool = False
    axis: str = "degrees"
    attenuation: str = "unknown"
    warnings: tuple[str, ...] = ()


def headers(content: bytes, name: str) -> tuple[Header, ...]:
    """One header per scan, in the file's order; a single one where it holds for all of them."""
    from lithostat.reading import patterns_text, patterns_xml

    if content[:2] == b"PK":
        return _archive(content)
    if content[:3] == b"RAW":
        return (_bruker_raw(content),)
    text = content.decode("utf-8-sig", errors="replace")
    if "<xrdMeasurement" in text:
        return patterns_xml.xrdml(text)
    if "*RAS_DATA_START" in text or "*RAS_HEADER_START" in text:
        return patterns_text.ras(text)
    if re.search(r"(?m)^\s*_(WL1|ANODE|STEPSIZE|FILEVERSION)\b", text) and "_FILEVERSION" in text:
        return patterns_text.uxd(text)
    if re.search(r"(?m)^\s*data_", text) and "_pd_" in text:
        return patterns_text.pdcif(text)
    return (patterns_text.columns(text, name),)


def _archive(content: bytes) -> tuple[Header, ...]:
    """Headers of an archive of XML (brml, rasx), read in memory: nothing of it is ever written to a disk."""
    from lithostat.reading import patterns_xml

    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        names = archive.namelist()
        size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise InputError(f"is a damaged archive ({error})", expected="a .brml or .rasx file") from None
    if len(names) > MOST_MEMBERS or size > LARGEST:
        raise InputError(
            f"is an archive of {len(names)} files and {size >> 20} MiB",
            expected="a .brml or .rasx file of one measurement",
        )
    if any(re.search(r"RawData\d*\.xml$", each) for each in names):
        return patterns_xml.brml(archive, names)
    if any(re.search(r"Profile\d*\.txt$", each) for each in names):
        return patterns_xml.rasx(archive, names)
    return ()


def tube(first: float | None, second: float | None, ratio: float | None, anode: str = "") -> tuple:
    """Lines of a tube from what a file prints: wavelengths in angstrom, weight of the second; () for nothing."""
    if first is None or not 0.1 < first < 5.0:
        known = ANODES.get(anode.strip().capitalize())
        return ((known[0], 1.0), (known[1], SECOND)) if known else ()
    lines = [(first * ANGSTROM, 1.0)]
    if second is not None and 0.1 < second < 5.0 and abs(second - first) > 1e-5 and (ratio is None or ratio > 0.0):
        lines.append((second * ANGSTROM, SECOND if ratio is None else ratio))
    return tuple(lines)


def behind_graphite(lines: tuple) -> float | None:
    """Two-theta of a graphite monochromator at the wavelength of a file [rad]."""
    return float(2.0 * np.arcsin(lines[0][0] / (2.0 * GRAPHITE))) if lines else None


def _bruker_raw(content: bytes) -> Header:
    """Bruker RAW1.01 at its known places; RAW4.00 by looking for a tube's pair of wavelengths in its first bytes."""
    if content.startswith(b"RAW1.01") and len(content) > 712:
        first, second, _, ratio = struct.unpack_from("<4d", content, 624)
        anode = content[608:612].decode("latin-1").strip("\0 ")
        clock = content[16:36].decode("latin-1").replace("\0", " ")
        return Header(
            lines=tube(first, second, ratio, anode),
            radius=None,
            start=_american(clock),
            attenuation="unknown",
            warnings=(),
        )
    lines = _pair(content[: 1 << 16])
    clock = content[12:34].decode("latin-1").replace("\0", " ") if content.startswith(b"RAW4.00") else ""
    return Header(lines=lines, start=_american(clock))


def _pair(head: bytes) -> tuple:
    """A tube's first two wavelengths as neighbouring doubles, wherever they stand."""
    for offset in range(8):
        values = np.frombuffer(head[offset : offset + (len(head) - offset) // 8 * 8], "<f8")
        values = np.where(np.abs(values) < 10.0, values, 0.0)  # nothing else is a wavelength in angstrom
        for first, second, _ in ANODES.values():
            near = np.abs(values[:-1] - first / ANGSTROM) < 2e-4
            near &= np.abs(values[1:] - second / ANGSTROM) < 4e-4
            if near.any():
                place = int(np.argmax(near))
                return tube(float(values[place]), float(values[place + 1]), SECOND)
    return ()


def _american(text: str) -> datetime | None:
    """Month/day/year and a time, as Bruker's headers write them."""
    found = re.search(r"(\d{1,2})/(\d{1,2})/(\d{2,4})\s+(\d{1,2}):(\d{2}):(\d{2})", text)
    if found is None:
        return None
    month, day, year, hour, minute, second = map(int, found.groups())
    try:
        return datetime(year + 2000 if year < 100 else year, month, day, hour, minute, second)
    except ValueError:
        return None


def clock(text: str | None) -> datetime | None:
    """A date and time as ISO 8601 or year/month/day; None for anything else."""
    if not text:
        return None
    cleaned = text.strip().strip('"').replace("/", "-")
    try:
        return datetime.fromisoformat(cleaned)
    except ValueError:
        pass
    for layout in ("%m-%d-%y %H:%M:%S", "%m-%d-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(cleaned, layout)
        except ValueError:
            continue
    return None


def number(text: object) -> float | None:
    """A finite number from text, None for anything else."""
    try:
        value = float(str(text).strip().strip('"').replace(",", "."))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def third_column(rows: list[list[str]]) -> np.ndarray | None:
    """The third of at least three columns, by rising angle, as geddes hands the first two; None where it is no column.

    A NaN stands for what is no number: the readers of a third column refuse it.
    """
    values = [[number(part) for part in row[:3]] for row in rows]
    if not values or any(row[0] is None for row in values):
        return None
    found = np.array([row[2] if row[2] is not None else np.nan for row in values], float)
    first, last = values[0][0], values[-1][0]
    assert first is not None
    assert last is not None
    return found[::-1] if first > last else found
