"""A program with a limit on its CPU time, without forking a process that has threads."""

from __future__ import annotations

import subprocess
import sys

_LIMITED = (
    "import os, resource, sys; seconds = int(sys.argv[1]); "
    "resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds)); os.execv(sys.argv[2], sys.argv[2:])"
)


def limited(command: list[str], seconds: int, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run `command`, whose first entry is a path, for at most `seconds` of CPU, with `text` as its input."""
    return subprocess.run(
        [sys.executable, "-c", _LIMITED, str(seconds), *command],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
