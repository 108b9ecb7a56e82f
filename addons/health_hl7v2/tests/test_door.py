from odoo.tests import tagged

from .common import FT1, Hl7Case, acks, hl7


@tagged("post_install", "-at_install")
class TestDoor(Hl7Case):
    def test_a_good_message_is_stored_and_accepted(self):
        reception = self.send(hl7())
        self.assertEqual(acks(reception.body), [("AA", "C1", "")])
        self.assertEqual(reception.content_type, "application/hl7-v2")
        message = self.messages(reception)
        self.assertEqual((message.state, message.message_type, message.reference), ("received", "ADT^A01", "C1"))

    def test_the_same_message_again_gets_the_same_answer_and_no_second_row(self):
        first = self.send(hl7())
        again = self.send(hl7())
        self.assertEqual(again.body, first.body)
        self.assertEqual([result.status for result in again.results], ["duplicate"])
        self.assertEqual(self.messages(again), self.messages(first))

    def test_the_same_control_id_with_another_body_is_refused(self):
        self.send(hl7())
        reception = self.send(hl7(letter="O"))
        self.assertEqual(acks(reception.body), [("AE", "C1", "205")])
        self.assertEqual([result.status for result in reception.results], ["conflict"])
        self.assertEqual(self.messages(reception).state, "rejected")

    def test_what_must_be_refused_is_stored_as_rejected(self):
        for body, ack in [
            (hl7("A60", "R1"), ("AR", "R1", "201")),
            (hl7("R01", "R2", kind="ORU"), ("AR", "R2", "200")),
            (hl7("A01", "R3", version="9.9"), ("AR", "R3", "203")),
            (hl7("A01", ""), ("AR", "", "101")),
            (hl7("A43", "R5"), ("AR", "R5", "201")),
            (hl7("A40", "R6", visit=""), ("AE", "R6", "100")),
            (b"no hl7 at all", ("AR", "", "100")),
            (b"\x00\xff\xfe\x01", ("AR", "", "100")),
        ]:
            with self.subTest(ack=ack):
                reception = self.send(body)
                self.assertEqual(acks(reception.body)[0][::2], ack[::2])
                self.assertEqual(acks(reception.body)[0][1], ack[1])
                message = self.messages(reception)
                self.assertEqual(message.state, "rejected")
                self.assertTrue(message.error_code)

    def test_a_refused_message_may_be_corrected_under_its_control_id(self):
        wrong = hl7().replace(b"20260305101300", b"yesterday")
        self.assertEqual(acks(self.send(wrong).body), [("AE", "C1", "102")])
        self.assertEqual(acks(self.send(wrong).body), [("AE", "C1", "102")])
        self.assertEqual(acks(self.send(hl7()).body), [("AA", "C1", "")])

    def test_a_batch_gets_one_framed_answer_and_a_bad_message_does_not_sink_the_others(self):
        bodies = hl7(control="B1") + hl7("A60", "B2") + hl7("A08", "B3")
        reception = self.send(b"BHS|^~\\&|EHR|NORTH|ODOO|CITY|||||BATCH1\r" + bodies + b"BTS|3\r")
        self.assertEqual(acks(reception.body), [("AA", "B1", ""), ("AR", "B2", "201"), ("AA", "B3", "")])
        self.assertTrue(reception.body.startswith(b"BHS|"))
        self.assertTrue(reception.body.endswith(b"BTS|3\r"))
        self.assertEqual(self.messages(reception).mapped("state"), ["received", "rejected", "received"])

    def test_a_batch_with_a_wrong_count_is_refused_whole(self):
        reception = self.send(b"BHS|^~\\&|EHR|NORTH|ODOO|CITY|||||BATCH2\r" + hl7() + b"BTS|2\r")
        self.assertEqual(acks(reception.body), [("AE", "BATCH2", "102")])
        self.assertEqual(self.messages(reception).mapped("state"), ["rejected"])

    def test_an_empty_batch_is_answered_by_an_empty_batch(self):
        reception = self.send(b"BHS|^~\\&|EHR|NORTH|ODOO|CITY\rBTS|0\r")
        self.assertFalse(reception.results)
        self.assertTrue(reception.body.endswith(b"BTS|0\r"))

    def test_enhanced_mode(self):
        self.assertEqual(acks(self.send(hl7(control="E1", accept="AL", application="NE")).body), [("CA", "E1", "")])
        self.assertEqual(self.send(hl7(control="E2", accept="NE", application="NE")).body, b"")
        self.assertEqual(acks(self.send(hl7("A60", "E3", accept="ER")).body), [("CR", "E3", "201")])

    def test_an_acknowledgement_is_not_acknowledged(self):
        reception = self.send(hl7("A01", "K1", kind="ACK"))
        self.assertEqual(reception.body, b"")
        self.assertEqual(self.messages(reception).state, "rejected")

    def test_charges_are_refused_where_nothing_can_take_them(self):
        body = hl7("P03", "D1", kind="DFT", more=(FT1.format(transaction="T1"),))
        expected = "" if hasattr(self.env["health.intake"], "_apply_charge_capture") else "200"
        self.assertEqual([ack[2] for ack in acks(self.send(body).body)], [expected])
