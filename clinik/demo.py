"""The demo's logins: one for each role, shown at the login page while CLINIK_DEMO is on.

They exist only in the demo's own database; no other installation has an account by default.
"""

from dataclasses import dataclass

from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK, LABELS, NURSE

PASSWORD = "invented-people"  # no secret: printed, and shown at the login page


@dataclass(frozen=True)
class DemoLogin:
    username: str
    role: str
    given: str
    family: str


LOGINS = (
    DemoLogin("frontdesk", FRONT_DESK, "Solveig", "Arntsen"),
    DemoLogin("nurse", NURSE, "Folake", "Adeyemi"),
    DemoLogin("doctor", CLINICIAN, "Inés", "Valderrama"),
    DemoLogin("doctor2", CLINICIAN, "Tomasz", "Wieczorek"),
    DemoLogin("admin", ADMINISTRATOR, "Ruth", "Abernathy"),
    DemoLogin("auditor", AUDITOR, "Kaveh", "Sadeghi"),
)


def shown_logins() -> list[dict[str, str]]:
    """What the login page and the command's output list: username, password, role in words."""
    return [
        {"username": login.username, "password": PASSWORD, "role": str(LABELS[login.role])}
        for login in LOGINS
    ]
