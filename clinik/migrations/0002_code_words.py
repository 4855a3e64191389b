from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinik", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CodeWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.CharField(max_length=200)),
                ("word", models.CharField(max_length=80)),
                ("positions", models.BinaryField()),
            ],
            options={
                "verbose_name": "word of a code table",
                "verbose_name_plural": "words of code tables",
            },
        ),
        migrations.AddField(
            model_name="code",
            name="position",
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="code",
            index=models.Index(fields=["system", "position"], name="code_position"),
        ),
        migrations.AddConstraint(
            model_name="codeword",
            constraint=models.UniqueConstraint(fields=("system", "word"), name="code_word_key"),
        ),
    ]
