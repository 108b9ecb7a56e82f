"""Write the demo hospital's service catalog, the same bytes every time.

``python -m hospital_day.catalog`` (from ``scripts/``) rewrites
``addons/health_suite/data/services.csv``, which the addon loads and the
generator charges from. The codes are our own: no licensed code set is used.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from .master import DATA

COLUMNS = ("code", "name", "category", "list_price", "billable", "ehr_code", "lab_code", "ehr_mapped", "lab_mapped")

ROOMS = (
    ("Room and board, medical ward", 980), ("Room and board, surgical ward", 1140), ("Room and board, maternity", 1050),
    ("Room and board, intensive care", 3420), ("Room and board, step-down unit", 1875), ("Observation, per hour", 86.5),
    ("Newborn nursery, per day", 610), ("Isolation surcharge, per day", 212.4),
)  # fmt: skip
VISITS = (
    ("Emergency visit, minor", 185), ("Emergency visit, moderate", 342), ("Emergency visit, severe", 655.75),
    ("Emergency visit, critical", 1180), ("Clinic visit, new patient, short", 118), ("Clinic visit, new patient, long", 236.2),
    ("Clinic visit, established, short", 84), ("Clinic visit, established, long", 167.35), ("Specialist consultation", 224),
    ("Inpatient consultation, follow-up", 131.25), ("Telephone consultation", 42.5), ("Care plan review", 73.15),
    ("Discharge planning", 96), ("Nutrition counselling", 68.45), ("Diabetes education", 71.3), ("Wound care visit", 154.9),
)  # fmt: skip
IMAGING_PARTS = (
    ("chest", 1.0), ("abdomen", 1.2), ("head", 1.35), ("cervical spine", 1.15), ("lumbar spine", 1.25), ("pelvis", 1.1),
    ("shoulder", 0.9), ("knee", 0.85),
)  # fmt: skip
IMAGING = (("X-ray", 78.4), ("CT", 412.6), ("MRI", 731.25), ("Ultrasound", 166.15))
PROCEDURES = (
    ("Electrocardiogram, 12 lead", 64.2), ("Echocardiogram", 398), ("Cardiac stress test", 287.5), ("Holter monitoring", 176.35),
    ("Spirometry", 58.75), ("Bronchoscopy", 915), ("Upper endoscopy", 842.4), ("Colonoscopy", 1015.6), ("Lumbar puncture", 386.2),
    ("Suture, simple", 142.15), ("Suture, complex", 318.9), ("Fracture care, closed", 462.25), ("Cast application", 128.4),
    ("Joint injection", 117.55), ("Skin biopsy", 156.8), ("Central line placement", 534.1), ("Arterial line placement", 281.65),
    ("Urinary catheter placement", 74.35), ("Haemodialysis session", 587.25), ("Blood transfusion, per unit", 346.7),
    ("Appendectomy", 4280), ("Gallbladder removal", 5120.5), ("Hernia repair", 3675.25), ("Hip replacement", 11840),
    ("Knee replacement", 11265), ("Caesarean section", 5480), ("Vaginal delivery", 3320), ("Anaesthesia, per 15 minutes", 93.35),
    ("Recovery room, per hour", 187.2), ("Operating room, per 15 minutes", 415.45),
)  # fmt: skip
THERAPY = (
    ("Physical therapy evaluation", 138.2), ("Physical therapy session", 76.45), ("Occupational therapy evaluation", 141.3),
    ("Occupational therapy session", 78.65), ("Speech therapy evaluation", 149.85), ("Speech therapy session", 82.1),
    ("Respiratory treatment", 47.95), ("Oxygen, per hour", 12.35), ("Ventilator, per day", 688.4), ("Group therapy session", 38.75),
)  # fmt: skip
DRUGS = (
    ("Acetaminophen 500 mg", 0.85), ("Ibuprofen 400 mg", 1.1), ("Amoxicillin 500 mg", 2.35), ("Ceftriaxone 1 g IV", 28.65),
    ("Vancomycin 1 g IV", 46.2), ("Piperacillin-tazobactam 4.5 g IV", 51.85), ("Heparin 5000 units", 9.45),
    ("Enoxaparin 40 mg", 24.75), ("Insulin glargine, per unit", 0.65), ("Insulin lispro, per unit", 0.55),
    ("Morphine 10 mg IV", 11.9), ("Fentanyl 100 mcg IV", 14.35), ("Ondansetron 4 mg IV", 8.2), ("Pantoprazole 40 mg IV", 17.15),
    ("Furosemide 40 mg IV", 6.45), ("Metoprolol 5 mg IV", 7.3), ("Lisinopril 10 mg", 0.95), ("Atorvastatin 40 mg", 1.45),
    ("Metformin 850 mg", 0.75), ("Prednisone 20 mg", 1.05), ("Albuterol nebulised", 5.85), ("Potassium chloride 20 mEq", 4.15),
    ("Sodium chloride 0.9 % 1 l", 18.4), ("Lactated Ringer 1 l", 19.1), ("Dextrose 5 % 500 ml", 14.6), ("Tetanus vaccine", 62.3),
    ("Influenza vaccine", 41.75), ("Lidocaine 1 % 10 ml", 6.9), ("Propofol 200 mg IV", 22.8), ("Rocuronium 50 mg IV", 31.4),
)  # fmt: skip
SUPPLIES = (
    ("Dressing, small", 4.35), ("Dressing, large", 9.8), ("Wound vacuum kit", 184.6), ("Urinary catheter kit", 27.45),
    ("IV start kit", 13.25), ("Infusion pump set", 22.7), ("Crutches, pair", 58.9), ("Knee brace", 96.4), ("Arm sling", 21.15),
    ("Surgical pack", 143.75), ("Hip implant", 4890), ("Knee implant", 4575.5), ("Surgical mesh", 612.3), ("Compression stockings", 34.2),
)  # fmt: skip
LAB = (
    ("Complete blood count", 28.4), ("Basic metabolic panel", 34.15), ("Comprehensive metabolic panel", 46.85), ("Lipid panel", 41.2),
    ("Liver panel", 38.65), ("Renal panel", 36.4), ("Thyroid stimulating hormone", 52.75), ("Free thyroxine", 43.9),
    ("Haemoglobin A1c", 31.15), ("Glucose", 11.25), ("Sodium", 9.85), ("Potassium", 9.85), ("Creatinine", 12.1), ("Urea nitrogen", 11.6),
    ("Calcium", 10.45), ("Magnesium", 14.2), ("Phosphate", 12.35), ("Uric acid", 13.05), ("Albumin", 11.9), ("Total protein", 10.95),
    ("Bilirubin, total", 12.7), ("Bilirubin, direct", 13.15), ("Alkaline phosphatase", 12.4), ("Aspartate aminotransferase", 12.55),
    ("Alanine aminotransferase", 12.55), ("Lactate dehydrogenase", 14.8), ("Amylase", 18.25), ("Lipase", 21.4), ("Lactate", 24.65),
    ("Troponin, high sensitivity", 48.3), ("Natriuretic peptide", 74.9), ("Creatine kinase", 17.35), ("C-reactive protein", 16.8),
    ("Procalcitonin", 68.15), ("Sedimentation rate", 10.2), ("Prothrombin time", 14.55), ("Partial thromboplastin time", 16.4),
    ("D-dimer", 39.7), ("Fibrinogen", 27.45), ("Blood type and screen", 54.1), ("Crossmatch, per unit", 47.6), ("Ferritin", 29.8),
    ("Iron and binding capacity", 26.35), ("Vitamin B12", 33.7), ("Folate", 32.9), ("Vitamin D", 58.25), ("Urinalysis", 15.3),
    ("Urine culture", 37.5), ("Blood culture", 56.4), ("Sputum culture", 44.15), ("Wound culture", 45.7), ("Stool culture", 51.25),
    ("Influenza A and B, molecular", 88.6), ("Respiratory panel, molecular", 264.9), ("Hepatitis B surface antigen", 31.85),
    ("Hepatitis C antibody", 36.2), ("HIV screen", 42.45), ("Pregnancy test, serum", 24.1), ("Prostate antigen", 47.15),
    ("Blood gas, arterial", 61.35),
)  # fmt: skip
COURTESY = (
    ("Interpreter, per session", 0),
    ("Patient transport, internal", 0),
    ("Courtesy meal", 0),
    ("Chaplain visit", 0),
)

# On purpose without an approved mapping, so that the day has something to heal.
EHR_UNMAPPED = ("IMG-29", "PRC-16", "DRG-11", "SUP-13", "THR-09")
LAB_UNMAPPED = ("LAB-34", "LAB-46", "LAB-54", "LAB-60")


def rows() -> list[dict[str, str]]:
    """The catalog as dicts with the keys of ``COLUMNS``, ordered by code."""
    groups = (
        ("ROM", "Accommodation", ROOMS),
        ("VIS", "Visits", VISITS),
        (
            "IMG",
            "Imaging",
            [(f"{kind} {part}", round(price * factor, 2)) for kind, price in IMAGING for part, factor in IMAGING_PARTS],
        ),
        ("PRC", "Procedures", PROCEDURES),
        ("THR", "Therapy", THERAPY),
        ("DRG", "Pharmacy", DRUGS),
        ("SUP", "Supplies", SUPPLIES),
        ("LAB", "Laboratory", LAB),
        ("CRT", "Courtesy", COURTESY),
    )
    result = []
    for prefix, category, services in groups:
        for number, (name, price) in enumerate(services, start=1):
            code = f"{prefix}-{number:02d}"
            lab = f"L{7000 + 10 * number}" if prefix == "LAB" else ""
            result.append(
                {
                    "code": code,
                    "name": name,
                    "category": category,
                    "list_price": str(Decimal(str(price)).quantize(Decimal("0.01"))),
                    "billable": "0" if prefix == "CRT" else "1",
                    "ehr_code": f"{prefix}{1000 + number}",
                    "lab_code": lab,
                    "ehr_mapped": "0" if code in EHR_UNMAPPED else "1",
                    "lab_mapped": "0" if not lab or code in LAB_UNMAPPED else "1",
                }
            )
    return result


def render() -> str:
    """The CSV text of the catalog."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows())
    return stream.getvalue()


if __name__ == "__main__":
    (DATA / "services.csv").write_text(render(), encoding="utf-8")
