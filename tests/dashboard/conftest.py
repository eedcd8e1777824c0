"""One folder of made cells and one dashboard of it for all tests that only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from served import NOTE, Served, keeper_of, made_record, served, settle, write_cell

HOSTILE = "</script><img src=x onerror=alert(1)>'\"{{7*7}}"


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("lab")
    write_cell(folder / "a", made_record(glitch=777), NOTE.format(name="lives"))
    write_cell(folder / "b", made_record(short_at=36_000.0), NOTE.format(name="shorts"))
    write_cell(folder / "c", made_record(samples=300), NOTE.format(name="'" + HOSTILE.replace("'", "''") + "'"))
    (folder / "d").mkdir()
    (folder / "d" / "cell.yaml").write_text("area: 3 bananas\n")
    (folder / "d" / "x.csv").write_text("time/s,voltage/V,current/A\n0,0,0\n")
    keeper = settle(keeper_of(folder, tmp_path_factory.mktemp("kept")))
    with served(keeper) as serving:
        yield serving
