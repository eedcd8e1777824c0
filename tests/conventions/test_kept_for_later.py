"""What is kept only for the next time may fail in any way a file system has, and costs no answer of this time."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from lithostat import engine
from lithostat.calibration import kept
from lithostat.calibration.calibration import Calibration
from lithostat.calibration.compare import Rival, comparison_of
from lithostat.calibration.data import Data
from lithostat.calibration.posterior import calibrate
from lithostat.cli import app
from lithostat.experiment.errors import InputError
from lithostat.experiment.record import write_whole
from lithostat.recommendation import chunks
from lithostat.recommendation.chunks import Folder, Part

# what a cache folder may be instead of one; `place` is where it was expected
BROKEN: dict[str, Callable[[Path], Any]] = {
    "a file": lambda place: place.write_text("x"),
    "below a file": lambda place: place.parent.rmdir() or place.parent.write_text("x"),
    "a link to nowhere": lambda place: place.symlink_to("/proc/nowhere/at/all"),
    "a link to itself": lambda place: place.symlink_to(place.name),
    "a device": lambda place: place.symlink_to("/dev/null"),
    "where nothing can be made": lambda place: place.symlink_to("/proc"),
    "a folder whose own folders are files": lambda place: place.mkdir() or (place / "calibrations").write_text("x"),
}


@pytest.fixture(params=[*BROKEN, "a name that is too long", "of a user without a home"])
def cache(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A cache folder that cannot be used, and what is wrong with it."""
    place = tmp_path / "above" / "cache"
    place.parent.mkdir()
    if request.param in BROKEN:
        BROKEN[request.param](place)
    elif "too long" in request.param:
        place = tmp_path / ("c" * 300)
    monkeypatch.setenv("LITHOSTAT_CACHE", str(place))
    if "home" in request.param:
        for name in ("LITHOSTAT_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    return str(request.param)


@pytest.fixture(scope="module")
def found(experiment: Any) -> Calibration:
    """A calibration without data, which is the prior."""
    return calibrate(Data(), experiment([{"rest": "1 h"}])[0], seed=1, draws=50)


def test_a_calibration_is_given_whatever_the_cache_is(cache, found, experiment, monkeypatch) -> None:
    monkeypatch.setattr(kept, "calibrate", lambda *_, **__: found)
    with pytest.warns(UserWarning, match="the calibration could not be kept for later"):
        given = kept.kept_calibration(Data(), experiment([{"rest": "1 h"}])[0], seed=1)
    assert given is found


def test_a_comparison_is_given_whatever_the_cache_is(cache, found, experiment, monkeypatch) -> None:
    compared = comparison_of([Rival("first", found, np.array([-1.0]), np.array([0.2]), (), 1.0)])
    monkeypatch.setattr(kept, "compare", lambda *_, **__: compared)
    with pytest.warns(UserWarning, match="the comparison of mechanisms could not be kept for later"):
        given = kept.kept_comparison(Data(), experiment([{"rest": "1 h"}])[0], seed=1)
    assert given is compared


def test_a_comparison_that_was_kept_is_given_whole(found, experiment, monkeypatch, tmp_path) -> None:
    """The comparison that is printed and the one that is averaged over are one file."""
    monkeypatch.setenv("LITHOSTAT_CACHE", str(tmp_path))
    rivals = [Rival(name, found, np.array([score]), np.array([0.2]), (), w) for name, score, w in _RIVALS]
    monkeypatch.setattr(kept, "compare", lambda *_, **__: comparison_of(rivals))
    cell = experiment([{"rest": "1 h"}])[0]
    first = kept.kept_comparison(Data(), cell, seed=1)
    monkeypatch.setattr(kept, "compare", None)
    again = kept.kept_comparison(Data(), cell, seed=1)
    assert again.verdict == first.verdict
    assert [(one.name, one.score, one.weight) for one in again.rivals] == list(_RIVALS)
    assert np.array_equal(again.rivals[1].calibration.draws["toughness"], found.draws["toughness"])


_RIVALS = (("a", -1.0, 0.7), ("b", -2.0, 0.3))


def test_a_calibration_that_was_kept_is_given_and_a_damaged_one_is_made_anew(found, experiment, monkeypatch, tmp_path):
    monkeypatch.setenv("LITHOSTAT_CACHE", str(tmp_path))
    monkeypatch.setattr(kept, "calibrate", lambda *_, **__: found)
    cell = experiment([{"rest": "1 h"}])[0]
    kept.kept_calibration(Data(), cell, seed=1)
    (path,) = (tmp_path / "calibrations").iterdir()
    assert kept.kept_calibration(Data(), cell, seed=1) is not found
    rng = random.Random(3)
    whole = path.read_text()
    for text in ("", "{", "[]", "\0", "[" * 100_000, '{"format": 1, "draws": {}}'):
        path.write_text(text)
        assert kept.kept_calibration(Data(), cell, seed=1) is found
    for _ in range(60):
        path.write_text(damaged(json.loads(whole), rng))
        kept.kept_calibration(Data(), cell, seed=1)  # raises nothing


def damaged(said: dict[str, Any], rng: random.Random) -> str:
    """A saved calibration with one of its entries gone, or something else in its place."""
    name = rng.choice(list(said))
    if rng.random() < 0.3:
        del said[name]
    else:
        said[name] = rng.choice([None, 3, "x", [], {}, [[]], {"x": None}, [{"x": [1, {}]}], 1e308])
    return json.dumps(said)


def test_compilations_are_done_without_a_cache(cache) -> None:
    engine._usable.cache_clear()
    named = os.environ.get("LITHOSTAT_CACHE")
    if "own folders" in cache:
        assert engine._usable(named) is not None  # that one serves
    else:
        with pytest.warns(UserWarning, match="compiled programs cannot be kept"):
            assert engine._usable(named) is None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert engine._usable(named) is None  # said once
    engine._usable.cache_clear()


def test_a_program_computes_and_says_in_one_line_that_it_keeps_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv[1:] = ['materials']\n"
        "from lithostat import cli\nfrom lithostat.engine import engine\n"
        "def computing():\n    import jax.numpy as jnp\n    with engine(): print(float(jnp.ones(2).sum()))\n"
        "cli.app = lambda **_: computing()\ncli.main()"
    )
    environment = os.environ | {"LITHOSTAT_CACHE": "/dev/null"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == "2.0\n"
    assert done.stderr.startswith("lithostat: warning: compiled programs cannot be kept")
    assert len(done.stderr.strip().splitlines()) == 1


def parts() -> list[Part]:
    one = np.zeros(2)
    return [Part(k, np.array([2 * k, 2 * k + 1]), np.zeros(2, np.int8), one + k, one, one) for k in range(5)]


@pytest.mark.parametrize("broken", [{0}, {3}, {1, 4}, {0, 1, 2, 3, 4}])
def test_a_map_is_whole_though_some_of_its_parts_could_not_be_kept(tmp_path, monkeypatch, broken) -> None:
    folder = Folder(tmp_path / "map", {"x": 1}, 5)

    def full(path: Path, write: Callable[[str], Any], *, durable: bool) -> Path:
        if int(path.stem) in broken:
            raise InputError("cannot be written (No space left on device)", file=str(path))
        return write_whole(path, write, durable=durable)

    monkeypatch.setattr(chunks, "write_whole", full)
    for part in parts():
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            folder.keep(part)
        assert bool(said) == (part.number in broken)
    assert folder.gather().cycling_time.tolist() == [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]
    assert Folder(tmp_path / "map", {"x": 1}, 5).done() == {0, 1, 2, 3, 4} - broken


@pytest.mark.parametrize("writes", ["csv", "parquet"])
def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: str) -> None:
    import polars as pl

    table = pl.DataFrame({"a": np.arange(100_000)})
    with pytest.raises(InputError, match=r"a\.out: cannot be written \(the disk is full\)$"):
        write_whole(tmp_path / "a.out", lambda _: getattr(table, f"write_{writes}")("/dev/full"))
    assert list(tmp_path.iterdir()) == []


