from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinik", "0003_imports_lose_nothing"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportedIdentifier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=200)),
                ("resource_type", models.CharField(max_length=60)),
                ("system", models.CharField(blank=True, default="", max_length=500)),
                ("value", models.CharField(max_length=500)),
                ("resource_id", models.CharField(max_length=500)),
            ],
            options={
                "verbose_name": "identifier of an imported resource",
                "verbose_name_plural": "identifiers of imported resources",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "resource_type", "value", "system", "resource_id"),
                        name="imported_identifier_once",
                    )
                ],
            },
        ),
    ]
