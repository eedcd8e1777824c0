"""What a person says to a watch that runs: lithostat watch acknowledge, reset, arm, disarm, bypass, zero, stop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lithostat.experiment.errors import InputError
from lithostat.terminal import open_console

Where = Annotated[Path, typer.Argument(help="The folder of a watch, or its rig.yaml.", metavar="FOLDER")]
Cell = Annotated[str, typer.Option("--cell", help="Name of the cell; without it, every cell.")]
Why = Annotated[str, typer.Option("--why", help="The reason, which is kept.")]


def acknowledge(folder: Where, cell: Cell = "", why: Why = "") -> None:
    """Say that the alarms were seen. It resets nothing."""
    _order(folder, "acknowledge", cell=cell, why=why)


def reset(folder: Where, cell: Cell = "", why: Why = "") -> None:
    """Reset a trip; refused while a cause lasts or nobody acknowledged it. It arms nothing."""
    _order(folder, "reset", cell=cell, why=why)


def arm(folder: Where, cell: Cell = "", why: Why = "") -> None:
    """Arm the interlock; refused while a limit that trips is out. Nothing arms by itself."""
    _order(folder, "arm", cell=cell, why=why)


def disarm(folder: Where, cell: Cell = "", why: Why = "") -> None:
    """Disarm the interlock: limits raise alarms, and nothing is done."""
    _order(folder, "disarm", cell=cell, why=why)


def bypass(
    folder: Where,
    limit: Annotated[str, typer.Argument(help="Name of the limit.")],
    why: Why,
    for_: Annotated[str, typer.Option("--for", help="How long, '10 min'; at most 24 h.")],
    cell: Cell = "",
) -> None:
    """Let one limit not trip for a while. It is shown, and ends by itself."""
    from lithostat.experiment.quantity import parse

    _order(folder, "bypass", cell=cell, why=why, condition=limit, seconds=parse(for_, "time"))


def zero(
    folder: Where,
    cell: Annotated[str, typer.Option("--cell", help="Name of the cell.")],
    why: Why,
    load: Annotated[str | None, typer.Option(help="The force that acts now, '0 N' for none.")] = None,
    same: Annotated[bool, typer.Option("--same", help="The zero before still holds.")] = False,
) -> None:
    """Say what the zero of a load cell is, after it was opened again or tared."""
    from lithostat.experiment.quantity import parse

    if same == (load is not None):
        raise InputError("nobody says what the zero is", expected="--same, or --load with the force that acts now")
    _order(folder, "zero", cell=cell, why=why, newton=None if load is None else parse(load, "force"))


def stop(folder: Where) -> None:
    """End a watch, with everything written."""
    _order(folder, "stop")


def folder_of(path: Path) -> Path:
    """The folder of a watch, which may be named by its rig.yaml."""
    from lithostat.rig.open_rig import default_output

    return default_output(path) if path.suffix.lower() in (".yaml", ".yml") else path


def _order(folder: Path, verb: str, **details: Any) -> None:
    from lithostat.rig.interlock import Order
    from lithostat.rig.orders import send_order

    answer = send_order(folder_of(folder), Order(verb, **details))
    open_console(stderr=False).print(answer, markup=False)
    if "refused" in answer or "there is no cell" in answer:
        raise typer.Exit(1)


ORDERS = (acknowledge, reset, arm, disarm, bypass, zero, stop)
