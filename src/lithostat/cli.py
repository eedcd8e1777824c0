"""The command line. Heavy packages are imported inside the commands that need them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import warnings
from typing import Annotated

import typer

from lithostat.commands import (
    analyze,
    bench,
    calibrate,
    dashboard,
    diffraction,
    impedance,
    materials,
    pellet,
    reproduce,
    run,
    sweep,
    tomogram,
    watch,
)
from lithostat.commands.stopping import STOPPED, end_children, say_stopped, stopped_in_time
from lithostat.experiment.errors import FULL, LithostatError, OutputClosed, sentence_of
from lithostat.experiment.other_programs import search_installed_only, without_settings_of_here
from lithostat.terminal import visible

app = typer.Typer(
    help="Solid-state lithium cells under stack pressure: simulate them, read a lab's files, see why they short, find "
    "the pressure to run them at.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog=(
        "Exit codes: 0 done, 1 a target was missed, 2 the input cannot be used or the output not written, "
        "3 the simulation stopped, 4 a package is missing, 5 a cluster failed, 130 stopped by Ctrl-C."
    ),
)


def main() -> None:
    """Entry point: errors become one sentence and an exit code, never a traceback."""
    search_installed_only()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal cannot show is no fault
    warnings.showwarning = _warned  # type: ignore[assignment]
    for name in without_settings_of_here():
        warnings.warn(f"{name} in this folder is not used", UserWarning, stacklevel=1)
    try:
        with stopped_in_time():
            code = app(standalone_mode=False)
            if code == STOPPED:  # as typer ends what Ctrl-C stopped
                raise KeyboardInterrupt
            sys.stdout.flush()
    except (OutputClosed, BrokenPipeError):
        _to_nowhere()
        sys.exit(OutputClosed.exit_code)
    except LithostatError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        end_children()
        say_stopped()
        sys.exit(STOPPED)
    except BaseException as error:  # a panic of a library is no Exception
        usage = getattr(error, "format_message", None)  # typer's own errors about the command line
        if isinstance(error, OSError) and error.errno in FULL:
            _to_nowhere()
            _fail(sentence_of(error), 2)
        elif usage is None:
            _fail(sentence_of(error), 70)
        elif usage():
            _fail(f"{usage().rstrip('.')}; see `lithostat --help`", 2)
        sys.exit(2)  # help was asked for by saying nothing
    sys.exit(code if isinstance(code, int) else 0)


def _warned(message: Warning | str, *_: object) -> None:
    """A warning of a library as those of our own look, without the line of code it came from."""
    print(visible(f"lithostat: warning: {(str(message).splitlines() or [''])[0]}"), file=sys.stderr)


def _to_nowhere() -> None:
    """Let go of a standard output that takes nothing more: Python would fail once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> None:
    if "--json" in sys.argv:
        with contextlib.suppress(OSError):
            print(json.dumps({"error": message, "exit_code": code}), flush=True)
    print(visible(f"lithostat: {message}"), file=sys.stderr)
    sys.exit(code)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"lithostat {version('lithostat')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


app.command()(run.run)
app.command()(analyze.analyze)
app.command()(reproduce.reproduce)
app.command()(impedance.impedance)
app.command()(diffraction.diffraction)
app.command()(tomogram.tomogram)
app.command()(pellet.pellet)
app.command()(calibrate.calibrate)
app.command()(calibrate.recommend)
app.command()(sweep.sweep)
app.command()(dashboard.dashboard)
app.command()(bench.bench)
app.command()(materials.materials)
app.add_typer(watch.watch, name="watch")


if __name__ == "__main__":
    main()
