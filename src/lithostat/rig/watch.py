"""The loop of a watch: limits first, then everything else, and a heartbeat that comes from here and nowhere else."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from lithostat.rig.actions import Actions
from lithostat.rig.build import Built
from lithostat.rig.cell_log import BEGAN
from lithostat.rig.clock import Clock
from lithostat.rig.frames import Fact
from lithostat.rig.heartbeat import Beat
from lithostat.rig.interlock import Order
from lithostat.rig.keeper import Keeper
from lithostat.rig.orders import answer_order, orders_in
from lithostat.rig.reader import News, Reader
from lithostat.rig.readings import Readings
from lithostat.rig.state import Event, WatchState
from lithostat.rig.suspicion import FEWEST
from lithostat.rig.teller import Teller
from lithostat.rig.worker import Worker

PATIENCE = 0.05  # s that the loop waits for news
WAITING = 500  # news that may wait; a file that is caught up with must not fill the memory
LONGEST_END = 20.0  # s that sources have for what came last: a share may hang
TOLD = 1.0  # s between states
LATE = 2.0  # s that a look at the limits may come late without a word


@dataclass
class Watch:
    """A rig that is watched. `tell` is called with every event, in the loop; `finished` says when to end by itself."""

    name: str
    output: Path
    built: Sequence[Built]
    clock: Clock
    beat: Beat
    actions: Actions
    tell: Callable[[Event], None] = lambda event: None
    finished: Callable[[], bool] = lambda: False
    worker: Worker = field(default_factory=Worker)
    news: queue.Queue[News] = field(default_factory=lambda: queue.Queue(WAITING))
    stopping: bool = False
    _asked: set[str] = field(default_factory=set, init=False)
    _complaints: queue.Queue[tuple[str, str]] = field(default_factory=queue.Queue, init=False)
    _started: datetime = field(init=False)
    _looked: float = field(default=0.0, init=False)

    def run(self) -> None:
        """Watch until told to stop; everything that was read is durable when it returns."""
        self._started = self.clock.today()
        cells = {built.watch.cell.name: built for built in self.built}
        keeper = Keeper({name: built.watch.folder for name, built in cells.items()}, self._complain)
        worker, teller = self.worker, Teller(self.output)
        for name, cut in keeper.start().items():
            if cut:
                self._complain(name, f"the log was damaged at its end: {cut}")
        readers = [
            Reader(name, source, self.news, built.rows) for name, built in cells.items() for source in built.sources
        ]
        self._begin(cells, keeper)
        for reader in readers:
            reader.start()
        next_state = time.monotonic()
        try:
            while not self.stopping and not self.finished():
                self._turn(cells, keeper, worker, teller)
                if time.monotonic() >= next_state:
                    next_state = time.monotonic() + TOLD
                    teller.state(self._state())
                    self._occasional(cells, worker)
        finally:
            self.beat.stop()
            self._end(cells, readers, keeper, worker, teller)

    def _begin(self, cells: dict[str, Built], keeper: Keeper) -> None:
        for name, built in cells.items():
            at = self.clock.now()
            if built.began is None:
                keeper.keep(name, Fact(BEGAN, 0.0, {"zero": self.clock.began().isoformat()}))
            else:
                built.watch.events.append(("resumed", f"goes on after {built.known} entries of an earlier watch"))
                keeper.keep(name, Fact("resumed", at, {"wall": self.clock.today().isoformat()}))
            built.watch.suspicion.rows = FEWEST if built.known else 0  # then a full call is due at once

    def _turn(self, cells: dict[str, Built], keeper: Keeper, worker: Worker, teller: Teller) -> None:
        """One round: what came, the limits, the heartbeat; then what can wait."""
        for news in self._news():
            watched = cells[news.cell].watch
            if isinstance(news.reading, Readings):
                watched.took(news.reading)
            if news.opened:
                watched.opened(news.source, self.clock.now())
            if news.lost:
                watched.gone(news.source, news.lost)
            if news.reading is not None and news.logged:
                keeper.keep(news.cell, news.reading)
        at = self.clock.now()
        for name, cell in cells.items():
            cell.watch.tick(at)
            if cell.watch.due_actions:
                self.actions.do(name, cell.watch.due_actions)
                cell.watch.due_actions = ()
        self._late()
        self.beat.beat(energised=self._energised())
        for name, cell in cells.items():
            for fact in cell.watch.facts:
                keeper.keep(name, fact)
            cell.watch.facts.clear()
            self._ask(name, cell, worker, keeper)
        self._answers(cells, worker)
        self._events(cells, teller)

    def _news(self) -> list[News]:
        """What waits, after a short wait for the first."""
        news: list[News] = []
        try:
            news.append(self.news.get(timeout=PATIENCE))
            while len(news) < 1000:
                news.append(self.news.get_nowait())
        except queue.Empty:
            pass
        return news

    def _energised(self) -> bool:
        """At least one interlock is armed, and none of those has tripped."""
        locks = [built.watch.interlock for built in self.built]
        return any(lock.energised for lock in locks) and not any(lock.tripped for lock in locks)

    def _late(self) -> None:
        now = time.monotonic()
        if self._looked and now - self._looked > LATE:
            self._complain(
                "", f"the limits were not looked at for {now - self._looked:.1f} s: the computer is too busy"
            )
        self._looked = now

    def _ask(self, name: str, built: Built, worker: Worker, keeper: Keeper) -> None:
        """Ask for a full call, one at a time for each cell."""
        suspicion = built.watch.suspicion
        if name not in self._asked and built.rows is not None and (suspicion.suspicious or suspicion.due):
            suspicion.asks()
            self._asked.add(name)
            worker.ask(built.watch.plan, durable=keeper.flush)

    def _answers(self, cells: dict[str, Built], worker: Worker) -> None:
        while not worker.answers.empty():
            judged = worker.answers.get_nowait()
            self._asked.discard(judged.cell)
            cells[judged.cell].watch.answered(judged, self.clock.now())

    def _occasional(self, cells: dict[str, Built], worker: Worker) -> None:
        """What needs a look once a second: orders of people, and the computer's clocks."""
        for sentence in self.clock.jumps():
            self._complain("", sentence)
        for order in orders_in(self.output):
            answer_order(self.output, order, self._order(cells, order))

    def _order(self, cells: dict[str, Built], order: Order) -> str:
        """Follow an order; what became of it, a line for each cell."""
        if order.verb == "stop":
            self.stopping = True
            return "it ends"
        if order.cell and order.cell not in cells:
            return f"there is no cell '{order.cell}'; expected one of {', '.join(cells)}"
        answers = []
        for name in [order.cell] if order.cell else list(cells):
            watched, at = cells[name].watch, self.clock.now()
            follow = watched.zero if order.verb == "zero" else watched.interlock_order
            answers.append(f"{name}: {follow(order, at)}")
        return "\n".join(answers)

    def _complain(self, cell: str, sentence: str) -> None:
        """Something about the watch itself; may be called from any thread."""
        self._complaints.put((cell, sentence))

    def _events(self, cells: dict[str, Built], teller: Teller) -> None:
        happened = [(name, kind, text) for name, built in cells.items() for kind, text in built.watch.events]
        for built in cells.values():
            built.watch.events.clear()
        while not self._complaints.empty():
            cell, sentence = self._complaints.get_nowait()
            happened.append((cell, "watch", sentence))
        while not self.actions.results.empty():
            happened.append(self.actions.results.get_nowait())
        happened += [("", "heartbeat", sentence) for sentence in self.beat.problems()]
        at = self.clock.now()
        moment = self.clock.began() + timedelta(seconds=at)
        events = [Event(round(at, 3), moment, cell, kind, text) for cell, kind, text in happened]
        for event in events:
            self.tell(event)
        teller.events(events)

    def _state(self, *, ended: bool = False) -> WatchState:
        at = self.clock.now()
        states = tuple(built.watch.state(at) for built in self.built)
        return WatchState(self.name, self._started, self.clock.today(), self.clock.speed, states, ended)

    def _end(
        self, cells: dict[str, Built], readers: list[Reader], keeper: Keeper, worker: Worker, teller: Teller
    ) -> None:
        """Read what came last, make it durable, and give every cell its last full call."""
        for reader in readers:
            reader.stop()
        until = time.monotonic() + LONGEST_END
        while (any(reader.alive for reader in readers) and time.monotonic() < until) or not self.news.empty():
            self._turn(cells, keeper, worker, teller)
        durable = keeper.flush()
        if not durable:
            self._complain("", "not everything could be written before the end")
        for built in cells.values():
            built.watch.ended = True
            worker.ask(built.watch.plan, durable=keeper.flush)
        worker.close()
        self._answers(cells, worker)
        keeper.close()
        self._events(cells, teller)
        teller.state(self._state(ended=True))
        teller.close()
