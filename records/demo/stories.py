"""Stories that go on over many visits: (days ago, script); below zero is booked."""

from records.demo.script import Allergic, Dx, Lab, Rx, Script, Step, Text, Think

Story = tuple[tuple[int, Script], ...]

_I10 = Dx("I10", "Essential (primary) hypertension")
_LIPIDS = Dx("E78.5", "Hyperlipidemia, unspecified", rank=2)


def _pressure(
    days: int,
    reason: str,
    line: str,
    note: str,
    *rx: Rx | Step,
    labs: tuple[Lab, ...] = (),
    dx: tuple[Dx, ...] = (_I10,),
    first: bool = False,
) -> tuple[int, Script]:
    script = Script(
        type="Consultation" if first else "Follow-up", reason=reason, room="Room 2", triage=None,
        vitals=((8, line),), diagnoses=dx, prescriptions=rx, labs=labs, no_allergies=first,
        notes=(Text(reason, note),),
    )  # fmt: skip
    return days, script


_LISINOPRIL = "Lisinopril 10 mg tablet"
_LISINOPRIL20 = "Lisinopril 20 mg tablet"
_AMLODIPINE = "Amlodipine 5 mg tablet"

# Blood pressure that comes down over two years of treatment.
CASTELLANOS: Story = (
    _pressure(
        716, "Headaches, pressure 170 at the pharmacy", "172/104 p84 t36.6 s97 r14 A w94.2 h176",
        "S: Dull headaches in the morning for a month. Father had a stroke at 70. Smokes 10 a "
        "day.\n"
        "O: 172/104 right, 168/102 left, heart regular, fundi without haemorrhage. BMI 30.4.\n"
        "A: Hypertension, new, no sign of end-organ damage yet.\n"
        "P: Lisinopril 10 mg. Home readings for two weeks. Salt, walking, cigarettes talked over.",
        Rx(_LISINOPRIL, "1 tablet in the morning", "blood pressure", "30", 2),
        labs=(Lab("2160-0", "0.98", "mg/dL", "N", "0.70", "1.30"),
              Lab("2823-3", "4.2", "mmol/L", "N", "3.5", "5.1"),
              Lab("18262-6", "164", "mg/dL", "H", "", "130")),
        dx=(Dx("I10", "Essential (primary) hypertension", problem=True), _LIPIDS), first=True,
    ),
    _pressure(
        688, "Blood pressure, home readings", "160/96 p80 t36.5 s98 r14 A w93.6",
        "S: Headaches less. Home readings between 150 and 165. No cough.\nO: 160/96.\n"
        "A: Better, not there.\nP: Lisinopril up to 20 mg, potassium in two weeks.",
        Step("stop", _LISINOPRIL, "higher dose"),
        Rx(_LISINOPRIL20, "1 tablet in the morning", "blood pressure", "90", 3),
    ),
    _pressure(
        612, "Blood pressure", "150/92 p78 t36.7 s98 r15 A w92.1",
        "S: Takes the tablet most days; forgets it at weekends.\nO: 150/92, no oedema.\n"
        "A: Needs a second drug, and the tablet beside the toothbrush.\nP: Amlodipine 5 mg added.",
        Rx(_AMLODIPINE, "1 tablet in the evening", "blood pressure", "90", 3),
        Rx("Atorvastatin 20 mg tablet", "1 tablet in the evening", "cholesterol", "90", 3),
    ),
    _pressure(
        487, "Blood pressure, swollen ankles", "140/86 p74 t36.6 s98 r14 A w90.8",
        "S: Ankles swell by the evening. Has stopped smoking since Easter.\n"
        "O: 140/86, slight pitting oedema both sides, lungs clear.\n"
        "A: Oedema from amlodipine, pressure nearly in range.\nP: Stay on it, legs up; see in "
        "spring.",
        labs=(Lab("2160-0", "1.02", "mg/dL", "N", "0.70", "1.30"),
              Lab("18262-6", "98", "mg/dL", "N", "", "130")),
    ),
    _pressure(
        301, "Blood pressure", "134/82 p70 t36.5 s98 r14 A w88.0",
        "S: Walks an hour a day with the neighbour's dog. Ankles fine.\nO: 134/82, BMI 28.4.\n"
        "A: In range at last.\nP: Everything stays. Next visit in six months.",
    ),
    _pressure(
        118, "Blood pressure, yearly labs", "128/78 p68 t36.6 s98 r14 A w86.4",
        "S: No complaints. Home readings 120 to 130.\nO: 128/78, 86.4 kg.\n"
        "A: Well controlled hypertension.\nP: Yearly labs done today. One tablet less if it "
        "stays so.",
        labs=(Lab("2160-0", "1.01", "mg/dL", "N", "0.70", "1.30"),
              Lab("18262-6", "92", "mg/dL", "N", "", "130")),
    ),
)  # fmt: skip


