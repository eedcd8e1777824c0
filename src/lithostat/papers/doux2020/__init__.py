"""Doux et al. 2020, Adv. Energy Mater. 10, 1903253: stack pressure and the lithium metal anode."""
