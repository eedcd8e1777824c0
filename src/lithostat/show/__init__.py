"""What people look at: one figure per noun, and pages that hold figures and tables."""
