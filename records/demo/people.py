"""Sixty invented people of all ages and many origins. Ages hold on the day the demo is made."""

import datetime as dt
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clinik import clock
from clinik.models import User
from encounters.models import Patient
from encounters.patients import register_patient

NAMESPACE = uuid.UUID("7c1d3f0a-52a8-4c7e-9a53-0d5f6f6f2b11")


@dataclass(frozen=True)
class Person:
    """`years` and `days` are the age; `more` are further fields of the patient."""

    family: str
    given: str
    gender: str
    years: int
    days: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)
    contact: tuple[str, str] | None = None

    @property
    def key(self) -> str:
        return f"{self.family} {self.given}".strip()

    @property
    def id(self) -> uuid.UUID:
        return uuid.uuid5(NAMESPACE, f"patient/{self.key}")


def _p(
    family: str,
    given: str,
    gender: str,
    years: int,
    days: int = 0,
    contact: tuple[str, str] | None = None,
    **more: Any,
) -> Person:
    words = {"M": "male", "F": "female", "X": "other"}
    return Person(family, given, words[gender], years, days, more, contact)


_MOTHER, _FATHER = "mother", "father"

PEOPLE = (
    # The long stories (records.demo.stories).
    _p("Abubakar", "Halima Saadatu", "F", 58, 120, marital_status="M"),
    _p("Castellanos Rivadeneyra", "José María", "M", 63, 41, marital_status="M"),
    _p("Novotná", "Eliška", "F", 2, 75, contact=("Tereza Novotná", _MOTHER)),
    _p("Lindqvist", "Gunnar", "M", 74, 210, marital_status="W"),
    _p("Papadimitriou", "Stavros", "M", 69, 300, marital_status="M"),
    _p("Fitzgerald-Oyelaran", "Maeve", "F", 31, 17, marital_status="M", language="English"),
    _p("Tanaka", "Haruki", "M", 45, 60, language="Japanese", interpreter_needed=True),
    _p("Moreau", "Béatrice", "F", 52, 8, marital_status="D"),
    # Twins, a newborn, an old man.
    _p("Bergström", "Alva", "F", 7, 100, contact=("Maja Bergström", _MOTHER), multiple_birth=1),
    _p("Bergström", "Alma", "F", 7, 100, contact=("Maja Bergström", _MOTHER), multiple_birth=2),
    _p(
        "Fitzgerald-Oyelaran",
        "Baby",
        "F",
        0,
        9,
        contact=("Maeve Fitzgerald-Oyelaran", _MOTHER),
        birth_time=dt.time(4, 37),
    ),
    _p("Ogunleye", "Ezekiel Babatunde", "M", 94, 20, marital_status="W"),
    # Two people who sound alike.
    _p("Meier", "Katharina", "F", 66, 142, marital_status="M"),
    _p("Maier", "Katarina", "F", 66, 301, marital_status="S"),
    # Long and short names, names of one part, names with marks.
    _p("Wolfeschlegelsteinhausen-Bergerdorff", "Maximiliane Friederike", "F", 39, 11),
    _p("O", "Se-ri", "F", 28, 200, language="Korean"),
    _p("", "Suharto", "M", 51, 90),
    _p("Ð'Arcy", "Þórunn", "F", 47, 66),
    _p("Nguyễn", "Thị Ánh Tuyết", "F", 36, 250, language="Vietnamese", interpreter_needed=True),
    _p("Żółkiewska", "Małgorzata", "F", 71, 14, marital_status="W"),
    _p("Çelik", "Yağmur", "F", 24, 180),
    _p("al-Rashidi", "Faisal", "M", 55, 222, language="Arabic"),
    _p("de la Peña y Quintanilla", "María Fernanda", "F", 19, 45),
    _p("Kaʻiulani", "Leilani", "F", 33, 77),
    _p("Iyer", "Venkatasubramanian", "M", 60, 240, marital_status="M", known_as="Venkat"),
    _p("Mbeki-Dlamini", "Thandiwe", "F", 42, 130, marital_status="M"),
    _p("Šimůnek", "Ondřej", "M", 37, 59, marital_status="T"),
    _p("Hakobyan", "Anahit", "F", 82, 163, marital_status="W"),
    _p("Rasoanaivo", "Hery", "M", 29, 275),
    _p("Tuilagi-Faleolo", "Sione", "M", 48, 33, marital_status="M"),
    _p("Petrosyants", "Lev", "M", 16, 120, contact=("Irina Petrosyants", _MOTHER)),
    _p("Okafor", "Chinonso", "F", 11, 203, contact=("Emeka Okafor", _FATHER)),
    _p("Rodrigues", "Tiago", "M", 4, 160, contact=("Lúcia Rodrigues", _MOTHER)),
    _p("Kowalczyk", "Zofia", "F", 0, 190, contact=("Piotr Kowalczyk", _FATHER)),
    _p("Chukwu", "Daniel", "M", 14, 9, contact=("Grace Chukwu", _MOTHER)),
    _p("Haugen", "Ingrid", "F", 79, 88, marital_status="M"),
    _p("Haugen", "Torbjørn", "M", 81, 266, marital_status="M"),
    _p("Haugen", "Ingeborg", "F", 52, 12, marital_status="M"),
    _p("Ferrari", "Chiara", "F", 26, 301),
    _p("Delacroix-Baptiste", "Jean-Éric", "M", 67, 7, marital_status="M"),
    _p("Sithole", "Nomvula", "F", 54, 147),
    _p("Whitaker", "Dorothy", "F", 88, 19, marital_status="W"),
    _p("Yilmaz", "Kemal", "M", 41, 84, marital_status="M"),
    _p("Bhattacharya", "Sudeshna", "F", 45, 342, marital_status="M"),
    _p("Sørensen", "Mikkel", "M", 22, 18),
    _p("Vasquez", "Rigoberto", "M", 35, 260, marital_status="T"),
    _p("McAllister", "Fiona", "F", 61, 92, marital_status="D"),
    _p("Kim", "Min-jun", "M", 9, 310, contact=("Kim Ji-woo", _FATHER)),
    _p("Achterberg", "Lotte", "F", 30, 205),
    _p("Ramírez", "Guadalupe", "F", 49, 111, marital_status="M"),
    _p("Zhao", "Wenling", "F", 57, 38, marital_status="M"),
    _p("Eriksen", "Robin", "X", 27, 255),
    _p("Popescu", "Andrei", "M", 53, 170, marital_status="M"),
    _p("Aaltonen", "Seija", "F", 70, 6, marital_status="W"),
    _p("Nakamura-Silva", "Kenji", "M", 18, 222),
    _p("Diallo", "Fatoumata", "F", 38, 145, language="French", interpreter_needed=True),
    _p("Byrne", "Cormac", "M", 64, 73, marital_status="M"),
    _p("Stoyanova", "Desislava", "F", 34, 190, marital_status="M"),
    _p("Ohene-Mensah", "Kwabena", "M", 72, 280, marital_status="M"),
    _p("Lachapelle", "Océane", "F", 15, 41, contact=("Sylvie Lachapelle", _MOTHER)),
    _p("Grünwald", "Hans-Jürgen", "M", 76, 318, marital_status="M"),
)

