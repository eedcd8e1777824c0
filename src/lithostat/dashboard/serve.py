"""Serving: an address on this computer, its token, and the end of it."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from lithostat.cache import cache_folder
from lithostat.dashboard.app import make_app
from lithostat.dashboard.guard import Guard, names_of
from lithostat.dashboard.keeper import Keeper
from lithostat.dashboard.shown import id_of
from lithostat.experiment.errors import InputError

HOST = "127.0.0.1"  # never an address that another computer can reach


def place_of(folder: Path) -> Path:
    """Where what is prepared of a folder is kept: in the user's cache, readable by no one else."""
    try:
        place = cache_folder() / "dashboard" / id_of(folder.resolve())
        place.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            place.chmod(0o700)
    except OSError as error:
        raise InputError(
            f"there is no folder to keep traces in ({error.strerror or error})", expected="LITHOSTAT_CACHE with one"
        ) from None
    return place


def token_in(place: Path) -> str:
    """The token of a folder, made the first time: a page that is open stays so while its server starts again."""
    path = place / "token"
    with contextlib.suppress(OSError):
        token = path.read_text(encoding="ascii").strip()
        if len(token) >= 40 and not (os.name == "posix" and path.stat().st_mode & 0o077):
            return token
    token = secrets.token_urlsafe(32)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(token)
    return token


def open_socket(port: int) -> socket.socket:
    """A socket on this computer's own address; port 0 takes a free one."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
        made.listen(128)  # who comes before the first answer is ready waits for it
    except OSError as error:
        made.close()
        raise InputError(
            f"port {port} cannot be used ({error.strerror or error})",
            expected="another --port, or 0 for any that is free",
        ) from None
    return made


def server_of(keeper: Keeper, port: int, token: str) -> uvicorn.Server:
    """What answers on that port, to who has the token."""
    app = Guard(make_app(keeper), token=token, names=names_of(port), cookie=f"lithostat-{port}")
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=100,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def serve(keeper: Keeper, listening: socket.socket, token: str, *, ready: Callable[[str], None]) -> None:
    """Serve until somebody stops it; `ready` is told the address, token included, before the first answer."""
    port = listening.getsockname()[1]
    server = server_of(keeper, port, token)
    keeper.start()
    try:
        ready(f"http://{HOST}:{port}/?token={token}")
        server.run(sockets=[listening])
    finally:
        keeper.stop()
        listening.close()
