"""`make bench`: the figures of this machine, as a table and as JSON in `bench/results/`."""

import argparse
import asyncio
import json
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench import bulk, latency, memory, pages, projections, reading, routing, throughput
from bench.table import Figure, table
from tests.running import Postroom

RESULTS = Path(__file__).parent / "results"


async def run(messages: int, tickets: int) -> list[Figure]:
    """Everything, on one Postroom, from empty to full."""
    with tempfile.TemporaryDirectory(prefix="postroom-bench-") as folder:
        postroom = Postroom(Path(folder) / "data")
        postroom.start()
        try:
            await asyncio.sleep(5)
            figures = [memory.idle(postroom)]
            print(table(figures), flush=True)
            for part in (
                throughput.measure(postroom, messages),
                latency.measure(postroom),
                pages.measure(postroom, tickets),
                projections.measure(postroom),
                routing.measure(postroom),
                bulk.measure(postroom),
            ):
                new = await part
                print(table(new), flush=True)
                figures += new
            return figures
        finally:
            postroom.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000, help="for the throughput (20000)")
    parser.add_argument("--tickets", type=int, default=100_000, help="for the pages (100000)")
    parser.add_argument(
        "part", nargs="?", choices=["all", "reading"], default="all", help="what to measure (all)"
    )
    options = parser.parse_args()
    figures = reading.measure()
    if options.part == "all":
        figures += asyncio.run(run(options.messages, options.tickets))
    now = datetime.now(UTC)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    document = {
        "at": now.isoformat(),
        "machine": machine,
        "figures": [figure._asdict() for figure in figures],
    }
    path.write_text(json.dumps(document, indent=2))
    print("\n" + table(figures))
    print(f"\nAs JSON: {path}")


if __name__ == "__main__":
    main()
