"""BioLogic .mpr, through galvani, which is under the GPL and therefore an extra."""

from __future__ import annotations

import io
import itertools
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.experiment.files import read_file
from lithostat.experiment.record import Record
from lithostat.reading.biologic_settings import settings
from lithostat.reading.harmonise import LARGEST, FileColumn, harmonise
from lithostat.reading.sweeps import THIRD, Points, spectra
from lithostat.reading.voltage_columns import SENTENCE, floating

if TYPE_CHECKING:
    from galvani.BioLogic import MPRfile

MAGIC = b"BIO-LOGIC MODULAR FILE"
OPEN_CIRCUIT = 0x0B  # code of the technique in the first byte of the settings
CONSTANT_CURRENT, REST = 1, 3  # of the column 'mode'; 2 is constant voltage
_TOLERANCE = 1e-6  # relative; single precision columns that say the same twice agree to 1.2e-7 in measured files

COLUMNS = {
    "time/s": FileColumn("test_time_second", "s"),
    "step time/s": FileColumn("step_time_second", "s"),
    "Ewe-Ece/V": FileColumn("voltage_volt", "V"),
    "Ewe/V": FileColumn("voltage_volt", "V"),
    "<Ewe>/V": FileColumn("voltage_volt", "V"),
    "<Ewe/V>": FileColumn("voltage_volt", "V"),
    "Ecell/V": FileColumn("voltage_volt", "V"),
    "I/mA": FileColumn("current_ampere", "mA"),
    "<I>/mA": FileColumn("current_ampere", "mA"),
    "I/A": FileColumn("current_ampere", "A"),
    "<I>/A": FileColumn("current_ampere", "A"),
    "cycle number": FileColumn("cycle_count"),
    "Ns": FileColumn("step_index"),
    "step_count": FileColumn("step_count"),
    "(Q-Qo)/mA.h": FileColumn("net_capacity_ah", "mA*h"),
    "(Q-Qo)/C": FileColumn("net_capacity_ah", "C"),
    "Q charge/mA.h": FileColumn("charging_capacity_ah", "mA*h"),
    "Q discharge/mA.h": FileColumn("discharging_capacity_ah", "mA*h"),
    "Energy charge/W.h": FileColumn("charging_energy_wh", "W*h"),
    "Energy discharge/W.h": FileColumn("discharging_energy_wh", "W*h"),
    "P/W": FileColumn("power_watt", "W"),
    "Temperature/°C": FileColumn("ambient_temperature_celsius", "degC"),
    "freq/Hz": FileColumn("frequency_hertz", "Hz"),
    "|Z|/Ohm": FileColumn("absolute_impedance_ohm", "ohm"),
    "Phase(Z)/deg": FileColumn("phase_degree", "deg"),
    "|Zwe-ce|/Ohm": FileColumn("absolute_impedance_ohm", "ohm"),
    "Phase(Zwe-ce)/deg": FileColumn("phase_degree", "deg"),
}
# columns of charge, their unit in mA h, and the column at whose change they start from zero
_CHARGES = (
    ("dq/mA.h", 1.0, None),
    ("dQ/mA.h", 1.0, "Ns"),
    ("dQ/C", 1.0 / 3.6, "Ns"),
    ("(Q-Qo)/mA.h", 1.0, None),
    ("(Q-Qo)/C", 1.0 / 3.6, None),
    ("Q charge/discharge/mA.h", 1.0, "half cycle"),
)
_RENAMED = {"<Ecv>/V": "<Ece>/V"}  # what the library calls the averaged potential of the counter electrode
_PARTS = (*(f"{part}(Z{of})/Ohm" for part in ("Re", "-Im") for of in ("", "we-ce")),)
_POSITIVE = ("Q discharge/mA.h", "Energy discharge/W.h")  # some versions write them with a minus


def recognise(head: bytes, path: Path) -> bool:
    """By the first bytes, or by the name where those are damaged."""
    return head.startswith(MAGIC) or path.suffix.lower() == ".mpr"


