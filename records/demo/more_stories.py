"""Further stories: a pregnancy and a birth, home visits, an error put right, visits left open."""

from dataclasses import replace

from records.demo.script import Allergic, Dx, Lab, Rx, Script, Step, Text, Think
from records.demo.stories import Story

LATER = 10_000

_ANTENATAL = Script(
    type="Antenatal visit", reason="Antenatal check", doctor="haddadian", room="Room 6",
    triage=None, wait=12, minutes=20,
    diagnoses=(Dx("Z34.90", "Encounter for supervision of normal pregnancy, unspecified, "
                  "unspecified trimester"),),
)  # fmt: skip
_PREGNANT = Lab("82810-3", "pregnant", name="Pregnancy status")


def _antenatal(
    days: int, line: str, title: str, note: str, first: bool = False
) -> tuple[int, Script]:
    return days, replace(
        _ANTENATAL, vitals=((6, line),), notes=(Text(title, note),), no_allergies=first,
        labs=(_PREGNANT, Lab("718-7", "12.6", "g/dL", "N", "11.0", "15.5")) if first else (),
    )  # fmt: skip


FITZGERALD: Story = (
    _antenatal(215, "112/68 p76 t36.6 s99 r14 w61.2 h168", "10 weeks",
               "First child. Sick in the mornings, keeps fluids down. Heartbeat seen, one sac. "
               "Bloods taken. Folic acid since June.", True),
    _antenatal(150, "110/66 p80 t36.6 s99 r14 w63.9", "19 weeks",
               "Anatomy scan complete and normal, placenta high at the back. Feels flutters."),
    _antenatal(66, "116/70 p84 t36.7 s98 r15 w70.8", "31 weeks",
               "Baby moves well, head up still. Glucose test normal. Birth class begins next "
               "week."),
    _antenatal(24, "122/76 p86 t36.6 s98 r16 w73.6", "37 weeks",
               "Head down. No headache, no swelling of the face. Group B streptococcus negative."),
    (10, Script(
        type="Delivery", reason="Contractions every four minutes since supper", class_code="IMP",
        booked=False, doctor="haddadian", room="Maternity, room 2", triage=10, wait=25,
        minutes=1440 + 14 * 60, hour=22, disposition="home",
        vitals=((12, "126/78 p92 t36.8 s98 r18 A pain6"), (600, "118/72 p84 t36.9 s98 r16 A pain2"),
                (1900, "114/70 p76 t36.6 s99 r14 A pain1")),
        diagnoses=(Dx("O80", "Encounter for full-term uncomplicated delivery", "AD"),
                   Dx("O80", "Encounter for full-term uncomplicated delivery", "DD"),
                   Dx("Z37.0", "Single live birth", "DD", 2)),
        notes=(Text("Delivery", "Girl, 3380 g, at 04:37 after six hours, head first, Apgar 9 and "
                                "10. "
                    "Placenta complete, first-degree tear with two stitches, blood loss 300 mL. "
                    "Skin to skin at once, fed within the hour.", type="procedure-note"),
               Text("Discharge summary", "Day 2: fundus firm, feeding well, mood good. Home with "
                                         "her "
                    "husband; Sister Mokoena comes on day 5. Check-up in six weeks.",
                    type="discharge-summary")),
    )),
    (4, Script(
        type="Home visit", reason="Mother and child after the birth", class_code="HH",
        nurse="mokoena", doctor="haddadian", triage=None, wait=1, minutes=35,
        vitals=((5, "116/72 p78 t36.7 s99 r14 A"),), diagnoses=(Dx("Z39.2", "Encounter for routine "
                                                                "postpartum follow-up"),),
        notes=(Text("Day 5", "Milk is in, left nipple sore: position corrected. Stitches clean. "
                    "Sleeps in pieces. Knows whom to call.", by="mokoena"),),
    )),
    (-33, replace(_ANTENATAL, type="Postpartum visit", reason="Six weeks after the birth",
                  diagnoses=())),
)  # fmt: skip

