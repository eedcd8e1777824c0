"""Other programs: found only where the machine keeps them, and started where no file of a data folder can be meant.

A program or a module is found by its name alone. A folder of data that somebody else made may hold files of that name,
so that neither the folder nor the one a person stands in may be among the places that are searched.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

SETTINGS = {"matplotlibrc": "matplotlib", "arvizrc": "arviz"}  # files of the current folder, and who reads them


def program(name: str, *, outside: Path) -> Path | None:
    """Where PATH has a program; None if nowhere, or only in a relative place or in the folder `outside`."""
    data = outside.resolve()
    endings = os.environ.get("PATHEXT", ".EXE").split(os.pathsep) if os.name == "nt" else [""]
    for place in os.environ.get("PATH", os.defpath).split(os.pathsep):
        for ending in endings:
            found = Path(place) / f"{name}{ending}"
            if not Path(place).is_absolute() or not found.is_file() or not os.access(found, os.X_OK):
                continue
            if not any(path.is_relative_to(data) for path in (found, found.resolve())):
                return found
    return None


def python_command(code: str) -> list[str]:
    """A child interpreter that runs `code` and finds modules where this one does, but for the folder one stands in.

    It is isolated (-I): neither the current folder nor one from the environment is searched.
    """
    current = os.path.realpath(os.curdir)
    script = [] if sys.flags.safe_path else sys.path[:1]  # the folder of a script, or that of `python -m`
    places = [place for place in sys.path if os.path.isabs(place) and place not in script]
    places = [place for place in places if os.path.realpath(place) != current]
    places.append(str(Path(__file__).resolve().parents[2]))
    known = f"import sys; sys.path += [place for place in {places!r} if place not in sys.path]"
    return [sys.executable, "-I", "-c", f"{known}\n{code}"]


@contextlib.contextmanager
def empty_folder() -> Iterator[str]:
    """A new folder to start a program in, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lithostat-") as folder:
        yield folder


def search_installed_only() -> None:
    """Drop from PATH what depends on where one stands; for a process of our own, since its libraries use it too."""
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join(place for place in places if os.path.isabs(place))
    os.environ["NoDefaultCurrentDirectoryInExePath"] = "1"  # noqa: SIM112  (as Windows calls it)


def without_settings_of_here() -> list[str]:
    """Names of the files in the current folder that a library would take settings from, and now does not.

    Such settings run programs (TeX), change figures and the scale of scores. The libraries look when they are imported,
    which therefore happens in an empty folder; where no such file lies, nothing is imported.
    """
    there = [name for name in SETTINGS if os.path.lexists(name)]
    with empty_folder() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in there:
            with contextlib.chdir(folder), contextlib.suppress(ImportError):
                importlib.import_module(SETTINGS[name])
    return there
