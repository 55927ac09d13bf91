"""Questions about a product: asked, read by the house, answered by those who may, and told to who asked."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from backmarket.states import IllegalMove
from catalog.models import Product
from refurbishers.models import Refurbisher
from reviews.models import Answer, Question
from reviews.services.questions import MOST_WAITING, ask_question, publish_question
from tests.admin.rows import act, url
from tests.factories import ListingFactory, UserFactory, VariantFactory
from tests.reviews.deals import delivered_line

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
TEXT = "Does it take an eSIM?"


@pytest.fixture
def product(plant: Refurbisher) -> Product:
    return ListingFactory(plant=plant, variant=VariantFactory()).variant.product


@pytest.fixture
def asked(product: Product, carol: User, now: datetime) -> Question:
    question = ask_question(product, author=carol, text=TEXT, by=carol, at=now)
    publish_question(question, by="system:test", at=now)
    return question


def questions_url(product: Product) -> str:
    return reverse("product-questions", args=[product.slug])


def answer_url(question: Question) -> str:
    return reverse("question-answer", args=[question.product.slug, question.pk])


def page_of(client: Client, product: Product) -> str:
    return client.get(questions_url(product)).content.decode()


def answer(client: Client, question: Question, text: str = "Yes, it does.") -> int:
    return client.post(answer_url(question), {"text": text}).status_code


def test_a_question_is_read_by_the_house_before_anybody_sees_it(
    product: Product, carol: User, sam: User, client: Client, client_of: ClientOf
) -> None:
    assert client_of(carol).post(questions_url(product), {"text": f"  {TEXT} "}).status_code == 302
    question = Question.objects.get()
    assert (question.text, question.status, question.author_name) == (TEXT, "waiting", "Carol")
    assert TEXT not in page_of(client, product)
    assert act(client_of(sam), question, "publish", site="desk").status_code == 302
    page = page_of(client, product)
    assert TEXT in page
    assert "Carol" in page
    assert "Petit" not in page


def test_who_asked_sees_the_question_while_it_waits_and_nobody_else_does(
    product: Product, carol: User, mallory: User, client: Client, client_of: ClientOf
) -> None:
    asking = client_of(carol)
    page = asking.post(questions_url(product), {"text": TEXT}, follow=True).content.decode()
    assert TEXT in page
    assert "Only you see it until we have read it." in page
    assert "Nobody has asked anything yet." not in page
    for other in (client, client_of(mallory)):
        assert TEXT not in page_of(other, product)
        assert "Nobody has asked anything yet." in page_of(other, product)
    publish_question(Question.objects.get(), by="system:test", at=Question.objects.get().asked_at)
    assert page_of(asking, product).count(TEXT) == 1
    assert "Only you see it" not in page_of(asking, product)


def test_asking_takes_an_account(product: Product, client: Client) -> None:
    reply = client.post(questions_url(product), {"text": TEXT})
    assert reply["Location"] == f"/accounts/login/?next={questions_url(product)}"
    assert not Question.objects.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("   ", "This field is required"),
        ("x" * 501, "at most 500"),
        ("Write to me: carol@example.com", "leave out e-mail addresses"),
        ("Call 06 12 34 56 78 90", "leave out e-mail addresses"),
        ("a\x00b", "Null characters are not allowed"),
    ],
)
def test_what_cannot_stand_in_public_is_refused_beside_the_field(
    text: str, said: str, product: Product, carol: User, client_of: ClientOf
) -> None:
    reply = client_of(carol).post(questions_url(product), {"text": text})
    assert reply.status_code == 422
    assert said in reply.content.decode()
    assert not Question.objects.exists()


def test_words_are_shown_as_words(product: Product, carol: User, client: Client, now: datetime) -> None:
    question = ask_question(product, author=carol, text="<script>alert(1)</script>", by=carol, at=now)
    publish_question(question, by="system:test", at=now)
    page = page_of(client, product)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_nobody_fills_the_houses_desk(product: Product, carol: User, client_of: ClientOf) -> None:
    client = client_of(carol)
    statuses = [client.post(questions_url(product), {"text": TEXT}).status_code for _ in range(MOST_WAITING + 1)]
    assert statuses == [302] * MOST_WAITING + [422]
    assert Question.objects.count() == MOST_WAITING


def test_many_questions_in_an_hour_are_too_many(
    product: Product, carol: User, client_of: ClientOf, now: datetime
) -> None:
    client = client_of(carol)
    for _ in range(10):
        client.post(questions_url(product), {"text": TEXT})
        for question in Question.objects.waiting():
            publish_question(question, by="system:test", at=now)
    reply = client.post(questions_url(product), {"text": TEXT})
    assert (reply.status_code, Question.objects.count()) == (422, 10)


def test_a_plant_that_sells_it_answers_at_once_and_the_asker_is_told(
    asked: Question, bob: User, carol: User, client: Client, client_of: ClientOf, drain: Callable[[], None]
) -> None:
    assert answer(client_of(bob), asked) == 302
    given = Answer.objects.get()
    assert (given.voice, given.status, given.plant, given.author_name) == (
        "plant",
        "published",
        bob.membership.plant,
        "Bob",
    )
    page = page_of(client, asked.product)
    assert "Yes, it does." in page
    assert "Atelier Neuf" in page
    assert "Durand" not in page
    drain()
    mail = Notification.objects.get(template="question_answered")
    assert (mail.recipient, TEXT in mail.text, "Yes, it does." in mail.text) == (carol.email, True, True)
    assert questions_url(asked.product) in mail.text


def test_the_asker_gets_one_email_a_day_for_a_question(
    asked: Question, bob: User, sam: User, client_of: ClientOf, drain: Callable[[], None]
) -> None:
    answer(client_of(bob), asked)
    answer(client_of(sam), asked)
    drain()
    assert Answer.objects.published().count() == 2
    assert Notification.objects.filter(template="question_answered").count() == 1


def test_a_buyer_answers_as_one_who_received_it_once_the_house_read_it(
    asked: Question, plant: Refurbisher, alice: User, sam: User, client: Client, client_of: ClientOf, now: datetime
) -> None:
    line = delivered_line(plant, alice, now, variant=asked.product.variants.get())
    assert answer(client_of(alice), asked, "Mine does.") == 302
    given = Answer.objects.get()
    assert (given.voice, given.line, given.status) == ("buyer", line, "waiting")
    assert "Mine does." not in page_of(client, asked.product)
    act(client_of(sam), given, "publish", site="desk")
    page = page_of(client, asked.product)
    assert "Mine does." in page
    assert "Received one" in page
    assert "Martin" not in page


def test_who_has_nothing_to_do_with_it_does_not_answer(
    asked: Question, plant: Refurbisher, alice: User, mallory: User, rival: User, client_of: ClientOf, now: datetime
) -> None:
    delivered_line(plant, alice, now, variant=asked.product.variants.get(), delivered_at=None, status="shipped")
    for stranger in (alice, mallory, rival):
        assert answer(client_of(stranger), asked) == 404
    assert not Answer.objects.exists()


def test_one_person_answers_once(asked: Question, bob: User, client_of: ClientOf) -> None:
    assert [answer(client_of(bob), asked), answer(client_of(bob), asked, "Again")] == [302, 422]
    assert Answer.objects.count() == 1


def test_a_question_that_waits_has_no_door(
    product: Product, carol: User, bob: User, client_of: ClientOf, now: datetime
) -> None:
    question = ask_question(product, author=carol, text=TEXT, by=carol, at=now)
    assert answer(client_of(bob), question) == 404


def test_words_that_are_taken_off_take_their_answers_along_and_their_author_learns_why(
    asked: Question, bob: User, carol: User, sam: User, client: Client, client_of: ClientOf, drain: Callable[[], None]
) -> None:
    answer(client_of(bob), asked)
    drain()
    assert act(client_of(sam), asked, "take_off", site="desk", reason="off_topic").status_code == 302
    drain()
    page = page_of(client, asked.product)
    assert TEXT not in page
    assert "Yes, it does." not in page
    mail = Notification.objects.get(template="words_removed")
    assert (mail.recipient, "not about this product" in mail.text) == (carol.email, True)
    with pytest.raises(IllegalMove):
        publish_question(asked, by=sam, at=asked.asked_at)


def test_the_database_refuses_a_removal_without_reason_and_an_answer_without_voice(asked: Question) -> None:
    for broken in (
        lambda: Question.objects.update(status="removed"),
        lambda: Answer.objects.create(
            question=asked, voice="plant", text="Yes", author_name="X", given_at=asked.asked_at
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            broken()


def test_a_plant_sees_the_questions_about_what_it_sells(
    asked: Question, bob: User, rival: User, client_of: ClientOf
) -> None:
    assert TEXT in client_of(bob).get(url("plant", Question, "changelist")).content.decode()
    assert TEXT not in client_of(rival).get(url("plant", Question, "changelist")).content.decode()
    assert act(client_of(rival), asked, "answer", text="Buy mine").status_code == 404
    assert act(client_of(bob), asked, "answer", text="It does.").status_code == 302
    assert Answer.objects.get().text == "It does."


def test_a_list_of_questions_costs_the_same_at_1_and_10(
    product: Product, bob: User, client: Client, now: datetime
) -> None:
    def spoken(number: int) -> None:
        question = ask_question(product, author=UserFactory(), text=f"Question {number}?", by="system:test", at=now)
        publish_question(question, by="system:test", at=now + timedelta(minutes=number))
        Answer.objects.create(
            question=question, voice="plant", plant=bob.membership.plant, author=bob, author_name="Bob", text="Yes",
            status="published", given_at=now, published_at=now,
        )  # fmt: skip

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            page_of(client, product)
        return len(found)

    spoken(0)
    one = queries()
    for number in range(1, 10):
        spoken(number)
    assert queries() == one


def test_who_leaves_takes_the_name_along(asked: Question, carol: User, client: Client, client_of: ClientOf) -> None:
    assert (
        client_of(carol)
        .post(reverse("account-close"), {"confirm": "on", "password": "correct horse battery"})
        .status_code
        == 302
    )
    asked.refresh_from_db()
    assert (asked.author, asked.author_name) == (None, "Former customer")
