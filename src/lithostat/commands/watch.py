"""lithostat watch: a rig watched live, and what a person says to a watch."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from lithostat.commands.options import Json
from lithostat.experiment.errors import InputError
from lithostat.terminal import open_console, print_json

if TYPE_CHECKING:
    from lithostat.rig.state import Event
    from lithostat.rig.watch import Watch


class _RigOrVerb(TyperGroup):
    """`lithostat watch rig.yaml` is `lithostat watch run rig.yaml`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the verb in front where the first word is none."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["run", *args]
        return super().parse_args(ctx, args)


watch = typer.Typer(
    cls=_RigOrVerb,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Watch a rig live: `lithostat watch rig.yaml`, or without any hardware `lithostat watch demo`.",
)

Rig = Annotated[Path, typer.Argument(help="A rig.yaml, see docs/rig.md.", metavar="RIG")]
Where = Annotated[Path, typer.Argument(help="The folder of a watch, or its rig.yaml.", metavar="FOLDER")]
Cell = Annotated[str, typer.Option("--cell", help="Name of the cell; without it, every cell.")]
Why = Annotated[str, typer.Option("--why", help="The reason, which is kept.")]
WatchOutput = Annotated[
    Path | None, typer.Option("--output", "-o", help="Folder of the watch; else 'watched' beside the rig.yaml.")
]


@watch.command()
def run(
    rig: Rig,
    output: WatchOutput = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Open every device, take one good answer of each, and say what would be done."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Watch every cell of a rig until Ctrl-C: log, judge, raise alarms. It goes on where an earlier watch ended."""
    from lithostat.rig.open_rig import default_output, only_one, prepared

    folder = output or default_output(rig)
    if dry_run:
        _dry(rig, folder, as_json)
        return
    with only_one(folder):
        from lithostat.rig.clock import Clock

        watching = prepared(rig, folder, Clock(), tell=_teller(as_json))
        _size(watching)
        _run(watching)


@watch.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the watch.")] = Path("lithostat-watch"),
    speed: Annotated[float, typer.Option(min=1.0, max=2000.0, help="How much faster than life the cell is.")] = 1000.0,
    as_json: Json = False,
) -> None:
    """Watch a simulated cell that shorts: its cycler writes a file, its load cell prints on a line. No hardware."""
    from lithostat.rig.clock import Clock
    from lithostat.rig.demo import FOLDER, Demo, simulated_cell
    from lithostat.rig.open_rig import only_one, prepared

    with only_one(output):
        if any(output.rglob("log.frames")):
            raise InputError("holds a watch already", file=str(output), expected="--output with another folder")
        open_console().print("simulating the cell (about ten seconds the first time)", markup=False)
        record, note = simulated_cell()
        clock = Clock(speed=speed)
        area = note.pressed_area
        assert area is not None
        devices = Demo(output / FOLDER, record, clock, area)
        rig = devices.start()
        try:
            watching = prepared(rig, output, clock, tell=_teller(as_json))
            watching.finished = lambda: devices.played
            _run(watching)
        finally:
            devices.stop()
    if not as_json:
        open_console(stderr=False).print(f"written to {output}; now: lithostat analyze {output}", markup=False)


@watch.command()
def status(folder: Where, as_json: Json = False) -> None:
    """Say how every cell of a watch stands."""
    from dataclasses import asdict

    from lithostat.rig.state import read_events, read_state

    place = _folder(folder)
    state = read_state(place)
    if as_json:
        print_json(asdict(state) | {"alive": _alive(place)})
        return
    from lithostat.rig.status_table import status_table

    console = open_console(stderr=False)
    console.print(status_table(state, read_events(place), alive=_alive(place)))


@watch.command()
def acknowledge(folder: Where, cell: Cell = "", why: Why = "") -> None:
    """Say that the alarms were seen. It resets nothing."""
    _order(folder, "acknowledge", cell=cell, why=why)


@watch.command()
def reset(folder: Where, cell: Cell = "", why: Why = "") -> None:
    """Reset a trip; refused while a cause lasts or nobody acknowledged it. It arms nothing."""
    _order(folder, "reset", cell=cell, why=why)


@watch.command()
def arm(folder: Where, cell: Cell = "", why: Why = "") -> None:
    """Arm the interlock; refused while a limit that trips is out. Nothing arms by itself."""
    _order(folder, "arm", cell=cell, why=why)


@watch.command()
def disarm(folder: Where, cell: Cell = "", why: Why = "") -> None:
    """Disarm the interlock: limits raise alarms, and nothing is done."""
    _order(folder, "disarm", cell=cell, why=why)


