"""Loaded before tests/conftest.py: brings the servers and the browser."""

pytest_plugins = ["tests.plugins.servers"]
