"""Whatever a person gets wrong is answered with one sentence: file, line, place, what was read, what was expected."""

import pytest

from lithostat import InputError, read_experiment
from lithostat.experiment import document

GOOD = """\
cell:
  name: a cell
  electrode:
    material: lithium
    diameter: 12.7 mm
    thickness: 0.5 mm
  electrolyte:
    material: Li6PS5Cl
    diameter: 13 mm
    thickness: 1.0 mm
    porosity: 0.18
  fixture:
    kind: fixed gap
    stiffness: 0.5 MPa/um
    relaxation: {fraction: 0.2, time: 5 h}
  parameters:
    toughness: 0.2 MPa m^0.5
protocol:
  temperature: 25 degC
  after_short: 3 h
  steps:
    - press: 25 MPa
      for: 1 min
    - measure_impedance: {from: 1 MHz, to: 0.1 Hz}
    - repeat: 20
      steps:
        - plate: 75 uA/cm2
          for: 1 h
        - strip: 75 uA/cm2
          for: 1 h
          until: {voltage: 0.5 V}
"""
PLATING = "        - plate: 75 uA/cm2\n          for: 1 h\n"
HUGE = "1" + 400 * "0"

# old text, new text, lines one may name (the entry or the mapping it stands in), and what the message must contain
BAD = {
    # keys
    "an unknown key on top": ("protocol:", "recipe:", (18,), ["recipe", "protocol"]),
    "an unknown key of the cell": ("  fixture:", "  fixtur:", (12,), ["fixtur", "fixture"]),
    "an unknown key of the electrode": (
        "    diameter: 12.7 mm",
        "    diametr: 12.7 mm",
        (3, 5),
        ["cell.electrode", "diametr", "diameter"],
    ),
    "an unknown key of the relaxation": (
        "fraction: 0.2",
        "fraction: 0.2, tiem: 5 h",
        (15,),
        ["cell.fixture.relaxation", "tiem", "time"],
    ),
    "an unknown key of a step": ("      for: 1 min", "      fro: 1 min", (22, 23), ["protocol.steps[1]", "fro", "for"]),
    "an unknown verb": ("    - press: 25 MPa", "    - pres: 25 MPa", (22,), ["protocol.steps[1]", "pres", "press"]),
    "an unknown limit": ("{voltage: 0.5 V}", "{volts: 0.5 V}", (29, 31), ["until", "volts", "voltage"]),
    "an unknown key of a sweep": ("{from: 1 MHz", "{form: 1 MHz", (24,), ["protocol.steps[2]", "form", "from"]),
    "an unknown parameter": ("    toughness:", "    toughnes:", (1, 16, 17), ["cell", "toughnes", "toughness"]),
    "a parameter that belongs elsewhere": (
        "    toughness: 0.2 MPa m^0.5",
        "    thickness: 1 mm",
        (1, 16, 17),
        ["cell.electrolyte.thickness"],
    ),
    "a missing key": ("    thickness: 0.5 mm\n", "", (3,), ["cell.electrode", "thickness", "missing"]),
    "the same key twice": ("  name: a cell\n", "  name: a cell\n  name: b\n", (3,), ["name"]),
    "a bare verb key": (
        "    - press: 25 MPa\n      for: 1 min",
        "    - {verb: plate, value: -5, duration: 1 h}",
        (22,),
        ["protocol.steps[1]", "verb"],
    ),
    # quantities
    "a wrong dimension": (
        "diameter: 12.7 mm",
        "diameter: 12.7 mg",
        (5,),
        ["cell.electrode.diameter", "12.7 mg", "dimension", "mm"],
    ),
    "a missing unit": (
        "thickness: 1.0 mm",
        "thickness: 1.0",
        (10,),
        ["cell.electrolyte.thickness", "1.0", "without a unit", "mm"],
    ),
    "an unknown unit": ("thickness: 1.0 mm", "thickness: 1.0 mn7x", (10,), ["cell.electrolyte.thickness", "mn7x"]),
    "a negative thickness": (
        "thickness: 1.0 mm",
        "thickness: -1.0 mm",
        (10,),
        ["cell.electrolyte.thickness", "-1.0 mm", "expected length"],
    ),
    "no thickness at all": (
        "thickness: 1.0 mm",
        "thickness: 0 mm",
        (10,),
        ["cell.electrolyte.thickness", "0 mm", "expected length"],
    ),
    "a porosity above one": (
        "porosity: 0.18",
        "porosity: 1.18",
        (11,),
        ["cell.electrolyte.porosity", "1.18", "at most 0.95"],
    ),
    "a pellet that is all pores": ("porosity: 0.18", "porosity: 1", (11,), ["cell.electrolyte.porosity", "1"]),
    "a porosity in percent above hundred": (
        "porosity: 0.18",
        "porosity: 118 %",
        (11,),
        ["cell.electrolyte.porosity", "118 %", "at most 0.95"],
    ),
    "text for a number": ("porosity: 0.18", "porosity: some", (11,), ["cell.electrolyte.porosity", "some", "number"]),
    "not a number": ("porosity: 0.18", "porosity: .nan", (11,), ["cell.electrolyte.porosity", "nan", "finite"]),
    "infinity": ("porosity: 0.18", "porosity: .inf", (11,), ["cell.electrolyte.porosity", "inf", "finite"]),
    "not a number as text": (
        "thickness: 1.0 mm",
        "thickness: nan mm",
        (10,),
        ["cell.electrolyte.thickness", "nan mm", "number"],
    ),
    "infinity as text": (
        "thickness: 1.0 mm",
        "thickness: inf mm",
        (10,),
        ["cell.electrolyte.thickness", "inf mm", "number"],
    ),
    "infinity by exponent": (
        "thickness: 1.0 mm",
        "thickness: 1e999 mm",
        (10,),
        ["cell.electrolyte.thickness", "1e999 mm", "finite"],
    ),
    "a truth for a number": (
        "porosity: 0.18",
        "porosity: true",
        (11,),
        ["cell.electrolyte.porosity", "True", "number"],
    ),
    "nothing for a number": ("thickness: 1.0 mm", "thickness:", (10,), ["cell.electrolyte.thickness", "missing", "mm"]),
    "a list for a number": ("thickness: 1.0 mm", "thickness: [1 mm]", (10,), ["cell.electrolyte.thickness", "1 mm"]),
    "an integer beyond all floats": ("thickness: 1.0 mm", f"thickness: {HUGE}", (10,), ["cell.electrolyte.thickness"]),
    "a diameter whose area is zero": (
        "diameter: 12.7 mm",
        "diameter: 1e-200 mm",
        (3, 5),
        ["cell.electrode", "1e-200 mm"],
    ),
    "a negative time": (
        "  after_short: 3 h",
        "  after_short: -3 h",
        (20,),
        ["protocol.after_short", "-3 h", "at least"],
    ),
    "a temperature below the range": (
        "temperature: 25 degC",
        "temperature: -200 degC",
        (19,),
        ["protocol.temperature", "-200 degC", "at least"],
    ),
    "a parameter of the wrong dimension": (
        "0.2 MPa m^0.5",
        "0.2 MPa",
        (1, 16, 17),
        ["cell.parameters: toughness", "0.2 MPa", "dimension"],
    ),
    # the cell
    "an electrode larger than its pellet": ("diameter: 12.7 mm", "diameter: 14 mm", (1, 3), ["larger than the pellet"]),
    "two sizes": (
        "    diameter: 12.7 mm",
        "    diameter: 12.7 mm\n    area: 1 cm2",
        (3,),
        ["cell.electrode", "diameter", "area"],
    ),
    "a material that is no electrode": (
        "material: lithium",
        "material: sodium",
        (4,),
        ["cell.electrode.material", "sodium", "lithium"],
    ),
    "a kind of fixture nobody has": (
        "kind: fixed gap",
        "kind: vice",
        (13,),
        ["cell.fixture.kind", "vice", "constant force"],
    ),
    "a fixed gap without stiffness": ("    stiffness: 0.5 MPa/um\n", "", (12,), ["cell.fixture", "stiffness"]),
    # the protocol
    "a step that never ends": (PLATING, "        - plate: 75 uA/cm2\n", (25, 27), ["plate", "never end", "for"]),
    "a voltage that may never come": (
        PLATING,
        "        - plate: 75 uA/cm2\n          until: {voltage: 1 V}\n",
        (25, 27),
        ["plate", "never end", "voltage"],
    ),
    "a charge that takes longer than the world": (
        PLATING,
        "        - plate: 1e-300 A\n          until: {charge: 1 mAh/cm2}\n",
        (18, 25, 27, 28),
        ["1e-300"],
    ),
    "too many repeats": ("repeat: 20", "repeat: 2000000", (18, 25), ["protocol", "4e+06 steps", "at most 200000"]),
    "absurdly many repeats": ("repeat: 20", f"repeat: {HUGE}", (18, 25), ["protocol", "at most 200000"]),
    "no repeats": ("repeat: 20", "repeat: 0", (25,), ["protocol.steps[3]", "0", "at least 1"]),
    "half a repeat": ("repeat: 20", "repeat: 2.5", (25,), ["protocol.steps[3]", "2.5", "whole number"]),
    "a repeat of nothing": (
        GOOD[GOOD.index("      steps:\n") :],
        "      steps: []\n",
        (25, 26),
        ["protocol.steps[3]", "steps"],
    ),
    "a number for steps": (
        GOOD[GOOD.index("      steps:\n") :],
        "      steps: 5\n",
        (25, 26),
        ["protocol.steps[3]", "5"],
    ),
    "text for steps": (
        GOOD[GOOD.index("      steps:\n") :],
        "      steps: abc\n",
        (25, 26),
        ["protocol.steps[3]", "a"],
    ),
    "a number for limits": ("{voltage: 0.5 V}", "5", (29, 31), ["until", "5"]),
    "no steps": (GOOD[GOOD.index("  steps:\n    - press") :], "  steps: []\n", (21,), ["protocol.steps"]),
    "an empty step": ("    - press: 25 MPa\n      for: 1 min\n", "    -\n", (22,), ["protocol.steps[1]", "None"]),
    "two verbs": ("      for: 1 min", "      rest: 1 min", (22,), ["protocol.steps[1]", "press", "rest", "one of"]),
    "press below the present pressure": (
        "    - measure_impedance",
        "    - press: 5 MPa\n    - measure_impedance",
        (18, 24),
        ["steps[2]", "press to 5 MPa", "25 MPa", "release"],
    ),
    "release above the present pressure": (
        "    - measure_impedance",
        "    - release: 50 MPa\n    - measure_impedance",
        (18, 24),
        ["steps[2]", "release to 50 MPa", "25 MPa", "press"],
    ),
    "a negative current": (
        "plate: 75 uA/cm2",
        "plate: -75 uA/cm2",
        (27,),
        ["protocol.steps[3].steps[1]", "-75 uA/cm2", "plate"],
    ),
    "a current in volts": (
        "plate: 75 uA/cm2",
        "plate: 75 mV",
        (27,),
        ["protocol.steps[3].steps[1]", "75 mV", "uA/cm2"],
    ),
    "a sweep from low to high": (
        "{from: 1 MHz, to: 0.1 Hz}",
        "{from: 1 Hz, to: 1 kHz}",
        (24,),
        ["protocol.steps[2]", "not below", "from high to low"],
    ),
    "a charge limit on a rest": (
        "    - measure_impedance",
        "    - rest: 1 h\n      until: {charge: 1 mAh/cm2}\n    - measure_impedance",
        (24,),
        ["steps[2]", "charge", "rest"],
    ),
    "a wrong time in a step": (
        "          for: 1 h\n        - strip",
        "          for: 1 hm\n        - strip",
        (27, 28),
        ["protocol.steps[3].steps[1]", "1 hm"],
    ),
    # the file
    "a cell that is a list": (GOOD[: GOOD.index("protocol:")], "cell: [1, 2]\n", (1,), ["cell", "[1, 2]", "a mapping"]),
    "broken YAML": ("  electrolyte:\n", "  electrolyte: {\n", (8, 9, 10), ["not valid YAML"]),
    "a tab": ("  name: a cell", "\tname: a cell", (2,), ["not valid YAML"]),
}


