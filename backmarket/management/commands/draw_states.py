"""`manage.py draw_states`: write docs/states.md from the models' MOVES; `--check` says whether it is up to date."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backmarket.management import states_page


class Command(BaseCommand):
    help = "Draw the states of a sale, and every move with its words, into docs/states.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is out of date")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        try:
            drawn = states_page.page()
        except states_page.Unspoken as error:
            raise CommandError(str(error)) from None
        kept = states_page.PAGE.read_text() if states_page.PAGE.exists() else ""
        if check and kept != drawn:
            raise CommandError("docs/states.md is out of date: run manage.py draw_states")
        if not check:
            states_page.PAGE.write_text(drawn)
