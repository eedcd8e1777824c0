"""Tomograms to findings: phases, filaments, interfaces, and what is new since an earlier scan."""