def read(path: Path) -> Record:
    """Rows and, for impedance techniques, one spectrum per sweep. Current is positive where EC-Lab's is (oxidation).

    Raises `MissingPackage` without galvani, `InputError` for a damaged file or a column of unknown kind.
    """
    file = _parsed(path)
    columns = _columns(file)
    said: list[str] = []
    if not len(file.data):
        raise InputError("holds no rows of data", file=str(path), expected="a technique that was started")
    if "freq/Hz" in columns:
        said += _impedance_agrees(columns)
    said += _charge_agrees(columns)
    said += _current(columns, file, path)
    if "Ns" in columns:
        columns["step_count"] = np.concatenate(([1], 1 + np.cumsum(np.diff(columns["Ns"].astype(np.int64)) != 0)))
    for name in _POSITIVE:
        if name in columns:
            columns[name] = np.abs(columns[name])
    columns = _between_terminals(columns, said)
    points = _points(columns)
    if points is not None and "Re(Zwe-ce)/Ohm" in columns:
        said.append(THIRD)
    if "freq/Hz" in columns:  # the sweeps are spectra; rows beside them have no frequency
        columns["freq/Hz"] = np.where(columns["freq/Hz"] > 0.0, columns["freq/Hz"].astype(float), np.nan)
        if "|Zwe-ce|/Ohm" in columns:  # of the cell, as the spectra are
            columns = {name: columns.pop(name) for name in ("|Zwe-ce|/Ohm", "Phase(Zwe-ce)/deg")} | columns
        columns = {name: values for name, values in columns.items() if name not in _PARTS}
    start = getattr(file, "timestamp", None)  # of the series of techniques, by the computer's clock; time 0 is there
    if start is None:
        said.append(f"the file has no start time, only the date {file.startdate.isoformat()}")
    return harmonise(
        pl.DataFrame(columns),
        COLUMNS,
        path=path,
        format_name="BioLogic .mpr",
        start=start,
        spectra=spectra(points, path, said) if points is not None else (),
        warnings=said,
        about={"date": file.startdate.isoformat(), **settings(_settings(file))},
    )


def _parsed(path: Path) -> MPRfile:
    """galvani's view of the file. It reads from memory, so that a damaged length cannot ask for more than the file."""
    try:
        from galvani import BioLogic
    except ImportError:
        raise MissingPackage(
            f"{path}: a BioLogic .mpr file; install its reader (GPL) with pip install 'lithostat[gpl]', "
            "or export the file as text (.mpt) from EC-Lab"
        ) from None
    data = read_file(path, LARGEST)
    if not data.startswith(MAGIC):
        raise InputError("does not start like a BioLogic .mpr", file=str(path), expected="an unharmed copy")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return BioLogic.MPRfile(io.BytesIO(data), error_on_unknown_column=True)
    except (NotImplementedError, IndexError) as error:
        raise InputError(
            f"has a column of a kind that is not known here ({error})",
            file=str(path),
            expected="the same file exported as text (.mpt) from EC-Lab",
        ) from None
    except AssertionError:
        raise InputError("is damaged: its rows do not fill the length it states", file=str(path)) from None


def _columns(file: MPRfile) -> dict[str, np.ndarray]:
    """Columns by name; the packed byte of flags becomes one column per flag."""
    columns = {name: np.ascontiguousarray(file.data[name]) for name in file.dtype.names if name != "flags"}
    return columns | {name: file.get_flag(name).astype(np.uint8) for name in file.flags_dict}


def _settings(file: MPRfile) -> bytes:
    return bytes(next((module["data"] for module in file.modules if module["shortname"] == b"VMP Set   "), b""))


def _technique(file: MPRfile) -> int:
    data = _settings(file)
    return data[0] if data else -1


def _between_terminals(columns: dict[str, np.ndarray], said: list[str]) -> dict[str, np.ndarray]:
    """The columns with the voltage of the cell first: of a cell with a reference electrode, Ewe less Ece."""
    columns = {_RENAMED.get(name, name): values for name, values in columns.items()}
    if "Ewe-Ece/V" not in columns:
        for one, other in (("Ewe/V", "Ece/V"), ("<Ewe>/V", "<Ece>/V"), ("Ewe/V", "<Ece>/V")):
            if one in columns and other in columns:
                columns["Ewe-Ece/V"] = columns[one].astype(float) - columns[other].astype(float)
                break
    if "Ewe-Ece/V" not in columns:
        return columns
    said.append(SENTENCE)
    floats = floating(columns.get("Ewe/V", columns.get("<Ewe>/V", np.zeros(0))), columns["Ewe-Ece/V"])
    said += [floats] if floats else []
    return {"Ewe-Ece/V": columns.pop("Ewe-Ece/V"), **columns}


def _current(columns: dict[str, np.ndarray], file: MPRfile, path: Path) -> list[str]:
    """A current for files that hold none: 0 A at open circuit, else counted charge by time."""
    if any(COLUMNS.get(name, FileColumn("")).to == "current_ampere" for name in columns):
        return []
    if _technique(file) == OPEN_CIRCUIT:
        columns["I/mA"] = np.zeros(len(file.data))
        return ["the technique is open circuit and the file has no current: it is 0 A"]
    charge = "dq/mA.h"
    if charge not in columns or "time/s" not in columns:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        current = columns[charge].astype(float) * 3600.0 / np.diff(columns["time/s"], prepend=np.nan)
    unknown = ~np.isfinite(current)
    mode = columns.get("mode", np.zeros(len(current)))
    control = columns.get("control/V/mA", np.full(len(current), np.nan))
    current[unknown & (mode == REST)] = 0.0
    stated = unknown & (mode == CONSTANT_CURRENT)
    current[stated] = control[stated]
    columns["I/mA"] = current
    return [
        f"the file has no current: it is '{charge}' divided by the time since the row before, as in EC-Lab's export"
    ]


