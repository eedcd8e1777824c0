"""Text files of tables, read by a declaration: one engine for all of them."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import linear
from lithostat.experiment.record import COLUMNS, OTHER, REQUIRED, Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.reading import cells
from lithostat.reading.declaration import OF_SPECTRA, Declaration, Rule, Table, declarations, find, refuse
from lithostat.reading.harmonise import Column, harmonise, unit_of
from lithostat.reading.sweeps import Points, impedance, looks_like_sweep, spectra, spectrum_per_row

HEAD = 1 << 16  # bytes in which a format is recognised
PREAMBLE = 4 << 20  # bytes in which the first table must start
SAMPLE = 200  # lines that decide the delimiter
DELIMITERS = {"tab": "\t", "comma": ",", "semicolon": ";", "whitespace": " "}
_CELL = "\x1f"  # stands between cells where some are quoted
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")
_TIMES = ("test_time_second", "unix_time_second")
_SPECTRAL = ("frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm")
_POLAR = ("absolute_impedance_ohm", "phase_degree")


class Found(NamedTuple):
    """A table in a file: what comes before it, its title and names, and the bytes of its rows from line `line` on."""

    start: int
    title: str
    names: list[str]
    body: bytes
    line: int
    ends: bool  # whether something follows, so that its last row is whole


class Known(NamedTuple):
    """A column of a file that a rule knows: what it becomes and how."""

    rule: Rule
    column: Column


@dataclass
class Part:
    """One table with typed columns in the units of the file, and what they are."""

    frame: pl.DataFrame
    known: dict[str, Known]
    clock_zoned: bool = False

    def named(self, target: str) -> str | None:
        """The file's name of the column that becomes `target`."""
        return next((name for name, known in self.known.items() if known.column.to == target), None)

    def si(self, target: str) -> np.ndarray | None:
        """A column in the unit of its record column; None if there is none."""
        name = self.named(target)
        if name is None:
            return None
        column = self.known[name].column
        scale, offset = linear(column.unit, unit_of(target)) if column.unit else (1.0, 0.0)
        return self.frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() * scale * column.factor + offset


@dataclass
class Reading:
    """What gathers while one file is read."""

    file: str
    declaration: Declaration
    warnings: list[str] = field(default_factory=list)
    header: str = ""
    lost: list[int] = field(default_factory=list)  # lines that were given up
    width: str = ""  # why no row fits its names
    count: int = 0

    def say(self, sentence: str) -> None:
        """A warning, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def give_up(self, lines: pl.Series) -> None:
        """Count rows that cannot be read."""
        self.count += len(lines)
        self.lost += lines.head(1).to_list()


def recognise(head: bytes, path: Path) -> bool:
    """Whether a declaration of the package fits the first bytes of a file."""
    text = _head_text(head)
    return text is not None and find(text) is not None


def read(path: str | Path, declaration: Declaration | None = None) -> Record:
    """Read a text file by a declaration, or by the package's own that fits; `InputError` if nothing can be read."""
    return read_bytes(Path(path).read_bytes(), path, declaration)


def read_bytes(data: bytes, path: str | Path, declaration: Declaration | None = None) -> Record:
    """Read the text in `data`, which came from `path`."""
    if declaration is None:
        head = _head_text(data[:HEAD])
        declaration = find(head) if head is not None else None
        if declaration is None:
            raise InputError("is in no format that is known here", file=str(path), expected=_names_of_formats())
    refuse(declaration, str(path))
    warnings: list[str] = []
    text = decode(data, declaration.encodings, warnings)
    del data  # a large file is held once
    return read_texts([text], path, declaration, warnings)


def read_texts(
    texts: Iterable[bytes], path: str | Path, declaration: Declaration, warnings: Iterable[str] = (), note: str = ""
) -> Record:
    """Read texts (UTF-8, plain line ends) of one file, such as its sheets; `note` is added to the format's name."""
    reading = Reading(str(path), declaration, list(warnings))
    parts: list[Part] = []
    for text in texts:
        for table in tables(text, declaration, str(path)):
            reading.header = reading.header or text[: min(table.start, PREAMBLE)].decode("utf-8", "replace")
            if declaration.per_row:
                return _lists(table, reading, note)
            part = _part(table, reading)
            if part is not None:
                parts.append(part)
    _tell_lost(reading)
    if not parts:
        problem = f"looks like {declaration.name}, but not one row of it could be read{reading.width}"
        raise InputError(problem, file=str(path))
    return record_of(parts, reading, note)


