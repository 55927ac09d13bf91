from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0013_shipping'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['reference'], name='payment_of_reference'),
        ),
    ]