BABY: Story = (
    (4, Script(
        type="Home visit", reason="Weight on day 5", class_code="HH", nurse="mokoena",
        doctor="paewai", booked=False, triage=None, wait=1, minutes=25, no_allergies=True,
        vitals=((4, "p138 t36.8 s99 r42 w3.29 h50.5 hc34.8"),),
        diagnoses=(Dx("Z00.110", "Health examination for newborn under 8 days old"),),
        notes=(Text("Newborn visit", "Back to 3290 g after 3140 on day 3. Eight feeds a day, six "
                                     "wet "
                    "nappies. Cord dry, a little yellow in the face only. Screening sent.",
                    by="mokoena"),),
    )),
    (-19, Script(type="Well-child visit", reason="One-month check", doctor="paewai",
                 room="Room 5")),
)  # fmt: skip


def _dressing(days: int, line: str, note: str) -> tuple[int, Script]:
    return days, Script(
        type="Home visit", reason="Dressing of a leg ulcer", class_code="HH", doctor="doctor2",
        nurse="mokoena", triage=None, wait=1, minutes=30, vitals=((3, line),),
        diagnoses=(Dx("I83.013", "Varicose veins of right lower extremity with ulcer of ankle"),),
        notes=(Text("Dressing", note, by="mokoena"),),
    )  # fmt: skip


OGUNLEYE: Story = (
    (190, Script(
        type="Home visit", reason="Cannot come any more, sore at the ankle", class_code="HH",
        doctor="doctor2", nurse="mokoena", triage=None, wait=1, minutes=45,
        vitals=((4, "146/78 p66 t36.4 s96 r16 A w58.5"),),
        diagnoses=(Dx("I83.013", "Varicose veins of right lower extremity with ulcer of ankle",
                      problem=True),
                   Dx("I48.20", "Chronic atrial fibrillation, unspecified", "", 2, True)),
        prescriptions=(Rx("Apixaban 2.5 mg tablet", "1 tablet twice a day", "atrial fibrillation",
                          "180", 3),
                       Rx("Furosemide 40 mg tablet", "1 tablet in the morning", "swollen legs",
                          "90",
                          1)),
        allergies=(Allergic("Adhesive plaster", "Blisters", "mild", "environment",
                            type="intolerance"),),
        notes=(Text("First home visit", "Lives with his granddaughter, third floor without a lift. "
                    "Ulcer 3 x 2 cm above the inner ankle, clean. Pulses felt. Compression "
                    "started, "
                    "twice a week."),),
    )),
    _dressing(120, "142/76 p70 t36.5 s96 r16", "2.5 x 1.5 cm, edges pink. Tells of his years at "
                                               "sea."),
    _dressing(60, "138/74 p68 t36.4 s96 r15", "1.5 x 1 cm. Skin around it dry: cream left there."),
    (31, Script(
        type="Telephone consultation", reason="Dizzy on standing up", class_code="VR",
        doctor="doctor2", triage=None, wait=1, minutes=11,
        diagnoses=(Dx("I95.2", "Hypotension due to drugs"),),
        prescriptions=(Step("stop", "Furosemide 40 mg tablet", "dizzy, dry, legs slim again"),),
        notes=(Text("Call", "Granddaughter reads 98/56 standing. No fall, no bleeding. Furosemide "
                    "stopped. She will ring on Friday."),),
    )),
    _dressing(12, "132/72 p72 t36.5 s97 r15", "Closed but for a crust. No more dizziness."),
)  # fmt: skip

TANAKA: Story = (
    (260, Script(
        type="Consultation", reason="Sleeps badly, no strength", room="Room 2", triage=None,
        minutes=40, vitals=((8, "118/76 p72 t36.5 s99 r14 A w68.4 h172"),), no_allergies=True,
        diagnoses=(Dx("F32.1", "Major depressive disorder, single episode, moderate",
                      problem=True),),
        prescriptions=(Rx("Sertraline 50 mg tablet", "1 tablet in the morning", "depression", "30",
                          2),),
        notes=(Text("First talk", "S: With interpreter. Awake from three, no joy in his workshop "
                    "since his brother died in spring. No thoughts of ending his life; asked "
                    "directly.\nO: PHQ-9 17.\nA: Moderate depression.\nP: Sertraline, sick note, "
                    "weekly "
                    "calls, grief group in Japanese in Port Merrow."),),
    )),
    (232, Script(
        type="Video consultation", reason="Four weeks on the tablet", class_code="VR", triage=None,
        wait=2, minutes=20, diagnoses=(Dx("F32.1", "Major depressive disorder, single episode, "
                                         "moderate"),),
        notes=(Text("Video", "Sleeps until five. Nausea over. PHQ-9 11. Carry on."),),
    )),
    (90, Script(
        type="Video consultation", reason="Mood, half a year", class_code="VR", triage=None, wait=2,
        minutes=18, diagnoses=(Dx("F32.4", "Major depressive disorder, single episode, in partial "
                                 "remission"),),
        notes=(Text("Video", "PHQ-9 5. Works four days. Wants to stop the tablet: agreed to wait "
                    "until next summer."),),
    )),
    (-12, Script(type="Video consultation", reason="Mood", class_code="VR", triage=None, wait=2)),
)  # fmt: skip