def _names_of_formats() -> str:
    return ", ".join(one.name for one in declarations() if one.refuse is None)


# --- bytes to lines -------------------------------------------------------------------------------------------------


def _head_text(head: bytes) -> str | None:
    """The head of a text file with plain line ends; None if it is not text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "ignore").replace("\r", "")
    if head.count(b"\0") > 0.3 * len(head):
        return None
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        text = head.decode("utf-8", "replace") if error.start >= len(head) - 3 else head.decode("cp1252", "replace")
    return _plain_ends(text.encode()).decode().removeprefix("\ufeff")


def _plain_ends(data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
    return data.replace(b"\r", b"\n") if b"\n" not in data else data


def decode(data: bytes, encodings: Iterable[str], warnings: list[str]) -> bytes:
    """Any of the encodings to UTF-8 with plain line ends; bytes that are no text are said."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.isascii():
        data = _utf8(data, tuple(encodings), warnings)
    nothing = data.count(b"\0")
    if nothing:
        warnings.append(f"the file holds {nothing} NUL bytes; it is damaged")
    return _plain_ends(data)


def _utf8(data: bytes, encodings: tuple[str, ...], warnings: list[str]) -> bytes:
    for encoding in encodings:
        try:
            return data.decode(encoding).encode()
        except UnicodeError:
            continue
    text = data.decode(encodings[0], "replace")
    broken = text.count("\ufffd")
    if encodings[-1] != encodings[0]:
        other = data.decode(encodings[-1], "replace")
        if other.count("\ufffd") < broken:
            text, broken = other, other.count("\ufffd")
    warnings.append(f"{broken} bytes are no text in {' or '.join(encodings)}; the file is damaged")
    return text.encode()


def tables(body: bytes, declaration: Declaration, file: str) -> Iterator[Found]:
    """The tables of a file, in its order. Raises `InputError` if there is none."""
    table = declaration.table
    assert table is not None  # a declaration without one refuses
    position, first = 0, True
    while position < len(body) or first:
        place = _start_of(body, position, table, declaration)
        if place is None:
            break
        begin, title, names, start = place
        for _ in range(table.skip):
            start = _next_line(body, start)
        stop = _end_of(body, start, table)
        yield Found(begin, title, names, body[start:stop], body.count(b"\n", 0, start) + 1, stop < len(body))
        first = False
        if not table.many:
            return
        position = max(stop, start)
        if position >= len(body):
            return
    if first:
        raise InputError(f"looks like {declaration.name}, but no table of data was found in it", file=file)


def _start_of(
    body: bytes, position: int, table: Table, declaration: Declaration
) -> tuple[int, str, list[str], int] | None:
    """Where the next table begins from `position` on, its title and names, and the first byte after them."""
    until = len(body) if table.many else min(len(body), PREAMBLE)
    pattern = table.header or table.lines or table.title
    if pattern is None:
        return 0, "", list(table.names), 0
    match = re.compile(pattern.encode(), re.MULTILINE).search(body, position, until)
    if match is None:
        return None
    begin = body.rfind(b"\n", 0, match.start()) + 1
    title = _line_at(body, begin)
    start = _next_line(body, match.end())
    if table.header:
        said = match.groupdict().get("names")
        return begin, title, _names(said.decode("utf-8", "replace") if said is not None else title, declaration), start
    if table.lines:
        start = begin = _line_of_names(body, int(match[1]))
    if table.names:
        return begin, title, list(table.names), start
    return begin, title, _names(_line_at(body, start), declaration), _next_line(body, start)


def _line_of_names(body: bytes, number: int) -> int:
    """Where line `number` begins; in edited files the one before or after, if that holds the names."""
    places = [0]
    while len(places) <= number and places[-1] < len(body):
        places.append(_next_line(body, places[-1]))
    for place in (number - 1, number - 2, number):
        if 0 <= place < len(places):
            words = _line_at(body, places[place]).split("\t")
            if sum(bool(re.search(r"[A-Za-z]{2}", word)) for word in words) > len(words) // 2 > 0:
                return places[place]
    return places[min(max(number - 1, 0), len(places) - 1)]


