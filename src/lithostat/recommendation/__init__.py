"""The calibrated model to an answer: the pressure window, the next cell, maps of regimes."""
