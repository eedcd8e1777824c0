"""A record says what it was made from, well enough to make it again."""

import itertools

from lithostat.experiment.cell import Cell
from lithostat.experiment.protocol import Protocol
from lithostat.model.parameters import Laws
from lithostat.papers.doux2020.published import cell, impedance_sequence
from lithostat.physics.families import FAMILIES
from lithostat.simulation.citations import citations
from lithostat.simulation.run import simulate


def test_every_choice_of_laws_is_cited():
    for chosen in itertools.product(*FAMILIES.values()):
        laws = Laws(**dict(zip(FAMILIES, chosen, strict=True)))
        assert all(name in citations(laws)[family] for family, name in laws._asdict().items())


def test_a_record_can_be_made_again_from_its_own_provenance():
    first = simulate(cell(), impedance_sequence())
    told = first.provenance
    again = simulate(Cell.from_dict(told["cell"], si=True), Protocol.from_dict(told["protocol"], si=True))
    assert again.table.equals(first.table)
    assert again.provenance == told
    assert {"cell", "protocol", "seed", "versions", "laws", "citations", "values"} <= set(told)
    assert all(value["source"] and value["tag"] for value in told["values"].values())
