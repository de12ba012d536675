import re

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

CAUSED = ["LogicalFlow", "PhysicalFlow", "PhysicalSpecification"]
PROPOSAL = re.compile(r"Proposal (\d+):")
IMPORT = re.compile(r"Import (\d+)$")
STEWARD = "Steward, since nobody else may approve for the "  # as 0.1 wrote it, word by word
EXTERNAL = "External system, approved on submission"
PLAIN = {
    "propose": "MAKER",
    "cancel": "MAKER",
    "complete": "BOTH_SIDES",
    "time_out": "CLOCK",
}


class guards_aside:
    """Guards keep histories and transitions as they are; the owner fills what did not exist before.

    On SQLite `migrate` has taken them away. What the updates have left to check is checked before
    the tables are altered again, or PostgreSQL would refuse that.
    """

    def __init__(self, apps, schema_editor):
        self.connection = schema_editor.connection
        models = [f"Historical{name}" for name in [*CAUSED, "Proposal", "User"]] + ["Transition"]
        self.tables = [apps.get_model("proposals", name)._meta.db_table for name in models]

    def __enter__(self):
        self._switch("DISABLE")

    def __exit__(self, *exception):
        self._switch("ENABLE")

    def _switch(self, what):
        if self.connection.vendor != "postgresql":
            return
        with self.connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in self.tables:
                cursor.execute(f"ALTER TABLE {table} {what} TRIGGER USER")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def fill(apps, schema_editor):
    with guards_aside(apps, schema_editor):
        name_causes(apps)
        begin_memberships(apps)
        name_bases(apps)


def name_causes(apps):
    """What 0.1 wrote into the reason alone: "Proposal 7: fully approved", "Import 3", or the
    sentence of a further flow. A row that says none of these has the cause of its object.
    """
    history = apps.get_model("proposals", "HistoricalProposal")
    history.objects.update(cause="PROPOSAL", cause_proposal_id=models.F("id"))
    proposals = set(apps.get_model("proposals", "Proposal").objects.values_list("pk", flat=True))
    batches = set(apps.get_model("proposals", "ImportBatch").objects.values_list("pk", flat=True))
    for name in CAUSED:
        history = apps.get_model("proposals", f"Historical{name}")
        rows = []
        for row in history.objects.order_by("pk").iterator(chunk_size=1000):
            _name_cause(row, proposals, batches)
            rows.append(row)
            if len(rows) == 1000:
                history.objects.bulk_update(rows, ["cause", "cause_proposal", "cause_batch"])
                rows = []
        history.objects.bulk_update(rows, ["cause", "cause_proposal", "cause_batch"], 500)


def _name_cause(row, proposals, batches):
    reason = row.history_change_reason or ""
    proposal, batch = PROPOSAL.match(reason), IMPORT.match(reason)
    if proposal and int(proposal[1]) in proposals:
        row.cause, row.cause_proposal_id = "PROPOSAL", int(proposal[1])
    elif batch and int(batch[1]) in batches:
        row.cause, row.cause_batch_id = "IMPORT", int(batch[1])
    elif getattr(row, "origin_batch_id", None):
        row.cause, row.cause_batch_id = "IMPORT", row.origin_batch_id
    else:
        row.cause = "DIRECT"


def begin_memberships(apps):
    """Everybody who belongs to a group gets a history row that says so, dated now: since when they
    belong to it nobody knows.
    """
    user, history, groups = (
        apps.get_model("proposals", name)
        for name in ("User", "HistoricalUser", "HistoricalUser_groups")
    )
    through = user.groups.through
    fields = {f.attname for f in history._meta.concrete_fields}
    for person in user.objects.filter(groups__isnull=False).distinct().iterator(chunk_size=500):
        kept = {
            f.attname: getattr(person, f.attname)
            for f in user._meta.concrete_fields
            if f.attname in fields
        }
        row = history.objects.create(
            **kept,
            history_date=timezone.now(),
            history_type="~",
            history_change_reason="Groups as they were when their history began",
        )
        groups.objects.bulk_create(
            groups(history=row, id=link.pk, user_id=link.user_id, group_id=link.group_id)
            for link in through.objects.filter(user_id=person.pk)
        )


def name_bases(apps):
    """By what right each transition was made, as its action and the words of 0.1 say; with the
    history rows that stood at its moment. Of stewards 0.1 kept no membership, so none is named.
    """
    transition = apps.get_model("proposals", "Transition")
    rows = []
    for row in transition.objects.select_related("proposal__source", "proposal__target").iterator(chunk_size=500):
        _name_basis(row, apps)
        rows.append(row)
        if len(rows) == 500:
            transition.objects.bulk_update(rows, ["basis", "involvement", "rule", "delegation"])
            rows = []
    transition.objects.bulk_update(rows, ["basis", "involvement", "rule", "delegation"])