def _end_of(body: bytes, start: int, table: Table) -> int:
    if table.end is None:
        return len(body)
    match = re.compile(table.end.encode(), re.MULTILINE).search(body, start)
    return len(body) if match is None else match.start()


def _next_line(body: bytes, position: int) -> int:
    found = body.find(b"\n", position)
    return len(body) if found < 0 else found + 1


def _line_at(body: bytes, position: int) -> str:
    end = body.find(b"\n", position)
    return body[body.rfind(b"\n", 0, position) + 1 : len(body) if end < 0 else end].decode("utf-8", "replace")


def _names(line: str, declaration: Declaration) -> list[str]:
    """Names of a header line; they are not yet unique, and may end in empty ones."""
    delimiter = DELIMITERS.get(declaration.delimiter) or max("\t;,", key=line.count)
    if line.count(delimiter) == 0 or delimiter == " ":
        return line.split()
    return [name.strip() for name in _split(line, delimiter)]


def _split(line: str, delimiter: str) -> list[str]:
    """Cells of one line, of which some may be quoted."""
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return line.split(delimiter)


# --- lines to cells -------------------------------------------------------------------------------------------------


def _rows(table: Found, reading: Reading) -> tuple[pl.DataFrame, pl.Series] | None:
    """The cells of the rows that have as many as there are names, and their line numbers; None if there is no row."""
    lines = _lines(table.body)
    whole = lines.str.contains(r"[^ \t,;]").fill_null(False)
    numbers = pl.int_range(table.line, table.line + len(lines), eager=True).filter(whole)
    lines = lines.filter(whole)
    if not len(lines):
        return None
    delimiter = DELIMITERS.get(reading.declaration.delimiter) or _delimiter(lines, len(table.names))
    if delimiter == " ":
        lines, delimiter = lines.str.strip_chars(" \t").str.replace_all(r"[ \t]+", "\t"), "\t"
    if b'"' in table.body:
        lines, delimiter = _unquoted(lines, delimiter), _CELL
    names = _unique(table.names)
    most = max(len(table.names), len(names) + 1)
    split = lines.str.split_exact(delimiter, most - 1).struct.unnest()
    count = lines.str.count_matches(delimiter, literal=True) + 1
    good = (count >= len(names)) & (count <= most)
    for extra in split.columns[len(names) :]:
        good &= split[extra].is_null() | split[extra].str.strip_chars(" ").eq("")
    good = good.fill_null(False)
    if not table.ends and not table.body.endswith(b"\n") and _is_cut(lines, bool(good[-1]), delimiter):
        reading.say(f"the last line ({numbers[-1]}) is cut and was given up")
        good &= numbers != numbers[-1]
    bad = numbers.filter(~good)
    reading.give_up(bad)
    frame = split.select(split.columns[: len(names)])
    frame.columns = names
    if len(bad):
        frame, numbers = frame.filter(good), numbers.filter(good)
    for name in [name for name in names if not name.strip()]:
        frame = frame.drop(name)  # indentation
    if not len(frame):
        reading.width = f": rows have {count[0]} cells, but there are {len(names)} names"
    return (frame, numbers) if len(frame) else None


def _lines(body: bytes) -> pl.Series:
    """Lines of UTF-8 bytes, blank ones as null."""
    unused = next((chr(code) for code in (1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18, 28, 29, 30)
                   if bytes([code]) not in body), None)  # fmt: skip
    if not body or unused is None:
        return pl.Series("line", body.decode().split("\n") if body else [], dtype=pl.String)
    frame = pl.read_csv(
        body, separator=unused, has_header=False, quote_char=None, schema={"line": pl.String}, infer_schema=False
    )
    return frame["line"]


def _is_cut(lines: pl.Series, good: bool, delimiter: str) -> bool:
    """Whether a file stops within its last line: too few cells, or a last cell shorter than any of many before."""
    if not good or len(lines) < 4:
        return not good
    before = lines.slice(max(0, len(lines) - SAMPLE), min(len(lines), SAMPLE) - 1)
    lengths = before.str.split(delimiter).list.last().str.len_chars().drop_nulls().to_list()
    return len(str(lines[-1]).rsplit(delimiter, 1)[-1]) < min(lengths, default=0)


