"""Diffraction patterns to phases: which are there, how much, and what would not have been seen."""
