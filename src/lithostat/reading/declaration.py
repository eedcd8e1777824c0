"""A declaration: a YAML file that says how one text format is recognised, where its tables stand and what they hold."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lithostat.experiment import document
from lithostat.experiment.errors import InputError, nearest, short
from lithostat.experiment.parts import Noun
from lithostat.experiment.record import COLUMNS

LONGEST = 1000  # letters of a pattern
FORMATS = Path(__file__).parent / "formats"
# columns that do not become columns of a record but spectra; 'sweep' counts the sweeps of one file
OF_SPECTRA = ("real_impedance_ohm", "imaginary_impedance_ohm", "sweep")
_MEASURED = {"voltage_volt", "current_ampere", "measured_pressure_pa", "load_newton", "load_cell_volt"}
Decimal = Literal["auto", "point", "comma"]
Delimiter = Literal["auto", "tab", "comma", "semicolon", "whitespace"]


def _pattern(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"received a pattern of {len(text)} letters; expected one of at most {LONGEST}")
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"received {short(text)}, which is no regular expression ({error})") from None
    return text


def _target(name: str) -> str:
    if name not in COLUMNS and name not in OF_SPECTRA:
        raise ValueError(f"'{name}' is no column of a record{nearest(name, [*COLUMNS, *OF_SPECTRA])}")
    return name


Pattern = Annotated[str, AfterValidator(_pattern)]
Target = Annotated[str, AfterValidator(_target)]


class Rule(Noun):
    """What the columns are whose whole name matches `match`.

    The unit is the group 'unit' of the pattern, else `unit`, else `otherwise`, which is said in a warning. `sign: -1`
    turns the sign; for an imaginary part, a stated sign also says that the sign is known. `as` tells how cells are
    written; `formats` are those of dates, in the notation of strptime with '%.f' for parts of a second. Where they name
    both month first and day first, the first that fits is taken, with a warning if the digits leave it open.
    """

    match: Pattern
    to: Target = Field(alias="is")
    unit: str | None = None
    otherwise: str | None = None
    sign: Literal[1, -1] | None = None
    written: Literal["number", "duration", "date"] = Field(default="number", alias="as")
    formats: tuple[str, ...] = ()


class TableBounds(Noun):
    """Where a table starts and ends.

    The line of names is the one that `header` matches (its group 'names' if it has one), or the one whose number the
    group of `lines` captures, or the one after `title`, or with `search` the one above the first rows of numbers. With
    `names`, no line of names is read: rows follow `title`, or start with the file. `skip` lines are passed over after
    that. A table ends before the line that `end` matches, and with `many` the next one is looked for; `count_as` names
    a counter of tables.
    """

    header: Pattern | None = None
    lines: Pattern | None = None
    title: Pattern | None = None
    names: tuple[str, ...] = ()
    search: bool = False
    skip: int = Field(default=0, ge=0)
    end: Pattern | None = None
    many: bool = False
    count_as: Literal["step_count", "cycle_count"] | None = None

    @model_validator(mode="after")
    def _one_start(self) -> TableBounds:
        said = [name for name in ("header", "lines", "title", "search") if getattr(self, name)]
        if len(said) > 1 or not (said or self.names):
            raise ValueError("needs exactly one of 'header', 'lines', 'title' and 'search', or 'names' alone")
        if self.names and (self.header or self.lines or self.search):
            raise ValueError("has 'names' beside a line of names; expected 'names' alone or with 'title'")
        return self


class StateColumn(Noun):
    """A column of states that gives an unsigned current its sign; rows in neither state must carry no current."""

    column: Pattern
    negative: Pattern
    positive: Pattern


class Start(Noun):
    """The instant of time 0 as the header writes it: the groups of all `patterns`, joined by blanks."""

    patterns: tuple[Pattern, ...]
    formats: tuple[str, ...]


class Declaration(Noun):
    """A text format. A file has it if all of `recognise` are found in its first 64 kB ('^' and '$' match at lines).

    `refuse` is the sentence with which files of this kind are refused. `open_circuit` is found in the header, or in the
    title of a table, where a missing current means that none flowed. `per_row` says that each row is one spectrum and
    cells are lists. `surplus_names` says that the vendor may write names at the end that no row has. `natural` says
    that columns without names must look like an impedance sweep. `about` are header entries that are reported and never
    used. `order` sorts: lower is tried first.
    """

    name: str
    order: int = 50
    recognise: tuple[Pattern, ...] = ()
    refuse: str | None = None
    encodings: tuple[str, ...] = ("utf-8", "cp1252")
    delimiter: Delimiter = "auto"
    decimal: Decimal = "auto"
    table: TableBounds | None = None
    columns: tuple[Rule, ...] = ()
    columns_from: str | None = None
    sign_from: StateColumn | None = None
    open_circuit: Pattern | None = None
    start: Start | None = None
    about: Mapping[str, Pattern] = {}
    per_row: bool = False
    natural: bool = False
    surplus_names: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Declaration:
        if self.refuse is None and (self.table is None or not (self.columns or self.columns_from)):
            raise ValueError("needs 'table' and 'columns', or 'refuse'")
        for encoding in self.encodings:
            try:
                "".encode(encoding)
            except LookupError:
                raise ValueError(f"received the encoding '{encoding}'; expected one like 'utf-8' or 'cp1252'") from None
        return self

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Its own rules, then those of the declaration it takes more from."""
        if self.columns_from is None:
            return self.columns
        return self.columns + named(self.columns_from).columns

    def fits(self, text: str) -> bool:
        """Whether the head of a file, with plain line ends, has this format."""
        if self.table is not None and self.table.search and not self.recognise:
            return self._finds_a_table(text)
        return bool(self.recognise) and all(re.search(pattern, text, re.MULTILINE) for pattern in self.recognise)

    def _finds_a_table(self, text: str) -> bool:
        """Whether names above rows of numbers say a course in time or a spectrum."""
        from lithostat.reading.preface import find_names

        names = find_names(text)
        if names is None:
            return False
        known = {rule.to for rule in self.rules for name in names.names if re.fullmatch(rule.match, name)}
        course = known & {"test_time_second", "unix_time_second"} and known & _MEASURED
        polar, parts = {"absolute_impedance_ohm", "phase_degree"}, {"real_impedance_ohm", "imaginary_impedance_ohm"}
        return bool(course or ("frequency_hertz" in known and (polar <= known or parts <= known)))


