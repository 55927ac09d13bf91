"""Every write on questions and answers: ask, answer, publish what was read, take off what may not stand."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.logs import without_personal_data
from backmarket.states import move
from catalog.models import Product
from reviews.models import Answer, Question, Removal
from reviews.selectors import Voice

# As many questions of one person as the house may have to read at a time.
MOST_WAITING = 3


class CannotAsk(DomainError):
    code = "cannot_ask"
    default_message = _("Write your question.")


class CannotAnswer(DomainError):
    code = "cannot_answer"
    default_message = _("Write an answer.")


class CannotTakeOff(DomainError):
    """Words are taken off for a reason of Removal only."""

    code = "cannot_take_off"
    default_message = _("Say why these words may not stand here.")


@transaction.atomic
def ask_question(product: Product, *, author: User, text: str, by: Actor, at: datetime) -> Question:
    """Take a question, to be read by the house before it is shown. Raises CannotAsk and changes nothing."""
    words = _words(text, CannotAsk, longest=500)
    lock(User.objects.filter(pk=author.pk)).get()  # two questions at once do not both count as the last one
    if Question.objects.waiting().filter(author=author).count() >= MOST_WAITING:
        raise CannotAsk(_("We are still reading your other questions: please wait for those first."))
    question = Question.objects.create(
        product=product, author=author, author_name=first_name(author), text=words, asked_at=at
    )
    record("question.asked", question, by=by, at=at, data={"product": product.slug})
    return question


def answer_question(question: Question, *, voice: Voice, author: User, text: str, by: Actor, at: datetime) -> Answer:
    """Answer a published question, once per person. What a buyer says waits to be read. Raises CannotAnswer."""
    if question.status != Question.Status.PUBLISHED:
        raise CannotAnswer(_("This question is not shown any more."))
    answer = Answer(
        question=question, voice=voice.kind, plant=voice.plant, line=voice.line, author=author,
        author_name=first_name(author), text=_words(text, CannotAnswer, longest=1500), given_at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            answer.save(force_insert=True)
            record("answer.given", answer, by=by, at=at, data={"question": str(question.pk), "voice": voice.kind})
            if voice.kind != Answer.Voice.BUYER:
                publish_answer(answer, by=by, at=at)
    except IntegrityError as error:
        raise CannotAnswer(_("You have already answered this question.")) from error
    return answer


def publish_question(question: Question, *, by: Actor, at: datetime) -> None:
    """Show a question that was read. Raises IllegalMove."""
    move(question, Question.Status.PUBLISHED, by=by, at=at)


def publish_answer(answer: Answer, *, by: Actor, at: datetime) -> None:
    """Show an answer; its asker is told. Raises IllegalMove."""
    move(answer, Answer.Status.PUBLISHED, by=by, at=at, data={"question": str(answer.question_id)})


def take_off_question(question: Question, *, reason: str, by: Actor, at: datetime) -> None:
    """Do not show a question, or no longer; its answers go with it, its author is told why. Raises CannotTakeOff."""
    _take_off(question, reason, by=by, at=at)


def take_off_answer(answer: Answer, *, reason: str, by: Actor, at: datetime) -> None:
    """Do not show an answer, or no longer; its author is told why. Raises CannotTakeOff."""
    _take_off(answer, reason, by=by, at=at)


def _take_off(spoken: Question | Answer, reason: str, *, by: Actor, at: datetime) -> None:
    if reason not in Removal.values:
        raise CannotTakeOff(field="reason")
    move(spoken, spoken.Status.REMOVED, by=by, at=at, data={"reason": reason}, removal=reason)


def first_name(person: User) -> str:
    """What is shown of somebody: the first name, nothing else; a neutral word for people without one."""
    return (person.full_name.split() or ["–"])[0][:60]


def _words(text: str, refusal: type[DomainError], *, longest: int) -> str:
    """What was written, as it may be shown; refused when empty, too long, or telling a number or an address."""
    words = text.replace("\x00", "").strip()
    if not words:
        raise refusal(field="text")
    if len(words) > longest:
        raise refusal(_("Please use at most %(count)s signs.") % {"count": longest}, field="text")
    if without_personal_data(words) != words:
        raise refusal(
            _("Everybody can read this: leave out e-mail addresses, telephone and account numbers."), field="text"
        )
    return words