def _unique(names: list[str]) -> list[str]:
    """Names without the empty ones at the end; others without a name get one, repeated ones a number."""
    names = list(names)
    while len(names) > 1 and not names[-1]:
        names.pop()
    taken: dict[str, int] = {}
    result = []
    for place, name in enumerate(names, start=1):
        name = name or (" " if place == 1 else f"column {place}")
        taken[name] = taken.get(name, 0) + 1
        result.append(name if taken[name] == 1 else f"{name} ({taken[name]})")
    return result


def _unquoted(lines: pl.Series, delimiter: str) -> pl.Series:
    """Lines whose cells may be quoted, with a character between cells that occurs in none."""
    d = re.escape(delimiter)
    inside = lines.str.contains(f'(?:^|{d})"[^"{d}]*{d}[^"]*"(?:{d}|$)').fill_null(False)
    odd = lines.str.count_matches('"', literal=True) % 2 == 1
    plain = lines.str.replace_all('"', "", literal=True).str.replace_all(delimiter, _CELL, literal=True)
    hard = {
        place: _CELL.join(_split(line, delimiter))
        for place, line in zip(inside.arg_true().to_list(), lines.filter(inside).to_list(), strict=True)
    }
    if hard:
        plain = plain.scatter(list(hard), list(hard.values()))
    return pl.select(pl.when(~odd).then(plain).otherwise(pl.lit("\0"))).to_series()  # a torn quote fits no table


def _delimiter(lines: pl.Series, width: int) -> str:
    """The delimiter that makes most of the sampled cells numbers, in rows of one width; `width` names were found."""
    sample = [line for line in lines.head(SAMPLE).to_list() if line]
    best, chosen = (-1.0, 0.0, 0), "\t"
    for delimiter in "\t;, ":
        rows = [line.split() if delimiter == " " else _split(line, delimiter) for line in sample]
        fitting = sum(width <= len(row) <= width + 1 for row in rows) / len(rows)
        flat = [cell.strip(' "') for row in rows for cell in row]
        plain = sum(bool(_NUMBER.fullmatch(cell)) for cell in flat if cell) / max(1, sum(bool(cell) for cell in flat))
        score = (round(fitting, 2), round(plain, 2), -"\t;, ".index(delimiter))
        if score > best and fitting > 0.0:
            best, chosen = score, delimiter
    return chosen


# --- cells to numbers -----------------------------------------------------------------------------------------------


def known_columns(declaration: Declaration, names: Iterable[str], say: Any, file: str) -> dict[str, Known]:
    """What the columns of a table are. A column named as in a record is that column; of two that a rule makes the same,
    the one of the earlier rule counts. A voltage, current or time without a known unit raises `InputError`."""
    rules = declaration.rules
    offers: dict[str, list[tuple[int, str, Known]]] = {}
    for name in names:
        plain = name.removeprefix(OTHER)
        for place, rule in enumerate(rules):
            match = re.fullmatch(rule.match, plain)
            if match is not None:
                known = _known(name, rule, match.groupdict().get("unit"), say, file)
                if known is not None:
                    offers.setdefault(rule.to, []).append((place, name, known))
                break
        else:
            if plain in COLUMNS or plain in OF_SPECTRA:
                rule = Rule.model_validate({"match": re.escape(plain), "is": plain})
                column = Column(plain, unit_of(plain), 1.0)
                offers.setdefault(plain, []).append((len(rules), name, Known(rule, column)))
    chosen = [min(choice, key=lambda offer: offer[0]) for choice in offers.values()]
    return {name: known for _, name, known in chosen}


