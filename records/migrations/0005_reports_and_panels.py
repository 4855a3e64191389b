import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import clinik.ids


class Migration(migrations.Migration):
    dependencies = [
        ("encounters", "0004_export_permissions"),
        ("records", "0004_prescription_renews_another"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
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
                            ("registered", "registered"),
                            ("partial", "partial"),
                            ("preliminary", "preliminary"),
                            ("final", "final"),
                            ("amended", "amended"),
                            ("corrected", "corrected"),
                            ("appended", "appended"),
                            ("cancelled", "cancelled"),
                            ("entered-in-error", "entered in error"),
                            ("unknown", "unknown"),
                        ],
                        default="unknown",
                        editable=False,
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="category"
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
                    models.CharField(blank=True, default="", max_length=100, verbose_name="code"),
                ),
                (
                    "code_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "code_text",
                    models.TextField(blank=True, default="", verbose_name="what was examined"),
                ),
                (
                    "code_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("issued", models.DateTimeField(blank=True, null=True, verbose_name="issued")),
                ("conclusion", models.TextField(blank=True, default="", verbose_name="conclusion")),
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
                    "copied_from",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.report",
                        verbose_name="copied from",
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
                    "note",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="records.note",
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
                "verbose_name": "report",
                "verbose_name_plural": "reports",
            },
        ),
        migrations.CreateModel(
            name="HistoricalReport",
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
                            ("registered", "registered"),
                            ("partial", "partial"),
                            ("preliminary", "preliminary"),
                            ("final", "final"),
                            ("amended", "amended"),
                            ("corrected", "corrected"),
                            ("appended", "appended"),
                            ("cancelled", "cancelled"),
                            ("entered-in-error", "entered in error"),
                            ("unknown", "unknown"),
                        ],
                        default="unknown",
                        editable=False,
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="category"
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
                    models.CharField(blank=True, default="", max_length=100, verbose_name="code"),
                ),
                (
                    "code_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "code_text",
                    models.TextField(blank=True, default="", verbose_name="what was examined"),
                ),
                (
                    "code_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                ("issued", models.DateTimeField(blank=True, null=True, verbose_name="issued")),
                ("conclusion", models.TextField(blank=True, default="", verbose_name="conclusion")),
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
                    "note",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="records.note",
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
                    "copied_from",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="records.report",
                        verbose_name="copied from",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical report",
                "verbose_name_plural": "historical reports",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ReportResult",
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
                    "observation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="records.observation",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="records.report",
                    ),
                ),
            ],
            options={
                "verbose_name": "result of a report",
                "verbose_name_plural": "results of reports",
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="ObservationMember",
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
                    "observation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="panels",
                        to="records.observation",
                    ),
                ),
                (
                    "panel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="records.observation",
                    ),
                ),
            ],
            options={
                "verbose_name": "member of a panel",
                "verbose_name_plural": "members of panels",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("panel", "position"), name="panel_member_position"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["encounter", "-effective"], name="report_encounter"),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["patient", "-effective"], name="report_patient"),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "registered",
                            "partial",
                            "preliminary",
                            "final",
                            "amended",
                            "corrected",
                            "appended",
                            "cancelled",
                            "entered-in-error",
                            "unknown",
                        ],
                    )
                ),
                name="records_report_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("effective_precision__in", ["instant", "day", "month", "year"])
                ),
                name="records_report_effective_precision_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportresult",
            constraint=models.UniqueConstraint(
                fields=("report", "position"), name="report_result_position"
            ),
        ),
    ]