EXPERIMENT = (
    "cell: {electrode: {thickness: 1 mm, area: 1 cm2}, electrolyte: {material: Li6PS5Cl, thickness: 1 mm}}\n"
    "protocol: {steps: [{press: 5 MPa}, {rest: 1 h}]}\n"
)
COMMANDS = {
    "run": ["run", "cell.yaml"],
    "analyze": ["analyze", "."],
    "impedance": ["impedance", "."],
    "calibrate": ["calibrate", "doux2020"],
    "recommend": ["recommend", "doux2020", "--current", "75 uA/cm2", "--hours", "1000"],
    "sweep": ["sweep", "cell.yaml"],
    "reproduce": ["reproduce", "doux2020"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_cannot_be_written_is_said_before_work_begins(command, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cell.yaml").write_text(EXPERIMENT if command in ("run", "sweep") else "kind: half\n")
    (tmp_path / "a.csv").write_text("time/s,voltage/V,current/mA\n0,1,1\n")
    (tmp_path / "out").write_text("a file is in the way")
    done = CliRunner().invoke(app, [*COMMANDS[command], "-o", "out", "--json"])
    assert isinstance(done.exception, InputError)
    assert str(done.exception).startswith("out: cannot be written")
    assert "folder that can be" in json.dumps(str(done.exception))  # that of `ready`, not of a figure at the end
