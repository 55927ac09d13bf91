"""What people say in public: ratings, and questions with their answers."""

from reviews.models.questions import Answer, Question, Removal
from reviews.models.ratings import Review

__all__ = ["Answer", "Question", "Removal", "Review"]
