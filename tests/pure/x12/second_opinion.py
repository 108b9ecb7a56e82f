"""What ``pyx12`` says about a file; only the tests need it."""

import io
import logging

import pytest


def complaints(body: bytes) -> list[str]:
    """Segments of its 999 that complain; empty when it accepts the file."""
    document = pytest.importorskip("pyx12.x12n_document")
    params = pytest.importorskip("pyx12.params")
    logging.disable(logging.CRITICAL)
    try:
        answer = io.StringIO()
        good = document.x12n_document(params.params(), io.StringIO(body.decode()), answer, None)
    finally:
        logging.disable(logging.NOTSET)
    lines = [line.strip() for line in answer.getvalue().split("~")]
    found = [line for line in lines if line[:3] in {"IK3", "IK4"} or (line[:3] in {"IK5", "AK9"} and line[4] != "A")]
    return found if found or good else ["refused"]
