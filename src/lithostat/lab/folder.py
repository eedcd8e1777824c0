"""A folder of a lab: which cells lie in it, and each as one record."""

from __future__ import annotations

import fnmatch
import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from lithostat.experiment import document
from lithostat.experiment.cell_note import CellNote, read_note
from lithostat.experiment.errors import InputError, LithostatError, sentence_of, short
from lithostat.experiment.file_kind import wrong_file
from lithostat.experiment.files import inside, open_file, why_no_file
from lithostat.experiment.output_names import readable
from lithostat.experiment.record import Record
from lithostat.lab.checks import area_conflicts
from lithostat.lab.checksums import check_sum, listed_sums
from lithostat.lab.note_conflicts import NOTE, note_of
from lithostat.lab.specimen import Specimen
from lithostat.lab.stated_current import with_stated_current
from lithostat.lab.stated_spectra import with_stated_spectra
from lithostat.lab.walk import is_ignored, is_note, walk
from lithostat.reading.clock import natural
from lithostat.reading.declaration import find
from lithostat.reading.harmonise import LARGEST
from lithostat.reading.load_cell import calibrate
from lithostat.reading.read import FORMATS, HEAD, read
from lithostat.reading.stitch import stitch_with_outside

_EXPECTED = (
    "the files of a cell (cycler data, impedance, a log of the load cell) and, beside them, a cell.yaml that says what "
    "they cannot know; see docs/reading.md"
)


@dataclass(frozen=True)
class CellFolder:
    """A cell that was found: its name, the folder that paths are shown against, its files and its note.

    `left_over` has one (path, sentence) for every file that no cell has: no note claims it, or no format knows it.
    """

    name: str
    folder: Path
    files: tuple[Path, ...]
    note_path: Path | None = None
    left_over: tuple[tuple[Path, str], ...] = ()


def find_cells(folder: str | Path, *, together: bool = False) -> list[CellFolder]:
    """The cells in a folder and below it, in the order of their names.

    A folder with `cell.yaml` is one cell, with all files in it and below that no deeper note claims. `NAME.cell.yaml`
    claims the files whose name begins with NAME, or those that match its `files`. Where no folder on the way up has a
    note, every file is a cell of its own, and those that no format recognises are left over with the first cell; with
    `together`, all files of the folder are one. A path of one file is that cell alone, with the `cell.yaml` beside it;
    a path of a note is the cell that it describes.

    Raises `InputError` if there is nothing to read, with the reason for every file. A note with a fault is that cell's
    own: it claims what one without `files` and `read_as` would, and `load` says what is wrong with it.
    """
    folder = Path(folder)
    if folder.is_file():
        return _of_yaml(folder) if folder.suffix.lower() in (".yaml", ".yml") else [_single(folder)]
    if not folder.is_dir():
        problem = f"is no folder: it {why_no_file(folder)}" if os.path.lexists(folder) else "is no folder"
        raise InputError(problem, file=str(folder), expected=_EXPECTED)
    walked = walk(folder)
    written = {path: _written(path) for path in walked.files if is_note(path)}
    notes = list(written)
    claims, left = _claimed(written, _candidates(walked.files, written))
    cells = [
        CellFolder(_name(note), note.parent, tuple(files), note, tuple(_beside(note, left, notes)))
        for note, files in claims.items()
    ]
    noted = {note.parent for note in notes}
    loose = [path for path in left if path.parent not in noted]
    unknown: list[tuple[Path, str]] = []
    if together and loose:
        cells.append(CellFolder(readable(folder.resolve().name), folder, tuple(loose)))
    elif loose:
        unknown = [(path, why) for path in loose if (why := _why_unknown(path)) is not None]
        cells += _one_each([path for path in loose if path not in dict(unknown)], folder)
    unknown += walked.others
    if not cells:
        why = "; ".join(f"{_shown(path, folder)}: {sentence}" for path, sentence in unknown)
        problem = "holds nothing that could be a cell's file" + (f" ({why})" if why else "")
        raise InputError(problem, file=str(folder), expected=_EXPECTED)
    first, *others = sorted(cells, key=lambda cell: natural(cell.name))
    return [replace(first, left_over=(*first.left_over, *unknown)), *others]


