"""Lines of a table to cells: delimiters, quotes, rows that do not fit, a last line that is cut."""

from __future__ import annotations

import re

import polars as pl

from lithostat.reading.gathered import Reading
from lithostat.reading.text import DELIMITERS, Found, split_line

SAMPLE = 200  # lines that decide the delimiter
_CELL = "\x1f"  # stands between cells where some are quoted
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")


def rows_of(table: Found, reading: Reading) -> tuple[pl.DataFrame, pl.Series] | None:
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
    names = unique(table.names)
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


def _delimiter(lines: pl.Series, width: int) -> str:
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
