"""Which column of a file is what, by the rules of its declaration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from lithostat.experiment.errors import InputError, short
from lithostat.experiment.quantity import linear
from lithostat.experiment.record import COLUMNS, OTHER, REQUIRED
from lithostat.reading import cells
from lithostat.reading.declaration import OF_SPECTRA, Declaration, Rule
from lithostat.reading.harmonise import FileColumn, unit_of

TIMES = ("test_time_second", "unix_time_second")
LONGEST = 200  # letters of a name that a rule may match; patterns take their time over longer ones
_SPANS = ("test_time_second", "step_time_second")
_CLOCKS = ("%m/%d/%Y %H:%M:%S%.f", "%d/%m/%Y %H:%M:%S%.f", "%d.%m.%Y %H:%M:%S%.f")
SPECTRAL = ("frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm")
POLAR = ("absolute_impedance_ohm", "phase_degree")


class KnownColumn(NamedTuple):
    """A column of a file that a rule knows: what it becomes and how."""

    rule: Rule
    column: FileColumn


def known_columns(
    declaration: Declaration,
    names: Iterable[str],
    say: Callable[[str], None],
    file: str,
    written: Mapping[str, str] | None = None,
) -> dict[str, KnownColumn]:
    """What the columns of a table are. A column named as in a record is that column; of two that a rule makes the same,
    the one of the earlier rule counts. A voltage, current or time without a known unit raises `InputError`.

    `written` says of columns whose cells are durations or dates that they are, whatever the rule for times expects.
    """
    rules = declaration.rules
    offers: dict[str, list[tuple[int, str, KnownColumn]]] = {}
    for name in names:
        plain = name.removeprefix(OTHER)
        for place, rule in enumerate(rules if len(plain) <= LONGEST else ()):
            match = re.fullmatch(rule.match, plain)
            if match is not None:
                rule = _as_written(rule, (written or {}).get(name))
                known = _known(name, rule, match.groupdict().get("unit"), say, file)
                if known is not None:
                    offers.setdefault(rule.to, []).append((place, name, known))
                break
        else:
            if plain in COLUMNS or plain in OF_SPECTRA:
                rule = Rule.model_validate({"match": re.escape(plain), "is": plain})
                column = FileColumn(plain, unit_of(plain), 1.0)
                offers.setdefault(plain, []).append((len(rules), name, KnownColumn(rule, column)))
    chosen = [min(choice, key=lambda offer: offer[0]) for choice in offers.values()]
    return {name: known for _, name, known in chosen}


def _as_written(rule: Rule, written: str | None) -> Rule:
    """The rule of a time by what its cells hold: a duration needs no unit, a date is the clock."""
    if rule.written != "number" or written is None or rule.to not in _SPANS:
        return rule
    if written == "date" and rule.to == "test_time_second":
        return rule.model_copy(update={"to": "unix_time_second", "written": "date", "formats": _CLOCKS})
    return rule.model_copy(update={"written": "duration"}) if written == "duration" else rule


def _known(name: str, rule: Rule, said: str | None, say: Callable[[str], None], file: str) -> KnownColumn | None:
    factor = float(rule.sign or 1)
    needed = unit_of(rule.to)
    if rule.written != "number":
        return KnownColumn(rule, FileColumn(rule.to, "s", factor))
    if not needed:
        return KnownColumn(rule, FileColumn(rule.to, "", factor))
    text = (said or "").strip() or rule.unit
    if not text and rule.otherwise:
        say(f"no unit is said for '{name}'; read as {rule.otherwise}")
        text = rule.otherwise
    problem = "does not say its unit"
    if text:
        unit = cells.unit(text)
        try:
            linear(unit, needed)
        except InputError:
            problem = f"has the unit {short(text)}, which cannot become {needed}"
        else:
            return KnownColumn(rule, FileColumn(rule.to, unit, factor))
    if rule.to in (*REQUIRED, *TIMES):
        raise InputError(
            f"column {short(name)} {problem}", file=file, expected="a declaration that states it (see docs/reading.md)"
        )
    say(f"{short(name)} {problem} and is kept as it is")
    return None
