"""What may be a unit: its length, letters and shape are looked at before anything computes with it."""

from __future__ import annotations

import re

LONGEST = 80  # letters of a unit
DEEPEST = 3  # parentheses within parentheses
_NAME = r"[A-Za-zµμΩΩ°Åå_%]{1,32}"
_POWER = r"(?:-?\d{1,2}(?:[./]\d{1,3})?)"
_GROUPED = "\0"  # stands for a group that was looked at
_FACTOR = rf"(?:1|(?:{_NAME}|{_GROUPED})(?:(?:\^|\*\*)(?:{_POWER}|\({_POWER}\))|{_POWER})?)"
_PRODUCT = re.compile(rf"{_FACTOR}(?:[*/· ]{_FACTOR})*+")
_GROUP = re.compile(rf"(?<![\^*])\(({_PRODUCT.pattern})\)")


def checked_unit(text: str) -> str:
    """The text with single blanks, if it reads as a product of powers of names: 'uA/cm2', 'MPa m^0.5', 'W/(m K)'.

    The library that knows the units evaluates what it is given: a tower of powers or a name without an end would keep
    it busy for ever. Raises `ValueError` with the reason for anything else.
    """
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text)} letters")
    if _GROUPED in text:
        raise ValueError("holds a NUL")
    text = " ".join(text.split())
    left = text
    for _ in range(DEEPEST):
        left = _GROUP.sub(_GROUPED, left)
    if text and _PRODUCT.fullmatch(left) is None:
        raise ValueError("is no product of units and their powers")
    return text
