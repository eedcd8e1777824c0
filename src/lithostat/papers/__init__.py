"""Published experiments as data, and what the model makes of them."""
