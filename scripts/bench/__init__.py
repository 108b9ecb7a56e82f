"""The bench: what section 7 of the foundation promises, measured beside references in the same run."""