def _sugar(
    days: int, line: str, a1c: str, glucose: str, note: str, *rx: Rx | Step, first: bool = False
) -> tuple[int, Script]:
    dx = Dx("E11.65", "Type 2 diabetes mellitus with hyperglycemia", problem=first)
    script = Script(
        type="Consultation" if first else "Follow-up", reason="Thirst and tiredness" if first
        else "Diabetes, quarterly visit", room="Room 2", triage=None, vitals=((8, line),),
        diagnoses=(dx, Dx("E66.9", "Obesity, unspecified", rank=2, problem=first)),
        labs=(Lab("4548-4", a1c, "%", "H", "4.0", "5.6"),
              Lab("2345-7", glucose, "mg/dL", "H", "70", "99")),
        prescriptions=rx, notes=(Text("Diabetes", note),),
        allergies=(Allergic("Sulfamethoxazole", "Rash over trunk and arms", "moderate"),)
        if first else (),
    )  # fmt: skip
    return days, script


_METFORMIN = "Metformin 500 mg tablet"
_METFORMIN1000 = "Metformin 1000 mg tablet"

# HbA1c from 10.4 down to 7.3, weight with it.
ABUBAKAR: Story = (
    _sugar(
        655, "142/88 p82 t36.7 s97 r15 A w91.5 h162", "10.4", "287",
        "S: Drinks four litres a day, up at night three times, tired for months. Mother diabetic.\n"
        "O: 91.5 kg, BMI 34.9. Feet warm, pulses felt, sensation intact. Urine without ketones.\n"
        "A: Type 2 diabetes, new.\n"
        "P: Metformin 500 mg twice a day with meals. Dietitian. Eye clinic. Meter taught by nurse.",
        Rx(_METFORMIN, "1 tablet with breakfast and supper", "diabetes", "60", 2), first=True,
    ),
    _sugar(
        560, "138/86 p80 t36.6 s98 r14 A w89.9", "8.9", "201",
        "S: Less thirst. Loose stools in the first two weeks, over now.\nO: 89.9 kg.\n"
        "A: Good start.\nP: Metformin up to 1000 mg twice a day. Eyes: no retinopathy (letter "
        "read).",
        Step("stop", _METFORMIN, "higher dose"),
        Rx(_METFORMIN1000, "1 tablet with breakfast and supper", "diabetes", "180", 3),
    ),
    _sugar(
        455, "136/84 p78 t36.6 s98 r14 A w88.2", "8.1", "172",
        "S: Ramadan went well with the changed times. Two lows, both after long walks.\n"
        "O: 88.2 kg, feet fine.\nA: Falling steadily.\nP: Empagliflozin added; sick-day rules "
        "given.",
        Rx("Empagliflozin 10 mg tablet", "1 tablet in the morning", "diabetes", "90", 3),
    ),
    _sugar(
        348, "132/82 p76 t36.5 s98 r14 A w86.0", "7.8", "158",
        "S: Itching, treated for thrush at the pharmacy.\nO: 86.0 kg. Redness settled.\n"
        "A: Thrush on empagliflozin.\nP: Pause it for four weeks, then try again.",
        Step("hold", "Empagliflozin 10 mg tablet", "genital thrush"),
    ),
    _sugar(
        240, "134/80 p74 t36.6 s97 r14 A w85.1", "7.6", "151",
        "S: Content. Would rather not start the paused tablet again.\nO: 85.1 kg.\n"
        "A: Near the target without it.\nP: Leave it paused, decide in spring.",
    ),
    _sugar(
        104, "136/82 p75 t36.5 s97 r14 A w83.9", "7.3", "146",
        "S: Grandson born; walks the pram every day.\nO: 83.9 kg, microalbumin normal.\n"
        "A: HbA1c 7.3 %, target 7.\nP: Same. Feet and eyes due at the next visit.",
    ),
)  # fmt: skip


