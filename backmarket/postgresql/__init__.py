"""The database's engine, as Django looks for it: its `base` module."""