def _known(name: str, rule: Rule, said: str | None, say: Any, file: str) -> Known | None:
    factor = float(rule.sign or 1)
    needed = unit_of(rule.to)
    if rule.written != "number":
        return Known(rule, Column(rule.to, "s", factor))
    if not needed:
        return Known(rule, Column(rule.to, "", factor))
    text = (said or "").strip() or rule.unit
    if not text and rule.otherwise:
        say(f"no unit is said for '{name}'; read as {rule.otherwise}")
        text = rule.otherwise
    problem = "does not say its unit"
    if text:
        unit = cells.unit(text)
        try:
            linear(unit, needed)
        except InputError:
            problem = f"has the unit '{text}', which cannot become {needed}"
        else:
            return Known(rule, Column(rule.to, unit, factor))
    if rule.to in (*REQUIRED, *_TIMES):
        raise InputError(
            f"column '{name}' {problem}", file=file, expected="a declaration that states it (see docs/reading.md)"
        )
    say(f"'{name}' {problem} and is kept as it is")
    return None


def _part(table: Found, reading: Reading) -> Part | None:
    """One table with numbers instead of text; None if it has no row that can be read."""
    known = known_columns(reading.declaration, _unique(table.names), reading.say, reading.file)
    rows = _rows(table, reading)
    if rows is None:
        if table.title and reading.declaration.table and reading.declaration.table.many:
            reading.say(f"the table '{' '.join(table.title.split())[:40]}' has no row that can be read")
        return None
    part, lines = Part(rows[0], known), rows[1]
    del rows  # the text of a large table is let go column by column
    state = _states(part.frame, reading.declaration)
    comma = _comma(part, reading.declaration, b"," in table.body)
    bad = _typed(part, comma, lines, reading)
    if bad is not None and bool(bad.any()):
        reading.give_up(lines.filter(bad))
        part.frame = part.frame.filter(~bad)
        state = None if state is None else state.filter(~bad)
    if not len(part.frame):
        return None
    if state is not None:
        _signed(part, state, reading)
    _open_circuit(part, table, reading)
    return part


def _comma(part: Part, declaration: Declaration, any_comma: bool) -> bool:
    if declaration.decimal != "auto" or not any_comma:
        return declaration.decimal == "comma"
    columns = [part.frame[name] for name, known in part.known.items() if known.rule.written == "number"]
    return cells.is_comma(columns or part.frame.get_columns())


def _needed(part: Part) -> set[str]:
    """Columns without which a row says nothing wrong only if it is left out."""
    targets = {known.column.to: name for name, known in part.known.items()}
    wanted = {"test_time_second" if "test_time_second" in targets else "unix_time_second", *REQUIRED}
    if "frequency_hertz" in targets:
        polar = not set(_SPECTRAL) <= set(targets)
        wanted |= {"frequency_hertz", *(_POLAR if polar else _SPECTRAL)}
    return {targets[target] for target in wanted if target in targets}


def _typed(part: Part, comma: bool, lines: pl.Series, reading: Reading) -> pl.Series | None:
    """Turn the columns of a part into numbers; rows whose needed cells hold something else are marked."""
    needed = _needed(part)
    bad: pl.Series | None = None
    for name in part.frame.columns:
        known = part.known.get(name)
        if known is None:
            part.frame = part.frame.with_columns(_other(part.frame[name], comma))
            continue
        values, wrong = _column(part, name, known, comma, reading)
        if known.rule.written == "date" and values.null_count() == len(values):
            reading.say(f"'{name}' holds no date and time in a known format and is kept as it is")
            del part.known[name]
            continue
        if known.column.to in _TIMES and name in needed:
            wrong = wrong | values.is_null()  # a row without a time says nothing
        if not len(wrong) or not bool(wrong.any()):
            pass
        elif name in needed:
            bad = wrong if bad is None else bad | wrong
        else:
            first = int(lines.filter(wrong)[0])
            reading.say(f"{int(wrong.sum())} cells of '{name}' hold no number, the first in line {first}; they are NaN")
        if known.column.to in ("voltage_volt", "current_ampere") and bool((values.is_null() & ~wrong).any()):
            reading.say(f"{int((values.is_null() & ~wrong).sum())} cells of '{name}' are empty; they are NaN")
        part.frame = part.frame.with_columns(values.alias(name))
    return bad


