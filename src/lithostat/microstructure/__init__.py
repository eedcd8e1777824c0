"""Pellets in three dimensions: pores made or measured, lithium creeping through them, filaments that draw current."""