# Found on the street: no papers, gave a first name only.
UNVERIFIED = Person("", "Marek", "male", 40, more={"identity_unverified": True})

EVERYBODY = (*PEOPLE, UNVERIFIED)
BY_KEY = {person.key: person for person in EVERYBODY}

_STREETS = (
    "Millrace Lane", "Harbour Row", "Old Orchard Street", "Lantern Hill", "Weaver's Yard",
    "Chestnut Crescent", "Quarry Road", "Saint Brigid's Walk", "Canal Side", "Foxglove Close",
)  # fmt: skip
_TOWNS = (
    ("Alderbrook", "40218"), ("Port Merrow", "40231"), ("Hollin Cross", "40225"),
    ("Upper Sedge", "40240"), ("Alderbrook", "40219"),
)  # fmt: skip


def register(person: Person, *, by: User, now: dt.datetime) -> Patient:
    """The patient of a person aged as written at `now`; the name decides other particulars."""
    draw = random.Random(person.key)
    street, (town, postal) = draw.choice(_STREETS), draw.choice(_TOWNS)
    fields: dict[str, Any] = {
        "family": person.family,
        "given": person.given,
        "gender": person.gender,
        **_birth(person, now),
        **person.more,
    }
    contacts = []
    phone = f"555 01{draw.randrange(100):02d} {draw.randrange(1000):03d}"
    if person.contact is not None:
        name, relationship = person.contact
        contacts.append(
            {"name": name, "relationship": relationship, "phone": phone, "is_guardian": True}
        )
    elif person is not UNVERIFIED:
        fields["phone"] = phone
    if person is not UNVERIFIED:
        fields |= {
            "address_line": f"{draw.randrange(1, 140)} {street}",
            "city": town,
            "postal_code": postal,
        }
    return register_patient(by=by, id=person.id, contacts=contacts, **fields)


def born(person: Person, now: dt.datetime) -> dt.date:
    """The birth date of a person who is as old as written on the day of `now`."""
    age = dt.timedelta(days=round(person.years * 365.25) + person.days)
    return clock.timezone.localdate(now) - age


def _birth(person: Person, now: dt.datetime) -> dict[str, Any]:
    if person is UNVERIFIED:
        return {
            "birth_date": dt.date(born(person, now).year, 1, 1),
            "birth_date_precision": clock.Precision.YEAR,
            "birth_date_estimated": True,
        }
    return {"birth_date": born(person, now)}
