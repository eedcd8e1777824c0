"""Can a spectrum be believed: order of its points, Kramers-Kronig relations, noise, drift."""
