"""Nothing computes with the text of a unit before its length, letters and shape were looked at."""

from __future__ import annotations

import random
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from hostile_units import hostile_unit

from lithostat.experiment import quantity
from lithostat.experiment.cell_note import note_from
from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import QUANTITIES, linear, parse
from lithostat.experiment.unit_text import checked_unit
from lithostat.reading.columns import known_columns
from lithostat.reading.declaration import Declaration, declarations

SEED, COUNT = 11, 400
SECONDS = 60  # of CPU for everything in the child, which needs two; one hostile unit alone needs minutes
DECLARED = {"name": "x", "table": {"names": ["U"]}, "columns": [{"match": "U", "is": "voltage_volt", "unit": "V"}]}


@pytest.mark.parametrize("text", sorted({unit for q in QUANTITIES.values() for unit in (q.unit, q.shown) if unit}))
def test_units_of_the_package_are_units(text: str) -> None:
    assert checked_unit(text) == text


@pytest.mark.parametrize(
    "text", ["mA/(cm^2)", "W/(m K)", "m^(1/2)", "s-1", "s^-1", "°C", "%", "kg/m**3", "((V))", "kilogram_force", "Ω", ""]
)
def test_what_people_write_is_a_unit(text: str) -> None:
    assert checked_unit(text) == text


@pytest.mark.parametrize(
    "text", ["10**10**10*V", "10 V", "V^9^9", "V//1", "V\0", "V^100", "-V", "V+V", "()", "V(", "a" * 33]
)
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no product|holds a NUL"):
        checked_unit(text)


def doors(unit: str) -> None:
    """Every way by which text of a file or of a person becomes a unit; each refuses, or reads it."""
    name = f"Voltage ({unit})"
    for door in (
        lambda: linear(unit, "V"),
        lambda: parse(f"3 {unit}", "voltage"),
        lambda: note_from({"pressure": f"5 {unit}"}),
        lambda: known_columns(declared("generic"), [name, "time/s"], lambda _: None, "file"),
        lambda: known_columns(declared("arbin"), [name], lambda _: None, "file"),
        lambda: known_columns(stating(unit), ["U"], lambda _: None, "file"),
    ):
        problem = ""
        try:
            door()
        except InputError as error:
            problem = str(error)
        assert len(problem) < 1000  # what has no end is not echoed


def declared(name: str) -> Declaration:
    return next(one for one in declarations() if one.name.lower().startswith({"generic": "table"}.get(name, name)))


def stating(unit: str) -> Declaration:
    return Declaration.from_dict(DECLARED | {"columns": [{"match": "U", "is": "voltage_volt", "unit": unit}]})


def test_only_short_products_of_names_reach_what_evaluates_them(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Told:
        def Unit(self, text: str) -> None:  # noqa: N802
            seen.append(text)
            raise ValueError

        def Quantity(self, _value: float, unit: object) -> object:  # noqa: N802
            return unit

    monkeypatch.setattr(quantity, "_registry", Told)
    rng = random.Random(SEED)
    quantity._convert.cache_clear()
    for _ in range(COUNT):
        doors(hostile_unit(rng))
    quantity._convert.cache_clear()
    for text in seen:
        assert len(text) < 200
        assert not re.search(r"\d{4}|[\d)]\s*\*\*|[^\w*/().%°\s-]", text.replace("µ", "u")), text


def test_no_unit_keeps_the_program_busy() -> None:
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"seconds of CPU used up, or a fault: {done.stderr[-500:]}"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    chosen = random.Random(SEED)
    for _ in range(COUNT):
        begin, member = time.process_time(), hostile_unit(chosen)
        print(repr(member[:60]), file=sys.stderr, flush=True)
        doors(member)
        print(f"{time.process_time() - begin:.3f} s", file=sys.stderr)
