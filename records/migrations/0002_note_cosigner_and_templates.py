import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import clinik.ids


class Migration(migrations.Migration):
    dependencies = [
        ("encounters", "0002_patient_name_trigram"),
        ("records", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NoteTemplate",
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
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("body", models.TextField(verbose_name="text")),
                ("removed", models.BooleanField(default=False, verbose_name="removed")),
            ],
            options={
                "verbose_name": "note template",
                "verbose_name_plural": "note templates",
            },
        ),
        migrations.AddField(
            model_name="historicalnote",
            name="cosigner",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="encounters.practitioner",
                verbose_name="to be co-signed by",
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="cosigner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="encounters.practitioner",
                verbose_name="to be co-signed by",
            ),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(
                condition=models.Q(("cosigner__isnull", False)),
                fields=["cosigner"],
                name="note_cosigner",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cosigner__isnull", True),
                    ("author__isnull", True),
                    models.Q(("cosigner", models.F("author")), _negated=True),
                    _connector="OR",
                ),
                name="note_cosigner_is_another",
            ),
        ),
        migrations.AddField(
            model_name="notetemplate",
            name="practitioner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="encounters.practitioner",
                verbose_name="practitioner",
            ),
        ),
        migrations.AddConstraint(
            model_name="notetemplate",
            constraint=models.CheckConstraint(
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
                name="records_notetemplate_type_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="notetemplate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed", False)),
                fields=("practitioner", "type", "name"),
                name="note_template_named_once",
            ),
        ),
    ]