def read_declaration(path: str | Path) -> Declaration:
    """Read a declaration; a fault raises `InputError` with file, line and place."""
    page = document.read(path)
    declaration = page.build(Declaration)
    known = sorted(entry.stem for entry in FORMATS.glob("*.yaml"))
    if declaration.columns_from is not None and declaration.columns_from not in known:
        raise page.error(
            f"received '{declaration.columns_from}'{nearest(declaration.columns_from, known)}",
            ("columns_from",),
            f"one of {', '.join(known)}",
        )
    return declaration


@functools.cache
def named(name: str) -> Declaration:
    """The package's own declaration of that file name; an unknown one raises `InputError`."""
    return read_declaration(FORMATS / f"{name}.yaml")


@functools.cache
def declarations() -> tuple[Declaration, ...]:
    """The package's own declarations, the most specific first. They are read once."""
    found = [named(path.stem) for path in sorted(FORMATS.glob("*.yaml"))]
    return tuple(sorted(found, key=lambda declaration: declaration.order))


def find(text: str, among: Iterable[Declaration] | None = None) -> Declaration | None:
    """The first declaration that a file's head fits, or None."""
    choice = declarations() if among is None else among
    return next((declaration for declaration in choice if declaration.fits(text)), None)


def refuse(declaration: Declaration, file: str) -> None:
    """Raise the declaration's sentence if files of its kind are refused."""
    if declaration.refuse is not None:
        raise InputError(declaration.refuse, file=file)
