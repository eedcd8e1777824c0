"""Texts on which a pattern that can backtrack does so: everything before one of its repeats, then that repeat without
end, then a letter that fits nothing. Run as a program, this file tries them on the patterns it is given (JSON)."""

from __future__ import annotations

import json
import re
import re._parser as sre
import sys
from collections.abc import Iterator
from typing import Any

POOL = " \t\n1a-.,;:/([_\"'#eE+"
LONG = 60_000  # letters; a pattern that looks at every pair of them needs minutes
END = "\x01"


def attacks(pattern: str, flags: int = re.MULTILINE) -> Iterator[str]:
    """Texts that pump each repeat of the pattern with each letter of a pool that it takes."""
    nodes = list(sre.parse(pattern, flags))
    for before, inside in _repeats(nodes, ""):
        letters = [letter for letter in POOL if _takes(inside, letter)]
        for pump in dict.fromkeys([*letters, _sample(inside)]):
            if pump:
                yield before + pump * (LONG // len(pump)) + END


def _repeats(nodes: list[Any], before: str) -> Iterator[tuple[str, list[Any]]]:
    """(what fits everything before a repeat, what is repeated) for every repeat without a small bound."""
    for kind, said in nodes:
        name = str(kind)
        if "REPEAT" in name:
            _, most, inner = said
            if int(most) > 50:
                yield before, list(inner)
            yield from _repeats(list(inner), before)
        elif name == "SUBPATTERN":
            yield from _repeats(list(said[3]), before)
        elif name == "ATOMIC_GROUP":
            yield from _repeats(list(said), before)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _repeats(list(said[1]), before)
        elif name == "BRANCH":
            for branch in said[1]:
                yield from _repeats(list(branch), before)
        before += _sample([(kind, said)])


def _takes(nodes: list[Any], letter: str) -> bool:
    """Whether these nodes are one class of letters that holds this one."""
    if len(nodes) != 1:
        return False
    name, said = str(nodes[0][0]), nodes[0][1]
    if name == "ANY":
        return letter != "\n"
    if name == "LITERAL":
        return ord(letter) == said
    if name == "NOT_LITERAL":
        return ord(letter) != said
    if name == "SUBPATTERN":
        return _takes(list(said[3]), letter)
    return name == "IN" and _in(said, letter)


def _in(said: list[Any], letter: str) -> bool:
    found = False
    for kind, part in said:
        name = str(kind)
        found |= name == "LITERAL" and part == ord(letter)
        found |= name == "RANGE" and part[0] <= ord(letter) <= part[1]
        if name == "CATEGORY":
            letters = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}[str(part).rsplit("_", 1)[-1]]
            found |= bool(re.match(letters, letter)) != ("_NOT_" in str(part))
    return found != (str(said[0][0]) == "NEGATE")


def _sample(nodes: list[Any]) -> str:
    """One short text that fits."""
    text = ""
    for kind, said in nodes:
        name = str(kind)
        if name == "LITERAL":
            text += chr(said)
        elif name in ("ANY", "NOT_LITERAL", "IN"):
            text += next((letter for letter in "a1 \tZ" + POOL if _takes([(kind, said)], letter)), "")
        elif "REPEAT" in name:
            text += _sample(list(said[2])) * max(int(said[0]), 1)
        elif name == "SUBPATTERN":
            text += _sample(list(said[3]))
        elif name == "ATOMIC_GROUP":
            text += _sample(list(said))
        elif name == "BRANCH":
            text += _sample(list(said[1][0]))
    return text


if __name__ == "__main__":
    for whole, pattern in json.loads(sys.stdin.read()):
        print(pattern, flush=True)  # the last one printed is the one that does not end
        compiled = re.compile(pattern, re.MULTILINE)
        for text in attacks(pattern):
            (compiled.fullmatch if whole else compiled.search)(text)
    print("done")
