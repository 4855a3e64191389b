import pytest

from clinik import mrn


def test_check_digit_matches_the_published_example():
    """572 -> 4: the worked example of Damm's algorithm."""
    assert mrn.check_digit("572") == "4"


def test_generated_number_is_eight_digits_and_valid():
    numbers = {mrn.generate() for _ in range(200)}
    assert len(numbers) > 190
    assert all(len(number) == 8 and number.isdigit() for number in numbers)
    assert all(mrn.is_valid(number) for number in numbers)


def test_generated_number_keeps_leading_zeros(monkeypatch):
    monkeypatch.setattr(mrn.secrets, "randbelow", lambda _: 42)
    number = mrn.generate()
    assert number[:7] == "0000042"
    assert mrn.is_valid(number)


def test_every_single_wrong_digit_is_found():
    number = "0042178" + mrn.check_digit("0042178")
    for place, right in enumerate(number):
        for wrong in set("0123456789") - {right}:
            assert not mrn.is_valid(number[:place] + wrong + number[place + 1 :])


def test_every_swap_of_neighbours_is_found():
    for stem in ("0042178", "1234567", "9081726"):
        number = stem + mrn.check_digit(stem)
        for place in range(7):
            a, b = number[place], number[place + 1]
            swapped = number[:place] + b + a + number[place + 2 :]
            assert a == b or not mrn.is_valid(swapped)


@pytest.mark.parametrize("text", ["", "1234", "abcdefgh", "123456789", "١٢٣٤٥٦٧٨", "0042 178"])
def test_what_is_no_number_is_not_valid(text):
    assert not mrn.is_valid(text)


def test_number_is_shown_four_and_four():
    assert mrn.format_mrn("00421783") == "0042-1783"
    assert mrn.format_mrn("HOSP-77") == "HOSP-77"


@pytest.mark.parametrize("text", ["0042-1783", "0042 1783", " 00421783 ", "0042\u20111783"])
def test_typed_number_is_normalised(text):
    assert mrn.normalise(text) == "00421783"
