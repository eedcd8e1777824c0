"""Tomograms from files: every format to the same greys, and every fault to a sentence before work begins."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.volume import in_memory
from lithostat.reading.volumes import ingest as ingest_module
from lithostat.reading.volumes.ingest import ingest
from lithostat.reading.volumes.raw import RawLayout, parse_shape
from lithostat.reading.volumes.read_volume import Stated, read_volume

tifffile = pytest.importorskip("tifffile")
SIZE = 1.18e-6
REAL = Path(__file__).parents[3] / "shared" / "data" / "09_volumes_tortuosity"


def greys(kind: str = "uint16", shape: tuple[int, int, int] = (40, 36, 44)) -> np.ndarray:
    """Smooth enough that neighbouring slices are alike."""
    z, y, x = (np.arange(n) for n in shape)
    wave = np.sin(z / 9.0)[:, None, None] + np.cos(y / 7.0)[:, None] + np.sin(x / 5.0)
    made = 9000.0 + 2000.0 * wave + np.random.default_rng(0).normal(0.0, 60.0, shape)
    if kind == "uint8":
        made = made / 70.0
    return (made / 9000.0 if kind == "float32" else made).astype(kind)


def slices(folder: Path, values: np.ndarray, first: int = 1) -> Path:
    folder.mkdir()
    for k, plane in enumerate(values):
        tifffile.imwrite(folder / f"slice_{k + first:04d}.tif", plane)
    return folder


def as_slices(folder: Path, values: np.ndarray) -> Path:
    return slices(folder / "stack", values)


def as_pages(folder: Path, values: np.ndarray) -> Path:
    tifffile.imwrite(folder / "pages.tif", values, photometric="minisblack")
    return folder / "pages.tif"


def as_bigtiff(folder: Path, values: np.ndarray) -> Path:
    tifffile.imwrite(folder / "big.tif", values, bigtiff=True, photometric="minisblack", byteorder=">")
    return folder / "big.tif"


def as_imagej(folder: Path, values: np.ndarray) -> Path:
    tifffile.imwrite(folder / "imagej.tif", values, imagej=True)
    return folder / "imagej.tif"


def as_zarr(folder: Path, values: np.ndarray) -> Path:
    import zarr

    zarr.create_array(str(folder / "some.zarr"), data=values, chunks=(8, 16, 16))
    return folder / "some.zarr"


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("write", [as_slices, as_pages, as_bigtiff, as_imagej, as_zarr])
def test_every_format_gives_the_same_greys(
    write: Callable[[Path, np.ndarray], Path], kind: str, tmp_path: Path
) -> None:
    values = greys(kind)
    volume = read_volume(write(tmp_path, values), SIZE)
    np.testing.assert_array_equal(volume.voxels[3:20, 5:9, 7:30], values[3:20, 5:9, 7:30])
    np.testing.assert_array_equal(volume.voxels[0:40], values)


def test_raw_is_read_as_stated_and_fits_to_the_byte(tmp_path: Path) -> None:
    values = greys()
    (tmp_path / "scan.raw").write_bytes(b"head" + values.astype(">u2").tobytes())
    layout = RawLayout(parse_shape("z=40,y=36,x=44"), "uint16", "big", 4)
    volume = read_volume(tmp_path / "scan.raw", stated=Stated(SIZE, layout=layout))
    np.testing.assert_array_equal(volume.voxels[0:40], values)
    with pytest.raises(InputError, match=r"need .* bytes, the file has"):
        read_volume(tmp_path / "scan.raw", stated=Stated(SIZE, layout=layout._replace(shape=(40, 36, 45))))
    with pytest.raises(InputError, match="byte order"):
        read_volume(tmp_path / "scan.raw", stated=Stated(SIZE, layout=layout._replace(byte_order=None)))


def test_greys_pyramid_and_checksum_survive_being_written(tmp_path: Path) -> None:
    values = greys()
    made = ingest(read_volume(as_slices(tmp_path, values), SIZE), tmp_path / "own.zarr")
    again = read_volume(tmp_path / "own.zarr")
    np.testing.assert_array_equal(again.voxels[0:40], values)
    half = np.asarray(again.level(2)[:])
    expected = values.reshape(20, 2, 18, 2, 22, 2).astype(float).mean(axis=(1, 3, 5))
    np.testing.assert_allclose(half, expected, atol=0.5)
    assert again.voxel_size == SIZE
    assert len(again.source.sha256) == 64
    assert made.source.sha256 == again.source.sha256


def without_size(path: Path) -> None:
    read_volume(as_pages(path, greys()))


def anisotropic(path: Path) -> None:
    tifffile.imwrite(
        path / "flat.tif", greys(), imagej=True, resolution=(1.0, 1.0), metadata={"unit": "um", "spacing": 3.0}
    )
    read_volume(path / "flat.tif", SIZE)


def missing_slice(path: Path) -> None:
    folder = slices(path / "stack", greys())
    (folder / "slice_0017.tif").unlink()
    read_volume(folder, SIZE)


def odd_slice(path: Path) -> None:
    folder = slices(path / "stack", greys())
    tifffile.imwrite(folder / "slice_0017.tif", greys()[0][:, :-1])
    read_volume(folder, SIZE)


def odd_type(path: Path) -> None:
    folder = slices(path / "stack", greys())
    tifffile.imwrite(folder / "slice_0017.tif", greys("uint8")[0])
    read_volume(folder, SIZE)


def truncated(path: Path) -> None:
    file = as_pages(path, greys())
    file.write_bytes(file.read_bytes()[:-30_000])
    read_volume(file, SIZE)


def claims_too_much(path: Path) -> None:
    """A header of one page of 10^6 x 10^6 pixels, in 150 bytes."""
    tags = [(256, 4, 1, 10**6), (257, 4, 1, 10**6), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8),
            (277, 3, 1, 1), (278, 4, 1, 10**6), (279, 4, 1, 10**9)]  # fmt: skip
    body = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags))
    body += b"".join(struct.pack("<HHII", *tag) for tag in tags) + struct.pack("<I", 0)
    (path / "huge.tif").write_bytes(body)
    read_volume(path / "huge.tif", SIZE)


def swapped(path: Path) -> None:
    values = greys()
    (path / "scan.raw").write_bytes(values.astype(">u2").tobytes())
    layout = RawLayout((40, 36, 44), "uint16", "little")
    ingest(read_volume(path / "scan.raw", stated=Stated(SIZE, layout=layout)), path / "own.zarr")


def not_finite(path: Path) -> None:
    values = greys("float32")
    values[17, 3, 4] = np.nan
    ingest(read_volume(as_pages(path, values), SIZE), path / "own.zarr")


def colours(path: Path) -> None:
    tifffile.imwrite(path / "colour.tif", np.zeros((8, 16, 16, 3), np.uint8), photometric="rgb")
    read_volume(path / "colour.tif", SIZE)


def no_tiff(path: Path) -> None:
    (path / "text.tif").write_text("no picture at all")
    read_volume(path / "text.tif", SIZE)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (without_size, "voxel size is not stated"),
        (anisotropic, "no cubes"),
        (missing_slice, "17"),
        (odd_slice, "odd slice"),
        (odd_type, "odd slice"),
        (truncated, "cut short|not a whole TIFF|claims"),
        (claims_too_much, r"claims 1e\+12 voxels"),
        (swapped, "swapped bytes"),
        (not_finite, "slice 18 at y 3, x 4"),
        (colours, "values a pixel"),
        (no_tiff, "not a whole TIFF|cannot be read"),
    ],
)
def test_a_fault_is_a_sentence_and_leaves_nothing(fault: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        fault(tmp_path)
    assert not (tmp_path / "own.zarr").exists()


def test_a_disk_that_fills_leaves_nothing_under_the_final_name_and_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume = in_memory(greys(shape=(100, 36, 44)), voxel_size=SIZE)
    keep, calls = ingest_module.Journal.keep, []

    def full(self: ingest_module.Journal, part: int, **arrays: object) -> None:
        if part == 2 and not calls:
            calls.append(part)
            raise OSError(28, "No space left on device")
        keep(self, part, **arrays)

    monkeypatch.setattr(ingest_module.Journal, "keep", full)
    with pytest.raises(InputError, match="No space left on device"):
        ingest(volume, tmp_path / "own.zarr")
    assert not (tmp_path / "own.zarr").exists()
    made = ingest(volume, tmp_path / "own.zarr")
    np.testing.assert_array_equal(made.voxels[0:100], volume.voxels)


def test_a_disk_without_room_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import collections

    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(ingest_module.shutil, "disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(InputError, match="GB are free"):
        ingest(in_memory(greys(), voxel_size=SIZE), tmp_path / "own.zarr")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not REAL.exists(), reason="the real stack is not beside this checkout")
def test_the_breaks_of_a_real_stack_are_said(tmp_path: Path) -> None:
    made = ingest(read_volume(REAL / "cell_vol", 1e-6), tmp_path / "own.zarr")
    said = " ".join(made.warnings)
    assert "between slice 1 and 2" in said
    assert "between slice 46 and 47" in said
    assert said.count("breaks between") == 2
