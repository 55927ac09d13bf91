"""Our own drawings in templates: `{% device_drawing form colour grade %}` and `{% plant_emblem plant %}`."""

from typing import Protocol

from django import template
from django.utils.safestring import SafeString

from catalog.answer_drawings import answer_svg
from catalog.drawings import category_svg, device_svg, drawer_svg, plant_svg

register = template.Library()


class HasEmblem(Protocol):
    slug: str
    name: str


@register.simple_tag
def device_drawing(
    form: str, colour: str = "", grade: str | None = None, size: str = "card", title: str = ""
) -> SafeString:
    """The device in its colour, worn as its grade says; without a title it is decorative."""
    return device_svg(form, colour or "", grade=grade, size=size, title=str(title))


@register.simple_tag
def category_drawing(form: str) -> SafeString:
    return category_svg(form)


@register.simple_tag
def drawer_drawing() -> SafeString:
    """The drawer that everybody has; decorative."""
    return drawer_svg()


@register.simple_tag
def answer_drawing(form: str, picture: str) -> SafeString:
    """What an answer means, beside its words."""
    return answer_svg(form, picture)


@register.simple_tag
def plant_emblem(plant: HasEmblem, decorative: bool = True) -> SafeString:
    """A plant's emblem; decorative beside its written name, else named after the plant."""
    return plant_svg(plant.slug, "" if decorative else str(plant.name))