def _child(days: int, reason: str, line: str, note: str) -> tuple[int, Script]:
    return days, Script(
        type="Well-child visit", reason=reason, doctor="paewai", room="Room 5", triage=None,
        vitals=((8, line),), diagnoses=(Dx("Z00.129", "Encounter for routine child health "
                                           "examination without abnormal findings"),),
        notes=(Text(reason, note),), no_allergies=reason == "Two-month check",
    )  # fmt: skip


# A child growing from birth to two years.
NOVOTNA: Story = (
    _child(755, "Two-month check", "p142 t36.8 s99 r38 w5.1 h57.5 hc38.6",
           "Feeds every three hours, sleeps six at a stretch. Smiles back, follows a face. Hips "
           "stable, heart without murmur. First vaccinations given, both thighs."),
    _child(690, "Four-month check", "p136 t36.7 s99 r36 w6.4 h62.3 hc40.9",
           "Laughs, holds her head, reaches. Growing along her line. Second vaccinations given."),
    _child(630, "Six-month check", "p130 t36.8 s99 r34 w7.5 h66.4 hc42.6",
           "Sits with a hand at her back. First spoons of carrot, not impressed. Third set given."),
    _child(540, "Nine-month check", "p126 t36.9 s98 r32 w8.5 h70.8 hc44.2",
           "Crawls backwards, says mama to everybody. Iron-rich food talked over."),
    _child(450, "One-year check", "p122 t36.7 s99 r30 w9.3 h74.9 hc45.2",
           "Walks along the furniture. Six teeth. Measles, mumps, rubella given; may be warm on "
           "day 8."),
    _child(270, "Eighteen-month check", "p118 t36.8 s99 r28 w10.7 h81.2 hc46.7",
           "Runs, climbs, ten words in two languages. No worries at home. Booster given."),
    (171, Script(
        type="Consultation", reason="Fever and pulling the ear", doctor="paewai", room="Room 5",
        booked=False, triage=5, priority="A", vitals=((6, "p148 t39.1 s97 r34 w11.2"),),
        diagnoses=(Dx("H66.91", "Otitis media, unspecified, right ear"),),
        prescriptions=(Rx("Amoxicillin 250 mg/5 mL suspension", "9 mL twice a day for 7 days",
                          "ear infection", "150 mL", 0),),
        notes=(Text("Earache", "S: Cold for a week, fever since last night, cries lying down.\n"
                    "O: Right drum red and bulging, left dull. Chest clear, well hydrated.\n"
                    "A: Acute otitis media, right.\nP: Amoxicillin 80 mg/kg/day, ibuprofen. Back "
                    "in "
                    "three days if still febrile."),),
    )),
    _child(36, "Follow-up of the ear", "p116 t36.7 s99 r26 w12.1 h86.9 hc47.6",
           "Both drums grey and moving. Hears a whisper from behind. Two-year check booked."),
)  # fmt: skip

_EXACERBATION = Script(
    type="Emergency visit", reason="Breathless and wheezing since the night", class_code="EMER",
    booked=False, doctor="sorboen", nurse="makinen", priority="EM", room="Emergency bay 1",
    triage=3, wait=6, minutes=5 * 1440 + 240, hour=7, admit=(240, "Ward 2, bed 1"),
                                                             disposition="home",
    vitals=((4, "148/88 p116 t37.9 s86 r30 A"), (30, "142/84 p110 t37.9 s91 r26 o2 A"),
            (120, "136/80 p102 t37.7 s92 r24 o2 A"), (600, "134/78 p96 t37.4 s93 r21 o1 A"),
            (1800, "130/78 p88 t36.9 s93 r19 A"), (4300, "128/76 p82 t36.7 s94 r18 A"),
            (7000, "126/74 p78 t36.6 s95 r17 A")),
    labs=(Lab("6690-2", "14.2", "10*9/L", "H", "4.0", "11.0"),),
    diagnoses=(Dx("J44.1", "Chronic obstructive pulmonary disease with (acute) exacerbation", "AD"),
               Dx("J18.9", "Pneumonia, unspecified organism", "AD", 2),
               Dx("J44.1", "Chronic obstructive pulmonary disease with (acute) exacerbation", "DD"),
               Dx("I10", "Essential (primary) hypertension", "CM")),
    prescriptions=(Rx("Prednisone 40 mg tablet", "1 tablet in the morning for 5 days", "COPD", "5",
                      0),),
    thoughts=(Think("Exacerbation of COPD with a patch of pneumonia, type 1 failure, no CO2 "
                    "retention. Ward with oxygen, target 88-92 %.",
                    (("Wheeze on both sides", "examination"), ("Patch right base", "chest X-ray"),
                     ("SpO2 86 % on air", "vitals on arrival"))),),
    notes=(Text("Discharge summary", "Admitted through the emergency department with an infective "
                "exacerbation of COPD. Nebulisers, prednisone five days, doxycycline. Oxygen until "
                "the second day. Walked the stairs with the physiotherapist before going home.\n\n"
                "To do: spirometry in six weeks, inhaler technique, influenza vaccination.",
                type="discharge-summary", by="doctor2"),),
)  # fmt: skip

