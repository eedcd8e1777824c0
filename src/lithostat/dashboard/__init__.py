"""Shows cells in a browser, live or replayed: renders reports and draws traces, and computes nothing of its own."""
