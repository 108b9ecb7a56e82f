"""Real messages that nobody here wrote, posted to the door: each gets a well-formed answer, none gets stuck."""

import re
import time

import pytest
import requests

from hospital_day.rpc import Rpc
from support.paths import CORPUS

INTERFACE = "corpus"
AUTH = ("demo-ehr", "demo-ehr-secret")
RUNNING = ("received", "retry")
#: Answers that may be given to each class of message.
ACCEPTED, REFUSED = ("AA", "CA"), ("AE", "AR", "CE", "CR")
EVENTS = {f"ADT^A{n:02d}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 28, 31, 40)}
OTHERS = {f"ADT^A{n}" for n in (18, 34, 36, 43, 44, 45, 47)} | {"DFT^P03", "DFT^P11", "BAR^P01", "BAR^P05"}


def files():
    """Every file of the corpus."""
    return sorted(path for path in (CORPUS / "hl7v2").rglob("*") if path.is_file())


def is_batch(body: bytes) -> bool:
    """Whether the file is framed as FHS or BHS."""
    return body.lstrip(b"\xef\xbb\xbf\x0b \r\n\t")[:3] in (b"FHS", b"BHS")


def header(body: bytes) -> dict | None:
    """What the test itself reads of MSH; None when there is none."""
    text = body.decode("utf-8", "replace").lstrip("\ufeff\x0b \r\n\t")
    line = text.replace("\n", "\r").split("\r", 1)[0]
    if not line.startswith("MSH") or len(line) < 8:
        return None
    fields = line.split(line[3])
    fields += [""] * (20 - len(fields))
    kind = fields[8].split(fields[1][:1] or "^")
    return {
        "type": "^".join(kind[:2]),
        "control": fields[9],
        "version": fields[11].split("^")[0],
        "accept": fields[14],
        "application": fields[15],
    }


@pytest.fixture(scope="module")
def posted(server):
    """Every file's answer, and the state of the server after it."""
    paths = files()
    if not paths:
        pytest.fail(f"no corpus in {CORPUS}: set INTEROP_CORPUS")
    rpc = Rpc(server.url)
    rpc.call("interop.interface", "create", [interface_values(rpc)])
    account = rpc.call("interop.service.account", "search", [["client_id", "=", "demo-ehr"]])
    interface = rpc.call("interop.interface", "search", [["code", "=", INTERFACE]])
    rpc.call("interop.service.account", "write", account, {"interface_ids": [[4, interface[0]]]})
    session = requests.Session()
    session.auth = AUTH
    answers = {}
    for path in paths:
        answers[path] = post(session, server, path.read_bytes())
    # Samples of one project share a control id; under one of its own each is a message of its own.
    for number, (path, response) in enumerate(list(answers.items())):
        if b"|205^" in response.content:
            answers[path] = post(session, server, renumbered(path.read_bytes(), f"CORPUS{number:04d}"))
    deadline = time.monotonic() + 90
    while rpc.count("interop.message", [["state", "in", RUNNING]]) and time.monotonic() < deadline:
        time.sleep(0.5)
    return answers, rpc


def post(session, server, body: bytes) -> requests.Response:
    """Post one file."""
    url = f"{server.url}/interop/v1/inbound/{INTERFACE}"
    return session.post(url, data=body, headers={"Content-Type": "application/hl7-v2"}, timeout=60)


def renumbered(body: bytes, control: str) -> bytes:
    """The same message with another MSH-10."""
    start = body.index(b"MSH")
    fields = re.split(rb"(?=[\r\n])", body[start:], maxsplit=1)
    header = fields[0].split(body[start + 3 : start + 4])
    header[9] = control.encode()
    return body[:start] + body[start + 3 : start + 4].join(header) + b"".join(fields[1:])


def interface_values(rpc) -> dict:
    """An interface for the corpus, from a system whose every sending code is one of our facilities."""
    system = rpc.call("interop.system", "create", [{"name": "Corpus", "code": "CORPUS", "kind": "ehr"}])[0]
    facility = rpc.call("health.facility", "search", [["code", "=", "LMC"]])[0]
    rpc.call("health.facility.code", "create", [{"facility_id": facility, "system_id": system, "code": "*"}])
    lane = rpc.call("interop.lane", "search", [["code", "=", "realtime"]])[0]
    return {
        "code": INTERFACE, "name": "Corpus", "system_id": system, "lane_id": lane,
        "handler": "health.hl7v2.handler", "state": "active",
    }  # fmt: skip


def fields_of(body: bytes, name: str) -> list[str]:
    """The first segment of this name in an answer, by the separator that the answer itself declares."""
    lines = body.decode("utf-8", "replace").split("\r")
    separator = next((line[3] for line in lines if line.startswith("MSH")), "|")
    return next((line.split(separator) for line in lines if line.startswith(name)), [])


def test_corpus_is_the_whole_one(posted):
    assert len(posted[0]) >= 100


def test_every_answer_is_well_formed(posted):
    """2xx answers are HL7 with our own control id and echo MSH-10; others are problems without HL7."""
    wrong = []
    for path, response in posted[0].items():
        name, msh = path.name, header(response.request.body)
        if response.status_code >= 500:
            wrong.append(f"{name}: status {response.status_code}")
        elif response.status_code >= 300:
            if b"MSH|" in response.content or not response.headers["Content-Type"].startswith(
                ("application/problem+json", "text/plain")
            ):
                wrong.append(f"{name}: status {response.status_code} with {response.headers['Content-Type']}")
        elif response.content and not is_batch(response.content):
            mine, msa = fields_of(response.content, "MSH"), fields_of(response.content, "MSA")
            if not response.headers["Content-Type"].startswith("application/hl7-v2") or not mine or not msa:
                wrong.append(f"{name}: no acknowledgement")
            elif not mine[9] or not mine[8].startswith("ACK") or msa[1] not in ACCEPTED + REFUSED:
                wrong.append(f"{name}: malformed acknowledgement")
            elif msh and msa[2] != msh["control"]:
                wrong.append(f"{name}: MSA-2 does not echo MSH-10")
            elif msa[1] in REFUSED and not fields_of(response.content, "ERR"):
                wrong.append(f"{name}: refused without a reason")
        elif msh and msh["accept"] not in ("NE", "ER", "SU") and msh["application"] not in ("NE", "ER", "SU"):
            wrong.append(f"{name}: no answer at all")
    assert wrong == []


def test_batches_get_an_answer_per_message(posted):
    """A batch is answered by one acknowledgement per message, or refused as a whole by one."""
    wrong = []
    for path, response in posted[0].items():
        body = path.read_bytes()
        if not is_batch(body) or not response.ok:
            continue
        messages = len(re.findall(rb"(?:^|[\r\n])MSH", body))
        answers = len(re.findall(rb"(?:^|[\r\n])MSA", response.content))
        silent = len(re.findall(rb"(?:^|[\r\n])MSH(?:[^|\r\n]*\|[^\r\n|]*){14}\|(?:NE|ER|SU)\|", body))
        if answers != messages and not (answers == 1 and not is_batch(response.content)) and not silent:
            wrong.append(f"{path.name}: {answers} answers for {messages} messages")
    assert wrong == []


def test_every_answer_is_of_the_right_class(posted):
    """Types that we do not know are refused by AR 200, events by AR 201; known ones are accepted or refused by content."""
    wrong = []
    for path, response in posted[0].items():
        msh = header(path.read_bytes())
        if response.ok and not response.content:
            continue
        msa = fields_of(response.content, "MSA") if response.ok else []
        code = msa[1] if msa else ""
        error = (fields_of(response.content, "ERR") + [""] * 4)[3].split("^")[0]
        if is_batch(path.read_bytes()):
            continue
        if msh is None or msh["type"].split("^")[0] == "ACK":
            if code in ACCEPTED:
                wrong.append(f"{path.name}: {code} for what is no message")
        elif not msh["control"]:
            if code not in ("AR", "CR"):
                wrong.append(f"{path.name}: {code} without a control id")
        elif msh["type"].split("^")[0] not in ("ADT", "DFT", "BAR"):
            if (code[1:], error) not in (("R", "200"), ("R", "203")):
                wrong.append(f"{path.name}: {code} {error} for a type that is not taken")
        elif msh["type"] in EVENTS:
            if code in ("AR", "CR") and error in ("200", "201"):
                wrong.append(f"{path.name}: {code} {error} for an event that is taken")
        elif msh["type"] not in OTHERS and code in ACCEPTED:
            wrong.append(f"{path.name}: {code} for {msh['type']}")
    assert wrong == []


def test_no_message_is_stuck(posted):
    """All that was accepted is done, or waits for a person, who can see why; others wait only behind such a one."""
    rpc = posted[1]
    stuck = rpc.read(
        "interop.message", [["state", "in", RUNNING]], ["message_type", "reference", "state", "error_text"]
    )
    assert stuck == []
    waiting = rpc.read("interop.message", [["state", "in", ["quarantined", "dead"]]], ["exception_id", "error_code"])
    assert [row for row in waiting if not row["exception_id"] or not row["error_code"]] == []
    assert waiting or not rpc.count("interop.message", [["state", "=", "held"]])
    assert rpc.count("interop.message", [["state", "=", "done"]]) > 0


def test_no_traceback_in_the_log(server, posted):
    assert server.errors() == []
