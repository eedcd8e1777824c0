"""Files against the SHA256SUMS beside them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from lithostat.experiment.errors import InputError
from lithostat.experiment.files import open_file, read_text
from lithostat.reading.harmonise import LARGEST

SUMS = "SHA256SUMS"
MOST = 16 << 20  # bytes of such a list


def listed_sums(folder: Path, files: Iterable[Path]) -> tuple[dict[Path, str], list[str]]:
    """SHA-256 by file, of what is listed in SHA256SUMS beside the files or in the folder; why a list is not read."""
    wanted = [path for path in files if not _goes_round(path)]
    known = {path.name for path in wanted} | {path.resolve().name for path in wanted}
    found: dict[Path, str] = {}
    unread = []
    for place in sorted({folder, *(path.parent for path in wanted)}):
        if not os.path.lexists(place / SUMS):
            continue
        try:
            lines = read_text(place / SUMS, MOST).split("\n")
        except InputError as error:
            unread.append(f"{SUMS} {error.problem}: no file was held against it")
            continue
        for line in lines:
            digest, _, name = line.partition(" ")
            name = name.strip().removeprefix("*")
            if re.fullmatch(r"[0-9a-fA-F]{64}", digest) and len(name) < 4096 and name.rsplit("/", 1)[-1] in known:
                listed = place / name
                if not _goes_round(listed):
                    found[listed.resolve()] = digest.lower()
    return found, unread


def check_sum(path: Path, sums: Mapping[Path, str]) -> None:
    """Raise `InputError` if a file is listed with another SHA-256."""
    listed = sums.get(path.resolve()) if sums and not _goes_round(path) else None
    if listed is None:
        return
    with open_file(path, LARGEST) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != listed:
        problem = f"is not the file that {SUMS} lists: its SHA-256 is {digest[:12]}..., not {listed[:12]}..."
        raise InputError(problem, file=str(path))


def _goes_round(path: Path) -> bool:
    """Whether a name cannot be followed: links in a circle, a NUL, more letters than a path may have."""
    try:
        path.resolve()
    except (OSError, RuntimeError, ValueError):
        return True
    return False
