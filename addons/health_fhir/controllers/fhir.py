from odoo import http
from odoo.api import SUPERUSER_ID
from odoo.http import request

from ..errors import refused
from ..server import Answer
from . import answers
from .answers import fhir

_FORM = "application/x-www-form-urlencoded"


def route(path, *verbs, **more):
    """A FHIR route. Reading writes too: what is given first gets its version."""
    options = {"auth": "interop", "identity": "partner", "interface": "fhir-r4", **more}
    return http.route(path, type="interop", verbs=verbs, errors="fhir", save_session=False, readonly=False, **options)


class FhirController(http.Controller):
    """The FHIR R4 facade; what the interactions do stands in ``server.py``."""

    @route("/fhir/r4/metadata", "GET", auth="none", identity="system")
    @fhir
    def metadata(self):
        """What this server can do; true, as it is made of what it does."""
        env = request.env(user=SUPERUSER_ID, su=True)
        mode = dict(answers.query_pairs()).get("mode", "full")
        if mode not in ("full", "normative", "terminology"):
            raise refused(400, "invalid", "http.mode", "The mode is full, normative or terminology.")
        if mode == "terminology":
            raise refused(404, "not-supported", "http.mode", "This server has no terminology services.")
        return Answer(200, env["health.fhir.capability"]._statement(answers.base()))

    @route(["/fhir/r4", "/fhir/r4/"], "POST")
    @fhir
    def bundle(self):
        """Transaction or batch."""
        return answers.server().take_bundle(answers.read_body(), answers.conditions())

    @route("/fhir/r4/<string:kind>", "GET", "POST", "PUT", "DELETE")
    @fhir
    def type_level(self, kind):
        """Search, create, and the conditional update and delete."""
        method = request.httprequest.method
        server, pairs = answers.server(), answers.query_pairs()
        if method in ("GET", "HEAD"):
            return server.search(kind, pairs, answers.conditions())
        if method == "POST":
            if [name for name, _value in pairs if name not in ("_format", "_pretty")]:
                raise refused(400, "not-supported", "http", "A create has no parameters.")
            return server.write("POST", kind, kind, answers.read_body(), answers.conditions())
        if not [name for name, _value in pairs if name not in ("_format", "_pretty")]:
            raise refused(400, "required", "http", "A conditional update or delete needs criteria.")
        query = request.httprequest.query_string.decode("ascii", "replace")
        body = answers.read_body() if method == "PUT" else b""
        return server.write(method, kind, f"{kind}?{query}", body, answers.conditions())

    @route("/fhir/r4/<string:kind>/_search", "POST")
    @fhir
    def search(self, kind):
        """Search with the parameters in the body, which keeps them out of logs."""
        from odoo.addons.interop_api import body as request_body

        server = answers.server()
        pairs = answers.query_pairs()
        content = request_body.read(request.httprequest, 64 * 1024)
        if content:
            if request.httprequest.mimetype != _FORM:
                raise refused(415, "not-supported", "http.Content-Type", f"The body must be {_FORM}.")
            pairs += answers.parse_pairs(content)
        return server.search(kind, pairs, answers.conditions())

    @route(["/fhir/r4/<string:kind>/$validate", "/fhir/r4/<string:kind>/<string:fhir_id>/$validate"], "POST")
    @fhir
    def validate(self, kind, fhir_id=""):
        """Say what is wrong with a resource, and store nothing."""
        return answers.server().validate(kind, fhir_id, answers.read_body(empty=bool(fhir_id)))

    @route("/fhir/r4/<string:kind>/<string:fhir_id>", "GET", "PUT", "DELETE")
    @fhir
    def instance(self, kind, fhir_id):
        """Read, update, delete."""
        method = request.httprequest.method
        server, conditions = answers.server(), answers.conditions()
        if method in ("GET", "HEAD"):
            return server.read(kind, fhir_id, conditions)
        body = answers.read_body() if method == "PUT" else b""
        return server.write(method, kind, f"{kind}/{fhir_id}", body, conditions)

    @route("/fhir/r4/<string:kind>/<string:fhir_id>/_history", "GET")
    @fhir
    def history(self, kind, fhir_id):
        """The versions of a resource."""
        return answers.server().history(kind, fhir_id, answers.query_pairs())

    @route("/fhir/r4/<string:kind>/<string:fhir_id>/_history/<string:version>", "GET")
    @fhir
    def version(self, kind, fhir_id, version):
        """One version of a resource."""
        return answers.server().vread(kind, fhir_id, version)

    @route("/fhir/<path:rest>", "GET", "POST", "PUT", "PATCH", "DELETE", auth="none", identity="system", interface=None)
    @fhir
    def unknown(self, rest=""):
        """Whatever else is asked for below the base."""
        raise refused(404, "not-supported", "", "There is no such interaction.")
