"""Headers in XML: PANalytical .xrdml, Bruker .brml, Rigaku .rasx."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.reading.patterns_header import Header, behind_graphite, clock, number, third_column, tube

_SIDES = {"Reflection": "reflection", "Transmission": "transmission"}


def _parse(text: str) -> ElementTree.Element:
    """The tree of an XML text without names of their own; entities are refused, as none of these formats has any."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputError("declares entities of its own", expected="a file as the instrument wrote it")
    try:
        tree = ElementTree.fromstring(text.encode())
    except (ElementTree.ParseError, RecursionError, ValueError) as error:
        raise InputError(f"is damaged XML ({error})", expected="a file as the instrument wrote it") from None
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    return tree


def _text(tree: ElementTree.Element, path: str) -> str | None:
    found = tree.find(path)
    return found.text if found is not None else None


# --- .xrdml -----------------------------------------------------------------------------------------------------------


def xrdml(text: str) -> tuple[Header, ...]:
    """One header per scan of every measurement."""
    found = []
    for measurement in _parse(text).iter("xrdMeasurement"):
        common = _measurement(measurement)
        found += [_scan(scan, common) for scan in measurement.iter("scan")]
    return tuple(found)


def _measurement(measurement: ElementTree.Element) -> Header:
    used = measurement.find("usedWavelength")
    lines: tuple[tuple[float, float], ...] = ()
    said = []
    if used is not None:
        lines = tube(
            number(_text(used, "kAlpha1")), number(_text(used, "kAlpha2")), number(_text(used, "ratioKAlpha2KAlpha1"))
        )
        if measurement.find("incidentBeamPath/monochromator") is not None and len(lines) > 1:
            lines = lines[:1]
            said.append("a monochromator stands before the sample: K-alpha2 was taken to be absent")
        if used.get("intended") == "K-Beta" and (beta := number(_text(used, "kBeta"))):
            lines = ((beta * 1e-10, 1.0),)
    radius = number(_text(measurement, "diffractedBeamPath/radius"))
    soller = number(_text(measurement, "incidentBeamPath/sollerSlit/opening"))
    behind = measurement.find("diffractedBeamPath/monochromator") is not None
    slit = measurement.find("incidentBeamPath/divergenceSlit")
    if slit is not None and any("automatic" in str(value).lower() for value in slit.attrib.values()):
        said.append(
            "the divergence slit opened with the angle (automatic): intensities fall off otherwise than for a fixed "
            "one, and weights are off unless they were corrected before"
        )
    return Header(
        lines=lines,
        geometry=_SIDES.get(measurement.get("sampleMode", "")),
        radius=radius * 1e-3 if radius else None,
        monochromator=behind_graphite(lines) if behind else None,
        axial=soller,
        warnings=tuple(said),
    )


def _scan(scan: ElementTree.Element, common: Header) -> Header:
    points = scan.find("dataPoints")
    if points is None:
        return common
    counts, factors = points.find("counts"), points.find("beamAttenuationFactors")
    listed = _numbers(factors.text) if factors is not None else None
    seconds = _numbers(_text(points, "commonCountingTime")) or _numbers(_text(points, "countingTimes"))
    begin, end = (clock(_text(scan, f"header/{name}")) for name in ("startTimeStamp", "endTimeStamp"))
    absorbed = listed is not None and any(factor != 1.0 for factor in listed)
    attenuation = "none" if not absorbed else "undone here" if counts is not None else "undone by the file"
    return replace(
        common,
        start=begin,
        duration=(end - begin).total_seconds() if begin and end else None,
        factors=np.array(listed) if listed and absorbed else None,
        applied=True,  # geddes multiplies `counts` by them, the instrument did `intensities`
        seconds=np.array(seconds) if seconds else None,
        attenuation=attenuation,
    )


def _numbers(text: str | None) -> list[float] | None:
    values = [number(part) for part in (text or "").split()]
    return [value for value in values if value is not None] if values and None not in values else None


# --- archives ---------------------------------------------------------------------------------------------------------


def _members(archive: zipfile.ZipFile, names: list[str], pattern: str) -> Iterator[str]:
    """Texts of the members whose names fit, by their number; nothing is written anywhere, so no path can lead out."""
    fitting = [name for name in names if re.search(pattern, name)]
    for name in sorted(fitting, key=lambda each: [int(part) for part in re.findall(r"\d+", each)]):
        yield archive.read(name).decode("utf-8-sig", errors="replace")


def brml(archive: zipfile.ZipFile, names: list[str]) -> tuple[Header, ...]:
    """One header per RawData member of a Bruker archive."""
    found = []
    for text in _members(archive, names, r"RawData\d*\.xml$"):
        tree = _parse(text)

        def value(tag: str, tree: ElementTree.Element = tree) -> float | None:
            element = next(tree.iter(tag), None)
            return None if element is None else number(element.get("Value", element.text))

        anode = next((each.text or each.get("Value") for each in tree.iter("TubeMaterial")), None)
        lines = tube(value("WaveLengthAlpha1"), value("WaveLengthAlpha2"), value("WaveLengthRatio"), anode or "")
        begin, end = (clock(_text(tree, name)) for name in ("TimeStampStarted", "TimeStampFinished"))
        found.append(
            Header(
                lines=lines,
                start=begin,
                duration=(end - begin).total_seconds() if begin and end else None,
            )
        )
    return tuple(found)


def rasx(archive: zipfile.ZipFile, names: list[str]) -> tuple[Header, ...]:
    """One header per profile of a Rigaku archive; the third column of a profile is the attenuator's factor."""
    profiles = list(_members(archive, names, r"Profile\d*\.txt$"))
    conditions = [_parse(text) for text in _members(archive, names, r"MesurementConditions\d*\.xml$")]
    found = []
    for place, profile in enumerate(profiles):
        rows = [line.split() for line in profile.splitlines() if line.strip()]
        header = Header(factors=third_column([row for row in rows if len(row) > 2]))
        if place < len(conditions):
            tree = conditions[place]

            def value(tag: str, tree: ElementTree.Element = tree) -> float | None:
                return number(_text(tree, f".//{tag}"))

            header = replace(
                header,
                lines=tube(
                    value("WavelengthKalpha1"),
                    value("WavelengthKalpha2"),
                    None,
                    _text(tree, ".//TargetName") or "",
                ),
                start=clock(_text(tree, ".//StartTime")),
                rate=(_text(tree, ".//YUnit") or _text(tree, ".//IntensityUnit") or "").strip().lower() == "cps",
            )
        absorbed = header.factors is not None and bool((header.factors != 1.0).any())
        factors = header.factors if absorbed else None
        found.append(replace(header, factors=factors, attenuation="undone here" if absorbed else "none"))
    return tuple(found)
