"""A page as its reader meets it: what stands in each control, and which words are tied to it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
CONTROLS = {"input", "select", "textarea"}


@dataclass
class Element:
    tag: str
    attrs: dict[str, str]
    parents: "list[Element]"
    text: str = ""
    options: "list[Element]" = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.attrs.get("type", "text") if self.tag == "input" else self.tag

    @property
    def groups(self) -> "list[Element]":
        """The control itself and the group of controls that it is one of."""
        return [self, *(parent for parent in self.parents if parent.tag == "fieldset")]


class Page(HTMLParser):
    """HTML read: `page.values(name)` is what a browser would send again, `page.errors(name)` what is said beside it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._open: list[Element] = []
        self.elements: list[Element] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, list(self._open))
        self.elements.append(element)
        if tag == "option":
            next(parent for parent in reversed(self._open) if parent.tag == "select").options.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if any(element.tag == tag for element in self._open):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def controls(self, name: str) -> list[Element]:
        found = [each for each in self.elements if each.tag in CONTROLS and each.attrs.get("name") == name]
        return [each for each in found if each.kind != "submit"]

    def kind(self, name: str) -> str:
        """How a field is filled in: "text", "number", "radio", "select", "textarea", …; "" when it is not there."""
        return next((control.kind for control in self.controls(name)), "")

    def values(self, name: str) -> list[str]:
        return [value for control in self.controls(name) for value in _values(control)]

    def errors(self, name: str) -> str:
        """The words of every element that the field (or its group) names as its description, and that is an error."""
        named = [
            key
            for control in self.controls(name)
            for element in control.groups
            for key in element.attrs.get("aria-describedby", "").split()
        ]
        said = [self.by_id(key) for key in dict.fromkeys(named) if "error" in key]
        return " ".join(" ".join(element.text.split()) for element in said if element)

    def is_marked(self, name: str) -> bool:
        return any(control.attrs.get("aria-invalid") == "true" for control in self.controls(name))

    def by_id(self, key: str) -> Element | None:
        found = [element for element in self.elements if element.attrs.get("id") == key]
        assert len(found) <= 1, f"{len(found)} elements have the id {key}"
        return found[0] if found else None


def _values(control: Element) -> list[str]:
    if control.tag == "select":
        chosen = [option for option in control.options if "selected" in option.attrs]
        if not chosen and "multiple" not in control.attrs:
            chosen = control.options[:1]
        return [option.attrs.get("value", option.text) for option in chosen]
    if control.kind in ("checkbox", "radio"):
        return [control.attrs.get("value", "on")] if "checked" in control.attrs else []
    if control.tag == "textarea":
        return [control.text.removeprefix("\n")]
    return [control.attrs.get("value", "")]
