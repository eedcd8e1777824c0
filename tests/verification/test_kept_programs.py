"""A program that was traced once is read by the next process, and only if it is the very same one."""

import os
import subprocess
import sys
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest

from lithostat import programs
from lithostat.engine import engine


class Gives(NamedTuple):
    double: float
    total: float


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LITHOSTAT_CACHE", str(tmp_path))
    monkeypatch.setattr(programs, "_calls", {})
    return tmp_path / "programs"


def go(values, settings=("a",), functions=()):
    """(result, how often it was traced)."""
    traced = []

    def trace():
        traced.append(1)
        return lambda x: Gives(2.0 * x, jnp.sum(x))

    with engine():
        arrays = (np.asarray(values, float),)
        result = programs.call("doubled", trace, arrays, settings=settings, gives=Gives, functions=functions)
        return Gives(*map(np.asarray, result)), len(traced)


def fresh(monkeypatch):
    monkeypatch.setattr(programs, "_calls", {})


def test_it_is_traced_once_and_read_from_then_on(folder, monkeypatch):
    first, traced = go([1.0, 2.5])
    assert traced == 1
    fresh(monkeypatch)
    again, traced = go([1.0, 2.5])
    assert traced == 0
    assert again.double.tolist() == first.double.tolist() == [2.0, 5.0]
    assert again.total == first.total == 3.5


@pytest.mark.parametrize(
    "changed",
    [
        lambda patch: go([1.0, 2.0, 3.0]),
        lambda patch: go([1.0, 2.0], settings=("b",)),
        lambda patch: (patch.setattr(programs, "_made_of", lambda: "another version"), go([1.0, 2.0]))[1],
    ],
    ids=["shape", "settings", "sources"],
)
def test_whatever_it_rests_on_names_it(folder, monkeypatch, changed):
    go([1.0, 2.0])
    fresh(monkeypatch)
    assert changed(monkeypatch)[1] == 1


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[:-1], lambda data: data[:40] + b"x" + data[41:]]
)
def test_a_damaged_file_is_traced_anew_and_replaced(folder, monkeypatch, damage):
    go([1.0, 2.0])
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    fresh(monkeypatch)
    result, traced = go([1.0, 2.0])
    assert traced == 1
    assert result.double.tolist() == [2.0, 4.0]
    fresh(monkeypatch)
    assert go([1.0, 2.0])[1] == 0


def test_laws_from_elsewhere_are_never_kept(folder, monkeypatch):
    def own_law(x):
        return x

    own_law.__module__ = "someones_notebook"
    assert go([1.0], functions=(own_law,))[1] == 1
    assert go([1.0], functions=(own_law,))[1] == 0  # in this process
    assert not list(folder.glob("*"))


SHORT_RUN = """
import sys
from lithostat import Cell, Protocol, simulate
lithium = {"material": "lithium", "diameter": "12.7 mm", "thickness": "0.5 mm"}
cell = Cell.from_dict({"electrode": lithium, "electrolyte": {"material": "Li6PS5Cl", "thickness": "1 mm"}})
steps = [{"press": "10 MPa"}, {"plate": "75 uA/cm2", "for": "1 h"}]
record = simulate(cell, Protocol.model_validate({"temperature": "25 degC", "steps": steps}))
print("diffrax" in sys.modules, record.table["voltage_volt"].to_list())
"""


def test_a_second_process_traces_nothing_and_gives_the_same_bytes(tmp_path):
    environment = os.environ | {"LITHOSTAT_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", SHORT_RUN]
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.split(" ", 1)
        for _ in range(2)
    ]
    assert [traced for traced, _ in runs] == ["True", "False"]
    assert runs[0][1] == runs[1][1]
