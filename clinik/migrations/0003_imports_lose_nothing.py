import django.db.models.deletion
from django.db import migrations, models


def empty_the_keys_of_no_row(apps, schema_editor):
    """A resource that became no row had a key of zeros."""
    keys = apps.get_model("clinik", "ImportedResource")
    keys.objects.using(schema_editor.connection.alias).filter(row_model="").update(row_id=None)


class Migration(migrations.Migration):
    dependencies = [
        ("clinik", "0002_code_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=1000, verbose_name="file")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="size")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "not written yet"),
                            ("written", "written"),
                            ("refused", "refused"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0, verbose_name="done")),
                ("report", models.JSONField(default=dict, verbose_name="report")),
            ],
            options={
                "verbose_name": "imported file",
                "verbose_name_plural": "imported files",
                "ordering": ["run", "number"],
            },
        ),
        migrations.CreateModel(
            name="PendingReference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=200)),
                ("target_type", models.CharField(max_length=60)),
                ("target_id", models.CharField(max_length=500)),
                ("row_model", models.CharField(max_length=60)),
                ("row_id", models.UUIDField()),
                ("name", models.CharField(max_length=60)),
            ],
            options={
                "verbose_name": "reference waiting for its target",
                "verbose_name_plural": "references waiting for their targets",
            },
        ),
        migrations.RemoveIndex(
            model_name="importedresource",
            name="imported_resource_row",
        ),
        migrations.AddField(
            model_name="importedresource",
            name="first_run",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="first_resources",
                to="clinik.importrun",
            ),
        ),
        migrations.AddField(
            model_name="importedresource",
            name="patient_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="importrun",
            name="command",
            field=models.CharField(blank=True, default="", max_length=60, verbose_name="command"),
        ),
        migrations.AddField(
            model_name="importrun",
            name="options",
            field=models.JSONField(default=dict, verbose_name="options"),
        ),
        migrations.AlterField(
            model_name="importedresource",
            name="row_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AlterField(
            model_name="importedresource",
            name="row_model",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
        migrations.AlterField(
            model_name="importedresource",
            name="run",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="resources",
                to="clinik.importrun",
            ),
        ),
        migrations.RunPython(empty_the_keys_of_no_row, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="importedresource",
            index=models.Index(
                condition=models.Q(("row_id__isnull", False)),
                fields=["row_id"],
                name="imported_resource_row",
            ),
        ),
        migrations.AddIndex(
            model_name="importedresource",
            index=models.Index(
                condition=models.Q(("patient_id__isnull", False), ("row_id__isnull", True)),
                fields=["patient_id"],
                name="imported_resource_patient",
            ),
        ),
        migrations.AddField(
            model_name="importfile",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="clinik.importrun",
            ),
        ),
        migrations.AddConstraint(
            model_name="pendingreference",
            constraint=models.UniqueConstraint(
                fields=("source", "target_type", "target_id", "row_id", "name"),
                name="pending_reference_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="importfile",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="import_file_number"),
        ),
        migrations.AddConstraint(
            model_name="importfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "written", "refused"])),
                name="clinik_importfile_state_known",
            ),
        ),
    ]
