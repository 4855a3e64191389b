from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("encounters", "0003_alert_says_which_login_wrote_it"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="encounter",
            options={
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
                    ("export_encounter", "Can export a list of visits"),
                ],
                "verbose_name": "visit",
                "verbose_name_plural": "visits",
            },
        ),
        migrations.AlterModelOptions(
            name="patient",
            options={
                "ordering": ["family", "given", "id"],
                "permissions": [
                    ("merge_patient", "Can merge patients"),
                    ("export_patient", "Can export what is recorded about a patient"),
                ],
                "verbose_name": "patient",
                "verbose_name_plural": "patients",
            },
        ),
    ]
