from odoo import api, models, release

from ..codec.definitions import resource_types

_VERSION = "1.0.0"


class HealthFhirCapability(models.AbstractModel):
    """The CapabilityStatement, made of the list of mappers and of their search parameters."""

    _name = "health.fhir.capability"
    _description = "FHIR Capability Statement"

    @api.model
    def _statement(self, base: str) -> dict:
        """What the server can do now.

        :param base: our base URL, with ``/`` at its end
        """
        definitions = self.env["health.fhir.search"]._definitions()
        mappers = self.env["health.fhir.mapper"]
        changed = self.env["ir.module.module"].sudo().search([("name", "=", "health_fhir")]).write_date
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": changed.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            "kind": "instance",
            "software": {"name": "Healthcare interoperability suite", "version": f"{release.series}/{_VERSION}"},
            "implementation": {"description": "FHIR R4 facade of Odoo", "url": base.rstrip("/")},
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json", "json"],
            "rest": [
                {
                    "mode": "server",
                    "security": {
                        "cors": False,
                        "service": [
                            {
                                "coding": [
                                    {
                                        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                                        "code": "SMART-on-FHIR",
                                    }
                                ],
                                "text": "OAuth2 client credentials, SMART Backend Services; Basic",
                            }
                        ],
                        "extension": [self._endpoints(base)],
                    },
                    "resource": [
                        self._resource(kind, mappers._of(kind), definitions.get(kind, {}))
                        for kind in mappers._served()
                        if kind in resource_types()
                    ],
                    "interaction": [{"code": "transaction"}, {"code": "batch"}],
                }
            ],
        }

    @staticmethod
    def _endpoints(base: str) -> dict:
        root = base.removesuffix("fhir/r4/")
        return {
            "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
            "extension": [{"url": "token", "valueUri": f"{root}interop/oauth2/token"}],
        }

    def _resource(self, kind: str, mapper, params) -> dict:
        offered = mapper._fhir_interactions
        order = ("read", "vread", "update", "delete", "history-instance", "create", "search-type")
        resource = {
            "type": kind,
            "profile": f"http://hl7.org/fhir/StructureDefinition/{kind}",
            "interaction": [{"code": code} for code in order if code in offered],
            "versioning": "versioned",
            "readHistory": True,
            "updateCreate": "update" in offered,
            "conditionalCreate": "create" in offered,
            "conditionalRead": "full-support",
            "conditionalUpdate": "update" in offered,
            "conditionalDelete": "single" if "delete" in offered else "not-supported",
            "referencePolicy": ["literal", "logical", "resolves"],
            "searchInclude": [f"{kind}:{name}" for name, param in sorted(params.items()) if param.kind == "reference"],
            "searchRevInclude": self._reverse(kind),
            "searchParam": [{"name": name, "type": param.kind} for name, param in sorted(params.items())],
            "operation": [
                {"name": "validate", "definition": "http://hl7.org/fhir/OperationDefinition/Resource-validate"}
            ],
        }
        return {name: value for name, value in resource.items() if value not in ([], None)}

    @api.model
    def _reverse(self, kind: str) -> list[str]:
        """What may be included because it refers to ``kind``."""
        return sorted(
            f"{source}:{name}"
            for source, params in self.env["health.fhir.search"]._definitions().items()
            for name, param in params.items()
            if param.kind == "reference" and kind in param.targets
        )