def _column(part: Part, name: str, known: Known, comma: bool, reading: Reading) -> tuple[pl.Series, pl.Series]:
    text = part.frame[name]
    if text.dtype != pl.String:
        values = text.cast(pl.Float64, strict=False)
        return values, values.is_null() & ~text.is_null()
    if known.rule.written == "duration":
        found = cells.durations(text, comma)
        return found.values, found.bad
    if known.rule.written == "date":
        clock = cells.clocks(text, known.rule.formats, comma)
        part.clock_zoned = clock.zoned
        if clock.doubt and not any(sentence.startswith("dates like") for sentence in reading.warnings):
            reading.say(clock.doubt)
        return clock.values, clock.bad
    found = cells.numbers(text, comma)
    return found.values, found.bad


def _other(text: pl.Series, comma: bool) -> pl.Series:
    """A column that no rule knows: numbers if all of it is, else the text."""
    if text.dtype != pl.String:
        return text
    found = cells.numbers(text, comma)
    return text if bool(found.bad.any()) else found.values.alias(text.name)


def _states(frame: pl.DataFrame, declaration: Declaration) -> pl.Series | None:
    if declaration.sign_from is None:
        return None
    column = next((name for name in frame.columns if re.fullmatch(declaration.sign_from.column, name)), None)
    return None if column is None else frame[column].str.strip_chars(" ").fill_null("")


def _signed(part: Part, state: pl.Series, reading: Reading) -> None:
    """Give the current its sign by the state of each row; a current in no known state is NaN."""
    name, rule = part.named("current_ampere"), reading.declaration.sign_from
    if name is None or rule is None:
        return
    current = part.frame[name]
    negative = state.str.contains(f"^(?:{rule.negative})$")
    neither = ~negative & ~state.str.contains(f"^(?:{rule.positive})$") & (current != 0.0).fill_null(False)
    signed = pl.when(negative).then(-current.abs()).when(neither).then(None).otherwise(current)
    part.frame = part.frame.with_columns(pl.select(signed).to_series().alias(name))
    if bool(neither.any()):
        which = ", ".join(sorted(set(state.filter(neither).head(1000).to_list())))
        reading.say(f"{int(neither.sum())} currents are NaN: the states ({which}) do not say their sign")


def _open_circuit(part: Part, table: Found, reading: Reading) -> None:
    """At open circuit a table has no current because none flows."""
    pattern = reading.declaration.open_circuit
    if pattern is None or part.named("current_ampere") is not None or part.named("voltage_volt") is None:
        return
    if re.search(pattern, f"{reading.header}\n{table.title}", re.MULTILINE):
        part.frame = part.frame.with_columns(pl.lit(0.0).alias("current"))
        rule = Rule.model_validate({"match": "current", "is": "current_ampere"})
        part.known["current"] = Known(rule, Column("current_ampere", "A"))
        reading.say("the technique is open circuit and its table has no current: it is 0 there")


def _tell_lost(reading: Reading) -> None:
    if reading.count:
        rows = "row" if reading.count == 1 else "rows"
        said = f"{reading.count} {rows} could not be read and {'was' if reading.count == 1 else 'were'} given up"
        reading.say(f"{said}, the first in line {min(reading.lost)}")


# --- tables to a record ---------------------------------------------------------------------------------------------


def record_of(parts: list[Part], reading: Reading, note: str = "") -> Record:
    """The record of a file's tables: spectra of all sweeps, and rows where the file has a course in time."""
    declaration = reading.declaration
    if declaration.natural:
        _must_be_natural(parts, reading)
    _stitch(parts, reading)
    made = [spectrum for part in parts for spectrum in _spectra(part, reading)]
    if not made and not any(part.named(name) for part in parts for name in _TIMES):
        because = "".join(f"; {sentence}" for sentence in reading.warnings[:3])
        raise InputError(
            f"has no column of time, and no impedance spectrum could be made of it{because}",
            file=reading.file,
            expected="a declaration that names its columns (see docs/reading.md)",
        )
    alone = bool(made) and not any(part.named(name) for part in parts for name in ("voltage_volt", "current_ampere"))
    if alone:
        raw, columns = pl.DataFrame({name: pl.Series([], dtype=pl.Float64) for name in REQUIRED}), _as_they_are()
    else:
        raw, columns = _joined(parts, declaration)
    return harmonise(
        raw,
        columns,
        path=reading.file,
        format_name=declaration.name + note,
        start=_start(parts, reading),
        spectra=made,
        warnings=reading.warnings,
        about=_about(reading),
    )


