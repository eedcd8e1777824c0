"""Files of diffractometers as their makers lay them out, written here from one scan."""

# ruff: noqa: E501  (texts as instruments write them)
from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np

START, STEP, POINTS = 10.0, 0.02, 400  # degrees
FIRST, SECOND = 1.540598, 1.544426  # angstrom


def scan(seed: int = 1, height: float = 900.0) -> tuple[np.ndarray, np.ndarray]:
    """Angles [deg] and whole counts of three lines on a background."""
    x = np.round(START + STEP * np.arange(POINTS), 6)
    lines = sum(height * np.exp(-(((x - at) / 0.06) ** 2)) for at in (12.0, 14.0, 16.5))
    return x, np.random.default_rng(seed).poisson(100.0 + lines).astype(float)


def xy(path: Path, x: np.ndarray, y: np.ndarray, *more: np.ndarray, head: str = "") -> Path:
    """Plain columns."""
    rows = "\n".join(
        " ".join(f"{value:.6g}" if k else f"{value:.5f}" for k, value in enumerate(row))
        for row in zip(x, y, *more, strict=True)
    )
    path.write_text(head + rows + "\n")
    return path


def xrdml(
    path: Path,
    y: np.ndarray,
    *,
    counts: bool = True,
    factors: np.ndarray | None = None,
    scans: int = 1,
    slit: str = "fixed",
) -> Path:
    """PANalytical's XML, version 1.5: counts, or intensities with the attenuator undone."""
    values = " ".join(f"{value:.0f}" for value in y)
    absorbed = (
        ""
        if factors is None
        else f"<beamAttenuationFactors>{' '.join(f'{f:g}' for f in factors)}</beamAttenuationFactors>"
    )
    kind = "counts" if counts else "intensities"
    one = f"""<scan appendNumber="0" mode="Continuous" scanAxis="Gonio" status="Completed">
    <header><startTimeStamp>2024-11-14T16:47:52-08:00</startTimeStamp><endTimeStamp>2024-11-14T16:49:57-08:00</endTimeStamp></header>
    <dataPoints><positions axis="2Theta" unit="deg"><startPosition>{START}</startPosition>
    <endPosition>{START + STEP * (len(y) - 1)}</endPosition></positions>{absorbed}<commonCountingTime unit="seconds">8.7</commonCountingTime>
    <{kind} unit="counts">{values}</{kind}></dataPoints></scan>"""
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?>
<xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/1.5" status="Completed">
<xrdMeasurement measurementType="Scan" status="Completed" sampleMode="Reflection">
<usedWavelength intended="K-Alpha"><kAlpha1 unit="Angstrom">{FIRST}</kAlpha1><kAlpha2 unit="Angstrom">{SECOND}</kAlpha2>
<kBeta unit="Angstrom">1.39225</kBeta><ratioKAlpha2KAlpha1>0.5</ratioKAlpha2KAlpha1></usedWavelength>
<incidentBeamPath><radius unit="mm">145.00</radius><divergenceSlit xsi:type="{slit}DivergenceSlitType"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><angle unit="deg">0.25</angle></divergenceSlit></incidentBeamPath>
<diffractedBeamPath><radius unit="mm">145.00</radius></diffractedBeamPath>
{one * scans}</xrdMeasurement></xrdMeasurements>"""
    )
    return path


def ras(path: Path, x: np.ndarray, y: np.ndarray, third: np.ndarray) -> Path:
    """Rigaku's text: angle, counter, attenuator."""
    head = [
        "*RAS_DATA_START",
        "*RAS_HEADER_START",
        f'*HW_XG_WAVE_LENGTH_ALPHA1 "{FIRST}"',
        f'*HW_XG_WAVE_LENGTH_ALPHA2 "{SECOND}"',
        '*HW_XG_TARGET_NAME "Cu"',
        '*MEAS_SCAN_START_TIME "11/14/24 16:47:52"',
        '*MEAS_SCAN_UNIT_Y "counts"',
        "*RAS_HEADER_END",
        "*RAS_INT_START",
    ]
    rows = [f"{a:.4f} {b:.4f} {c:.4f}" for a, b, c in zip(x, y, third, strict=True)]
    path.write_text("\n".join([*head, *rows, "*RAS_INT_END", "*RAS_DATA_END"]) + "\n", encoding="latin-1")
    return path


