"""Processing end to end on one lane: ADT and DFT, beside one no-op job per message."""

from __future__ import annotations

from .. import server, settings
from ..report import Figure, say
from . import queue
from .common import ADT, DFT, drain_rate, served, settle

NAMES = ("adt", "dft")


def measure(wanted: set[str]) -> list[Figure]:
    """Accepted backlogs, drained by the scheduled actions as shipped, and again by the dedicated worker."""
    sizes = settings.SIZES
    reference = list(queue.rates())
    adt, dft, adt_worker, dft_worker = [], [], [], []
    with served("bench_lane", settings.PORT) as suite:
        drain_rate(suite, ADT, "admit", "V", sizes.dft_visits)
        settle(suite.database)

        def one_round(number: int, how: str, adt_rates: list[float], dft_rates: list[float]) -> None:
            if "adt" in wanted:
                adt_rates.append(drain_rate(suite, ADT, "adt", f"A{how}{number}x", sizes.adt))
                say(f"ADT by {how}, round {number + 1}: {adt_rates[-1]:,.0f} messages/s")
            if "dft" in wanted:
                dft_rates.append(
                    drain_rate(
                        suite, DFT, "dft", f"D{how}{number}x", sizes.dft, visits=sizes.dft_visits, of="V"
                    )
                )  # fmt: skip
                say(f"DFT by {how}, round {number + 1}: {dft_rates[-1]:,.0f} messages/s")

        for number in range(sizes.rounds):
            one_round(number, "cron", adt, dft)
        with server.command("worker", ["interop-worker", "-c", str(suite.conf)], ready="serving database"):
            for number in range(sizes.rounds):
                one_round(number, "worker", adt_worker, dft_worker)
    figures = []
    jobs = "no-op jobs"
    if "adt" in wanted:
        figures += [
            Figure(
                "adt", "ADT end to end, one lane, scheduled actions", "messages/s", adt, jobs, reference, 20.0,
                note=f"{sizes.adt} messages per round, admission to discharge of {sizes.adt // 5} patients",
            ),
            Figure("adt-worker", "  the same by odoo interop-worker", "messages/s", adt_worker, jobs, reference),
        ]  # fmt: skip
    if "dft" in wanted:
        figures += [
            Figure(
                "dft", "DFT with 2 FT1, one lane, scheduled actions", "messages/s", dft, jobs, reference, 8.0,
                note=f"{sizes.dft} messages per round for {sizes.dft_visits} visits",
            ),
            Figure("dft-worker", "  the same by odoo interop-worker", "messages/s", dft_worker, jobs, reference),
        ]  # fmt: skip
    return figures
