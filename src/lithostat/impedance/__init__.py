"""Spectra to findings: validity, circuits and their fits, relaxation times, pressure and temperature."""
