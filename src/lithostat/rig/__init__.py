"""The rig: live devices to the same record that files give, judged while it grows."""
