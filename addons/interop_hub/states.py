"""The life of a message: the one place that says which moves are allowed."""

SELECTION = [
    ("received", "Received"),
    ("retry", "Waiting for retry"),
    ("held", "Held back"),
    ("quarantined", "Quarantined"),
    ("ambiguous", "Ambiguous"),
    ("dead", "Dead"),
    ("done", "Done"),
    ("rejected", "Rejected"),
    ("discarded", "Discarded"),
]

#: The message still has to reach its end.
OPEN = ("received", "retry", "held", "quarantined", "ambiguous", "dead")
#: The message waits for something, and its followers wait behind it.
BLOCKING = ("retry", "quarantined", "ambiguous", "dead")
#: Nothing happens any more.
FINAL = ("done", "rejected", "discarded")

_OUTCOMES = {"done", "retry", "held", "quarantined", "ambiguous", "dead", "discarded"}

MOVES = {
    "received": _OUTCOMES | {"rejected"},
    "retry": _OUTCOMES | {"received"},
    "held": {"received", "discarded"},
    "quarantined": {"received", "discarded", "done"},
    "ambiguous": {"received", "discarded", "done"},
    "dead": {"received", "discarded"},
    "done": {"received"},
    "rejected": set(),
    "discarded": {"received"},
}


def sources(target: str) -> tuple[str, ...]:
    """The states from which a message may move to ``target``."""
    return tuple(state for state, targets in MOVES.items() if target in targets)
