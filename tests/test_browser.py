"""What people do on the screens, in headless Chromium against a served Odoo."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest
import requests
from playwright.sync_api import Page, expect, sync_playwright

from hospital_day.rpc import Rpc, RpcError
from support.paths import LOGS

WAIT = 30_000
CLIENT = ("demo-ehr", "demo-ehr-secret")
DAY = datetime.now(UTC) - timedelta(days=1)
STAMP = DAY.strftime("%Y%m%d100000")
PATIENT = ("QUILLFEATHER", "OSWIN")
UNMAPPED = "BRW9001"


def hl7(*segments: str) -> bytes:
    return "".join(segment + "\r" for segment in segments).encode()


def header(kind: str, control: str, facility: str = "LMC") -> str:
    return f"MSH|^~\\&|EHRMAIN|{facility}|ODOO|HUB|{STAMP}||{kind}|{control}|P|2.5.1"


PID = f"PID|1||BRW-77001^^^LAKE^MR||{PATIENT[0]}^{PATIENT[1]}||19720304|M"
# Another patient: a failed message would hold back those of the same one.
STRANGER = f"PID|1||BRW-77002^^^LAKE^MR||{PATIENT[0]}^{PATIENT[1]}||19720304|M"
PV1 = "PV1|1|I|MMED^101^A||||||||||||||||BRWV1"


def charge(control: str, transaction: str, code: str) -> bytes:
    line = f"FT1|1|{transaction}||{STAMP}||CG|{code}|||1|120.00"
    return hl7(header("DFT^P03^DFT_P03", control), f"EVN|P03|{STAMP}", PID, PV1, line)


@pytest.fixture(scope="module")
def story(server):
    """One visit with a known and an unknown service code, discharged; and one message from nowhere."""
    session = requests.Session()
    session.auth = CLIENT
    session.headers["Content-Type"] = "application/hl7-v2"
    sent = [
        ("ehr-adt", hl7(header("ADT^A01^ADT_A01", "BRW-1"), f"EVN|A01|{STAMP}", PID, PV1)),
        ("ehr-dft", charge("BRW-2", "BRWT1", "ROM1001")),
        ("ehr-dft", charge("BRW-3", "BRWT2", UNMAPPED)),
        ("ehr-dft", charge("BRW-4", "BRWT3", UNMAPPED)),
        ("ehr-adt", hl7(header("ADT^A01^ADT_A01", "BRW-5", "NOWHERE"), f"EVN|A01|{STAMP}", STRANGER, PV1)),
    ]
    for interface, body in sent:
        answer = session.post(f"{server.url}/interop/v1/inbound/{interface}", data=body, timeout=60)
        assert answer.status_code == 200, answer.text
        assert "MSA|AA|" in answer.text
    rpc = Rpc(server.url)
    settled = [("state", "in", ("received", "retry"))]
    wait_for(lambda: not rpc.count("interop.message", settled) and rpc.count("health.charge", []) == 3)
    body = hl7(header("ADT^A03^ADT_A03", "BRW-6"), f"EVN|A03|{STAMP}", PID, PV1)
    assert session.post(f"{server.url}/interop/v1/inbound/ehr-adt", data=body, timeout=60).status_code == 200
    wait_for(lambda: rpc.count("health.charge", [("state", "=", "charged")]) == 1)
    return rpc


def wait_for(condition, seconds: float = 90):
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "no Chromium on this machine: make setup installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@pytest.fixture
def person(server, story, chromium, request):
    """Log in as somebody: ``person("operator")`` gives a page; a picture is kept when the test fails."""
    contexts = []

    def log_in(login: str) -> Page:
        context = chromium.new_context(viewport={"width": 1366, "height": 768})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(f"{server.url}/web/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", login)
        page.click("button[type=submit]")
        page.wait_for_selector(".o_web_client .o_main_navbar")
        return page

    yield log_in
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(path=str(LOGS / f"browser-{request.node.name}-{number}.png"))
        context.close()


def open_action(page: Page, server, xmlid: str, record: int | None = None) -> None:
    page.goto(f"{server.url}/odoo/action-{xmlid}" + (f"/{record}" if record else ""))
    page.wait_for_selector(".o_action_manager .o_action, .o_action_manager .o_form_view, .o_interop_overview")


def message_id(rpc: Rpc, reference: str) -> int:
    return rpc.read("interop.message", [("reference", "=", reference)], ["id"])[0]["id"]


def test_the_overview_leads_to_the_failed_message(server, story, person):
    page = person("operator")
    page.goto(f"{server.url}/odoo")
    page.click(".o_navbar_apps_menu button")
    page.get_by_role("menuitem", name="Interoperability").click()
    overview = page.locator(".o_interop_overview")
    expect(overview).to_be_visible(timeout=WAIT)
    expect(overview).to_contain_text("ehr-adt", timeout=WAIT)
    open_action(page, server, "interop_hub.action_message_open")
    row = page.locator("tr.o_data_row", has_text="BRW-5")
    expect(row).to_contain_text("Quarantined")
    row.locator("td[name=reference]").click()
    expect(page.locator(".o_form_view")).to_contain_text("facility", ignore_case=True)


def test_one_who_may_reads_the_body_and_it_is_audited(server, story, person):
    page = person("admin")
    open_action(page, server, "interop_hub.action_message", message_id(story, "BRW-5"))
    page.get_by_role("button", name="Show payload").click()
    reason = page.locator(".o_interop_payload_dialog input, .modal input[type=text], .modal textarea").first
    reason.fill("complaint 4711")
    page.locator(".modal-footer .btn-primary, .modal .btn-primary").first.click()
    expect(page.get_by_text(PATIENT[0]).first).to_be_visible(timeout=WAIT)
    events = story.read("interop.audit.event", [("action", "=", "payload.view")], ["reason", "res_id"])
    assert events[-1]["reason"] == "complaint 4711"
    assert events[-1]["res_id"] == message_id(story, "BRW-5")


def test_one_who_may_not_is_refused_on_the_screen_and_behind_it(server, story, person):
    page = person("viewer")
    open_action(page, server, "interop_hub.action_message", message_id(story, "BRW-5"))
    expect(page.locator(".o_form_view")).to_contain_text("BRW-5")
    expect(page.get_by_role("button", name="Show payload")).to_have_count(0)
    expect(page.get_by_role("button", name="Replay")).to_have_count(0)
    viewer = Rpc(server.url, "viewer", "viewer")
    with pytest.raises(RpcError):
        viewer.call("interop.message", "action_show_payload", [message_id(story, "BRW-5")], "curious")
    with pytest.raises(RpcError):
        viewer.call("interop.message", "action_replay", [message_id(story, "BRW-5")])
    with pytest.raises(RpcError):
        viewer.call("interop.payload", "search_read", [], ["size"])


def test_smart_buttons_lead_from_message_to_encounter_to_charge_to_invoice(server, story, person):
    page = person("admin")
    open_action(page, server, "interop_hub.action_message", message_id(story, "BRW-6"))
    page.locator(".oe_button_box, .o-form-buttonbox").get_by_text("Encounter").first.click()
    expect(page.locator(".o_form_view")).to_contain_text("BRWV1", timeout=WAIT)
    page.locator("button[name=action_open_charges]").first.click()
    rows = page.locator("tr.o_data_row")
    expect(rows).to_have_count(3, timeout=WAIT)
    rows.filter(has_text="Charged").locator("td.o_data_cell").nth(1).click()
    page.locator("button[name=action_open_invoices]").first.click()
    expect(page.locator(".o_action_manager")).to_contain_text("Draft Invoice (BRWV1)", timeout=WAIT)
    page.locator("button[name=action_open_health_charges]").click()
    expect(page.locator(".o_action_manager")).to_contain_text("BRWT1", timeout=WAIT)


def test_approving_a_mapping_heals_the_quarantined_charges(server, story, person):
    """The catalog steward starts at the worklist and ends with billed charges."""
    blocked = [("service_code", "=", UNMAPPED)]
    before = story.read("health.charge", blocked, ["state"])
    assert [charge["state"] for charge in before] == ["quarantined", "quarantined"]
    page = person("steward")
    exception = story.read(
        "interop.exception", [("type", "=", "unmapped_service"), ("key", "like", UNMAPPED)], ["id", "state"]
    )[0]
    open_action(page, server, "interop_hub.action_exception", exception["id"])
    page.locator("button[name=action_map]").first.click()
    field = page.locator(".o_field_widget[name=service_id] input").first
    field.wait_for(timeout=WAIT)
    field.fill("Room and board, surgical")
    page.locator(".o-autocomplete--dropdown-item, .dropdown-item").filter(has_text="surgical").first.click()
    page.locator("button[name=action_approve]").first.click()
    wait_for(lambda: story.count("health.charge", [*blocked, ("state", "=", "charged")]) == 2)
    assert story.read("interop.exception", [("id", "=", exception["id"])], ["state"])[0]["state"] == "resolved"
