"""One folder end to end: a load cell on an auxiliary channel, three electrodes, a leak test, impedance.

Every number was chosen here; the command has to give it back from the files.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from lithostat.cli import app
from lithostat.lab import many_cells

h5py = pytest.importorskip("h5py")

START = datetime(2025, 1, 20, 10, 0, 0)
OHM, BETWEEN, LEAK = 400.0, 900.0, 5e4  # V/I of two cells, and what leaks
IONIC, INTERFACE = 30.0, 100.0  # ohm
AREA, PRESSURE, PER_VOLT = 1e-4, 5e6, 500.0  # m2, Pa, N/V
HOURS = 8
TIME = np.arange(60.0, HOURS * 3600.0 + 1.0, 60.0)
CURRENT = 1e-4 * np.where(((TIME - 1.0) // 3600.0) % 2 == 0, 1.0, -1.0)
NOTE = "kind: symmetric\narea: 1 cm2\nended: stopped\ntemperature: 25 degC\n"


def arbin(path: Path) -> None:
    """An Arbin .h5 whose auxiliary channel is the load cell."""
    columns = {
        "Test_Time": TIME,
        "Step_Index": ((TIME - 1.0) // 3600.0).astype(int) + 1,
        "Current": CURRENT,
        "Voltage": OHM * CURRENT,
        "Aux_Voltage_1": np.full(len(TIME), 0.01 + PRESSURE * AREA / PER_VOLT),
    }
    with h5py.File(path, "w") as file:
        for name, values in columns.items():
            file[f"data/{name}"] = values


def ec_lab(path: Path, technique: str, begin: datetime, columns: dict[str, np.ndarray]) -> None:
    """EC-Lab's text."""
    head = ["EC-Lab ASCII FILE", "Nb header lines : 7", "", technique, ""]
    head += [f"Acquisition started on : {begin:%m/%d/%Y %H:%M:%S}.000", "\t".join(columns)]
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join([*head, *("\t".join(f"{value:.9g}" for value in row) for row in rows)]) + "\n")


def three_electrodes(path: Path) -> None:
    """The cell is what lies between the electrodes, and the reference is neither of them."""
    counter = -0.2 - 0.4 * BETWEEN * CURRENT
    columns = {"time/s": TIME, "Ewe/V": BETWEEN * CURRENT + counter, "Ece/V": counter, "I/mA": 1e3 * CURRENT}
    ec_lab(path, "Galvanostatic Cycling with Potential Limitation", START, columns)


def spectrum(path: Path, begin: datetime) -> None:
    """An ionic resistance and an arc of the interface, before the current."""
    frequency = np.logspace(6.0, -1.0, 43)
    z = IONIC + INTERFACE / (1.0 + 2j * np.pi * frequency * INTERFACE * 1e-6)
    columns = {"freq/Hz": frequency, "Re(Z)/Ohm": z.real, "-Im(Z)/Ohm": -z.imag}
    columns["time/s"] = np.arange(len(frequency), dtype=float)
    ec_lab(path, "Potentio Electrochemical Impedance Spectroscopy", begin, columns)


def leak_test(path: Path) -> None:
    """0.2 V held for twelve hours: the current decays to what leaks."""
    time = np.arange(0.0, 12 * 3600.0, 60.0)
    frame = {"time/s": time, "voltage/V": 0.2 + 0.0 * time, "current/A": 0.2 / LEAK + 2e-5 * np.exp(-time / 3600.0)}
    pl.DataFrame(frame).write_csv(path)


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict], Path]:
    root = tmp_path_factory.mktemp("lab")
    note = NOTE + "load_cell: {column: Aux_Voltage_1, unit: V, sensitivity: 500 N/V, zero: 0.01 V}\n"
    for name, text in (("pressed", note), ("reference", NOTE + "pressure: 5 MPa\n"), ("leak", NOTE)):
        (root / "lab" / name).mkdir(parents=True)
        (root / "lab" / name / "cell.yaml").write_text(text)
    arbin(root / "lab" / "pressed" / "run.h5")
    three_electrodes(root / "lab" / "reference" / "run.mpt")
    spectrum(root / "lab" / "reference" / "eis.mpt", START - timedelta(hours=1))
    leak_test(root / "lab" / "leak" / "hold.csv")
    return analysed(root, "out"), root / "out"


def analysed(root: Path, out: str, *flags: str) -> dict[str, dict]:
    done = CliRunner().invoke(app, ["analyze", str(root / "lab"), "-o", str(root / out), "--json", *flags])
    assert done.exit_code == 0, f"{done.output} {done.exception!r}"
    return {cell["cell"]: cell for cell in json.loads(done.stdout)}


def values(cell: dict) -> dict[str, float | None]:
    return {finding["name"]: finding["value"] for finding in cell["findings"]}


def test_the_load_cell_on_an_auxiliary_channel_is_the_pressure(cells):
    cell = cells[0]["pressed"]
    assert cell["outcome"] == "censored"
    assert cell["pressure_pa"] == pytest.approx(PRESSURE, rel=1e-6)
    assert values(cell)["overpotential at first"] == pytest.approx(1e3 * OHM * 1e-4, rel=1e-6)
    assert values(cell)["charge in both directions"] == pytest.approx(HOURS * 0.1, rel=0.003)


def test_the_voltage_of_three_electrodes_is_that_between_the_terminals(cells):
    cell = cells[0]["reference"]
    assert cell["outcome"] == "censored"
    assert values(cell)["overpotential at first"] == pytest.approx(1e3 * BETWEEN * 1e-4, rel=1e-6)
    assert any("Ewe less Ece" in warning for warning in cell["warnings"])


def test_impedance_stands_beside_it(cells):
    found = values(cells[0]["reference"])
    assert found["ionic resistance, first spectrum"] == pytest.approx(IONIC, rel=0.01)
    assert found["total resistance, first spectrum"] == pytest.approx(IONIC + INTERFACE, rel=0.01)


def test_a_held_voltage_gives_what_leaks_and_no_short(cells):
    cell = cells[0]["leak"]
    assert cell["outcome"] == "unknown"
    assert values(cell)["leakage resistance"] == pytest.approx(LEAK, rel=0.01)


def test_all_of_them_are_in_the_table_and_have_pages(cells):
    by_name, out = cells
    table = pl.read_csv(out / "cells.csv", infer_schema_length=None)
    assert table["cell"].to_list() == ["leak", "pressed", "reference"]
    assert table["error"].null_count() == 3
    assert table["pressure_pa"].to_list()[1:] == pytest.approx([PRESSURE, PRESSURE])
    for name in by_name:
        assert (out / f"{name}.html").read_text().startswith("<!")


def test_cells_side_by_side_say_the_same(cells, monkeypatch):
    """In processes of their own, as in a large folder. Pages cost the most, and are drawn from what is compared."""
    by_name, out = cells
    monkeypatch.setattr(many_cells, "SMALL", 0)
    monkeypatch.setattr(many_cells, "cores", lambda: 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # matrices here are small, and the two run side by side
    again = analysed(out.parent, "again", "--no-pages")
    pages = {f"{name}.html" for name in by_name}
    assert {path.name for path in out.iterdir()} - pages == {path.name for path in (out.parent / "again").iterdir()}
    for name, cell in again.items():
        assert {key: value for key, value in cell.items() if key != "written"} == {
            key: value for key, value in by_name[name].items() if key != "written"
        }
