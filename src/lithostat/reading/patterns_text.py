"""Headers in text: Rigaku .ras, Bruker .uxd, powder CIF, and the comments above plain columns."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from lithostat.reading.patterns_header import ANGSTROM, Header, clock, number, third_column, tube

HEAD = 200  # lines of a text file that may be its header


def ras(text: str) -> tuple[Header, ...]:
    """One header per scan; the third column is the attenuator's factor."""
    found = []
    for part in re.split(r"(?m)^\*RAS_HEADER_START", text)[1:]:
        said = dict(re.findall(r'(?m)^\*(\S+)\s+"([^"\n]*)"', part))
        block = re.search(r"(?s)\*RAS_INT_START\s*\n(.*?)\*RAS_INT_END", part)
        rows = [row.split() for row in (block[1].splitlines() if block else [])]
        factors = third_column([row for row in rows if len(row) > 2])
        absorbed = factors is not None and bool((factors != 1.0).any())
        begin, end = clock(said.get("MEAS_SCAN_START_TIME")), clock(said.get("MEAS_SCAN_END_TIME"))
        found.append(
            Header(
                lines=tube(
                    number(said.get("HW_XG_WAVE_LENGTH_ALPHA1")),
                    number(said.get("HW_XG_WAVE_LENGTH_ALPHA2")),
                    None,
                    said.get("HW_XG_TARGET_NAME", ""),
                ),
                start=begin,
                duration=(end - begin).total_seconds() if begin and end else None,
                factors=factors if absorbed else None,
                rate=said.get("MEAS_SCAN_UNIT_Y", "").strip().lower() == "cps",
                attenuation="undone here" if absorbed else "none" if factors is not None else "unknown",
            )
        )
    return tuple(found)


def uxd(text: str) -> tuple[Header, ...]:
    """One header per range of a Bruker text file; what stands above the first range holds for all."""
    parts = re.split(r"(?m)^\s*;?\s*\(Data for Range.*$|(?m:^_DRIVE)", text) if "_DRIVE" in text else [text, text]
    common = _uxd(parts[0], Header())
    return tuple(_uxd(part, common) for part in parts[1:]) or (common,)


def _uxd(part: str, common: Header) -> Header:
    said = {key: value.strip().strip("'\"") for key, value in re.findall(r"(?m)^\s*_(\w+)\s*=\s*(.*)$", part)}
    lines = tube(number(said.get("WL1")), number(said.get("WL2")), number(said.get("WLRATIO")), said.get("ANODE", ""))
    seconds = number(said.get("STEPTIME"))
    return replace(
        common,
        lines=lines or common.lines,
        start=clock(said.get("DATEMEASURED")) or common.start,
        seconds=np.array([seconds]) if seconds else common.seconds,
        rate="CPS" in part.upper().replace("_", "").replace("CPSCALE", ""),
    )


def pdcif(text: str) -> tuple[Header, ...]:
    """Wavelengths and radiation of the blocks of a powder CIF."""
    import gemmi

    from lithostat.experiment.errors import InputError

    try:
        document = gemmi.cif.read_string(text)
    except (ValueError, RuntimeError) as error:
        raise InputError(f"is no CIF ({str(error).splitlines()[0][:160]})") from None
    lengths: list[float] = []
    weights: list[float] = []
    start = None
    for block in document:
        for row in block.find("_diffrn_radiation_", ["wavelength", "?wavelength_wt"]):
            length = number(row[0].split("(")[0])
            if length is not None:
                lengths.append(length)
                weight = number(row[1].split("(")[0]) if row.has(1) else None
                weights.append(1.0 if weight is None else weight)
        started = block.find_value("_pd_meas_datetime_initiated")
        start = start or (clock(gemmi.cif.as_string(started)) if started else None)
    pairs = sorted({length * ANGSTROM: weight for length, weight in zip(lengths, weights, strict=True)}.items())
    lines = tuple(pairs) if all(1e-11 < length < 5e-10 for length, _ in pairs) else ()
    highest = max((weight for _, weight in lines), default=1.0)
    return (Header(lines=tuple((length, weight / highest) for length, weight in lines), start=start),)