def _name_basis(row, apps):
    row.basis = PLAIN.get(row.action, "INVOLVEMENT")
    if row.side and row.capacity.startswith(STEWARD):
        row.basis = "STEWARD"
    elif row.side and row.automatic and row.capacity.startswith(EXTERNAL):
        row.basis = "EXTERNAL"
    if row.basis == "INVOLVEMENT":
        _name_involvement(row, apps)


def _name_involvement(row, apps):
    """The involvement that its words name, the rule that made it decisive, and the delegation."""
    involvements, rules, delegations, systems = (
        apps.get_model("proposals", f"Historical{name}").objects
        for name in ("Involvement", "ApproverRule", "Delegation", "System")
    )
    system = row.proposal.source if row.side == "SOURCE" else row.proposal.target
    holder = row.on_behalf_of_id or row.by_id
    kinds = apps.get_model("proposals", "InvolvementKind").objects.all()
    named = [kind.pk for kind in kinds if row.capacity.startswith(f"{kind.name} of ")]
    own_parts = [
        part
        for part in _as_they_stood(involvements, row.at, Q(user_id=holder, system_id=system.pk))
        if (part.user_id, part.system_id) == (holder, system.pk)
        and (part.ended_at is None or part.ended_at >= row.at)
    ]
    own_parts.sort(key=lambda part: part.kind_id not in named)
    if own_parts:
        row.involvement_id = own_parts[0].pk
        system_then = [*_as_they_stood(systems, row.at, Q(id=system.pk)), system][0]
        all_rules = _as_they_stood(rules, row.at, Q(system_id=system.pk) | Q(system=None))
        row.rule_id = _decisive_rule(row.action, own_parts[0], system_then, all_rules)
    given = Q(delegator_id=row.on_behalf_of_id, delegate_id=row.by_id)
    if row.on_behalf_of_id:
        delegations = _as_they_stood(delegations, row.at, given)
        delegations.sort(key=lambda given: not given.starts_at <= row.at <= given.ends_at)
        row.delegation_id = delegations[0].pk if delegations else None


def _decisive_rule(action, part, system, rules):
    """As soon as one rule names a system, the general ones count no more for it."""
    own = [rule for rule in rules if rule.system_id == part.system_id]
    general = [
        rule for rule in rules if rule.system_id is None and rule.system_kind == system.kind
    ]
    way = "may_reject" if action in ("reject_source", "reject_target") else "may_approve"
    decisive = [
        rule.pk
        for rule in own or general
        if rule.involvement_kind_id == part.kind_id and getattr(rule, way)
    ]
    return decisive[0] if decisive else None


