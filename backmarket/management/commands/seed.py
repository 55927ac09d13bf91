"""Fill an empty installation with the demo: the same world each time, ending today."""

import argparse
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.module_loading import import_string

from backmarket import timetravel
from backmarket.events.models import Event
from backmarket.figures import refresh_figures
from backmarket.management.seeding import scale
from backmarket.management.seeding.base import analyze
from catalog.services.facet_index import index_stale

LOADED = "seed.loaded"


class Part(NamedTuple):
    """One module of `seeding`: its name, and whether an installation without history needs it too."""

    name: str
    base: bool = False

    def load(self, at: datetime) -> str:
        function: Callable[[datetime], str] = import_string(f"backmarket.management.seeding.{self.name}.load")
        return function(at)


PARTS = (
    Part("catalogue", base=True),
    Part("plants", base=True),
    Part("people"),
    Part("listings"),
    Part("collections"),
    Part("bids"),
    Part("orders"),
    Part("trades"),
    Part("claims"),
    Part("settlements"),
    Part("reviews"),
    Part("talk"),
    Part("facts"),
    Part("taxes"),
    Part("waiting"),
    Part("lists"),
    Part("banking"),
    Part("troubles"),
    Part("credit"),
    Part("repricing"),
    Part("invoices"),
)


class Command(BaseCommand):
    help = "Loads the demo data that is not there yet. With --base: catalogue and plants only, no listings, no history."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base", action="store_true", help="catalogue and plants only")
        parser.add_argument(
            "--scale", type=_scale, metavar="BUYABLESxLISTINGS",
            help="then grow the catalogue with invented models, as 100000x1000000; goes on where it was stopped",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ALLOW_SANDBOX:
            raise CommandError("Demo data has a known password: it is loaded only where sandboxes are allowed.")
        loaded = {event.subject_id: event.happened_at for event in Event.objects.filter(kind=LOADED)}
        history = [loaded[part.name] for part in PARTS if part.name in loaded and not part.base]
        anchor = min(history, default=timetravel.now())
        for part in PARTS:
            if part.name not in loaded and (part.base or not options["base"]):
                self.load(part, anchor, options["verbosity"])
        index_stale()
        refresh_figures(timetravel.now())
        if options["scale"]:
            buyables, listings = options["scale"]
            self.grow(buyables, listings, anchor, options["verbosity"])

    def grow(self, buyables: int, listings: int, at: datetime, verbosity: int) -> None:
        started = time.monotonic()
        for have, offered in scale.load(buyables, listings, at):
            if verbosity:
                seconds = time.monotonic() - started
                self.stdout.write(f"{have:,} of {buyables:,} buyables, {offered:,} listings ({seconds:.0f} s)")

    def load(self, part: Part, at: datetime, verbosity: int) -> None:
        """A part and its mark in one transaction: it is there whole, or not at all."""
        started = time.monotonic()
        with transaction.atomic():
            wrote = part.load(at)
            Event.objects.create(
                kind=LOADED, subject_type="seed", subject_id=part.name, actor="system:seed",
                happened_at=at, published_at=at,
            )  # fmt: skip
        analyze()  # the next part reads what this one wrote
        if verbosity:
            self.stdout.write(f"{part.name}: {wrote} ({time.monotonic() - started:.1f} s)")


def _scale(text: str) -> tuple[int, int]:
    """ "100000x1000000" as buyables and listings."""
    buyables, _, listings = text.partition("x")
    if not (buyables.isascii() and buyables.isdecimal() and listings.isascii() and listings.isdecimal()):
        raise argparse.ArgumentTypeError("two whole numbers, as 100000x1000000")
    return int(buyables), int(listings)