_WAVELENGTH = re.compile(
    r"(?im)^[#'!;/*\s]*(?:wave[\s_-]*length|lambda|_?wl1?)\b\s*(?:\((?P<in>[^)]*)\))?\s*[:=]?\s*"
    r"(?P<value>[0-9.]+(?:e[+-]?\d+)?)\s*(?P<unit>m\b|nm|pm|a\b|\u00c5|angstroms?)?"
)
_UNITS = {
    "m": 1.0,
    "nm": 1e-9,
    "pm": 1e-12,
    "a": ANGSTROM,
    "\u00e5": ANGSTROM,
    "angstrom": ANGSTROM,
    "angstroms": ANGSTROM,
}


def columns(text: str, name: str) -> Header:
    """What the comments above plain columns say, and the third column if there is one."""
    head = "\n".join(text.splitlines()[:HEAD])
    header = Header(third=_third(text), axis=_axis(head))
    found = _WAVELENGTH.search(head)
    warnings: tuple[str, ...] = ()
    if found is not None:
        unit = (found["unit"] or found["in"] or "").strip().lower()
        value = float(found["value"])
        scale = _UNITS.get(unit)
        if scale is None:
            warnings = (f"the file says '{found[0].strip()}' without a unit; it was not used",)
        elif 1e-11 < value * scale < 5e-10:
            header = replace(header, lines=((value * scale, 1.0),))
        else:
            warnings = (f"the file says '{found[0].strip()}', which is no wavelength of X-rays; it was not used",)
    if "pyfai" in head.lower():
        polarised = re.search(r"(?im)polarization factor\s*[:=]?\s*(-?[0-9.]+|none)", head)
        corrected = polarised is not None and polarised[1].lower() != "none"
        header = replace(header, geometry="area detector", polarisation=-1.0 if corrected else None)
        if not corrected:
            warnings += ("integrated without a correction for polarisation: intensities fall off along the angle",)
    del name
    return replace(header, warnings=warnings)


def _axis(head: str) -> str:
    lowered = head.lower()
    if re.search(r"q[_\s(\[]*(nm\^?-1|1/nm|nm\u207b\u00b9)", lowered):
        return "1/nm"
    if re.search(r"q[_\s(\[]*(a\^?-1|1/a|\u00e5|angstrom\^?-1)", lowered):
        return "1/angstrom"
    if re.search(r"2th(eta)?[_\s(\[]*rad", lowered):
        return "rad"
    return "degrees"


_BANK = re.compile(r"(?m)^BANK\b.*?\b(?P<layout>STD|ESD|FXYE|FXY|ALT)\s*$")


def _third(text: str) -> np.ndarray | None:
    """The third of at least three columns of numbers; None for two, and for lines of GSAS that hold several points."""
    bank = _BANK.search(text)
    if bank is not None and bank["layout"] != "FXYE":
        return _deviations(text[bank.end() :]) if bank["layout"] == "ESD" else None
    rows = []
    for line in text.splitlines():
        parts = [part for part in re.split(r"[\s,;]+", line.strip()) if part]
        try:
            row = [float(part) for part in parts]
        except ValueError:
            continue
        if len(row) >= 3:
            rows.append(parts)
        elif len(row) == 2 and not rows:
            return None
    return third_column(rows)


def _deviations(text: str) -> np.ndarray | None:
    """Every second number: GSAS writes pairs of intensity and standard deviation, eight columns a number."""
    numbers = [number(line[k : k + 8]) for line in text.splitlines() for k in range(0, len(line.rstrip()), 8)]
    return np.array([np.nan if value is None else value for value in numbers[1::2]], float)
