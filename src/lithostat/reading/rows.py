"""Lines of a table to cells: delimiters, quotes, rows that do not fit, a last line that is cut."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from lithostat.reading.gathered import Reading
from lithostat.reading.text import DELIMITERS, Found, split_line

SAMPLE = 200  # lines that decide the delimiter
PIECE = 1 << 17  # lines that are split at a time
_CELL = "\x1f"  # stands between cells where some are quoted
_NUMBER = re.compile(r"[+-]?(\d++[.,]?\d*+|[.,]\d++)([eE][+-]?\d++)?")


def rows_of(table: Found, reading: Reading) -> tuple[pl.DataFrame, pl.Series] | None:
    """The cells of the rows that have as many as there are names, and their line numbers; None if there is no row."""
    lines = lines_of(table.body)
    whole = lines.str.contains(r"[^ \t,;]").fill_null(False)
    numbers = pl.int_range(table.line, table.line + len(lines), eager=True).filter(whole)
    lines = lines.filter(whole)
    if not len(lines):
        return None
    delimiter = DELIMITERS.get(reading.declaration.delimiter) or delimiter_of(lines, len(table.names))
    quoted = b'"' in table.body
    split = _Split(unique(table.names), len(table.names), delimiter, quoted)
    last_line = None if table.ends or table.body.endswith(b"\n") else int(numbers[-1])
    frames, kept = [], []
    for place in range(0, len(lines), PIECE):  # in pieces, so that what is made on the way is small
        frame, good = split(lines.slice(place, PIECE))
        line = numbers.slice(place, PIECE)
        if last_line is not None and place + PIECE >= len(lines):
            tail, mark = split.separated(lines.tail(SAMPLE))
            if is_cut(tail, bool(good[-1]), mark):
                reading.say(f"the last line ({last_line}) is cut and was given up")
                good &= line != last_line
            else:
                reading.say(no_line_end(last_line))
        if not bool(good.all()):
            reading.give_up(line.filter(~good))
            frame, line = frame.filter(good), line.filter(good)
        frames.append(frame)
        kept.append(line)
    frame, numbers = pl.concat(frames, rechunk=False), pl.concat(kept)
    if not len(frame):
        separated, mark = split.separated(lines.head(1))
        cells = separated.str.count_matches(mark, literal=True)[0] + 1
        reading.width = f": rows have {cells} cells, but there are {len(split.names)} names"
    return (frame, numbers) if len(frame) else None


@dataclass(frozen=True)
class _Split:
    """How lines are split: the names of the cells, how many names the file gives, the delimiter, whether some quote."""

    names: list[str]
    given: int
    delimiter: str
    quoted: bool

    def separated(self, lines: pl.Series) -> tuple[pl.Series, str]:
        """Lines with one plain mark between cells, and the mark."""
        mark = self.delimiter
        if mark == " ":
            lines, mark = lines.str.strip_chars(" \t").str.replace_all(r"[ \t]+", "\t"), "\t"
        return (_unquoted(lines, mark), _CELL) if self.quoted else (lines, mark)

    def __call__(self, lines: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
        """Cells by name, and which rows have as many cells as there are names; more are blank."""
        lines, mark = self.separated(lines)
        most = max(self.given, len(self.names) + 1)
        split = lines.str.split_exact(mark, most - 1).struct.unnest()
        count = lines.str.count_matches(mark, literal=True) + 1
        good = (count >= len(self.names)) & (count <= most)
        for extra in split.columns[len(self.names) :]:
            good &= split[extra].is_null() | split[extra].str.strip_chars(" ").eq("")
        frame = split.select(split.columns[: len(self.names)])
        frame.columns = self.names
        indentation = [name for name in self.names if not name.strip()]
        return frame.drop(indentation), good.fill_null(False)


def lines_of(body: bytes) -> pl.Series:
    """Lines of UTF-8 bytes, blank ones as null."""
    unused = next((chr(code) for code in (1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18, 28, 29, 30)
                   if bytes([code]) not in body), None)  # fmt: skip
    if not body or unused is None:
        return pl.Series("line", body.decode().split("\n") if body else [], dtype=pl.String)
    frame = pl.read_csv(
        body, separator=unused, has_header=False, quote_char=None, schema={"line": pl.String}, infer_schema=False
    )
    return frame["line"]


def no_line_end(line: int) -> str:
    """What is said of a last line that seems whole."""
    return f"line {line} has no line end: its last number may be cut"


def is_cut(lines: pl.Series, good: bool, delimiter: str) -> bool:
    """Whether a file stops within its last line: too few cells, or a last cell shorter than any of many before."""
    if not good or len(lines) < 4:
        return not good
    before = lines.slice(max(0, len(lines) - SAMPLE), min(len(lines), SAMPLE) - 1)
    lengths = before.str.split(delimiter).list.last().str.len_chars().drop_nulls().to_list()
    return len(str(lines[-1]).rsplit(delimiter, 1)[-1]) < min(lengths, default=0)


def unique(names: list[str]) -> list[str]:
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
        place: _CELL.join(split_line(line, delimiter))
        for place, line in zip(inside.arg_true().to_list(), lines.filter(inside).to_list(), strict=True)
    }
    if hard:
        plain = plain.scatter(list(hard), list(hard.values()))
    return pl.select(pl.when(~odd).then(plain).otherwise(pl.lit("\0"))).to_series()  # a torn quote fits no table


def delimiter_of(lines: pl.Series, width: int) -> str:
    """The delimiter that makes most of the sampled cells numbers, in rows of one width; `width` names were found."""
    sample = [line for line in lines.head(SAMPLE).to_list() if line]
    best, chosen = (-1.0, 0.0, 0), "\t"
    for delimiter in "\t;, ":
        rows = [line.split() if delimiter == " " else split_line(line, delimiter) for line in sample]
        fitting = sum(width <= len(row) <= width + 1 for row in rows) / len(rows)
        flat = [cell.strip(' "') for row in rows for cell in row]
        plain = sum(bool(_NUMBER.fullmatch(cell)) for cell in flat if cell) / max(1, sum(bool(cell) for cell in flat))
        score = (round(fitting, 2), round(plain, 2), -"\t;, ".index(delimiter))
        if score > best and fitting > 0.0:
            best, chosen = score, delimiter
    return chosen
