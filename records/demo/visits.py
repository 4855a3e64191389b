"""Ordinary visits: what brings people of an age to a clinic, dealt out by chance with a seed."""

import random
from dataclasses import replace

from records.demo.people import Person
from records.demo.script import Allergic, Dx, Lab, Rx, Script, Text

Planned = tuple[tuple[int, Script], ...]


def _visit(
    type: str, reason: str, line: str, dx: Dx, note: str, *rx: Rx, doctor: str = "doctor",
    room: str = "Room 1", labs: tuple[Lab, ...] = (), class_code: str = "AMB", minutes: int = 18,
) -> Script:  # fmt: skip
    return Script(
        type=type, reason=reason, doctor=doctor, room=room, triage=None, minutes=minutes,
        class_code=class_code, wait=1 if class_code == "VR" else 16,
        vitals=((7, line),) if line else (), diagnoses=(dx,), prescriptions=rx, labs=labs,
        notes=(Text(reason, note),),
    )  # fmt: skip


_ADULT = (
    _visit("Consultation", "Cold and cough", "122/78 p82 t37.4 s98 r16 A",
           Dx("J06.9", "Acute upper respiratory infection, unspecified"),
           "S: Five days, runny nose, dry cough.\nO: Chest clear.\nA: Viral.\nP: Rest, fluids."),
    _visit("Consultation", "Low back pain", "130/82 p76 t36.6 s98 r14 A pain5",
           Dx("M54.50", "Low back pain, unspecified"),
           "S: Since digging the garden. No leg pain, bladder fine.\nO: Stiff, straight leg raise "
           "free.\nA: Mechanical.\nP: Keep moving, ibuprofen for a week, exercises shown.",
           Rx("Ibuprofen 400 mg tablet", "1 tablet three times a day with food, at most 7 days",
              "back pain", "21", 0), doctor="doctor2", room="Room 3"),
    _visit("Telephone consultation", "Burning when passing water", "",
           Dx("N39.0", "Urinary tract infection, site not specified"),
           "Two days, no fever, no flank pain, not the first time. Treated by telephone; urine if "
           "not better in two days.",
           Rx("Nitrofurantoin 100 mg capsule", "1 capsule twice a day for 5 days",
              "bladder infection", "10", 0), class_code="VR", minutes=9),
    _visit("Check-up", "Yearly check-up", "124/78 p70 t36.5 s98 r14 A w74.2 h170",
           Dx("Z00.00", "Encounter for general adult medical examination without abnormal "
                        "findings"),
           "No complaints. Heart, lungs, abdomen, skin without findings. Vaccinations up to date. "
           "Alcohol on weekends only.", room="Room 2", minutes=30,
           labs=(Lab("2345-7", "92", "mg/dL", "N", "70", "99"),
                 Lab("2093-3", "188", "mg/dL", "N", "", "200"))),
    _visit("Immunisation", "Influenza vaccination", "", Dx("Z23", "Encounter for immunization"),
           "Left upper arm, watched for 15 minutes, no reaction.", room="Room 4", minutes=8),
    _visit("Consultation", "Rash on both hands", "118/74 p72 t36.6 s99 r14",
           Dx("L25.9", "Unspecified contact dermatitis, unspecified cause"),
           "S: New gloves at work.\nO: Red, scaly backs of both hands, sharp edge at the wrist.\n"
           "A: Contact dermatitis.\nP: Other gloves, cream for ten days, patch test if it returns.",
           Rx("Hydrocortisone 1 % cream", "thinly twice a day for 10 days", "rash", "30 g", 1),
           doctor="doctor2", room="Room 3"),
    _visit("Consultation", "Headache, one-sided", "120/76 p74 t36.6 s99 r14 A pain6",
           Dx("G43.909", "Migraine, unspecified, not intractable, without status migrainosus"),
           "S: Throbbing, left, with nausea, twice a month, worse with light.\nO: Neurology "
           "normal.\n"
           "A: Migraine.\nP: Diary; sumatriptan early in the attack.",
           Rx("Sumatriptan 50 mg tablet", "1 tablet at the start of an attack, at most 2 a day",
              "migraine", "9", 1)),
    _visit("Consultation", "Heartburn", "128/80 p74 t36.6 s98 r14",
           Dx("K21.9", "Gastro-esophageal reflux disease without esophagitis"),
           "S: After late meals, for two months. Swallows well, no weight loss.\nO: Soft abdomen.\n"
           "A: Reflux.\nP: Omeprazole four weeks, supper earlier.",
           Rx("Omeprazole 20 mg capsule", "1 capsule before breakfast for 4 weeks", "heartburn",
              "28", 0), room="Room 2"),
)  # fmt: skip

