"""Made cells in a folder, a dashboard of them in this process, and requests to it as they go over the wire."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from lithostat.dashboard.keeper import Keeper
from lithostat.dashboard.replay import Replay
from lithostat.dashboard.serve import open_socket, server_of
from lithostat.dashboard.shown import Sight, see_folder
from lithostat.experiment.record import Record

TOKEN = "the-token-of-these-tests-which-is-long-enough"
NOTE = "name: {name}\nkind: symmetric\narea: 1 cm2\npressure: 5 MPa\nended: stopped\n"


def made_record(*, samples: int = 1200, short_at: float | None = None, glitch: int | None = None) -> Record:
    """A symmetric cell of 200 ohm at 0.25 mA, half-cycles of an hour, a sample a minute; from `short_at` [s] 20 ohm."""
    time_s = np.arange(samples) * 60.0
    current = np.where((time_s // 3600.0) % 2 == 0, 2.5e-4, -2.5e-4)
    ohm = 200.0 + np.random.default_rng(0).normal(0.0, 0.2, samples)
    if short_at is not None:
        ohm = np.where(time_s >= short_at, 20.0, ohm)
    voltage = ohm * current
    if glitch is not None:
        voltage[glitch] += 0.5
    pressure = 5e6 + 1e4 * np.sin(time_s / 7200.0)
    columns = {"test_time_second": time_s, "voltage_volt": voltage, "current_ampere": current}
    return Record(pl.DataFrame(columns | {"measured_pressure_pa": pressure}))


def write_cell(folder: Path, record: Record, note: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cell.yaml").write_text(note, encoding="utf-8")
    return record.write_parquet(folder / "record.parquet")


class Here(Executor):
    """Does each job at once, in this process."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*args, **kwargs))
        except BaseException as error:
            done.set_exception(error)
        return done


def keeper_of(folder: Path, place: Path, *, replay: Replay | None = None, **said: Any) -> Keeper:
    """A keeper that works in this process, one step when it is asked."""

    def look() -> Sight:
        return see_folder(folder)

    return Keeper(said.pop("look", look), place, replay=replay, workers=1, **({"pool": lambda _: Here()} | said))


def settle(keeper: Keeper, steps: int = 40) -> Keeper:
    """Step until every cell has something to show and nothing is left to do."""
    for _ in range(steps):
        keeper.step()
        if not keeper._running and not keeper._due():
            break
    return keeper


class Served(NamedTuple):
    port: int
    keeper: Keeper

    def raw(self, text: bytes) -> tuple[int, bytes]:
        """Bytes over the wire; the status, 0 for none, and all that came back."""
        with socket.create_connection(("127.0.0.1", self.port), 20.0) as wire:
            try:
                wire.sendall(text)
                answer = b"".join(iter(lambda: wire.recv(1 << 16), b""))
            except ConnectionError:  # it hung up in the middle
                answer = b""
        return (int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0), answer

    def get(self, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """As a browser that has the cookie."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20.0)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Cookie": f"lithostat-{self.port}={TOKEN}"} | headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}

    def id_of(self, name: str) -> str:
        return next(view.shown.id for view in self.keeper.views.values() if view.head.get("title") == name)


@contextlib.contextmanager
def served(keeper: Keeper) -> Iterator[Served]:
    """The keeper's pages on a free port, without its own thread: nothing changes but by `step`."""
    listening = open_socket(0)
    port = listening.getsockname()[1]
    server = server_of(keeper, port, TOKEN)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield Served(port, keeper)
    finally:
        server.should_exit = True
        thread.join(20.0)
        listening.close()


def unpacked(content: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, low and high as a page unpacks them."""
    columns, traces, whole, _ = struct.unpack_from("<4I", content)
    at = np.frombuffer(content, "<f8", columns, 16)
    rows = np.frombuffer(content, "<f4", offset=16 + 8 * columns).reshape(-1, columns)
    return at, rows[:traces], rows[:traces] if whole else rows[traces:]
