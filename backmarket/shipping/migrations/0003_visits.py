import uuid

from django.db import migrations, models

# Until now each pickup was a visit of its own.
EACH_ITS_OWN = "UPDATE shipping_pickup SET visit = id"


class Migration(migrations.Migration):
    dependencies = [("shipping", "0002_parcel_booked_at")]
    operations = [
        migrations.AddField("pickup", "visit", models.UUIDField(null=True)),
        migrations.RunSQL(EACH_ITS_OWN, migrations.RunSQL.noop),
        migrations.AlterField("pickup", "visit", models.UUIDField(default=uuid.uuid4, db_index=True)),
    ]
