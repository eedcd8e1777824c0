"""The command line in this process: as `lithostat ...` would be, with its exit code, output and errors."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from lithostat.cli import main


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def lithostat(*arguments: object, cwd: Path) -> Done:
    """Run a command in the folder `cwd`; what it changes of the process comes back."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["lithostat", *map(str, arguments)]
    with (
        contextlib.chdir(cwd),
        mock.patch.object(sys, "argv", argv),
        mock.patch.dict(os.environ),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Done(code, out.getvalue(), err.getvalue())
