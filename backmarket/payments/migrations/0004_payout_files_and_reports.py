
import backmarket.crypto
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0003_payout_account_and_sending'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='ledgermovement',
            name='label',
            field=models.CharField(blank=True, default='', max_length=160),
        ),
        migrations.AddField(
            model_name='payout',
            name='attempts',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='payout',
            name='label',
            field=models.CharField(blank=True, default='', max_length=60),
        ),
        migrations.CreateModel(
            name='PayoutFile',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('message_id', models.CharField(max_length=35, unique=True, verbose_name='message')),
                ('status', models.CharField(choices=[('made', 'to be handed to the bank'), ('handed', 'with the bank'), ('withdrawn', 'withdrawn')], default='made', max_length=12)),
                ('transfers', models.PositiveIntegerField(verbose_name='transfers')),
                ('total_minor', models.BigIntegerField(verbose_name='total')),
                ('currency', models.CharField(max_length=3)),
                ('execution_date', models.DateField(verbose_name='execution date')),
                ('content', backmarket.crypto.EncryptedTextField()),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('handed_at', models.DateTimeField(blank=True, null=True, verbose_name='handed to the bank')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
            ],
            options={
                'verbose_name': 'payout file',
                'verbose_name_plural': 'payout files',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='BankReport',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('message_id', models.CharField(max_length=35, verbose_name='report')),
                ('content', backmarket.crypto.EncryptedTextField()),
                ('rows', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(verbose_name='read')),
                ('applied_at', models.DateTimeField(blank=True, null=True, verbose_name='applied')),
                ('read_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='read by')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='payments.payoutfile', verbose_name='about')),
            ],
            options={
                'verbose_name': 'bank report',
                'verbose_name_plural': 'bank reports',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='PayoutFileItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('live', models.BooleanField(default=True)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='payments.payoutfile')),
                ('payout', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='file_items', to='payments.payout')),
            ],
            options={
                'verbose_name': 'transfer in a file',
                'verbose_name_plural': 'transfers in files',
            },
        ),
        migrations.AddConstraint(
            model_name='payoutfile',
            constraint=models.CheckConstraint(condition=models.Q(('total_minor__gt', 0), ('transfers__gt', 0)), name='payout_file_pays_something'),
        ),
        migrations.AddConstraint(
            model_name='payoutfile',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'handed'), _negated=True), ('handed_at__isnull', False), _connector='OR'), name='payout_file_handed_has_date'),
        ),
        migrations.AddConstraint(
            model_name='payoutfileitem',
            constraint=models.UniqueConstraint(fields=('file', 'payout'), name='payout_once_in_a_file'),
        ),
        migrations.AddConstraint(
            model_name='payoutfileitem',
            constraint=models.UniqueConstraint(condition=models.Q(('live', True)), fields=('payout',), name='payout_in_one_live_file'),
        ),
    ]
