"""Keeps what a search asks for out of the access log: ``GET Patient?family=…`` names a patient."""

import logging
import re

_QUERY = re.compile(r"(/fhir/[^\s?\"]*)\?[^\s\"]*")


class WithoutQuery(logging.Filter):
    """Cuts the query off FHIR URLs in the request lines that werkzeug logs."""

    def filter(self, record):
        if isinstance(record.args, tuple):
            record.args = tuple(_cut(argument) for argument in record.args)
        record.msg = _cut(record.msg)
        return True


def _cut(text):
    return _QUERY.sub(r"\1?…", text) if isinstance(text, str) and "/fhir/" in text else text


def install() -> None:
    """Filter werkzeug's logger, once per process."""
    logger = logging.getLogger("werkzeug")
    if not any(isinstance(known, WithoutQuery) for known in logger.filters):
        logger.addFilter(WithoutQuery())


install()
