"""What people call the segments and fields of HL7 v2 (names of version 2.5.1)."""

SEGMENTS = {
    "MSH": "Message Header",
    "EVN": "Event Type",
    "PID": "Patient Identification",
    "PD1": "Patient Additional Demographic",
    "NK1": "Next of Kin",
    "PV1": "Patient Visit",
    "PV2": "Patient Visit, Additional Information",
    "MRG": "Merge Patient Information",
    "FT1": "Financial Transaction",
    "DG1": "Diagnosis",
    "PR1": "Procedures",
    "GT1": "Guarantor",
    "IN1": "Insurance",
    "IN2": "Insurance, Additional Information",
    "IN3": "Insurance, Certification",
    "OBX": "Observation",
    "AL1": "Allergy",
    "ORC": "Common Order",
    "OBR": "Observation Request",
    "NTE": "Notes and Comments",
    "ROL": "Role",
    "ACC": "Accident",
    "SFT": "Software",
    "MSA": "Message Acknowledgement",
    "ERR": "Error",
    "FHS": "File Header",
    "FTS": "File Trailer",
    "BHS": "Batch Header",
    "BTS": "Batch Trailer",
}


def _numbered(names: str, first: int = 1) -> dict[int, str]:
    return {n: name.strip() for n, name in enumerate(names.split("|"), first) if name.strip()}


FIELDS = {
    "MSH": _numbered(
        "Field Separator|Encoding Characters|Sending Application|Sending Facility|Receiving Application"
        "|Receiving Facility|Date/Time of Message|Security|Message Type|Message Control ID|Processing ID|Version ID"
        "|Sequence Number|Continuation Pointer|Accept Acknowledgement Type|Application Acknowledgement Type"
        "|Country Code|Character Set|Principal Language|Alternate Character Set Handling|Message Profile"
    ),
    "EVN": _numbered(
        "Event Type Code|Recorded Date/Time|Date/Time Planned Event|Event Reason Code|Operator ID|Event Occurred"
        "|Event Facility"
    ),
    "PID": _numbered(
        "Set ID|Patient ID|Patient Identifier List|Alternate Patient ID|Patient Name|Mother's Maiden Name"
        "|Date/Time of Birth|Administrative Sex|Patient Alias|Race|Patient Address|County Code|Phone Number, Home"
        "|Phone Number, Business|Primary Language|Marital Status|Religion|Patient Account Number|SSN Number"
        "|Driver's License Number|Mother's Identifier|Ethnic Group|Birth Place|Multiple Birth Indicator|Birth Order"
        "|Citizenship|Veterans Military Status|Nationality|Patient Death Date and Time|Patient Death Indicator"
    ),
    "NK1": _numbered("Set ID|Name|Relationship|Address|Phone Number|Business Phone Number|Contact Role"),
    "PV1": _numbered(
        "Set ID|Patient Class|Assigned Patient Location|Admission Type|Preadmit Number|Prior Patient Location"
        "|Attending Doctor|Referring Doctor|Consulting Doctor|Hospital Service|Temporary Location|Preadmit Test"
        "|Re-admission Indicator|Admit Source|Ambulatory Status|VIP Indicator|Admitting Doctor|Patient Type"
        "|Visit Number|Financial Class|Charge Price Indicator|Courtesy Code|Credit Rating|Contract Code"
        "|Contract Effective Date|Contract Amount|Contract Period|Interest Code|Transfer to Bad Debt Code"
        "|Transfer to Bad Debt Date|Bad Debt Agency Code|Bad Debt Transfer Amount|Bad Debt Recovery Amount"
        "|Delete Account Indicator|Delete Account Date|Discharge Disposition|Discharged to Location|Diet Type"
        "|Servicing Facility|Bed Status|Account Status|Pending Location|Prior Temporary Location|Admit Date/Time"
        "|Discharge Date/Time|Current Patient Balance|Total Charges|Total Adjustments|Total Payments"
        "|Alternate Visit ID|Visit Indicator|Other Healthcare Provider"
    ),
    "MRG": _numbered(
        "Prior Patient Identifier List|Prior Alternate Patient ID|Prior Patient Account Number|Prior Patient ID"
        "|Prior Visit Number|Prior Alternate Visit ID|Prior Patient Name"
    ),
    "FT1": _numbered(
        "Set ID|Transaction ID|Transaction Batch ID|Transaction Date|Transaction Posting Date|Transaction Type"
        "|Transaction Code|Transaction Description|Transaction Description, Alternate|Transaction Quantity"
        "|Transaction Amount, Extended|Transaction Amount, Unit|Department Code|Insurance Plan ID|Insurance Amount"
        "|Assigned Patient Location|Fee Schedule|Patient Type|Diagnosis Code|Performed By|Ordered By|Unit Cost"
        "|Filler Order Number|Entered By|Procedure Code|Procedure Code Modifier"
    ),
    "DG1": _numbered("Set ID|Coding Method|Diagnosis Code|Description|Diagnosis Date/Time|Diagnosis Type"),
    "PR1": _numbered("Set ID|Coding Method|Procedure Code|Description|Procedure Date/Time|Functional Type"),
    "GT1": _numbered(
        "Set ID|Guarantor Number|Guarantor Name|Spouse Name|Address|Phone Number, Home|Phone Number, Business"
        "|Date/Time of Birth|Administrative Sex|Guarantor Type|Relationship|SSN"
    ),
    "IN1": _numbered(
        "Set ID|Insurance Plan ID|Insurance Company ID|Insurance Company Name|Insurance Company Address"
        "|Insurance Company Contact|Insurance Company Phone|Group Number|Group Name|Insured's Group Employer ID"
        "|Insured's Group Employer Name|Plan Effective Date|Plan Expiration Date|Authorization Information|Plan Type"
        "|Name of Insured|Insured's Relationship to Patient|Insured's Date of Birth|Insured's Address"
        "|Assignment of Benefits|Coordination of Benefits|Coordination of Benefits Priority"
    )
    | {36: "Policy Number", 49: "Insured's ID Number"},
    "OBX": _numbered("Set ID|Value Type|Observation Identifier|Sub-ID|Value|Units|Reference Range|Abnormal Flags"),
    "ORC": _numbered("Order Control|Placer Order Number|Filler Order Number|Placer Group Number|Order Status"),
    "MSA": _numbered("Acknowledgement Code|Message Control ID|Text Message"),
    "ERR": _numbered(
        "Error Code and Location|Error Location|HL7 Error Code|Severity|Application Error Code"
        "|Application Error Parameter|Diagnostic Information|User Message"
    ),
}


def outline(message) -> list[tuple[str, str, list[tuple[str, str, list[str]]]]]:
    """Return a message for reading: per segment its name, its title, and the fields that have a value.

    Each field is ``(number, name, repetitions)``; a repetition is one text,
    its components apart by a middle dot and deletions spelled out.
    """
    result = []
    for segment in message.segments:
        names = FIELDS.get(segment.name, {})
        fields = []
        offset = 3 if segment.name in ("MSH", "BHS", "FHS") else 1
        for number, repetitions in enumerate(segment.tree(), offset):
            texts = [_text(repetition) for repetition in repetitions]
            if any(texts):
                fields.append((f"{segment.name}-{number}", names.get(number, ""), texts))
        result.append((segment.name, SEGMENTS.get(segment.name, ""), fields))
    return result


def _text(repetition: list[list[str]]) -> str:
    parts = [" & ".join(leaf for leaf in part if leaf) for part in repetition]
    while parts and not parts[-1]:
        parts.pop()
    return "(deleted)" if parts == ['""'] else " · ".join(parts)
