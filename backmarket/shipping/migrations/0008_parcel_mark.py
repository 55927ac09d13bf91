from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shipping", "0007_label_price")]

    operations = [
        migrations.AddField(
            model_name="parcel",
            name="mark",
            field=models.CharField(blank=True, db_default="", default="", max_length=30),
        ),
    ]