def rasx(path: Path, x: np.ndarray, y: np.ndarray, third: np.ndarray, folder: str = "Data0/") -> Path:
    """Rigaku's archive; the third column of the profile is the attenuator."""
    rows = "\n".join(f"{a:.4f}\t{b:.4f}\t{c:.4f}" for a, b, c in zip(x, y, third, strict=True))
    conditions = (
        "<MeasurementConditions><HWConfigurations><XrayGenerator><TargetName>Cu</TargetName>"
        f"<WavelengthKalpha1>{FIRST}</WavelengthKalpha1><WavelengthKalpha2>{SECOND}</WavelengthKalpha2></XrayGenerator>"
        "</HWConfigurations></MeasurementConditions>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        names = ("Profile0.txt", "MesurementConditions0.xml")
        listed = "".join(f'<ContentHashList Name="{name}"/>' for name in names)
        archive.writestr("root.xml", f'<Root Version="1.1"><Data0 Type="Profile">{listed}</Data0></Root>')
        archive.writestr(f"{folder}Profile0.txt", rows)
        archive.writestr(f"{folder}MesurementConditions0.xml", conditions)
    return path


def brml(path: Path, scans: list[np.ndarray], folder: str = "Experiment0/") -> Path:
    """Bruker's archive with one RawData member per scan."""
    with zipfile.ZipFile(path, "w") as archive:
        references = "".join(f"<string>{folder}RawData{k}.xml</string>" for k in range(len(scans)))
        container = f"<DataContainer><RawDataReferenceList>{references}</RawDataReferenceList></DataContainer>"
        archive.writestr(f"{folder}DataContainer.xml", container)
        for number, y in enumerate(scans):
            rows = "".join(
                f"<Datum>8.7,1,{START + STEP * k:.4f},{0.5 * (START + STEP * k):.4f},{value:.0f}</Datum>"
                for k, value in enumerate(y)
            )
            archive.writestr(
                f"{folder}RawData{number}.xml",
                f"""<RawData><TimeStampStarted>2024-11-14T16:47:52</TimeStampStarted><FixedInformation><Instrument><PrimaryTracks>
<TrackInfoData><MountedOptics><InfoData><MountedTube><TubeMaterial>Cu</TubeMaterial><WaveLengthAlpha1 Unit="A" Value="{FIRST}"/>
<WaveLengthAlpha2 Unit="A" Value="{SECOND}"/><WaveLengthRatio Value="0.5"/></MountedTube></InfoData></MountedOptics>
</TrackInfoData></PrimaryTracks></Instrument></FixedInformation><DataRoutes><DataRoute RouteFlag="Measured"><ScanInformation><MeasurementPoints>{len(y)}
</MeasurementPoints><ScanAxes><ScanAxisInfo AxisId="TwoTheta" AxisName="TwoTheta"><Start>{START}</Start>
<Stop>{START + STEP * (len(y) - 1)}</Stop><Increment>{STEP}</Increment></ScanAxisInfo></ScanAxes></ScanInformation>{rows}
<DataViews xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><RawDataView xsi:type="FixedRawDataView" Start="0" Length="1"
 LogicName="MeasuredTime"/><RawDataView xsi:type="FixedRawDataView" Start="1" Length="1" LogicName="AbsorptionFactor"/>
<RawDataView xsi:type="VaryingRawDataView" Start="2" Length="2"><Varying><FieldDefinitions FieldName="TwoTheta" AxisId="TwoTheta"/>
<FieldDefinitions FieldName="Theta" AxisId="Theta"/></Varying></RawDataView><RawDataView xsi:type="RecordedRawDataView" Start="4"
 Length="1"><Recording><Unit Base="Counts"/></Recording></RawDataView></DataViews></DataRoute></DataRoutes></RawData>""",
            )
    return path


def uxd(path: Path, y: np.ndarray) -> Path:
    """Bruker's text."""
    head = f"_FILEVERSION=2\n_ANODE='Cu'\n_WL1={FIRST}\n_WL2={SECOND}\n_WLRATIO=0.5\n_DRIVE='COUPLED'\n_STEPTIME=8.7\n"
    rows = "\n".join(f"{value:.0f}" for value in y)
    path.write_text(f"{head}_STEPSIZE={STEP}\n_START={START}\n_COUNTS\n{rows}\n")
    return path


def raw1(path: Path, y: np.ndarray) -> Path:
    """Bruker RAW1.01: 712 bytes of head, 304 bytes of range, counts as 4-byte floats."""
    head = bytearray(712)
    head[:8] = b"RAW1.01\0"
    struct.pack_into("<2I", head, 8, 1, 1)
    head[16:34] = b"11/14/24\0\x0016:47:52"
    head[608:610] = b"Cu"
    struct.pack_into("<5d", head, 616, 1.5418, FIRST, SECOND, 1.39222, 0.5)
    part = bytearray(304)
    struct.pack_into("<2I2d", part, 0, 304, len(y), 0.5 * START, START)
    struct.pack_into("<d", part, 176, STEP)
    struct.pack_into("<f", part, 192, 8.7)
    struct.pack_into("<I", part, 252, 4)
    path.write_bytes(bytes(head) + bytes(part) + np.asarray(y, "<f4").tobytes())
    return path


def raw4(path: Path, y: np.ndarray) -> Path:
    """Bruker RAW4.00: 61 bytes of head, records of kind and length (30: the tube), a range of 160 bytes with its drive."""
    head = bytearray(61)
    head[:7] = b"RAW4.00"
    head[12:22] = b"11/14/2024"
    head[24:32] = b"16:47:52"
    tube = bytearray(112)
    struct.pack_into("<2I", tube, 0, 30, len(tube))
    struct.pack_into("<5d", tube, 72, 1.5418, FIRST, SECOND, 1.39222, 0.5)
    drive = bytearray(64)
    struct.pack_into("<2I", drive, 0, 50, len(drive))
    struct.pack_into("<I", drive, 8, 1)
    drive[12:18] = b"2Theta"
    struct.pack_into("<d", drive, 56, START)
    part = bytearray(160)
    part[32:46] = b"Locked Coupled"
    struct.pack_into("<2dI", part, 72, START, STEP, len(y))
    struct.pack_into("<2I", part, 136, 4, len(drive))
    path.write_bytes(bytes(head) + bytes(tube) + bytes(part) + bytes(drive) + np.asarray(y, "<f4").tobytes())
    return path


def gsas(path: Path, y: np.ndarray, sigma: np.ndarray | None = None) -> Path:
    """GSAS with a constant step in centidegrees, eight columns a number: ten counts a line, or five with deviations."""
    values = [f"{value:8.0f}" for value in y]
    if sigma is not None:
        values = [text for a, b in zip(y, sigma, strict=True) for text in (f"{a:8.0f}", f"{b:8.4f}")]
    rows = ["".join(values[k : k + 10]).ljust(80) for k in range(0, len(values), 10)]
    layout = "STD" if sigma is None else "ESD"
    bank = f"BANK 1 {len(y)} {len(rows)} CONST {100 * START:.2f} {100 * STEP:.2f} 0 0 {layout}"
    path.write_text("\n".join(["a pellet".ljust(80), bank.ljust(80), *rows]) + "\n")
    return path


def fxye(path: Path, x: np.ndarray, y: np.ndarray, sigma: np.ndarray) -> Path:
    """GSAS with one line a point: centidegrees, intensity, standard deviation."""
    rows = [f"{100 * a:15.6f} {b:15.6f} {c:15.6f}" for a, b, c in zip(x, y, sigma, strict=True)]
    bank = f"BANK 1 {len(y)} {len(y)} CONS {100 * START:.6f} {100 * STEP:.6f} 0 0 FXYE"
    path.write_text("\n".join(["a pellet", bank, *rows]) + "\n")
    return path


def chi(path: Path, x: np.ndarray, y: np.ndarray) -> Path:
    """Fit2D's text: a title, the two axes, the number of points."""
    rows = "\n".join(f" {a:.7E}  {b:.7E}" for a, b in zip(x, y, strict=True))
    path.write_text(f"a pellet\n2-Theta Angle (Degrees)\nIntensity\n     {len(x)}\n{rows}\n")
    return path


def pdcif(path: Path, x: np.ndarray, y: np.ndarray) -> Path:
    """A powder CIF with one block."""
    rows = "\n".join(f"{a:.4f} {b:.0f}" for a, b in zip(x, y, strict=True))
    path.write_text(
        f"data_one\n_diffrn_radiation_wavelength {FIRST}\nloop_\n_pd_meas_2theta_scan\n_pd_meas_counts_total\n{rows}\n"
    )
    return path


def archive_bomb(path: Path) -> Path:
    """A small archive that unpacks to 1 GiB."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("Experiment0/RawData0.xml", "w", force_zip64=True) as member,
    ):
        for _ in range(1024):
            member.write(bytes(1 << 20))
    return path
