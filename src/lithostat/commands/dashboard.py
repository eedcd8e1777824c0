"""lithostat dashboard: all cells of a folder on a wall, one page a cell, in a browser on this computer."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from lithostat.experiment.errors import MissingPackage


def dashboard(
    folder: Annotated[
        Path, typer.Argument(help="A folder of a lab, one file, or the folder of a watch.", metavar="FOLDER")
    ],
    port: Annotated[
        int, typer.Option(help="Of the page, on this computer; 0: any that is free.", min=0, max=65535)
    ] = 8730,
    replay: Annotated[
        str | None, typer.Option(help="Show records as if they were being made, at this speed: 1000x.", metavar="SPEED")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser", help="Open the page.")] = False,
) -> None:
    """Show cells in a browser: a wall of all, and for each its traces, call, impedance, findings and what to do next.

    The page can only be read, only from this computer and only with the token in its address; nothing is loaded from
    anywhere else. Files that change are read again by themselves.
    """
    try:
        from lithostat.dashboard.serve import open_socket, place_of, serve, token_in
    except ImportError as error:
        if error.name not in ("starlette", "uvicorn"):
            raise
        raise MissingPackage(f"the dashboard needs {error.name}: pip install 'lithostat[dashboard]'") from None
    from lithostat.dashboard.keeper import Keeper
    from lithostat.dashboard.replay import Replay, speed_of
    from lithostat.dashboard.shown import Sight, see_folder
    from lithostat.dashboard.watched import is_watch, see_watch
    from lithostat.experiment.cores import cores
    from lithostat.terminal import open_console

    clock = None if replay is None else Replay(speed_of(replay))
    place = place_of(folder)

    def look() -> Sight:
        return see_watch(folder, replayed=replay is not None) if is_watch(folder) else see_folder(folder)

    kept = place if clock is None else place / "replay"
    keeper = Keeper(look, kept, replay=clock, workers=max(2, cores() - 1))
    console = open_console(stderr=False)

    def ready(address: str) -> None:
        count = len(keeper.views)
        console.print(f"{count} cell{'' if count == 1 else 's'} at", address, soft_wrap=True)
        console.print("Only from this computer, and only with the whole address. Ctrl-C ends it.", style="dim")
        if browser:
            import webbrowser

            webbrowser.open(address)

    with contextlib.suppress(KeyboardInterrupt):  # how one ends it
        serve(keeper, open_socket(port), token_in(place), ready=ready)
