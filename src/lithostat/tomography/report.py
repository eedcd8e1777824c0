"""A tomogram as a report: whether lithium crosses, where, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lithostat.experiment.finding import Finding
from lithostat.experiment.report import Column, Drawing, Number, Report, Section, Table, Tone, table_of
from lithostat.tomography import figures
from lithostat.tomography.tomogram import Tomogram

MICRON = 1e6
_ANSWER = {"yes": "crosses", "no": "does not cross", "cannot tell": "cannot tell"}
_TONE: dict[str, Tone] = {"yes": "bad", "no": "good", "cannot tell": "doubtful"}
_CAPTIONS = {
    "crossing": "Filaments seen through the pellet. Brackets: from the least to the most depth.",
    "slices": "Through the deepest filament. Blue: interfaces without their openings; colours: filaments.",
    "filament": "Red: what is called a filament.",
    "depth": "Inside the pellet, its rim left out.",
    "histogram": "Greys of means of 2 x 2 x 2 voxels, references, and thresholds between lithium and electrolyte.",
}


def tomogram_report(of: Tomogram) -> Report:
    """What a tomogram says to a person."""
    volume = of.volume
    size = " x ".join(map(str, volume.shape))
    return Report(
        title=f"{volume.name}: tomogram",
        answer=f"{_sentence(of)}",
        word=_ANSWER[of.spans],
        tone=_TONE[of.spans],
        lead=f"{size} voxels of {MICRON * volume.voxel_size:.4g} µm{_state(of)}",
        numbers=tuple(_numbers(of)),
        sections=_sections(of),
        warnings=of.warnings,
        data=of.as_json(),
        source=volume.source.file if volume.source else volume.name,
    )


def _sentence(of: Tomogram) -> str:
    if of.filaments is None:
        return "No pellet between two electrodes is seen, so that nothing is said about filaments."
    if of.spans == "yes":
        return f"Something dark crosses from electrode to electrode: {of.filaments.why}."
    if of.spans == "no":
        return f"Nothing crosses from electrode to electrode: {of.filaments.why}."
    return f"It cannot be told whether anything crosses: {of.filaments.why}."


def _state(of: Tomogram) -> str:
    state = of.volume.state
    said = [] if state.stage == "unknown" else [f"{state.stage} cycling"]
    if state.pressure is not None:
        said.append(f"{1e-6 * state.pressure:.3g} MPa")
    if of.difference is not None:
        said.append(f"held against {of.difference.before.name}")
    return "".join(f", {one}" for one in said)


def _numbers(of: Tomogram) -> list[Number]:
    made: list[Number] = []
    if of.filaments is None or of.phases is None:
        return made
    count = len(of.filaments.each) + of.filaments.undescribed
    made.append(Number(str(count), "filaments" if of.difference is None else "filaments that are new"))
    thick = of.phases.layout.thickness * of.volume.voxel_size
    reaches = [one.reach for one in of.filaments.each if one.reach is not None]
    if reaches:
        low, high = max(reaches, key=lambda pair: pair[1])
        said = (
            f"{100 * high / thick:.0f} %"
            if high - low < 0.02 * thick
            else f"{_range(100 * low / thick, 100 * high / thick)} %"
        )
        made.append(Number(said, f"of the {MICRON * thick:.0f} µm is the deepest"))
    dark = of.new_dark or of.dark_volume
    if dark is not None:
        name = "µm³ became dark" if of.new_dark is not None else "µm³ are dark in the pellet"
        made.append(Number(_range(dark[0] * MICRON**3, dark[1] * MICRON**3), name))
    if of.charge_bound is not None:
        made.append(Number(_plain(MICRON**3 * of.charge_bound, 3), "µm³ of lithium at most by the charge"))
    if of.resolution is not None:
        made.append(Number(f"{MICRON * of.resolution:.2g} µm", "is the thinnest that is seen"))
    return made


def _range(low: float, high: float) -> str:
    """'1.2 to 1.4' with as few digits as tell the ends apart."""
    for digits in (2, 3, 4):
        one, other = _plain(low, digits), _plain(high, digits)
        if one != other:
            break
    return one if one == other else f"{one} to {other}"


def _plain(value: float, digits: int) -> str:
    """A number with so many digits that count, without an exponent below a million."""
    rounded = f"{value:.{digits}g}"
    return f"{float(rounded):.0f}" if 1.0 <= abs(value) < 1e6 and "e" in rounded else rounded


def _sections(of: Tomogram) -> tuple[Section, ...]:
    def drawn(*wanted: str) -> tuple[Drawing, ...]:
        return tuple(Drawing(name, _drawer(name, of), _CAPTIONS[name]) for name in wanted if name in available)

    available = {"histogram", "slices"}
    if of.filaments is not None and of.phases is not None:
        available |= {"crossing", "depth"} | ({"filament"} if of.filaments.each else set())
    groups: dict[str, list[Finding]] = {"pellet": [], "scan": []}
    for finding in of.findings:
        scan = finding.name in ("contrast to noise", "blur", "resolution") or "earlier scan" in finding.name
        groups["scan" if scan else "pellet"].append(finding)
    return (
        Section("Does anything cross?", drawings=drawn("crossing", "filament"), tables=_filaments(of)),
        Section("Slices", drawings=drawn("slices")),
        Section(
            "What is dark, and the interfaces",
            drawings=drawn("depth"),
            findings=tuple(groups["pellet"]),
            tables=_phases(of),
        ),
        Section("How good the scan is", drawings=drawn("histogram"), findings=tuple(groups["scan"])),
    )


def _drawer(name: str, of: Tomogram) -> Callable[[], Any]:
    return lambda: getattr(figures, f"{name}_figure")(of)


def _filaments(of: Tomogram) -> tuple[Table, ...]:
    if of.filaments is None or not of.filaments.each:
        return ()
    each = of.filaments.each
    columns = (
        Column("filament", tuple(str(one.number) for one in each), numeric=True),
        Column("touches", tuple(" and ".join(one.touches) or "nothing" for one in each)),
        Column(
            "spans",
            tuple(one.spans for one in each),
            tones=tuple(_TONE[one.spans] for one in each),
            notes=tuple("at " + ", ".join(f"{key}: {_yes(value)}" for key, value in one.at.items()) for one in each),
        ),
        Column(
            "depth / µm",
            tuple("" if one.reach is None else _range(*(MICRON * r for r in one.reach)) for one in each),
            True,
        ),
        Column("width / µm", tuple(f"{MICRON * one.width:.2g}" for one in each), True),
        Column("volume / µm³", tuple(_range(*(MICRON**3 * v for v in one.volume)) for one in each), True),
        Column("content", tuple(one.content.kind for one in each), notes=tuple(one.content.why for one in each)),
    )
    return (Table("Filaments", columns, brief=True),)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _phases(of: Tomogram) -> tuple[Table, ...]:
    rows = [
        {"phase": one["name"], "volume / µm³": _range(MICRON**3 * one["low"], MICRON**3 * one["high"])}
        for one in of.phase_intervals()
    ]
    return (table_of("Phases", rows, numeric=("volume / µm³",)),) if rows else ()
