"""The nouns: what a lab has, what was done to it, what was recorded, and what follows."""
