"""Encryption keys, kept outside the database.

The ring is a JSON file (environment ``INTEROP_KEYRING``, or ``interop_keyring``
in the ``[interop]`` section of odoo.conf, or ``<data_dir>/interop_keyring.json``) created with mode
0600 on first use, or the environment variable ``INTEROP_KEYRING_JSON`` with
the same content for sites that inject secrets. It looks like this::

    {"current": "k1", "keys": {"k1": "<base64, 32 bytes>"}, "index": "<base64, 32 bytes>"}

Bodies are sealed with AES-256-GCM under the current key; older keys stay for
reading until everything is re-encrypted. The index key makes the keyed hashes
of lookup columns; it never changes, as hashes cannot be re-keyed.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import json
import os
import secrets
import tempfile
import threading
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
_lock = threading.Lock()
_cached: tuple[object, Ring] | None = None


class KeyringError(Exception):
    """The keyring is missing, unreadable, damaged, or lacks a key that is needed."""


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _decode(name: str, value: object) -> bytes:
    try:
        raw = base64.b64decode(value, validate=True)
    except (TypeError, ValueError):
        raise KeyringError(f"key {name!r} of the keyring is not base64") from None
    if len(raw) != 32:
        raise KeyringError(f"key {name!r} of the keyring has {len(raw)} bytes, 32 are needed")
    return raw


class Ring:
    """One loaded keyring.

    :param content: the parsed JSON, see the module's description
    :raises KeyringError: when a key is missing or malformed
    """

    def __init__(self, content: dict):
        try:
            self.current = content["current"]
            self._keys = {name: _decode(name, value) for name, value in content["keys"].items()}
            self._index = _decode("index", content["index"])
        except (KeyError, AttributeError, TypeError) as error:
            raise KeyringError(f"the keyring lacks the entry {error}") from None
        if self.current not in self._keys:
            raise KeyringError(f"the keyring's current key {self.current!r} is not among its keys")
        self._ciphers = {name: AESGCM(key) for name, key in self._keys.items()}
        self._purposes: dict[str, bytes] = {}

    @property
    def key_ids(self) -> list[str]:
        """Names of all keys, oldest first."""
        return list(self._keys)

    def encrypt(self, plain: bytes, aad: bytes) -> tuple[str, bytes]:
        """Seal ``plain`` under the current key, bound to ``aad``; return (key id, nonce + ciphertext)."""
        nonce = os.urandom(NONCE_BYTES)
        return self.current, nonce + self._ciphers[self.current].encrypt(nonce, plain, aad)

    def decrypt(self, key_id: str, blob: bytes, aad: bytes) -> bytes:
        """Open what :meth:`encrypt` sealed.

        :raises KeyringError: when the key is not in the ring, or the data was altered
        """
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise KeyringError(f"key {key_id!r} is not in the keyring")
        try:
            return cipher.decrypt(bytes(blob[:NONCE_BYTES]), bytes(blob[NONCE_BYTES:]), aad)
        except InvalidTag:
            raise KeyringError(f"data sealed with key {key_id!r} was altered, or belongs to another record") from None

    def mac(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 of ``data`` under a key derived from the index key for one purpose."""
        key = self._purposes.get(purpose)
        if key is None:
            key = self._purposes[purpose] = hmac.digest(self._index, purpose.encode(), hashlib.sha256)
        return hmac.digest(key, data, hashlib.sha256)

    def digest(self, text: str) -> str:
        """Keyed hash of ``text`` for lookup columns: 32 characters, stable over rotations."""
        return self.mac("lookup", text.encode("utf-8", "surrogatepass")).hex()[:32]


def path() -> Path:
    """Where the keyring file is expected."""
    if value := os.environ.get("INTEROP_KEYRING"):
        return Path(value)
    from odoo.tools import config

    if config["config"] and (value := _configured(config["config"])):
        return Path(value)
    return Path(config["data_dir"]) / "interop_keyring.json"


@functools.cache
def _configured(rcfile: str) -> str:
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    parser.read(rcfile)
    return parser.get("interop", "interop_keyring", fallback="")


def _write(target: Path, content: dict) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".keyring-")
    try:
        with os.fdopen(handle, "w") as stream:  # mkstemp makes it 0600
            json.dump(content, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _create(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {"current": "k1", "keys": {"k1": _key()}, "index": _key()}
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".keyring-")
    try:
        with os.fdopen(handle, "w") as stream:
            json.dump(content, stream, indent=1)
        # A hard link fails when another process was first: its ring wins.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, target)
    finally:
        os.unlink(temporary)


def _read(target: Path) -> dict:
    try:
        return json.loads(target.read_text())
    except (OSError, ValueError) as error:
        raise KeyringError(f"the keyring {target} cannot be read: {type(error).__name__}") from None


def ring() -> Ring:
    """The keyring in force; read again when its file changes.

    :raises KeyringError: when it cannot be read or is damaged
    """
    global _cached
    injected = os.environ.get("INTEROP_KEYRING_JSON")
    if injected:
        token: object = injected
    else:
        target = path()
        try:
            stat = target.stat()
        except FileNotFoundError:
            _create(target)
            stat = target.stat()
        token = (str(target), stat.st_mtime_ns, stat.st_ino)
    cached = _cached
    if cached and cached[0] == token:
        return cached[1]
    with _lock:
        try:
            content = json.loads(injected) if injected else _read(target)
        except ValueError:
            raise KeyringError("INTEROP_KEYRING_JSON is not JSON") from None
        loaded = Ring(content)
        _cached = (token, loaded)
        return loaded


def add_key() -> str:
    """Make a new current key in the keyring file; return its name.

    :raises KeyringError: when the ring is injected by the environment and so not ours to change
    """
    if os.environ.get("INTEROP_KEYRING_JSON"):
        raise KeyringError("the keyring comes from INTEROP_KEYRING_JSON: add the key where that is set")
    ring()
    target = path()
    content = _read(target)
    number = 1 + max((int(name[1:]) for name in content["keys"] if name[1:].isdigit()), default=0)
    name = f"k{number}"
    content["keys"][name] = _key()
    content["current"] = name
    _write(target, content)
    return name


def drop_key(name: str) -> None:
    """Remove an old key from the keyring file.

    :raises KeyringError: when it is the current key, or unknown
    """
    target = path()
    content = _read(target)
    if name == content["current"]:
        raise KeyringError(f"key {name!r} is the current one and stays")
    if content["keys"].pop(name, None) is None:
        raise KeyringError(f"key {name!r} is not in the keyring")
    _write(target, content)
