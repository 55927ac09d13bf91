"""Plants, their people and their commitments on the two admin sites."""

from refurbishers.admin import accounts, desk, plant, subjects

__all__ = ["accounts", "desk", "plant", "subjects"]
