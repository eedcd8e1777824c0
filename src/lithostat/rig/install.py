"""The service that starts a watch with the computer: a unit of systemd, or a task of Windows."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import write_text
from lithostat.rig.rig_file import folder_name

_UNIT = """\
[Unit]
Description=lithostat watches {name}
After=local-fs.target

[Service]
ExecStart={program} watch run {rig} --output {output}
Restart=always
RestartSec=5
KillSignal=SIGTERM
TimeoutStopSec=120

[Install]
WantedBy=default.target
"""
_TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>lithostat watches {name}</Description></RegistrationInfo>
  <Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>
  <Settings>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <StartWhenAvailable>true</StartWhenAvailable>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
  </Settings>
  <Actions>
    <Exec><Command>{program}</Command><Arguments>watch run {rig} --output {output}</Arguments></Exec>
  </Actions>
</Task>
"""


class Service(NamedTuple):
    """The file that was written, and what a person runs next."""

    path: Path
    next_steps: tuple[str, ...]


def write_service(rig: Path, name: str, output: Path, *, system: str = "", to: Path | None = None) -> Service:
    """Write the service of a rig. It starts the watch, which goes on where it ended and has nothing armed."""
    system = system or ("windows" if os.name == "nt" else "systemd")
    stem = f"lithostat-{folder_name(name)}"
    program = Path(sys.executable).with_name("lithostat.exe" if os.name == "nt" else "lithostat")
    paths = {"program": program, "rig": rig.absolute(), "output": output.absolute()}
    if system == "systemd":
        place = to or Path.home() / ".config" / "systemd" / "user"
        quoted = {key: _systemd(str(path)) for key, path in paths.items()}
        path = write_text(place / f"{stem}.service", _UNIT.format(name=_one_line(name), **quoted))
        return Service(
            path,
            (
                "systemctl --user daemon-reload",
                f"systemctl --user enable --now {stem}",
                "loginctl enable-linger   # so that it starts before anybody logs in",
            ),
        )
    if system == "windows":
        quoted = {key: escape(f'"{path}"' if key != "program" else str(path)) for key, path in paths.items()}
        place = to or Path.cwd()
        path = place / f"{stem}.xml"
        text = _TASK.format(name=escape(_one_line(name)), **quoted)
        from lithostat.experiment.record import write_whole

        write_whole(path, lambda temporary: Path(temporary).write_text(text, encoding="utf-16"))
        return Service(path, (f'schtasks /Create /TN "{stem}" /XML "{path}" /RU SYSTEM',))
    raise InputError(f"received '{system}' for --system", expected="systemd or windows")


def _systemd(text: str) -> str:
    """A word of a unit: quoted, with the signs that systemd would read as something else doubled."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$") + '"'


def _one_line(text: str) -> str:
    return " ".join(text.replace("%", "%%").split())[:80]