_OLD = (
    _visit("Follow-up", "Blood pressure", "142/84 p72 t36.4 s97 r15 A",
           Dx("I10", "Essential (primary) hypertension"),
           "S: Feels well.\nO: 142/84, regular, ankles slim.\nA: Fair.\nP: Same; home readings.",
           Rx("Amlodipine 5 mg tablet", "1 tablet in the morning", "blood pressure", "90", 3),
           doctor="doctor2", room="Room 3"),
    _visit("Consultation", "Knee pain", "136/80 p74 t36.5 s97 r15 A pain4",
           Dx("M17.11", "Unilateral primary osteoarthritis, right knee"),
           "S: Stairs hurt, worse at night.\nO: Small effusion, crackles, full extension.\n"
           "A: Osteoarthritis.\nP: Physiotherapy, stick on the left, acetaminophen.",
           Rx("Acetaminophen 500 mg tablet", "1 to 2 tablets up to three times a day", "knee pain",
              "60", 2), room="Room 2"),
    _visit("Follow-up", "Thyroid", "126/76 p68 t36.4 s98 r14 A",
           Dx("E03.9", "Hypothyroidism, unspecified"),
           "S: Warm enough, hair better.\nO: Pulse 68, no goitre.\nA: Replaced.\nP: Yearly test.",
           Rx("Levothyroxine 75 mcg tablet", "1 tablet on an empty stomach", "thyroid", "90", 3)),
)  # fmt: skip

_CHILD = (
    _visit("Consultation", "Fever and sore throat", "p112 t38.6 s98 r24",
           Dx("J02.9", "Acute pharyngitis, unspecified"),
           "Two days. Red throat without coating, ears fine, drinks well. Paracetamol by weight; "
           "back if it lasts beyond three days.", doctor="paewai", room="Room 5"),
    _visit("Consultation", "Vomiting and diarrhoea", "p118 t37.8 s99 r24",
           Dx("A08.4", "Viral intestinal infection, unspecified"),
           "Since yesterday, brother too. Tongue moist, belly soft, tears when crying. Small "
           "sips of "
           "rehydration solution; parents know the warning signs.", doctor="paewai", room="Room 5"),
    _visit("Immunisation", "Booster", "", Dx("Z23", "Encounter for immunization"),
           "Right upper arm. Brave, got a sticker.", doctor="paewai", room="Room 5", minutes=8),
    _visit("Consultation", "Itchy elbows and knees", "p96 t36.7 s99 r22",
           Dx("L20.9", "Atopic dermatitis, unspecified"),
           "Dry patches in the bends, scratched at night. Emollients every day, steroid cream on "
           "bad "
           "days only.", Rx("Hydrocortisone 1 % cream", "thinly once a day on bad days", "eczema",
                            "30 g", 1), doctor="paewai", room="Room 5"),
)  # fmt: skip

_SPRAIN = Script(
    type="Emergency visit", reason="Fell off the bicycle", class_code="EMER", booked=False,
    doctor="sorboen", nurse="makinen", priority="A", room="Emergency bay 3", triage=6, wait=22,
    minutes=95, disposition="home", vitals=((8, "128/78 p88 t36.7 s99 r16 A pain6"),),
    diagnoses=(Dx("S93.401A", "Sprain of unspecified ligament of right ankle, initial encounter",
                  "DD"),),
    notes=(Text("Emergency record", "Wheel in the tram track. Helmet worn, no head strike. Right "
                                    "ankle "
                "swollen outside, bears weight, X-ray without fracture. Bandage, crutches."),),
)  # fmt: skip

_ALLERGIES = (
    Allergic("Penicillin V", "Hives within an hour", "moderate", criticality="high"),
    Allergic("Peanut", "Swelling of the lips", "severe", "food", "high"),
    Allergic("Latex", "Itching rash", "mild", "environment"),
    Allergic("Codeine", "Vomiting", "moderate", type="intolerance"),
    Allergic("Birch pollen", "Sneezing, itching eyes in spring", "mild", "environment"),
)


def _pool(person: Person) -> tuple[Script, ...]:
    if person.years < 16:
        return _CHILD
    return (*_ADULT, *_OLD, *_OLD) if person.years >= 60 else _ADULT


def ordinary(person: Person, draw: random.Random) -> Planned:
    """Two to four visits in two years, some with an emergency, a no-show or one booked ahead."""
    oldest = min(710, person.years * 365 + person.days - 20)
    kinds = draw.sample(_pool(person), draw.choice((2, 2, 3, 4)))
    days = sorted((draw.randrange(8, oldest) for _kind in kinds), reverse=True)
    visits = list(zip(days, kinds, strict=True))
    asked = draw.random()
    if asked < 0.3:
        visits[0] = days[0], replace(kinds[0], allergies=(draw.choice(_ALLERGIES),))
    elif asked < 0.8:
        visits[0] = days[0], replace(kinds[0], no_allergies=True)
    if 16 <= person.years < 60 and draw.random() < 0.3:
        visits.append((draw.randrange(8, 600), _SPRAIN))
    if draw.random() < 0.25:
        missed = replace(draw.choice(_pool(person)), comes=False)
        visits.append(
            (draw.randrange(8, oldest), replace(missed, cancel=(45, "did-not-attend", "")))
        )
    if draw.random() < 0.35:
        visits.append((-draw.randrange(1, 21), draw.choice(_pool(person))))
    return tuple(visits)
