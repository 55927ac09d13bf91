"""The catalogue, listings and units on the two admin sites."""

from catalog.admin import collections, desk, plant

__all__ = ["collections", "desk", "plant"]
