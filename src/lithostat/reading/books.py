"""A file against its own books: what one column says of another."""

from __future__ import annotations

from lithostat.experiment.record import Record


def check_books(record: Record) -> Record:
    """The record with warnings about what does not add up in it."""
    return record
