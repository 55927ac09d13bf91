"""Bids, trades and the register on the two admin sites."""

from buyback.admin import desk, plant, register, tax

__all__ = ["desk", "plant", "register", "tax"]
