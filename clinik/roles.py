"""Five roles as groups, and what each may do (domain.md, section 2).

The groups and their permissions are set after every migrate, so a database never holds rights that
this page does not show. Own permissions ("encounters.arrive_encounter") are declared in the models.
"""

from typing import Any

from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.utils.translation import gettext_lazy as _

from clinik import clock

FRONT_DESK = "Front desk"
NURSE = "Nurse"
CLINICIAN = "Clinician"
ADMINISTRATOR = "Administrator"
AUDITOR = "Auditor"

LABELS = {
    FRONT_DESK: _("Front desk"),
    NURSE: _("Nurse"),
    CLINICIAN: _("Clinician"),
    ADMINISTRATOR: _("Administrator"),
    AUDITOR: _("Auditor"),
}

_FIND = {"encounters.view_patient", "encounters.view_practitioner"}
_DESK = _FIND | {
    "encounters.view_encounter",
    "encounters.add_patient",
    "encounters.change_patient",
    "encounters.add_patientalert",
    "encounters.change_patientalert",
    "encounters.add_encounter",
    "encounters.change_encounter",
    "encounters.arrive_encounter",
    "encounters.cancel_encounter",
    "encounters.move_room_encounter",
    "encounters.enter_in_error_empty_encounter",
}
_NURSE = _DESK | {
    "encounters.view_chart",
    "encounters.triage_encounter",
    "encounters.start_encounter",
    "encounters.leave_encounter",
    "encounters.finish_encounter",
    "encounters.correct_time_encounter",
    "encounters.record_past_encounter",
    "encounters.hand_over_encounter",
    "encounters.view_diagnosis",
    "encounters.view_allergy",
    "encounters.add_allergy",
    "encounters.change_allergy",
    "encounters.add_amendmentrequest",
    "encounters.add_disclosure",
    "records.view_observation",
    "records.add_observation",
    "records.change_observation",
    "records.view_note",
    "records.add_note",
    "records.change_note",
    "records.view_prescription",
    "records.add_prescription",
    "records.change_prescription",
    "records.view_assessment",
    "records.view_report",
}
_CLINICIAN = _NURSE | {
    "encounters.admit_encounter",
    "encounters.override_close_encounter",
    "encounters.reopen_encounter",
    "encounters.step_back_encounter",
    "encounters.enter_in_error_encounter",
    "encounters.add_diagnosis",
    "encounters.change_diagnosis",
    "encounters.export_encounter",
    "encounters.export_patient",
    "encounters.restrict_patient",
    "encounters.decide_amendmentrequest",
    "records.prescribe",
    "records.add_assessment",
    "records.change_assessment",
}
# Sees everything and keeps the register in order; writes nothing clinical.
_ADMINISTRATOR = _DESK | {
    "encounters.view_chart",
    "encounters.step_back_encounter",
    "encounters.enter_in_error_encounter",
    "encounters.restore_encounter",
    "encounters.merge_patient",
    "encounters.export_encounter",
    "encounters.export_patient",
    "encounters.restrict_patient",
    "encounters.add_amendmentrequest",
    "encounters.decide_amendmentrequest",
    "encounters.add_disclosure",
    "encounters.export_record",
    "encounters.report_retention",
    "encounters.add_practitioner",
    "encounters.change_practitioner",
    "encounters.view_diagnosis",
    "encounters.change_diagnosis",
    "encounters.view_allergy",
    "records.view_observation",
    "records.view_note",
    "records.view_prescription",
    "records.view_assessment",
    "records.view_report",
    "records.enter_any_in_error",
    "clinik.view_user",
    "clinik.add_user",
    "clinik.change_user",
    "clinik.view_code",
    "clinik.add_code",
    "clinik.change_code",
    "clinik.view_importrun",
    "clinik.view_importfile",
    "clinik.view_importedresource",
    "clinik.view_auditevent",
    "auth.view_group",
}
_AUDITOR = _FIND | {"clinik.view_auditevent", "encounters.review_access"}

PERMISSIONS: dict[str, set[str]] = {
    FRONT_DESK: _DESK,
    NURSE: _NURSE,
    CLINICIAN: _CLINICIAN,
    ADMINISTRATOR: _ADMINISTRATOR,
    AUDITOR: _AUDITOR,
}


def sync_after_migrate(*, apps: Apps = global_apps, using: str = "default", **kwargs: Any) -> None:
    """Make each group hold exactly the permissions above; runs after every app's migrate."""
    try:
        group_model = apps.get_model("auth", "Group")
        permission_model = apps.get_model("auth", "Permission")
    except LookupError:  # an early state of the migrations
        return
    known = {
        f"{app}.{codename}": pk
        for pk, app, codename in permission_model.objects.using(using).values_list(
            "pk", "content_type__app_label", "codename"
        )
    }
    # Fires once for each installed app; until the last of ours has its permissions, wait.
    if not set().union(*PERMISSIONS.values()) <= known.keys():
        return
    for name, permissions in PERMISSIONS.items():
        group, _created = group_model.objects.using(using).get_or_create(name=name)
        before = set(group.permissions.values_list("pk", flat=True))
        wanted = {known[permission]: permission for permission in sorted(permissions)}
        if before == wanted.keys():
            continue
        group.permissions.set(list(wanted))
        if before:
            gone = {pk: label for label, pk in known.items() if pk in before - wanted.keys()}
            added = {wanted[pk] for pk in wanted.keys() - before}
            _write_down(apps, using, group, added, set(gone.values()))


def _write_down(apps: Apps, using: str, group: Any, added: set[str], removed: set[str]) -> None:
    """A release that changes what a role may do leaves that in the trail."""
    apps.get_model("clinik", "AuditEvent").objects.using(using).create(
        at=clock.now(),
        act="role.change",
        action="U",
        object_type="auth.group",
        object_id=str(group.pk),
        fields=["permissions"],
        detail={"role": group.name, "added": sorted(added), "removed": sorted(removed)},
    )