MOREAU: Story = (
    (340, Script(
        type="Consultation", reason="Hot flushes", doctor="haddadian", room="Room 6",
        cancel=(-3000, "patient", "has the flu, will call again"), comes=False)),
    (318, Script(
        type="Consultation", reason="Hot flushes", doctor="haddadian", room="Room 6", comes=False,
        cancel=(40, "did-not-attend", ""))),
    (290, Script(
        type="Consultation", reason="Hot flushes", doctor="haddadian", room="Room 6", triage=None,
        vitals=((8, "124/78 p74 t36.6 s98 r14 A w66.0 h164"),), no_allergies=True,
        diagnoses=(Dx("N95.1", "Menopausal and female climacteric states"),),
        prescriptions=(Rx("Estradiol 50 mcg/24 h patch", "1 patch twice a week", "hot flushes",
                          "24",
                          1),),
        notes=(Text("Menopause", "S: Ten flushes a day, changes the sheets at night. Last period a "
                    "year ago.\nO: Pressure fine, mammogram of March clear.\nA: Menopause.\n"
                    "P: Patch with progesterone, review in three months."),),
    )),
    (200, Script(
        type="Consultation", reason="Cough", room="Room 1", triage=None,
        vitals=((8, "148/92 p90 t37.8 s96 r18 A w88.0"),),
        diagnoses=(Dx("J20.9", "Acute bronchitis, unspecified"),),
        error=("somebody-else", "Opened for the wrong patient: this was the visit of the next one "
               "in the waiting room"),
        notes=(Text("Bronchitis", "Cough for ten days, coarse sounds, no dullness. Fluids, "
                                  "rest."),),
    )),
    (152, Script(
        type="Consultation", reason="Heavy legs", room="Room 2", wait=LATER, triage=None,
        cancel=(95, "left-before-seen", ""))),
)  # fmt: skip

PAPADIMITRIOU: Story = (
    (71, Script(
        type="Emergency visit", reason="Belly pain, vomiting, getting worse", class_code="EMER",
        booked=False, doctor="sorboen", nurse="makinen", priority="UR", room="Emergency bay 3",
        triage=4, wait=14, minutes=5 * 1440 + 1380, hour=14, admit=(210, "Ward 1, bed 6"),
                                                                    disposition="home",
        vitals=((5, "138/82 p88 t37.4 s97 r16 A pain5"), (70, "124/74 p102 t38.1 s96 r20 A pain7"),
                (130, "106/62 p114 t38.7 s94 r23 A pain8"), (175, "94/54 p126 t39.2 s92 r26 C "
                                                                  "pain8"),
                (200, "104/60 p118 t39.0 s95 r24 o4 A pain6"), (900, "118/70 p96 t38.0 s96 r18 A"),
                (3000, "126/74 p84 t37.2 s97 r16 A pain2"), (9000, "130/76 p76 t36.6 s98 r14 A")),
        labs=(Lab("6690-2", "18.7", "10*9/L", "H", "4.0", "11.0"),
              Lab("2160-0", "1.9", "mg/dL", "H", "0.70", "1.30")),
        diagnoses=(Dx("R10.31", "Right lower quadrant pain", "AD"),
                   Dx("K35.32", "Acute appendicitis with perforation, localized peritonitis, and "
                      "gangrene, without abscess", "DD"),
                   Dx("A41.9", "Sepsis, unspecified organism", "DD", 2)),
        thoughts=(Think("Perforated appendix with sepsis: theatre tonight.",
                        (("NEWS2 risen from 0 to 15 in three hours", "vitals"),
                         ("Rigid right lower abdomen", "examination"),
                         ("White cells 18.7", "blood"))),),
        allergies=(Allergic("Ciprofloxacin", "Tendon pain", "moderate", type="intolerance"),),
        notes=(Text("Discharge summary", "Came with belly pain since the day before, fell ill "
                                         "under "
                    "our eyes. Fluids and antibiotics within the hour, theatre at midnight: "
                    "perforated appendix, washed out. No "
                    "intensive care needed. Home on day six, wound dry.", type="discharge-summary",
                    by="doctor2"),),
    )),
    (50, Script(
        type="Follow-up", reason="Wound after the operation", doctor="doctor2", room="Room 3",
        triage=None, vitals=((8, "132/78 p72 t36.5 s98 r14 w81.0"),),
        diagnoses=(Dx("Z48.815", "Encounter for surgical aftercare following surgery on the "
                      "digestive system"),),
        notes=(Text("Wound", "Scar closed, belly soft. Eats everything. May lift again next "
                             "month."),),
    )),
)  # fmt: skip

