import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("encounters", "0006_patient_merge")]

    operations = [
        migrations.AddField(
            model_name="patientalert",
            name="encounter",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="encounters.encounter",
                verbose_name="holds during the visit",
            ),
        ),
        migrations.AddField(
            model_name="historicalpatientalert",
            name="encounter",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="encounters.encounter",
                verbose_name="holds during the visit",
            ),
        ),
    ]
