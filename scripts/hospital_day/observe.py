"""What the addons made of a day, read from a running server in the shape of :mod:`expect`."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from .generate import tag_of
from .rpc import Rpc
from .rules import cents

WAITING = ("received", "retry", "held")


def messages_domain(tag: str) -> list:
    """The messages of a day, by the control ids that the generator gives."""
    return ["|", "|", *[["reference", "=like", f"{prefix}{tag}%"] for prefix in "ADL"]]


class Observer:
    """Reads the records of one day.

    :param tag: the day's digits, see :func:`hospital_day.generate.tag_of`
    """

    def __init__(self, rpc: Rpc, seed, day):
        self.rpc = rpc
        self.tag = tag_of(seed, day)

    # -- cheap figures, for waiting ---------------------------------------------------

    def waiting(self) -> int:
        """Messages that are still to be processed."""
        return self.rpc.count("interop.message", [["state", "in", WAITING]])

    def counts(self) -> dict:
        """The figures of :func:`hospital_day.expect.counts`."""
        rpc, tag = self.rpc, self.tag
        charges = [["transaction_id", "=like", f"T{tag}%"]]
        moves = [
            ["state", "=", "draft"],
            ["move_type", "=", "out_invoice"],
            ["health_encounter_id.number", "=like", f"V{tag}%"],
            ["invoice_line_ids", "!=", False],
        ]
        identifiers = [["identifier_ids.value", "=like", f"{tag}%"], ["merged_into_id", "=", False]]
        return {
            "processed": rpc.count("interop.message", [["state", "=", "done"], *messages_domain(tag)]),
            "quarantined": rpc.count("interop.message", [["state", "=", "quarantined"], *messages_domain(tag)]),
            "accounts": rpc.count("health.patient.account", identifiers),
            "encounters": rpc.count("health.encounter", [["number", "=like", f"V{tag}%"]]),
            "charges": rpc.count("health.charge", charges),
            "charges_quarantined": rpc.count("health.charge", [["state", "=", "quarantined"], *charges]),
            "charges_open": rpc.count("health.charge", [["state", "=", "captured"], *charges]),
            "charges_reversed": rpc.count("health.charge", [["state", "=", "reversed"], *charges]),
            "draft_invoices": rpc.count("account.move", moves),
        }

    def alone(self) -> bool:
        """Whether no other charges than the day's are there."""
        return not self.rpc.count("health.charge", ["!", ["transaction_id", "=like", f"T{self.tag}%"]])

    # -- everything, for comparing -----------------------------------------------------

    def state(self) -> dict:
        """Every record of the day, in the shape of ``expected()``."""
        rpc = self.rpc
        self.facilities = {row["id"]: row["code"] for row in rpc.read("health.facility", [], ["code"])}
        self.systems = {row["id"]: row["code"] for row in rpc.read("interop.system", [], ["code"])}
        self.payers = {row["id"]: row["code"] for row in rpc.read("health.payer", [], ["code"])}
        accounts = self._accounts()
        encounters = self._encounters()
        charges, captures, rows = self._charges()
        return {
            "accounts": accounts,
            "encounters": encounters,
            "charges": charges,
            "invoices": self._invoices(rows),
            "ledger": self._ledger(),
            "exceptions": self._exceptions(),
            "messages": self._messages(),
            "captures": captures,
        }

    def _accounts(self) -> dict:
        fields = ["merged_into_id", "family", "given", "birth_date", "sex", "phone", "active"]
        accounts = {row["id"]: row for row in self.rpc.read("health.patient.account", [], fields, archived=True)}

        def living(account_id):
            while accounts[account_id]["merged_into_id"]:
                account_id = accounts[account_id]["merged_into_id"]
            return account_id

        names = defaultdict(list)
        like = ["|", ["value", "=like", f"{self.tag}%"], ["value", "=like", f"NH{self.tag}%"]]
        identifiers = self.rpc.read("health.patient.identifier", like, ["authority", "type", "value", "account_id"])
        for row in identifiers:
            names[living(row["account_id"])].append(f"{row['authority']}|{row['type']}|{row['value']}")
        merged = Counter(living(account_id) for account_id, row in accounts.items() if row["merged_into_id"])
        self.account_names = {}
        result = {}
        for root, shared in names.items():
            row = accounts[root]
            shared.sort()
            self.account_names[root] = shared[0]
            person = {name: row[name] or "" for name in ("family", "given", "birth_date", "sex", "phone")}
            for identifier in shared:
                result[identifier] = {"identifiers": shared, "merged": merged[root], **person}
        self.living = living
        return result

    def _encounters(self) -> dict:
        fields = [
            "number",
            "authority",
            "account_id",
            "facility_id",
            "class_code",
            "status",
            "admitted_at",
            "discharged_at",
        ]
        mine = [["number", "=like", f"V{self.tag}%"]]
        rows = self.rpc.read("health.encounter", mine, fields)
        of_mine = [["encounter_id.number", "=like", f"V{self.tag}%"]]
        places = defaultdict(list)
        for row in self.rpc.read(
            "health.encounter.location", of_mine, ["encounter_id", "label"], order="encounter_id, from_at, id"
        ):
            places[row["encounter_id"]].append(row["label"])
        covers = defaultdict(list)
        fields = ["encounter_id", "sequence", "payer_id", "payer_code", "member_id", "state"]
        for row in self.rpc.read("health.encounter.coverage", of_mine, fields, order="encounter_id, sequence"):
            covers[row["encounter_id"]].append({
                "priority": row["sequence"],
                "payer": self.payers.get(row["payer_id"], ""),
                "source": row["payer_code"],
                "member": row["member_id"],
                "quarantined": row["state"] == "quarantined",
            })  # fmt: skip
        self.encounter_names = {row["id"]: f"{row['authority']}:{row['number']}" for row in rows}
        return {
            self.encounter_names[row["id"]]: {
                "account": self.account_names.get(self.living(row["account_id"]), "?"),
                "class": row["class_code"],
                "status": row["status"],
                "admitted_at": row["admitted_at"] or "",
                "discharged_at": row["discharged_at"] or "",
                "places": places[row["id"]],
                "coverages": covers[row["id"]],
            }
            for row in rows
        }

    def _charges(self) -> tuple[dict, int, dict]:
        fields = ["system_id", "transaction_id", "line", "state", "quarantine_reason", "facility_id", "service_date"]
        fields += ["quantity", "amount", "price_source", "encounter_id"]
        mine = [["transaction_id", "=like", f"T{self.tag}%"]]
        result, rows = {}, {}
        for row in self.rpc.read("health.charge", mine, fields):
            rows[row["id"]] = row
            state, reason = row["state"], row["quarantine_reason"] or ""
            known = row["price_source"] != "list" or state in ("captured", "charged", "non_billable")
            settled = state == "reversed" or reason == "unknown_original"
            result[f"{self.systems[row['system_id']]}:{row['transaction_id']}/{row['line']}"] = {
                "state": state,
                "reason": reason,
                "facility": self.facilities[row["facility_id"]],
                "date": row["service_date"],
                "quantity": str(Decimal(str(row["quantity"])).normalize()),
                "amount": str(cents(Decimal(str(row["amount"])))) if known else None,
                "encounter": "" if settled else self.encounter_names.get(row["encounter_id"], ""),
            }
        return result, self.rpc.count("health.charge.capture", mine), rows

    def _invoices(self, charges: dict) -> dict:
        """Draft invoices that have lines; the sums are taken from the invoices themselves."""
        domain = [["move_type", "=", "out_invoice"], ["health_encounter_id.number", "=like", f"V{self.tag}%"]]
        fields = [
            "health_encounter_id",
            "health_part",
            "health_service_day",
            "partner_id",
            "amount_untaxed",
            "amount_total",
            "state",
        ]
        moves = {row["id"]: row for row in self.rpc.read("account.move", domain, fields)}
        of_moves = [["move_id", "in", list(moves)], ["display_type", "=", "product"]]
        lines = defaultdict(list)
        for row in self.rpc.read(
            "account.move.line", of_moves, ["move_id", "health_charge_id", "price_subtotal", "analytic_distribution"]
        ):
            lines[row["move_id"]].append(row)
        payers = {row["partner_id"]: row["code"] for row in self.rpc.read("health.payer", [], ["partner_id", "code"])}
        patients = {
            row["partner_id"]: row["id"]
            for row in self.rpc.read("health.patient.account", [["partner_id", "!=", False]], ["partner_id"])
        }
        codes = {str(row["id"]): row["code"] for row in self.rpc.read("account.analytic.account", [], ["code"])}
        result = {}
        for move_id, of_move in lines.items():
            move = moves[move_id]
            if move["state"] == "cancel":
                continue
            partner = move["partner_id"]
            if move["health_part"] == "payer":
                debtor = f"payer {payers.get(partner, '?')}"
            else:
                account = self.account_names.get(patients.get(partner), "?")
                visit = self.encounter_names.get(move["health_encounter_id"])
                debtor = "patient" if account != "?" else f"patient unknown of {visit}"
            key = f"{self.encounter_names[move['health_encounter_id']]}|{debtor}|{move['health_service_day'] or ''}"
            while key in result:
                key += " (again)"
            total = cents(sum((Decimal(str(line["price_subtotal"])) for line in of_move), Decimal(0)))
            centers: dict = defaultdict(Decimal)
            for line in of_move:
                (center,) = (line["analytic_distribution"] or {"": 100}).keys()
                centers[codes.get(center, "")] += Decimal(str(line["price_subtotal"]))
            result[key] = {
                "total": str(total),
                "lines": len(of_move),
                "centers": {center: str(cents(amount)) for center, amount in sorted(centers.items())},
            }
            if (
                cents(Decimal(str(move["amount_untaxed"]))) != total
                or cents(Decimal(str(move["amount_total"]))) != total
            ):
                result[key]["move_total"] = move["amount_total"]
            charged = {line["health_charge_id"] for line in of_move}
            if any(
                charges[charge]["encounter_id"] != move["health_encounter_id"]
                for charge in charged
                if charge in charges
            ):
                result[key]["foreign_charges"] = True
        return result

    def _ledger(self) -> dict:
        """Rows of the ledger; on a server with several days played they hold all of them."""
        names = ("captured", "open", "charged", "quarantined", "non_billable", "reversed")
        result = {}
        for row in self.rpc.read(
            "health.charge.ledger", [], ["facility_id", "service_date", "balanced", *names], order="service_date"
        ):
            entry = {name: row[name] or 0 for name in names}
            if not row["balanced"]:
                entry["balanced"] = False
            result[f"{self.facilities[row['facility_id']]}|{row['service_date']}"] = entry
        return result

    def _exceptions(self) -> dict:
        wanted = ("unknown_facility", "identifier_conflict", "unknown_visit", "unknown_original",
                  "unmapped_service", "unmapped_location", "unmapped_payer")  # fmt: skip
        keys = defaultdict(set)
        # A discharge review depends on what had arrived when it was held, not on how the day ends.
        domain = [["state", "in", ["open", "in_progress"]], ["type", "!=", "discharge_review"]]
        for row in self.rpc.read("interop.exception", domain, ["type", "key"]):
            keys[row["type"]].add(row["key"])
        counted = ("unknown_visit", "unknown_original", "identifier_conflict")
        result = {kind: len(keys[kind]) if kind in counted else sorted(keys[kind]) for kind in wanted if kind in keys}
        for kind in sorted(set(keys) - {*wanted, "key_conflict"}):
            result[kind] = sorted(keys[kind])
        return dict(sorted(result.items()))

    def _messages(self) -> dict:
        groups = self.rpc.call(
            "interop.message", "formatted_read_group", [["state", "!=", "rejected"], *messages_domain(self.tag)],
            ["state"], ["__count"],
        )  # fmt: skip
        return {group["state"]: group["__count"] for group in groups}


def without_others(state: dict) -> dict:
    """The sections that hold nothing but the day, for a server on which other days were played too."""
    return {name: section for name, section in state.items() if name not in ("ledger", "exceptions")}


def differences(expected: dict, actual: dict, limit: int = 40) -> list[str]:
    """What is not as expected, one line per record; empty when all is well."""
    found = []
    for section, wanted in expected.items():
        have = actual[section]
        if not isinstance(wanted, dict):
            if wanted != have:
                found.append(f"{section}: expected {wanted}, found {have}")
            continue
        for key in sorted(set(wanted) | set(have)):
            one, other = wanted.get(key), have.get(key)
            if one == other:
                continue
            if isinstance(one, dict) and isinstance(other, dict):
                names = [name for name in sorted(set(one) | set(other)) if one.get(name) != other.get(name)]
                text = ", ".join(f"{name} {one.get(name)!r} but found {other.get(name)!r}" for name in names)
                found.append(f"{section} {key}: expected {text}")
            else:
                found.append(f"{section} {key}: expected {one}, found {other}")
    return found if len(found) <= limit else [*found[:limit], f"… and {len(found) - limit} more"]
