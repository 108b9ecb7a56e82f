"""``python -m hospital_day [--seed 1] [--date 2025-11-20] [--out DIR]``: write the day and its expected end to files."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from datetime import date
from pathlib import Path

from .expect import counts, expected
from .generate import generate, yesterday


def main() -> None:
    parser = argparse.ArgumentParser(description="Generate a hospital day of HL7 v2 messages.")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--date", type=date.fromisoformat, default=yesterday())
    parser.add_argument("--out", type=Path, help="folder for one file per interface and expected.json")
    options = parser.parse_args()
    messages = generate(options.seed, options.date)
    state = expected(messages)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        for interface in sorted({m.interface for m in messages}):
            bodies = [m.raw for m in messages if m.interface == interface]
            (options.out / f"{interface}.hl7").write_bytes(b"\n".join(bodies))
        (options.out / "expected.json").write_text(json.dumps(state, indent=1, sort_keys=True))
    print(f"{len(messages)} messages")
    for note, count in Counter(m.note for m in messages).most_common():
        print(f"  {count:5d} {note}")
    print(json.dumps(counts(state), indent=1))


if __name__ == "__main__":
    main()
