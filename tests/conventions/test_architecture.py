"""The page about the rooms is true: what it names is there, and no room or module of one is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "lithostat"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.split("| room | holds |")[1].split("\n\n")[0], re.M))
ROOMS = sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists() and path.name != "commands")


def test_every_room_has_a_row() -> None:
    assert [room for room in ROOMS if room not in ROWS] == []


@pytest.mark.parametrize("room", [room for room in ROWS if (SOURCE / room).is_dir()])
def test_modules_that_are_named_exist(room: str) -> None:
    """Of what stands in backticks before a bracket: `name` is a module or folder of the room, or a public name."""
    text = " ".join(path.read_text(encoding="utf-8") for path in (SOURCE / room).rglob("*.py"))
    for name in re.findall(r"`([a-z_]+)/?`", ROWS[room]):
        there = any((SOURCE / room).rglob(f"{name}.py")) or any((SOURCE / room).rglob(name))
        assert there or re.search(rf"\b{name}\b", text), f"{room}: `{name}`"


@pytest.mark.parametrize("path", re.findall(r"`((?:\w+/)+\w+\.py)`", PAGE))
def test_files_that_are_named_exist(path: str) -> None:
    assert (SOURCE / path).exists() or (ROOT / path).exists(), path
