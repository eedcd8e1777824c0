"""What gathers while one file is read: its header, warnings, and the rows that were given up."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from lithostat.reading.declaration import Declaration


@dataclass
class Reading:
    """What gathers while one file is read."""

    file: str
    declaration: Declaration
    warnings: list[str] = field(default_factory=list)
    header: str = ""
    lost: list[int] = field(default_factory=list)  # lines that were given up
    width: str = ""  # why no row fits its names
    count: int = 0
    dropped: bool = False  # whether names at the end were left out, so that the others may stand over wrong columns

    def say(self, sentence: str) -> None:
        """A warning, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def give_up(self, lines: pl.Series) -> None:
        """Count rows that cannot be read."""
        self.count += len(lines)
        self.lost += lines.head(1).to_list()

    def tell_lost(self) -> None:
        """Say how many rows were given up."""
        if self.count:
            rows = "row" if self.count == 1 else "rows"
            said = f"{self.count} {rows} could not be read and {'was' if self.count == 1 else 'were'} given up"
            self.say(f"{said}, the first in line {min(self.lost)}")
