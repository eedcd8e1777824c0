"""Zip archives of others: whole, and of a size that can be unpacked, before a library unpacks them."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from lithostat.experiment.errors import InputError
from lithostat.experiment.files import open_file
from lithostat.reading.harmonise import LARGEST

ZIP = b"PK\x03\x04"
UNPACKED = 4 << 30  # bytes in all entries together; those of a test of years are 1 GiB
MOST = 10_000  # entries
TAIL = 1 << 16  # bytes at the end, where the names of a few entries stand


def names(path: Path, name: bytes) -> bool:
    """Whether an archive has an entry of that name, from its last bytes alone: nothing is unpacked or counted."""
    with open_file(path, LARGEST) as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - TAIL))
        return name in stream.read(TAIL)


def check_archive(path: Path, *, kind: str, holds: str, test: bool = False) -> None:
    """Refuse an archive that is damaged, far too large, or lacks the entry `holds`; with `test`, of a wrong checksum.

    Sizes are those that the archive states. It may lie: whoever unpacks it does so in a process of limited memory.
    """
    broken = None
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            if len(entries) <= MOST and size <= UNPACKED and test:
                broken = archive.testzip()
    except Exception as error:  # zipfile, zlib and struct each have their own
        if isinstance(error, MemoryError):
            raise
        raise InputError(f"is no whole {kind} archive ({error})", file=str(path), expected="an unharmed copy") from None
    if len(entries) > MOST or size > UNPACKED:
        problem = f"would unpack to {size / (1 << 30):.3g} GiB in {len(entries)} entries"
        raise InputError(problem, file=str(path), expected=f"at most {UNPACKED >> 30} GiB in {MOST} entries")
    if broken is not None:
        raise InputError(
            f"is damaged: the checksum of '{broken}' is wrong", file=str(path), expected="an unharmed copy"
        )
    if holds not in {entry.filename for entry in entries}:
        raise InputError(f"holds no '{holds}'", file=str(path), expected=f"a whole {kind}")
