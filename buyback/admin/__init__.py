"""Bids, trades and the register on the two admin sites."""

from buyback.admin import bids, desk, plant, register, subjects, tax

__all__ = ["bids", "desk", "plant", "register", "subjects", "tax"]
