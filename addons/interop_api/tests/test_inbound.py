import gzip
import json
import socket
from unittest.mock import patch

import psycopg2

from odoo.tests import mute_logger, tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME

from odoo.addons.interop_api import dispatcher
from odoo.addons.interop_hub.exceptions import Rejected

from .common import SECRET, DoorCase, as_json

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
GHOST = "PATIENT^ZEBEDEE"


class _SerializationFailure(psycopg2.errors.SerializationFailure):
    """Made here, it has no code of its own as one from the server has."""

    @property
    def pgcode(self):
        return "40001"


@tagged("post_install", "-at_install")
class TestInbound(DoorCase):
    def test_a_message_is_stored_and_answered_202(self):
        response = self.post()
        self.assertEqual(response.status_code, 202, response.text)
        answer = response.json()
        message = self.messages()
        self.assertEqual(answer, {"uuid": message.uuid, "status": "new", "state": "received"})
        self.assertNotIn("Set-Cookie", response.headers)

    def test_the_same_message_again_is_a_duplicate_with_one_row(self):
        first, second = self.post().json(), self.post().json()
        self.assertEqual((second["uuid"], second["status"]), (first["uuid"], "duplicate"))
        self.assertEqual(self.count(), 1)

    def test_a_batch_is_answered_one_by_one(self):
        body = b'{"id": "1"}\n\n{"id": "2"}\n'
        response = self.post(body, "test-lines", "application/x-ndjson")
        self.assertEqual(response.status_code, 202, response.text)
        self.assertEqual([entry["status"] for entry in response.json()], ["new", "new"])

    def test_a_handler_with_its_own_format_answers_200_in_it(self):
        response = self.post(b"hello", "test-text", "text/x-test; charset=utf-8")
        self.assertEqual((response.status_code, response.content), (200, b"ACK"))
        self.assertEqual(response.headers["Content-Type"].split(";")[0], "text/x-test")
        message = self.env["interop.message"].search([("interface_id", "=", self.text.id)])
        self.assertEqual(response.headers["Interop-Message"], message.uuid)

    def test_a_bearer_token_opens_the_door(self):
        response = self.post(headers={"Authorization": f"Bearer {self.token()}"})
        self.assertEqual(response.status_code, 202, response.text)

    # -- who may not ---------------------------------------------------------

    def test_without_credentials_it_is_401_with_a_challenge(self):
        response = self.post(headers={"Authorization": None})
        self.assertProblem(response, 401, "auth.missing")
        self.assertIn("Basic", response.headers["WWW-Authenticate"])
        self.assertIn("Bearer", response.headers["WWW-Authenticate"])

    def test_wrong_credentials_are_401(self):
        archived = self.make_account("archived", self.interface)
        archived.active = False
        revoked = self.make_account("revoked", self.interface)
        revoked.credential_ids.action_revoke()
        expired = self.make_account("expired", self.interface)
        expired.credential_ids.expires_at = "2020-01-01 00:00:00"
        cases = {
            "wrong": self.basic(secret="not-the-secret"),
            "empty": self.basic(secret=""),
            "unknown": self.basic("nobody"),
            "archived": self.basic("archived"),
            "revoked": self.basic("revoked"),
            "expired": self.basic("expired"),
            "another account's client": self.basic("TESTER"),
        }
        answers = set()
        for case, headers in cases.items():
            with self.subTest(case):
                document = self.assertProblem(self.post(headers=headers), 401, "auth.refused")
                document.pop("instance")
                answers.add(json.dumps(document))
        self.assertEqual(len(answers), 1, "the answer tells an unknown client from a wrong secret")
        self.assertEqual(self.count(), 0)

    def test_malformed_credentials_are_401(self):
        for header, code in {
            "Basic": "auth.malformed",
            "Basic ****": "auth.malformed",
            "Basic bm9jb2xvbg==": "auth.malformed",
            "Basic " + "A" * 9000: "auth.malformed",
            "Digest x": "auth.scheme",
            "Bearer": "auth.refused",
            "Bearer x.y.z": "auth.refused",
        }.items():
            with self.subTest(header[:20]):
                response = self.post(headers={"Authorization": header})
                self.assertEqual(response.status_code, 401, response.text)
                if code != "auth.refused":
                    self.assertProblem(response, 401, code)

    def test_an_odoo_session_does_not_open_the_door(self):
        self.authenticate("admin", "admin")
        self.assertProblem(self.post(headers={"Authorization": None}), 401, "auth.missing")

    def test_a_forbidden_interface_looks_like_an_unknown_one(self):
        answers = set()
        outbound = self.make_interface("test-out", direction="out")
        for code in ("test-other", "no-such", outbound.code, "Nonsense'", "x" * 200):
            document = self.assertProblem(self.post(code=code), 403, "interface")
            document.pop("instance")
            answers.add(json.dumps(document))
        self.assertEqual(len(answers), 1)

    def test_taking_an_interface_away_acts_at_once(self):
        self.assertEqual(self.post().status_code, 202)
        self.account.interface_ids -= self.interface
        self.assertProblem(self.post(), 403, "interface")

    def test_a_revoked_secret_is_refused_on_the_next_request(self):
        self.assertEqual(self.post().status_code, 202)
        self.account.credential_ids.action_revoke()
        self.assertProblem(self.post(), 401, "auth.refused")

    # -- not now -------------------------------------------------------------

    def test_a_paused_interface_is_503_with_retry_after(self):
        self.interface.state = "paused"
        response = self.post()
        self.assertProblem(response, 503, "interface.paused")
        self.assertGreater(int(response.headers["Retry-After"]), 0)

    def test_a_retired_interface_is_410(self):
        self.interface.state = "retired"
        self.assertProblem(self.post(), 410, "interface.retired")

    def test_the_brake_is_503_with_retry_after(self):
        self.env["interop.lane"].action_brake()
        response = self.post()
        self.assertProblem(response, 503, "brake")
        self.assertIn("Retry-After", response.headers)

    # -- bodies --------------------------------------------------------------

    def test_an_unknown_content_type_is_415_and_says_what_is_taken(self):
        for content_type in ("text/xml", None, "application/x-www-form-urlencoded"):
            response = self.post(content_type=content_type)
            document = self.assertProblem(response, 415, "body.type")
            self.assertEqual(document["accepted"], ["application/json"])

    def test_an_empty_body_is_400(self):
        for body in (b"", b" \r\n"):
            self.assertProblem(self.post(body), 400, "body.empty")

    def test_a_body_over_the_limit_is_413(self):
        self.interface.max_body_bytes = 100
        self.assertProblem(self.post(as_json({"id": "1", "x": "y" * 100})), 413, "body.too_large")

    def test_a_chunked_body_over_the_limit_is_413(self):
        self.interface.max_body_bytes = 100
        self.assertProblem(self.post(iter([b'{"id": "', b"1" * 200, b'"}'])), 413, "body.too_large")
        self.assertEqual(self.post(iter([b'{"id"', b': "1"}'])).status_code, 202)

    def _raw(self, head, body):
        """Send a request by hand and hang up; return the answer's first line."""
        with self.allow_requests():
            lines = [
                "POST /interop/v1/inbound/test-in HTTP/1.1",
                "Host: localhost",
                f"Cookie: {TEST_CURSOR_COOKIE_NAME}={self.http_request_key}",
                "Content-Type: application/json",
                *(f"{name}: {value}" for name, value in {**self.basic(), **head}.items()),
            ]
            with socket.create_connection(("127.0.0.1", self.http_port()), 10) as connection:
                connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
                connection.shutdown(socket.SHUT_WR)
                return connection.makefile("rb").readline().decode()

    def test_a_body_cut_short_is_never_taken_for_a_whole_one(self):
        self.assertIn(" 202 ", self._raw({"Content-Length": 11}, b'{"id": "1"}'))
        self.assertIn(" 400 ", self._raw({"Content-Length": 30}, b'{"id": "2"}'))
        chunked = {"Transfer-Encoding": "chunked"}
        self.assertIn(" 400 ", self._raw(chunked, b'b\r\n{"id": "3"}\r\n'))
        self.assertEqual(self.count(), 1)

    def test_gzip_is_taken_within_the_limit(self):
        gzipped = {"Content-Encoding": "gzip"}
        self.assertEqual(self.post(gzip.compress(b'{"id": "7"}'), headers=gzipped).status_code, 202)
        self.interface.max_body_bytes = 10_000
        bomb = gzip.compress(b'{"id": "' + b"0" * 1_000_000 + b'"}')
        self.assertLess(len(bomb), 10_000)
        self.assertProblem(self.post(bomb, headers=gzipped), 413, "body.too_large")
        self.assertProblem(self.post(b"not gzip", headers=gzipped), 400, "body.gzip")
        self.assertProblem(self.post(gzip.compress(b'{"id": "8"}')[:-4], headers=gzipped), 400, "body.gzip")
        response = self.post(b"x", headers={"Content-Encoding": "br"})
        self.assertProblem(response, 415, "body.coding")
        self.assertIn("gzip", response.headers["Accept-Encoding"])

    # -- idempotency ---------------------------------------------------------

    def test_the_idempotency_key_names_the_message(self):
        key = {"Idempotency-Key": '"8e03978e"'}
        first = self.post(as_json({"id": "1"}), headers=key)
        again = self.post(as_json({"id": "1"}), headers={"Idempotency-Key": "8e03978e"})
        self.assertEqual((first.status_code, again.json()["status"]), (202, "duplicate"))
        conflict = self.post(as_json({"id": "2"}), headers=key)
        self.assertProblem(conflict, 422, "idempotency.conflict")
        other = self.post(as_json({"id": "1"}), headers={"Idempotency-Key": '"other"'})
        self.assertEqual(other.json()["status"], "new")

    def test_the_idempotency_key_of_another_account_is_another_key(self):
        self.make_account("second", self.interface)
        key = {"Idempotency-Key": '"same"'}
        self.assertEqual(self.post(as_json({"id": "1"}), headers=key).json()["status"], "new")
        second = self.post(as_json({"id": "2"}), headers={**key, **self.basic("second")})
        self.assertEqual(second.json()["status"], "new")

    def test_a_malformed_idempotency_key_is_400(self):
        for key in ('""', '"unclosed', "x" * 256, 'a"b'):
            self.assertProblem(self.post(headers={"Idempotency-Key": key}), 400, "idempotency.key")

    def test_a_refused_message_is_422_and_kept(self):
        document = self.assertProblem(self.post(b"not json"), 422, "message.rejected")
        message = self.env["interop.message"].search([("uuid", "=", document["messages"][0]["uuid"])])
        self.assertEqual(message.state, "rejected")

    # -- traces, methods, routes ---------------------------------------------

    def test_the_trace_is_taken_over_and_returned(self):
        response = self.post(headers={"traceparent": TRACE})
        self.assertEqual(response.headers["traceparent"][:35], TRACE[:35])
        self.assertNotEqual(response.headers["traceparent"], TRACE)
        self.assertEqual(self.messages().trace_id, TRACE[3:35])
        refused = self.post(headers={"traceparent": TRACE, "Authorization": None})
        self.assertEqual(refused.headers["traceparent"][:35], TRACE[:35])

    def test_other_methods_are_answered_sanely(self):
        for method in ("GET", "PUT", "DELETE", "HEAD"):
            response = self.url_open("/interop/v1/inbound/test-in", headers=self.basic(), method=method)
            self.assertEqual(response.status_code, 405)
            self.assertEqual(response.headers["Allow"], "POST, OPTIONS")
        response = self.url_open("/interop/v1/inbound/test-in", method="OPTIONS")
        self.assertEqual((response.status_code, response.headers["Allow"]), (204, "POST, OPTIONS"))
        self.assertNotIn("Access-Control-Allow-Origin", response.headers)

    def test_unknown_routes_are_problems_too(self):
        for path in ("/interop", "/interop/", "/interop/v1", "/interop/v2/inbound/test-in", "/interop/oauth2"):
            for method in ("GET", "POST"):
                self.assertProblem(self.url_open(path, method=method), 404, "route")

    # -- errors --------------------------------------------------------------

    def _post_failing(self, error):
        def fail(*args, **kwargs):
            raise error

        with patch.object(self.registry["interop.message"], "_receive", fail), self.captured_log() as lines:
            return self.post(), "\n".join(lines)

    def test_an_unforeseen_error_is_500_with_an_id_and_without_values_anywhere(self):
        response, log = self._post_failing(ZeroDivisionError(GHOST))
        document = self.assertProblem(response, 500, "internal")
        self.assertNotIn(GHOST, response.text)
        self.assertNotIn(GHOST, log)
        line = next(line for line in log.splitlines() if document["instance"] in line)
        self.assertIn("ZeroDivisionError", line)
        self.assertIn("test_inbound.py", line)

    def test_an_integrity_error_shows_no_values(self):
        response, log = self._post_failing(psycopg2.IntegrityError(f"DETAIL: Key (mrn)=({GHOST}) exists"))
        self.assertProblem(response, 409, "database.conflict")
        self.assertNotIn(GHOST, response.text + log)

    def test_a_refused_body_is_422_in_the_words_of_the_handler(self):
        response, _log = self._post_failing(Rejected("101", "a field is missing", "MSH-9"))
        document = self.assertProblem(response, 422, "101")
        self.assertEqual((document["detail"], document["location"]), ("a field is missing", "MSH-9"))

    def test_a_serialization_failure_is_run_again(self):
        receive, calls = self.registry["interop.message"]._receive, []

        def fail_once(model, *args, **kwargs):
            calls.append(1)
            if len(calls) == 1:
                raise _SerializationFailure("could not serialize access")
            return receive(model, *args, **kwargs)

        with patch.object(self.registry["interop.message"], "_receive", fail_once), patch("time.sleep"):
            response = self.post()
        self.assertEqual((response.status_code, len(calls)), (202, 2), response.text)

    @mute_logger("odoo.addons.interop_api.problem")
    def test_a_lasting_serialization_failure_is_503(self):
        with patch("time.sleep"):
            response, log = self._post_failing(_SerializationFailure("could not serialize access"))
        self.assertProblem(response, 503, "busy")
        self.assertIn("Retry-After", response.headers)
        self.assertNotIn("Traceback", log)

    def test_a_successful_request_costs_few_queries(self):
        self.post()
        counts = []
        dispatch = dispatcher.InteropDispatcher.dispatch

        def counting(this, endpoint, args):
            before = this.request.env.cr.sql_log_count
            response = dispatch(this, endpoint, args)
            counts.append(this.request.env.cr.sql_log_count - before)
            return response

        with patch.object(dispatcher.InteropDispatcher, "dispatch", counting):
            self.assertEqual(self.post(as_json({"id": "2"})).status_code, 202)
        # The rows and their bodies; what wakes the lane has its own cursor.
        self.assertLessEqual(counts[0], 2)

    def test_secrets_are_not_logged(self):
        with self.captured_log() as lines:
            self.post()
            self.post(headers=self.basic(secret="wrong-" + SECRET))
        self.assertNotIn(SECRET, "\n".join(lines))
