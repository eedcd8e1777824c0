"""What the literature says about the materials: cards with numbers, units, sources, evidence tags and ranges."""
