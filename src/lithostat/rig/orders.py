"""How `lithostat watch acknowledge` and its kind speak to a watch that runs: a file each, beside its state."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from lithostat.experiment.errors import InputError
from lithostat.experiment.files import read_text
from lithostat.experiment.record import write_text
from lithostat.rig.interlock import Order

FOLDER = ".orders"
VERBS = ("arm", "disarm", "acknowledge", "reset", "bypass", "zero", "stop")
_LARGEST = 1 << 16


def send_order(folder: Path, order: Order, *, patience: float = 10.0) -> str:
    """Give an order to the watch in `folder` and wait for its answer; `InputError` if none comes."""
    number = f"{time.time_ns()}-{uuid.uuid4().hex[:8]}"
    place = folder / FOLDER
    path = write_text(place / f"{number}.json", json.dumps(asdict(order) | {"number": number}))
    answer = place / f"{number}.answer"
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if answer.exists():
            said = read_text(answer, _LARGEST)
            answer.unlink()
            return said
        time.sleep(0.05)
    path.unlink(missing_ok=True)
    raise InputError("no watch answers here", file=str(folder), expected="the folder of a watch that runs")


def orders_in(folder: Path) -> Iterator[Order]:
    """Orders that wait, each once, in the order of time; what is none is taken away."""
    place = folder / FOLDER
    try:
        names = sorted(name for name in os.listdir(place) if name.endswith(".json"))
    except OSError:
        return
    for name in names:
        path = place / name
        try:
            order = Order(**json.loads(read_text(path, _LARGEST)))
            valid = order.verb in VERBS and order.number == name.removesuffix(".json")
        except (InputError, ValueError, TypeError):
            valid = False
        path.unlink(missing_ok=True)
        if valid:
            yield order


def answer_order(folder: Path, order: Order, said: str) -> None:
    """Tell whoever gave an order what became of it."""
    write_text(folder / FOLDER / f"{order.number}.answer", said)
