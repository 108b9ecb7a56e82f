from odoo import fields, models

from ..bulk import LOG_COLUMNS, insert_rows, next_ids, select_rows

#: Assigning authorities of the (US) National Provider Identifier.
NPI_AUTHORITIES = frozenset({"", "NPI", "NPPES", "CMS"})


class HealthIntake(models.AbstractModel):
    """How the intake finds what commands refer to; one query per model, also for upper addons."""

    _inherit = "health.intake"

    def _visit_key(self, step, ref) -> tuple[str, str]:
        """Return ``(authority, number)`` of a VisitRef."""
        return (ref.authority or step.site.visit_authority, ref.number)

    def _identifier_keys(self, step, identifiers) -> list[tuple[str, str, str]]:
        """Return ``(authority, type, value)`` of each Identifier, without repetitions."""
        default = step.site.patient_authority
        return list(dict.fromkeys([(i.authority or default, i.type, i.value) for i in identifiers]))

    def _find_visits(self, keys) -> dict[tuple[str, str], int]:
        """Return the encounter id of each known ``(authority, number)``; merged visits lead to the survivor.

        Who learns here that a visit is unknown or cancelled does not miss its arrival in an overlapping
        transaction: one of the two is repeated.
        """
        keys = set(keys)
        rows = select_rows(
            self.env.cr,
            """SELECT own.authority, own.number, e.id, e.status = 'cancelled'
                 FROM (VALUES %s) AS k (authority, number)
                 JOIN health_encounter own ON own.authority = k.authority AND own.number = k.number
                 JOIN health_encounter e ON e.id = COALESCE(own.merged_into_id, own.id)""",
            list(keys),
        )
        present = {(authority, number) for authority, number, _visit, cancelled in rows if not cancelled}
        self._meet("visit", keys - present)
        return {(authority, number): visit_id for authority, number, visit_id, _cancelled in rows}

    def _meet(self, kind: str, keys) -> None:
        """Make sure that this transaction and overlapping ones which meet at the same keys notice each other.

        :param kind: ``"visit"`` (authority, number) or ``"account"`` (id,)
        :raises psycopg2.errors.SerializationFailure: an overlapping transaction was first: repeat
        """
        self.env["health.intake.gate"]._meet(kind, keys)

    def _visit_accounts(self, keys) -> dict[tuple[str, str], int]:
        """Return the account id of each known ``(authority, number)``."""
        rows = select_rows(
            self.env.cr,
            """SELECT e.authority, e.number, e.account_id
                 FROM (VALUES %s) AS k (authority, number)
                 JOIN health_encounter e ON e.authority = k.authority AND e.number = k.number""",
            list(keys),
        )
        return {(authority, number): account_id for authority, number, account_id in rows}

    def _find_accounts(self, keys) -> dict[tuple[str, str, str], int]:
        """Return the living account's id of each known ``(authority, type, value)``."""
        rows = select_rows(
            self.env.cr,
            """SELECT i.authority, i.type, i.value, COALESCE(a.merged_into_id, a.id)
                 FROM (VALUES %s) AS k (authority, type, value)
                 JOIN health_patient_identifier i
                      ON i.authority = k.authority AND i.type = k.type AND i.value = k.value
                 JOIN health_patient_account a ON a.id = i.account_id""",
            list(keys),
        )
        return {(authority, kind, value): account_id for authority, kind, value, account_id in rows}

    def _find_practitioners(self, steps_refs) -> dict[tuple[str, str], int]:
        """Return the practitioner id per ``(authority, value)`` as sent, creating unknown ones.

        A reference without authority belongs to the sending system; a National
        Provider Identifier finds the practitioner by it.

        :param steps_refs: list of ``(step, PractitionerRef)``
        """
        if not steps_refs:
            return {}
        refs = {(ref.authority, ref.value): (step, ref) for step, ref in reversed(steps_refs)}
        codes = {step.system_id: "" for step, _ref in refs.values()}
        for system in self.env["interop.system"].sudo().browse(codes):
            codes[system.id] = system.code
        keys = {sent: (ref.authority or codes[step.system_id], ref.value) for sent, (step, ref) in refs.items()}
        known = {
            (authority, value): practitioner_id
            for authority, value, practitioner_id in select_rows(
                self.env.cr,
                """SELECT i.authority, i.value, i.practitioner_id
                     FROM (VALUES %s) AS k (authority, value)
                     JOIN health_practitioner_identifier i ON i.authority = k.authority AND i.value = k.value""",
                list(dict.fromkeys(keys.values())),
            )
        }
        unknown = [sent for sent, key in keys.items() if key not in known]
        numbers = [value for authority, value in unknown if authority in NPI_AUTHORITIES and len(value) == 10]
        if numbers:
            self.env.cr.execute("SELECT npi, id FROM health_practitioner WHERE npi = ANY(%s)", [numbers])
            by_npi = dict(self.env.cr.fetchall())
            known.update((keys[sent], by_npi[sent[1]]) for sent in unknown if sent[1] in by_npi)
        known.update(
            self._create_practitioners({keys[sent]: refs[sent][1] for sent in unknown if keys[sent] not in known})
        )
        return {sent: known[key] for sent, key in keys.items()}

    def _create_practitioners(self, refs) -> dict[tuple[str, str], int]:
        """Create practitioners that a message names first; a steward completes them."""
        cr, uid = self.env.cr, self.env.uid
        now = cr.now()
        ids = next_ids(cr, "health_practitioner", len(refs))
        created = dict(zip(refs, ids, strict=True))
        insert_rows(
            cr,
            "health_practitioner",
            ("id", "name", "family", "given", "npi", "active", "from_message", *LOG_COLUMNS),
            [
                (
                    created[key],
                    ", ".join(part for part in (ref.family, ref.given) if part) or ref.value,
                    ref.family or None,
                    ref.given or None,
                    ref.value if ref.authority in NPI_AUTHORITIES - {""} and len(ref.value) == 10 else None,
                    True,
                    True,
                    uid,
                    now,
                    uid,
                    now,
                )
                for key, ref in refs.items()
            ],
        )
        insert_rows(
            cr,
            "health_practitioner_identifier",
            ("practitioner_id", "authority", "value", *LOG_COLUMNS),
            [(created[key], *key, uid, now, uid, now) for key in refs],
        )
        if refs:
            self.env["health.practitioner"].invalidate_model()
        return created

    def _find_mapped(self, model: str, uses) -> dict[tuple[int, str], int]:
        """Return ``{(system id, code): record id}`` for the approved mappings of a mapping model.

        :param uses: ``{(system id, code, day)}``; the latest day decides when a code is used on several
        """
        days: dict[tuple, set] = {}
        for system_id, code, day in sorted(uses):
            days.setdefault((system_id, day), set()).add(code)
        found = {}
        for (system_id, day), codes in sorted(days.items()):
            for code, record in self.env[model]._resolve_codes(system_id, codes, day).items():
                found[system_id, code] = record.id
        return found

    def _open_for_codes(self, kind: str, name: str, uses) -> None:
        """Open exceptions for codes without an approved mapping.

        :param kind: exception type
        :param uses: ``{(system id, code, company id): (interface id, model, record id)}``
        """
        systems = {
            system.id: system
            for system in self.env["interop.system"].sudo().browse({system_id for system_id, _code, _company in uses})
        }
        self.env["interop.exception"].sudo()._open(
            [
                {
                    "type": kind,
                    "key": f"{systems[system_id].code}:{code}",
                    "name": name % {"code": code, "system": systems[system_id].code},
                    "company_id": company_id,
                    "interface_id": interface_id,
                    "owner_id": systems[system_id].owner_id.id,
                    "deadline": fields.Datetime.add(fields.Datetime.now(), days=1),
                    "res_model": res_model,
                    "res_id": res_id,
                }
                for (system_id, code, company_id), (interface_id, res_model, res_id) in uses.items()
            ]
        )
