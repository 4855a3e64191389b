from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinik", "0006_outcomes_and_seals"),
    ]

    operations = [
        migrations.AddField(
            model_name="importedresource",
            name="encounter_id",
            field=models.UUIDField(null=True),
        ),
    ]
