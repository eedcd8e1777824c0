"""The laws: one idea per file, arrays in, arrays out, SI units throughout.

Every function takes its array namespace as `xp` (NumPy by default), so that one definition serves NumPy, JAX and
symbolic trees such as PyBaMM's. Nothing here knows about cells, protocols or solvers.
"""
