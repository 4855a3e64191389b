import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import clinik.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("encounters", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Assessment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clinik.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="entered")),
                ("updated", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("effective", models.DateTimeField(blank=True, null=True, verbose_name="time")),
                (
                    "effective_precision",
                    models.CharField(
                        choices=[
                            ("instant", "to the minute"),
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="instant",
                        max_length=7,
                    ),
                ),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
                    ),
                ),
                (
                    "after_closing",
                    models.BooleanField(default=False, verbose_name="added after closing"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("in-progress", "in progress"),
                            ("completed", "completed"),
                            ("entered-in-error", "entered in error"),
                        ],
                        default="completed",
                        editable=False,
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("summary", models.TextField(blank=True, default="", verbose_name="summary")),
                (
                    "description",
                    models.TextField(blank=True, default="", verbose_name="description"),
                ),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="encounters.practitioner",
                        verbose_name="by",
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="encounters.encounter",
                        verbose_name="visit",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="encounters.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followed_by",
                        to="records.assessment",
                    ),
                ),
            ],
            options={
                "verbose_name": "assessment",
                "verbose_name_plural": "assessments",
                "indexes": [
                    models.Index(fields=["encounter", "-effective"], name="assessment_encounter"),
                    models.Index(fields=["patient", "-effective"], name="assessment_patient"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["in-progress", "completed", "entered-in-error"])
                        ),
                        name="records_assessment_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="records_assessment_effective_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("summary", ""), _negated=True),
                            models.Q(("source", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="assessment_has_a_summary",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clinik.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="entered")),
                ("updated", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "finding_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "finding_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="code"),
                ),
                (
                    "finding_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("finding_text", models.TextField(blank=True, default="", verbose_name="finding")),
                (
                    "basis",
                    models.CharField(blank=True, default="", max_length=1000, verbose_name="basis"),
                ),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="records.assessment",
                    ),
                ),
            ],
            options={
                "verbose_name": "finding",
                "verbose_name_plural": "findings",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("assessment", "position"), name="finding_position"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalAssessment",
            fields=[
                ("id", models.UUIDField(db_index=True, default=clinik.ids.uuid7, editable=False)),
                (
                    "created",
                    models.DateTimeField(blank=True, editable=False, verbose_name="entered"),
                ),
                (
                    "updated",
                    models.DateTimeField(blank=True, editable=False, verbose_name="changed"),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("effective", models.DateTimeField(blank=True, null=True, verbose_name="time")),
                (
                    "effective_precision",
                    models.CharField(
                        choices=[
                            ("instant", "to the minute"),
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="instant",
                        max_length=7,
                    ),
                ),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
                    ),
                ),
                (
                    "after_closing",
                    models.BooleanField(default=False, verbose_name="added after closing"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("in-progress", "in progress"),
                            ("completed", "completed"),
                            ("entered-in-error", "entered in error"),
                        ],
                        default="completed",
                        editable=False,
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("summary", models.TextField(blank=True, default="", verbose_name="summary")),
                (
                    "description",
                    models.TextField(blank=True, default="", verbose_name="description"),
                ),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.practitioner",
                        verbose_name="by",
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.encounter",
                        verbose_name="visit",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="records.assessment",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical assessment",
                "verbose_name_plural": "historical assessments",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalFinding",
            fields=[
                ("id", models.UUIDField(db_index=True, default=clinik.ids.uuid7, editable=False)),
                (
                    "created",
                    models.DateTimeField(blank=True, editable=False, verbose_name="entered"),
                ),
                (
                    "updated",
                    models.DateTimeField(blank=True, editable=False, verbose_name="changed"),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "finding_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "finding_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="code"),
                ),
                (
                    "finding_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("finding_text", models.TextField(blank=True, default="", verbose_name="finding")),
                (
                    "basis",
                    models.CharField(blank=True, default="", max_length=1000, verbose_name="basis"),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "assessment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="records.assessment",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical finding",
                "verbose_name_plural": "historical findings",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalObservation",
            fields=[
                ("id", models.UUIDField(db_index=True, default=clinik.ids.uuid7, editable=False)),
                (
                    "created",
                    models.DateTimeField(blank=True, editable=False, verbose_name="entered"),
                ),
                (
                    "updated",
                    models.DateTimeField(blank=True, editable=False, verbose_name="changed"),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("effective", models.DateTimeField(blank=True, null=True, verbose_name="time")),
                (
                    "effective_precision",
                    models.CharField(
                        choices=[
                            ("instant", "to the minute"),
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="instant",
                        max_length=7,
                    ),
                ),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
                    ),
                ),
                (
                    "after_closing",
                    models.BooleanField(default=False, verbose_name="added after closing"),
                ),
                (
                    "value",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="value"),
                ),
                ("value_number", models.FloatField(blank=True, editable=False, null=True)),
                ("value_comparator", models.CharField(blank=True, default="", max_length=4)),
                (
                    "value_unit",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="unit"),
                ),
                (
                    "value_unit_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="UCUM code"
                    ),
                ),
                (
                    "value_text",
                    models.TextField(blank=True, default="", verbose_name="value in words"),
                ),
                (
                    "value_boolean",
                    models.BooleanField(blank=True, null=True, verbose_name="yes or no"),
                ),
                (
                    "value_coded_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "value_coded_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="coded value"
                    ),
                ),
                (
                    "value_coded_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("value_coded_text", models.TextField(blank=True, default="", verbose_name="text")),
                (
                    "value_coded_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("value_other", models.JSONField(blank=True, null=True)),
                (
                    "absent_reason",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="why there is no value"
                    ),
                ),
                (
                    "interpretation",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="interpretation"
                    ),
                ),
                (
                    "range_low",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="range from"
                    ),
                ),
                (
                    "range_high",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="range to"
                    ),
                ),
                (
                    "range_text",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="range in words"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("registered", "registered"),
                            ("preliminary", "preliminary"),
                            ("final", "final"),
                            ("amended", "amended"),
                            ("corrected", "corrected"),
                            ("cancelled", "cancelled"),
                            ("entered-in-error", "entered in error"),
                            ("unknown", "unknown"),
                        ],
                        default="final",
                        editable=False,
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="category"
                    ),
                ),
                (
                    "code_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "code_code",
                    models.CharField(
                        blank=True, db_index=True, default="", max_length=100, verbose_name="code"
                    ),
                ),
                (
                    "code_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "code_text",
                    models.TextField(blank=True, default="", verbose_name="what was observed"),
                ),
                (
                    "code_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("issued", models.DateTimeField(blank=True, null=True, verbose_name="issued")),
                (
                    "body_site_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="body site code"
                    ),
                ),
                (
                    "body_site_text",
                    models.TextField(blank=True, default="", verbose_name="body site"),
                ),
                (
                    "method_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="method code"
                    ),
                ),
                ("method_text", models.TextField(blank=True, default="", verbose_name="method")),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                ("seen_at", models.DateTimeField(blank=True, null=True, verbose_name="seen")),
                (
                    "seen_action",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="action taken"
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.practitioner",
                        verbose_name="by",
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.encounter",
                        verbose_name="visit",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "seen_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical observation",
                "verbose_name_plural": "historical observations",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPrescription",
            fields=[
                ("id", models.UUIDField(db_index=True, default=clinik.ids.uuid7, editable=False)),
                (
                    "created",
                    models.DateTimeField(blank=True, editable=False, verbose_name="entered"),
                ),
                (
                    "updated",
                    models.DateTimeField(blank=True, editable=False, verbose_name="changed"),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("effective", models.DateTimeField(blank=True, null=True, verbose_name="time")),
                (
                    "effective_precision",
                    models.CharField(
                        choices=[
                            ("instant", "to the minute"),
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="instant",
                        max_length=7,
                    ),
                ),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
                    ),
                ),
                (
                    "after_closing",
                    models.BooleanField(default=False, verbose_name="added after closing"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("active", "active"),
                            ("on-hold", "on hold"),
                            ("cancelled", "cancelled"),
                            ("completed", "completed"),
                            ("stopped", "stopped"),
                            ("entered-in-error", "entered in error"),
                            ("unknown", "unknown"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "intent",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("proposal", "proposal"),
                            ("plan", "plan"),
                            ("order", "order"),
                            ("original-order", "original order"),
                            ("reflex-order", "reflex order"),
                            ("filler-order", "filler order"),
                            ("instance-order", "instance order"),
                            ("option", "option"),
                        ],
                        default="order",
                        max_length=20,
                        verbose_name="intent",
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("routine", "routine"),
                            ("urgent", "urgent"),
                            ("asap", "as soon as possible"),
                            ("stat", "at once"),
                        ],
                        default="routine",
                        max_length=10,
                        verbose_name="priority",
                    ),
                ),
                (
                    "medication_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "medication_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="code"),
                ),
                (
                    "medication_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "medication_text",
                    models.TextField(blank=True, default="", verbose_name="medication"),
                ),
                (
                    "medication_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("dosage_text", models.TextField(blank=True, default="", verbose_name="dosage")),
                (
                    "dose",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="dose"),
                ),
                (
                    "route",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="route"),
                ),
                (
                    "frequency",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="frequency"
                    ),
                ),
                ("as_needed", models.BooleanField(default=False, verbose_name="as needed")),
                ("start", models.DateTimeField(blank=True, null=True, verbose_name="from")),
                ("start_precision", models.CharField(default="day", max_length=7)),
                ("end", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("end_precision", models.CharField(default="day", max_length=7)),
                (
                    "quantity",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="quantity"
                    ),
                ),
                (
                    "quantity_unit",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="unit"),
                ),
                (
                    "refills",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="refills"),
                ),
                ("controlled", models.BooleanField(default=False, verbose_name="controlled drug")),
                (
                    "reason_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "reason_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="reason code"
                    ),
                ),
                (
                    "reason_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("reason_text", models.TextField(blank=True, default="", verbose_name="reason")),
                (
                    "reason_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "override_reason",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=500,
                        verbose_name="why despite the warning",
                    ),
                ),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.practitioner",
                        verbose_name="by",
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.encounter",
                        verbose_name="visit",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.patient",
                        verbose_name="patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical prescription",
                "verbose_name_plural": "historical prescriptions",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clinik.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="entered")),
                ("updated", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("effective", models.DateTimeField(blank=True, null=True, verbose_name="time")),
                (
                    "effective_precision",
                    models.CharField(
                        choices=[
                            ("instant", "to the minute"),
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="instant",
                        max_length=7,
                    ),
                ),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
                    ),
                ),
                (
                    "after_closing",
                    models.BooleanField(default=False, verbose_name="added after closing"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("preliminary", "draft, not signed"),
                            ("final", "signed"),
                            ("amended", "amended"),
                            ("entered-in-error", "entered in error"),
                        ],
                        default="preliminary",
                        editable=False,
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("progress-note", "progress note"),
                            ("discharge-summary", "discharge summary"),
                            ("consultation-note", "consultation note"),
                            ("history-and-physical", "history and physical"),
                            ("operative-note", "operative note"),
                            ("procedure-note", "procedure note"),
                            ("referral-note", "referral note"),
                            ("transfer-summary", "transfer summary"),
                            ("other", "other"),
                        ],
                        default="progress-note",
                        max_length=30,
                        verbose_name="type",
                    ),
                ),
                (
                    "type_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "type_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="type code"
                    ),
                ),
                (
                    "type_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "type_text",
                    models.TextField(blank=True, default="", verbose_name="type as sent"),
                ),
                (
                    "type_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="category"
                    ),
                ),
                (
                    "title",
                    models.CharField(blank=True, default="", max_length=500, verbose_name="title"),
                ),
                ("content", models.TextField(blank=True, default="", verbose_name="text")),
                (
                    "content_type",
                    models.CharField(default="text/plain", editable=False, max_length=100),
                ),
                ("digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                (
                    "signed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="signed"
                    ),
                ),
                (
                    "relation",
                    models.CharField(
                        blank=True,
                        choices=[("addendum", "addendum"), ("amendment", "amendment")],
                        default="",
                        max_length=20,
                    ),
                ),
                (
                    "about",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="additions",
                        to="records.note",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="encounters.practitioner",
                        verbose_name="by",
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="encounters.encounter",
                        verbose_name="visit",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="encounters.patient",
                        verbose_name="patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "note",
                "verbose_name_plural": "notes",
                "permissions": [("enter_any_in_error", "Can enter anybody's record in error")],
                "indexes": [
                    models.Index(fields=["encounter", "-effective"], name="note_encounter"),
                    models.Index(fields=["patient", "-effective"], name="note_patient"),
                    models.Index(
                        condition=models.Q(("status", "preliminary")),
                        fields=["author"],
                        name="note_unsigned",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["preliminary", "final", "amended", "entered-in-error"])
                        ),
                        name="records_note_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="records_note_effective_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "type__in",
                                [
                                    "progress-note",
                                    "discharge-summary",
                                    "consultation-note",
                                    "history-and-physical",
                                    "operative-note",
                                    "procedure-note",
                                    "referral-note",
                                    "transfer-summary",
                                    "other",
                                ],
                            )
                        ),
                        name="records_note_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("relation__in", ["addendum", "amendment", ""])),
                        name="records_note_relation_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["final", "amended"]), _negated=True),
                            models.Q(
                                models.Q(("digest", ""), _negated=True),
                                ("signed_at__isnull", False),
                            ),
                            models.Q(("source", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="note_signed_has_digest",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalNote",
            fields=[
                ("id", models.UUIDField(db_index=True, default=clinik.ids.uuid7, editable=False)),
                (
                    "created",
                    models.DateTimeField(blank=True, editable=False, verbose_name="entered"),
                ),
                (
                    "updated",
                    models.DateTimeField(blank=True, editable=False, verbose_name="changed"),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("effective", models.DateTimeField(blank=True, null=True, verbose_name="time")),
                (
                    "effective_precision",
                    models.CharField(
                        choices=[
                            ("instant", "to the minute"),
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="instant",
                        max_length=7,
                    ),
                ),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
                    ),
                ),
                (
                    "after_closing",
                    models.BooleanField(default=False, verbose_name="added after closing"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("preliminary", "draft, not signed"),
                            ("final", "signed"),
                            ("amended", "amended"),
                            ("entered-in-error", "entered in error"),
                        ],
                        default="preliminary",
                        editable=False,
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("progress-note", "progress note"),
                            ("discharge-summary", "discharge summary"),
                            ("consultation-note", "consultation note"),
                            ("history-and-physical", "history and physical"),
                            ("operative-note", "operative note"),
                            ("procedure-note", "procedure note"),
                            ("referral-note", "referral note"),
                            ("transfer-summary", "transfer summary"),
                            ("other", "other"),
                        ],
                        default="progress-note",
                        max_length=30,
                        verbose_name="type",
                    ),
                ),
                (
                    "type_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "type_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="type code"
                    ),
                ),
                (
                    "type_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "type_text",
                    models.TextField(blank=True, default="", verbose_name="type as sent"),
                ),
                (
                    "type_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="category"
                    ),
                ),
                (
                    "title",
                    models.CharField(blank=True, default="", max_length=500, verbose_name="title"),
                ),
                ("content", models.TextField(blank=True, default="", verbose_name="text")),
                (
                    "content_type",
                    models.CharField(default="text/plain", editable=False, max_length=100),
                ),
                ("digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                (
                    "signed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="signed"
                    ),
                ),
                (
                    "relation",
                    models.CharField(
                        blank=True,
                        choices=[("addendum", "addendum"), ("amendment", "amendment")],
                        default="",
                        max_length=20,
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.practitioner",
                        verbose_name="by",
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.encounter",
                        verbose_name="visit",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "about",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="records.note",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical note",
                "verbose_name_plural": "historical notes",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="NoteSignature",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clinik.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="entered")),
                ("updated", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="signed")),
                ("digest", models.CharField(max_length=64)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="records.note",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="encounters.practitioner",
                    ),
                ),
            ],
            options={
                "verbose_name": "signature",
                "verbose_name_plural": "signatures",
                "ordering": ["at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("note", "practitioner"), name="note_signed_once_each"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Observation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clinik.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="entered")),
                ("updated", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("effective", models.DateTimeField(blank=True, null=True, verbose_name="time")),
                (
                    "effective_precision",
                    models.CharField(
                        choices=[
                            ("instant", "to the minute"),
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="instant",
                        max_length=7,
                    ),
                ),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
                    ),
                ),
                (
                    "after_closing",
                    models.BooleanField(default=False, verbose_name="added after closing"),
                ),
                (
                    "value",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="value"),
                ),
                ("value_number", models.FloatField(blank=True, editable=False, null=True)),
                ("value_comparator", models.CharField(blank=True, default="", max_length=4)),
                (
                    "value_unit",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="unit"),
                ),
                (
                    "value_unit_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="UCUM code"
                    ),
                ),
                (
                    "value_text",
                    models.TextField(blank=True, default="", verbose_name="value in words"),
                ),
                (
                    "value_boolean",
                    models.BooleanField(blank=True, null=True, verbose_name="yes or no"),
                ),
                (
                    "value_coded_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "value_coded_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="coded value"
                    ),
                ),
                (
                    "value_coded_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("value_coded_text", models.TextField(blank=True, default="", verbose_name="text")),
                (
                    "value_coded_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("value_other", models.JSONField(blank=True, null=True)),
                (
                    "absent_reason",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="why there is no value"
                    ),
                ),
                (
                    "interpretation",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="interpretation"
                    ),
                ),
                (
                    "range_low",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="range from"
                    ),
                ),
                (
                    "range_high",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="range to"
                    ),
                ),
                (
                    "range_text",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="range in words"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("registered", "registered"),
                            ("preliminary", "preliminary"),
                            ("final", "final"),
                            ("amended", "amended"),
                            ("corrected", "corrected"),
                            ("cancelled", "cancelled"),
                            ("entered-in-error", "entered in error"),
                            ("unknown", "unknown"),
                        ],
                        default="final",
                        editable=False,
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="category"
                    ),
                ),
                (
                    "code_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "code_code",
                    models.CharField(
                        blank=True, db_index=True, default="", max_length=100, verbose_name="code"
                    ),
                ),
                (
                    "code_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "code_text",
                    models.TextField(blank=True, default="", verbose_name="what was observed"),
                ),
                (
                    "code_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("issued", models.DateTimeField(blank=True, null=True, verbose_name="issued")),
                (
                    "body_site_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="body site code"
                    ),
                ),
                (
                    "body_site_text",
                    models.TextField(blank=True, default="", verbose_name="body site"),
                ),
                (
                    "method_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="method code"
                    ),
                ),
                ("method_text", models.TextField(blank=True, default="", verbose_name="method")),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                ("seen_at", models.DateTimeField(blank=True, null=True, verbose_name="seen")),
                (
                    "seen_action",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="action taken"
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="encounters.practitioner",
                        verbose_name="by",
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="encounters.encounter",
                        verbose_name="visit",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="encounters.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "seen_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "observation",
                "verbose_name_plural": "observations",
                "indexes": [
                    models.Index(fields=["encounter", "-effective"], name="observation_encounter"),
                    models.Index(
                        fields=["patient", "code_code", "-effective"], name="observation_trend"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "registered",
                                    "preliminary",
                                    "final",
                                    "amended",
                                    "corrected",
                                    "cancelled",
                                    "entered-in-error",
                                    "unknown",
                                ],
                            )
                        ),
                        name="records_observation_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="records_observation_effective_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code_code", ""), _negated=True),
                            models.Q(("code_text", ""), _negated=True),
                            models.Q(("code_display", ""), _negated=True),
                            models.Q(("source", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="observation_says_what",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(("value", ""), ("value_boolean", None)),
                            models.Q(
                                ("value", ""),
                                ("value_coded_code", ""),
                                ("value_coded_text", ""),
                                ("value_text", ""),
                            ),
                            models.Q(
                                ("value_boolean", None),
                                ("value_coded_code", ""),
                                ("value_coded_text", ""),
                                ("value_text", ""),
                            ),
                            _connector="OR",
                        ),
                        name="observation_one_value",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalObservationComponent",
            fields=[
                ("id", models.UUIDField(db_index=True, default=clinik.ids.uuid7, editable=False)),
                (
                    "created",
                    models.DateTimeField(blank=True, editable=False, verbose_name="entered"),
                ),
                (
                    "updated",
                    models.DateTimeField(blank=True, editable=False, verbose_name="changed"),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                (
                    "value",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="value"),
                ),
                ("value_number", models.FloatField(blank=True, editable=False, null=True)),
                ("value_comparator", models.CharField(blank=True, default="", max_length=4)),
                (
                    "value_unit",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="unit"),
                ),
                (
                    "value_unit_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="UCUM code"
                    ),
                ),
                (
                    "value_text",
                    models.TextField(blank=True, default="", verbose_name="value in words"),
                ),
                (
                    "value_boolean",
                    models.BooleanField(blank=True, null=True, verbose_name="yes or no"),
                ),
                (
                    "value_coded_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "value_coded_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="coded value"
                    ),
                ),
                (
                    "value_coded_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("value_coded_text", models.TextField(blank=True, default="", verbose_name="text")),
                (
                    "value_coded_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("value_other", models.JSONField(blank=True, null=True)),
                (
                    "absent_reason",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="why there is no value"
                    ),
                ),
                (
                    "interpretation",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="interpretation"
                    ),
                ),
                (
                    "range_low",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="range from"
                    ),
                ),
                (
                    "range_high",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="range to"
                    ),
                ),
                (
                    "range_text",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="range in words"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "code_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "code_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="code"),
                ),
                (
                    "code_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("code_text", models.TextField(blank=True, default="", verbose_name="text")),
                (
                    "code_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "observation",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="records.observation",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical component",
                "verbose_name_plural": "historical components",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ObservationComponent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clinik.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="entered")),
                ("updated", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                (
                    "value",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="value"),
                ),
                ("value_number", models.FloatField(blank=True, editable=False, null=True)),
                ("value_comparator", models.CharField(blank=True, default="", max_length=4)),
                (
                    "value_unit",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="unit"),
                ),
                (
                    "value_unit_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="UCUM code"
                    ),
                ),
                (
                    "value_text",
                    models.TextField(blank=True, default="", verbose_name="value in words"),
                ),
                (
                    "value_boolean",
                    models.BooleanField(blank=True, null=True, verbose_name="yes or no"),
                ),
                (
                    "value_coded_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "value_coded_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="coded value"
                    ),
                ),
                (
                    "value_coded_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("value_coded_text", models.TextField(blank=True, default="", verbose_name="text")),
                (
                    "value_coded_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("value_other", models.JSONField(blank=True, null=True)),
                (
                    "absent_reason",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="why there is no value"
                    ),
                ),
                (
                    "interpretation",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="interpretation"
                    ),
                ),
                (
                    "range_low",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="range from"
                    ),
                ),
                (
                    "range_high",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="range to"
                    ),
                ),
                (
                    "range_text",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="range in words"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "code_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "code_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="code"),
                ),
                (
                    "code_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("code_text", models.TextField(blank=True, default="", verbose_name="text")),
                (
                    "code_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "observation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="components",
                        to="records.observation",
                    ),
                ),
            ],
            options={
                "verbose_name": "component",
                "verbose_name_plural": "components",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("observation", "position"), name="observation_component_position"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Prescription",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clinik.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="entered")),
                ("updated", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                ("effective", models.DateTimeField(blank=True, null=True, verbose_name="time")),
                (
                    "effective_precision",
                    models.CharField(
                        choices=[
                            ("instant", "to the minute"),
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="instant",
                        max_length=7,
                    ),
                ),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
                    ),
                ),
                (
                    "after_closing",
                    models.BooleanField(default=False, verbose_name="added after closing"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("active", "active"),
                            ("on-hold", "on hold"),
                            ("cancelled", "cancelled"),
                            ("completed", "completed"),
                            ("stopped", "stopped"),
                            ("entered-in-error", "entered in error"),
                            ("unknown", "unknown"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "intent",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("proposal", "proposal"),
                            ("plan", "plan"),
                            ("order", "order"),
                            ("original-order", "original order"),
                            ("reflex-order", "reflex order"),
                            ("filler-order", "filler order"),
                            ("instance-order", "instance order"),
                            ("option", "option"),
                        ],
                        default="order",
                        max_length=20,
                        verbose_name="intent",
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("routine", "routine"),
                            ("urgent", "urgent"),
                            ("asap", "as soon as possible"),
                            ("stat", "at once"),
                        ],
                        default="routine",
                        max_length=10,
                        verbose_name="priority",
                    ),
                ),
                (
                    "medication_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "medication_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="code"),
                ),
                (
                    "medication_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "medication_text",
                    models.TextField(blank=True, default="", verbose_name="medication"),
                ),
                (
                    "medication_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("dosage_text", models.TextField(blank=True, default="", verbose_name="dosage")),
                (
                    "dose",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="dose"),
                ),
                (
                    "route",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="route"),
                ),
                (
                    "frequency",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="frequency"
                    ),
                ),
                ("as_needed", models.BooleanField(default=False, verbose_name="as needed")),
                ("start", models.DateTimeField(blank=True, null=True, verbose_name="from")),
                ("start_precision", models.CharField(default="day", max_length=7)),
                ("end", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("end_precision", models.CharField(default="day", max_length=7)),
                (
                    "quantity",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="quantity"
                    ),
                ),
                (
                    "quantity_unit",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="unit"),
                ),
                (
                    "refills",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="refills"),
                ),
                ("controlled", models.BooleanField(default=False, verbose_name="controlled drug")),
                (
                    "reason_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "reason_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="reason code"
                    ),
                ),
                (
                    "reason_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("reason_text", models.TextField(blank=True, default="", verbose_name="reason")),
                (
                    "reason_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "override_reason",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=500,
                        verbose_name="why despite the warning",
                    ),
                ),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="encounters.practitioner",
                        verbose_name="by",
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="encounters.encounter",
                        verbose_name="visit",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="encounters.patient",
                        verbose_name="patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "prescription",
                "verbose_name_plural": "prescriptions",
                "permissions": [("prescribe", "Can make a prescription active")],
                "indexes": [
                    models.Index(fields=["encounter", "-effective"], name="prescription_encounter"),
                    models.Index(fields=["patient", "status"], name="prescription_patient"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "draft",
                                    "active",
                                    "on-hold",
                                    "cancelled",
                                    "completed",
                                    "stopped",
                                    "entered-in-error",
                                    "unknown",
                                ],
                            )
                        ),
                        name="records_prescription_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="records_prescription_effective_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "intent__in",
                                [
                                    "proposal",
                                    "plan",
                                    "order",
                                    "original-order",
                                    "reflex-order",
                                    "filler-order",
                                    "instance-order",
                                    "option",
                                    "",
                                ],
                            )
                        ),
                        name="records_prescription_intent_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("priority__in", ["routine", "urgent", "asap", "stat", ""])
                        ),
                        name="records_prescription_priority_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start__isnull", True),
                            ("end__isnull", True),
                            ("start__lte", models.F("end")),
                            models.Q(("start_precision", "instant"), _negated=True),
                            models.Q(("end_precision", "instant"), _negated=True),
                            _connector="OR",
                        ),
                        name="records_prescription_start_before_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("medication_text", ""), _negated=True),
                            models.Q(("medication_display", ""), _negated=True),
                            models.Q(("medication_code", ""), _negated=True),
                            models.Q(("source", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="prescription_says_what",
                    ),
                ],
            },
        ),
    ]