# COPD: quarterly visits, one emergency that became an admission, a winter free of trouble.
LINDQVIST: Story = (
    (640, Script(
        type="Consultation", reason="Short of breath on the stairs", doctor="doctor2",
        room="Room 3", triage=None, vitals=((8, "138/82 p84 t36.6 s94 r18 A w71.0 h179"),),
        diagnoses=(Dx("J44.9", "Chronic obstructive pulmonary disease, unspecified", problem=True),
                   Dx("F17.210", "Nicotine dependence, cigarettes, uncomplicated", "", 2, True)),
        prescriptions=(Rx("Tiotropium 18 mcg inhalation capsule", "1 capsule inhaled once a day",
                          "COPD", "90", 3),
                       Rx("Albuterol 90 mcg inhaler", "2 puffs when breathless", "COPD", "1", 3)),
        allergies=(Allergic("Aspirin", "Wheeze", "severe", criticality="high"),
                   Allergic("Cat hair", "Sneezing, itching eyes", "mild", "environment")),
        notes=(Text("Breathlessness", "S: One floor, then he stops. 45 pack-years, still 15 a "
                                      "day.\n"
                    "O: Quiet chest, FEV1 54 % of predicted, ratio 0.58.\nA: COPD, moderate.\n"
                    "P: Tiotropium, albuterol as needed. Stop-smoking nurse. Vaccinations."),),
    )),
    (402, _EXACERBATION),
    (356, Script(
        type="Follow-up", reason="Six weeks after the hospital", doctor="doctor2", room="Room 3",
        triage=None, vitals=((8, "132/78 p80 t36.5 s94 r17 A w67.9"),),
        diagnoses=(Dx("J44.9", "Chronic obstructive pulmonary disease, unspecified"),),
        notes=(Text("After the admission", "S: Back to his shed. Has not smoked since.\n"
                    "O: FEV1 51 %. Uses the inhaler with the mouth open; taught again.\n"
                    "A: Stable.\nP: Same. Weight 3 kg down since the summer: watch."),),
    )),
    (180, Script(
        type="Follow-up", reason="COPD, losing weight", doctor="doctor2", room="Room 3",
        triage=None, vitals=((8, "128/76 p82 t36.6 s94 r17 A w64.2"),),
        diagnoses=(Dx("R63.4", "Abnormal weight loss"),),
        labs=(Lab("718-7", "12.1", "g/dL", "L", "13.5", "17.5"),),
        notes=(Text("Weight", "S: Trousers too wide, appetite poor since the spring, lives alone.\n"
                    "O: 64.2 kg, 7 kg in 18 months. No nodes, abdomen soft.\n"
                    "A: Weight loss, to be cleared up.\nP: Chest CT, thyroid, meals on wheels."),),
    )),
    (44, Script(
        type="Follow-up", reason="Results, weight", doctor="doctor2", room="Room 3", triage=None,
        vitals=((8, "126/74 p84 t36.5 s95 r17 A w61.8"),),
        diagnoses=(Dx("R63.4", "Abnormal weight loss"), Dx("D64.9", "Anemia, unspecified", rank=2)),
        notes=(Text("Results", "S: Still eats little.\nO: 61.8 kg. CT without a tumour. Hb 11.8.\n"
                    "A: Open. Stomach next.\nP: Gastroscopy booked; daughter informed at his "
                    "wish."),),
    )),
    (-6, Script(type="Follow-up", reason="After the gastroscopy", doctor="doctor2", room="Room 3")),
)  # fmt: skip

STORIES: dict[str, Story] = {
    "Castellanos Rivadeneyra José María": CASTELLANOS,
    "Abubakar Halima Saadatu": ABUBAKAR,
    "Novotná Eliška": NOVOTNA,
    "Lindqvist Gunnar": LINDQVIST,
}
