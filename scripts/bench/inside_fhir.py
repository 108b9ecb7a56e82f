"""What the figures of the FHIR server need prepared."""

from __future__ import annotations

#: Visits over the last years, ten for each patient.
_FILL = """
WITH people AS (
    INSERT INTO health_patient_account (family, given, name, birth_date, sex, active, company_id, create_date, write_date)
    SELECT 'Bench' || n, 'Given' || n %% 1000, 'Bench' || n || ', Given', date '1930-01-01' + n %% 30000,
           (ARRAY['male', 'female'])[1 + n %% 2], true, %(company)s, now(), now()
      FROM generate_series(%(first)s, %(last)s) AS n
 RETURNING id)
INSERT INTO health_encounter (
    account_id, facility_id, company_id, number, authority, class_code, status, admitted_at, discharged_at,
    create_date, write_date)
SELECT p.id, %(facility)s, %(company)s, 'B' || p.id || '-' || v, 'BENCH',
       (ARRAY['outpatient', 'inpatient', 'emergency'])[1 + (p.id + v) %% 3], 'finished',
       timestamp '2020-01-01' + (p.id * 7919::bigint %% 1000000 + v * 100000) * interval '1 minute',
       timestamp '2020-01-02' + (p.id * 7919::bigint %% 1000000 + v * 100000) * interval '1 minute', now(), now()
  FROM generate_series(1, 10) AS v, people p
"""


def fhir_prepare(env, client_id: str, secret: str) -> dict:
    """Make an account that may do everything by FHIR, as the system that owns visits; say where it sends to."""
    interface = env.ref("health_fhir.interface_fhir_r4")
    interface.system_id = env["interop.interface"]._by_code("ehr-adt").system_id
    facility = env["health.facility"].search([("company_id", "=", interface.company_id.id)], limit=1, order="id")
    codes = env["health.facility.code"]
    if not codes.search([("system_id", "=", interface.system_id.id), ("code", "=", "*")]):
        # The hospitals of the public bundles are not known here.
        codes.create({"facility_id": facility.id, "system_id": interface.system_id.id, "code": "*"})
    account = env["interop.service.account"].create(
        {
            "name": client_id,
            "client_id": client_id,
            "company_id": interface.company_id.id,
            "scopes": "system/*.cruds",
            "interface_ids": [(6, 0, interface.ids)],
        }
    )
    account._add_secret(secret=secret)
    return {"company": interface.company_id.id, "facility": facility.id}


def fhir_fill(env, company: int, facility: int, first: int, last: int) -> None:
    """Store patients with ten visits each."""
    env.cr.execute(_FILL, {"company": company, "facility": facility, "first": first, "last": last})


def fhir_plans(env, client_id: str, searches: list) -> list[str]:
    """The plans of searches, as the partner's technical user does them.

    :param searches: ``[type, [[name, value], …]]``
    """
    from odoo.tools import SQL

    from odoo.addons.health_fhir.codec.search import parse_search

    account = env["interop.service.account"].search([("client_id", "=", client_id)])
    search = env(user=account.user_id.id, su=False)["health.fhir.search"]
    search = search.with_context(allowed_company_ids=account.user_id.company_ids.ids)
    plans = []
    for kind, pairs in searches:
        query = parse_search(kind, [tuple(pair) for pair in pairs], search._definitions(), strict=True)
        model, domain = search._sources(kind)[0]
        found = search._matching(query, model, domain)
        order = search._sorting(query, model, found.table)
        found.order = SQL(", ").join(SQL("%s %s", part, SQL(way)) for part, way in order)
        found.limit = 51
        rows = env.execute_query(SQL("EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF) %s", found.select()))
        title = f"{kind}?{'&'.join('='.join(pair) for pair in pairs)}"
        plans.append("\n".join([title, *(f"  {row[0]}" for row in rows)]))
    return plans
