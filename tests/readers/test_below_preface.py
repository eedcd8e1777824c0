"""Tables whose line of names stands below a preface, as exports of many cyclers are: random ones of that kind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lithostat.experiment.errors import InputError
from lithostat.reading.read import read

FILES = 2000 if os.environ.get("LITHOSTAT_CAMPAIGN") else 60
STYLES: dict[str, Callable[[str, str], str]] = {
    "slash": lambda name, unit: f"{name}/{unit}",
    "brackets": lambda name, unit: f"{name} ({unit})",
    "square": lambda name, unit: f"{name}[{unit}]",
    "underscore": lambda name, unit: f"{name}_{unit}",
    "comma": lambda name, unit: f"{name}, {unit}",
}
VOLTAGES = ("Voltage", "voltage", "Potential", "Ewe", "U", "Cell voltage", "E")
CURRENTS = ("Current", "current", "I", "Amps")
TIMES = ("Time", "time", "Test time", "Elapsed time", "t")
PREFACE = (
    "Test report", "Operator: M. Muster", "Serial;12;B", "Channel,3", "Mass\t2.31 mg", "", "# comment: rest 2 h",
    "Start 10:00", "Schedule: D:\\tests\\a.sdx", "Remarks: U = 3 V, I = 1 mA", "==========", "Step 1: 0.1 mA",
)  # fmt: skip


def clock(seconds: float) -> str:
    """h:m:s with parts of a second."""
    minutes, second = divmod(round(seconds, 3), 60.0)
    hours, minute = divmod(int(minutes), 60)
    return f"{hours}:{minute:02d}:{second:06.3f}"


def made(draw: np.random.Generator) -> tuple[str, np.ndarray]:
    """(the text, its time [s], voltage [V] and current [A] as three rows)."""
    count = int(draw.integers(5, 60))
    truth = np.stack(
        [
            np.arange(count) * float(draw.choice([0.5, 10.0, 60.0])),
            draw.uniform(-0.3, 4.5, count).round(6),
            draw.uniform(-1e-3, 1e-3, count).round(9),
        ]
    )
    delimiter, comma = str(draw.choice(["\t", ",", ";"])), bool(draw.random() < 0.3)
    comma &= delimiter != ","
    style = str(draw.choice([*STYLES, "line"]))
    if style == "comma" and delimiter == ",":
        style = "slash"
    as_clock = bool(draw.random() < 0.25)
    units = [str(draw.choice(["s", "min", "h"])), str(draw.choice(["V", "mV"])), str(draw.choice(["A", "mA"]))]
    factor = [{"s": 1.0, "min": 60.0, "h": 3600.0}[units[0]], *(1e-3 if unit[0] == "m" else 1.0 for unit in units[1:])]
    words = [str(draw.choice(of)) for of in (TIMES, VOLTAGES, CURRENTS)]
    names = words if style == "line" else [STYLES[style](*both) for both in zip(words, units, strict=True)]
    cells = [[f"{value:.12g}" for value in row / scale] for row, scale in zip(truth, factor, strict=True)]
    if as_clock:
        names[0], units[0] = "Test time" if words[0] == "t" else words[0], ""
        cells[0] = [clock(value) for value in truth[0]]
    others = {"Record": [str(i) for i in range(1, count + 1)], "Note": ["ok"] * count, "Cycle": ["1"] * count}
    extra = [name for name in others if draw.random() < 0.5]
    order = draw.permutation(3 + len(extra))
    columns = [*cells, *(others[name] for name in extra)]
    heads, below = [*names, *extra], [*units, *[""] * len(extra)]
    lines = [str(line) for line in draw.choice(PREFACE, int(draw.integers(1, 25)))]
    lines.append(delimiter.join(heads[i] for i in order))
    if style == "line":
        lines.append(delimiter.join(f"({below[i]})" if below[i] else "" for i in order))
    lines += [delimiter.join(columns[i][row] for i in order) for row in range(count)]
    begin = len(lines) - count
    text = [line.replace(".", ",") if comma and at >= begin else line for at, line in enumerate(lines)]
    return str(draw.choice(["\n", "\r\n"])).join(text) + "\n", truth


@pytest.mark.parametrize("seed", range(FILES))
def test_the_numbers_come_from_their_columns(tmp_path: Path, seed: int) -> None:
    text, truth = made(np.random.default_rng(seed))
    path = tmp_path / "export.txt"
    path.write_text(text, encoding="utf-8", newline="")
    record = read(path)
    assert len(record.table) == truth.shape[1], text[:600]
    for name, values in zip(("test_time_second", "voltage_volt", "current_ampere"), truth, strict=True):
        np.testing.assert_allclose(record.column(name), values, rtol=1e-9, atol=1e-9, err_msg=text[:600])


HEAD = "Report\nChannel 3\n\nTime/s;Voltage/V;Current/A\n"
ROWS = "".join(f"{60.0 * i:.1f};3.{i};0.001\n" for i in range(9))


@pytest.mark.parametrize(("name", "column"), [("Voltage", "voltage_volt"), ("Current", "current_ampere")])
def test_a_unit_that_nobody_says_is_not_made_up(tmp_path: Path, name: str, column: str) -> None:
    path = tmp_path / "export.txt"
    path.write_text(HEAD.replace(f"{name}/{'V' if name == 'Voltage' else 'A'}", name) + ROWS)
    record = read(path)
    assert np.isnan(record.column(column)).all()
    assert any(f"no {name.lower()}" in warning for warning in record.warnings)
    assert f"other:{name}" in record.table.columns


def test_a_time_without_a_unit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_text(HEAD.replace("Time/s", "Time") + ROWS)
    with pytest.raises(InputError, match="unit"):
        read(path)
