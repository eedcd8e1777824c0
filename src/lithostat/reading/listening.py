"""What a library logs or warns of while it reads, collected instead of printed."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator


class _Ear(logging.Handler):
    """Collects (level, first line) of what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.said.append((record.levelno, record.getMessage().partition("\n")[0]))


@contextlib.contextmanager
def listening(library: str) -> Iterator[list[tuple[int, str]]]:
    """(level, first line) of all that the library of that name says inside this block; warnings come at its end."""
    ear, logger = _Ear(), logging.getLogger(library)
    before = logger.propagate
    logger.addHandler(ear)
    logger.propagate = False
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield ear.said
    finally:
        logger.removeHandler(ear)
        logger.propagate = before
    ear.said += [(logging.WARNING, str(entry.message).partition("\n")[0]) for entry in caught]
