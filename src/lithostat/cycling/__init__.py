"""Cycling: records to findings."""
