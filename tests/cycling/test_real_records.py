"""Cycling files of other laboratories, none of which is known to hold a short: none may be called one."""

from pathlib import Path

import pytest

from lithostat.cycling.shorts import call_short
from lithostat.experiment.errors import LithostatError
from lithostat.reading.read import read

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDERS = ("01_*", "02_*", "03_*", "04_*", "05_*")
FILES = [path for folder in FOLDERS for path in sorted(DATA.glob(f"{folder}/*")) if path.is_file()]

pytestmark = pytest.mark.skipif(not FILES, reason="the real files are not beside this checkout")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_of_a_healthy_cell_is_called_a_short(path):
    try:
        record = read(path)
    except LithostatError as error:
        pytest.skip(str(error).split(": ")[-1])
    call = call_short(record)
    assert not call.outcome.shorted, call.outcome.evidence
