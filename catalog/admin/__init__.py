"""The catalogue, listings and units on the two admin sites."""

from catalog.admin import desk, plant

__all__ = ["desk", "plant"]
