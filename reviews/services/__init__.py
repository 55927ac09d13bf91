"""Every write on ratings; those on questions and answers are in services.questions."""

from reviews.services.ratings import (
    CannotRate,
    CannotRemove,
    CannotReply,
    push_rating_down,
    rate_line,
    rate_trade,
    remove_review,
    reply_to_review,
    shown_name,
)

__all__ = [
    "CannotRate",
    "CannotRemove",
    "CannotReply",
    "push_rating_down",
    "rate_line",
    "rate_trade",
    "remove_review",
    "reply_to_review",
    "shown_name",
]
