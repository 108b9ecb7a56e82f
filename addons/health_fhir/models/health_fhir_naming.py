import hashlib
from urllib.parse import quote, unquote

from odoo import api, fields, models, tools

OWN_PREFIX = "urn:interop:authority:"
#: Authority of identifiers that we had to make because the sender gave none; never shown to partners.
MADE = "urn:interop:fhir"
_MAX_AUTHORITY = 64


class HealthFhirNaming(models.Model):
    """Which identifier system (a URI) is which assigning authority of the other formats.

    So a visit number that HL7 v2 brings as ``V1^^^GH`` and FHIR as
    ``{"system": "https://gh.example/visits", "value": "V1"}`` is one number. A
    system without a row is an authority of its own.
    """

    _name = "health.fhir.naming"
    _inherit = ["interop.cached.mixin"]
    _description = "Identifier System"
    _rec_name = "uri"
    _order = "uri"

    uri = fields.Char("System", required=True, help="As FHIR clients send it in Identifier.system")
    authority = fields.Char("Assigning Authority", required=True, help="As in HL7 v2 (CX.4)")
    type = fields.Char(help="Type of identifiers of this system that come without one, e.g. MR or SS")
    company_id = fields.Many2one("res.company", help="Empty: for all companies")

    _uri_uniq = models.UniqueIndex("(uri)", "This system has its authority already.")
    _authority_idx = models.Index("(authority)")

    @api.model
    @tools.ormcache()
    def _table_rows(self) -> tuple[dict, dict]:
        """``({uri: (authority, type)}, {authority: uri})``."""
        rows = self.sudo().search_read([], ["uri", "authority", "type"], order="id desc")
        return (
            {row["uri"]: (row["authority"], row["type"] or "") for row in rows},
            {row["authority"]: row["uri"] for row in rows},
        )

    @api.model
    def _authority(self, uri: str) -> tuple[str, str]:
        """Return ``(authority, type or "")`` of an identifier system; both empty when there is none."""
        if not uri:
            return "", ""
        known = self._table_rows()[0].get(uri)
        if known:
            return known
        if uri.startswith(OWN_PREFIX):
            return unquote(uri.removeprefix(OWN_PREFIX)), ""
        if len(uri) > _MAX_AUTHORITY:
            return f"{uri[:40]}~{hashlib.sha256(uri.encode()).hexdigest()[:20]}", ""
        return uri, ""

    @api.model
    def _uri(self, authority: str) -> str:
        """Return the identifier system of an authority; empty when there is none to show."""
        if not authority:
            return ""
        known = self._table_rows()[1].get(authority)
        if known:
            return known
        return authority if ":" in authority else OWN_PREFIX + quote(authority, safe="")
