"""How the desk calls the plants that money is paid to."""

from collections.abc import Collection
from uuid import UUID

from backmarket.admin.subjects import Subject, names_subjects
from refurbishers.models import Refurbisher


@names_subjects
def plants(keys: Collection[UUID]) -> dict[UUID, Subject]:
    found = Refurbisher.objects.filter(pk__in=keys).values_list("pk", "name")
    return {pk: Subject(name, Refurbisher, pk) for pk, name in found}
