"""What is installed by default is pinned, with hashes, and not under the GPL; the caller's JAX is as it was."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PINNED.findall((ROOT / name).read_text()))


def test_every_pin_of_the_default_set_has_hashes_and_is_the_same_in_both_files():
    hashed, plain = pins("constraints-hashed.txt"), pins("constraints.txt")
    assert len(hashed) > 100
    assert {name: plain.get(name) for name in hashed} == hashed
    text = (ROOT / "constraints-hashed.txt").read_text()
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    only_gpl = {re.split(r"[\[<>=!~]", one)[0] for one in extras["gpl"]}
    assert set(plain) - set(hashed) == only_gpl


def test_nothing_under_the_gpl_comes_unless_it_is_asked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {"gpl"}
    for name, wanted in project["optional-dependencies"].items():
        taken = " ".join(wanted)
        assert name in asked or ("galvani" not in taken and not re.search(r"lithostat\[[^\]]*\bgpl\b", taken)), name
    assert "galvani" not in " ".join(project["dependencies"])
    for file in ("README.md", "CONTRIBUTING.md", "Makefile", ".ci/run"):
        assert not re.search(r"install.*\bgpl\b", (ROOT / file).read_text()), file


CALLER = """
import jax, sys
from pathlib import Path
before = dict(jax.config.values)
import lithostat
from lithostat.engine import engine
kept = Path(sys.argv[1])
with engine():
    with engine():
        pass
    assert jax.numpy.ones(2).dtype == "float64"
    jax.jit(lambda x: x * 2 + 1)(jax.numpy.ones(3)).block_until_ready()
count = len(list(kept.rglob("*")))
assert count > 0, "nothing was kept"
print({name: (value, jax.config.values[name]) for name, value in before.items() if jax.config.values[name] != value})
assert jax.numpy.ones(2).dtype == "float32"
jax.jit(lambda x: x * 3 + 5)(jax.numpy.ones(4)).block_until_ready()
assert len(list(kept.rglob("*"))) == count, "what the caller compiles is kept in our folder"
jax.config.update("jax_compilation_cache_dir", sys.argv[2])
with engine():
    assert jax.config.values["jax_compilation_cache_dir"] == sys.argv[2]
assert jax.config.values["jax_compilation_cache_dir"] == sys.argv[2]
"""


def test_the_callers_jax_is_as_it_was(tmp_path):
    environment = os.environ | {"LITHOSTAT_CACHE": str(tmp_path / "kept"), "JAX_COMPILATION_CACHE_DIR": ""}
    command = [sys.executable, "-c", CALLER, str(tmp_path / "kept"), str(tmp_path / "own")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{}"
