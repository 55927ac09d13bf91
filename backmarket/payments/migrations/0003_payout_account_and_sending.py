from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_ledger_rules")]
    operations = [
        migrations.AddField("payout", "account", models.CharField(default="consumer", max_length=16)),
        migrations.AddField("payout", "party", models.CharField(blank=True, default="", max_length=40)),
        migrations.AddField("payout", "sending_at", models.DateTimeField(blank=True, null=True)),
    ]
