"""From a cell and a protocol to a record: the short model of creep, plating and fracture on JAX and Diffrax."""

import os

# Equinox reads this when it is first imported. Its checks would otherwise call back into Python, and JAX keeps no
# compilation with a call-back on disk; a violated check turns into NaN instead, which the integrator reports as
# stalled.
os.environ.setdefault("EQX_ON_ERROR", "nan")
