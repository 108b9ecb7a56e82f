"""What the partners of the API see of a day: tokens, REST, FHIR and events, over real HTTP."""

from __future__ import annotations

import requests

TIMEOUT = 30


class Partner:
    """One client of the API with its token.

    :param url: of the server
    :raises requests.HTTPError: its credentials are refused
    """

    def __init__(self, url: str, client: str, secret: str):
        self.url = url.rstrip("/")
        self.session = requests.Session()
        answer = self.session.post(
            f"{self.url}/interop/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(client, secret),
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str, **params):
        """The JSON document at a path.

        :raises requests.HTTPError: for any other answer than success
        """
        answer = self.session.get(f"{self.url}{path}", params=params, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def all(self, resource: str, **params) -> list[dict]:
        """Every record of a REST resource, page by page."""
        records, cursor = [], {}
        while True:
            page = self.get(f"/interop/v1/{resource}", limit=200, **params, **cursor)
            records += page["data"]
            if not page["next_cursor"]:
                return records
            cursor = {"cursor": page["next_cursor"]}

    def events(self) -> dict[str, int]:
        """How many events of each type are kept."""
        counts: dict[str, int] = {}
        cursor, more = "0", True
        while more:
            page = self.get("/interop/v1/events", after=cursor, limit=1000)
            cursor, more = page["cursor"], page["more"]
            for event in page["events"]:
                counts[event["type"]] = counts.get(event["type"], 0) + 1
        return counts

    def fhir_count(self, kind: str, **params) -> int:
        """How many resources of a type a search finds."""
        return self.get(f"/fhir/r4/{kind}", _summary="count", **params)["total"]


def look(url: str, found: dict) -> tuple[list[tuple[str, str]], list[str]]:
    """See the day as two partners of the API do, and compare it with what the screens show.

    :param found: figures of :meth:`hospital_day.observe.Observer.counts`, of a server with this day only
    :return: rows for the table, and what is wrong
    """
    portal = Partner(url, "demo-portal", "demo-portal-secret")
    analytics = Partner(url, "demo-analytics", "demo-analytics-secret")
    visits = portal.all("encounters")
    clinic = analytics.all("encounters")
    fhir = {kind: portal.fhir_count(kind) for kind in ("Encounter", "ChargeItem", "Invoice")}
    events = portal.events()
    wrong = [
        f"partners: {what} is {seen}, the screens say {wanted}"
        for what, seen, wanted in (
            ("REST encounters", len(visits), found["encounters"]),
            ("REST encounters of one clinic", len(clinic), sum(v["facility_code"] == "RCC" for v in visits)),
            ("FHIR Encounter", fhir["Encounter"], found["encounters"]),
            ("FHIR ChargeItem", fhir["ChargeItem"], found["charges"]),
            ("events charge.captured", events.get("charge.captured"), found["charges"]),
        )
        if seen != wanted
    ]
    wrong += [f"partners: {name} without its scope" for name in ("number", "admitted_at") if name in clinic[0]]
    rows = [
        ("REST", f"{len(visits)} encounters by demo-portal, {len(clinic)} of one clinic by demo-analytics"),
        ("FHIR", ", ".join(f"{count} {kind}" for kind, count in fhir.items())),
        ("events", f"{sum(events.values())} of {len(events)} types recorded"),
    ]
    return rows, wrong
