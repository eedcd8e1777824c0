"""Equivalent circuits: text, elements, fits of one spectrum and of a series, a suggestion, the dc limit."""
