from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

# An index alone answers for the pages of the table in which vacuum has found nothing that changed since.
VACUUMED_OFTEN = "ALTER TABLE catalog_buyable SET (autovacuum_vacuum_scale_factor = 0.02)"
AS_BEFORE = "ALTER TABLE catalog_buyable RESET (autovacuum_vacuum_scale_factor)"
ORDERS = {
    "best": ["-score", "id"],
    "price": ["price_minor", "id"],
    "saving": ["-saving_bps", "id"],
    "newest": ["-released_year", "-score", "id"],
    "rating": ["-plant_rating_x10", "-score", "id"],
}


def with_slots(name, fields, include):
    """The index made anew beside the old one, which lists are read by until it is there."""
    new = models.Index(fields=fields, include=include, name=f"{name}_new", condition=models.Q(in_stock=True))
    return [
        AddIndexConcurrently("buyable", new),
        RemoveIndexConcurrently("buyable", name),
        migrations.RenameIndex("buyable", new_name=name, old_name=new.name),
    ]


class Migration(migrations.Migration):
    """The slots are in the index of each order: what a choice passes over is passed over there, and no row of it read."""

    atomic = False

    dependencies = [("catalog", "0014_bits_as_they_are")]

    operations = [
        migrations.RunSQL(VACUUMED_OFTEN, AS_BEFORE),
        *(
            operation
            for name, order in ORDERS.items()
            for operation in (
                *with_slots(f"buyable_{name}", ["category", *order], ["slot"]),
                *with_slots(f"buyable_all_{name}", order, ["category", "slot"]),
            )
        ),
    ]
