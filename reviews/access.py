"""Who may rate what, and who may answer: everybody else gets a 404."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from backmarket.accounts.models import User
from buyback.models import Trade
from catalog.models import Product
from orders.models import OrderLine
from reviews.models import Question
from reviews.selectors import Voice, voice_of


def line_for_buyer(user: User, pk: UUID) -> OrderLine:
    """The person's own order line, with all that its rating copies; Http404 for strangers."""
    lines = OrderLine.objects.select_related("order", "plant", "listing__variant__product", "review")
    line: OrderLine | None = lines.filter(pk=pk, order__buyer=user).first()
    if line is None:
        raise Http404
    return line


def trade_for_seller(user: User, pk: UUID) -> Trade:
    """The person's own trade; Http404 for strangers."""
    trades = Trade.objects.select_related("plant", "variant__product", "review")
    trade: Trade | None = trades.filter(pk=pk, seller=user).first()
    if trade is None:
        raise Http404
    return trade


def rated_product(slug: str) -> Product:
    product = Product.objects.filter(slug=slug).first()
    if product is None:
        raise Http404
    return product


def question_to_answer(user: User | AnonymousUser, slug: str, pk: UUID) -> tuple[Question, Voice]:
    """A published question of this product and the voice in which this person may answer; Http404 for strangers."""
    question: Question | None = (
        Question.objects.published().select_related("product").filter(pk=pk, product__slug=slug).first()
    )
    voice = voice_of(user, question.product) if question else None
    if question is None or voice is None:
        raise Http404
    return question, voice
