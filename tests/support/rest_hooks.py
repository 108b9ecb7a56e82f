"""What the fuzzer of the OpenAPI document must know: how lines of JSON are sent as they are."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_context, value):
    """Text goes as it is, anything else as one line of JSON."""
    import json

    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()
