"""Fuzzes the reader with atheris: `make fuzz`, for FUZZ_SECONDS (60).

The seeds are made here: hostile messages and a day of the demo's mail. What is found is written as `crash-…` into the
folder that is the only argument, and is a test to be written.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["services.ingest.reading"]):
    from services.ingest.reading import read

from bench.hostile import HOSTILE
from postroom.demo.day import day
from tests.ingest.reading.test_properties import assert_storable

LONGEST = 4_096


def read_one(raw: bytes) -> None:
    assert_storable(read(raw))


def write_seeds(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    seeds = [make(600) for make in HOSTILE.values()]
    seeds += [parcel.message for parcel in day(datetime(2026, 3, 2, tzinfo=UTC), 1)]
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:03}").write_bytes(seed[:LONGEST])


def main() -> None:
    folder = Path(sys.argv[1])
    seeds = folder / "seeds"
    write_seeds(seeds)
    seconds = int(os.environ.get("FUZZ_SECONDS", "60"))
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        "-timeout=10",
        f"-artifact_prefix={folder}/",
    ]
    atheris.Setup([sys.argv[0], *options, str(seeds)], read_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
