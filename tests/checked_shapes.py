"""Imported before the package: shapes of what laws and the model take are then checked at every call."""

from jaxtyping import install_import_hook

install_import_hook(["lithostat.physics", "lithostat.model", "lithostat.impedance.circuits"], "beartype.beartype")
