from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("shipping", "0001_initial")]
    operations = [
        migrations.AddField("parcel", "booked_at", models.DateTimeField(blank=True, null=True)),
        migrations.RemoveIndex("parcel", "parcel_to_book"),
        migrations.AddIndex(
            "parcel",
            models.Index(
                fields=["created_at"], name="parcel_to_book", condition=Q(status="created", booked_at=None)
            ),
        ),
    ]
