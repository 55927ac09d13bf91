"""Bids, trades and the register on the two admin sites."""

from buyback.admin import desk, plant

__all__ = ["desk", "plant"]
