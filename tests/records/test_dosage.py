"""A dosage line is read into its parts, or kept as written; nothing is guessed."""

import datetime as dt

import pytest

from records.dosage import read_dosage

FIRST = dt.date(2026, 11, 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 tab po bid prn 28d",
         "1 tablet, by mouth, twice a day, only as needed, for 28 days, at most 56 tablets"),
        ("10 mg by mouth twice a day for 4 weeks",
         "10 mg, by mouth, twice a day, for 4 weeks"),
        ("1 tablet in the morning", "1 tablet, in the morning"),
        ("Take two capsules every 8 hours for 7 days",
         "2 capsules, every 8 hours, for 7 days, 42 capsules in all"),
        ("2 puffs inh q4h prn", "2 puffs, inhaled, every 4 hours, only as needed"),
        ("half a tablet at night x14 days", "½ tablet, at bedtime, for 14 days, 7 tablets in all"),
        ("500mg TID 10d", "500 mg, three times a day, for 10 days"),
        ("5 mL po qid 5 days", "5 mL, by mouth, four times a day, for 5 days, 100 mL in all"),
        ("1-2 tabs po q6h prn", "1–2 tablets, by mouth, every 6 hours, only as needed"),
        ("1 patch on the skin twice a week for 4 weeks",
         "1 patch, on the skin, twice a week, for 4 weeks, 8 patches in all"),
        ("10 units sc at bedtime", "10 units, under the skin, at bedtime"),
        ("1 drop into both eyes 4 times a day",
         "1 drop, into both eyes, four times a day"),
        ("0,5 mg p.o. daily", "0.5 mg, by mouth, once a day"),
        ("1 tab every other day 28 days",
         "1 tablet, every other day, for 28 days, 14 tablets in all"),
        ("1 tablet 3 times a day for one month",
         "1 tablet, three times a day, for 1 month, 90 tablets in all"),
    ],
)  # fmt: skip
def test_line_is_read_back_in_words(text: str, words: str) -> None:
    read = read_dosage(text)
    assert read.words(FIRST) == words
    assert read.understood
    assert read.left == ""


@pytest.mark.parametrize(
    "text",
    [
        "", "as directed", "1 tab bid then 2 tab tid", "40 mg, reduce by 5 mg each week",
        "1 tab od", "2 drops os bid", "1 in the morning and 2 at night", "5 mg bid max 3 a day",
        "1 tab bid or tid", "1-0-1", "1 tab 3 times", "one when dizzy",
    ],
)  # fmt: skip
def test_line_that_could_mean_something_else_is_left_alone(text: str) -> None:
    read = read_dosage(text)
    assert (read.dose, read.frequency, read.duration) == ("", "", None)
    assert read.left == text
    assert read.words(FIRST) == ""


def test_remark_beside_a_dose_is_kept_and_said() -> None:
    read = read_dosage("1 tab po daily with food")
    assert (read.dose, read.route, read.frequency) == ("1 tablet", "by mouth", "once a day")
    assert read.left == "with food"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("1 tab bid 1 day", FIRST, FIRST),
        ("1 tab bid 28d", FIRST, dt.date(2026, 11, 29)),
        ("1 tab bid for 4 weeks", FIRST, dt.date(2026, 11, 29)),
        ("1 tab bid 1 month", dt.date(2027, 1, 31), dt.date(2027, 2, 27)),
        ("1 tab bid 3 months", FIRST, dt.date(2027, 2, 1)),
        ("1 tab bid", FIRST, None),
        ("1 tab bid 3 months", dt.date(9999, 12, 1), None),
    ],
)
def test_last_day_counts_the_first(text: str, first: dt.date, last: dt.date | None) -> None:
    assert read_dosage(text).last_day(first) == last


@pytest.mark.parametrize(
    "text",
    ["10 mg bid 28d", "1-2 tabs bid 28d", "1 tab bid", "half a tablet every other day 7 days"],
)
def test_quantity_that_does_not_follow_is_not_made_up(text: str) -> None:
    assert read_dosage(text).quantity(FIRST) is None


def test_any_text_is_read_without_an_error() -> None:
    for text in ("q0h", "every 0 days 1 tab", "1 tab q99h 999 months", "²³ tabs", "½", "\x00"):
        read_dosage(text).words(FIRST)
