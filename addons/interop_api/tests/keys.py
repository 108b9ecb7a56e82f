"""What partners have: key pairs, assertions, and a server that publishes key sets."""

import contextlib
import functools
import http.server
import json
import threading
import time

from jose import jwt

from odoo.addons.interop_api import assertion, jose_guard


@functools.cache
def pair(algorithm: str, kid: str = "k1") -> jose_guard.GuardedKey:
    """A private key, the same for all tests: making RSA keys takes time."""
    return jose_guard.build_key(_jwk(algorithm, kid), kid=kid, algorithm=algorithm, private=True)


@functools.cache
def _jwk(algorithm: str, kid: str) -> dict:
    return jose_guard.new_jwk(algorithm)


def public(algorithm: str, kid: str = "k1") -> dict:
    """The public part of :func:`pair`, as partners publish it."""
    return {**jose_guard.public_jwk(_jwk(algorithm, kid)), "kid": kid, "use": "sig"}


def private(algorithm: str, kid: str = "k1") -> dict:
    return _jwk(algorithm, kid)


def sign(claims: dict, key: jose_guard.GuardedKey, **headers) -> str:
    """A token with any header."""
    header = {"kid": key.kid, "typ": "JWT", **headers}
    return jwt.encode(
        claims, key.key, algorithm=key.algorithm, headers={k: v for k, v in header.items() if v is not None}
    )


def assertion_claims(client_id: str, audience: str, **changes) -> dict:
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": now,
        "exp": now + 240,
        "jti": jose_guard.new_id(),
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def assertion_form(token: str, **more) -> dict:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": assertion.TYPE,
        "client_assertion": token,
        **more,
    }


class KeyServer:
    """Serves one document on a free port; counts how often it is asked."""

    def __init__(self):
        self.status, self.headers, self.body, self.asked, self.delay = 200, {}, b"", 0, 0.0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                time.sleep(outer.delay)
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(outer.body)))
                with contextlib.suppress(OSError):
                    self.end_headers()
                    self.wfile.write(outer.body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def publish(self, *keys, **headers):
        self.body = json.dumps({"keys": list(keys)}).encode()
        self.headers = headers

    def close(self):
        self.server.shutdown()
        self.server.server_close()
