"""Forget everything local: database, queue, media, secrets, collected files."""

import shutil
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backmarket import embedded


class Command(BaseCommand):
    help = "Deletes all local data, after asking. Servers named by DATABASE_URL and REDIS_URL are never touched."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        var = embedded.var_dir()
        if not options["yes"] and not self.agreed(f"Delete the database and all other local data in {var}? [y/N] "):
            raise CommandError("nothing was deleted")
        embedded.erase(var)
        shutil.rmtree(settings.STATIC_ROOT, ignore_errors=True)
        self.stdout.write("All local data is deleted.")

    def agreed(self, question: str) -> bool:
        try:
            return input(question).strip().lower() in ("y", "yes")
        except EOFError:
            return False
