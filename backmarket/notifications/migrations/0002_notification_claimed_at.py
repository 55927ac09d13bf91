from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]
    operations = [migrations.AddField("notification", "claimed_at", models.DateTimeField(blank=True, null=True))]
