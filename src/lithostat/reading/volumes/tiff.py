"""TIFF: a folder of slices, or one file of many pages (BigTIFF, and ImageJ's files above 4 GB, included)."""

from __future__ import annotations

import math
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.experiment.volume import TYPES, Voxels
from lithostat.reading.volumes.numbering import in_order
from lithostat.reading.volumes.slices import Slices

if TYPE_CHECKING:
    from types import ModuleType

    import tifffile

SUFFIXES = (".tif", ".tiff", ".btf", ".tf8")
MOST = 2**40  # voxels; 10,000 along each axis
DENSEST = 5000  # no codec packs an image into fewer than 1/5000 of its bytes, but for one that is blank
_UNITS = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "\\u00b5m": 1e-6, "micron": 1e-6, "nm": 1e-9}
_UNITS |= {"microns": 1e-6, "micrometer": 1e-6, "millimeter": 1e-3, "inch": 0.0254, "μm": 1e-6}


class Opened(NamedTuple):
    """Greys of a file or folder, [slice, y, x]; the voxel size it states itself [m], if it does; what to know of it."""

    voxels: Voxels
    stated: tuple[float, ...] | None
    warnings: tuple[str, ...]


def open_tiff(path: Path) -> Opened:
    """Open a TIFF file, or a folder of TIFF slices; greys are read when they are asked for."""
    return _folder(path) if path.is_dir() else _file(path)


def tiff_files(folder: Path) -> list[Path]:
    """The TIFF files of a folder; hidden ones are not."""
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )


def _tifffile() -> ModuleType:
    try:
        import tifffile
    except ImportError:
        raise MissingPackage("TIFF needs tifffile: pip install 'lithostat[tomography]'") from None
    return tifffile


def _folder(folder: Path) -> Opened:
    files, warnings = in_order(tiff_files(folder), folder)
    if not files:
        raise InputError("holds no TIFF file", file=str(folder), expected=f"slices named {', '.join(SUFFIXES)}")
    if len(files) == 1:
        return _file(files[0])
    first = _page(files[0])
    for path in files[1:]:
        page = _page(path)
        for what, one, other in (("size", page.shape, first.shape), ("type of grey", page.dtype, first.dtype)):
            if one != other:
                raise InputError(
                    f"is an odd slice: its {what} is {one}, that of {files[0].name} is {other}",
                    file=str(path),
                    expected="slices that are all alike",
                )
    voxels = Slices(len(files), first.shape, _kind(first.dtype), lambda k: _read(files[k], 0))
    return Opened(voxels, first.stated, warnings)


class _Page(NamedTuple):
    shape: tuple[int, int]
    dtype: np.dtype
    stated: tuple[float, ...] | None


def _page(path: Path) -> _Page:
    """The only page of a slice."""
    with _open(path) as file:
        if len(file.pages) > 1:
            raise InputError(f"has {len(file.pages)} pages", file=str(path), expected="one slice a file, or one file")
        page = file.pages[0]
        _check(page, path, path.stat().st_size)
        return _Page(page.shape, page.dtype, _stated(file))


def _file(path: Path) -> Opened:
    with _open(path) as file:
        page, series, size = file.pages[0], file.series[0], path.stat().st_size
        _check(page, path, size)
        if len(file.pages) == 1 and series.dataoffset is not None and series.ndim == 3:  # ImageJ above 4 GB
            shape, dtype, offset = series.shape, page.dtype, series.dataoffset
            _whole(shape, dtype, size - offset, path)
            kind = np.dtype(dtype).newbyteorder(file.byteorder)
            return Opened(np.memmap(path, kind, "r", offset, shape), _stated(file), ())
        count, odd = len(file.pages), None
        _sane((count, *page.shape), page.dtype, size, path)
        for k, other in enumerate(file.pages):
            if other.shape != page.shape or other.dtype != page.dtype:
                odd = f"page {k + 1} is odd: {other.shape} {other.dtype}, the first is {page.shape} {page.dtype}"
                raise InputError(odd, file=str(path), expected="pages that are all alike")
            _there(other, path, size, k)
        stated = _stated(file)
    if count == 1:
        raise InputError("is a single slice", file=str(path), expected="a stack: many pages, or a folder of slices")
    return Opened(_Pages(path, count, page.shape, page.dtype), stated, ())


