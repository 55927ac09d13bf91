"""Orders, claims and statements on the two admin sites."""

from orders.admin import claims, desk, disputes, holds, money, plant, subjects

__all__ = ["claims", "desk", "disputes", "holds", "money", "plant", "subjects"]
