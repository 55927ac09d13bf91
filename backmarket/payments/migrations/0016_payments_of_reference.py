from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0015_disputes_won_after_all'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['reference'], name='payment_of_reference'),
        ),
        migrations.AddIndex(
            model_name='payout',
            index=models.Index(fields=['party'], name='payout_of_party'),
        ),
    ]
