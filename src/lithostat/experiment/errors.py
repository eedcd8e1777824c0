"""Everything that can go wrong, as sentences: where, what was read, what was expected."""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable
from pathlib import Path


class LithostatError(Exception):
    """Base of all errors a user can meet. `exit_code` is what the command line returns."""

    exit_code = 1


class InputError(LithostatError):
    """Something a person wrote cannot be used as it stands.

    The message names file, place, what was received and what was expected, each where it is known.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        line: int | None = None,
        place: str | None = None,
        expected: str | None = None,
    ) -> None:
        self.problem, self.file, self.line, self.place, self.expected = problem, file, line, place, expected
        where = ", ".join(
            part for part in (file, f"line {line}" if line is not None else None, place) if part is not None
        )
        text = f"{where}: {problem}" if where else problem
        super().__init__(f"{text}; expected {expected}" if expected else text)


class SimulationError(LithostatError):
    """The equations could not be carried on. What was computed until then is in `record`, if anything was."""

    exit_code = 3

    def __init__(self, message: str, record: object | None = None) -> None:
        super().__init__(message)
        self.record = record


class MissingPackage(LithostatError):
    """An optional package is needed for what was asked."""

    exit_code = 4


class OutputClosed(LithostatError):
    """Who read what was printed has gone: nothing is left to say, and to nobody."""

    exit_code = 141


FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up", errno.EFBIG: "it is too large"}


def why_not_written(error: BaseException) -> str | None:
    """Why the system refused to write, in words; None if that is not what went wrong. Libraries hide it in a text."""
    told = re.search(r"\(os error (\d+)\)", str(error))
    code = int(told[1]) if told else 0
    if isinstance(error, OSError):
        return FULL.get(error.errno or code) or error.strerror or str(error)
    return None if told is None else FULL.get(code, str(error).splitlines()[0])


def nearest(word: str, known: Iterable[str]) -> str:
    """' (did you mean ...?)' if a known word is close, else an empty string."""
    close = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""


def short(value: object, most: int = 60) -> str:
    """A value as an error shows it, with quotes if it is text, cut where it has no end."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # Python prints no integer of thousands of digits
        return "a value too long to print"
    return text if len(text) <= most else text[: most - 3] + "..."


def sentence_of(error: BaseException) -> str:
    """What a person is told of any error. What is no fault of data or program, such as Ctrl-C, is raised again."""
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | BrokenPipeError):
        raise error
    if isinstance(error, LithostatError):
        return str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    if isinstance(error, OSError) and error.errno in FULL:
        return f"{f'{error.filename}: ' if error.filename else ''}cannot be written ({why_not_written(error)})"
    import traceback

    package = str(Path(__file__).parents[1])
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(package)]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
    return f"this is a fault in lithostat, please report it: {reason}{where}"
