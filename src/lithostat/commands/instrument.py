"""The instrument itself, and our own fit, held against a resistor that is known."""

from __future__ import annotations

from pathlib import Path

import typer

from lithostat.experiment.errors import InputError
from lithostat.terminal import open_console, print_json


def sweep_of_resistor(path: Path, resistor: str, as_json: bool) -> None:
    """Judge the instrument by a sweep of a known resistor."""
    from lithostat.experiment.quantity import parse
    from lithostat.impedance.circuits.reference_resistor import judge_instrument
    from lithostat.reading.read import read

    spectra = read(path).spectra
    if not spectra:
        raise InputError("holds no impedance spectrum", file=str(path), expected="a sweep of a known resistor")
    leads = judge_instrument(spectra[0], resistance=parse(resistor, "resistance"))
    if as_json:
        print_json({"verdict": leads.verdict, "findings": [finding.as_json() for finding in leads.findings]})
        return
    console = open_console(stderr=False)
    for finding in leads.findings:
        value = "not known" if finding.value is None else f"{finding.value:.4g} {finding.unit}"
        console.print(f"{finding.name:<40} {value}", highlight=False)
    console.print(f"[bold]{leads.verdict}[/]", highlight=False)


def pass_self_test(as_json: bool) -> None:
    """Send one ohm through lithostat's own fit; exits with 1 if it does not come back."""
    from lithostat.impedance.circuits.reference_resistor import self_test

    test = self_test()
    if as_json:
        print_json(test._asdict())
    else:
        open_console(stderr=False).print(test.sentence, highlight=False)
    if not test.passed:
        raise typer.Exit(1)
