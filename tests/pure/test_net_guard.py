"""The guard of outgoing calls: what it refuses, and that the connection goes where it judged."""

import datetime
import http.server
import ipaddress
import socket
import ssl
import threading

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odoo.addons.interop_hub import net_guard
from odoo.addons.interop_hub.net_guard import Forbidden, Target


def answers(*addresses):
    def lookup(host, port, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return lookup


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "100.100.100.200", "168.63.129.16",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_inside_addresses_are_refused(address):
    with pytest.raises(Forbidden) as refused:
        net_guard.resolve("https://partner.example/hook", lookup=answers(address))
    assert refused.value.code == "address"
    assert address not in str(refused.value)


def test_one_inside_address_among_public_ones_is_enough():
    with pytest.raises(Forbidden):
        net_guard.resolve("https://partner.example/", lookup=answers("93.184.215.14", "10.0.0.1"))


def test_a_public_address_is_pinned():
    target = net_guard.resolve("https://Partner.Example./hook?x=1", lookup=answers("93.184.215.14"))
    assert target == Target("93.184.215.14", "partner.example", 443, "https")
    assert net_guard.resolve("https://8.8.8.8:8443/x").ip == "8.8.8.8"
    assert net_guard.is_public("2606:4700::1111")


@pytest.mark.parametrize(
    "url, code",
    [
        ("http://partner.example/", "scheme"), ("ftp://partner.example/", "scheme"), ("file:///etc/passwd", "scheme"),
        ("https:///nohost", "url"), ("https://user:pw@partner.example/", "url"), ("https://partner.example\\@x/", "url"),
        ("https://partner.example/a b", "url"), ("https://partner.example:22/", "port"),
        ("https://partner.example:99999/", "url"), ("https://[::1/", "url"), ("https://" + "a" * 64 + ".x/", "url"),
    ],
)  # fmt: skip
def test_addresses_that_are_no_plain_https(url, code):
    with pytest.raises(Forbidden) as refused:
        net_guard.resolve(url, lookup=answers("93.184.215.14"))
    assert refused.value.code == code


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost", "017700000001"])
def test_other_spellings_of_this_machine(host):
    with pytest.raises(Forbidden):
        net_guard.resolve(f"https://{host}/")


def test_an_administrator_may_allow_a_host():
    inside = answers("10.0.0.8")
    assert net_guard.resolve("http://lab.local:8080/x", frozenset({"lab.local"}), lookup=inside).ip == "10.0.0.8"
    assert net_guard.resolve("http://lab.local:8080/x", frozenset({"lab.local:8080"}), lookup=inside).port == 8080
    with pytest.raises(Forbidden):
        net_guard.resolve("http://lab.local:8081/x", frozenset({"lab.local:8080"}), lookup=inside)
    # An allowed name that turns to the metadata service is still refused.
    with pytest.raises(Forbidden):
        net_guard.resolve("http://lab.local/", frozenset({"lab.local"}), lookup=answers("169.254.169.254"))


def test_an_unknown_name_may_come_back():
    def nothing(*_args, **_options):
        raise socket.gaierror

    with pytest.raises(Forbidden) as refused:
        net_guard.resolve("https://partner.example/", lookup=nothing)
    assert refused.value.code == "unresolved"


class _Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(self.headers["Host"])
        redirect = self.path == "/away"
        self.send_response(302 if redirect else 200)
        if redirect:
            self.send_header("Location", "http://127.0.0.1:1/secret")
        self.send_header("Set-Cookie", "a=b")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_args):
        pass


@pytest.fixture
def receiver():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def certificate(tmp_path, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_the_session_goes_to_the_pinned_address_and_nowhere_else(receiver):
    port = receiver.server_port
    session = net_guard.session(Target("127.0.0.1", "partner.example", port, "http"))
    answer = session.get(f"http://partner.example:{port}/a?b=c")
    assert (answer.text, answer.url) == ("ok", f"http://partner.example:{port}/a?b=c")
    assert receiver.seen == [f"partner.example:{port}"]
    assert not session.cookies
    assert session.get(f"http://partner.example:{port}/away").status_code == 302
    with pytest.raises(Forbidden):
        session.get(f"http://127.0.0.1:{port}/")
    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get(f"https://partner.example:{port}/")


@pytest.mark.parametrize("name, fits", [("partner.example", True), ("other.example", False)])
def test_the_certificate_is_checked_against_the_name(receiver, tmp_path, name, fits):
    path = certificate(tmp_path, name)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    receiver.socket = tls.wrap_socket(receiver.socket, server_side=True)
    port = receiver.server_port
    target = Target("127.0.0.1", "partner.example", port, "https")
    session = net_guard.session(target)
    context = ssl.create_default_context(cafile=str(path))
    connection = net_guard.PinnedConnection(target, 5, context)
    if fits:
        assert session.get(f"https://partner.example:{port}/", verify=str(path)).text == "ok"
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
        assert receiver.seen == [f"partner.example:{port}"] * 2
    else:
        with pytest.raises(requests.exceptions.SSLError):
            session.get(f"https://partner.example:{port}/", verify=str(path))
        with pytest.raises(ssl.SSLCertVerificationError):
            connection.request("GET", "/")
    assert ipaddress.ip_address(target.ip).is_loopback
