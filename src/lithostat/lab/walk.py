"""Every file in a folder and below, and what lies there and is none."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import NamedTuple

from lithostat.experiment.files import why_no_file
from lithostat.experiment.output_names import WATCH_FILES
from lithostat.lab.checksums import SUMS
from lithostat.lab.note_conflicts import NOTE
from lithostat.reading.clock import natural

OUTPUT = "lithostat-out"
DEEPEST = 50  # folders within folders
_IGNORED = (NOTE, f"*.{NOTE}", SUMS, *WATCH_FILES, "license*", "readme*", "*.md", "*.pdf", "*.png", "*.svg", "*.html")


class Walk(NamedTuple):
    """Files in the order of their names, and (path, sentence) of what cannot be one."""

    files: list[Path]
    others: list[tuple[Path, str]]


def walk(folder: Path) -> Walk:
    """All files in a folder and below, without hidden ones and our own outputs. Links to folders are not followed."""
    found = Walk([], [])
    waiting = [(path, 1) for path in reversed(_listed(folder, found))]
    while waiting:
        path, depth = waiting.pop()
        try:
            is_folder, is_link = path.is_dir(), path.is_symlink()
        except OSError as error:
            found.others.append((path, f"cannot be read ({error.strerror or error})"))
            continue
        if is_folder and is_note(path):
            found.others.append((path, "is a folder, and no note"))
        elif is_folder and not is_link and depth < DEEPEST:
            waiting += [(inner, depth + 1) for inner in reversed(_listed(path, found))]
        elif is_folder:
            why = "is a link to a folder, which is not followed" if is_link else f"lies {DEEPEST} folders deep"
            found.others.append((path, why))
        elif (problem := why_no_file(path)) is None:
            found.files.append(path)
        elif is_note(path) or not is_ignored(path):
            found.others.append((path, problem))
    return found


def is_note(path: Path) -> bool:
    """Whether a file is the note of a cell, by its name."""
    return path.name == NOTE or path.name.endswith(f".{NOTE}")


def is_ignored(path: Path) -> bool:
    """Whether a file holds no data, by its name."""
    lower = path.name.lower()
    return any(fnmatch.fnmatchcase(lower, pattern.lower()) for pattern in _IGNORED)


def _listed(folder: Path, found: Walk) -> list[Path]:
    """What lies in a folder, in the order of names; why it cannot be listed goes to the others."""
    try:
        inside = [path for path in folder.iterdir() if not path.name.startswith(".") and path.name != OUTPUT]
    except OSError as error:
        found.others.append((folder, f"cannot be listed ({error.strerror or error})"))
        return []
    return sorted(inside, key=lambda path: natural(path.name))