class _Pages(Slices):
    """Pages of one file that stays open as long as this is used."""

    def __init__(self, path: Path, count: int, plane: tuple[int, int], dtype: np.dtype) -> None:
        file = _open(path)
        weakref.finalize(self, file.close)
        super().__init__(count, plane, _kind(dtype), lambda k: _decoded(file.pages[k], path, f"page {k + 1}"))


def _open(path: Path) -> tifffile.TiffFile:
    tifffile, file = _tifffile(), None
    try:
        file = tifffile.TiffFile(path)
        if not len(file.pages):
            raise ValueError("no page")
        file.pages[0].shape  # noqa: B018  (reads it)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", file=str(path)) from None
    except Exception as error:  # whatever a damaged header makes of the library
        if file is not None:
            file.close()
        raise InputError(f"is not a whole TIFF ({type(error).__name__}: {error})", file=str(path)) from None
    return file


def _check(page: tifffile.TiffPage, path: Path, size: int) -> None:
    """Refuse what is no grey slice, what cannot be true, and what is cut short."""
    if len(page.shape) != 2 or page.samplesperpixel != 1:
        raise InputError(
            f"holds {page.samplesperpixel} values a pixel, shape {page.shape}",
            file=str(path),
            expected="greys, one value a pixel",
        )
    if np.dtype(page.dtype).name not in (*TYPES, "bool"):
        raise InputError(f"holds {page.dtype}", file=str(path), expected=f"greys as {', '.join(TYPES)}")
    _sane(page.shape, page.dtype, size, path)
    _there(page, path, size, 0)


def _sane(shape: tuple[int, ...], dtype: np.dtype, size: int, path: Path) -> None:
    voxels = math.prod(shape)
    if voxels > MOST or voxels * np.dtype(dtype).itemsize > DENSEST * size + 2**24:
        raise InputError(
            f"claims {voxels:.3g} voxels ({' x '.join(map(str, shape))}) in {size} bytes", file=str(path),
            expected="a header that fits the file",
        )  # fmt: skip


def _there(page: tifffile.TiffPage, path: Path, size: int, k: int) -> None:
    ends = [offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    if ends and max(ends) > size:
        raise InputError(
            f"is cut short: page {k + 1} ends at byte {max(ends)}, the file at {size}", file=str(path),
            expected="the whole file; copy it again",
        )  # fmt: skip


def _kind(dtype: np.dtype) -> np.dtype:
    """Type of the greys; one bit a voxel becomes 0 and 1."""
    return np.dtype(np.uint8) if np.dtype(dtype) == bool else np.dtype(dtype)


def _whole(shape: tuple[int, ...], dtype: np.dtype, there: int, path: Path) -> None:
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    if needed > there:
        raise InputError(
            f"is cut short: {' x '.join(map(str, shape))} greys need {needed} bytes, {max(there, 0)} are there",
            file=str(path),
            expected="the whole file; copy it again",
        )


def _read(path: Path, k: int) -> np.ndarray:
    with _open(path) as file:
        return _decoded(file.pages[k], path, "the slice")


def _decoded(page: tifffile.TiffPage, path: Path, which: str) -> np.ndarray:
    try:
        return np.asarray(page.asarray())
    except Exception as error:  # the codecs raise whatever they like
        raise InputError(f"{which} cannot be decoded ({type(error).__name__}: {error})", file=str(path)) from None


def _stated(file: tifffile.TiffFile) -> tuple[float, ...] | None:
    """Voxel size along (x, y) or (x, y, z) that the file states [m]; None where it states no physical one."""
    page, about = file.pages[0], file.imagej_metadata or {}
    tags = page.tags
    try:
        per = [tags[name].value[0] / tags[name].value[1] for name in ("XResolution", "YResolution")]
        code = int(tags["ResolutionUnit"].value) if "ResolutionUnit" in tags else 2
    except (KeyError, ZeroDivisionError, TypeError, ValueError):
        return None
    unit = _UNITS.get(str(about.get("unit", "")).strip().lower()) if file.is_imagej else {2: 0.0254, 3: 0.01}.get(code)
    if unit is None or min(per) <= 0.0 or (unit == 0.0254 and per[0] in (72.0, 96.0)):  # what editors write unasked
        return None
    sizes = tuple(unit / value for value in per)
    spacing = about.get("spacing")
    return (*sizes, float(spacing) * unit) if spacing and file.is_imagej else sizes
