"""Today's board, right half: who is being seen, and who is finished."""

from encounters.models.encounter import Status
from records.demo.board_scripts import LATER, Slot
from records.demo.script import Allergic, Dx, Lab, Rx, Script, Text, Think

IN_PROGRESS = (
    Slot(
        "progress-leave",
        Status.IN_PROGRESS,
        66,
        Script(
            type="Consultation",
            reason="Fell on the wrist",
            room="Room 1",
            wait=20,
            minutes=LATER,
            booked=False,
            vitals=((10, "128/80 p82 t36.6 s99 r15 A pain5"),),
            leave=(38, "X-ray", 45),
        ),
        ("Ferrari Chiara",),
        (16, 70),
    ),
    Slot(
        "progress-draft",
        Status.IN_PROGRESS,
        41,
        Script(
            type="Follow-up",
            reason="Diabetes, quarterly visit",
            room="Room 2",
            wait=14,
            minutes=30,
            vitals=((9, "138/82 p74 t36.5 s97 r14 w83.1"),),
            diagnoses=(Dx("E11.65", "Type 2 diabetes mellitus with hyperglycemia"),),
            labs=(
                Lab("4548-4", "7.1", "%", "H", "4.0", "5.6"),
                Lab("2345-7", "142", "mg/dL", "H", "70", "99"),
            ),
            notes=(
                Text(
                    "Diabetes visit",
                    "S: Feels well. Walks to work again, three times a week.\n"
                    "O: Weight down 0.8 kg. Feet: pulses felt, monofilament 10/10 both.\n"
                    "A: HbA1c 7.1 %, nearly there.\nP: ",
                    signed=False,
                ),
            ),
        ),
        ("Abubakar Halima Saadatu",),
        (40, 75),
    ),
    Slot(
        "progress-call",
        Status.IN_PROGRESS,
        12,
        Script(
            type="Video consultation",
            reason="Rash after a new washing powder",
            class_code="VR",
            triage=None,
            wait=1,
            minutes=LATER,
            doctor="doctor2",
        ),
        ("Çelik Yağmur",),
        (18, 60),
    ),
    Slot(
        "progress-ward",
        Status.IN_PROGRESS,
        27 * 60,
        Script(
            type="Emergency visit",
            reason="Chest pain at rest, relieved by nitroglycerin",
            class_code="EMER",
            booked=False,
            doctor="sorboen",
            nurse="makinen",
            priority="UR",
            room="Emergency bay 1",
            triage=4,
            wait=12,
            minutes=1700,
            admit=(190, "Ward 2, bed 4"),
            diagnoses=(
                Dx("I20.0", "Unstable angina", "AD"),
                Dx("I10", "Essential (primary) hypertension", "CM"),
                Dx("E78.5", "Hyperlipidemia, unspecified", "CM", 2),
            ),
            prescriptions=(
                Rx("Aspirin 81 mg tablet", "1 tablet in the morning", "angina"),
                Rx("Atorvastatin 80 mg tablet", "1 tablet in the evening", "angina"),
                Rx("Metoprolol succinate 50 mg tablet", "1 tablet in the morning", "angina"),
            ),
            notes=(
                Text(
                    "Ward round, day 2",
                    "S: No pain since the admission, slept well.\n"
                    "O: 128/78, lungs clear. Two troponins normal, ECG without new changes.\n"
                    "A: Unstable angina, low risk after 24 h.\n"
                    "P: Stress test tomorrow; home after it if negative. Stop smoking advice, "
                    "wife present.",
                    by="doctor2",
                ),
            ),
            vitals=(
                (5, "158/94 p98 t36.8 s95 r20 A pain7"),
                (60, "146/88 p88 t36.8 s96 r18 A pain3"),
                (185, "138/84 p80 t36.7 s97 r16 A pain0"),
                (800, "132/80 p74 t36.6 s97 r15 A"),
                (1500, "128/78 p70 t36.6 s98 r14 A pain0"),
            ),
        ),
        ("Grünwald Hans-Jürgen",),
        (50, 85),
    ),
    Slot(
        "progress-child",
        Status.IN_PROGRESS,
        29,
        Script(
            type="Consultation",
            reason="Wheeze at football practice",
            doctor="paewai",
            room="Room 5",
            wait=15,
            minutes=LATER,
            vitals=((8, "104/66 p96 t36.9 s97 r20 w31.4 h136"),),
        ),
        ("Kim Min-jun",),
        (6, 14),
    ),
)

