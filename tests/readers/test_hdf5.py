"""HDF5 files, made here: a compound dataset, a group of columns, a frame as pandas lays it out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lithostat.experiment.errors import InputError
from lithostat.reading.read import read

h5py = pytest.importorskip("h5py")

TIME = np.arange(0.0, 3600.0, 60.0)
COLUMNS = {
    "Data_Point": np.arange(1, len(TIME) + 1),
    "Test_Time": TIME,
    "Step_Index": np.ones(len(TIME), np.int64),
    "Current": np.full(len(TIME), 1e-4),
    "Voltage": 0.1 + 1e-6 * TIME,
    "Aux_Voltage_1": np.linspace(1.0, 1.2, len(TIME)),
}


def compound(file: Any) -> None:
    table = np.zeros(len(TIME), dtype=[(name, values.dtype) for name, values in COLUMNS.items()])
    for name, values in COLUMNS.items():
        table[name] = values
    file["raw/Channel_1"] = table


def columns(file: Any) -> None:
    for name, values in COLUMNS.items():
        file[f"data/{name}"] = values
    file["events/number"] = np.arange(3)
    file["events/Test_Time"] = np.arange(3.0)


def frame(file: Any) -> None:
    group = file.create_group("data")
    group["axis0"] = np.array([name.encode() for name in COLUMNS])
    for number, kind in enumerate("if"):
        some = [name for name, values in COLUMNS.items() if values.dtype.kind == kind]
        group[f"block{number}_items"] = np.array([name.encode() for name in some])
        group[f"block{number}_values"] = np.stack([COLUMNS[name] for name in some], axis=1)


@pytest.mark.parametrize("layout", [compound, columns, frame])
def test_a_table_of_arbin_in_any_layout(tmp_path: Path, layout: Any) -> None:
    path = tmp_path / "cell.h5"
    with h5py.File(path, "w") as file:
        layout(file)
    record = read(path)
    np.testing.assert_allclose(record.column("test_time_second"), TIME)
    np.testing.assert_allclose(record.column("voltage_volt"), COLUMNS["Voltage"])
    np.testing.assert_allclose(record.column("current_ampere"), COLUMNS["Current"])
    np.testing.assert_allclose(record.column("other:Aux_Voltage_1"), COLUMNS["Aux_Voltage_1"])


def test_a_file_without_such_a_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pictures.h5"
    with h5py.File(path, "w") as file:
        file["volume"] = np.zeros((4, 4, 4))
        file["notes/text"] = np.array([b"a", b"b"])
    with pytest.raises(InputError, match="holds no table whose names are known here"):
        read(path)


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "cell.h5"
    with h5py.File(path, "w") as file:
        columns(file)
    whole = path.read_bytes()
    for length in (100, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read(path)
