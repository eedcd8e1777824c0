"""Files against the SHA256SUMS beside them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from lithostat.experiment.errors import InputError

SUMS = "SHA256SUMS"


def listed_sums(folder: Path, files: Iterable[Path]) -> dict[Path, str]:
    """SHA-256 by file, of what is listed in SHA256SUMS beside the files or in the folder."""
    found = {}
    for place in {folder, *(path.parent for path in files)}:
        try:
            text = (place / SUMS).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for match in re.finditer(r"^([0-9a-fA-F]{64})\s+\*?(.+?)\s*$", text, re.MULTILINE):
            found[(place / match[2]).resolve()] = match[1].lower()
    return found


def check_sum(path: Path, sums: Mapping[Path, str]) -> None:
    """Raise `InputError` if a file is listed with another SHA-256."""
    listed = sums.get(path.resolve())
    if listed is None:
        return
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != listed:
        problem = f"is not the file that {SUMS} lists: its SHA-256 is {digest[:12]}..., not {listed[:12]}..."
        raise InputError(problem, file=str(path))
