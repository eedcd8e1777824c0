"""Files that others made, opened only if they are files: a pipe never ends, and a device has no end."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

from lithostat.experiment.errors import InputError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def why_no_file(path: Path) -> str | None:
    """Why a path is no regular file that can be opened, following links; None if it is one."""
    try:
        return _other(os.stat(path).st_mode)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        return f"cannot be read ({getattr(error, 'strerror', None) or error})"


def open_file(path: Path, most: int) -> io.BufferedReader:
    """A regular file of at most `most` bytes, open for reading; anything else raises `InputError`.

    It is looked at before it is opened, since opening alone waits at a pipe and acts on some devices, and once more
    when it is open, since it may have been another one before.
    """
    problem = why_no_file(path)
    if problem is None:
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror or error})", file=str(path)) from None
        stream = os.fdopen(handle, "rb")
        told = os.fstat(handle)
        problem = _other(told.st_mode) or _too_large(told.st_size, most)
        if problem is None:
            return stream
        stream.close()
    raise InputError(problem, file=str(path), expected="a file")


def read_file(path: Path, most: int) -> bytes:
    """All bytes of a regular file, if it has at most `most`; anything else raises `InputError`."""
    try:
        with open_file(path, most) as stream:
            data = stream.read(os.fstat(stream.fileno()).st_size + 1)  # exactly that is asked of the memory
            while len(data) <= most and (more := stream.read(1 << 20)):  # files of the system are longer than they say
                data += more
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", file=str(path)) from None
    if problem := _too_large(len(data), most):
        raise InputError(problem, file=str(path))
    return data


def read_text(path: Path, most: int) -> str:
    """Text of a regular file in UTF-8 with plain line ends, likewise."""
    try:
        text = read_file(path, most).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", file=str(path)) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _other(mode: int) -> str | None:
    if stat.S_ISREG(mode):
        return None
    return f"is {next((name for test, name in _KINDS if test(mode)), 'something else')}, and no file"


def _too_large(size: int, most: int) -> str | None:
    return f"is larger than {_shown(most)}" if size > most else None


def _shown(size: int) -> str:
    return f"{size >> 30} GiB" if size >= 1 << 30 else f"{size >> 20} MiB"


def inside(folder: Path, name: str) -> Path | None:
    """Where a file lies that somebody in `folder` names; None outside of that folder, and where links go round."""
    try:
        place = (folder / name).resolve()
        return place if place.is_relative_to(folder.resolve()) else None
    except (OSError, RuntimeError, ValueError):  # ValueError: a NUL
        return None
