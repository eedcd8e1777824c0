"""A file against itself: what one column says of another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum

SHARE = 0.05  # by which a counter may differ from the integral of what it counts
SCATTERS = 20.0  # times the local scatter by which an isolated point must stand off
OF_RANGE = 0.01  # of the column's range by which a voltage, current or temperature must stand off
OFF_CUBIC, CUBICS = 0.02, 10.0  # how far a point of a sweep must stand off its neighbours' cubic: share, scatters
LONGEST = 50 * 365.25 * 86400.0  # s
DAYLIGHT, ABOUT = 3600.0, 120.0  # s: a shift of the clock is an hour, give or take
BLOCK = 1 << 15  # rows that are worked on at a time, so that what is made on the way stays in the cache
_HALO = 12  # rows beside a block that its own are held against
_NEAR = np.arange(3, 10)  # distance of the rows whose scatter is local to a point, to either side
_LIMITS = {
    "test_time_second": (0.0, LONGEST, "s"),
    "voltage_volt": (-1000.0, 1000.0, "V"),
    "current_ampere": (-1000.0, 1000.0, "A"),
    "ambient_temperature_celsius": (-100.0, 300.0, "degC"),
}


_MEASURED = (
    *_LIMITS,
    *("charging_capacity_ah", "discharging_capacity_ah", "step_capacity_ah", "net_capacity_ah"),
    *("charging_energy_wh", "discharging_energy_wh", "step_energy_wh", "power_watt"),
)


class _Table:
    """Columns of a record as arrays, read once. `same` is true where a row is in the step of the row before."""

    def __init__(self, record: Record) -> None:
        self._table = record.table
        self._kept: dict[str, np.ndarray] = {}
        self.rows = len(record.table)
        self.time, self.voltage, self.current = (
            self[name] for name in ("test_time_second", "voltage_volt", "current_ampere")
        )
        self.interval = np.diff(self.time)
        self.same = np.ones(max(self.rows - 1, 0), bool)
        for name in ("step_count", "step_index"):
            if name in self:
                self.same &= np.diff(self[name]) == 0.0
                break
        # where counters and current can be held against each other: no impedance sweep, no pause
        self.counted = self.same & (
            self.interval <= 100.0 * np.median(_sample(self.interval)) if self.rows > 1 else True
        )
        self.swept = np.zeros(len(self.same), bool)
        if "frequency_hertz" in self and self.rows > 1:
            sweep = self["frequency_hertz"] > 0.0
            self.swept = sweep[1:] & sweep[:-1]
            self.counted &= ~(sweep[1:] | sweep[:-1])
            stride = np.abs(np.diff(np.log(np.where(sweep, self["frequency_hertz"], 1.0))))
            self.same &= (sweep[1:] == sweep[:-1]) & ~(self.swept & (stride > 3.0 * np.median(stride)))  # another sweep

        self.starts = np.concatenate(([0], np.flatnonzero(~self.same) + 1))  # first row of each step

    def __contains__(self, name: str) -> bool:
        return name in self._table.columns

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._kept:
            self._kept[name] = self._table[name].cast(float).to_numpy()
        return self._kept[name]


def check_consistency(record: Record) -> Record:
    """The record with warnings about what does not add up in it, at most one of each kind; nothing is changed.

    Rows are counted from 1 in the order of the table. A column that the file does not have is not missed here.
    """
    said = []
    with np.errstate(all="ignore"):
        if len(record.table):
            table = _Table(record)
            said = [text for check in _CHECKS for text in check(table)]
        said += _spectra(record.spectra)
    new = [text for text in said if text not in record.warnings]
    return dataclasses.replace(record, warnings=(*record.warnings, *new)) if new else record


def _counted(bad: np.ndarray, what: str, first: int = 1) -> Iterator[str]:
    """One sentence with count and first row, if there is any. `first` is the row number of the first entry."""
    count = int(np.count_nonzero(bad))
    if count:
        rows = "1 row" if count == 1 else f"{count} rows"
        yield f"{rows} {what} (first: row {int(np.argmax(bad)) + first})"


def _blocks(rows: int) -> Iterator[slice]:
    """Slices of at most `BLOCK` rows that make up all of them."""
    return (slice(begin, min(begin + BLOCK, rows)) for begin in range(0, rows, BLOCK))


def _scan(rows: int, test: Callable[[slice], np.ndarray]) -> np.ndarray:
    """What `test` says of each row, worked out block by block."""
    found = np.zeros(max(rows, 0), bool)
    for part in _blocks(rows):
        found[part] = test(part)
    return found


def _wider(part: slice, more: int) -> slice:
    """The same with so many rows more at its end."""
    return slice(part.start, part.stop + more)


def _finite(table: _Table) -> Iterator[str]:
    bad = np.zeros(table.rows, bool)
    for values in (table.time, table.voltage, table.current):
        bad |= _holes(values)
    yield from _counted(bad, "without a number for time, voltage or current")
    if "unix_time_second" in table:
        yield from _counted(_holes(table["unix_time_second"]), "without a date")


def _holes(values: np.ndarray) -> np.ndarray:
    """Entries that are no number, of a column that has any."""
    unknown = ~np.isfinite(values)
    return np.zeros(len(values), bool) if unknown.all() else unknown


def _order(table: _Table) -> Iterator[str]:
    yield from _counted(table.interval < 0.0, "with a time before that of the row above", 2)
    standing = (table.interval == 0.0) & table.same
    if np.count_nonzero(standing) > max(10, table.rows // 100):
        yield from _counted(standing, "with the time of the row above, in one step", 2)
    for name in ("step_count", "cycle_count"):
        if name in table:
            yield from _counted(table[name][1:] < table[name][:-1], f"where {name} counts down", 2)


def _even(table: _Table) -> Iterator[str]:
    """A time that stands off while its neighbours are evenly spaced: an extra row would stand between closer ones."""
    time = table.time
    bad = _scan(table.rows - 4, lambda part: _off_the_grid(time[_wider(part, 4)]))
    yield from _counted(bad, "whose time does not fit the even spacing around it", 3)


def _off_the_grid(values: np.ndarray, least: float = 0.002, even: float = 1e-4) -> np.ndarray:
    """For entries 2 to n-3: do the two before and the two after lie on one even grid, and this one off it?

    `least` is how far off, and `even` how even the grid is, both as shares of its step.
    """
    if len(values) < 5:
        return np.zeros(0, bool)
    step = 0.5 * (values[3:-1] - values[1:-3])
    off = np.abs(values[2:-2] - 0.5 * (values[3:-1] + values[1:-3]))
    near = even * np.abs(step)
    before, after = values[1:-3] - values[:-4], values[4:] - values[3:-1]
    return (off > least * np.abs(step)) & (np.abs(before - step) <= near) & (np.abs(after - step) <= near)


def _limits(table: _Table) -> Iterator[str]:
    for name, (least, most, unit) in _LIMITS.items():
        if name in table:
            values = table[name]
            if np.fmin.reduce(values) < least or np.fmax.reduce(values) > most:
                what = f"with {name.rsplit('_', 1)[0]} outside {least:.0f} to {most:.3g} {unit}"
                yield from _counted((values < least) | (values > most), what)


def _tiny(table: _Table) -> Iterator[str]:
    """Numbers that no instrument gives: bytes that are none of a measurement usually read as these."""
    columns = [table[name] for name in _MEASURED if name in table]

    def tiny(part: slice) -> np.ndarray:
        found = np.zeros(part.stop - part.start, bool)
        for values in columns:
            size = np.abs(values[part])
            found |= (size < 1e-30) & (size > 0.0)
        return found

    yield from _counted(_scan(table.rows, tiny), "with a value below 1e-30 that is not zero")


def _clock(table: _Table) -> Iterator[str]:
    """Wall clock minus test time stands still but for pauses, which are left to whoever joins files."""
    if "unix_time_second" not in table:
        return
    ahead = table["unix_time_second"] - table.time
    if not np.isfinite(ahead).any():
        return
    jumps = np.diff(ahead)
    hour = np.abs(np.abs(jumps) - DAYLIGHT) <= ABOUT
    yield from _counted(hour, "where the clock jumps by about an hour against test time, as for daylight saving", 2)
    alone = _isolated(ahead, np.ones(len(jumps), bool), 2.0)
    yield from _counted(alone, "whose clock does not fit test time")
    touched = alone[1:] | alone[:-1]
    yield from _counted((jumps < -3.0) & ~hour & ~touched, "where the clock falls back against test time", 2)
    small = np.abs(jumps) <= 3.0
    drift, length = float(np.abs(np.sum(jumps[small]))), float(np.sum(table.interval[small]))
    if drift > max(60.0, 1e-3 * length):
        yield f"the clock drifts by {drift:.0f} s against test time, over {length:.0f} s"


def _step_time(table: _Table) -> Iterator[str]:
    """Within a step, test time and step time go on together."""
    if "step_time_second" not in table:
        return
    step_time = table["step_time_second"]

    def apart(part: slice) -> np.ndarray:
        interval = table.interval[part]
        away = np.abs(np.diff(step_time[_wider(part, 1)]) - interval)
        return table.same[part] & (away > 0.01 + 1e-3 * np.abs(interval))

    yield from _counted(_scan(table.rows - 1, apart), "where test time and step time do not go on together", 2)


def _labels(table: _Table) -> Iterator[str]:
    """A single row that belongs to another step than both its neighbours, though current or step time simply go on."""
    if "step_index" not in table or table.rows < 3:
        return
    index, near = table["step_index"], 0.01 * _range(table.current)
    alone = (index[2:] == index[:-2]) & (index[1:-1] != index[:-2])
    if alone.any():
        change = np.abs(np.diff(table.current))
        goes_on = (change[1:] <= near) & (change[:-1] <= near)
        if "step_time_second" in table:
            goes_on |= (np.diff(table["step_time_second"])[1:] > 0.0) & (np.diff(table["step_time_second"])[:-1] > 0.0)
        yield from _counted(alone & goes_on, "alone in another step while the one around it goes on", 2)


def _charge(table: _Table) -> Iterator[str]:
    """Counters of charge against the integral of current, step by step."""
    current = table.current
    yield from _counter(table, "charging_capacity_ah", current, "positive", "current")
    yield from _counter(table, "discharging_capacity_ah", current, "negative", "current")
    yield from _counter(table, "step_capacity_ah", current, "either", "current")
    yield from _counter(table, "net_capacity_ah", current, "signed", "current")


def _energy(table: _Table) -> Iterator[str]:
    """Counters of energy against the integral of power, and power against voltage times current."""
    names = ("charging_energy_wh", "discharging_energy_wh", "step_energy_wh", "power_watt")
    if not any(name in table for name in names):
        return
    power = table.voltage * table.current
    for name, direction in zip(names, ("positive", "negative", "either"), strict=False):
        yield from _counter(table, name, power, direction, "power")
    if "power_watt" in table:
        stated = table["power_watt"]
        least = 2.0 * _resolution(stated)

        def apart(part: slice) -> np.ndarray:
            one, other = np.abs(stated[part]), np.abs(power[part])
            return np.abs(one - other) > np.maximum(SHARE * np.maximum(one, other), least)

        yield from _counted(_scan(table.rows, apart), "whose power is not voltage times current")


def _counter(table: _Table, name: str, rate: np.ndarray, direction: str, word: str) -> Iterator[str]:
    """One counter, per step, against the trapezoids of `rate`.

    Between two samples the rate may have been anything between both, so half their difference times the interval is
    allowed for, besides `SHARE`. A single row that stands off is a sentence of its own.
    """
    if name not in table or not np.isfinite(rate).any():
        return
    counter, starts = table[name], table.starts
    change, integral, doubt = (np.zeros(len(starts)) for _ in range(3))
    alone = np.zeros(table.rows, bool)
    resolution, usual = _resolution(counter), 0.0
    for part in _blocks(table.rows):
        begin, end = max(part.start - _HALO, 0), min(part.stop + _HALO, table.rows)
        area, unsure = _trapezoids(rate[begin:end], table.interval[begin : end - 1], direction)
        counted = table.counted[begin : end - 1]
        own = slice(max(part.start, 1) - 1 - begin, part.stop - 1 - begin)  # what leads to the rows of this block
        first = int(np.searchsorted(starts, max(part.start, 1), "right")) - 1
        last = int(np.searchsorted(starts, part.stop, "left"))
        places = np.maximum(starts[first:last] - max(part.start, 1), 0)
        every = bool(counted[own].all())
        if own.stop > own.start:
            for total, values in ((change, np.diff(counter[begin:end])), (integral, area), (doubt, unsure)):
                inside = _numbers(values[own])
                inside = inside if every else np.where(counted[own], inside, 0.0)
                total[first:last] += np.add.reduceat(inside, places)
        each = np.abs(area)
        sums = np.cumsum(_numbers(each if direction == "either" else area))
        rest = counter[begin:end].copy()
        rest[1:] -= sums
        usual = usual if part.start else _resolution(rest)
        found = _isolated(rest, counted, 2.0 * resolution, unsure + each, usual)
        alone[part] = found[part.start - begin : part.stop - begin]
    if direction == "either":
        change, integral = np.abs(change), np.abs(integral)
    apart = np.abs(change - integral)
    larger = np.maximum(np.abs(change), np.abs(integral))
    bad = (apart > SHARE * larger) & (apart > doubt + 2.0 * resolution)
    yield from _counted(alone, f"whose {name} stands off the rows around it")
    if bad.any():
        worst = int(np.argmax(np.where(bad, apart, -1.0)))
        steps = "1 step" if np.count_nonzero(bad) == 1 else f"{np.count_nonzero(bad)} steps"
        yield (
            f"in {steps} {name} differs from the integral of {word} by more than 5 %, most in the step from row "
            f"{int(starts[worst]) + 1}: {change[worst]:.4g} counted, {integral[worst]:.4g} integrated"
        )


def _numbers(values: np.ndarray) -> np.ndarray:
    """The values, with 0 where there is none."""
    return values if np.isfinite(np.sum(values)) else np.nan_to_num(values)


def _trapezoids(rate: np.ndarray, interval: np.ndarray, direction: str) -> tuple[np.ndarray, np.ndarray]:
    """What `rate` sums up to between samples [per hour], and half of what it may differ."""
    if direction == "positive":
        rate = np.maximum(rate, 0.0)
    elif direction == "negative":
        rate = np.maximum(-rate, 0.0)
    hours = interval * (0.5 / 3600.0)
    area = rate[1:] + rate[:-1]
    area *= hours
    unsure = np.abs(rate[1:] - rate[:-1])
    unsure *= np.abs(hours)
    return area, unsure


def _alone(table: _Table) -> Iterator[str]:
    """Points that stand alone: voltage where current is steady, current where voltage is, temperature."""
    near = 0.01 * _range(table.current)
    steady = _scan(
        table.rows - 1, lambda part: np.abs(table.current[1:][part] - table.current[part.start : part.stop]) <= near
    )
    steady |= table.swept  # the direct current of a sweep says little
    steady &= table.same
    floor = OF_RANGE * _range(table.voltage)
    yield from _counted(_isolated(table.voltage, steady, floor), "whose voltage stands alone")
    settled = table.same.copy()  # not next to the start of a step, where the current has yet to settle
    settled[1:] &= table.same[:-1]
    settled[:-1] &= table.same[1:]
    usual = _range(table.current)
    alone = _isolated(table.current, settled, OF_RANGE * usual)
    if alone.any():
        off = np.zeros((2, table.rows))
        off[:, 1:-1] = [np.abs(x[1:-1] - 0.5 * (x[2:] + x[:-2])) for x in (table.voltage, table.current)]
        calm = off[0] <= floor
        calm[1:] &= ~table.swept  # the direct current of a sweep wanders
        most = 3.0 * max(usual, abs(float(np.nanmedian(_sample(table.current)))))
        alone &= calm | (off[1] > most)
        yield from _counted(alone, "whose current stands alone, without an answer in the voltage")
    if "ambient_temperature_celsius" in table:
        alone = _isolated(table["ambient_temperature_celsius"], np.ones(table.rows - 1, bool), 5.0)
        yield from _counted(alone, "whose temperature stands alone")


def _isolated(
    values: np.ndarray,
    same: np.ndarray,
    floor: float,
    slack: np.ndarray | None = None,
    resolution: float | None = None,
) -> np.ndarray:
    """Per row: does it stand off both neighbours, which agree, by more than `floor` and `SCATTERS` local scatters?

    `same` is true where a row may be compared with the one before. `slack` is what may change from row to row.
    `resolution` is that of the whole column, if `values` are only some of it.
    """
    found = np.zeros(len(values), bool)
    last = len(values) - 3  # of the entries that have a neighbour on either side
    if last < 0:
        return found
    rows = np.flatnonzero(_scan(last + 1, lambda part: _stands_off(values, same, floor, part)))
    if not len(rows):
        return found
    size = _bend(values, rows)
    between = np.abs(values[rows + 2] - values[rows])
    if slack is not None:
        between = np.maximum(between - slack[rows] - slack[rows + 1], 0.0)
        size = size - slack[rows] - slack[rows + 1]
    agree = between < 0.5 * size
    rows, size = rows[agree], size[agree]
    if not len(rows):
        return found
    least = _resolution(values) if resolution is None else resolution
    for piece in _blocks(len(rows)):
        local = np.full(len(rows[piece]), np.nan)
        for side in (_NEAR, -_NEAR):  # the rougher side counts: a point between calm and rough belongs to the rough
            near = rows[piece, None] + side
            scatter = np.where((near >= 0) & (near <= last), _bend(values, np.clip(near, 0, last)), np.nan)
            local = np.fmax(local, _median(scatter))
        local = np.maximum(local, least)  # where nothing is near enough to compare with, it stays NaN
        found[rows[piece][size[piece] > SCATTERS * local] + 1] = True
    return found


def _stands_off(values: np.ndarray, same: np.ndarray, floor: float, part: slice) -> np.ndarray:
    here = values[_wider(part, 2)]
    off = here[2:] + here[:-2]
    off *= -0.5
    off += here[1:-1]
    bad: np.ndarray = np.abs(off, out=off) > floor
    bad &= same[part.start + 1 : part.stop + 1]
    bad &= same[part]
    return bad


def _bend(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How far the entries after `rows` lie from the middle of their neighbours."""
    away: np.ndarray = np.abs(values[rows + 1] - 0.5 * (values[rows + 2] + values[rows]))
    return away


