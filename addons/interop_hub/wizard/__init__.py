from . import interop_reason
