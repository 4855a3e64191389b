"""Who works at the demo clinic: one login per role, and colleagues whose logins nobody can use."""

from dataclasses import dataclass

from django.contrib.auth.models import Group

from clinik import demo
from clinik.models import User
from clinik.roles import ADMINISTRATOR, CLINICIAN, NURSE
from encounters.models import Practitioner


@dataclass(frozen=True)
class Colleague:
    """A practitioner; `key` is the login's name too."""

    key: str
    role: str
    prefix: str
    given: str
    family: str
    specialty: str


COLLEAGUES = (
    Colleague("doctor", CLINICIAN, "Dr", "Inés", "Valderrama", "Family medicine"),
    Colleague("doctor2", CLINICIAN, "Dr", "Tomasz", "Wieczorek", "Internal medicine"),
    Colleague("paewai", CLINICIAN, "Dr", "Ngaire", "Paewai", "Paediatrics"),
    Colleague("sorboen", CLINICIAN, "Dr", "Henrik", "Sørbøen", "Emergency medicine"),
    Colleague("haddadian", CLINICIAN, "Dr", "Leila", "Haddadian", "Obstetrics and gynaecology"),
    Colleague("nurse", NURSE, "", "Folake", "Adeyemi", "Nursing"),
    Colleague("makinen", NURSE, "", "Joonas", "Mäkinen", "Emergency nursing"),
    Colleague("mokoena", NURSE, "", "Precious", "Mokoena", "Community nursing"),
)


@dataclass(frozen=True)
class Staff:
    """Logins and practitioners by key. Keep the users: they remember their permissions."""

    users: dict[str, User]
    practitioners: dict[str, Practitioner]


def hire() -> Staff:
    """The staff, made where missing. A password that somebody changed stays changed."""
    users = {
        login.username: _user(login.username, login.role, login.given, login.family, demo.PASSWORD)
        for login in demo.LOGINS
    }
    practitioners = {}
    for person in COLLEAGUES:
        if person.key not in users:
            users[person.key] = _user(person.key, person.role, person.given, person.family, None)
        practitioners[person.key] = _practitioner(person, users[person.key])
    return Staff(users, practitioners)


def _user(username: str, role: str, given: str, family: str, password: str | None) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User(username=username, first_name=given, last_name=family)
        user.is_staff = role == ADMINISTRATOR
        user.set_password(password)
        user.save()
        user.groups.add(Group.objects.get(name=role))
    return user


def _practitioner(person: Colleague, user: User) -> Practitioner:
    found = Practitioner.objects.filter(user=user).first()
    if found is None:
        found = Practitioner(
            user=user,
            prefix=person.prefix,
            given=person.given,
            family=person.family,
            specialty=person.specialty,
        )
        found.save()
    return found
