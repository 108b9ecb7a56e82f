from odoo.tests import tagged

from .common import DoorCase, as_json


@tagged("post_install", "-at_install")
class TestMessageState(DoorCase):
    def state(self, uuid, headers=None, **more):
        return self.url_open(f"/interop/v1/messages/{uuid}", headers=headers or self.basic(), **more)

    def test_the_sender_learns_what_became_of_its_message(self):
        uuid = self.post(as_json({"id": "1", "patient": "ZEBEDEE"})).json()["uuid"]
        response = self.state(uuid)
        self.assertEqual(response.status_code, 200, response.text)
        document = response.json()
        self.assertEqual((document["uuid"], document["interface"], document["state"]), (uuid, "test-in", "received"))
        self.assertTrue(document["received_at"].endswith("Z"))
        self.assertIsNone(document["error"])
        self.assertNotIn("ZEBEDEE", response.text)
        self.assertEqual(response.headers["Cache-Control"], "no-store")

    def test_a_failed_message_shows_class_and_code_but_no_text(self):
        uuid = self.post(as_json({"id": "1", "do": "permanent"})).json()["uuid"]
        self.drain()
        document = self.state(uuid).json()
        self.assertEqual((document["state"], document["attempts"]), ("dead", 1))
        self.assertEqual(document["error"], {"class": "permanent", "code": "test.bad"})

    def test_foreign_and_unknown_messages_look_alike(self):
        foreign = self.send({"id": "1"}, interface=self.other)
        answers = set()
        for uuid in (foreign.uuid, "0" * 8 + "-0000-0000-0000-" + "0" * 12, "nonsense", "1"):
            document = self.assertProblem(self.state(uuid), 404, "message")
            document.pop("instance")
            answers.add(str(document))
        self.assertEqual(len(answers), 1)

    def test_it_needs_credentials(self):
        uuid = self.post().json()["uuid"]
        self.assertProblem(self.state(uuid, {"X": "y"}), 401, "auth.missing")

    def test_head_and_options(self):
        uuid = self.post().json()["uuid"]
        head = self.state(uuid, method="HEAD")
        self.assertEqual((head.status_code, head.content), (200, b""))
        self.assertEqual(self.state(uuid, method="OPTIONS").headers["Allow"], "GET, HEAD, OPTIONS")
        self.assertProblem(self.state(uuid, method="DELETE"), 405, "method")
