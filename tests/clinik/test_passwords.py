"""Which passwords a person may choose: long ones that are no decorated word."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from clinik.models import User
from clinik.passwords import BreachedPasswordValidator, check_breached_passwords


@pytest.mark.parametrize(
    "password",
    [
        "shortone1",
        "Password2026!",
        "P@ssw0rd!!!!",
        "qwertyqwerty",
        "clinik123456",
        "!!Sunnyside 2026!!",
        "sunnysidesunnyside1",
        "novarek-12345",
    ],
)
def test_short_and_decorated_words_are_refused(password: str, settings: Any) -> None:
    settings.CLINIK_NAME = "Sunnyside"
    with pytest.raises(ValidationError):
        validate_password(password, User(username="novarek"))


@pytest.mark.parametrize(
    "password",
    [
        "Riverside Family Clinic",
        "riversidefamilyclinic",
        "!!River-side_Family.Clinic 2026!!",
        "R1verside Fam1ly C1inic",
        "clinic-riverside-clinic",
        "Riverside2026clinik!",
        "Main Street 12345",
        "novarek@riverside1",
    ],
)
def test_the_clinics_own_name_and_words_are_refused(password: str, settings: Any) -> None:
    settings.CLINIK_NAME = "Riverside Family Clinic"
    settings.CLINIK_PASSWORD_WORDS = ["Main Street"]
    with pytest.raises(ValidationError):
        validate_password(password, User(username="novarek"))
    validate_password("a horse by the riverside", User(username="novarek"))
    validate_password(f"{password} and a horse", User(username="novarek"))


def _digests(*passwords: str) -> str:
    return "".join(
        f"{digest}:{number}\r\n"
        for number, digest in enumerate(
            sorted(
                hashlib.sha1(each.encode(), usedforsecurity=False).hexdigest().upper()
                for each in passwords
            )
        )
    )


def test_passwords_stolen_elsewhere_are_refused(settings: Any, tmp_path: Path) -> None:
    stolen = [f"a horse of number {number}" for number in range(2_000)]
    path = tmp_path / "known.txt"
    for held in (stolen, stolen[:1], []):
        path.write_text(_digests(*held), newline="")
        settings.CLINIK_BREACHED_PASSWORDS = str(path)
        for password in held:
            with pytest.raises(ValidationError, match="theft"):
                BreachedPasswordValidator().validate(password)
        for number in range(200):
            BreachedPasswordValidator().validate(f"another horse {number}")
    settings.CLINIK_BREACHED_PASSWORDS = ""
    BreachedPasswordValidator().validate(stolen[0])


@pytest.mark.parametrize(("text", "fault"), [(None, "clinik.E002"), ("words\n", "clinik.E003")])
def test_a_list_that_cannot_be_read_is_said(
    text: str | None, fault: str, settings: Any, tmp_path: Path
) -> None:
    path = tmp_path / "known.txt"
    if text is not None:
        path.write_text(text)
    settings.CLINIK_BREACHED_PASSWORDS = str(path)
    assert [each.id for each in check_breached_passwords()] == [fault]
    path.write_text(_digests("one"))
    assert check_breached_passwords() == []


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "Wiese Kran 7 Löffel", "x" * 3 + "žluťoučký kůň", "ab" * 64],
)
def test_long_passwords_of_any_letters_are_taken(password: str) -> None:
    validate_password(password, User(username="novarek"))


def test_passwords_are_hashed_as_owasp_asks() -> None:
    assert make_password("correct horse battery").startswith(
        "argon2$argon2id$v=19$m=19456,t=2,p=1$"
    )
