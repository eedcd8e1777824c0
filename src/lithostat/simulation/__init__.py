"""From a cell and a protocol to a record: the short model of creep, plating and fracture on JAX and Diffrax."""
