from django.db import migrations, models


class Migration(migrations.Migration):
    """The models of a brand, most devices first, are in the index: their rows, each with its wide bits, are not read."""

    dependencies = [("catalog", "0012_json_shapes")]

    operations = [
        migrations.RemoveIndex("facetvalue", "facet_of_brand"),
        migrations.AddIndex(
            "facetvalue",
            models.Index(
                condition=models.Q(key="model"),
                fields=["category", "parent", "-count", "id"],
                name="facet_of_brand",
            ),
        ),
    ]
