"""The pages in a real browser: nothing is asked of another host, nothing is said on the console, no script of a name
runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from served import TOKEN, Served

from conftest import HOSTILE

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no chromium here to open the pages in")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-sync", "--disable-component-update", "--disable-default-apps", "--disable-extensions", "--mute-audio"),
    *(
        "--disable-features=Translate,OptimizationHints,MediaRouter",
        "--virtual-time-budget=5000",
        "--enable-logging=stderr",
    ),
)


def opened(pages: Served, path: str, folder: Path) -> tuple[str, list[str], set[str]]:
    """The page after its scripts ran, what the console said, and every host that the page asked."""
    log = folder / "net.json"
    address = f"http://127.0.0.1:{pages.port}{path}?token={TOKEN}"
    command = [
        str(BROWSER),
        *QUIET,
        f"--user-data-dir={folder / 'profile'}",
        f"--log-net-log={log}",
        "--dump-dom",
        address,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    text = log.read_text(encoding="utf-8", errors="replace")
    types = json.loads(text.split('"logEventTypes":', 1)[1].split("}", 1)[0] + "}")
    begun, own = types["URL_REQUEST_START_JOB"], f'"initiator":"http://127.0.0.1:{pages.port}"'
    asked = set()
    for line in text.splitlines():  # the browser itself looks for news of its own
        if (
            own in line
            and re.search(rf'"type":{begun}\b', line)
            and (found := re.search(r'"url":"(\w+://[^/"]*)', line))
        ):
            asked.add(found[1])
    return done.stdout, said, asked


@pytest.mark.parametrize("page", ["wall", "shorts"])
def test_it_asks_only_its_own_server_and_says_nothing(page: str, pages: Served, tmp_path: Path) -> None:
    path = "/" if page == "wall" else f"/cell/{pages.id_of(page)}/"
    dom, said, asked = opened(pages, path, tmp_path)
    assert said == []
    assert asked == {f"http://127.0.0.1:{pages.port}"}
    if page == "wall":
        assert dom.count('class="spark"') == len(pages.keeper.views)
        assert "hard short" in dom
        assert "<img src=x" not in dom
        assert HOSTILE.split("'")[0].replace("<", "&lt;").replace(">", "&gt;") in dom
    else:
        assert len(re.findall(r'<div class="uplot[^"]*"[^>]*role="img"', dom)) == 4
        assert re.search(r'id="shown">Time in h from the start. [^<]* of 1,200 is drawn; dashed: what was called', dom)
        assert "electronic path" in dom
