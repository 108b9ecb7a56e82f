"""Subscriptions on the screen: create one, send a test, see a failure, recover it, read the log."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from hospital_day.rpc import Rpc
from support.receivers import Receiver

WAIT = 60_000


@pytest.fixture(scope="module")
def rpc(server):
    return Rpc(server.url)


@pytest.fixture
def page(server):
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "browser tests need Chromium or Chrome on the path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(WAIT)
        page.goto(f"{server.url}/web/login")
        page.fill("input[name=login]", "admin")
        page.fill("input[name=password]", "admin")
        page.click("button[type=submit]")
        page.wait_for_url("**/odoo**")
        yield page
        browser.close()


def confirm(page):
    page.locator(".modal-footer button.btn-primary").click()
    expect(page.locator(".modal")).to_have_count(0)


def reload_until(page, what, seconds=60):
    """Reload the form until something shows."""
    for _attempt in range(seconds // 2):
        page.reload()
        page.wait_for_selector(".o_form_view .o_form_statusbar")
        page.wait_for_timeout(1200)
        if what.count():
            return
        page.wait_for_timeout(800)
    raise AssertionError("it does not show")


def test_from_a_new_subscription_to_its_recovery(server, rpc, page):
    worker = server.spawn("interop_worker", "--lanes", "events")
    answer = {"status": 200}
    try:
        with Receiver(lambda _request, _number: (answer["status"], {}, b"")) as hook:
            page.goto(f"{server.url}/odoo/action-interop_event.action_subscription")
            page.locator(".o_list_button_add").click()
            page.locator(".o_field_widget[name=name]").locator("input, textarea").first.fill("Data warehouse")
            page.fill(".o_field_widget[name=patterns] input", "invoice.created")
            page.locator(".o_field_widget[name=trusted] input").check()
            page.fill(".o_field_widget[name=url] input", hook.url)
            page.get_by_role("button", name="Activate").click()
            page.get_by_role("button", name="Send a Test").click()
            hook.wait(1, 60)
            reload_until(page, page.locator(".badge", has_text="Healthy"))

            answer["status"] = 410
            (buyer,) = rpc.call("res.partner", "create", [{"name": "Buyer"}])
            rpc.call("account.move", "create", [{"move_type": "out_invoice", "partner_id": buyer}])
            hook.wait(2, 60)
            reload_until(page, page.get_by_role("button", name="Recover"))
            expect(page.locator(".alert-danger")).to_contain_text("gone (410)")
            rpc.call("account.move", "create", [{"move_type": "out_invoice", "partner_id": buyer}])

            answer["status"] = 200
            page.get_by_role("button", name="Recover").click()
            confirm(page)
            hook.wait(4, 60)  # what failed, and what was missed
            reload_until(page, page.locator(".badge", has_text="Healthy"))

            page.locator("button[name=action_open_deliveries]").first.click()
            rows = page.locator("tr.o_data_row")
            expect(rows).to_have_count(3)
            expect(rows.first).to_contain_text("Delivered")
            page.locator("tr.o_data_row", has_text="invoice.created").last.locator("td").nth(2).click()
            expect(page.locator(".o_form_view")).to_contain_text("http.410")
    finally:
        worker.terminate()
        worker.wait(30)