def _as_they_stood(history, moment, condition):
    """The newest history row, at that moment, of each object that ever met `condition` and was not
    gone. Where all of them began later (a story told in the past), their first rows.
    """
    versions = history.filter(id__in=history.filter(condition).values("id")).order_by("history_id")
    then = {row.id: row for row in versions.filter(history_date__lte=moment)}
    if not then:
        then = {row.id: row for row in versions.reverse()}
    return [row for row in then.values() if row.history_type != "-"]


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("proposals", "0004_histories_of_the_catalogue"),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalUser_groups",
            fields=[
                (
                    "id",
                    models.BigIntegerField(
                        auto_created=True, blank=True, db_index=True, verbose_name="ID"
                    ),
                ),
                ("m2m_history_id", models.AutoField(primary_key=True, serialize=False)),
            ],
            options={
                "verbose_name": "HistoricalUser_groups",
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddField(
            model_name="historicallogicalflow",
            name="cause",
            field=models.CharField(
                choices=[
                    ("PROPOSAL", "A proposal"),
                    ("IMPORT", "An import"),
                    ("DIRECT", "A direct addition"),
                ],
                default="",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="historicallogicalflow",
            name="cause_batch",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                db_index=False,
                db_constraint=False,
                to="proposals.importbatch",
            ),
        ),
        migrations.AddField(
            model_name="historicallogicalflow",
            name="cause_proposal",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                db_index=False,
                db_constraint=False,
                to="proposals.proposal",
            ),
        ),
        migrations.AddField(
            model_name="historicalphysicalflow",
            name="cause",
            field=models.CharField(
                choices=[
                    ("PROPOSAL", "A proposal"),
                    ("IMPORT", "An import"),
                    ("DIRECT", "A direct addition"),
                ],
                default="",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="historicalphysicalflow",
            name="cause_batch",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                db_index=False,
                db_constraint=False,
                to="proposals.importbatch",
            ),
        ),
        migrations.AddField(
            model_name="historicalphysicalflow",
            name="cause_proposal",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                db_index=False,
                db_constraint=False,
                to="proposals.proposal",
            ),
        ),
        migrations.AddField(
            model_name="historicalphysicalspecification",
            name="cause",
            field=models.CharField(
                choices=[
                    ("PROPOSAL", "A proposal"),
                    ("IMPORT", "An import"),
                    ("DIRECT", "A direct addition"),
                ],
                default="",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="historicalphysicalspecification",
            name="cause_batch",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                db_index=False,
                db_constraint=False,
                to="proposals.importbatch",
            ),
        ),
        migrations.AddField(
            model_name="historicalphysicalspecification",
            name="cause_proposal",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                db_index=False,
                db_constraint=False,
                to="proposals.proposal",
            ),
        ),
        migrations.AddField(
            model_name="historicalproposal",
            name="cause",
            field=models.CharField(
                choices=[
                    ("PROPOSAL", "A proposal"),
                    ("IMPORT", "An import"),
                    ("DIRECT", "A direct addition"),
                ],
                default="",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="historicalproposal",
            name="cause_batch",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                db_index=False,
                db_constraint=False,
                to="proposals.importbatch",
            ),
        ),
        migrations.AddField(
            model_name="historicalproposal",
            name="cause_proposal",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                db_index=False,
                db_constraint=False,
                to="proposals.proposal",
            ),
        ),
        migrations.AddField(
            model_name="transition",
            name="basis",
            field=models.CharField(
                choices=[
                    ("MAKER", "Maker"),
                    ("INVOLVEMENT", "Involvement"),
                    ("STEWARD", "Steward"),
                    ("EXTERNAL", "External system"),
                    ("BOTH_SIDES", "Both sides have approved"),
                    ("CLOCK", "Clock"),
                ],
                default="",
                max_length=20,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="transition",
            name="delegation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                db_index=False,
                to="proposals.historicaldelegation",
            ),
        ),
        migrations.AddField(
            model_name="transition",
            name="involvement",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                db_index=False,
                to="proposals.historicalinvolvement",
            ),
        ),
        migrations.AddField(
            model_name="transition",
            name="rule",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                db_index=False,
                to="proposals.historicalapproverrule",
            ),
        ),
        migrations.AddField(
            model_name="historicaluser_groups",
            name="group",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_tablespace="",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="auth.group",
            ),
        ),
        migrations.AddField(
            model_name="historicaluser_groups",
            name="history",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                to="proposals.historicaluser",
            ),
        ),
        migrations.AddField(
            model_name="historicaluser_groups",
            name="user",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_tablespace="",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="transition",
            name="stewardship",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                db_index=False,
                to="proposals.historicaluser_groups",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="historicallogicalflow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cause", "PROPOSAL"),
                        ("cause_batch", None),
                        ("cause_proposal__isnull", False),
                    ),
                    models.Q(
                        ("cause", "IMPORT"),
                        ("cause_batch__isnull", False),
                        ("cause_proposal", None),
                    ),
                    models.Q(("cause", "DIRECT"), ("cause_batch", None), ("cause_proposal", None)),
                    _connector="OR",
                ),
                name="historical_logicalflow_one_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="historicalphysicalflow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cause", "PROPOSAL"),
                        ("cause_batch", None),
                        ("cause_proposal__isnull", False),
                    ),
                    models.Q(
                        ("cause", "IMPORT"),
                        ("cause_batch__isnull", False),
                        ("cause_proposal", None),
                    ),
                    models.Q(("cause", "DIRECT"), ("cause_batch", None), ("cause_proposal", None)),
                    _connector="OR",
                ),
                name="historical_physicalflow_one_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="historicalphysicalspecification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cause", "PROPOSAL"),
                        ("cause_batch", None),
                        ("cause_proposal__isnull", False),
                    ),
                    models.Q(
                        ("cause", "IMPORT"),
                        ("cause_batch__isnull", False),
                        ("cause_proposal", None),
                    ),
                    models.Q(("cause", "DIRECT"), ("cause_batch", None), ("cause_proposal", None)),
                    _connector="OR",
                ),
                name="historical_physicalspecification_one_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="historicalproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cause", "PROPOSAL"),
                        ("cause_batch", None),
                        ("cause_proposal__isnull", False),
                    ),
                    models.Q(
                        ("cause", "IMPORT"),
                        ("cause_batch__isnull", False),
                        ("cause_proposal", None),
                    ),
                    models.Q(("cause", "DIRECT"), ("cause_batch", None), ("cause_proposal", None)),
                    _connector="OR",
                ),
                name="historical_proposal_one_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "basis__in",
                        ["MAKER", "INVOLVEMENT", "STEWARD", "EXTERNAL", "BOTH_SIDES", "CLOCK"],
                    )
                ),
                name="transition_basis",
            ),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("basis", "INVOLVEMENT"),
                        ("stewardship", None),
                        models.Q(
                            ("on_behalf_of__isnull", False), ("delegation", None), _connector="OR"
                        ),
                    ),
                    models.Q(
                        ("basis", "STEWARD"),
                        ("delegation", None),
                        ("involvement", None),
                        ("on_behalf_of", None),
                        ("rule", None),
                    ),
                    models.Q(
                        ("basis__in", ["MAKER", "EXTERNAL", "BOTH_SIDES", "CLOCK"]),
                        ("delegation", None),
                        ("involvement", None),
                        ("on_behalf_of", None),
                        ("rule", None),
                        ("stewardship", None),
                    ),
                    _connector="OR",
                ),
                name="transition_names_what_its_basis_knows",
            ),
        ),
    ]
