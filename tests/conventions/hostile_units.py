"""Text that stands where a unit may stand and would keep whoever evaluates it busy: towers of powers, names without an
end, numbers of thousands of digits, parentheses, blanks, signs, letters of any kind."""

from __future__ import annotations

import random


def hostile_unit(rng: random.Random) -> str:
    """One member of the kind."""
    long = rng.choice((300, 3_000, 100_000))
    number = rng.choice(("9", "10", "1e9", "0.5", "99999999999999999999"))
    name = rng.choice(("V", "m", "kilo", "percent", "µ", "ohm", "zz", "degC"))
    power = rng.choice(("**", "^", " ** "))
    return rng.choice(
        (
            power.join([number] * rng.randint(2, 6)) + "*V",
            "V" + power + power.join([number] * rng.randint(2, 6)),
            "(" + number + power + number + ")" + power + number,
            name * long,
            rng.choice(("kilo", "mega", "micro", "delta_", "square ", "per ")) * long + "volt",
            rng.choice("aZµé") * long,
            "9" * long,
            "V^" + "9" * rng.randint(4, long),
            "V" + " " * long + "V",
            "(" * long + "V" + ")" * long,
            "-" * long + "V",
            "V" + rng.choice(("*V", "/m", ".m", " m")) * long,
            "".join(rng.choice("Vm()^*/+-.,;:%0123456789 _\"'\\\0\n") for _ in range(rng.randint(1, 200))),
        )
    )
