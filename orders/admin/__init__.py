"""Orders and claims on the two admin sites."""

from orders.admin import desk, plant

__all__ = ["desk", "plant"]