def _impedance_agrees(columns: dict[str, np.ndarray]) -> list[str]:
    """A row states its impedance several times over; where it disagrees with itself, it is damaged."""
    if any(name not in columns for name in ("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm")):
        return []
    value = {name: column.astype(float) for name, column in columns.items()}
    frequency, real, minus = value["freq/Hz"], value["Re(Z)/Ohm"], value["-Im(Z)/Ohm"]
    size = np.hypot(real, minus)
    apart = []
    with np.errstate(all="ignore"):
        if "|Z|/Ohm" in value:
            apart.append(value["|Z|/Ohm"] / size - 1.0)
        if "Phase(Z)/deg" in value:
            turned = np.exp(1j * np.deg2rad(value["Phase(Z)/deg"]))
            apart.append(np.abs(turned - (real - 1j * minus) / size))
        if "Cs/µF" in value:  # in series: -Im = 1 / (2 pi f Cs), which also checks the frequency
            apart.append(2e-6 * np.pi * frequency * value["Cs/µF"] * minus - 1.0)
        if "|Ewe|/V" in value and "|I|/A" in value:
            apart.append(value["|Ewe|/V"] / value["|I|/A"] / size - 1.0)
        bad = frequency < 0.0
        for difference in apart:
            bad |= (frequency != 0.0) & ~(np.abs(difference) <= _TOLERANCE)
    if not bad.any():
        return []
    text = "impedance, modulus, phase, capacitance and amplitudes do not agree with each other"
    return [f"in {int(bad.sum())} rows, first row {int(np.argmax(bad)) + 1}, {text}"]


def _charge_agrees(columns: dict[str, np.ndarray]) -> list[str]:
    """The file counts charge several times over: from row to row, since the step, the half cycle and the start."""
    increments = [found for found in (_increments(columns, *row) for row in _CHARGES) if found is not None]
    bad = np.zeros(max((len(found[0]) for found in increments), default=0), bool)
    for (first, least), (second, more) in itertools.combinations(increments, 2):
        with np.errstate(invalid="ignore"):
            bad |= np.abs(first - second) > least + more
    if not bad.any():
        return []
    text = "the file's own columns of charge do not agree"
    return [f"in {int(bad.sum())} rows, first row {int(np.argmax(bad)) + 2}, {text}"]


def _increments(
    columns: dict[str, np.ndarray], name: str, factor: float, restarts: str | None
) -> tuple[np.ndarray, float] | None:
    """Charge from each row to the next [mA h] and what rounding may make of it; NaN where the column starts anew."""
    if name not in columns or (restarts is not None and restarts not in columns):
        return None
    values = columns[name].astype(float) * factor
    found = values[1:] if name.startswith("dq") else np.diff(values)
    if restarts is not None:
        found = np.where(np.diff(columns[restarts].astype(np.int64)) == 0, found, np.nan)
    digits = 4.0 * float(np.finfo(columns[name].dtype).eps)
    usual, largest = np.nanquantile(np.abs(found), 0.99) if len(found) else 0.0, np.nanquantile(np.abs(values), 0.99)
    return found, digits * float(largest) + 1e-7 * float(usual)


def _points(columns: dict[str, np.ndarray]) -> Points | None:
    """The rows of impedance sweeps; a sweep ends where the cycle or the step of the protocol changes.

    The impedance between the terminals (Zwe-ce) goes before that of one electrode, real and imaginary part before
    modulus and phase.
    """
    z = next((z for z in (_impedance(columns, "we-ce"), _impedance(columns, "")) if z is not None), None)
    if z is None or "freq/Hz" not in columns:
        return None
    new = np.zeros(len(z), bool)
    counters = [columns[name].astype(float) for name in ("cycle number", "Ns") if name in columns]
    for counter in counters:
        new[1:] |= np.diff(counter) != 0.0
    return Points(
        frequency=columns["freq/Hz"].astype(float),
        impedance=z,
        time=columns["time/s"].astype(float) if "time/s" in columns else None,
        sweep=np.cumsum(new).astype(float) if new.any() else None,
        course=True,
    )


def _impedance(columns: dict[str, np.ndarray], of: str) -> np.ndarray | None:
    """Complex impedance [ohm] as the file has it; None if it has none of this kind, or an empty one."""
    names = f"Re(Z{of})/Ohm", f"-Im(Z{of})/Ohm", f"|Z{of}|/Ohm", f"Phase(Z{of})/deg"
    if names[0] in columns and names[1] in columns:
        z = columns[names[0]].astype(float) - 1j * columns[names[1]].astype(float)
    elif names[2] in columns and names[3] in columns:
        z = columns[names[2]].astype(float) * np.exp(1j * np.deg2rad(columns[names[3]].astype(float)))
    else:
        return None
    return z if np.any(z != 0.0) else None
