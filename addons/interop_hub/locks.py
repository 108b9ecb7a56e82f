"""Advisory locks (PostgreSQL, two-number form) and what each class of them guards."""

#: Held (by session) while a slot of a lane is drained.
DRAIN = 0x1A7E_0001
#: Held (by session) by a dedicated worker for the slots that it serves.
WORKER = 0x1A7E_0002
#: Held (by session) by cron workers for jobs other than realtime lanes; all but one of a node's workers may.
CRON = 0x1A7E_0003
#: Held (by transaction) while audit events are sealed.
SEAL = 0x1A7E_0004
#: Held (by session) by the process that re-encrypts payloads.
REKEY = 0x1A7E_0005


def lock_number(lane_id: int, slot: int) -> int:
    """The second lock number of a lane's slot."""
    return lane_id * 64 + slot
