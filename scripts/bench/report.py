"""Figures, the table and the JSON file."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from dataclasses import dataclass, field

from . import settings


@dataclass
class Figure:
    """One measured figure beside its reference.

    :ivar values: one value per round
    :ivar reference: one value of the reference per round
    :ivar target: what is promised: a ratio to the reference, or an absolute value
    :ivar absolute: the target is for the value itself
    :ivar lower: the value must stay below the target
    :ivar problem: why the figure does not count, if it does not
    """

    name: str
    title: str
    unit: str
    values: list[float]
    reference_title: str = ""
    reference: list[float] = field(default_factory=list)
    target: float | None = None
    absolute: bool = False
    lower: bool = False
    note: str = ""
    problem: str = ""

    @property
    def value(self) -> float:
        return statistics.median(self.values)

    @property
    def base(self) -> float | None:
        return statistics.median(self.reference) if self.reference else None

    @property
    def ratio(self) -> float | None:
        return self.value / self.base if self.base else None

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; ``None`` for a figure without one."""
        if self.target is None:
            return None
        measured = self.value if self.absolute else self.ratio
        if self.problem or measured is None:
            return False
        return measured < self.target if self.lower else measured >= self.target

    def as_dict(self) -> dict:
        """What goes into the JSON file."""
        return {
            "name": self.name,
            "title": self.title,
            "unit": self.unit,
            "value": self.value,
            "rounds": self.values,
            "reference": {"title": self.reference_title, "value": self.base, "rounds": self.reference},
            "ratio": self.ratio,
            "target": self.target,
            "target_is": "absolute" if self.absolute else "ratio",
            "reached": self.reached,
            "note": self.note,
            "problem": self.problem,
        }


def say(text: str) -> None:
    """A line of progress."""
    print(f"    {text}", file=sys.stderr, flush=True)


def number(value: float | None) -> str:
    """A number with as many digits as mean something."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def spread(values: list[float]) -> str:
    """Lowest and highest round."""
    return f"{number(min(values))}…{number(max(values))}" if len(values) > 1 else ""


def _row(figure: Figure) -> list[str]:
    sign = "<" if figure.lower else "≥"
    target = "" if figure.target is None else f"{sign} {number(figure.target)}"
    if target:
        target += f" {figure.unit}" if figure.absolute else " ×"
    verdict = {None: "", True: "yes", False: "NO"}[figure.reached]
    return [
        figure.title,
        f"{number(figure.value)} {figure.unit}",
        spread(figure.values),
        f"{figure.reference_title} {number(figure.base)}".strip(),
        spread(figure.reference),
        f"{number(figure.ratio)} ×" if figure.ratio else "",
        target,
        verdict,
    ]


HEAD = ["figure", "median", "spread", "reference", "spread", "ratio", "target", "reached"]


def table(figures: list[Figure]) -> str:
    """All figures as one table of text."""
    rows = [HEAD, *map(_row, figures)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"{figure.title}: {text}" for figure in figures for text in (figure.problem, figure.note) if text]
    return "\n".join([*lines, "", *notes])


def write(figures: list[Figure], seconds: float, load: tuple[float, ...]) -> None:
    """Write the JSON file."""
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(seconds),
        "quick": settings.SIZES is settings.QUICK,
        "machine": {
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "system": platform.platform(),
            "load_before": load,
        },
        "figures": [figure.as_dict() for figure in figures],
    }
    settings.RESULT.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
