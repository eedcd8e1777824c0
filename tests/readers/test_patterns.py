"""Patterns of the package's formats take a time in proportion to what they look at, whatever stands there."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from limited import limited
from lithostat.reading import rows
from lithostat.reading.columns import LONGEST
from lithostat.reading.declaration import declarations
from lithostat.reading.text import row_of_numbers

PROGRAM = Path(__file__).with_name("pattern_attacks.py")
SECONDS = 60  # of CPU for all of them together, which need three; a pattern that is not linear needs that alone


def patterns() -> Iterator[str]:
    """Those that see a whole head or header; names of columns have at most `LONGEST` letters."""
    for one in declarations():
        yield from one.recognise
        yield from (text for text in (one.open_circuit, *one.about.values()) if text)
        yield from one.start.patterns if one.start else ()
        if one.table:
            yield from (text for text in (one.table.header, one.table.lines, one.table.title, one.table.end) if text)
    yield from (row_of_numbers(mark).pattern.decode() for mark in "\t,;")


def ended(chosen: list[tuple[bool, str]], seconds: int) -> str:
    """What the child that tries them prints last."""
    done = limited([sys.executable, str(PROGRAM)], seconds, json.dumps(chosen))
    return done.stdout.splitlines()[-1]


def test_every_pattern_of_a_format_comes_to_an_end() -> None:
    chosen = [(False, text) for text in dict.fromkeys(patterns())]
    chosen.append((True, rows._NUMBER.pattern))
    assert len(chosen) > 50
    assert ended(chosen, SECONDS) == "done"


def test_the_attack_finds_what_has_no_end() -> None:
    for pattern in (r"^\s*Time:\s*(\S+)", r"(?P<a>a+)+$", r"\A[^\S\n]*[,;\t][^\S\n]*gamma"):
        assert ended([(False, pattern)], 1) == pattern


def test_names_of_columns_are_short_enough_for_any_pattern() -> None:
    """The worst of them tries every triple of places."""
    worst = re.compile(r"(?i)re([ _]*[/(\[]?[ ]*(?P<unit>[mkM]?(ohms?|Ω)([ .·*]?cm.*)?)[)\]]?)?")
    assert worst.fullmatch("re" + " " * (LONGEST - 3) + "x") is None
