"""A person with a browser: opens pages, fills the forms that are on them, presses their buttons."""

import re
from typing import Any
from urllib.parse import urljoin

import mechanicalsoup


class PageBroken(Exception):
    """A page did not answer as a person would expect; the message says which and how."""


class Person:
    """One browser with its own cookies. Every answer of 400 or more is a PageBroken."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.browser = mechanicalsoup.StatefulBrowser(soup_config={"features": "html.parser"}, user_agent="journey")

    @property
    def text(self) -> str:
        """What the page says below its header, in one line."""
        if not self.browser.page:
            return ""
        page = self.browser.page.select_one("main") or self.browser.page
        return " ".join(page.get_text(" ").split())

    @property
    def path(self) -> str:
        return str(self.browser.url).removeprefix(self.site)

    def open(self, path: str) -> "Person":
        self._judge(self.browser.open(urljoin(self.site, path)))
        return self

    def follow(self, pattern: str) -> "Person":
        """Open the first link whose address matches."""
        links = [str(link.get("href", "")) for link in self.browser.page.select("a[href]")]
        target = next((link for link in links if re.search(pattern, link)), None)
        if target is None:
            raise PageBroken(f"{self.path} has no link like {pattern}")
        return self.open(urljoin(str(self.browser.url), target))

    def submit(self, selector: str = "main form", /, press: str | None = None, **fields: Any) -> "Person":
        """Fill the form and send it; a field that the form does not have, or a choice it does not offer, is an error.

        `press` names the button as "name=value" when the form has several. Files are given as open binary files.
        """
        forms = self.browser.page.select(selector)
        if not forms:
            raise PageBroken(f"{self.path} has no form {selector}: {self.text[:300]}")
        form = self.browser.select_form(forms[0])
        for name, value in fields.items():
            self._fill(form, name, value)
        button = forms[0].select_one('[name="{}"][value="{}"]'.format(*press.split("=", 1))) if press else None
        before = self.path
        answer = self.browser.submit_selected(button)
        if complaint := self._complaint():
            raise PageBroken(f"{before} refused the form: {complaint}")
        self._judge(answer)
        return self

    def radios(self, selector: str) -> dict[str, list[str]]:
        """The form's radio groups: name -> the values on offer, in order."""
        groups: dict[str, list[str]] = {}
        for radio in self.browser.page.select(f"{selector} input[type=radio]"):
            groups.setdefault(str(radio["name"]), []).append(str(radio["value"]))
        return groups

    def checked(self, selector: str, name: str) -> list[str]:
        """The boxes of that name that are ticked when the page opens."""
        boxes = self.browser.page.select(f'{selector} input[type=checkbox][name="{name}"]')
        return [str(box["value"]) for box in boxes if box.has_attr("checked")]

    def value(self, name: str) -> str:
        """What the field of that name holds now."""
        return str(self.browser.page.select_one(f'main [name="{name}"]').get("value", ""))

    def see(self, *words: str) -> "Person":
        """Fail unless the page says all this."""
        for word in words:
            if word.lower() not in self.text.lower():
                raise PageBroken(f"{self.path} does not say “{word}”, but: {self.text[:400]}")
        return self

    def _fill(self, form: mechanicalsoup.Form, name: str, value: Any) -> None:
        try:
            form.set(name, value)
        except Exception as error:
            raise PageBroken(f"{self.path}: {name}={value!r}: {error}") from error

    def _complaint(self) -> str:
        page = self.browser.page
        errors = page.select(".errorlist, .field__error, .errornote, [role=alert].alert--error") if page else []
        return " · ".join(" ".join(error.get_text(" ").split()) for error in errors)

    def _judge(self, answer: Any) -> None:
        if answer.status_code >= 400:
            raise PageBroken(f"{answer.request.method} {answer.url} answered {answer.status_code}: {self.text[:300]}")
