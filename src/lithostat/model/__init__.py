"""The model: laws of `physics` put together, once, for every engine and for calibration."""
