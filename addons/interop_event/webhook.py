"""Signing as Standard Webhooks 1.0.0 asks (pure Python).

Source: the Standard Webhooks specification, version 1.0.0, sections "Webhook
headers" and "Signature scheme".
"""

from __future__ import annotations

import base64
import hmac
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SYMMETRIC, ASYMMETRIC = "hmac", "ed25519"
SECRET_PREFIX, PRIVATE_PREFIX, PUBLIC_PREFIX = "whsec_", "whsk_", "whpk_"
SECRET_BYTES = 32


class BadSecret(ValueError):
    """A secret that is not what the specification describes."""


def new_secret(kind: str = SYMMETRIC) -> str:
    """A new secret: ``whsec_…`` to share, or ``whsk_…`` whose public half is shared.

    :param kind: ``hmac`` or ``ed25519``
    """
    prefix = SECRET_PREFIX if kind == SYMMETRIC else PRIVATE_PREFIX
    return prefix + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _raw(secret: str, prefix: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(prefix), validate=True)
    except ValueError:
        raise BadSecret("the secret is not base64") from None


class Signer:
    """Signs with one secret.

    :param secret: ``whsec_…`` (24 to 64 bytes) or ``whsk_…`` (32 bytes, or 64 with the public half)
    :raises BadSecret: when it is neither
    """

    def __init__(self, secret: str):
        if secret.startswith(PRIVATE_PREFIX):
            raw = _raw(secret, PRIVATE_PREFIX)
            if len(raw) not in (32, 64):
                raise BadSecret("an ed25519 key has 32 bytes")
            self._private = Ed25519PrivateKey.from_private_bytes(raw[:32])
            self._key = b""
        else:
            self._private = None
            self._key = _raw(secret, SECRET_PREFIX)
            if not 24 <= len(self._key) <= 64:
                raise BadSecret("a shared secret has 24 to 64 bytes")

    @property
    def public_key(self) -> str:
        """``whpk_…`` for receivers, empty for a shared secret."""
        if not self._private:
            return ""
        raw = self._private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return PUBLIC_PREFIX + base64.b64encode(raw).decode()

    def sign(self, message_id: str, timestamp: int, body: bytes) -> str:
        """The signature of one message: ``v1,…`` or ``v1a,…``."""
        signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
        if self._private:
            return "v1a," + base64.b64encode(self._private.sign(signed)).decode()
        return "v1," + base64.b64encode(hmac.digest(self._key, signed, "sha256")).decode()


def headers(signers, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message; during a rotation it is signed with every secret in force."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signer.sign(message_id, timestamp, body) for signer in signers),
    }