@pytest.fixture
def refused(tmp_path):
    """The sentence with which a file of this content is refused."""

    def sentence(content: str | bytes) -> str:
        path = tmp_path / "experiment.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(InputError) as caught:
            read_experiment(path)
        assert str(path) in str(caught.value)
        return str(caught.value)

    return sentence


def test_the_file_the_faults_are_put_into_is_good(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    assert read_experiment(path).cell.name == "a cell"


@pytest.mark.parametrize(("old", "new", "lines", "said"), BAD.values(), ids=BAD)
def test_a_fault_is_named_with_file_line_place_and_what_was_read(refused, old, new, lines, said):
    assert GOOD.count(old) == 1 or old.startswith("    - measure")
    text = refused(GOOD.replace(old, new))
    assert any(f"line {line}" in text.split(":")[0] for line in lines), text
    for part in said:
        assert part in text, f"{part!r} is not in: {text}"


@pytest.mark.parametrize(
    ("old", "new"), [("{voltage: 0.5 V}", "{voltage: 0.5 A}"), ("    - press: 25 MPa", "    - press: 25 mm")]
)
def test_one_fault_is_not_counted_as_two(refused, old, new):
    assert "more fault" not in refused(GOOD.replace(old, new))


def test_a_fault_in_the_only_step_is_one_fault(refused):
    cell = GOOD[: GOOD.index("protocol:")]
    assert "more fault" not in refused(cell + "protocol:\n  steps:\n    - rest: 1 mm\n")


def test_two_faults_are_counted(refused):
    text = refused(GOOD.replace("diameter: 12.7 mm", "diameter: 12.7 mg").replace("porosity: 0.18", "porosity: 2"))
    assert "1 more fault" in text


def test_a_fault_behind_for_is_placed_at_the_word_the_file_has(refused):
    text = refused(GOOD.replace("          for: 1 h\n        - strip", "          for: -1 h\n        - strip"))
    assert "duration" not in text
    assert "line 28" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "a mapping"),
        (b"# nothing but a remark\n", "a mapping"),
        (b"- cell\n- protocol\n", "a mapping"),
        (b"just text\n", "a mapping"),
        (b"cell: \xff\xfe\n", "UTF-8"),
        (GOOD.encode("utf-16"), "UTF-8"),
        (b"cell: \x00\n", "not valid YAML"),
        (b"cell: !!python/object/apply:os.system ['true']\nprotocol: {}\n", "a mapping"),
        (b"cell: " + b"[" * 5_000, "not valid YAML"),
        (b"cell: " + b"{a: " * 2_000 + b"1" + b"}" * 2_000, "not valid YAML"),
        (b"protocol: {}\n", "'cell' is missing"),
        (b"cell: {}\n", "'protocol' is missing"),
        (b"cell:\nprotocol:\n", "a mapping"),
        (b"cell: &a\n  electrode: *a\nprotocol: {}\n", "cell.electrode"),
        (b'cell: {parameters: {"\\ud800": 1}}\nprotocol: {}\n', "experiment.yaml"),
        (b"x" * (2**20 + 1), "1 MiB"),
    ],
    ids=[
        "empty",
        "remarks only",
        "a list on top",
        "text on top",
        "not UTF-8",
        "UTF-16",
        "a zero byte",
        "a tag that runs code",
        "deep nesting",
        "deep nesting that closes",
        "no cell",
        "no protocol",
        "nulls",
        "an alias to itself",
        "half a character",
        "too large",
    ],
)
def test_a_file_that_is_no_experiment(refused, content, said):
    assert said in refused(content)


@pytest.mark.parametrize("depth", [20, 60, 90])
def test_repeats_nested_deeply_are_read_or_refused(tmp_path, depth):
    steps = "{repeat: 1, steps: [" * depth + "{rest: 1 h}" + "]}" * depth
    path = tmp_path / "deep.yaml"
    path.write_text(GOOD[: GOOD.index("  steps:\n    - press")] + f"  steps: [{steps}]\n")
    try:
        protocol = read_experiment(path).protocol
    except InputError:
        return
    assert len(protocol.steps) == 1


def test_aliases_that_multiply_are_refused():
    """Half a kilobyte of YAML that stands for a million entries."""
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 6):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    with pytest.raises(InputError):
        document.parse(bomb)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"absent\.yaml.*cannot be read"):
        read_experiment(tmp_path / "absent.yaml")


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(InputError, match="is a folder, and no file"):
        read_experiment(tmp_path)
