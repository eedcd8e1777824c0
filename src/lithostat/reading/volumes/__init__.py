"""Readers of tomograms: a file or folder to a `Volume`, and a volume to Zarr with its pyramid."""