def _of_yaml(path: Path) -> list[CellFolder]:
    """The cell that a note describes; another kind of file is answered with the right command."""
    wrong_file(document.read(path), "analysed")
    if not is_note(path):
        raise InputError("is not named as the note of a cell", file=str(path), expected=f"{NOTE} or NAME.{NOTE}")
    described = [cell for cell in find_cells(path.resolve().parent) if cell.note_path == path.resolve()]
    if not described:
        raise InputError("no file beside it belongs to its cell", file=str(path), expected=_EXPECTED)
    return described


def named_as(cell: CellFolder) -> str:
    """The name that a cell's files get: what its note says, else that of its folder or file."""
    return (_written(cell.note_path).name if cell.note_path is not None else None) or cell.name


def load(
    cell: CellFolder,
    *,
    note_overrides: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Specimen:
    """Read every file of a cell, put them on one timeline, and calibrate the load cell.

    `note_overrides` is what a person typed ({'die_diameter': '13 mm'}); it goes over the note, and where the two differ
    a warning says so. A file that cannot be read, or whose SHA-256 is not the listed one, is refused with a sentence
    and stops no other. `progress` is called with the name of every file before it is read.

    Raises `InputError` if the note has a fault or no file at all can be read.
    """
    note, warnings = note_of(cell.note_path, note_overrides or {})
    sums, unread = listed_sums(cell.folder, cell.files)
    warnings += unread
    records, names, refused = [], [], []
    patterns = _patterns(cell, note)
    for path in cell.files:
        if path in patterns:
            continue
        name = _shown(path, cell.folder)
        if progress is not None:
            progress(name)
        try:
            check_sum(path, sums)
            record = with_stated_current(read(path, declaration=_declaration(path, cell, note)), note)
            records.append(with_stated_spectra(record, name, note))
            names.append(name)
        except BaseException as error:  # a fault in one reader must not take the other files with it
            refused.append((name, sentence_of(error).removeprefix(f"{path}: ").removeprefix(f"{path}, ")))
    if not records:
        why = "; ".join(f"{name}: {sentence}" for name, sentence in refused) or "there are no files"
        raise InputError(
            f"nothing of cell '{cell.name}' can be read ({why})", file=str(cell.folder), expected=_EXPECTED
        )
    record = _timeline(records, names, note, cell)
    warnings += area_conflicts(record, note)
    left_over = [(path, why) for path, why in cell.left_over if path not in patterns]
    for why in dict.fromkeys(why for _, why in left_over):
        left = ", ".join(_shown(path, cell.folder) for path, other in left_over if other == why)
        warnings.append(f"left out: {left} ({why})")
    record = replace(record, warnings=(*warnings, *record.warnings))
    return Specimen(note.name or cell.name, cell.folder, note, record, tuple(names), tuple(refused), patterns)


def _patterns(cell: CellFolder, note: CellNote) -> tuple[Path, ...]:
    """Files that the note calls diffraction patterns or blanks of them, whether its `files` name them or not."""
    base = cell.note_path.parent if cell.note_path is not None else cell.folder
    said = [text for entry in note.patterns for text in (entry.files, entry.blank) if text]
    every = (*cell.files, *(path for path, _ in cell.left_over))
    return tuple(path for path in every if any(_matches(path, base, text) for text in said))


def _timeline(records: list[Record], names: list[str], note: CellNote, cell: CellFolder) -> Record:
    try:
        line = stitch_with_outside(records, names=names, note=note)
        return calibrate(line.record, note, outside=line.outside)
    except InputError as error:
        if error.file is not None:
            raise
        file = str(cell.note_path or cell.folder)
        raise InputError(error.problem, file=file, place=error.place, expected=error.expected) from None


# ---------------------------------------------------------------------------------------------------------------- files


def _candidates(every: list[Path], written: Mapping[Path, CellNote]) -> list[Path]:
    """Files that may hold data: not ignored, no declaration and no tomogram that a note names."""
    declared = {inside(note.parent, to) for note, said in written.items() for to in said.read_as.values()}
    scans = {inside(note.parent, one.file) for note, said in written.items() for one in said.volumes}
    return [
        path
        for path in every
        if not is_ignored(path) and path.resolve() not in declared and scans.isdisjoint(_with_parents(path))
    ]


def _with_parents(path: Path) -> set[Path]:
    """A file and the folders that it lies in: a stack of slices is a folder."""
    place = path.resolve()
    return {place, *place.parents}


def _written(note: Path) -> CellNote:
    """What a note says; nothing where it has a fault, which is told when its cell is loaded."""
    try:
        return read_note(note)
    except LithostatError:
        return CellNote()


def _claimed(written: Mapping[Path, CellNote], files: list[Path]) -> tuple[dict[Path, list[Path]], list[Path]]:
    """Which note claims which files, and what is left. A longer NAME and a deeper folder go first."""
    named = sorted((note for note in written if note.name != NOTE), key=lambda note: -len(note.name))
    whole = sorted((note for note in written if note.name == NOTE), key=lambda note: -len(note.parts))
    claims: dict[Path, list[Path]] = {note: [] for note in written}
    left = list(files)
    for note in [*named, *whole]:
        claims[note] = [path for path in left if _belongs(path, note, written[note].files)]
        left = [path for path in left if path not in claims[note]]
    return claims, left


def _belongs(path: Path, note: Path, patterns: tuple[str, ...]) -> bool:
    if not path.is_relative_to(note.parent):
        return False
    if patterns:
        return any(_matches(path, note.parent, pattern) for pattern in patterns)
    return note.name == NOTE or (path.parent == note.parent and _begins(path.name, note.name.removesuffix(f".{NOTE}")))


def _matches(path: Path, folder: Path, pattern: str) -> bool:
    relative = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    return fnmatch.fnmatchcase(relative, pattern) or (
        bool(pattern.strip("./")) and PurePosixPath(relative).match(pattern)
    )


def _begins(name: str, prefix: str) -> bool:
    """True if a name begins with a prefix that ends there: 'cell1' begins 'cell1_a.csv', but not 'cell10.csv'."""
    rest = name[len(prefix) :]
    return name.startswith(prefix) and not (prefix[-1:].isdigit() and rest[:1].isdigit())


def _beside(note: Path, left: list[Path], notes: list[Path]) -> list[tuple[Path, str]]:
    """Files in the note's folder that nobody claims; told once, with the first note of that folder."""
    first = next(other for other in notes if other.parent == note.parent)
    return [(path, "no cell's note claims it") for path in left if path.parent == note.parent and note == first]


def _name(note: Path) -> str:
    return readable(note.parent.resolve().name if note.name == NOTE else note.name.removesuffix(f".{NOTE}"))


def _single(path: Path) -> CellFolder:
    note = path.parent / NOTE
    return CellFolder(readable(path.stem), path.parent, (path,), note if note.is_file() else None)


def _one_each(files: list[Path], folder: Path) -> list[CellFolder]:
    """Every file a cell of its own, named after its stem; after its whole path where two stems are the same."""
    stems = [path.stem for path in files]
    return [
        CellFolder(readable(path.stem) if stems.count(path.stem) == 1 else _shown(path, folder), folder, (path,))
        for path in files
    ]


def _why_unknown(path: Path) -> str | None:
    """Why the first bytes of a file are of no format that can be read, None if some format recognises them."""
    try:
        with open_file(path, LARGEST) as stream:
            head = stream.read(HEAD)
    except InputError as error:
        return error.problem
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if not head:
        return "is empty"
    for name in FORMATS:
        try:
            known = importlib.import_module(f"lithostat.reading.{name}").recognise(head, path)
        except Exception:  # a damaged file, of which reading it will say what is wrong
            return None
        if known:
            declared = find(head.decode("utf-8", "replace")) if name == "delimited" else None
            return None if declared is None else declared.refuse
    return "is in no format that is known here"


def _shown(path: Path, folder: Path) -> str:
    return readable(path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name)


# ----------------------------------------------------------------------------------------------------------- one file


def _declaration(path: Path, cell: CellFolder, note: CellNote) -> Path | None:
    """The declaration that the note gives for this file, relative to the note."""
    base = cell.note_path.parent if cell.note_path is not None else cell.folder
    to = next((to for pattern, to in note.read_as.items() if _matches(path, base, pattern)), None)
    if to is not None and inside(base, to) is None:
        raise InputError(
            f"'read_as' names {short(to)}, which does not lie in the folder of the note or below it",
            file=str(cell.note_path or base),
            expected=f"a declaration beside {NOTE}",
        )
    return None if to is None else base / to
