from . import (
    interop_interface,
    interop_message,
    interop_rest_chunk,
    interop_rest_handler,
    interop_rest_job,
    interop_rest_line,
    interop_route,
)
