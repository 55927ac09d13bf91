"""Write the shop's derived rows anew: what lists show, what searches meet, what facets count."""

import time
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand

from backmarket.pagecache import EVERYTHING, touch
from catalog.services.rebuild import rebuild_shop


class Command(BaseCommand):
    help = "Rebuilds buyables, search words and facet counts from listings and catalogue, in batches, shop open."

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        done: Counter[str] = Counter()
        for what, some, of in rebuild_shop():
            done[what] += some
            if options["verbosity"]:
                self.stdout.write(f"{what}: {done[what]:,} of {of:,} ({time.monotonic() - started:.0f} s)")
        touch(EVERYTHING)
