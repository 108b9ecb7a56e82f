from . import (
    interop_interface,
    interop_lane,
    interop_message,
    interop_payload,
    interop_service_account,
    interop_service_credential,
    interop_service_secret,
    interop_signing_key,
    interop_throttle,
    ir_http,
)
