import datetime

import django.db.models.deletion
import django.db.models.functions.comparison
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import clinik.clock
import clinik.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Encounter",
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
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("arrived", "arrived"),
                            ("triaged", "triaged"),
                            ("in-progress", "in progress"),
                            ("onleave", "on leave"),
                            ("finished", "finished"),
                            ("cancelled", "cancelled"),
                            ("entered-in-error", "entered in error"),
                            ("unknown", "unknown"),
                        ],
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                (
                    "class_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "class_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="class"),
                ),
                (
                    "class_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
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
                ("type_text", models.TextField(blank=True, default="", verbose_name="type")),
                (
                    "type_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "service_type_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "service_type_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="service code"
                    ),
                ),
                (
                    "service_type_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "service_type_text",
                    models.TextField(blank=True, default="", verbose_name="service"),
                ),
                (
                    "service_type_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "priority",
                    models.CharField(
                        blank=True, default="", max_length=50, verbose_name="priority"
                    ),
                ),
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
                    "planned_start",
                    models.DateTimeField(blank=True, null=True, verbose_name="planned for"),
                ),
                (
                    "planned_minutes",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="planned minutes"
                    ),
                ),
                ("start", models.DateTimeField(blank=True, null=True, verbose_name="start")),
                (
                    "start_precision",
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
                ("end", models.DateTimeField(blank=True, null=True, verbose_name="end")),
                (
                    "end_precision",
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
                    "date",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Coalesce(
                            models.F("start"),
                            models.F("planned_start"),
                            models.F("end"),
                            models.Value(datetime.datetime(1, 1, 2, 0, 0, tzinfo=datetime.UTC)),
                        ),
                        output_field=models.DateTimeField(verbose_name="date"),
                    ),
                ),
                (
                    "length_minutes",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="length in minutes"
                    ),
                ),
                (
                    "length_corrected",
                    models.BooleanField(default=False, verbose_name="length corrected by hand"),
                ),
                (
                    "location",
                    models.CharField(
                        blank=True, default="", max_length=1000, verbose_name="location"
                    ),
                ),
                (
                    "service_provider",
                    models.CharField(
                        blank=True, default="", max_length=1000, verbose_name="organisation"
                    ),
                ),
                (
                    "leave_to",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="on leave to"
                    ),
                ),
                (
                    "expected_back",
                    models.DateTimeField(blank=True, null=True, verbose_name="expected back"),
                ),
                (
                    "cancel_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("did-not-attend", "did not attend"),
                            ("patient", "patient cancelled"),
                            ("clinic", "clinic cancelled"),
                            ("left-before-seen", "left before being seen"),
                            ("other", "other"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="reason for cancelling",
                    ),
                ),
                (
                    "cancel_text",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="more about it"
                    ),
                ),
                (
                    "error_about",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("somebody-else", "about somebody else"),
                            ("opened-twice", "true of this patient, opened twice"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="entered in error",
                    ),
                ),
                (
                    "error_reason",
                    models.CharField(blank=True, default="", max_length=500, verbose_name="why"),
                ),
                (
                    "entered_late",
                    models.BooleanField(default=False, verbose_name="recorded afterwards"),
                ),
                (
                    "part_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="encounters.encounter",
                        verbose_name="part of",
                    ),
                ),
            ],
            options={
                "verbose_name": "visit",
                "verbose_name_plural": "visits",
                "ordering": ["-date", "-id"],
                "permissions": [
                    ("view_chart", "Can see the chart"),
                    ("arrive_encounter", "Can check in"),
                    ("triage_encounter", "Can triage"),
                    ("start_encounter", "Can start a visit"),
                    ("leave_encounter", "Can send on leave and take back"),
                    ("finish_encounter", "Can close a visit"),
                    ("cancel_encounter", "Can cancel and undo a cancel"),
                    ("reopen_encounter", "Can reopen"),
                    ("step_back_encounter", "Can step back another's or an older step"),
                    ("correct_time_encounter", "Can correct times"),
                    ("admit_encounter", "Can admit"),
                    ("move_room_encounter", "Can move to another room"),
                    ("hand_over_encounter", "Can hand over"),
                    ("override_close_encounter", "Can close although something is missing"),
                    ("record_past_encounter", "Can record a past visit"),
                    (
                        "enter_in_error_empty_encounter",
                        "Can enter in error a visit without records",
                    ),
                    ("enter_in_error_encounter", "Can enter any visit in error"),
                    ("restore_encounter", "Can restore a visit entered in error"),
                ],
                "indexes": [
                    models.Index(fields=["-date", "-id"], name="encounter_date"),
                    models.Index(fields=["status", "-date", "-id"], name="encounter_status_date"),
                    models.Index(
                        fields=["class_code", "-date", "-id"], name="encounter_class_date"
                    ),
                    models.Index(
                        condition=models.Q(
                            (
                                "status__in",
                                ["arrived", "triaged", "in-progress", "onleave", "planned"],
                            )
                        ),
                        fields=["-date", "-id"],
                        name="encounter_open",
                    ),
                    models.Index(
                        condition=models.Q(("status", "finished")),
                        fields=["-end"],
                        name="encounter_finished_end",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "planned",
                                    "arrived",
                                    "triaged",
                                    "in-progress",
                                    "onleave",
                                    "finished",
                                    "cancelled",
                                    "entered-in-error",
                                    "unknown",
                                ],
                            )
                        ),
                        name="encounters_encounter_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("error_about__in", ["somebody-else", "opened-twice", ""])
                        ),
                        name="encounters_encounter_error_about_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_encounter_start_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_encounter_end_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            ("class_code__in", ["AMB", "IMP", "EMER", "HH", "VR"]),
                            _connector="OR",
                        ),
                        name="encounters_encounter_class_offered",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(("status", "unknown"), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_encounter_known_status",
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
                        name="encounters_encounter_start_before_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(("status", "planned"), _negated=True),
                            models.Q(("end", None), ("start", None)),
                            _connector="OR",
                        ),
                        name="encounters_encounter_planned_has_no_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(
                                (
                                    "status__in",
                                    ["arrived", "triaged", "in-progress", "onleave", "finished"],
                                ),
                                _negated=True,
                            ),
                            models.Q(("start", None), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_encounter_begun_has_a_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(
                                ("status__in", ("arrived", "triaged", "in-progress", "onleave")),
                                _negated=True,
                            ),
                            ("end", None),
                            _connector="OR",
                        ),
                        name="encounters_encounter_open_has_no_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(("status", "finished"), _negated=True),
                            models.Q(("end", None), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_encounter_finished_has_an_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(("status", "cancelled"), _negated=True),
                            models.Q(("cancel_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_encounter_cancelled_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(("status", "cancelled"), _negated=True),
                            ("start", None),
                            models.Q(("end", None), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_encounter_cancelled_after_arrival_has_an_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(("status", "entered-in-error"), _negated=True),
                            models.Q(("error_about", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_encounter_in_error_says_about_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("part_of", None),
                            models.Q(("part_of", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="encounter_not_part_of_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalHospitalization",
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
                    "admit_source_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "admit_source_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="admitted from"
                    ),
                ),
                (
                    "admit_source_text",
                    models.TextField(blank=True, default="", verbose_name="text"),
                ),
                (
                    "origin",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="came from"
                    ),
                ),
                (
                    "re_admission",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="re-admission"
                    ),
                ),
                (
                    "diet",
                    models.CharField(blank=True, default="", max_length=500, verbose_name="diet"),
                ),
                (
                    "special_arrangement",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="special arrangements"
                    ),
                ),
                (
                    "disposition_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "disposition_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="discharged to"
                    ),
                ),
                (
                    "disposition_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("disposition_text", models.TextField(blank=True, default="", verbose_name="text")),
                (
                    "destination",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="destination"
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
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.encounter",
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
                "verbose_name": "historical hospitalization",
                "verbose_name_plural": "historical hospitalizations",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPractitioner",
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
                    "prefix",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="title"),
                ),
                (
                    "given",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="given names"
                    ),
                ),
                (
                    "family",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="family name"
                    ),
                ),
                (
                    "gender",
                    models.CharField(blank=True, default="", max_length=20, verbose_name="gender"),
                ),
                (
                    "specialty",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="specialty"
                    ),
                ),
                (
                    "phone",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="phone"),
                ),
                (
                    "email",
                    models.CharField(blank=True, default="", max_length=254, verbose_name="e-mail"),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("search_name", models.TextField(default="", editable=False)),
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="login",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical practitioner",
                "verbose_name_plural": "historical practitioners",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Hospitalization",
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
                    "admit_source_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "admit_source_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="admitted from"
                    ),
                ),
                (
                    "admit_source_text",
                    models.TextField(blank=True, default="", verbose_name="text"),
                ),
                (
                    "origin",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="came from"
                    ),
                ),
                (
                    "re_admission",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="re-admission"
                    ),
                ),
                (
                    "diet",
                    models.CharField(blank=True, default="", max_length=500, verbose_name="diet"),
                ),
                (
                    "special_arrangement",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="special arrangements"
                    ),
                ),
                (
                    "disposition_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "disposition_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="discharged to"
                    ),
                ),
                (
                    "disposition_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("disposition_text", models.TextField(blank=True, default="", verbose_name="text")),
                (
                    "destination",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="destination"
                    ),
                ),
                (
                    "encounter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hospitalization",
                        to="encounters.encounter",
                    ),
                ),
            ],
            options={
                "verbose_name": "hospitalization",
                "verbose_name_plural": "hospitalizations",
            },
        ),
        migrations.CreateModel(
            name="Patient",
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
                    "mrn",
                    models.CharField(
                        editable=False, max_length=8, unique=True, verbose_name="clinic number"
                    ),
                ),
                (
                    "family",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="family name"
                    ),
                ),
                (
                    "given",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="given names"
                    ),
                ),
                (
                    "known_as",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="known as"
                    ),
                ),
                (
                    "prefix",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="title"),
                ),
                (
                    "gender",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("male", "male"),
                            ("female", "female"),
                            ("other", "other"),
                            ("unknown", "unknown"),
                        ],
                        default="unknown",
                        max_length=10,
                        verbose_name="gender",
                    ),
                ),
                (
                    "birth_date",
                    models.DateField(
                        blank=True, db_index=True, null=True, verbose_name="birth date"
                    ),
                ),
                (
                    "birth_date_precision",
                    models.CharField(
                        choices=[
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="day",
                        max_length=7,
                        verbose_name="birth date is exact to",
                    ),
                ),
                (
                    "birth_date_estimated",
                    models.BooleanField(default=False, verbose_name="age is estimated"),
                ),
                (
                    "birth_date_unknown",
                    models.BooleanField(default=False, verbose_name="birth date is unknown"),
                ),
                (
                    "birth_time",
                    models.TimeField(blank=True, null=True, verbose_name="time of birth"),
                ),
                (
                    "multiple_birth",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="twin or multiple, born as number"
                    ),
                ),
                (
                    "identity_unverified",
                    models.BooleanField(default=False, verbose_name="identity not verified"),
                ),
                (
                    "phone",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="phone"),
                ),
                ("phone_digits", models.CharField(default="", editable=False, max_length=100)),
                (
                    "email",
                    models.CharField(blank=True, default="", max_length=254, verbose_name="e-mail"),
                ),
                (
                    "address_line",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="street"),
                ),
                (
                    "city",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="town"),
                ),
                (
                    "state",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="state"),
                ),
                (
                    "postal_code",
                    models.CharField(
                        blank=True, default="", max_length=40, verbose_name="postal code"
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="country"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="language"
                    ),
                ),
                (
                    "interpreter_needed",
                    models.BooleanField(default=False, verbose_name="interpreter needed"),
                ),
                (
                    "marital_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "annulled"),
                            ("D", "divorced"),
                            ("I", "interlocutory"),
                            ("L", "legally separated"),
                            ("M", "married"),
                            ("P", "polygamous"),
                            ("S", "never married"),
                            ("T", "domestic partner"),
                            ("U", "unmarried"),
                            ("W", "widowed"),
                            ("UNK", "unknown"),
                        ],
                        default="",
                        max_length=3,
                        verbose_name="marital status",
                    ),
                ),
                ("deceased", models.BooleanField(default=False, verbose_name="deceased")),
                ("deceased_at", models.DateTimeField(blank=True, null=True, verbose_name="died")),
                (
                    "deceased_at_precision",
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
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("search_name", models.TextField(default="", editable=False)),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="encounters.patient",
                        verbose_name="merged into",
                    ),
                ),
            ],
            options={
                "verbose_name": "patient",
                "verbose_name_plural": "patients",
                "ordering": ["family", "given", "id"],
                "permissions": [("merge_patient", "Can merge patients")],
                "indexes": [
                    models.Index(fields=["family", "given", "id"], name="patient_by_name"),
                    models.Index(fields=["phone_digits"], name="patient_phone"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("gender__in", ["male", "female", "other", "unknown", ""])
                        ),
                        name="encounters_patient_gender_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "marital_status__in",
                                ["A", "D", "I", "L", "M", "P", "S", "T", "U", "W", "UNK", ""],
                            )
                        ),
                        name="encounters_patient_marital_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("birth_date_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_patient_birth_date_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deceased_at_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_patient_deceased_at_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("family", ""), _negated=True),
                            models.Q(("given", ""), _negated=True),
                            models.Q(("known_as", ""), _negated=True),
                            models.Q(("source", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="patient_has_a_name",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("birth_date__isnull", False),
                            ("birth_date_unknown", True),
                            models.Q(("source", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="patient_has_a_birth_date_or_says_unknown",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("merged_into", None),
                            models.Q(("merged_into", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="patient_not_merged_into_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalPatientIdentifier",
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
                    "system",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="system"),
                ),
                ("value", models.CharField(max_length=200, verbose_name="number")),
                (
                    "type_text",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="kind"),
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
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical identifier",
                "verbose_name_plural": "historical identifiers",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPatientContact",
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
                ("name", models.CharField(max_length=300, verbose_name="name")),
                (
                    "relationship",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="relationship"
                    ),
                ),
                (
                    "phone",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="phone"),
                ),
                ("is_guardian", models.BooleanField(default=False, verbose_name="guardian")),
                ("active", models.BooleanField(default=True, verbose_name="current")),
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
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical contact",
                "verbose_name_plural": "historical contacts",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddField(
            model_name="encounter",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="encounters",
                to="encounters.patient",
                verbose_name="patient",
            ),
        ),
        migrations.CreateModel(
            name="Diagnosis",
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
                    "condition_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "condition_code",
                    models.CharField(
                        blank=True, db_index=True, default="", max_length=100, verbose_name="code"
                    ),
                ),
                (
                    "condition_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "condition_text",
                    models.TextField(blank=True, default="", verbose_name="condition"),
                ),
                (
                    "condition_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "use",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("AD", "admission diagnosis"),
                            ("DD", "discharge diagnosis"),
                            ("CC", "chief complaint"),
                            ("CM", "comorbidity"),
                            ("pre-op", "pre-op diagnosis"),
                            ("post-op", "post-op diagnosis"),
                            ("billing", "billing"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="use",
                    ),
                ),
                ("rank", models.PositiveIntegerField(blank=True, null=True, verbose_name="rank")),
                (
                    "clinical_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("active", "active"),
                            ("recurrence", "recurrence"),
                            ("relapse", "relapse"),
                            ("inactive", "inactive"),
                            ("remission", "in remission"),
                            ("resolved", "resolved"),
                        ],
                        default="active",
                        max_length=20,
                        verbose_name="clinical status",
                    ),
                ),
                (
                    "verification",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unconfirmed", "unconfirmed"),
                            ("provisional", "provisional"),
                            ("differential", "differential"),
                            ("confirmed", "confirmed"),
                            ("refuted", "refuted"),
                            ("entered-in-error", "entered in error"),
                        ],
                        default="confirmed",
                        max_length=20,
                        verbose_name="verification",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("encounter-diagnosis", "diagnosis of a visit"),
                            ("problem-list-item", "problem list"),
                        ],
                        default="encounter-diagnosis",
                        max_length=30,
                        verbose_name="category",
                    ),
                ),
                ("onset", models.DateTimeField(blank=True, null=True, verbose_name="onset")),
                (
                    "onset_precision",
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
                    "onset_text",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="onset in words"
                    ),
                ),
                (
                    "abatement",
                    models.DateTimeField(blank=True, null=True, verbose_name="resolved on"),
                ),
                (
                    "abatement_precision",
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
                    "abatement_text",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="resolved, in words"
                    ),
                ),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                (
                    "recorded",
                    models.DateTimeField(default=clinik.clock.now, verbose_name="recorded"),
                ),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
                    ),
                ),
                (
                    "promoted_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promoted",
                        to="encounters.diagnosis",
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="diagnoses",
                        to="encounters.encounter",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="diagnoses",
                        to="encounters.patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "diagnosis",
                "verbose_name_plural": "diagnoses",
                "indexes": [
                    models.Index(fields=["encounter", "use", "rank"], name="diagnosis_encounter"),
                    models.Index(fields=["patient", "category"], name="diagnosis_patient"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "use__in",
                                ["AD", "DD", "CC", "CM", "pre-op", "post-op", "billing", ""],
                            )
                        ),
                        name="encounters_diagnosis_use_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "clinical_status__in",
                                [
                                    "active",
                                    "recurrence",
                                    "relapse",
                                    "inactive",
                                    "remission",
                                    "resolved",
                                    "",
                                ],
                            )
                        ),
                        name="encounters_diagnosis_clinical_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "verification__in",
                                [
                                    "unconfirmed",
                                    "provisional",
                                    "differential",
                                    "confirmed",
                                    "refuted",
                                    "entered-in-error",
                                    "",
                                ],
                            )
                        ),
                        name="encounters_diagnosis_verification_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("category__in", ["encounter-diagnosis", "problem-list-item"])
                        ),
                        name="encounters_diagnosis_category_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("onset_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_diagnosis_onset_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("abatement_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_diagnosis_abatement_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            ("onset__isnull", True),
                            ("abatement__isnull", True),
                            ("onset__lte", models.F("abatement")),
                            models.Q(("onset_precision", "instant"), _negated=True),
                            models.Q(("abatement_precision", "instant"), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_diagnosis_onset_before_abatement",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rank", None), ("rank__gte", 1), _connector="OR"),
                        name="diagnosis_rank_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("condition_text", ""), _negated=True),
                            models.Q(("condition_display", ""), _negated=True),
                            models.Q(("condition_code", ""), _negated=True),
                            models.Q(("source", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="diagnosis_says_what",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(("verification", "entered-in-error"), _negated=True),
                            ("rank__isnull", False),
                        ),
                        fields=("encounter", "use", "rank"),
                        name="diagnosis_rank_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientContact",
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
                ("name", models.CharField(max_length=300, verbose_name="name")),
                (
                    "relationship",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="relationship"
                    ),
                ),
                (
                    "phone",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="phone"),
                ),
                ("is_guardian", models.BooleanField(default=False, verbose_name="guardian")),
                ("active", models.BooleanField(default=True, verbose_name="current")),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contacts",
                        to="encounters.patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact",
                "verbose_name_plural": "contacts",
            },
        ),
        migrations.CreateModel(
            name="Practitioner",
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
                    "prefix",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="title"),
                ),
                (
                    "given",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="given names"
                    ),
                ),
                (
                    "family",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="family name"
                    ),
                ),
                (
                    "gender",
                    models.CharField(blank=True, default="", max_length=20, verbose_name="gender"),
                ),
                (
                    "specialty",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="specialty"
                    ),
                ),
                (
                    "phone",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="phone"),
                ),
                (
                    "email",
                    models.CharField(blank=True, default="", max_length=254, verbose_name="e-mail"),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("search_name", models.TextField(default="", editable=False)),
                (
                    "user",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="practitioner",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="login",
                    ),
                ),
            ],
            options={
                "verbose_name": "practitioner",
                "verbose_name_plural": "practitioners",
                "ordering": ["family", "given", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("family", ""), _negated=True),
                            models.Q(("given", ""), _negated=True),
                            models.Q(("source", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="practitioner_has_a_name",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientAlert",
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
                ("text", models.CharField(max_length=300, verbose_name="alert")),
                ("start", models.DateTimeField(verbose_name="from")),
                ("end", models.DateTimeField(blank=True, null=True, verbose_name="to")),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to="encounters.patient",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="encounters.practitioner",
                    ),
                ),
            ],
            options={
                "verbose_name": "alert",
                "verbose_name_plural": "alerts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start__isnull", True),
                            ("end__isnull", True),
                            ("start__lte", models.F("end")),
                            _connector="OR",
                        ),
                        name="encounters_patientalert_start_before_end",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="patient",
            name="general_practitioner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="encounters.practitioner",
                verbose_name="general practitioner",
            ),
        ),
        migrations.CreateModel(
            name="NoKnownAllergies",
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
                    "stated_at",
                    models.DateTimeField(default=clinik.clock.now, verbose_name="stated"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="encounters.encounter",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="no_known_allergies",
                        to="encounters.patient",
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
                    ),
                ),
            ],
            options={
                "verbose_name": "no known allergies",
                "verbose_name_plural": "no known allergies",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None), ("source", "")),
                        fields=("patient",),
                        name="no_known_allergies_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalPractitionerIdentifier",
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
                    "system",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="system"),
                ),
                ("value", models.CharField(max_length=200, verbose_name="number")),
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
                    "practitioner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.practitioner",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical identifier",
                "verbose_name_plural": "historical identifiers",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPatientAlert",
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
                ("text", models.CharField(max_length=300, verbose_name="alert")),
                ("start", models.DateTimeField(verbose_name="from")),
                ("end", models.DateTimeField(blank=True, null=True, verbose_name="to")),
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
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.patient",
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
                    ),
                ),
            ],
            options={
                "verbose_name": "historical alert",
                "verbose_name_plural": "historical alerts",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPatient",
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
                    "mrn",
                    models.CharField(
                        db_index=True, editable=False, max_length=8, verbose_name="clinic number"
                    ),
                ),
                (
                    "family",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="family name"
                    ),
                ),
                (
                    "given",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="given names"
                    ),
                ),
                (
                    "known_as",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="known as"
                    ),
                ),
                (
                    "prefix",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="title"),
                ),
                (
                    "gender",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("male", "male"),
                            ("female", "female"),
                            ("other", "other"),
                            ("unknown", "unknown"),
                        ],
                        default="unknown",
                        max_length=10,
                        verbose_name="gender",
                    ),
                ),
                (
                    "birth_date",
                    models.DateField(
                        blank=True, db_index=True, null=True, verbose_name="birth date"
                    ),
                ),
                (
                    "birth_date_precision",
                    models.CharField(
                        choices=[
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="day",
                        max_length=7,
                        verbose_name="birth date is exact to",
                    ),
                ),
                (
                    "birth_date_estimated",
                    models.BooleanField(default=False, verbose_name="age is estimated"),
                ),
                (
                    "birth_date_unknown",
                    models.BooleanField(default=False, verbose_name="birth date is unknown"),
                ),
                (
                    "birth_time",
                    models.TimeField(blank=True, null=True, verbose_name="time of birth"),
                ),
                (
                    "multiple_birth",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="twin or multiple, born as number"
                    ),
                ),
                (
                    "identity_unverified",
                    models.BooleanField(default=False, verbose_name="identity not verified"),
                ),
                (
                    "phone",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="phone"),
                ),
                (
                    "email",
                    models.CharField(blank=True, default="", max_length=254, verbose_name="e-mail"),
                ),
                (
                    "address_line",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="street"),
                ),
                (
                    "city",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="town"),
                ),
                (
                    "state",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="state"),
                ),
                (
                    "postal_code",
                    models.CharField(
                        blank=True, default="", max_length=40, verbose_name="postal code"
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="country"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="language"
                    ),
                ),
                (
                    "interpreter_needed",
                    models.BooleanField(default=False, verbose_name="interpreter needed"),
                ),
                (
                    "marital_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "annulled"),
                            ("D", "divorced"),
                            ("I", "interlocutory"),
                            ("L", "legally separated"),
                            ("M", "married"),
                            ("P", "polygamous"),
                            ("S", "never married"),
                            ("T", "domestic partner"),
                            ("U", "unmarried"),
                            ("W", "widowed"),
                            ("UNK", "unknown"),
                        ],
                        default="",
                        max_length=3,
                        verbose_name="marital status",
                    ),
                ),
                ("deceased", models.BooleanField(default=False, verbose_name="deceased")),
                ("deceased_at", models.DateTimeField(blank=True, null=True, verbose_name="died")),
                (
                    "deceased_at_precision",
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
                ("active", models.BooleanField(default=True, verbose_name="active")),
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
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.patient",
                        verbose_name="merged into",
                    ),
                ),
                (
                    "general_practitioner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.practitioner",
                        verbose_name="general practitioner",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical patient",
                "verbose_name_plural": "historical patients",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalNoKnownAllergies",
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
                    "stated_at",
                    models.DateTimeField(default=clinik.clock.now, verbose_name="stated"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
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
                    "by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    ),
                ),
            ],
            options={
                "verbose_name": "historical no known allergies",
                "verbose_name_plural": "historical no known allergies",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalEncounterParticipant",
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
                    "name",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="name"),
                ),
                (
                    "role_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "role_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="role"),
                ),
                (
                    "role_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("start", models.DateTimeField(null=True, verbose_name="from")),
                (
                    "start_precision",
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
                ("end", models.DateTimeField(null=True, verbose_name="to")),
                (
                    "end_precision",
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
                ("removed", models.BooleanField(default=False)),
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
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.encounter",
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
                    "practitioner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.practitioner",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical participant",
                "verbose_name_plural": "historical participants",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalEncounter",
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
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("arrived", "arrived"),
                            ("triaged", "triaged"),
                            ("in-progress", "in progress"),
                            ("onleave", "on leave"),
                            ("finished", "finished"),
                            ("cancelled", "cancelled"),
                            ("entered-in-error", "entered in error"),
                            ("unknown", "unknown"),
                        ],
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                (
                    "class_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "class_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="class"),
                ),
                (
                    "class_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
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
                ("type_text", models.TextField(blank=True, default="", verbose_name="type")),
                (
                    "type_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "service_type_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "service_type_code",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="service code"
                    ),
                ),
                (
                    "service_type_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "service_type_text",
                    models.TextField(blank=True, default="", verbose_name="service"),
                ),
                (
                    "service_type_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "priority",
                    models.CharField(
                        blank=True, default="", max_length=50, verbose_name="priority"
                    ),
                ),
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
                    "planned_start",
                    models.DateTimeField(blank=True, null=True, verbose_name="planned for"),
                ),
                (
                    "planned_minutes",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="planned minutes"
                    ),
                ),
                ("start", models.DateTimeField(blank=True, null=True, verbose_name="start")),
                (
                    "start_precision",
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
                ("end", models.DateTimeField(blank=True, null=True, verbose_name="end")),
                (
                    "end_precision",
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
                    "length_minutes",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="length in minutes"
                    ),
                ),
                (
                    "length_corrected",
                    models.BooleanField(default=False, verbose_name="length corrected by hand"),
                ),
                (
                    "location",
                    models.CharField(
                        blank=True, default="", max_length=1000, verbose_name="location"
                    ),
                ),
                (
                    "service_provider",
                    models.CharField(
                        blank=True, default="", max_length=1000, verbose_name="organisation"
                    ),
                ),
                (
                    "leave_to",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="on leave to"
                    ),
                ),
                (
                    "expected_back",
                    models.DateTimeField(blank=True, null=True, verbose_name="expected back"),
                ),
                (
                    "cancel_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("did-not-attend", "did not attend"),
                            ("patient", "patient cancelled"),
                            ("clinic", "clinic cancelled"),
                            ("left-before-seen", "left before being seen"),
                            ("other", "other"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="reason for cancelling",
                    ),
                ),
                (
                    "cancel_text",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="more about it"
                    ),
                ),
                (
                    "error_about",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("somebody-else", "about somebody else"),
                            ("opened-twice", "true of this patient, opened twice"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="entered in error",
                    ),
                ),
                (
                    "error_reason",
                    models.CharField(blank=True, default="", max_length=500, verbose_name="why"),
                ),
                (
                    "entered_late",
                    models.BooleanField(default=False, verbose_name="recorded afterwards"),
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
                    "part_of",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.encounter",
                        verbose_name="part of",
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
                    "practitioner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.practitioner",
                        verbose_name="practitioner",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical visit",
                "verbose_name_plural": "historical visits",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalDiagnosis",
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
                    "condition_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "condition_code",
                    models.CharField(
                        blank=True, db_index=True, default="", max_length=100, verbose_name="code"
                    ),
                ),
                (
                    "condition_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "condition_text",
                    models.TextField(blank=True, default="", verbose_name="condition"),
                ),
                (
                    "condition_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "use",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("AD", "admission diagnosis"),
                            ("DD", "discharge diagnosis"),
                            ("CC", "chief complaint"),
                            ("CM", "comorbidity"),
                            ("pre-op", "pre-op diagnosis"),
                            ("post-op", "post-op diagnosis"),
                            ("billing", "billing"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="use",
                    ),
                ),
                ("rank", models.PositiveIntegerField(blank=True, null=True, verbose_name="rank")),
                (
                    "clinical_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("active", "active"),
                            ("recurrence", "recurrence"),
                            ("relapse", "relapse"),
                            ("inactive", "inactive"),
                            ("remission", "in remission"),
                            ("resolved", "resolved"),
                        ],
                        default="active",
                        max_length=20,
                        verbose_name="clinical status",
                    ),
                ),
                (
                    "verification",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unconfirmed", "unconfirmed"),
                            ("provisional", "provisional"),
                            ("differential", "differential"),
                            ("confirmed", "confirmed"),
                            ("refuted", "refuted"),
                            ("entered-in-error", "entered in error"),
                        ],
                        default="confirmed",
                        max_length=20,
                        verbose_name="verification",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("encounter-diagnosis", "diagnosis of a visit"),
                            ("problem-list-item", "problem list"),
                        ],
                        default="encounter-diagnosis",
                        max_length=30,
                        verbose_name="category",
                    ),
                ),
                ("onset", models.DateTimeField(blank=True, null=True, verbose_name="onset")),
                (
                    "onset_precision",
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
                    "onset_text",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="onset in words"
                    ),
                ),
                (
                    "abatement",
                    models.DateTimeField(blank=True, null=True, verbose_name="resolved on"),
                ),
                (
                    "abatement_precision",
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
                    "abatement_text",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="resolved, in words"
                    ),
                ),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                (
                    "recorded",
                    models.DateTimeField(default=clinik.clock.now, verbose_name="recorded"),
                ),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
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
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.encounter",
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
                    "promoted_from",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.diagnosis",
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
                    ),
                ),
            ],
            options={
                "verbose_name": "historical diagnosis",
                "verbose_name_plural": "historical diagnoses",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalAllergy",
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
                    "substance_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "substance_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="code"),
                ),
                (
                    "substance_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "substance_text",
                    models.TextField(blank=True, default="", verbose_name="substance"),
                ),
                (
                    "substance_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "type",
                    models.CharField(
                        blank=True,
                        choices=[("allergy", "allergy"), ("intolerance", "intolerance")],
                        default="",
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("food", "food"),
                            ("medication", "medication"),
                            ("environment", "environment"),
                            ("biologic", "biologic"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="category",
                    ),
                ),
                (
                    "reaction",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="reaction"
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[("mild", "mild"), ("moderate", "moderate"), ("severe", "severe")],
                        default="",
                        max_length=20,
                        verbose_name="severity",
                    ),
                ),
                (
                    "criticality",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("low", "low risk"),
                            ("high", "high risk"),
                            ("unable-to-assess", "risk not known"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="criticality",
                    ),
                ),
                (
                    "clinical_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("active", "active"),
                            ("inactive", "inactive"),
                            ("resolved", "resolved"),
                        ],
                        default="active",
                        max_length=20,
                        verbose_name="clinical status",
                    ),
                ),
                (
                    "verification",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unconfirmed", "unconfirmed"),
                            ("confirmed", "confirmed"),
                            ("refuted", "refuted"),
                            ("entered-in-error", "entered in error"),
                        ],
                        default="confirmed",
                        max_length=20,
                        verbose_name="verification",
                    ),
                ),
                ("onset", models.DateTimeField(blank=True, null=True, verbose_name="onset")),
                (
                    "onset_precision",
                    models.CharField(
                        choices=[
                            ("instant", "to the minute"),
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="day",
                        max_length=7,
                    ),
                ),
                (
                    "recorded",
                    models.DateTimeField(default=clinik.clock.now, verbose_name="recorded"),
                ),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
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
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="encounters.encounter",
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
                        verbose_name="recorded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical allergy",
                "verbose_name_plural": "historical allergies",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="EncounterParticipant",
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
                    "name",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="name"),
                ),
                (
                    "role_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "role_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="role"),
                ),
                (
                    "role_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("start", models.DateTimeField(null=True, verbose_name="from")),
                (
                    "start_precision",
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
                ("end", models.DateTimeField(null=True, verbose_name="to")),
                (
                    "end_precision",
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
                ("removed", models.BooleanField(default=False)),
                (
                    "encounter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="participants",
                        to="encounters.encounter",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="participations",
                        to="encounters.practitioner",
                    ),
                ),
            ],
            options={
                "verbose_name": "participant",
                "verbose_name_plural": "participants",
                "ordering": ["created", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start__isnull", True),
                            ("end__isnull", True),
                            ("start__lte", models.F("end")),
                            models.Q(("start_precision", "instant"), _negated=True),
                            models.Q(("end_precision", "instant"), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_encounterparticipant_start_before_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_encounterparticipant_start_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_encounterparticipant_end_precision_known",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="encounter",
            name="practitioner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="encounters",
                to="encounters.practitioner",
                verbose_name="practitioner",
            ),
        ),
        migrations.AddField(
            model_name="diagnosis",
            name="author",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="encounters.practitioner",
            ),
        ),
        migrations.CreateModel(
            name="Allergy",
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
                    "substance_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "substance_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="code"),
                ),
                (
                    "substance_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                (
                    "substance_text",
                    models.TextField(blank=True, default="", verbose_name="substance"),
                ),
                (
                    "substance_more",
                    models.JSONField(blank=True, default=list, verbose_name="further codings"),
                ),
                (
                    "type",
                    models.CharField(
                        blank=True,
                        choices=[("allergy", "allergy"), ("intolerance", "intolerance")],
                        default="",
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("food", "food"),
                            ("medication", "medication"),
                            ("environment", "environment"),
                            ("biologic", "biologic"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="category",
                    ),
                ),
                (
                    "reaction",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="reaction"
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[("mild", "mild"), ("moderate", "moderate"), ("severe", "severe")],
                        default="",
                        max_length=20,
                        verbose_name="severity",
                    ),
                ),
                (
                    "criticality",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("low", "low risk"),
                            ("high", "high risk"),
                            ("unable-to-assess", "risk not known"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="criticality",
                    ),
                ),
                (
                    "clinical_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("active", "active"),
                            ("inactive", "inactive"),
                            ("resolved", "resolved"),
                        ],
                        default="active",
                        max_length=20,
                        verbose_name="clinical status",
                    ),
                ),
                (
                    "verification",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unconfirmed", "unconfirmed"),
                            ("confirmed", "confirmed"),
                            ("refuted", "refuted"),
                            ("entered-in-error", "entered in error"),
                        ],
                        default="confirmed",
                        max_length=20,
                        verbose_name="verification",
                    ),
                ),
                ("onset", models.DateTimeField(blank=True, null=True, verbose_name="onset")),
                (
                    "onset_precision",
                    models.CharField(
                        choices=[
                            ("instant", "to the minute"),
                            ("day", "to the day"),
                            ("month", "to the month"),
                            ("year", "to the year"),
                        ],
                        default="day",
                        max_length=7,
                    ),
                ),
                (
                    "recorded",
                    models.DateTimeField(default=clinik.clock.now, verbose_name="recorded"),
                ),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                (
                    "error_reason",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="why in error"
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allergies",
                        to="encounters.encounter",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allergies",
                        to="encounters.patient",
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
                        verbose_name="recorded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "allergy",
                "verbose_name_plural": "allergies",
                "ordering": ["created", "id"],
                "indexes": [
                    models.Index(fields=["patient", "clinical_status"], name="allergy_patient")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("type__in", ["allergy", "intolerance", ""])),
                        name="encounters_allergy_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("category__in", ["food", "medication", "environment", "biologic", ""])
                        ),
                        name="encounters_allergy_category_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["mild", "moderate", "severe", ""])),
                        name="encounters_allergy_severity_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("criticality__in", ["low", "high", "unable-to-assess", ""])
                        ),
                        name="encounters_allergy_criticality_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("clinical_status__in", ["active", "inactive", "resolved", ""])
                        ),
                        name="encounters_allergy_clinical_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "verification__in",
                                ["unconfirmed", "confirmed", "refuted", "entered-in-error", ""],
                            )
                        ),
                        name="encounters_allergy_verification_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("onset_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_allergy_onset_precision_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PractitionerIdentifier",
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
                    "system",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="system"),
                ),
                ("value", models.CharField(max_length=200, verbose_name="number")),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identifiers",
                        to="encounters.practitioner",
                    ),
                ),
            ],
            options={
                "verbose_name": "identifier",
                "verbose_name_plural": "identifiers",
                "indexes": [
                    models.Index(fields=["system", "value"], name="practitioner_identifier")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("practitioner", "system", "value"),
                        name="practitioner_identifier_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StatusPeriod",
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
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("arrived", "arrived"),
                            ("triaged", "triaged"),
                            ("in-progress", "in progress"),
                            ("onleave", "on leave"),
                            ("finished", "finished"),
                            ("cancelled", "cancelled"),
                            ("entered-in-error", "entered in error"),
                            ("unknown", "unknown"),
                        ],
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("start", models.DateTimeField(null=True, verbose_name="from")),
                (
                    "start_precision",
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
                ("end", models.DateTimeField(null=True, verbose_name="to")),
                (
                    "end_precision",
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
                ("reason", models.TextField(blank=True, default="", verbose_name="reason")),
                ("entered_at", models.DateTimeField(default=clinik.clock.now)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("before", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="status_history",
                        to="encounters.encounter",
                    ),
                ),
            ],
            options={
                "verbose_name": "status period",
                "verbose_name_plural": "status history",
                "ordering": ["start", "created", "id"],
                "indexes": [
                    models.Index(fields=["encounter", "start"], name="status_period_encounter")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start__isnull", True),
                            ("end__isnull", True),
                            ("start__lte", models.F("end")),
                            models.Q(("start_precision", "instant"), _negated=True),
                            models.Q(("end_precision", "instant"), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_statusperiod_start_before_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_statusperiod_start_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_statusperiod_end_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "planned",
                                    "arrived",
                                    "triaged",
                                    "in-progress",
                                    "onleave",
                                    "finished",
                                    "cancelled",
                                    "entered-in-error",
                                    "unknown",
                                ],
                            )
                        ),
                        name="status_period_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(("start", None), _negated=True),
                            _connector="OR",
                        ),
                        name="status_period_has_a_start",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("end", None), ("source", ""), ("withdrawn_at", None)),
                        fields=("encounter",),
                        name="status_period_one_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClassPeriod",
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
                    "class_system",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="code system"
                    ),
                ),
                (
                    "class_code",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="class"),
                ),
                (
                    "class_display",
                    models.TextField(
                        blank=True, default="", verbose_name="name in the code system"
                    ),
                ),
                ("start", models.DateTimeField(null=True, verbose_name="from")),
                (
                    "start_precision",
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
                ("end", models.DateTimeField(null=True, verbose_name="to")),
                (
                    "end_precision",
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
                    "encounter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="class_history",
                        to="encounters.encounter",
                    ),
                ),
            ],
            options={
                "verbose_name": "class period",
                "verbose_name_plural": "class history",
                "ordering": ["start", "created", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start__isnull", True),
                            ("end__isnull", True),
                            ("start__lte", models.F("end")),
                            models.Q(("start_precision", "instant"), _negated=True),
                            models.Q(("end_precision", "instant"), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_classperiod_start_before_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_classperiod_start_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_classperiod_end_precision_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LocationPeriod",
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
                ("location", models.CharField(max_length=1000, verbose_name="location")),
                ("start", models.DateTimeField(null=True, verbose_name="from")),
                (
                    "start_precision",
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
                ("end", models.DateTimeField(null=True, verbose_name="to")),
                (
                    "end_precision",
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
                    "encounter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="location_history",
                        to="encounters.encounter",
                    ),
                ),
            ],
            options={
                "verbose_name": "location period",
                "verbose_name_plural": "location moves",
                "ordering": ["start", "created", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start__isnull", True),
                            ("end__isnull", True),
                            ("start__lte", models.F("end")),
                            models.Q(("start_precision", "instant"), _negated=True),
                            models.Q(("end_precision", "instant"), _negated=True),
                            _connector="OR",
                        ),
                        name="encounters_locationperiod_start_before_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_locationperiod_start_precision_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_precision__in", ["instant", "day", "month", "year"])
                        ),
                        name="encounters_locationperiod_end_precision_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NotSamePerson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="encounters.patient",
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="encounters.patient",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("first", "second"), name="not_same_person_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first__lt", models.F("second"))),
                        name="not_same_person_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientIdentifier",
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
                    "system",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="system"),
                ),
                ("value", models.CharField(max_length=200, verbose_name="number")),
                (
                    "type_text",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="kind"),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identifiers",
                        to="encounters.patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "identifier",
                "verbose_name_plural": "identifiers",
                "indexes": [models.Index(fields=["value", "system"], name="patient_identifier")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("patient", "system", "value"), name="patient_identifier_once"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="encounter",
            index=models.Index(fields=["patient", "-date", "-id"], name="encounter_patient_date"),
        ),
        migrations.AddIndex(
            model_name="encounter",
            index=models.Index(
                fields=["practitioner", "-date", "-id"], name="encounter_practitioner_date"
            ),
        ),
        migrations.AddConstraint(
            model_name="encounter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "cancel_reason__in",
                        ["did-not-attend", "patient", "clinic", "left-before-seen", "other", ""],
                    )
                ),
                name="encounters_encounter_cancel_reason_known",
            ),
        ),
    ]
