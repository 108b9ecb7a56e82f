"""Events through RabbitMQ: confirmed, in order, late after an outage but never lost; and from a queue into the inbox."""

import json
import os
import subprocess
import time

import pytest
from kombu import Connection, Exchange, Queue

from hospital_day.rpc import Rpc
from support.paths import ROOT
from support.server import free_port

SCRIPT = ROOT / "scripts" / "broker.sh"


class Broker:
    """A RabbitMQ node of its own."""

    def __init__(self):
        self.env = {**os.environ, "INTEROP_BROKER_PORT": str(free_port())}
        self.url = self.run("url")

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["bash", str(SCRIPT), command], env=self.env, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def broker():
    if not os.path.exists("/usr/lib/rabbitmq/bin/rabbitmq-server"):
        pytest.skip("RabbitMQ is not installed")
    broker = Broker()
    broker.run("start")
    yield broker
    broker.run("stop")


@pytest.fixture(scope="module")
def rpc(server, broker):
    server.env["INTEROP_BROKER_URL"] = broker.url
    return Rpc(server.url)


@pytest.fixture
def worker(server, rpc):
    worker = server.spawn("interop_worker", "--lanes", "events")
    yield worker
    worker.terminate()
    worker.wait(60)


def drain(url, queue, count, seconds=90, before=()):
    """Take messages from a queue until there are so many different ones.

    :param before: what was taken before; the broker may deliver again what it forgot that we had
    """
    found = list(before)
    deadline = time.monotonic() + seconds
    with Connection(url) as connection:
        simple = connection.SimpleQueue(queue)
        while len({message.properties["message_id"] for message in found}) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} messages arrived"
            try:
                message = simple.get(timeout=1)
            except simple.Empty:
                continue
            message.ack()
            found.append(message)
        simple.close()
    return found


def declare(url, name):
    with Connection(url) as connection:
        exchange = Exchange("interop.events", type="topic", durable=True)
        Queue(name, exchange, routing_key="invoice.#", durable=True)(connection.default_channel).declare()


def test_events_survive_an_outage_and_come_back_by_the_inbox(server, rpc, broker, worker):
    declare(broker.url, "invoices")
    (subscription,) = rpc.call(
        "interop.subscription",
        "create",
        [{"name": "Broker", "kind": "broker", "patterns": "invoice.created", "company_id": False}],
    )
    rpc.call("interop.subscription", "action_activate", [subscription])
    (buyer,) = rpc.call("res.partner", "create", [{"name": "Buyer"}])

    def invoices(count):
        rpc.call("account.move", "create", [{"move_type": "out_invoice", "partner_id": buyer} for _n in range(count)])

    invoices(50)
    first = drain(broker.url, "invoices", 50)
    message = first[0]
    assert message.headers["cloudEvents_type"] == "invoice.created"
    assert message.headers["cloudEvents_specversion"] == "1.0"
    assert message.properties["delivery_mode"] == 2
    assert message.delivery_info["routing_key"] == "invoice.created"
    assert json.loads(message.body)["object"] == "invoice"

    broker.run("kill")
    for _batch in range(10):
        invoices(100)
    assert rpc.count("interop.delivery", [("subscription_id", "=", subscription), ("state", "!=", "delivered")]) >= 900
    broker.run("start")
    arrived = drain(broker.url, "invoices", 1050, 120, first)
    recorded = {row["uuid"] for row in rpc.read("interop.event", [("type", "=", "invoice.created")], ["uuid"])}
    assert {message.properties["message_id"] for message in arrived} == recorded
    deadline = time.monotonic() + 30
    while rpc.count("interop.delivery", [("subscription_id", "=", subscription), ("state", "!=", "delivered")]):
        assert time.monotonic() < deadline, "not all deliveries are recorded"
        time.sleep(0.5)


def adt(control: str) -> bytes:
    return (
        f"MSH|^~\\&|EHRMAIN|LMC|ODOO|HUB|20260302120000||ADT^A01^ADT_A01|{control}|P|2.5.1\rEVN|A01|20260302120000\r"
        f"PID|1||{control}^^^LAKE^MR||TESTER^QUEUE||19700101|F\rPV1|1|I|MMED^1^A||||||||||||||||V{control}\r"
    ).encode()


def test_from_a_queue_into_the_inbox(server, rpc, broker):
    count = 200
    consumer = server.spawn(
        "interop_consume", "--queue", "adt-in", "--interface", "ehr-adt", "--bind", "hospital:adt.#"
    )
    try:
        with Connection(broker.url, transport_options={"confirm_publish": True}) as connection:
            exchange = Exchange("hospital", type="topic", durable=True)
            deadline = time.monotonic() + 60
            while "consuming queue" not in server.log.read_text(errors="replace"):
                assert time.monotonic() < deadline, "nobody consumes"
                time.sleep(0.3)
            producer = connection.Producer(exchange=exchange, auto_declare=True)
            for number in range(count):
                if number == count // 2:  # what was not acknowledged is delivered again, and known
                    consumer.kill()
                    consumer.wait(10)
                    consumer = server.spawn(
                        "interop_consume", "--queue", "adt-in", "--interface", "ehr-adt", "--bind", "hospital:adt.#"
                    )
                producer.publish(
                    adt(f"Q{number}"), routing_key="adt.a01", content_type="application/hl7-v2",
                    content_encoding="utf-8", delivery_mode=2,
                )  # fmt: skip
        deadline = time.monotonic() + 90
        while (
            rpc.count("interop.message", [("reference", "=like", "Q%"), ("interface_id.code", "=", "ehr-adt")]) < count
        ):
            assert time.monotonic() < deadline, "messages are missing"
            time.sleep(0.5)
        assert (
            rpc.count("interop.message", [("reference", "=like", "Q%"), ("interface_id.code", "=", "ehr-adt")]) == count
        )
    finally:
        consumer.terminate()
        consumer.wait(60)
