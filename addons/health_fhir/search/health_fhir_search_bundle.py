from urllib.parse import parse_qsl, urlencode

from odoo import api, models

from ..address import Row
from ..codec import outcome, search, summary
from ..codec.issues import FhirError, error

#: Matches on a page when the client does not say, and at most.
PAGE_SIZE = 50
MOST = 500
#: Key of the context: ``(type, letter) -> bool``, what the caller's scopes give.
GRANT = "health_fhir_grant"


class HealthFhirSearch(models.AbstractModel):
    """Searches as clients write them, and their answers as Bundles."""

    _inherit = "health.fhir.search"

    @api.model
    def _pairs(self, query: str) -> list[tuple[str, str]]:
        """The parameters of a conditional reference or request.

        :raises FhirError: 400 when there are too many
        """
        try:
            return parse_qsl(query, keep_blank_values=True, max_num_fields=100)
        except ValueError:
            raise FhirError(error("too-costly", "http", "A search may have 100 parameters.")) from None

    @api.model
    def _match(self, kind: str, pairs, limit: int) -> list[Row]:
        """The first resources that meet the criteria of a conditional interaction.

        :param limit: at most so many; 2 tells one from several
        :raises FhirError: 400 for what is not understood: a criterion that is ignored would hit others' resources;
            412 without any criterion
        """
        query = search.parse_search(kind, pairs, self._definitions(), strict=True)
        if not query.filters:
            raise FhirError(error("required", "http", "A condition needs search criteria."), 412)
        return self._first(query, limit)

    @api.model
    def _bundle(self, kind: str, pairs, *, base: str, strict: bool = False, url_type: str = "") -> dict:
        """A page of a search as a Bundle of type searchset.

        :param pairs: parameters, of URL and form
        :param base: our base URL with ``/`` at its end
        :param strict: refuse unknown parameters
        :param url_type: what stands after the base in links, by default the type
        :raises FhirError: 400
        """
        allows = self.env.context.get(GRANT) or (lambda kind, letter: True)
        query = search.parse_search(kind, pairs, self._definitions(), strict=strict, base=base)
        page = self._page(
            query, PAGE_SIZE if query.count is None else MOST, lambda of: allows(of, "r") and allows(of, "s")
        )
        served = self.env["health.fhir.store"]._present([*page.matches, *page.includes])
        entries = []
        for mode, rows in (("match", page.matches), ("include", page.includes)):
            for row in rows:
                if row.address in served:
                    resource = self._part(query, served[row.address].resource, mode)
                    entries.append(
                        {"fullUrl": f"{base}{row.reference}", "resource": resource, "search": {"mode": mode}}
                    )
        issues = [*query.issues, *page.issues]
        if issues:
            entries.append({"resource": outcome.outcome(issues), "search": {"mode": "outcome"}})
        bundle = {"resourceType": "Bundle", "type": "searchset"}
        if page.total is not None:
            bundle["total"] = page.total
        bundle["link"] = self._links(f"{base}{url_type or kind}", query, page)
        if entries:
            bundle["entry"] = entries
        return bundle

    @staticmethod
    def _part(query, resource, mode):
        if query.elements and mode == "match":
            return summary.elements(resource, query.elements)
        return summary.summarize(resource, query.summary) if query.summary else resource

    @staticmethod
    def _links(url, query, page):
        used = query.used
        links = [{"relation": "self", "url": f"{url}?{urlencode(used)}" if used else url}]
        if page.next_cursor:
            pairs = [*((name, value) for name, value in used if name != "_cursor"), ("_cursor", page.next_cursor)]
            links.append({"relation": "next", "url": f"{url}?{urlencode(pairs)}"})
        return links