def _median(rows: np.ndarray) -> np.ndarray:
    """Median of each row without its NaN; NaN where nothing else is there."""
    ordered = np.sort(rows, axis=1)  # NaN come last
    count = np.sum(np.isfinite(rows), axis=1)
    return np.where(count > 0, ordered[np.arange(len(rows)), np.maximum(count - 1, 0) // 2], np.nan)


def _sample(values: np.ndarray) -> np.ndarray:
    """At most some ten thousand of the values, evenly taken: enough for a quantile."""
    return values[:: max(1, len(values) // 20_000)]


def _range(values: np.ndarray) -> float:
    """Between the 1st and the 99th percentile, so that a damaged value does not count."""
    finite = _sample(values[np.isfinite(values)]) if not np.isfinite(values[-1]) else _sample(values)
    finite = finite[np.isfinite(finite)]
    return float(np.ptp(np.quantile(finite, (0.01, 0.99)))) if len(finite) else 0.0


def _resolution(values: np.ndarray) -> float:
    """The smallest bend that a column makes more than rarely: its last digit if it has one, else below its noise."""
    bends = np.abs(np.diff(values[:20_000], 2))
    bends = bends[np.isfinite(bends) & (bends > 0.0)]
    return float(np.quantile(bends, 0.01)) if len(bends) > 10 else 0.0


def _spectra(spectra: tuple[Spectrum, ...]) -> Iterator[str]:
    """Points of a spectrum that stand alone."""
    count, first = 0, ""
    for spectrum in spectra:
        every = np.ones(max(len(spectrum.frequency) - 1, 0), bool)
        alone = np.zeros(len(spectrum.frequency), bool)
        for part in (spectrum.impedance.real, spectrum.impedance.imag):
            alone |= _isolated(part, every, OF_RANGE * float(np.ptp(part)))
        for least, even in ((0.2, 0.05), (0.02, 0.002)):
            alone[2:-2] |= _off_the_grid(np.log(spectrum.frequency), least, even)
        alone |= _rough(spectrum.impedance)
        if alone.any():
            first = first or f"'{spectrum.name}' at {spectrum.frequency[int(np.argmax(alone))]:.4g} Hz"
            count += int(np.count_nonzero(alone))
    if count:
        yield f"{count} points of spectra stand alone (first: {first})"


def _rough(impedance: np.ndarray) -> np.ndarray:
    """Points of a sweep that stand off the cubic through the two on either side, in modulus and phase together.

    By `OFF_CUBIC` of the modulus and `CUBICS` times what the points around do, and more than the points beside, whose
    cubic goes through this one; so not the four points at either end.
    """
    found = np.zeros(len(impedance), bool)
    if len(impedance) < 9:
        return found
    log = np.log(impedance)
    log = log.real + 1j * np.unwrap(log.imag)
    off = np.abs(log[2:-2] - (4.0 * (log[1:-3] + log[3:-1]) - log[:-4] - log[4:]) / 6.0)
    for place in np.flatnonzero(off[2:-2] > OFF_CUBIC) + 2:
        around = [off[max(place - 9, 0) : max(place - 2, 0)], off[place + 3 : place + 10]]
        usual = max(np.median(one) if len(one) > 1 else 0.0 for one in around)
        beside = off[max(place - 2, 0) : place + 3]
        found[place + 2] = usual > 0.0 and off[place] >= np.nanmax(beside) and off[place] > CUBICS * usual
    return found


_CHECKS: tuple[Callable[[_Table], Iterator[str]], ...] = (
    _finite,
    _order,
    _even,
    _limits,
    _tiny,
    _clock,
    _step_time,
    _labels,
    _charge,
    _energy,
    _alone,
)
