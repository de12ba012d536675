"""All up to 0041 for a database that has none of them; one that has some takes the others.

It makes what they come to, without the rows they looked after: there are none yet.
"""

import django.contrib.auth.validators
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import django_fsm
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class AllAtOnce(migrations.SeparateDatabaseAndState):
    """The tables of the models that the operations describe.

    Django makes the models of a migration ready anew for each of its operations. Here that would
    take two hundred times as long as once.
    """

    reversible = False  # as 0008, which it replaces

    def state_forwards(self, app_label, state):
        state.__dict__.pop("apps", None)  # cached: it is made when next asked for
        super().state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for model in to_state.apps.get_app_config(app_label).get_models():
            schema_editor.create_model(model)


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('proposals', '0001_initial'),
        ('proposals', '0002_wording'),
        ('proposals', '0003_receipt_form'),
        ('proposals', '0004_histories_of_the_catalogue'),
        ('proposals', '0005_causes_and_bases'),
        ('proposals', '0006_same_text'),
        ('proposals', '0007_session_salt'),
        ('proposals', '0008_notice_transition'),
        ('proposals', '0009_first_of_a_hub'),
        ('proposals', '0010_rounds'),
        ('proposals', '0011_notice_causes'),
        ('proposals', '0012_passes'),
        ('proposals', '0013_constraint_words'),
        ('proposals', '0014_home'),
        ('proposals', '0015_ledger'),
        ('proposals', '0016_rights_changes'),
        ('proposals', '0017_filtered_flows'),
        ('proposals', '0018_remarks'),
        ('proposals', '0021_transition_moments'),
        ('proposals', '0022_watches'),
        ('proposals', '0023_unread_in_order'),
        ('proposals', '0024_newest_by_kind'),
        ('proposals', '0025_saved_views'),
        ('proposals', '0026_page_of_a_receipt'),
        ('proposals', '0029_time_zone_of_a_person'),
        ('proposals', '0030_tokens'),
        ('proposals', '0031_uploads'),
        ('proposals', '0032_webhooks'),
        ('proposals', '0035_delegations_by_system'),
        ('proposals', '0038_webhook_pause'),
        ('proposals', '0039_long_histories'),
        ('proposals', '0040_upload_words'),
        ('proposals', '0041_unread_indexes'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('post_office', '0014_alter_email_recipient_delivery_status_and_more'),
    ]

    operations = [
        AllAtOnce(state_operations=[
            migrations.CreateModel(
                name='InvolvementKind',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=100)),
                    ('name_folded', models.CharField(editable=False, max_length=255, unique=True)),
                    ('description', models.TextField(blank=True)),
                ],
                options={
                    'verbose_name': 'kind of involvement',
                    'verbose_name_plural': 'kinds of involvement',
                    'ordering': ['name'],
                },
            ),
            migrations.CreateModel(
                name='LedgerForm',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('table', models.CharField(max_length=63)),
                    ('columns', models.JSONField()),
                ],
                options={
                    'verbose_name': 'form of leaves',
                    'verbose_name_plural': 'forms of leaves',
                },
            ),
            migrations.CreateModel(
                name='PassResult',
                fields=[
                    ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                    ('at', models.DateTimeField()),
                    ('content', models.JSONField(null=True)),
                ],
                options={
                    'verbose_name': 'result of a pass',
                    'verbose_name_plural': 'results of passes',
                },
            ),
            migrations.CreateModel(
                name='Reason',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=100)),
                    ('name_folded', models.CharField(editable=False, max_length=255, unique=True)),
                    ('description', models.TextField(blank=True)),
                    ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ],
                options={
                    'ordering': ['name'],
                },
            ),
            migrations.CreateModel(
                name='WebhookEndpoint',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('address', models.CharField(help_text='https://receiver.example/waltzflow', max_length=500)),
                    ('description', models.CharField(blank=True, max_length=200)),
                    ('kinds', models.JSONField(blank=True, default=list, help_text='None chosen: all, and those to come.', verbose_name='events')),
                    ('is_active', models.BooleanField(default=True, help_text='Without it nothing is sent, and nothing is kept for it.', verbose_name='active')),
                    ('off_because', models.CharField(blank=True, editable=False, max_length=200, verbose_name='switched off')),
                    ('paused_until', models.DateTimeField(editable=False, help_text='As it asked (Retry-After).', null=True, verbose_name='wants nothing until')),
                    ('salt', models.UUIDField(default=uuid.uuid4, editable=False)),
                    ('salt_before', models.UUIDField(editable=False, null=True)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ],
                options={
                    'ordering': ['address', 'pk'],
                },
            ),
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                    ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                    ('username', models.CharField(help_text='Letters, digits and @/./+/-/_ only. With an @, it follows the mail address.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='user name')),
                    ('username_folded', models.CharField(editable=False, max_length=255, unique=True)),
                    ('name', models.CharField(max_length=200)),
                    ('email', models.EmailField(max_length=150, verbose_name='mail address')),
                    ('email_folded', models.CharField(editable=False, max_length=255, unique=True)),
                    ('employee_id', models.CharField(blank=True, max_length=64, null=True, unique=True, verbose_name='employee id')),
                    ('title', models.CharField(blank=True, max_length=200)),
                    ('session_salt', models.CharField(blank=True, db_default='', default='', editable=False, max_length=32)),
                    ('notices_wanted', models.CharField(choices=[('EACH', 'A mail for each event'), ('DIGEST', 'One mail a day'), ('NONE', 'No mail')], default='EACH', max_length=10)),
                    ('time_zone', models.CharField(blank=True, db_default='', default='', editable=False, help_text='In which they read and enter times; empty for that of the site.', max_length=64)),
                    ('search_text', models.TextField(db_default='', default='', editable=False)),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('manager', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reports', to=settings.AUTH_USER_MODEL)),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ],
                options={
                    'ordering': ['name'],
                },
            ),
            migrations.CreateModel(
                name='DataType',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=64)),
                    ('code_folded', models.CharField(editable=False, max_length=255, unique=True)),
                    ('name', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True)),
                    ('is_deprecated', models.BooleanField(default=False, help_text='Cannot be proposed any more; it stays where it is.', verbose_name='deprecated')),
                    ('is_unknown', models.BooleanField(default=False, help_text='Stands for “nobody knows yet”. Cannot be proposed.', verbose_name='unknown')),
                    ('search_text', models.TextField(db_default='', default='', editable=False)),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='proposals.datatype')),
                ],
                options={
                    'verbose_name': 'data type',
                    'ordering': ['name'],
                },
            ),
            migrations.CreateModel(
                name='HistoricalDataType',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('code', models.CharField(max_length=64)),
                    ('name', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True)),
                    ('is_deprecated', models.BooleanField(default=False, help_text='Cannot be proposed any more; it stays where it is.', verbose_name='deprecated')),
                    ('is_unknown', models.BooleanField(default=False, help_text='Stands for “nobody knows yet”. Cannot be proposed.', verbose_name='unknown')),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('parent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.datatype')),
                ],
                options={
                    'verbose_name': 'historical data type',
                    'verbose_name_plural': 'historical data types',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalInvolvementKind',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('name', models.CharField(max_length=100)),
                    ('description', models.TextField(blank=True)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical kind of involvement',
                    'verbose_name_plural': 'historical kinds of involvement',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalPolicy',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('maker_decides', models.CharField(choices=[('NEVER', 'Never: others decide'), ('OWN_SIDE', 'Own side: one side the maker may approve counts as approved on submission'), ('WALTZ', 'Both sides, as in FINOS Waltz')], default='NEVER', help_text='Whether the maker of a proposal may decide on it.', max_length=10)),
                    ('one_person_both_sides', models.BooleanField(default=True, help_text='Whether one person may take both decisions of a proposal.')),
                    ('external_auto_approval', models.BooleanField(default=False, help_text='Whether the side of an external system is approved on submission.')),
                    ('side_without_approver', models.CharField(choices=[('STEWARD', 'The stewards decide'), ('REFUSE', 'It cannot be submitted')], default='STEWARD', help_text='What happens to a side nobody may approve for.', max_length=10)),
                    ('physical_flow_required', models.BooleanField(default=False, help_text='Whether a new flow must be proposed with its physical flow.')),
                    ('later_physical_flows', models.CharField(choices=[('DIRECT', 'Straight from a maker'), ('PROPOSAL', 'Through a proposal')], default='DIRECT', help_text='How an approved logical flow takes further physical flows.', max_length=10)),
                    ('time_out_days', models.PositiveSmallIntegerField(default=30, help_text='Fixed for a proposal when it is submitted.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)])),
                    ('remind_after_days', models.PositiveSmallIntegerField(default=3, help_text='The first reminder, and the days between reminders.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)])),
                    ('api_decisions', models.BooleanField(db_default=False, default=False, help_text='Whether a program may decide for the person whose token it has.', verbose_name='decisions through the API')),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical policy',
                    'verbose_name_plural': 'historical policy',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalReason',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('name', models.CharField(max_length=100)),
                    ('description', models.TextField(blank=True)),
                    ('is_active', models.BooleanField(default=True, verbose_name='active')),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical reason',
                    'verbose_name_plural': 'historical reasons',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalUser',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                    ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                    ('username', models.CharField(db_index=True, help_text='Letters, digits and @/./+/-/_ only. With an @, it follows the mail address.', max_length=150, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='user name')),
                    ('name', models.CharField(max_length=200)),
                    ('email', models.EmailField(max_length=150, verbose_name='mail address')),
                    ('employee_id', models.CharField(blank=True, db_index=True, max_length=64, null=True, verbose_name='employee id')),
                    ('title', models.CharField(blank=True, max_length=200)),
                    ('notices_wanted', models.CharField(choices=[('EACH', 'A mail for each event'), ('DIGEST', 'One mail a day'), ('NONE', 'No mail')], default='EACH', max_length=10)),
                    ('time_zone', models.CharField(blank=True, db_default='', default='', editable=False, help_text='In which they read and enter times; empty for that of the site.', max_length=64)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('manager', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical user',
                    'verbose_name_plural': 'historical users',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalUser_groups',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('m2m_history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('group', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='auth.group')),
                    ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='proposals.historicaluser')),
                    ('user', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'HistoricalUser_groups',
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='ImportBatch',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('outcome', models.TextField()),
                    ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name_plural': 'import batches',
                    'ordering': ['-at', '-id'],
                },
            ),
            migrations.CreateModel(
                name='HistoricalPhysicalSpecification',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('cause', models.CharField(choices=[('PROPOSAL', 'A proposal'), ('IMPORT', 'An import'), ('DIRECT', 'A direct addition')], max_length=10)),
                    ('code', models.CharField(max_length=64)),
                    ('name', models.CharField(max_length=200)),
                    ('format', models.CharField(choices=[('BINARY', 'Binary'), ('DATABASE', 'Database'), ('FLAT_FILE', 'Flat file'), ('JSON', 'JSON'), ('XML', 'XML'), ('UNSTRUCTURED', 'Unstructured'), ('OTHER', 'Other'), ('UNKNOWN', 'Unknown')], default='UNKNOWN', max_length=20)),
                    ('description', models.TextField(blank=True, max_length=4000)),
                    ('lifecycle', django_fsm.FSMField(choices=[('ACTIVE', 'Active'), ('REMOVED', 'Removed')], default='ACTIVE', max_length=10, protected=True)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('cause_batch', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.importbatch')),
                ],
                options={
                    'verbose_name': 'historical physical specification',
                    'verbose_name_plural': 'historical physical specifications',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalLogicalFlow',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('cause', models.CharField(choices=[('PROPOSAL', 'A proposal'), ('IMPORT', 'An import'), ('DIRECT', 'A direct addition')], max_length=10)),
                    ('lifecycle', django_fsm.FSMField(choices=[('PENDING', 'Pending'), ('ACTIVE', 'Active'), ('REMOVED', 'Removed')], default='PENDING', max_length=10, protected=True)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('cause_batch', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.importbatch')),
                    ('origin_batch', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.importbatch')),
                ],
                options={
                    'verbose_name': 'historical logical flow',
                    'verbose_name_plural': 'historical logical flows',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='ImportedFile',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=100)),
                    ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                    ('rows', models.PositiveIntegerField()),
                    ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='proposals.importbatch')),
                ],
                options={
                    'ordering': ['id'],
                },
            ),
            migrations.CreateModel(
                name='LedgerNode',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('level', models.PositiveSmallIntegerField()),
                    ('place', models.PositiveBigIntegerField()),
                    ('sha256', models.CharField(max_length=64)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('level', 'place'), name='ledgernode_once'), models.CheckConstraint(condition=models.Q(('level__in', [8, 16, 24, 32, 40, 48, 56])), name='ledgernode_level')],
                },
            ),
            migrations.CreateModel(
                name='LogicalFlow',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('lifecycle', django_fsm.FSMField(choices=[('PENDING', 'Pending'), ('ACTIVE', 'Active'), ('REMOVED', 'Removed')], default='PENDING', max_length=10, protected=True)),
                    ('search_text', models.TextField(db_default='', default='', editable=False)),
                    ('declared_data_types', models.ManyToManyField(blank=True, related_name='declared_on', to='proposals.datatype')),
                    ('origin_batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='logical_flows', to='proposals.importbatch')),
                ],
                options={
                    'verbose_name': 'logical flow',
                    'ordering': ['source__name', 'target__name'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalLogicalFlow_declared_data_types',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('m2m_history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('datatype', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.datatype')),
                    ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='proposals.historicallogicalflow')),
                    ('logicalflow', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.logicalflow')),
                ],
                options={
                    'verbose_name': 'HistoricalLogicalFlow_declared_data_types',
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='OrganisationalUnit',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=64)),
                    ('code_folded', models.CharField(editable=False, max_length=255, unique=True)),
                    ('name', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True)),
                    ('search_text', models.TextField(db_default='', default='', editable=False)),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='proposals.organisationalunit')),
                ],
                options={
                    'verbose_name': 'organisational unit',
                    'ordering': ['name'],
                },
            ),
            migrations.AddField(
                model_name='historicaluser',
                name='organisational_unit',
                field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.organisationalunit'),
            ),
            migrations.CreateModel(
                name='HistoricalSystem',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('APPLICATION', 'Application'), ('ACTOR', 'Actor'), ('END_USER_APPLICATION', 'End-user application')], default='APPLICATION', max_length=30)),
                    ('code', models.CharField(max_length=64)),
                    ('name', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True)),
                    ('is_external', models.BooleanField(default=False, help_text='Outside the company, like a regulator.', verbose_name='external')),
                    ('lifecycle', models.CharField(choices=[('ACTIVE', 'Active'), ('PENDING', 'Pending'), ('REMOVED', 'Removed')], default='ACTIVE', help_text='A removed system takes no new proposal; its flows stay as they are.', max_length=10)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organisational_unit', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.organisationalunit')),
                ],
                options={
                    'verbose_name': 'historical system',
                    'verbose_name_plural': 'historical systems',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalOrganisationalUnit',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('code', models.CharField(max_length=64)),
                    ('name', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('parent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.organisationalunit')),
                ],
                options={
                    'verbose_name': 'historical organisational unit',
                    'verbose_name_plural': 'historical organisational units',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.AddField(
                model_name='user',
                name='organisational_unit',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='proposals.organisationalunit'),
            ),
            migrations.CreateModel(
                name='PhysicalSpecification',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=64)),
                    ('code_folded', models.CharField(editable=False, max_length=255, unique=True)),
                    ('name', models.CharField(max_length=200)),
                    ('format', models.CharField(choices=[('BINARY', 'Binary'), ('DATABASE', 'Database'), ('FLAT_FILE', 'Flat file'), ('JSON', 'JSON'), ('XML', 'XML'), ('UNSTRUCTURED', 'Unstructured'), ('OTHER', 'Other'), ('UNKNOWN', 'Unknown')], default='UNKNOWN', max_length=20)),
                    ('description', models.TextField(blank=True, max_length=4000)),
                    ('lifecycle', django_fsm.FSMField(choices=[('ACTIVE', 'Active'), ('REMOVED', 'Removed')], default='ACTIVE', max_length=10, protected=True)),
                    ('search_text', models.TextField(db_default='', default='', editable=False)),
                    ('data_types', models.ManyToManyField(blank=True, related_name='specifications', to='proposals.datatype')),
                ],
                options={
                    'verbose_name': 'physical specification',
                    'ordering': ['name', 'code'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='PhysicalFlow',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(blank=True, max_length=200, verbose_name='flow name')),
                    ('transport', models.CharField(blank=True, choices=[('DATABASE_CONNECTION', 'Database connection'), ('EMAIL', 'Email'), ('FILE_SHARE', 'File share'), ('FILE_TRANSPORT', 'File transport'), ('MANUAL', 'Manual'), ('MESSAGING', 'Messaging'), ('OTHER', 'Other'), ('RPC', 'RPC'), ('UDP', 'UDP'), ('UNKNOWN', 'Unknown'), ('WEB', 'Web')], max_length=30)),
                    ('frequency', models.CharField(blank=True, choices=[('REAL_TIME', 'Real time'), ('INTRA_DAY', 'Intraday'), ('DAILY', 'Daily'), ('WEEKLY', 'Weekly'), ('MONTHLY', 'Monthly'), ('QUARTERLY', 'Quarterly'), ('BIANNUALLY', 'Twice a year'), ('YEARLY', 'Yearly'), ('ON_DEMAND', 'On demand'), ('UNKNOWN', 'Unknown')], max_length=30)),
                    ('basis_offset', models.SmallIntegerField(blank=True, help_text='Days after the business date: 0 for the same day, 1 for T+1, -1 for the day before.', null=True, validators=[django.core.validators.MinValueValidator(-999), django.core.validators.MaxValueValidator(999)])),
                    ('criticality', models.CharField(blank=True, choices=[('VERY_HIGH', 'Very high'), ('HIGH', 'High'), ('MEDIUM', 'Medium'), ('LOW', 'Low'), ('NONE', 'None'), ('UNKNOWN', 'Unknown')], max_length=10)),
                    ('description', models.TextField(blank=True, max_length=4000, verbose_name='flow description')),
                    ('external_id', models.CharField(blank=True, max_length=200, verbose_name='external id')),
                    ('content_key', models.CharField(blank=True, editable=False, max_length=64)),
                    ('lifecycle', django_fsm.FSMField(choices=[('ACTIVE', 'Active'), ('REMOVED', 'Removed')], default='ACTIVE', max_length=10, protected=True)),
                    ('search_text', models.TextField(db_default='', default='', editable=False)),
                    ('added_by', models.ForeignKey(help_text='Who added it later to an approved flow; empty when its proposal or an import made it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='added_physical_flows', to=settings.AUTH_USER_MODEL)),
                    ('logical_flow', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='physical_flows', to='proposals.logicalflow')),
                    ('origin_batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='physical_flows', to='proposals.importbatch')),
                    ('specification', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='physical_flows', to='proposals.physicalspecification')),
                ],
                options={
                    'verbose_name': 'physical flow',
                    'ordering': ['logical_flow', 'specification__name', 'id'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalProposal',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('cause', models.CharField(choices=[('PROPOSAL', 'A proposal'), ('IMPORT', 'An import'), ('DIRECT', 'A direct addition')], max_length=10)),
                    ('name', models.CharField(blank=True, max_length=200, verbose_name='flow name')),
                    ('transport', models.CharField(blank=True, choices=[('DATABASE_CONNECTION', 'Database connection'), ('EMAIL', 'Email'), ('FILE_SHARE', 'File share'), ('FILE_TRANSPORT', 'File transport'), ('MANUAL', 'Manual'), ('MESSAGING', 'Messaging'), ('OTHER', 'Other'), ('RPC', 'RPC'), ('UDP', 'UDP'), ('UNKNOWN', 'Unknown'), ('WEB', 'Web')], max_length=30)),
                    ('frequency', models.CharField(blank=True, choices=[('REAL_TIME', 'Real time'), ('INTRA_DAY', 'Intraday'), ('DAILY', 'Daily'), ('WEEKLY', 'Weekly'), ('MONTHLY', 'Monthly'), ('QUARTERLY', 'Quarterly'), ('BIANNUALLY', 'Twice a year'), ('YEARLY', 'Yearly'), ('ON_DEMAND', 'On demand'), ('UNKNOWN', 'Unknown')], max_length=30)),
                    ('basis_offset', models.SmallIntegerField(blank=True, help_text='Days after the business date: 0 for the same day, 1 for T+1, -1 for the day before.', null=True, validators=[django.core.validators.MinValueValidator(-999), django.core.validators.MaxValueValidator(999)])),
                    ('criticality', models.CharField(blank=True, choices=[('VERY_HIGH', 'Very high'), ('HIGH', 'High'), ('MEDIUM', 'Medium'), ('LOW', 'Low'), ('NONE', 'None'), ('UNKNOWN', 'Unknown')], max_length=10)),
                    ('description', models.TextField(blank=True, max_length=4000, verbose_name='flow description')),
                    ('external_id', models.CharField(blank=True, max_length=200, verbose_name='external id')),
                    ('content_key', models.CharField(blank=True, editable=False, max_length=64)),
                    ('state', django_fsm.FSMField(choices=[('PROPOSED_CREATE', 'Draft'), ('PENDING_APPROVALS', 'Pending approvals'), ('SOURCE_APPROVED', 'Source approved'), ('TARGET_APPROVED', 'Target approved'), ('FULLY_APPROVED', 'Fully approved'), ('SOURCE_REJECTED', 'Source rejected'), ('TARGET_REJECTED', 'Target rejected'), ('RETURNED', 'Changes requested'), ('CANCELLED', 'Cancelled'), ('TIMED_OUT', 'Timed out')], default='PROPOSED_CREATE', max_length=30, protected=True)),
                    ('type', models.CharField(choices=[('CREATE', 'New flow'), ('EDIT', 'Change'), ('DELETE', 'Removal')], default='CREATE', max_length=10)),
                    ('justification', models.TextField(blank=True, help_text='What the approvers should know.', max_length=4000)),
                    ('with_physical_flow', models.BooleanField(default=True, verbose_name='with a physical flow')),
                    ('specification_name', models.CharField(blank=True, max_length=200)),
                    ('specification_format', models.CharField(blank=True, choices=[('BINARY', 'Binary'), ('DATABASE', 'Database'), ('FLAT_FILE', 'Flat file'), ('JSON', 'JSON'), ('XML', 'XML'), ('UNSTRUCTURED', 'Unstructured'), ('OTHER', 'Other'), ('UNKNOWN', 'Unknown')], max_length=20)),
                    ('specification_description', models.TextField(blank=True, max_length=4000)),
                    ('read_physical_flow_version', models.BigIntegerField(editable=False, null=True)),
                    ('read_specification_version', models.BigIntegerField(editable=False, null=True)),
                    ('read_logical_flow_version', models.BigIntegerField(editable=False, null=True)),
                    ('round_number', models.PositiveSmallIntegerField(default=1, editable=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('submitted_at', models.DateTimeField(editable=False, null=True)),
                    ('due_at', models.DateTimeField(editable=False, null=True)),
                    ('closed_at', models.DateTimeField(editable=False, null=True)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('maker', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('cause_batch', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.importbatch')),
                    ('concerned_logical_flow', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.logicalflow')),
                    ('result_logical_flow', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.logicalflow')),
                    ('concerned_physical_flow', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.physicalflow')),
                    ('result_physical_flow', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.physicalflow')),
                    ('result_specification', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.physicalspecification')),
                    ('specification', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.physicalspecification')),
                ],
                options={
                    'verbose_name': 'historical proposal',
                    'verbose_name_plural': 'historical proposals',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalPhysicalSpecification_data_types',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('m2m_history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('datatype', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.datatype')),
                    ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='proposals.historicalphysicalspecification')),
                    ('physicalspecification', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.physicalspecification')),
                ],
                options={
                    'verbose_name': 'HistoricalPhysicalSpecification_data_types',
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Policy',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('maker_decides', models.CharField(choices=[('NEVER', 'Never: others decide'), ('OWN_SIDE', 'Own side: one side the maker may approve counts as approved on submission'), ('WALTZ', 'Both sides, as in FINOS Waltz')], default='NEVER', help_text='Whether the maker of a proposal may decide on it.', max_length=10)),
                    ('one_person_both_sides', models.BooleanField(default=True, help_text='Whether one person may take both decisions of a proposal.')),
                    ('external_auto_approval', models.BooleanField(default=False, help_text='Whether the side of an external system is approved on submission.')),
                    ('side_without_approver', models.CharField(choices=[('STEWARD', 'The stewards decide'), ('REFUSE', 'It cannot be submitted')], default='STEWARD', help_text='What happens to a side nobody may approve for.', max_length=10)),
                    ('physical_flow_required', models.BooleanField(default=False, help_text='Whether a new flow must be proposed with its physical flow.')),
                    ('later_physical_flows', models.CharField(choices=[('DIRECT', 'Straight from a maker'), ('PROPOSAL', 'Through a proposal')], default='DIRECT', help_text='How an approved logical flow takes further physical flows.', max_length=10)),
                    ('time_out_days', models.PositiveSmallIntegerField(default=30, help_text='Fixed for a proposal when it is submitted.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)])),
                    ('remind_after_days', models.PositiveSmallIntegerField(default=3, help_text='The first reminder, and the days between reminders.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)])),
                    ('api_decisions', models.BooleanField(db_default=False, default=False, help_text='Whether a program may decide for the person whose token it has.', verbose_name='decisions through the API')),
                ],
                options={
                    'verbose_name_plural': 'policy',
                    'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='policy_is_one_row'), models.CheckConstraint(condition=models.Q(('maker_decides__in', ['NEVER', 'OWN_SIDE', 'WALTZ'])), name='policy_maker_decides'), models.CheckConstraint(condition=models.Q(('side_without_approver__in', ['STEWARD', 'REFUSE'])), name='policy_side_without_approver'), models.CheckConstraint(condition=models.Q(('later_physical_flows__in', ['DIRECT', 'PROPOSAL'])), name='policy_later_physical_flows'), models.CheckConstraint(condition=models.Q(('time_out_days__range', (1, 3650))), name='policy_time_out_days', violation_error_message='Choose 1 to 3650 days.'), models.CheckConstraint(condition=models.Q(('remind_after_days__range', (1, 3650))), name='policy_remind_after_days', violation_error_message='Choose 1 to 3650 days.')],
                },
            ),
            migrations.CreateModel(
                name='Proposal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(blank=True, max_length=200, verbose_name='flow name')),
                    ('transport', models.CharField(blank=True, choices=[('DATABASE_CONNECTION', 'Database connection'), ('EMAIL', 'Email'), ('FILE_SHARE', 'File share'), ('FILE_TRANSPORT', 'File transport'), ('MANUAL', 'Manual'), ('MESSAGING', 'Messaging'), ('OTHER', 'Other'), ('RPC', 'RPC'), ('UDP', 'UDP'), ('UNKNOWN', 'Unknown'), ('WEB', 'Web')], max_length=30)),
                    ('frequency', models.CharField(blank=True, choices=[('REAL_TIME', 'Real time'), ('INTRA_DAY', 'Intraday'), ('DAILY', 'Daily'), ('WEEKLY', 'Weekly'), ('MONTHLY', 'Monthly'), ('QUARTERLY', 'Quarterly'), ('BIANNUALLY', 'Twice a year'), ('YEARLY', 'Yearly'), ('ON_DEMAND', 'On demand'), ('UNKNOWN', 'Unknown')], max_length=30)),
                    ('basis_offset', models.SmallIntegerField(blank=True, help_text='Days after the business date: 0 for the same day, 1 for T+1, -1 for the day before.', null=True, validators=[django.core.validators.MinValueValidator(-999), django.core.validators.MaxValueValidator(999)])),
                    ('criticality', models.CharField(blank=True, choices=[('VERY_HIGH', 'Very high'), ('HIGH', 'High'), ('MEDIUM', 'Medium'), ('LOW', 'Low'), ('NONE', 'None'), ('UNKNOWN', 'Unknown')], max_length=10)),
                    ('description', models.TextField(blank=True, max_length=4000, verbose_name='flow description')),
                    ('external_id', models.CharField(blank=True, max_length=200, verbose_name='external id')),
                    ('content_key', models.CharField(blank=True, editable=False, max_length=64)),
                    ('state', django_fsm.FSMField(choices=[('PROPOSED_CREATE', 'Draft'), ('PENDING_APPROVALS', 'Pending approvals'), ('SOURCE_APPROVED', 'Source approved'), ('TARGET_APPROVED', 'Target approved'), ('FULLY_APPROVED', 'Fully approved'), ('SOURCE_REJECTED', 'Source rejected'), ('TARGET_REJECTED', 'Target rejected'), ('RETURNED', 'Changes requested'), ('CANCELLED', 'Cancelled'), ('TIMED_OUT', 'Timed out')], default='PROPOSED_CREATE', max_length=30, protected=True)),
                    ('type', models.CharField(choices=[('CREATE', 'New flow'), ('EDIT', 'Change'), ('DELETE', 'Removal')], default='CREATE', max_length=10)),
                    ('justification', models.TextField(blank=True, help_text='What the approvers should know.', max_length=4000)),
                    ('with_physical_flow', models.BooleanField(default=True, verbose_name='with a physical flow')),
                    ('specification_name', models.CharField(blank=True, max_length=200)),
                    ('specification_format', models.CharField(blank=True, choices=[('BINARY', 'Binary'), ('DATABASE', 'Database'), ('FLAT_FILE', 'Flat file'), ('JSON', 'JSON'), ('XML', 'XML'), ('UNSTRUCTURED', 'Unstructured'), ('OTHER', 'Other'), ('UNKNOWN', 'Unknown')], max_length=20)),
                    ('specification_description', models.TextField(blank=True, max_length=4000)),
                    ('read_physical_flow_version', models.BigIntegerField(editable=False, null=True)),
                    ('read_specification_version', models.BigIntegerField(editable=False, null=True)),
                    ('read_logical_flow_version', models.BigIntegerField(editable=False, null=True)),
                    ('round_number', models.PositiveSmallIntegerField(default=1, editable=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('submitted_at', models.DateTimeField(editable=False, null=True)),
                    ('due_at', models.DateTimeField(editable=False, null=True)),
                    ('closed_at', models.DateTimeField(editable=False, null=True)),
                    ('search_text', models.TextField(db_default='', default='', editable=False)),
                    ('concerned_logical_flow', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='removals_proposed', to='proposals.logicalflow')),
                    ('concerned_physical_flow', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes_proposed', to='proposals.physicalflow')),
                    ('data_types', models.ManyToManyField(blank=True, related_name='proposals', to='proposals.datatype')),
                    ('first_round', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='later_rounds', to='proposals.proposal')),
                    ('maker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to=settings.AUTH_USER_MODEL)),
                    ('result_logical_flow', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='proposals.logicalflow')),
                    ('result_physical_flow', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='resulted_from', to='proposals.physicalflow')),
                    ('result_specification', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='resulted_from', to='proposals.physicalspecification')),
                    ('revises', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='proposals.proposal')),
                    ('specification', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='proposals.physicalspecification')),
                    ('reason', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='proposals.reason')),
                ],
                options={
                    'ordering': ['-id'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.AddField(
                model_name='physicalflow',
                name='origin_proposal',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='originated_physical_flows', to='proposals.proposal'),
            ),
            migrations.AddField(
                model_name='logicalflow',
                name='origin_proposal',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='originated_logical_flows', to='proposals.proposal'),
            ),
            migrations.CreateModel(
                name='HistoricalProposal_data_types',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('m2m_history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('datatype', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.datatype')),
                    ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='proposals.historicalproposal')),
                    ('proposal', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal')),
                ],
                options={
                    'verbose_name': 'HistoricalProposal_data_types',
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.AddField(
                model_name='historicalproposal',
                name='cause_proposal',
                field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal'),
            ),
            migrations.AddField(
                model_name='historicalproposal',
                name='first_round',
                field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal'),
            ),
            migrations.AddField(
                model_name='historicalproposal',
                name='revises',
                field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal'),
            ),
            migrations.AddField(
                model_name='historicalphysicalspecification',
                name='cause_proposal',
                field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal'),
            ),
            migrations.CreateModel(
                name='HistoricalPhysicalFlow',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('cause', models.CharField(choices=[('PROPOSAL', 'A proposal'), ('IMPORT', 'An import'), ('DIRECT', 'A direct addition')], max_length=10)),
                    ('name', models.CharField(blank=True, max_length=200, verbose_name='flow name')),
                    ('transport', models.CharField(blank=True, choices=[('DATABASE_CONNECTION', 'Database connection'), ('EMAIL', 'Email'), ('FILE_SHARE', 'File share'), ('FILE_TRANSPORT', 'File transport'), ('MANUAL', 'Manual'), ('MESSAGING', 'Messaging'), ('OTHER', 'Other'), ('RPC', 'RPC'), ('UDP', 'UDP'), ('UNKNOWN', 'Unknown'), ('WEB', 'Web')], max_length=30)),
                    ('frequency', models.CharField(blank=True, choices=[('REAL_TIME', 'Real time'), ('INTRA_DAY', 'Intraday'), ('DAILY', 'Daily'), ('WEEKLY', 'Weekly'), ('MONTHLY', 'Monthly'), ('QUARTERLY', 'Quarterly'), ('BIANNUALLY', 'Twice a year'), ('YEARLY', 'Yearly'), ('ON_DEMAND', 'On demand'), ('UNKNOWN', 'Unknown')], max_length=30)),
                    ('basis_offset', models.SmallIntegerField(blank=True, help_text='Days after the business date: 0 for the same day, 1 for T+1, -1 for the day before.', null=True, validators=[django.core.validators.MinValueValidator(-999), django.core.validators.MaxValueValidator(999)])),
                    ('criticality', models.CharField(blank=True, choices=[('VERY_HIGH', 'Very high'), ('HIGH', 'High'), ('MEDIUM', 'Medium'), ('LOW', 'Low'), ('NONE', 'None'), ('UNKNOWN', 'Unknown')], max_length=10)),
                    ('description', models.TextField(blank=True, max_length=4000, verbose_name='flow description')),
                    ('external_id', models.CharField(blank=True, max_length=200, verbose_name='external id')),
                    ('content_key', models.CharField(blank=True, editable=False, max_length=64)),
                    ('lifecycle', django_fsm.FSMField(choices=[('ACTIVE', 'Active'), ('REMOVED', 'Removed')], default='ACTIVE', max_length=10, protected=True)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('added_by', models.ForeignKey(blank=True, db_constraint=False, help_text='Who added it later to an approved flow; empty when its proposal or an import made it.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('cause_batch', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.importbatch')),
                    ('origin_batch', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.importbatch')),
                    ('logical_flow', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.logicalflow')),
                    ('specification', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.physicalspecification')),
                    ('cause_proposal', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal')),
                    ('origin_proposal', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal')),
                ],
                options={
                    'verbose_name': 'historical physical flow',
                    'verbose_name_plural': 'historical physical flows',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.AddField(
                model_name='historicallogicalflow',
                name='cause_proposal',
                field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal'),
            ),
            migrations.AddField(
                model_name='historicallogicalflow',
                name='origin_proposal',
                field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal'),
            ),
            migrations.AddField(
                model_name='historicalproposal',
                name='reason',
                field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.reason'),
            ),
            migrations.CreateModel(
                name='Receipt',
                fields=[
                    ('key', models.UUIDField(primary_key=True, serialize=False)),
                    ('form', models.UUIDField(db_index=True)),
                    ('at', models.DateTimeField(db_index=True)),
                    ('page', models.TextField(blank=True)),
                    ('results', models.JSONField(default=list)),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='Remark',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('topic', models.CharField(blank=True, help_text='The field it is about; empty for the whole proposal.', max_length=30)),
                    ('text', models.TextField(max_length=4000)),
                    ('at', models.DateTimeField()),
                    ('answers', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answered_by', to='proposals.remark')),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='remarks', to=settings.AUTH_USER_MODEL)),
                    ('mentioned', models.ManyToManyField(related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='remarks', to='proposals.proposal')),
                ],
                options={
                    'ordering': ['at', 'pk'],
                },
            ),
            migrations.CreateModel(
                name='RightsChange',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('systems', models.JSONField(null=True)),
                    ('done_at', models.DateTimeField(null=True)),
                    ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='SavedView',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('list_name', models.CharField(choices=[('proposals', 'Proposals'), ('systems', 'Systems'), ('flows', 'Flows')], max_length=20, verbose_name='list')),
                    ('name', models.CharField(max_length=60)),
                    ('query', models.CharField(max_length=2000)),
                    ('is_shared', models.BooleanField(default=False, verbose_name='shared with everybody')),
                    ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'saved view',
                    'ordering': ['name', 'pk'],
                },
            ),
            migrations.CreateModel(
                name='System',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('APPLICATION', 'Application'), ('ACTOR', 'Actor'), ('END_USER_APPLICATION', 'End-user application')], default='APPLICATION', max_length=30)),
                    ('code', models.CharField(max_length=64)),
                    ('code_folded', models.CharField(editable=False, max_length=255, unique=True)),
                    ('name', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True)),
                    ('is_external', models.BooleanField(default=False, help_text='Outside the company, like a regulator.', verbose_name='external')),
                    ('lifecycle', models.CharField(choices=[('ACTIVE', 'Active'), ('PENDING', 'Pending'), ('REMOVED', 'Removed')], default='ACTIVE', help_text='A removed system takes no new proposal; its flows stay as they are.', max_length=10)),
                    ('search_text', models.TextField(db_default='', default='', editable=False)),
                    ('organisational_unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='proposals.organisationalunit')),
                ],
                options={
                    'ordering': ['name'],
                },
            ),
            migrations.AddField(
                model_name='proposal',
                name='source',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals_out', to='proposals.system'),
            ),
            migrations.AddField(
                model_name='proposal',
                name='target',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals_in', to='proposals.system'),
            ),
            migrations.AddField(
                model_name='physicalspecification',
                name='owner',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='specifications', to='proposals.system'),
            ),
            migrations.AddField(
                model_name='logicalflow',
                name='source',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flows_out', to='proposals.system'),
            ),
            migrations.AddField(
                model_name='logicalflow',
                name='target',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flows_in', to='proposals.system'),
            ),
            migrations.CreateModel(
                name='Involvement',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('ended_at', models.DateTimeField(blank=True, help_text='From this moment the involvement gives no right. Not in the future.', null=True)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='involvements', to=settings.AUTH_USER_MODEL)),
                    ('kind', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='proposals.involvementkind')),
                    ('system', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='involvements', to='proposals.system')),
                ],
                options={
                    'ordering': ['system__name', 'kind__name', 'user__name'],
                },
            ),
            migrations.AddField(
                model_name='historicalproposal',
                name='source',
                field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.system'),
            ),
            migrations.AddField(
                model_name='historicalproposal',
                name='target',
                field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.system'),
            ),
            migrations.AddField(
                model_name='historicalphysicalspecification',
                name='owner',
                field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.system'),
            ),
            migrations.AddField(
                model_name='historicallogicalflow',
                name='source',
                field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.system'),
            ),
            migrations.AddField(
                model_name='historicallogicalflow',
                name='target',
                field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.system'),
            ),
            migrations.CreateModel(
                name='HistoricalInvolvement',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('ended_at', models.DateTimeField(blank=True, help_text='From this moment the involvement gives no right. Not in the future.', null=True)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('kind', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.involvementkind')),
                    ('system', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.system')),
                ],
                options={
                    'verbose_name': 'historical involvement',
                    'verbose_name_plural': 'historical involvements',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalDelegation',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('starts_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('ends_at', models.DateTimeField()),
                    ('note', models.TextField(blank=True)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('delegate', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('delegator', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('system', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.system')),
                ],
                options={
                    'verbose_name': 'historical delegation',
                    'verbose_name_plural': 'historical delegations',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalApproverRule',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('system_kind', models.CharField(choices=[('APPLICATION', 'Application'), ('ACTOR', 'Actor'), ('END_USER_APPLICATION', 'End-user application')], max_length=30)),
                    ('may_approve', models.BooleanField(default=True)),
                    ('may_reject', models.BooleanField(default=True)),
                    ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('involvement_kind', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.involvementkind')),
                    ('system', models.ForeignKey(blank=True, db_constraint=False, help_text='Leave empty for every system of the kind. Naming one replaces all general rules for it.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.system')),
                ],
                options={
                    'verbose_name': 'historical approver rule',
                    'verbose_name_plural': 'historical approver rules',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Delegation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('starts_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('ends_at', models.DateTimeField()),
                    ('note', models.TextField(blank=True)),
                    ('delegate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations_taken', to=settings.AUTH_USER_MODEL)),
                    ('delegator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations_given', to=settings.AUTH_USER_MODEL)),
                    ('system', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to='proposals.system')),
                ],
                options={
                    'ordering': ['-starts_at'],
                },
            ),
            migrations.CreateModel(
                name='ApproverRule',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('system_kind', models.CharField(choices=[('APPLICATION', 'Application'), ('ACTOR', 'Actor'), ('END_USER_APPLICATION', 'End-user application')], max_length=30)),
                    ('may_approve', models.BooleanField(default=True)),
                    ('may_reject', models.BooleanField(default=True)),
                    ('involvement_kind', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='proposals.involvementkind')),
                    ('system', models.ForeignKey(blank=True, help_text='Leave empty for every system of the kind. Naming one replaces all general rules for it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='approver_rules', to='proposals.system')),
                ],
                options={
                    'verbose_name': 'approver rule',
                    'ordering': ['system_kind', 'system__name', 'involvement_kind__name'],
                },
            ),
            migrations.CreateModel(
                name='Token',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(help_text='What uses it: “nightly import”, “gateway”.', max_length=60)),
                    ('may_read', models.BooleanField(default=True, verbose_name='Read what its owner may read')),
                    ('may_propose', models.BooleanField(default=False, verbose_name='Propose, revise, remark and cancel')),
                    ('may_decide', models.BooleanField(default=False, verbose_name='Approve, reject and request changes')),
                    ('digest', models.CharField(editable=False, max_length=64)),
                    ('created_at', models.DateTimeField()),
                    ('expires_at', models.DateTimeField(verbose_name='ends')),
                    ('last_used_at', models.DateTimeField(null=True, verbose_name='last used')),
                    ('used', models.PositiveIntegerField(default=0)),
                    ('withdrawn_at', models.DateTimeField(null=True, verbose_name='withdrawn')),
                    ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to=settings.AUTH_USER_MODEL)),
                    ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'ordering': ['-created_at', '-pk'],
                },
            ),
            migrations.CreateModel(
                name='Transition',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveSmallIntegerField()),
                    ('action', models.CharField(max_length=30)),
                    ('from_state', models.CharField(choices=[('PROPOSED_CREATE', 'Draft'), ('PENDING_APPROVALS', 'Pending approvals'), ('SOURCE_APPROVED', 'Source approved'), ('TARGET_APPROVED', 'Target approved'), ('FULLY_APPROVED', 'Fully approved'), ('SOURCE_REJECTED', 'Source rejected'), ('TARGET_REJECTED', 'Target rejected'), ('RETURNED', 'Changes requested'), ('CANCELLED', 'Cancelled'), ('TIMED_OUT', 'Timed out')], max_length=30)),
                    ('to_state', models.CharField(choices=[('PROPOSED_CREATE', 'Draft'), ('PENDING_APPROVALS', 'Pending approvals'), ('SOURCE_APPROVED', 'Source approved'), ('TARGET_APPROVED', 'Target approved'), ('FULLY_APPROVED', 'Fully approved'), ('SOURCE_REJECTED', 'Source rejected'), ('TARGET_REJECTED', 'Target rejected'), ('RETURNED', 'Changes requested'), ('CANCELLED', 'Cancelled'), ('TIMED_OUT', 'Timed out')], max_length=30)),
                    ('side', models.CharField(blank=True, choices=[('SOURCE', 'Source'), ('TARGET', 'Target')], max_length=10)),
                    ('capacity', models.TextField(help_text='The right it was done by, as it read that moment.')),
                    ('basis', models.CharField(choices=[('MAKER', 'Maker'), ('INVOLVEMENT', 'Involvement'), ('STEWARD', 'Steward'), ('EXTERNAL', 'External system'), ('BOTH_SIDES', 'Both sides have approved'), ('CLOCK', 'Clock')], max_length=20)),
                    ('comment', models.TextField(blank=True, max_length=4000)),
                    ('automatic', models.BooleanField(default=False)),
                    ('token', models.CharField(blank=True, db_default='', default='', help_text="The person's token that it was done with; empty if they did it on a page.", max_length=60)),
                    ('at', models.DateTimeField()),
                    ('by', models.ForeignKey(help_text='Empty if the clock did it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transitions', to=settings.AUTH_USER_MODEL)),
                    ('delegation', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.historicaldelegation')),
                    ('involvement', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.historicalinvolvement')),
                    ('on_behalf_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transitions_by_delegates', to=settings.AUTH_USER_MODEL)),
                    ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transitions', to='proposals.historicalpolicy')),
                    ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transitions', to='proposals.proposal')),
                    ('rule', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.historicalapproverrule')),
                    ('stewardship', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.historicaluser_groups')),
                ],
                options={
                    'ordering': ['proposal_id', 'number'],
                },
            ),
            migrations.CreateModel(
                name='Notice',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('reminder_day', models.PositiveSmallIntegerField(default=0, help_text='Of a reminder: how many days after the submission. Otherwise 0.')),
                    ('summary', models.TextField()),
                    ('at', models.DateTimeField()),
                    ('withdrawn', models.BooleanField(default=False)),
                    ('read_at', models.DateTimeField(help_text='When the recipient marked it as read; a request is, from the start.', null=True)),
                    ('delegation', models.ForeignKey(help_text='As it was made, or ended before its time.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='proposals.historicaldelegation')),
                    ('mail', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='post_office.email')),
                    ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to=settings.AUTH_USER_MODEL)),
                    ('physical_flow', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='proposals.physicalflow')),
                    ('proposal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='proposals.proposal')),
                    ('remark', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='proposals.remark')),
                    ('transition', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='proposals.transition')),
                ],
            ),
            migrations.CreateModel(
                name='Upload',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('PROPOSALS', 'Proposals'), ('CATALOGUE', 'Catalogue')], max_length=10)),
                    ('state', models.CharField(choices=[('READING', 'Being looked at'), ('BAD', 'To be mended'), ('JUDGED', 'To be confirmed'), ('CONFIRMED', 'Being carried out'), ('DONE', 'Done')], default='READING', max_length=10)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('name', models.CharField(max_length=200)),
                    ('sha256', models.CharField(max_length=64)),
                    ('keeps_drafts', models.BooleanField(default=False)),
                    ('problems', models.JSONField(default=list)),
                    ('report', models.JSONField(null=True)),
                    ('rows_done', models.PositiveIntegerField(default=0)),
                    ('rows_total', models.PositiveIntegerField(default=0)),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='UploadedFile',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=200)),
                    ('data', models.BinaryField()),
                    ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='proposals.upload')),
                ],
            ),
            migrations.CreateModel(
                name='UploadedRow',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('line', models.PositiveIntegerField()),
                    ('texts', models.JSONField()),
                    ('outcome', models.CharField(choices=[('WAITING', 'Not looked at yet'), ('READY', 'Will be submitted'), ('UNFINISHED', 'Not complete'), ('TWIN', 'There already'), ('REFUSED', 'Refused'), ('SUBMITTED', 'Submitted'), ('KEPT', 'Kept as a draft')], default='WAITING', max_length=10)),
                    ('sentence', models.TextField(blank=True)),
                    ('key', models.CharField(blank=True, max_length=64)),
                    ('proposal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.proposal')),
                    ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='proposals.upload')),
                ],
            ),
            migrations.CreateModel(
                name='Watch',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('since', models.DateTimeField()),
                    ('proposal', models.ForeignKey(help_text='The first round, which stands for all of them.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='watches', to='proposals.proposal')),
                    ('system', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='watches', to='proposals.system')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='watches', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name_plural': 'watches',
                    'ordering': ['-since', '-pk'],
                },
            ),
            migrations.CreateModel(
                name='WebhookDelivery',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('message_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                    ('kind', models.CharField(max_length=60, verbose_name='event')),
                    ('body', models.TextField()),
                    ('at', models.DateTimeField(verbose_name='happened')),
                    ('state', models.CharField(choices=[('WAITING', 'Waiting'), ('DELIVERED', 'Delivered'), ('GIVEN_UP', 'Given up')], default='WAITING', editable=False, max_length=10)),
                    ('due_at', models.DateTimeField(null=True, verbose_name='next try')),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('tried_at', models.DateTimeField(null=True, verbose_name='last try')),
                    ('answer', models.CharField(blank=True, max_length=200)),
                    ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='proposals.webhookendpoint')),
                ],
                options={
                    'verbose_name_plural': 'webhook deliveries',
                    'ordering': ['-pk'],
                },
            ),
            migrations.CreateModel(
                name='LedgerLeaf',
                fields=[
                    ('number', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                    ('table', models.CharField(max_length=63)),
                    ('row', models.PositiveBigIntegerField()),
                    ('salt', models.CharField(max_length=32)),
                    ('sha256', models.CharField(max_length=64)),
                    ('form', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.ledgerform')),
                ],
                options={
                    'verbose_name_plural': 'ledger leaves',
                    'constraints': [models.UniqueConstraint(fields=('table', 'row'), name='ledgerleaf_once_per_row')],
                },
            ),
            migrations.AddConstraint(
                model_name='user',
                constraint=models.CheckConstraint(condition=models.Q(('employee_id', ''), _negated=True), name='user_employee_id_not_empty', violation_error_message='An employee id is no empty text.'),
            ),
            migrations.AddConstraint(
                model_name='user',
                constraint=models.CheckConstraint(condition=models.Q(('notices_wanted__in', ['EACH', 'DIGEST', 'NONE'])), name='user_notices_wanted'),
            ),
            migrations.AddIndex(
                model_name='physicalflow',
                index=models.Index(condition=models.Q(('lifecycle', 'ACTIVE')), fields=['specification', 'id'], name='physical_flow_active_specified'),
            ),
            migrations.AddIndex(
                model_name='physicalflow',
                index=models.Index(condition=models.Q(('lifecycle', 'ACTIVE')), fields=['transport', 'logical_flow'], name='physical_active_transport'),
            ),
            migrations.AddIndex(
                model_name='physicalflow',
                index=models.Index(condition=models.Q(('lifecycle', 'ACTIVE')), fields=['frequency', 'logical_flow'], name='physical_active_frequency'),
            ),
            migrations.AddIndex(
                model_name='physicalflow',
                index=models.Index(condition=models.Q(('lifecycle', 'ACTIVE')), fields=['criticality', 'logical_flow'], name='physical_active_criticality'),
            ),
            migrations.AddConstraint(
                model_name='physicalflow',
                constraint=models.CheckConstraint(condition=models.Q(('transport__in', ['', 'DATABASE_CONNECTION', 'EMAIL', 'FILE_SHARE', 'FILE_TRANSPORT', 'MANUAL', 'MESSAGING', 'OTHER', 'RPC', 'UDP', 'UNKNOWN', 'WEB'])), name='physical_flow_transport'),
            ),
            migrations.AddConstraint(
                model_name='physicalflow',
                constraint=models.CheckConstraint(condition=models.Q(('frequency__in', ['', 'REAL_TIME', 'INTRA_DAY', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'BIANNUALLY', 'YEARLY', 'ON_DEMAND', 'UNKNOWN'])), name='physical_flow_frequency'),
            ),
            migrations.AddConstraint(
                model_name='physicalflow',
                constraint=models.CheckConstraint(condition=models.Q(('criticality__in', ['', 'VERY_HIGH', 'HIGH', 'MEDIUM', 'LOW', 'NONE', 'UNKNOWN'])), name='physical_flow_criticality'),
            ),
            migrations.AddConstraint(
                model_name='physicalflow',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('pk__isnull', False), _negated=True), models.Q(('basis_offset__isnull', False), models.Q(('transport', ''), _negated=True), models.Q(('frequency', ''), _negated=True), models.Q(('criticality', ''), _negated=True)), _connector='OR'), name='physical_flow_attributes_complete'),
            ),
            migrations.AddConstraint(
                model_name='physicalflow',
                constraint=models.CheckConstraint(condition=models.Q(('lifecycle__in', ['ACTIVE', 'REMOVED'])), name='physical_flow_lifecycle'),
            ),
            migrations.AddConstraint(
                model_name='physicalflow',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('origin_batch', None), ('origin_proposal__isnull', False)), models.Q(('origin_batch__isnull', False), ('origin_proposal', None)), _connector='OR'), name='physical_flow_one_origin'),
            ),
            migrations.AddConstraint(
                model_name='physicalflow',
                constraint=models.CheckConstraint(condition=models.Q(('added_by', None), ('origin_proposal__isnull', False), _connector='OR'), name='physical_flow_added_under_proposal'),
            ),
            migrations.AddConstraint(
                model_name='physicalflow',
                constraint=models.UniqueConstraint(condition=models.Q(('lifecycle', 'ACTIVE')), fields=('content_key',), name='physical_flow_no_active_twin'),
            ),
            migrations.AddConstraint(
                model_name='historicalphysicalflow',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'PROPOSAL'), ('cause_batch', None), ('cause_proposal__isnull', False)), models.Q(('cause', 'IMPORT'), ('cause_batch__isnull', False), ('cause_proposal', None)), models.Q(('cause', 'DIRECT'), ('cause_batch', None), ('cause_proposal', None)), _connector='OR'), name='historical_physicalflow_one_cause'),
            ),
            migrations.AddConstraint(
                model_name='remark',
                constraint=models.CheckConstraint(condition=models.Q(('topic__in', ['', 'source', 'target', 'data_types', 'specification', 'name', 'transport', 'frequency', 'basis_offset', 'criticality', 'description', 'external_id', 'reason', 'justification'])), name='remark_topic'),
            ),
            migrations.AddConstraint(
                model_name='remark',
                constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='remark_says_something'),
            ),
            migrations.AddIndex(
                model_name='rightschange',
                index=models.Index(condition=models.Q(('done_at', None)), fields=['id'], name='rights_change_not_done'),
            ),
            migrations.AddIndex(
                model_name='savedview',
                index=models.Index(condition=models.Q(('is_shared', True)), fields=['list_name'], name='saved_view_shared'),
            ),
            migrations.AddConstraint(
                model_name='savedview',
                constraint=models.CheckConstraint(condition=models.Q(('list_name__in', ['proposals', 'systems', 'flows'])), name='saved_view_list'),
            ),
            migrations.AddConstraint(
                model_name='savedview',
                constraint=models.UniqueConstraint(fields=('owner', 'list_name', 'name'), name='saved_view_once_per_name'),
            ),
            migrations.AddIndex(
                model_name='system',
                index=models.Index(models.F('name'), models.F('id'), name='system_by_name'),
            ),
            migrations.AddIndex(
                model_name='system',
                index=models.Index(models.F('kind'), models.F('name'), models.F('id'), name='system_of_kind_by_name'),
            ),
            migrations.AddConstraint(
                model_name='system',
                constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['APPLICATION', 'ACTOR', 'END_USER_APPLICATION'])), name='system_kind'),
            ),
            migrations.AddConstraint(
                model_name='system',
                constraint=models.CheckConstraint(condition=models.Q(('lifecycle__in', ['ACTIVE', 'PENDING', 'REMOVED'])), name='system_lifecycle'),
            ),
            migrations.AddIndex(
                model_name='proposal',
                index=models.Index(condition=models.Q(('state__in', ['PENDING_APPROVALS', 'TARGET_APPROVED'])), fields=['source', 'submitted_at', 'id'], name='proposal_waiting_for_source'),
            ),
            migrations.AddIndex(
                model_name='proposal',
                index=models.Index(condition=models.Q(('state__in', ['PENDING_APPROVALS', 'SOURCE_APPROVED'])), fields=['target', 'submitted_at', 'id'], name='proposal_waiting_for_target'),
            ),
            migrations.AddIndex(
                model_name='proposal',
                index=models.Index(condition=models.Q(('state', 'FULLY_APPROVED'), _negated=True), fields=['maker', '-id'], name='proposal_not_agreed_of_maker'),
            ),
            migrations.AddIndex(
                model_name='proposal',
                index=models.Index(condition=models.Q(('state__in', ['PENDING_APPROVALS', 'SOURCE_APPROVED', 'TARGET_APPROVED'])), fields=['submitted_at'], name='proposal_open_by_age'),
            ),
            migrations.AddIndex(
                model_name='proposal',
                index=models.Index(condition=models.Q(('state__in', ['PENDING_APPROVALS', 'SOURCE_APPROVED', 'TARGET_APPROVED'])), fields=['due_at', 'id'], name='proposal_open_by_due'),
            ),
            migrations.AddIndex(
                model_name='proposal',
                index=models.Index(condition=models.Q(('state__in', ['PENDING_APPROVALS', 'SOURCE_APPROVED', 'TARGET_APPROVED'])), fields=['source', 'id'], name='proposal_open_source'),
            ),
            migrations.AddIndex(
                model_name='proposal',
                index=models.Index(condition=models.Q(('state__in', ['PENDING_APPROVALS', 'SOURCE_APPROVED', 'TARGET_APPROVED'])), fields=['target', 'id'], name='proposal_open_target'),
            ),
            migrations.AddIndex(
                model_name='proposal',
                index=models.Index(condition=models.Q(('state', 'FULLY_APPROVED'), _negated=True), fields=['state', '-id'], name='proposal_newest_in_state'),
            ),
            migrations.AddIndex(
                model_name='proposal',
                index=models.Index(condition=models.Q(('type', 'CREATE'), _negated=True), fields=['type', '-id'], name='proposal_newest_of_type'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(('type__in', ['CREATE', 'EDIT', 'DELETE'])), name='proposal_type'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(('transport__in', ['', 'DATABASE_CONNECTION', 'EMAIL', 'FILE_SHARE', 'FILE_TRANSPORT', 'MANUAL', 'MESSAGING', 'OTHER', 'RPC', 'UDP', 'UNKNOWN', 'WEB'])), name='proposal_transport'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(('frequency__in', ['', 'REAL_TIME', 'INTRA_DAY', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'BIANNUALLY', 'YEARLY', 'ON_DEMAND', 'UNKNOWN'])), name='proposal_frequency'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(('criticality__in', ['', 'VERY_HIGH', 'HIGH', 'MEDIUM', 'LOW', 'NONE', 'UNKNOWN'])), name='proposal_criticality'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('submitted_at__isnull', False), ('with_physical_flow', True), _negated=True), models.Q(('basis_offset__isnull', False), models.Q(('transport', ''), _negated=True), models.Q(('frequency', ''), _negated=True), models.Q(('criticality', ''), _negated=True)), _connector='OR'), name='proposal_attributes_complete'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(('state__in', ['PROPOSED_CREATE', 'PENDING_APPROVALS', 'SOURCE_APPROVED', 'TARGET_APPROVED', 'FULLY_APPROVED', 'RETURNED', 'SOURCE_REJECTED', 'TARGET_REJECTED', 'CANCELLED', 'TIMED_OUT'])), name='proposal_state'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(('specification_format__in', ['', 'BINARY', 'DATABASE', 'FLAT_FILE', 'JSON', 'XML', 'UNSTRUCTURED', 'OTHER', 'UNKNOWN'])), name='proposal_specification_format'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('type', 'CREATE'), _negated=True), models.Q(('source', models.F('target')), _negated=True), _connector='OR'), name='proposal_create_between_two_systems'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('concerned_logical_flow', None), ('concerned_physical_flow', None), ('type', 'CREATE')), models.Q(('concerned_logical_flow', None), ('concerned_physical_flow__isnull', False), ('type', 'EDIT')), models.Q(('concerned_logical_flow', None), ('concerned_physical_flow__isnull', False), ('type', 'DELETE')), models.Q(('concerned_logical_flow__isnull', False), ('concerned_physical_flow', None), ('type', 'DELETE')), _connector='OR'), name='proposal_names_the_flow_concerned'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_at', None), ('state__in', ['PROPOSED_CREATE', 'CANCELLED']), ('submitted_at', None)), models.Q(('due_at__isnull', False), ('reason__isnull', False), ('submitted_at__isnull', False), models.Q(('state', 'PROPOSED_CREATE'), _negated=True), models.Q(('content_key', ''), _negated=True)), _connector='OR'), name='proposal_complete_when_submitted'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(('submitted_at', None), models.Q(('type', 'CREATE'), _negated=True), models.Q(('specification', None), ('specification_name', ''), ('with_physical_flow', False)), models.Q(('with_physical_flow', True), models.Q(('specification', None), ('specification_name', ''), _negated=True), models.Q(('specification', None), ('specification_name', ''), _connector='OR')), _connector='OR'), name='proposal_names_one_specification'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('state__in', ['FULLY_APPROVED', 'RETURNED', 'SOURCE_REJECTED', 'TARGET_REJECTED', 'CANCELLED', 'TIMED_OUT'])), models.Q(models.Q(('state__in', ['FULLY_APPROVED', 'RETURNED', 'SOURCE_REJECTED', 'TARGET_REJECTED', 'CANCELLED', 'TIMED_OUT']), _negated=True), ('closed_at', None)), _connector='OR'), name='proposal_closed_in_end_states'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('result_logical_flow__isnull', False), ('state', 'FULLY_APPROVED')), models.Q(models.Q(('state', 'FULLY_APPROVED'), _negated=True), ('result_logical_flow', None), ('result_physical_flow', None), ('result_specification', None)), _connector='OR'), name='proposal_results_when_fully_approved'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('first_round', None), ('revises', None), ('round_number', 1)), models.Q(('first_round__isnull', False), ('revises__isnull', False), ('round_number__gt', 1)), _connector='OR'), name='proposal_round_of_another'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'CANCELLED'), _negated=True), ('submitted_at__isnull', False), _connector='OR'), fields=('revises',), name='proposal_revised_once'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['PENDING_APPROVALS', 'SOURCE_APPROVED', 'TARGET_APPROVED']), ('type', 'CREATE')), fields=('content_key',), name='proposal_no_open_twin'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['PENDING_APPROVALS', 'SOURCE_APPROVED', 'TARGET_APPROVED']), ('type__in', ['EDIT', 'DELETE'])), fields=('concerned_physical_flow',), name='proposal_one_open_change_per_physical_flow'),
            ),
            migrations.AddConstraint(
                model_name='proposal',
                constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['PENDING_APPROVALS', 'SOURCE_APPROVED', 'TARGET_APPROVED']), ('type', 'DELETE')), fields=('concerned_logical_flow',), name='proposal_one_open_removal_per_logical_flow'),
            ),
            migrations.AddIndex(
                model_name='physicalspecification',
                index=models.Index(fields=['format'], name='specification_by_format'),
            ),
            migrations.AddConstraint(
                model_name='physicalspecification',
                constraint=models.CheckConstraint(condition=models.Q(('format__in', ['BINARY', 'DATABASE', 'FLAT_FILE', 'JSON', 'XML', 'UNSTRUCTURED', 'OTHER', 'UNKNOWN'])), name='specification_format'),
            ),
            migrations.AddConstraint(
                model_name='physicalspecification',
                constraint=models.CheckConstraint(condition=models.Q(('lifecycle__in', ['ACTIVE', 'REMOVED'])), name='specification_lifecycle'),
            ),
            migrations.AddConstraint(
                model_name='physicalspecification',
                constraint=models.CheckConstraint(condition=models.Q(('code', ''), _negated=True), name='specification_has_code'),
            ),
            migrations.AddIndex(
                model_name='logicalflow',
                index=models.Index(condition=models.Q(('lifecycle', 'REMOVED'), _negated=True), fields=['source', 'id'], name='logical_flow_living_source'),
            ),
            migrations.AddIndex(
                model_name='logicalflow',
                index=models.Index(condition=models.Q(('lifecycle', 'REMOVED'), _negated=True), fields=['target', 'id'], name='logical_flow_living_target'),
            ),
            migrations.AddConstraint(
                model_name='logicalflow',
                constraint=models.UniqueConstraint(fields=('source', 'target'), name='logical_flow_once_per_route'),
            ),
            migrations.AddConstraint(
                model_name='logicalflow',
                constraint=models.CheckConstraint(condition=models.Q(('lifecycle__in', ['PENDING', 'ACTIVE', 'REMOVED'])), name='logical_flow_lifecycle'),
            ),
            migrations.AddConstraint(
                model_name='logicalflow',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('origin_batch', None), ('origin_proposal__isnull', False)), models.Q(('origin_batch__isnull', False), ('origin_proposal', None)), _connector='OR'), name='logical_flow_one_origin'),
            ),
            migrations.AddConstraint(
                model_name='involvement',
                constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('system', 'user', 'kind'), name='involvement_once_while_open', violation_error_message='This person has this involvement in the system already.'),
            ),
            migrations.AddConstraint(
                model_name='involvement',
                constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='involvement_ends_after_start', violation_error_message='An involvement does not end before it begins.'),
            ),
            migrations.AddConstraint(
                model_name='historicalproposal',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'PROPOSAL'), ('cause_batch', None), ('cause_proposal__isnull', False)), models.Q(('cause', 'IMPORT'), ('cause_batch__isnull', False), ('cause_proposal', None)), models.Q(('cause', 'DIRECT'), ('cause_batch', None), ('cause_proposal', None)), _connector='OR'), name='historical_proposal_one_cause'),
            ),
            migrations.AddConstraint(
                model_name='historicalphysicalspecification',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'PROPOSAL'), ('cause_batch', None), ('cause_proposal__isnull', False)), models.Q(('cause', 'IMPORT'), ('cause_batch__isnull', False), ('cause_proposal', None)), models.Q(('cause', 'DIRECT'), ('cause_batch', None), ('cause_proposal', None)), _connector='OR'), name='historical_physicalspecification_one_cause'),
            ),
            migrations.AddConstraint(
                model_name='historicallogicalflow',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'PROPOSAL'), ('cause_batch', None), ('cause_proposal__isnull', False)), models.Q(('cause', 'IMPORT'), ('cause_batch__isnull', False), ('cause_proposal', None)), models.Q(('cause', 'DIRECT'), ('cause_batch', None), ('cause_proposal', None)), _connector='OR'), name='historical_logicalflow_one_cause'),
            ),
            migrations.AddConstraint(
                model_name='delegation',
                constraint=models.CheckConstraint(condition=models.Q(('ends_at__gte', models.F('starts_at'))), name='delegation_ends_after_start', violation_error_message='A delegation does not end before it begins.'),
            ),
            migrations.AddConstraint(
                model_name='delegation',
                constraint=models.CheckConstraint(condition=models.Q(('delegator', models.F('delegate')), _negated=True), name='delegation_to_another', violation_error_message='Nobody delegates to themselves.'),
            ),
            migrations.AddConstraint(
                model_name='approverrule',
                constraint=models.CheckConstraint(condition=models.Q(('system_kind__in', ['APPLICATION', 'ACTOR', 'END_USER_APPLICATION'])), name='approver_rule_system_kind'),
            ),
            migrations.AddConstraint(
                model_name='approverrule',
                constraint=models.UniqueConstraint(condition=models.Q(('system', None)), fields=('involvement_kind', 'system_kind'), name='approver_rule_once_per_kind', violation_error_message='This involvement has a rule for such systems already.'),
            ),
            migrations.AddConstraint(
                model_name='approverrule',
                constraint=models.UniqueConstraint(condition=models.Q(('system__isnull', False)), fields=('involvement_kind', 'system'), name='approver_rule_once_per_system', violation_error_message='This involvement has a rule for this system already.'),
            ),
            migrations.AddConstraint(
                model_name='token',
                constraint=models.UniqueConstraint(fields=('owner', 'name'), name='token_once_per_name', violation_error_message='You have had a token of this name.'),
            ),
            migrations.AddConstraint(
                model_name='token',
                constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='token_has_a_name'),
            ),
            migrations.AddConstraint(
                model_name='token',
                constraint=models.CheckConstraint(condition=models.Q(('may_read', True), ('may_propose', True), ('may_decide', True), _connector='OR'), name='token_has_a_scope', violation_error_message='Choose at least one thing that it may do.'),
            ),
            migrations.AddConstraint(
                model_name='token',
                constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='token_ends_after_it_began'),
            ),
            migrations.AddConstraint(
                model_name='token',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at', None), ('withdrawn_by', None)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False)), _connector='OR'), name='token_withdrawn_by_somebody'),
            ),
            migrations.AddIndex(
                model_name='transition',
                index=models.Index(fields=['at', 'id'], name='transition_by_moment'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.UniqueConstraint(fields=('proposal', 'number'), name='transition_numbered_once'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.UniqueConstraint(condition=models.Q(('side', ''), _negated=True), fields=('proposal', 'side'), name='transition_one_decision_per_side'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='transition_numbered_from_one'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.CheckConstraint(condition=models.Q(('side__in', ['', 'SOURCE', 'TARGET'])), name='transition_side'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.CheckConstraint(condition=models.Q(('action__in', ['propose', 'approve_source', 'approve_target', 'complete', 'return_source', 'return_target', 'reject_source', 'reject_target', 'cancel', 'time_out'])), name='transition_action'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('action', 'time_out'), ('by', None)), models.Q(models.Q(('action', 'time_out'), _negated=True), ('by__isnull', False)), _connector='OR'), name='transition_by_the_clock_or_a_person'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('action__in', ['return_source', 'return_target', 'reject_source', 'reject_target']), _negated=True), models.Q(('comment', ''), _negated=True), _connector='OR'), name='transition_rejected_with_a_comment'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.CheckConstraint(condition=models.Q(('on_behalf_of', None), models.Q(models.Q(('side', ''), _negated=True), models.Q(('on_behalf_of', models.F('by')), _negated=True)), _connector='OR'), name='transition_for_another_when_deciding'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.CheckConstraint(condition=models.Q(('capacity', ''), _negated=True), name='transition_by_some_right'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.CheckConstraint(condition=models.Q(('basis__in', ['MAKER', 'INVOLVEMENT', 'STEWARD', 'EXTERNAL', 'BOTH_SIDES', 'CLOCK'])), name='transition_basis'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('basis', 'INVOLVEMENT'), ('stewardship', None), models.Q(('on_behalf_of__isnull', False), ('delegation', None), _connector='OR')), models.Q(('basis', 'STEWARD'), ('delegation', None), ('involvement', None), ('on_behalf_of', None), ('rule', None)), models.Q(('basis__in', ['MAKER', 'EXTERNAL', 'BOTH_SIDES', 'CLOCK']), ('delegation', None), ('involvement', None), ('on_behalf_of', None), ('rule', None), ('stewardship', None)), _connector='OR'), name='transition_names_what_its_basis_knows'),
            ),
            migrations.AddConstraint(
                model_name='transition',
                constraint=models.CheckConstraint(condition=models.Q(('from_state__in', ['PROPOSED_CREATE', 'PENDING_APPROVALS', 'SOURCE_APPROVED', 'TARGET_APPROVED', 'FULLY_APPROVED', 'RETURNED', 'SOURCE_REJECTED', 'TARGET_REJECTED', 'CANCELLED', 'TIMED_OUT']), ('to_state__in', ['PROPOSED_CREATE', 'PENDING_APPROVALS', 'SOURCE_APPROVED', 'TARGET_APPROVED', 'FULLY_APPROVED', 'RETURNED', 'SOURCE_REJECTED', 'TARGET_REJECTED', 'CANCELLED', 'TIMED_OUT'])), name='transition_states'),
            ),
            migrations.AddIndex(
                model_name='notice',
                index=models.Index(fields=['recipient', '-at', '-id'], name='notice_newest_of_recipient'),
            ),
            migrations.AddIndex(
                model_name='notice',
                index=models.Index(condition=models.Q(('mail', None), ('withdrawn', False)), fields=['recipient', 'at'], name='notice_waiting_for_digest'),
            ),
            migrations.AddIndex(
                model_name='notice',
                index=models.Index(condition=models.Q(('read_at', None)), fields=['recipient', '-at', '-id'], name='notice_not_read_yet'),
            ),
            migrations.AddConstraint(
                model_name='notice',
                constraint=models.UniqueConstraint(fields=('transition', 'reminder_day', 'recipient'), name='notice_once_per_event_and_recipient'),
            ),
            migrations.AddConstraint(
                model_name='notice',
                constraint=models.UniqueConstraint(fields=('delegation', 'recipient'), name='notice_once_per_delegation'),
            ),
            migrations.AddConstraint(
                model_name='notice',
                constraint=models.UniqueConstraint(fields=('physical_flow', 'recipient'), name='notice_once_per_physical_flow'),
            ),
            migrations.AddConstraint(
                model_name='notice',
                constraint=models.UniqueConstraint(fields=('remark', 'recipient'), name='notice_once_per_remark'),
            ),
            migrations.AddConstraint(
                model_name='notice',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('delegation__isnull', True), ('physical_flow__isnull', True), ('proposal__isnull', False), ('remark__isnull', True), ('transition__isnull', False)), models.Q(('delegation__isnull', False), ('physical_flow__isnull', True), ('proposal__isnull', True), ('remark__isnull', True), ('reminder_day', 0), ('transition__isnull', True)), models.Q(('delegation__isnull', True), ('physical_flow__isnull', False), ('proposal__isnull', True), ('remark__isnull', True), ('reminder_day', 0), ('transition__isnull', True)), models.Q(('delegation__isnull', True), ('physical_flow__isnull', True), ('proposal__isnull', False), ('remark__isnull', False), ('reminder_day', 0), ('transition__isnull', True)), _connector='OR'), name='notice_one_cause'),
            ),
            migrations.AddIndex(
                model_name='upload',
                index=models.Index(fields=['by', 'kind', '-id'], name='upload_newest_of_person'),
            ),
            migrations.AddIndex(
                model_name='upload',
                index=models.Index(condition=models.Q(('state__in', ['READING', 'CONFIRMED'])), fields=['id'], name='upload_at_work'),
            ),
            migrations.AddIndex(
                model_name='upload',
                index=models.Index(fields=['at'], name='upload_by_age'),
            ),
            migrations.AddConstraint(
                model_name='upload',
                constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['PROPOSALS', 'CATALOGUE'])), name='upload_kind'),
            ),
            migrations.AddConstraint(
                model_name='upload',
                constraint=models.CheckConstraint(condition=models.Q(('state__in', ['READING', 'BAD', 'JUDGED', 'CONFIRMED', 'DONE'])), name='upload_state'),
            ),
            migrations.AddConstraint(
                model_name='uploadedfile',
                constraint=models.UniqueConstraint(fields=('upload', 'name'), name='uploaded_file_once_per_name'),
            ),
            migrations.AddIndex(
                model_name='uploadedrow',
                index=models.Index(fields=['upload', 'outcome', 'line'], name='uploaded_row_by_outcome'),
            ),
            migrations.AddConstraint(
                model_name='uploadedrow',
                constraint=models.UniqueConstraint(fields=('upload', 'line'), name='uploaded_row_once_per_line'),
            ),
            migrations.AddConstraint(
                model_name='uploadedrow',
                constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['WAITING', 'READY', 'UNFINISHED', 'TWIN', 'REFUSED', 'SUBMITTED', 'KEPT'])), name='uploaded_row_outcome'),
            ),
            migrations.AddConstraint(
                model_name='watch',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('proposal__isnull', False), ('system__isnull', True)), models.Q(('proposal__isnull', True), ('system__isnull', False)), _connector='OR'), name='watch_one_thing'),
            ),
            migrations.AddConstraint(
                model_name='watch',
                constraint=models.UniqueConstraint(fields=('user', 'system'), name='watch_once_per_system'),
            ),
            migrations.AddConstraint(
                model_name='watch',
                constraint=models.UniqueConstraint(fields=('user', 'proposal'), name='watch_once_per_proposal'),
            ),
            migrations.AddIndex(
                model_name='webhookdelivery',
                index=models.Index(condition=models.Q(('state', 'WAITING')), fields=['endpoint', 'tries', 'due_at', 'id'], name='webhook_delivery_waiting'),
            ),
            migrations.AddIndex(
                model_name='webhookdelivery',
                index=models.Index(fields=['at'], name='webhook_delivery_by_age'),
            ),
            migrations.AddConstraint(
                model_name='webhookdelivery',
                constraint=models.CheckConstraint(condition=models.Q(('state__in', ['WAITING', 'DELIVERED', 'GIVEN_UP'])), name='webhook_delivery_state'),
            ),
            migrations.AddConstraint(
                model_name='webhookdelivery',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'WAITING')), models.Q(models.Q(('state', 'WAITING'), _negated=True), ('due_at', None)), _connector='OR'), name='webhook_delivery_due_while_waiting'),
            ),
        ]),
    ]
