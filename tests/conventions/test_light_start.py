"""`--help`, completion and refusals wait for nothing: what computes is imported by the command that computes."""

import subprocess
import sys

HEAVY = ("numpy", "pydantic", "polars", "jax", "jaxtyping", "matplotlib", "scipy", "pybamm")


def test_the_command_line_imports_nothing_heavy():
    code = f"import sys, lithostat.cli; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
