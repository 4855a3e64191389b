"""The clinic number (MRN): seven random digits and a Damm check digit, shown 0042-1783.

Damm's digit finds every single wrong digit and every swap of two neighbours, the two slips people
make when a number is read out (H. M. Damm, "Total anti-symmetrische Quasigruppen", Marburg 2004;
the table below is the one of order 10 from that thesis). The number says nothing about the patient
or about how many patients there are.
"""

import secrets

LENGTH = 8

_QUASIGROUP = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)

# Read out by a machine, pasted from a letter or typed: hyphens of several kinds, dots and blanks.
_SEPARATORS = dict.fromkeys(map(ord, "-\u2010\u2011\u2012\u2013. \t\u00a0\u202f"))


def check_digit(digits: str) -> str:
    """Damm's check digit for a text of ASCII digits."""
    interim = 0
    for digit in digits:
        interim = _QUASIGROUP[interim][int(digit)]
    return str(interim)


def generate() -> str:
    """A new number, eight digits without the hyphen. The caller redraws where it is taken."""
    digits = f"{secrets.randbelow(10 ** (LENGTH - 1)):0{LENGTH - 1}d}"
    return digits + check_digit(digits)


def normalise(text: str) -> str:
    """The text as it is stored: without hyphens, dots and blanks; not checked."""
    return text.translate(_SEPARATORS)


def is_valid(text: str) -> bool:
    """Whether the text, typed with or without its hyphen, is a whole number that checks."""
    digits = normalise(text)
    if len(digits) != LENGTH or not (digits.isascii() and digits.isdigit()):
        return False
    return check_digit(digits) == "0"


def format_mrn(mrn: str) -> str:
    """The number as people see it, 0042-1783; any other text comes back as it is."""
    if len(mrn) == LENGTH and mrn.isascii() and mrn.isdigit():
        return f"{mrn[:4]}-{mrn[4:]}"
    return mrn
