"""Gift lists: made, filled, shared, and, for those who give, items taken so that nobody gives the same twice.

Nothing here tells a list's owner what is promised, and no event of it is recorded: some owners read events.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from catalog.models import GiftItem, GiftList, GiftPromise, Variant

MAX_LISTS, MAX_ITEMS = 20, 60


class TooMuch(DomainError):
    """More lists or wishes than anybody keeps in view."""

    code = "too_much"


class AlreadyTaken(DomainError):
    code = "already_taken"
    default_message = _("Somebody else gives this already. The list holds other wishes.")


class CannotGive(DomainError):
    """The item is off its list, the list is not shared by this link any more, or it is the giver's own."""

    code = "cannot_give"
    default_message = _("This wish cannot be taken any more: it is off the list, or the list has a new link.")


def make_list(
    owner: User, *, name: str, at: datetime, for_whom: str = "", occasion_date: date | None = None
) -> GiftList:
    """A new list that only its owner sees. Raises TooMuch."""
    with transaction.atomic():
        lock(User.objects.filter(pk=owner.pk)).get()
        if GiftList.objects.filter(owner=owner).count() >= MAX_LISTS:
            raise TooMuch(_("You have %(count)d lists: delete one first.") % {"count": MAX_LISTS}, field="name")
        return GiftList.objects.create(
            owner=owner, name=name, for_whom=for_whom, occasion_date=occasion_date, created_at=at
        )


def change_list(gift_list: GiftList, *, name: str, for_whom: str, occasion_date: date | None) -> None:
    gift_list.name, gift_list.for_whom, gift_list.occasion_date = name, for_whom, occasion_date
    gift_list.save(update_fields=["name", "for_whom", "occasion_date"])


def delete_list(gift_list: GiftList) -> None:
    """For good, with all that it holds; its link leads nowhere from now on."""
    gift_list.delete()


def share_list(gift_list: GiftList) -> None:
    """Give the list a new link; an older one leads nowhere from now on."""
    gift_list.token = uuid4()
    gift_list.save(update_fields=["token"])


def unshare_list(gift_list: GiftList) -> None:
    """Nobody but the owner sees it from now on. What was promised stays promised."""
    gift_list.token = None
    gift_list.save(update_fields=["token"])


def wish(gift_list: GiftList, variant: Variant, grade: str, *, at: datetime, **facts: Any) -> GiftItem:
    """Put a variant in a grade on the list (`note`, `priority`); what is there already gets the new facts.

    What had been taken off comes back as it was, with its promise. Raises TooMuch.
    """
    with transaction.atomic():
        lock(GiftList.objects.filter(pk=gift_list.pk)).get()
        others = GiftItem.objects.wished().filter(gift_list=gift_list).exclude(variant=variant, grade=grade)
        if others.count() >= MAX_ITEMS:
            raise TooMuch(_("This list holds %(count)d wishes: take one off first.") % {"count": MAX_ITEMS})
        key = {"gift_list": gift_list, "variant": variant, "grade": grade}
        item, _new = GiftItem.objects.update_or_create(
            **key, defaults={**facts, "removed_at": None}, create_defaults={**key, **facts, "added_at": at}
        )
    return item


def change_wish(item: GiftItem, *, note: str, priority: int) -> None:
    item.note, item.priority = note, priority
    item.save(update_fields=["note", "priority"])


def remove_wish(item: GiftItem, *, at: datetime) -> None:
    """Take an item off; restore_wish() undoes it. Somebody who gives it is told when they look."""
    GiftItem.objects.filter(pk=item.pk, removed_at=None).update(removed_at=at)


def restore_wish(item: GiftItem) -> None:
    GiftItem.objects.filter(pk=item.pk).update(removed_at=None)


def promise_gift(item: GiftItem, *, token: UUID, giver: User | None, key: UUID, at: datetime) -> GiftPromise:
    """`giver` (None: the guest whose link carries `key`) gives this item; promising again returns the first promise.

    `token` is the list's link that the giver came by. Raises CannotGive and AlreadyTaken; of two givers in the same
    instant one wins, by the uniqueness of the row.
    """
    held = GiftPromise.objects.filter(item=item).first()
    if held is not None and _is_theirs(held, giver, key):
        return held
    _check_open(item, token, giver)
    try:
        with transaction.atomic():
            return GiftPromise.objects.create(item=item, giver=giver, key=key, promised_at=at)
    except IntegrityError as error:
        held = GiftPromise.objects.filter(item=item).first()
        if held is not None and _is_theirs(held, giver, key):  # pressed twice in the same instant
            return held
        raise AlreadyTaken from error


def take_back_promise(item: GiftItem, *, giver: User | None, key: UUID | None) -> bool:
    """The giver gives something else after all; the item is free again. Says whether there was such a promise."""
    promises = GiftPromise.objects.filter(item=item)
    mine = promises.filter(giver=giver) if giver else promises.filter(giver=None, key=key or uuid4())
    return bool(mine.delete()[0])


def forget_removed_wishes(before: datetime) -> int:
    """Delete what was taken off its list before then; returns how many."""
    return GiftItem.objects.long_removed(before).delete()[1].get("catalog.GiftItem", 0)


def _is_theirs(promise: GiftPromise, giver: User | None, key: UUID) -> bool:
    return promise.giver_id == giver.pk if giver else promise.giver_id is None and promise.key == key


def _check_open(item: GiftItem, token: UUID, giver: User | None) -> None:
    now_so = GiftItem.objects.wished().filter(pk=item.pk, gift_list__token=token)
    if giver:
        now_so = now_so.exclude(gift_list__owner=giver)
    if not now_so.exists():
        raise CannotGive
