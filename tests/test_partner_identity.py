"""How a partner gets in, with a public OAuth2 client: discovery, a token by each of three methods, a first call."""

import json
import time

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc.jwk import ECKey, RSAKey

from hospital_day.rpc import Rpc

CLIENT, SECRET = "demo-ehr", "demo-ehr-secret"
HL7 = "application/hl7-v2"
ADMISSION = (
    "MSH|^~\\&|EHRMAIN|LMC|ODOO|HUB|20260101||ADT^A01^ADT_A01|{control}|P|2.5.1\rEVN|A01|20260101\r"
    "PID|1||{control}^^^LAKE^MR||TESTER^IDENTITY||19700101|F\rPV1|1|I|MMED^1^A||||||||||||||||V{control}\r"
)


@pytest.fixture(scope="module")
def rpc(server):
    rpc = Rpc(server.url)
    rpc.call("ir.config_parameter", "set_param", "interop_api.public_url", server.url)
    return rpc


@pytest.fixture(scope="module")
def metadata(server, rpc):
    """What a client finds out by itself."""
    document = requests.get(f"{server.url}/.well-known/oauth-authorization-server", timeout=30).json()
    assert document["issuer"] == server.url
    return document


@pytest.fixture(scope="module")
def partner(rpc):
    """An account that proves itself by keys, set up as an administrator does."""
    demo = rpc.read("interop.service.account", [("client_id", "=", CLIENT)], ["interface_ids"])[0]
    account = rpc.call(
        "interop.service.account",
        "create",
        {
            "name": "Key partner",
            "client_id": "key-partner",
            "interface_ids": [(6, 0, demo["interface_ids"])],
            "scopes": "interop/encounter.read system/*.rs",
        },
    )
    return account[0] if isinstance(account, list) else account


def register(rpc, account: int, key) -> None:
    """Register the public part of a key by the wizard."""
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    wizard = rpc.call("interop.service.key", "create", {"account_id": account, "key": pem, "validity": "90"})
    rpc.call("interop.service.key", "action_add_key", wizard if isinstance(wizard, list) else [wizard])


def owned(key):
    """A private key as the client library holds it."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (ECKey if isinstance(key, ec.EllipticCurvePrivateKey) else RSAKey).import_key(pem)


def send(server, token: str, control: str):
    """Send one admission with a token."""
    return requests.post(
        f"{server.url}/interop/v1/inbound/ehr-adt",
        data=ADMISSION.format(control=control).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": HL7},
        timeout=60,
    )


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_token_by_secret(server, metadata, method):
    assert method in metadata["token_endpoint_auth_methods_supported"]
    session = OAuth2Session(CLIENT, SECRET, token_endpoint_auth_method=method)
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    assert token["expires_in"] <= 300
    answer = send(server, token["access_token"], f"ID-{method[-5:].upper()}")
    assert "MSA|AA|" in answer.text, answer.text


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_a_token_by_private_key(server, rpc, metadata, partner, algorithm):
    assert algorithm in metadata["token_endpoint_auth_signing_alg_values_supported"]
    key = ec.generate_private_key(ec.SECP384R1()) if algorithm == "ES384" else rsa.generate_private_key(65537, 2048)
    register(rpc, partner, key)
    credential = rpc.read("interop.service.credential", [("algorithm", "=", algorithm)], ["kid"])[-1]
    session = OAuth2Session("key-partner", owned(key), token_endpoint_auth_method="private_key_jwt")
    # At most five minutes ahead, as SMART has it; the client's own default is an hour.
    session.register_client_auth_method(
        PrivateKeyJWT(
            metadata["token_endpoint"],
            claims={"exp": int(time.time()) + 240},
            headers={"kid": credential["kid"]},
            alg=algorithm,
        )
    )
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", scope="system/Patient.rs")
    assert token["scope"] == "system/Patient.rs"
    answer = send(server, token["access_token"], f"ID-{algorithm}")
    assert "MSA|AA|" in answer.text, answer.text
    published = requests.get(metadata["jwks_uri"], timeout=30).json()["keys"]
    assert published and all("d" not in jwk for jwk in published)


def test_an_assertion_of_an_hour_is_refused(rpc, metadata, partner):
    """What the client library does when nobody tells it otherwise."""
    key = ec.generate_private_key(ec.SECP384R1())
    for old in rpc.read("interop.service.credential", [("account_id", "=", partner)], ["id"]):
        rpc.call("interop.service.credential", "action_revoke", [old["id"]])
    register(rpc, partner, key)
    credential = rpc.read("interop.service.credential", [("account_id", "=", partner)], ["kid"])[-1]
    session = OAuth2Session("key-partner", owned(key), token_endpoint_auth_method="private_key_jwt")
    session.register_client_auth_method(
        PrivateKeyJWT(metadata["token_endpoint"], headers={"kid": credential["kid"]}, alg="ES384")
    )
    with pytest.raises(Exception, match="invalid_client"):
        session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")


def test_introspection_and_revocation_act_on_all_workers(server, metadata):
    """Two workers answer in turn: neither goes on accepting a token that was given back to the other."""
    session = OAuth2Session(CLIENT, SECRET, token_endpoint_auth_method="client_secret_basic")
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")["access_token"]
    url = f"{server.url}/interop/v1/messages/00000000-0000-0000-0000-000000000000"

    def ask():
        return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code

    assert {ask() for _n in range(12)} == {404}
    answer = session.introspect_token(metadata["introspection_endpoint"], token=token)
    assert answer.json()["active"] is True
    assert session.revoke_token(metadata["revocation_endpoint"], token=token).status_code == 200
    assert {ask() for _n in range(12)} == {401}


def test_an_archived_account_is_out_at_once(server, rpc, metadata):
    account = rpc.read("interop.service.account", [("client_id", "=", CLIENT)], ["id"])[0]["id"]
    session = OAuth2Session(CLIENT, SECRET, token_endpoint_auth_method="client_secret_basic")
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")["access_token"]
    url = f"{server.url}/interop/v1/messages/00000000-0000-0000-0000-000000000000"
    rpc.call("interop.service.account", "write", [account], {"active": False})
    try:
        for _n in range(8):
            answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
            assert answer.status_code == 401
    finally:
        rpc.call("interop.service.account", "write", [account], {"active": True})
    assert requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code == 404


def test_every_call_left_a_row_without_content(server, rpc):
    """The rows of all workers are there some seconds later, and the trace leads from one to its message."""
    control = "ID-TRACE"
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = requests.post(
        f"{server.url}/interop/v1/inbound/ehr-adt",
        data=ADMISSION.format(control=control).encode(),
        auth=(CLIENT, SECRET),
        headers={"Content-Type": HL7, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
        timeout=60,
    )
    assert answer.status_code == 200
    deadline = time.monotonic() + 20
    while not (found := rpc.read("interop.call", [("trace_id", "=", trace)], ["route", "status", "bytes_in"])):
        assert time.monotonic() < deadline, "the call was not logged"
        time.sleep(0.5)
    assert found[0]["status"] == 200
    assert control not in json.dumps(found)
    assert rpc.count("interop.message", [("trace_id", "=", trace)]) == 1
