"""Bring every encrypted value and blind index under the first key of FIELD_ENCRYPTION_KEYS."""

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backmarket import crypto, rotation


class Command(BaseCommand):
    help = (
        "Encrypts everything again under the first key of FIELD_ENCRYPTION_KEYS, in batches; killed, it goes on where"
        " it stopped. Says which older keys nothing needs any more, and fails when a value stays behind."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what would be moved, change nothing")
        parser.add_argument("--batch", type=int, default=rotation.BATCH, help="rows per transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError("--batch takes at least 1.")
        self.stdout.write(f"The newest key is {crypto.key_ids()[0]}.")
        if options["dry_run"]:
            return self._count()
        unreadable = sum(self._rotate(column, options["batch"]) for column in rotation.columns())
        unreadable += self._said("second factors", rotation.rotate_mfa())
        self._judge(unreadable)
        return None

    def _count(self) -> None:
        for column in rotation.columns():
            self.stdout.write(f"{column}: {rotation.waiting(column)} to move")
        self.stdout.write(f"second factors: {sum(1 for _factor in rotation.mfa_waiting())} to move")
        self.stdout.write("Nothing was changed.")

    def _rotate(self, column: rotation.Column, batch: int) -> int:
        total = rotation.waiting(column)

        def tell(progress: rotation.Progress) -> None:
            self.stdout.write(f"{column}: {progress.moved + progress.unreadable} of {total}")

        return self._said(str(column), rotation.rotate_column(column, batch=batch, tell=tell))

    def _said(self, name: str, progress: rotation.Progress) -> int:
        self.stdout.write(f"{name}: {progress.moved} moved")
        if progress.unreadable:
            self.stderr.write(f"{name}: {progress.unreadable} cannot be read with the keys that are given")
        return progress.unreadable

    def _judge(self, unreadable: int) -> None:
        """Say what every older key is still needed for; fail when anything is left."""
        left: Counter[str] = Counter()
        for column in rotation.columns():
            left.update(rotation.count_by_key(column))
        newest, *older = crypto.key_ids()
        behind = sum(count for name, count in left.items() if name != newest)
        behind += sum(1 for _factor in rotation.mfa_waiting())
        if behind:
            raise CommandError(
                f"{behind} values are not under the newest key ({unreadable} unreadable): keep every key, and run this"
                " again."
            )
        for name in older:
            self.stdout.write(
                f"Key {name}: nothing needs it. Remove it from FIELD_ENCRYPTION_KEYS once every process runs with"
                f" {newest} first and a second run of this command has moved nothing."
            )
        self.stdout.write(self.style.SUCCESS(f"Everything is under {newest}."))
