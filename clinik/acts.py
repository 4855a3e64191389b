"""What people call the acts of the audit trail: words that fit behind the name of a thing.

"Amoxicillin prescribed", "visit closed". Those of `WORDS` are for one act, those of `LAST_WORDS`
for every act that ends so ("note.view", "patient.view"). The suite knows which acts have none.
"""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as pgettext

WORDS = {
    "encounter.change": _("details changed"),
    "encounter.correct_time": _("time corrected"),
    "encounter.correct_length": _("length corrected"),
    "encounter.admit": _("admitted"),
    "encounter.move_room": _("moved to another room"),
    "encounter.hand_over": _("handed over"),
    "encounter.restore": _("restored"),
    "encounter.set_participants": _("who takes part was changed"),
    "encounter.move_to_patient": _("moved to the right patient"),
    "encounter.moved_here": _("taken over from a visit opened for another patient"),
    "encounter.open_moved": _("opened for the right patient"),
    "encounter.record_past": _("recorded afterwards"),
    "encounter.update_imported": _("updated by an import"),
    "encounter.arrive": _("checked in"),
    "encounter.triage": _("triaged"),
    "encounter.start": _("started"),
    "encounter.leave": _("sent on leave"),
    "encounter.finish": _("closed"),
    "encounter.uncancel": _("cancelling taken back"),
    "encounter.clarify": _("status made clear"),
    "prescription.activate": _("prescribed"),
    "prescription.hold": _("put on hold"),
    "prescription.stop": _("stopped"),
    "prescription.create": _("drafted"),
    "prescription.complete": _("completed"),
    "note.create": _("begun"),
    "note.sign": _("signed"),
    "note.cosign": _("co-signed"),
    "note.ask_cosignature": _("second signature asked for"),
    "observation.acknowledge": _("seen"),
    "observation.correct": _("corrected"),
    "diagnosis.promote": _("put on the problem list"),
    "diagnosis.resolve": _("resolved"),
    "diagnosis.unresolve": _("active again"),
    "allergy.none_known": _("stated"),
    "allergy.none_known_ended": _("ended"),
    "alert.end": _("ended"),
    "amendment.create": _("asked for"),
    "amendment.accept": _("accepted"),
    "amendment.deny": _("denied"),
    "amendment.mistake": _("taken down by mistake"),
    "patient.create": _("registered"),
    "patient.change": _("details changed"),
    "patient.not_same": _("said to be another person than a similar entry"),
    "patient.merge": _("merged"),
    "patient.unmerge": _("merge taken back"),
    "patient.restrict": _("chart restricted to the team"),
    "patient.unrestrict": _("restriction lifted"),
    "patient.break_glass": _("restricted chart opened in an emergency"),
    "patient.review_access": _("emergency access reviewed"),
    "patient.view_trail": _("saw who looked"),
    "patient.view_timeline": _("timeline viewed"),
    "patient.view_kept": _("what came with the import viewed"),
    "patient.export_record": _("whole record taken out"),
    "user.log_in": _("logged in"),
    "user.log_out": _("logged out"),
    "user.log_in_failed": _("login failed"),
    "user.log_in_refused": _("login refused"),
    "user.lock": _("screen locked"),
    "user.second_step_failed": _("second step failed"),
    "user.add_second_step": _("second step set up"),
    "user.remove_second_step": _("second step removed"),
    "user.reset_second_step": _("second step reset"),
    "user.set_password": _("password set"),
    "user.end_password": _("password ended"),
    "user.show_password_link": _("link for a password shown"),
    "user.end_sessions": _("logged out elsewhere"),
    "user.activate": _("activated"),
    "user.deactivate": _("deactivated"),
    "role.change": _("rights changed"),
    "import.run": _("import run"),
    "import.status": _("status as a newer import says"),
    "database.backup": _("backed up"),
    "database.restore": _("put back from a backup"),
    "notetemplate.remove": _("removed"),
    "page.refused": _("page refused"),
    "page.failed": _("page failed"),
}
LAST_WORDS = {
    "view": _("viewed"),
    "search": _("searched"),
    "print": pgettext("timeline", "printed"),
    "export": _("exported"),
    "exported": _("export sent"),
    "export_all": _("everything exported"),
    "exported_all": _("export of everything sent"),
    "import": _("imported"),
    "create": pgettext("timeline", "added"),
    "open": _("opened"),
    "change": pgettext("timeline", "changed"),
    "enter_in_error": pgettext("timeline", "entered in error"),
    "restore": _("restored"),
    "step_back": _("step taken back"),
    "resume": _("resumed"),
    "cancel": _("cancelled"),
    "reopen": _("reopened"),
}


def has_words(act: str) -> bool:
    return act in WORDS or act.rpartition(".")[2] in LAST_WORDS


def act_words(act: str) -> str:
    """ "signed" for "note.sign"; an act of a later release is shown without its underscores."""
    last = act.rpartition(".")[2]
    return str(WORDS.get(act) or LAST_WORDS.get(last) or last.replace("_", " "))