@watch.command()
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


@watch.command()
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


@watch.command()
def stop(folder: Where) -> None:
    """End a watch, with everything written."""
    _order(folder, "stop")


@watch.command()
def calibrate(
    rig: Rig,
    cell: Annotated[str, typer.Option("--cell", help="Name of the cell.")],
    load: Annotated[str, typer.Option(help="The known force on its load cell, '500 N'.")],
    seconds: Annotated[float, typer.Option(min=1.0, max=3600.0, help="How long to read.")] = 10.0,
    as_json: Json = False,
) -> None:
    """Read a load cell under a known load and keep the point; with two loads or more it has a calibration."""
    from lithostat.experiment.quantity import parse
    from lithostat.rig.known_loads import add_point

    added = add_point(rig, cell, parse(load, "force"), seconds)
    if as_json:
        print_json(added.as_json())
    else:
        open_console(stderr=False).print(added.sentence, markup=False)


@watch.command()
def install(
    rig: Rig,
    output: WatchOutput = None,
    system: Annotated[str, typer.Option(help="systemd or windows; else that of this computer.")] = "",
    to: Annotated[Path | None, typer.Option(help="Folder for the file; else where the system looks for it.")] = None,
) -> None:
    """Write the service that starts the watch with the computer. A reboot loses nothing, and arms nothing."""
    from lithostat.rig.install import write_service
    from lithostat.rig.open_rig import default_output
    from lithostat.rig.rig_file import read_rig

    made = write_service(rig, read_rig(rig).name, output or default_output(rig), system=system, to=to)
    console = open_console(stderr=False)
    console.print(f"written: {made.path}\nnow run:", markup=False)
    for line in made.next_steps:
        console.print(f"  {line}", markup=False, soft_wrap=True)


def _dry(rig: Path, folder: Path, as_json: bool) -> None:
    from lithostat.rig.open_rig import look
    from lithostat.rig.rig_file import read_rig
    from lithostat.rig.would_do import would_do

    read = read_rig(rig)
    seen = look(read, rig, folder)
    sentences = would_do(read, folder)
    if as_json:
        print_json({"sources": [one._asdict() for one in seen], "would_do": sentences})
    else:
        console = open_console(stderr=False)
        for one in seen:
            mark = "[green]ok[/]  " if one.well else "[red]lost[/]"
            console.print(mark, end=" ")
            console.print(f"{one.cell}, {one.source}: {one.sentence}", markup=False)
        for sentence in sentences:
            console.print(sentence, markup=False)
    if not all(one.well for one in seen):
        raise typer.Exit(2)


def _teller(as_json: bool) -> Any:
    """What prints an event: a line of JSON each, or a line for people."""
    from lithostat.experiment.output_names import readable
    from lithostat.experiment.quantity import span
    from lithostat.rig.state import event_line

    console = open_console(stderr=False)

    def tell(event: Event) -> None:
        if as_json:
            print(event_line(event), end="", flush=True)
            return
        colour = {"short": "red", "trip": "red", "not confirmed": "red", "limit": "yellow", "lost": "yellow"}
        console.print(f"{span(event.at_s):>9}", end="  ")
        text = readable(f"{event.cell}: {event.text}" if event.cell else event.text)
        console.print(text, style=colour.get(event.kind), markup=False, soft_wrap=True)

    return tell


def _run(watching: Watch) -> None:
    """Run until Ctrl-C or the system's word to end; both end it with everything written."""

    def end(*_: Any) -> None:
        watching.stopping = True

    before = {name: signal.signal(name, end) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        watching.run()
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _size(watching: Watch) -> None:
    from lithostat.rig.would_do import size_of_a_year

    console = open_console()
    for one in watching.built:
        console.print(size_of_a_year(one.watch.cell), markup=False)


def _folder(path: Path) -> Path:
    from lithostat.rig.open_rig import default_output

    return default_output(path) if path.suffix.lower() in (".yaml", ".yml") else path


def _alive(folder: Path) -> bool:
    """Whether a watch holds the folder."""
    from lithostat.rig.open_rig import only_one

    try:
        with only_one(folder):
            return False
    except InputError:
        return True


def _order(folder: Path, verb: str, **said: Any) -> None:
    from lithostat.rig.interlock import Order
    from lithostat.rig.orders import send_order

    answer = send_order(_folder(folder), Order(verb, **said))
    open_console(stderr=False).print(answer, markup=False)
    if "refused" in answer or "there is no cell" in answer:
        raise typer.Exit(1)