MAREK: Story = (
    (6, Script(
        type="Emergency visit", reason="Found asleep in the bus shelter, cold", class_code="EMER",
        booked=False, doctor="sorboen", nurse="makinen", priority="UR", room="Emergency bay 4",
        triage=3, wait=10, minutes=260, disposition="alt-home",
        vitals=((4, "108/64 p56 t34.6 s96 r12 V"), (120, "116/70 p68 t36.1 s97 r14 A")),
        diagnoses=(Dx("T68.XXXA", "Hypothermia, initial encounter", "AD"),
                   Dx("T68.XXXA", "Hypothermia, initial encounter", "DD"),
                   Dx("Z59.00", "Homelessness unspecified", "CM")),
        notes=(Text("Emergency record", "No papers. Says Marek, about forty, Polish or Czech. "
                                        "Warmed "
                    "over two hours, soup, socks. Left with the night shelter's driver."),),
    )),
)  # fmt: skip

DIALLO: Story = (
    (70, replace(
        _ANTENATAL, reason="Antenatal check, 14 weeks", vitals=((6, "108/66 p78 t36.6 s99 r14 "
                                                                    "w58.8"),),
        labs=(_PREGNANT,), no_allergies=True, notes=(Text("14 weeks", "Second child, first here. "
        "Interpreter by telephone. Scan dates fit. Iron started, vitamin D too."),),
        prescriptions=(Rx("Ferrous sulfate 200 mg tablet", "1 tablet every other day", "low iron",
                          "30", 2),))),
    (-28, replace(_ANTENATAL, reason="Antenatal check, 28 weeks", diagnoses=())),
)  # fmt: skip

# What nobody closed: the bar on Today leads here.
SITHOLE: Story = (
    (5, Script(type="Consultation", reason="Itching between the toes", room="Room 1", triage=None,
               wait=15, minutes=LATER * 100)),
    (80, Script(
        type="Check-up", reason="Yearly check-up", room="Room 2", triage=None, no_allergies=True,
        vitals=((8, "126/80 p72 t36.6 s98 r14 w77.4 h166"),), diagnoses=(Dx("Z00.00", "Encounter "
                                                                                      "for "
        "general adult medical examination without abnormal findings"),),
        notes=(Text("Check-up",
                    "No complaints but the feet. Smear done. Labs normal in spring."),))),
)  # fmt: skip
WHITAKER: Story = (
    (3, Script(type="Check-up", reason="Memory test", doctor="doctor2", room="Room 3",
               comes=False)),
    (4, Script(type="Follow-up", reason="Blood pressure", doctor="doctor2", room="Room 3",
               triage=None, wait=LATER * 100)),
)  # fmt: skip

MORE_STORIES: dict[str, Story] = {
    "Fitzgerald-Oyelaran Maeve": FITZGERALD,
    "Fitzgerald-Oyelaran Baby": BABY,
    "Ogunleye Ezekiel Babatunde": OGUNLEYE,
    "Tanaka Haruki": TANAKA,
    "Moreau Béatrice": MOREAU,
    "Papadimitriou Stavros": PAPADIMITRIOU,
    "Marek": MAREK,
    "Diallo Fatoumata": DIALLO,
    "Sithole Nomvula": SITHOLE,
    "Whitaker Dorothy": WHITAKER,
}
