"""read(path) -> Record: finds out what a file is by looking into it."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from pathlib import Path

from polars.exceptions import PanicException

from lithostat.experiment.errors import InputError, LithostatError, MissingPackage
from lithostat.experiment.files import open_file
from lithostat.experiment.record import Record
from lithostat.reading import apart
from lithostat.reading.harmonise import LARGEST
from lithostat.reading.internal_consistency import check_consistency

HEAD = 1 << 16  # bytes that are enough to tell formats apart
MUCH = 1 << 28  # bytes of text that are no longer read in this process

# Each module has `recognise(head, path) -> bool` and `read(path) -> Record`; the first that recognises a file reads it.
FORMATS = ("own", "biologic_mpr", "neware", "arbin_res", "hdf5", "spreadsheet", "delimited")
TEXT = ("delimited",)  # read by this package alone, line by line; the others are libraries that a file may abort


def read(path: str | Path, *, declaration: str | Path | None = None) -> Record:
    """Read one file of a lab: cycler data, impedance, a log of the load cell, or a record of our own.

    The format is found by looking into the file; `declaration` is a YAML file that describes a text format of your own
    (see docs/reading.md). Whatever could not be understood is in the record's warnings. Binary formats, large files and
    those with a declaration are read in a process apart, within limits on memory and time. Raises `InputError` with the
    file and one sentence if nothing can be read, `MissingPackage` if an optional package would be needed.
    """
    path = Path(path)
    declared = None if declaration is None else Path(declaration)
    if apart.can_be_apart() and (declared is not None or _format(path) not in TEXT or path.stat().st_size > MUCH):
        return apart.read_apart(path, declared)
    return read_here(path, declaration=declared)


def read_here(path: Path, *, declaration: Path | None = None) -> Record:
    """The same in this process, whatever the file does to it."""
    if declaration is not None:
        from lithostat.reading import delimited
        from lithostat.reading.declaration import read_declaration

        _head(path)
        said = read_declaration(declaration)
        return _guarded(path, lambda: delimited.read(path, said))
    module = importlib.import_module(f"lithostat.reading.{_format(path)}")
    return _guarded(path, functools.partial(module.read, path))


def _format(path: Path) -> str:
    """The first of `FORMATS` that recognises a file."""
    head = _head(path)
    for name in FORMATS:
        if importlib.import_module(f"lithostat.reading.{name}").recognise(head, path):
            return name
    raise InputError(
        "is in no format that is known here", file=str(path), expected="see docs/reading.md for the formats"
    )


def _head(path: Path) -> bytes:
    with open_file(path, LARGEST) as stream:
        head = stream.read(HEAD)
    if not head:
        raise InputError("is empty", file=str(path))
    return head


def _guarded(path: Path, reading: Callable[[], Record]) -> Record:
    """What was read, held against its own columns; errors of the library underneath become one sentence."""
    try:
        return check_consistency(reading())
    except (InputError, MissingPackage) as error:
        if isinstance(error, MissingPackage) or error.file is not None:
            raise
        raise InputError(error.problem, file=str(path), place=error.place, expected=error.expected) from None
    except LithostatError:
        raise
    except MemoryError:
        raise InputError(
            "would need more memory than there is; it is damaged or far too large", file=str(path)
        ) from None
    except (Exception, PanicException) as error:  # a panic of the library underneath is no Exception
        reason = (str(error).splitlines() or [""])[0][:200]
        raise InputError(
            f"is damaged or not what it looks like ({type(error).__name__}: {reason})", file=str(path)
        ) from None
