"""A thread for each source, so that a share that hangs or a port that is gone stops nobody else."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from lithostat.experiment.errors import LithostatError, sentence_of
from lithostat.rig.growing_file import GrowingFile
from lithostat.rig.new_rows import NewRows
from lithostat.rig.readings import Lines, Lost, Reading, Source

WAIT = 0.05  # s for one read
AGAIN = 1.0  # s until a lost source is opened again


class News(NamedTuple):
    """What a source of a cell has to say: a reading, or that it was opened, or lost with the reason."""

    cell: str
    source: str
    reading: Reading | None = None
    opened: bool = False
    lost: str = ""
    logged: bool = True  # a reading that the log holds in another form already is not


@dataclass
class Reader:
    """Reads one source until it is told to stop; what comes goes into `news`."""

    cell: str
    source: Source
    news: queue.Queue[News]
    rows: NewRows | None = None
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name=f"{self.cell}, {self.source.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after what it is at."""
        self._stop.set()

    @property
    def alive(self) -> bool:
        """Whether it still reads."""
        return self._thread is not None and self._thread.is_alive()

    def _tell(self, **said: object) -> None:
        self.news.put(News(self.cell, self.source.name, **said))  # type: ignore[arg-type]

    def _run(self) -> None:
        told = ""
        while not self._stop.is_set():
            try:
                self.source.open()
                self._tell(opened=True)
                told = ""
                while not self._stop.is_set():
                    self._read()
                if isinstance(self.source, GrowingFile):
                    self.source.hurry()
                self._read()  # what came last
                break
            except Lost as error:
                sentence = str(error)
            except LithostatError as error:  # a package that is missing: opening again would not help
                self._tell(lost=str(error))
                break
            except Exception as error:
                sentence = sentence_of(error)
            if sentence != told:
                self._tell(lost=sentence)
                told = sentence
            self.source.close()
            self._stop.wait(AGAIN)
        self.source.close()

    def _read(self) -> None:
        for reading in self.source.read(WAIT):
            self._tell(reading=reading)
            if isinstance(reading, Lines) and self.rows is not None:
                rows = self.rows.rows(reading)
                if rows is not None:
                    self._tell(reading=rows, logged=False)
                elif self.rows.trouble:
                    self._tell(lost=self.rows.trouble)
