"""Equivalent circuits as text, parsed and never run as code: `R0-p(R1,CPE1)-p(R2,CPE2)-W1`.

A hyphen puts parts in series, `p(a, b, ...)` puts them in parallel, and any part may again be a chain. A part is an
element's symbol and a number that tells it from others of its kind. `Circuit.impedance` is the complex impedance.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lithostat.experiment.errors import InputError, nearest
from lithostat.impedance.circuits.elements import ELEMENTS, Element, ElementParameter
from lithostat.physics.types import Namespace, Waves

_LABEL = re.compile(r"([A-Za-z]+)(\d*)")
_EXAMPLE = "a circuit such as R0-p(R1,CPE1)-W1"
DEEPEST = 20  # brackets within brackets


@dataclass(frozen=True)
class Leaf:
    """One element of a circuit. `first` is where its values start among the circuit's."""

    label: str
    element: Element
    first: int

    def impedance(self, omega: Waves, values: Any, xp: Namespace) -> Waves:
        """Complex impedance [ohm] at angular frequency `omega`; `values` has parameters on its first axis."""
        own = (values[self.first + k] for k in range(len(self.element.parameters)))
        return self.element.impedance(omega, *own, xp=xp)


@dataclass(frozen=True)
class Series:
    """Parts one after another: impedances add."""

    parts: tuple[Node, ...]

    def impedance(self, omega: Waves, values: Any, xp: Namespace) -> Waves:
        """Complex impedance [ohm]."""
        return sum(part.impedance(omega, values, xp) for part in self.parts)


@dataclass(frozen=True)
class Parallel:
    """Parts side by side: admittances add."""

    parts: tuple[Node, ...]

    def impedance(self, omega: Waves, values: Any, xp: Namespace) -> Waves:
        """Complex impedance [ohm]."""
        return 1.0 / sum(1.0 / part.impedance(omega, values, xp) for part in self.parts)


Node = Leaf | Series | Parallel


@dataclass(frozen=True)
class Circuit:
    """A parsed circuit. `names` are its parameters in the order of its values: `R0`, or `CPE1_Q` where a part has more.

    >>> circuit("R0-p(R1,C1)").names
    ('R0', 'R1', 'C1')
    """

    text: str
    tree: Node
    names: tuple[str, ...]
    parameters: tuple[ElementParameter, ...]

    def impedance(self, frequency: Waves, values: Any, *, xp: Namespace = np) -> Waves:
        """Complex impedance [ohm] at `frequency` [Hz] for `values` in SI: a mapping by name, or an array.

        An array has the parameters on its first axis; its other axes must broadcast with `frequency`.
        """
        if isinstance(values, Mapping):
            values = self.array(values)
        return self.tree.impedance(2.0 * np.pi * xp.asarray(frequency), values, xp)

    def array(self, values: Mapping[str, float]) -> np.ndarray:
        """Values by name to the circuit's order. Raises `InputError` for a missing or unknown name."""
        for name in values:
            if name not in self.names:
                raise InputError(
                    f"the circuit {self.text} has no parameter '{name}'{nearest(name, self.names)}",
                    expected=f"one of {', '.join(self.names)}",
                )
        missing = [name for name in self.names if name not in values]
        if missing:
            raise InputError(f"no value for {', '.join(missing)}", expected=f"all of {', '.join(self.names)}")
        return np.array([values[name] for name in self.names], float)

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of each value."""
        return tuple(parameter.unit for parameter in self.parameters)


@functools.lru_cache(maxsize=256)
def circuit(text: str) -> Circuit:
    """Parse a circuit. Raises `InputError` naming the place where it cannot be read."""
    return _Parser(text).circuit()


class _Parser:
    """Walks the text once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.names: list[str] = []
        self.parameters: list[ElementParameter] = []
        self.labels: set[str] = set()

    def circuit(self) -> Circuit:
        tree = self.chain(0)
        if self.at < len(self.text):
            self.fail(f"unexpected '{self.text[self.at]}'")
        return Circuit("".join(self.text.split()), tree, tuple(self.names), tuple(self.parameters))

    def chain(self, depth: int) -> Node:
        parts = [self.part(depth)]
        while self.sees("-"):
            parts.append(self.part(depth))
        return parts[0] if len(parts) == 1 else Series(tuple(parts))

    def part(self, depth: int) -> Node:
        found = _LABEL.match(self.text, self.skip())
        if found is None:
            what = f"'{self.text[self.at]}'" if self.at < len(self.text) else "the end"
            self.fail(f"{what} where an element should stand")
        assert found is not None
        self.at = found.end()
        if found[1] in ("p", "P") and not found[2] and self.sees("("):
            return self.parallel(depth + 1)
        return self.leaf(found)

    def parallel(self, depth: int) -> Node:
        if depth > DEEPEST:
            self.fail(f"more than {DEEPEST} brackets within brackets")
        parts = [self.chain(depth)]
        while self.sees(","):
            parts.append(self.chain(depth))
        if not self.sees(")"):
            self.fail("a bracket that is not closed")
        if len(parts) == 1:
            self.fail("a single branch in p(...), which needs two or more")
        return Parallel(tuple(parts))

    def leaf(self, found: re.Match[str]) -> Leaf:
        symbol, label = found[1], found[0]
        element = ELEMENTS.get(symbol)
        if element is None:
            known = ", ".join(ELEMENTS)
            self.at = found.start()
            self.fail(f"no element is called '{symbol}'{nearest(symbol, ELEMENTS)}; known are {known}")
        assert element is not None
        if label in self.labels:
            self.at = found.start()
            self.fail(f"'{label}' stands twice; give each part its own number")
        self.labels.add(label)
        first = len(self.names)
        single = len(element.parameters) == 1
        self.names += [label if single else f"{label}_{each.letter}" for each in element.parameters]
        self.parameters += element.parameters
        return Leaf(label, element, first)

    def skip(self) -> int:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at

    def sees(self, character: str) -> bool:
        if self.text[self.skip() : self.at + 1] != character:
            return False
        self.at += 1
        return True

    def fail(self, problem: str) -> None:
        raise InputError(f"circuit '{self.text}', character {self.at + 1}: {problem}", expected=_EXAMPLE)
