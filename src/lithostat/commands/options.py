"""Options that commands share, and how a figure is saved."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from lithostat.experiment.errors import InputError

Json = Annotated[bool, typer.Option("--json", help="Print JSON to standard output and nothing else.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for what is written; made if it is not there.")]


def ready(output: Path) -> None:
    """Refuse a folder that cannot be written: an answer that takes minutes must not fail at its last step.

    Nothing is left behind, since what comes next may be refused as well.
    """
    try:
        there = output
        while not os.path.lexists(there) and there != there.parent:
            there = there.parent
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise InputError(problem, file=str(output), expected="--output with a folder that can be") from None


def save(figure: Any, path: Path) -> Path:
    """Write a figure whole or not at all."""
    from lithostat.experiment.record import write_whole
    from lithostat.show.style import style

    with style():
        return write_whole(path, lambda temporary: figure.savefig(temporary))


def named_values(option: str, said: Sequence[str], example: str) -> dict[str, str]:
    """`NAME=VALUE` arguments as a mapping; a fault is a sentence with the option's name."""
    found: dict[str, str] = {}
    for entry in said:
        name, mark, value = entry.partition("=")
        if not mark or not name.strip() or not value.strip():
            raise InputError(f"received '{entry}' for {option}", expected=f"NAME=VALUE, for example {example}")
        if name.strip() in found:
            raise InputError(f"{option} names '{name.strip()}' twice", expected="each name once")
        found[name.strip()] = value.strip()
    return found