FINISHED = (
    Slot("finished-throat", Status.FINISHED, 58, Script(
        type="Consultation", reason="Sore throat", room="Room 1", wait=16, minutes=14,
        vitals=((8, "118/74 p84 t37.9 s98 r15"),), diagnoses=(Dx("J02.9", "Acute pharyngitis, "
                                                                          "unspecified"),),
        notes=(Text("Sore throat", "S: Two days, hurts to swallow, no cough.\n"
                    "O: Red pharynx, no exudate, small tender nodes.\nA: Viral, Centor 2.\n"
                    "P: Fluids, paracetamol. Back if worse or not over in a week."),),
    ), ("Nakamura-Silva Kenji",), (16, 45)),
    Slot("finished-pressure", Status.FINISHED, 100, Script(
        type="Follow-up", reason="Blood pressure", doctor="doctor2", room="Room 3", wait=20,
        minutes=17, vitals=((10, "132/82 p68 t36.5 s98 r14"),),
        diagnoses=(Dx("I10", "Essential (primary) hypertension"),),
        notes=(Text("Blood pressure", "S: No dizziness, takes the tablet in the evening.\n"
                    "O: 132/82 sitting, no oedema.\nA: Controlled.\nP: Same dose, labs in May."),),
    ), ("Zhao Wenling",), (45, 80)),
    Slot("finished-wound", Status.FINISHED, 150, Script(
        type="Walk-in", reason="Cut finger with a kitchen knife", booked=False, room="Room 4",
        wait=12, minutes=31, vitals=((6, "124/78 p80 t36.6 s99 r14 A pain4"),),
        diagnoses=(Dx("S61.211A", "Laceration without foreign body of left index finger without "
                      "damage to nail, initial encounter"),),
        notes=(Text("Wound care", "2 cm cut over the middle phalanx, clean edges. Tendon and "
                    "sensation intact. Block with lidocaine, three sutures, dry dressing.\n"
                    "Tetanus up to date. Sutures out in 10 days.", type="procedure-note"),),
    ), ("Popescu Andrei",), (18, 70)),
    Slot("finished-call", Status.FINISHED, 190, Script(
        type="Telephone consultation", reason="Results of the blood tests", class_code="VR",
        triage=None, wait=1, minutes=9, doctor="haddadian",
        diagnoses=(Dx("D50.9", "Iron deficiency anemia, unspecified"),),
        prescriptions=(Rx("Ferrous sulfate 200 mg tablet", "1 tablet every other day with juice",
                          "low iron", "45", 1),),
        notes=(Text("Call", "Ferritin 9. Heavy periods, no other source asked for or found.\n"
                    "Iron every other day, count again in six weeks."),),
    ), ("Stoyanova Desislava",), (18, 50), "female"),
    Slot("finished-emergency", Status.FINISHED, 230, Script(
        type="Emergency visit", reason="Bee sting, swollen lip", class_code="EMER", booked=False,
        doctor="sorboen", nurse="makinen", priority="UR", room="Emergency bay 3", triage=2, wait=4,
        minutes=170, disposition="home",
        vitals=((3, "104/62 p118 t36.8 s96 r22 A"), (40, "118/70 p92 t36.7 s98 r16 A"),
                (160, "122/74 p78 t36.7 s99 r14 A")),
        diagnoses=(Dx("T63.441A", "Toxic effect of venom of bees, accidental (unintentional), "
                      "initial encounter", "AD"),
                   Dx("T63.441A", "Toxic effect of venom of bees, accidental (unintentional), "
                      "initial encounter", "DD")),
        allergies=(Allergic("Bee venom", "Swelling of lip and throat, hives", "severe",
                            "environment", "high"),),
        thoughts=(Think("Anaphylaxis, moderate, prompt response to one dose of adrenaline.",
                        (("Lip and tongue swelling", "seen on arrival"),
                         ("Normal after 40 minutes", "vitals at 40 and 160 minutes"))),),
        prescriptions=(Rx("Epinephrine 0.3 mg auto-injector", "1 into the thigh at a reaction, "
                          "then call for help", "bee venom allergy", "2", 0),),
        notes=(Text("Emergency record", "Stung on the forearm at work, lip swollen ten minutes "
                    "later. Adrenaline 0.5 mg i.m., chlorphenamine, prednisolone. Watched three "
                    "hours, no second phase. Shown how to use the auto-injector."),),
    ), ("Byrne Cormac",), (18, 70)),
)  # fmt: skip