def _as_they_are() -> dict[str, Column]:
    return {name: Column(name) for name in REQUIRED}


def _must_be_natural(parts: list[Part], reading: Reading) -> None:
    frequency = parts[0].si("frequency_hertz")
    if frequency is None or not looks_like_sweep(frequency):
        raise InputError(
            "has columns of numbers without names, and the first is no frequency of a sweep",
            file=reading.file,
            expected="a declaration that names the columns (see docs/reading.md)",
        )
    reading.say("the columns have no names; read as frequency in Hz, real and imaginary part in ohm")


def _spectra(part: Part, reading: Reading) -> tuple[Spectrum, ...]:
    targets = ("frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm", *_POLAR)
    table = {target: values for target in targets if (values := part.si(target)) is not None}
    z = impedance(table)
    if z is None:
        return ()
    if "frequency_hertz" not in table:
        reading.say("has impedance but no frequency; no spectrum can be made of it")
        return ()
    sign = next((k.rule.sign for k in part.known.values() if k.column.to == "imaginary_impedance_ohm"), 1)
    kelvin = part.si("ambient_temperature_celsius")
    sweep = part.si("sweep")
    points = Points(
        table["frequency_hertz"],
        z,
        time=part.si("test_time_second"),
        temperature=None if kelvin is None else kelvin + 273.15,
        sweep=sweep,
        sign_known=sign is not None,
    )
    return spectra(points, reading.file, reading.warnings)


def _stitch(parts: list[Part], reading: Reading) -> None:
    """Put the tables of one file on one time: by their clocks, else one behind the other."""
    end: float | None = None
    for number, part in enumerate(parts, start=1):
        name = part.named("test_time_second")
        if name is None or not len(part.frame):
            continue
        column = part.known[name].column
        scale = linear(column.unit, "s")[0] if column.unit else 1.0
        time = part.frame[name] * scale
        if end is not None and float(time[0]) < end:
            shift = _clock_shift(parts[0], part)
            if shift is None:
                shift = end - float(time[0])
                reading.say(
                    f"table {number} counts time from its own start; it is put behind the one before, "
                    "and the pause between them is not known"
                )
            else:
                reading.say(f"table {number} counts time and charge from its own start; its time follows the clock")
            part.frame = part.frame.with_columns((part.frame[name] + shift / scale).alias(name))
            time = part.frame[name] * scale
        end = float(time.drop_nulls().max() or 0.0)  # type: ignore[arg-type]


def _clock_shift(first: Part, part: Part) -> float | None:
    """Seconds between the zeros of two tables' times, by their clocks."""
    zeros = []
    for one in (first, part):
        clock, time = one.si("unix_time_second"), one.si("test_time_second")
        if clock is None or time is None or not np.isfinite(clock - time).any():
            return None
        difference = clock - time
        zeros.append(float(difference[np.isfinite(difference)][0]))
    return zeros[1] - zeros[0]


def _joined(parts: list[Part], declaration: Declaration) -> tuple[pl.DataFrame, dict[str, Column]]:
    """One table of all parts, and what its columns are. Impedance lives in the spectra, not in rows."""
    names: dict[tuple[str, str, float], str] = {}
    columns: dict[str, Column] = {}
    frames = []
    counter = declaration.table.count_as if declaration.table else None
    for number, part in enumerate(parts, start=1):
        frame = part.frame.drop([n for n, known in part.known.items() if known.column.to in OF_SPECTRA])
        renamed = {}
        for name, known in part.known.items():
            if known.column.to in OF_SPECTRA or name not in frame.columns:
                continue
            renamed[name] = names.setdefault(tuple(known.column), name)  # type: ignore[arg-type]
            columns[renamed[name]] = known.column
        frame = frame.rename({old: new for old, new in renamed.items() if old != new})
        frame = frame.rename({n: n.removeprefix(OTHER) for n in frame.columns if n.startswith(OTHER)})
        frequency = next((n for n, c in columns.items() if c.to == "frequency_hertz" and n in frame.columns), None)
        if frequency is not None:
            kept = pl.when(pl.col(frequency) > 0.0).then(pl.col(frequency))
            frame = frame.with_columns(kept.alias(frequency))
        if counter and len(parts) > 0 and counter not in frame.columns:
            frame = frame.with_columns(pl.lit(float(number)).alias(counter))
            columns[counter] = Column(counter)
        frames.append(frame)
    return (frames[0] if len(frames) == 1 else pl.concat(_alike(frames), how="diagonal_relaxed")), columns


