"""Plants, their people and their commitments on the two admin sites."""

from refurbishers.admin import desk, plant

__all__ = ["desk", "plant"]
