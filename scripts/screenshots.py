"""Take the pictures of the README from the running demo: screenshots.py [URL]"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from hospital_day.rpc import Rpc

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main():
    """Log in as admin and photograph screens with what a hospital day leaves on them, and the API's page."""
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8069"
    rpc = Rpc(url)
    charged = rpc.read("health.charge", [("state", "=", "charged")], ["encounter_id"])
    counts: dict[int, int] = {}
    for charge in charged:
        counts[charge["encounter_id"]] = counts.get(charge["encounter_id"], 0) + 1
    encounter = max(counts, key=counts.get)
    DOCS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.goto(f"{url}/web/login")
        page.fill("input[name=login]", "admin")
        page.fill("input[name=password]", "admin")
        page.click("button[type=submit]")
        page.wait_for_selector(".o_main_navbar")
        for name, path, ready in (
            ("overview", "action-interop_hub.action_overview", ".o_interop_overview"),
            ("encounter", f"action-health_core.action_health_encounter/{encounter}", ".o_form_view"),
            ("ledger", "action-health_revenue.action_health_charge_ledger", ".o_list_view"),
            ("calls", "action-interop_api.call_action", ".o_list_view"),
        ):
            page.goto(f"{url}/odoo/{path}")
            page.wait_for_selector(ready)
            page.wait_for_timeout(2500)
            page.screenshot(path=str(DOCS / f"{name}.png"))
        page.goto(f"{url}/interop/v1/docs")
        page.wait_for_timeout(2500)
        page.screenshot(path=str(DOCS / "api.png"))
        browser.close()


if __name__ == "__main__":
    main()
