"""Made tomograms whose truth is known: a cell with grains, pores, filaments and cracks, as a scanner would show it."""
