"""Cells of a table to numbers, with the sign that a state gives and the current that open circuit implies."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from lithostat.experiment.quantity import linear
from lithostat.experiment.record import REQUIRED
from lithostat.reading import cells
from lithostat.reading.columns import POLAR, SPECTRAL, TIMES, KnownColumn, known_columns
from lithostat.reading.declaration import Declaration, Rule
from lithostat.reading.gathered import Reading
from lithostat.reading.harmonise import FileColumn, unit_of
from lithostat.reading.plain_rows import plain_rows
from lithostat.reading.rows import SAMPLE, delimiter_of, no_line_end, rows_of, unique
from lithostat.reading.text import DELIMITERS, HEAD, Found, split_line
from lithostat.reading.voltage_columns import between_terminals, filled

LOOKED_AT = 20  # rows whose cells tell durations and dates from numbers


@dataclass
class TypedTable:
    """One table with typed columns in the units of the file, and what they are."""

    frame: pl.DataFrame
    known: dict[str, KnownColumn]
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


def part_of(table: Found, reading: Reading) -> TypedTable | None:
    """One table with numbers instead of text; None if it has no row that can be read."""
    if reading.declaration.surplus_names:
        _drop_surplus(table, reading)
    names = unique(table.names)
    written = _written(table, reading.declaration, names)
    known = known_columns(reading.declaration, names, reading.say, reading.file, written)
    frame, comma = plain_rows(table, reading.declaration, known), False
    if frame is not None:
        lines = pl.int_range(table.line, table.line + len(frame), eager=True)
        if not table.ends and not table.body.endswith(b"\n"):
            reading.say(no_line_end(int(lines[-1])))
    else:
        rows = rows_of(table, reading)
        if rows is None:
            if table.title and reading.declaration.table and reading.declaration.table.many:
                reading.say(f"the table '{' '.join(table.title.split())[:40]}' has no row that can be read")
            return None
        frame, lines = rows
        comma = _comma(frame, known, reading.declaration, b"," in table.body)
        del rows
    _hold_against_title(table, reading)
    table.body = b""  # the text of a large table is let go, then its cells column by column
    part = TypedTable(frame, known)
    del frame
    state = _states(part.frame, reading.declaration)
    bad = typed(part, comma, lines, reading)
    if bad is not None and bool(bad.any()):
        reading.give_up(lines.filter(bad))
        part.frame = part.frame.filter(~bad)
        state = None if state is None else state.filter(~bad)
    if not len(part.frame):
        return None
    if state is not None:
        _signed(part, state, reading)
    _open_circuit(part, table, reading)
    between_terminals(part, reading)
    filled(part, reading)
    return part


def _written(table: Found, declaration: Declaration, names: list[str]) -> dict[str, str]:
    """Which columns hold durations and which dates, by the cells of the first rows."""
    lines = [line for line in table.body[:HEAD].decode("utf-8", "replace").split("\n")[:LOOKED_AT] if line.strip()]
    if not any(":" in line for line in lines):
        return {}
    delimiter = DELIMITERS.get(declaration.delimiter) or delimiter_of(pl.Series(lines), len(table.names))
    rows = [split_line(line, delimiter) for line in lines]
    written = {}
    for place, name in enumerate(names):
        texts = [row[place].strip(' "') for row in rows if place < len(row) and row[place].strip(' "')]
        for kind, pattern in (("duration", cells.DURATION), ("date", cells.DATE)):
            if texts and all(re.fullmatch(pattern, text) for text in texts):
                written[name] = kind
    return written


def _drop_surplus(table: Found, reading: Reading) -> None:
    """Names at the end that no row has a cell for are left out, and that is said."""
    mark = DELIMITERS.get(reading.declaration.delimiter, "\t").encode()
    head = [line.rstrip(mark) for line in table.body[:HEAD].split(b"\n")[:SAMPLE] if line.strip()]
    cells_there, names = max((line.count(mark) + 1 for line in head), default=0), unique(table.names)
    if 1 < cells_there < len(names):
        gone = names[cells_there:]
        reading.say(f"no row has a cell for the last names, which are left out: {', '.join(gone)}")
        table.names, reading.dropped = names[:cells_there], True


def _hold_against_title(table: Found, reading: Reading) -> None:
    """Say where a title gives another number of rows than there are lines."""
    if table.stated is None:
        return
    count = sum(bool(line.strip()) for line in table.body.split(b"\n"))
    if count != table.stated:
        name = table.title.split()[0][:40]
        reading.say(f"the table '{name}' states {table.stated} rows and has {count}")


def _comma(frame: pl.DataFrame, known: dict[str, KnownColumn], declaration: Declaration, any_comma: bool) -> bool:
    if declaration.decimal != "auto" or not any_comma:
        return declaration.decimal == "comma"
    columns = [frame[name] for name, one in known.items() if one.rule.written == "number"]
    return cells.is_comma(columns or frame.get_columns())


def _needed(part: TypedTable) -> set[str]:
    """Columns without which a row says nothing wrong only if it is left out."""
    targets = {known.column.to: name for name, known in part.known.items()}
    wanted = {"test_time_second" if "test_time_second" in targets else "unix_time_second", *REQUIRED}
    if "frequency_hertz" in targets:
        polar = not set(SPECTRAL) <= set(targets)
        wanted |= {"frequency_hertz", *(POLAR if polar else SPECTRAL)}
    return {targets[target] for target in wanted if target in targets}


def typed(part: TypedTable, comma: bool, lines: pl.Series, reading: Reading) -> pl.Series | None:
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
        if known.column.to in TIMES and name in needed:
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


def _column(
    part: TypedTable, name: str, known: KnownColumn, comma: bool, reading: Reading
) -> tuple[pl.Series, pl.Series]:
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


def _signed(part: TypedTable, state: pl.Series, reading: Reading) -> None:
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


def _open_circuit(part: TypedTable, table: Found, reading: Reading) -> None:
    """At open circuit a table has no current because none flows."""
    pattern = reading.declaration.open_circuit
    if pattern is None or part.named("current_ampere") is not None or part.named("voltage_volt") is None:
        return
    if re.search(pattern, f"{reading.header}\n{table.title}", re.MULTILINE):
        part.frame = part.frame.with_columns(pl.lit(0.0).alias("current"))
        rule = Rule.model_validate({"match": "current", "is": "current_ampere"})
        part.known["current"] = KnownColumn(rule, FileColumn("current_ampere", "A"))
        reading.say("the technique is open circuit and its table has no current: it is 0 there")