def _alike(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Frames whose columns of one name have one type: text where any of them has text."""
    text = {name for frame in frames for name, kind in frame.schema.items() if kind == pl.String}
    return [frame.with_columns(pl.col(n).cast(pl.String) for n in frame.columns if n in text) for frame in frames]


def _start(parts: list[Part], reading: Reading) -> datetime | None:
    """The instant of time 0 from the clock in the rows, else from the header; without a zone if the file says none."""
    clock = parts[0].si("unix_time_second")
    if clock is not None and np.isfinite(clock).any():
        time = parts[0].si("test_time_second")
        zero = clock - (time if time is not None else clock - clock[np.isfinite(clock)][0])
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(zero[np.isfinite(zero)][0]))
        if parts[0].clock_zoned:
            return moment
        by_date = parts[0].named("unix_time_second")
        if by_date is None or parts[0].known[by_date].rule.written != "date":
            return moment
        reading.say("the clock in the file names no time zone; unix_time_second counts as if it were UTC")
        return moment.replace(tzinfo=None)
    said = reading.declaration.start
    if said is None:
        return None
    found = [re.search(pattern, reading.header, re.MULTILINE) for pattern in said.patterns]
    if not all(found):
        return None
    text = " ".join(group for match in found if match for group in match.groups() if group)
    instant = cells.clocks(pl.Series([text]), said.formats)
    if instant.values[0] is None:
        reading.say(f"the date '{text}' in the header could not be read")
        return None
    if instant.doubt:
        reading.say(instant.doubt)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(instant.values[0]))
    return moment if instant.zoned else moment.replace(tzinfo=None)


def _about(reading: Reading) -> dict[str, Any]:
    """What the header says that nothing is computed from."""
    found: dict[str, Any] = {}
    for name, pattern in reading.declaration.about.items():
        match = re.search(pattern, reading.header, re.MULTILINE)
        if match is not None and (text := " ".join(group for group in match.groups() if group).strip()):
            found[name] = text
    return found


def _lists(table: Found, reading: Reading, note: str) -> Record:
    """A record of a table with one spectrum in each row; its plain cells go into the provenance."""
    rows = _rows(table, reading)
    _tell_lost(reading)
    if rows is None:
        raise InputError(f"looks like {reading.declaration.name}, but has no row", file=reading.file)
    known = known_columns(reading.declaration, rows[0].columns, reading.say, reading.file)
    targets = {}
    for name, one in known.items():
        scale, offset = linear(one.column.unit, unit_of(one.column.to)) if one.column.unit else (1.0, 0.0)
        targets[one.column.to] = (name, scale * one.column.factor, offset)
    if not set(_SPECTRAL) <= set(targets):
        raise InputError("lacks a column of frequency, real or imaginary part", file=reading.file)
    made, plain = spectrum_per_row(rows[0], targets, reading.file, reading.warnings)
    return harmonise(
        pl.DataFrame({name: pl.Series([], dtype=pl.Float64) for name in REQUIRED}),
        _as_they_are(),
        path=reading.file,
        format_name=reading.declaration.name + note,
        spectra=made,
        warnings=reading.warnings,
        about={"rows": plain},
    )


def read_frame(frame: pl.DataFrame, path: str | Path, declaration: Declaration, note: str = "") -> Record:
    """A record from a table whose columns have types already, by the names and units of a declaration."""
    reading = Reading(str(path), declaration)
    known = known_columns(declaration, frame.columns, reading.say, str(path))
    part = Part(frame, known)
    bad = _typed(part, False, pl.int_range(1, len(frame) + 1, eager=True), reading)
    if bad is not None and bool(bad.any()):
        reading.give_up(pl.int_range(1, len(frame) + 1, eager=True).filter(bad))
        part.frame = part.frame.filter(~bad)
        _tell_lost(reading)
    if not len(part.frame):
        raise InputError("holds no row that can be read", file=str(path))
    return record_of([part], reading, note)
