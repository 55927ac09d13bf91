"""Orders, claims and statements on the two admin sites."""

from orders.admin import claims, desk, disputes, holds, money, plant

__all__ = ["claims", "desk", "disputes", "holds", "money", "plant"]
