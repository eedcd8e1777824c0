"""What a lab has, cells that survived included, to a posterior of the model's parameters."""
