"""The order of a stack of files: by the one number in their names that runs."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from lithostat.experiment.errors import InputError

_NUMBER = re.compile(r"\d+")
NAMED = 5  # missing numbers that a sentence lists


def in_order(files: list[Path], folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Files by the number that runs in their names, and what to know of it.

    Raises `InputError` where the order cannot be known, where numbers are missing, or where two files have one number.
    """
    if len(files) < 2:
        return files, ()
    words = [_NUMBER.split(path.name) for path in files]
    numbers = [[int(text) for text in _NUMBER.findall(path.name)] for path in files]
    if any(word != words[0] for word in words):
        strangers = sorted({path.name for path, word in zip(files, words, strict=True) if word != words[0]})
        raise InputError(
            f"the names do not follow one pattern: {files[0].name}, {strangers[0]}",
            file=str(folder),
            expected="one stack in a folder, its files named alike but for one number",
        )
    runs = [k for k in range(len(numbers[0])) if len({row[k] for row in numbers}) > 1]
    if len(runs) != 1:
        how = "no number of their names runs" if not runs else "more than one number of their names runs"
        raise InputError(f"{how}: {files[0].name}, {files[-1].name}", file=str(folder), expected="one number that runs")
    pairs = sorted(zip((row[runs[0]] for row in numbers), files, strict=True))
    order = [number for number, _ in pairs]
    for number, following in pairwise(order):
        if number == following:
            raise InputError(f"two files have the number {number}", file=str(folder), expected="one file a number")
    gaps = {following - number for number, following in pairwise(order)}
    step = min(gaps)
    if gaps != {step}:
        missing = sorted(set(range(order[0], order[-1] + 1, step)) - set(order))
        some = ", ".join(map(str, missing[:NAMED])) + (", ..." if len(missing) > NAMED else "")
        raise InputError(
            f"slices are missing: {len(missing)} between {pairs[0][1].name} and {pairs[-1][1].name} (number {some})",
            file=str(folder),
            expected="all of them, since depths would be wrong; or numbers without a gap if the stack is whole",
        )
    said = f"numbers run in steps of {step}: the voxel size must be the distance of these slices"
    return [path for _, path in pairs], ((said,) if step > 1 else ())
