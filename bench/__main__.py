"""`make bench`: the figures of this machine, as a table and as JSON in `bench/results/`."""

import argparse
import asyncio
import json
import os
import platform
import tempfile
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    clocks,
    growth,
    latency,
    memory,
    projections,
    reading,
    routing,
    throughput,
)
from bench.table import Figure, side_by_side, table
from tests.running import Postroom

RESULTS = Path(__file__).parent / "results"


async def empty(messages: int) -> list[Figure]:
    """What a Postroom takes in that begins empty."""
    with _postroom() as postroom:
        await asyncio.sleep(5)
        figures = [memory.idle(postroom)]
        for part in (throughput.measure(postroom, messages), latency.measure(postroom)):
            figures += await _shown(part)
        return figures


async def full(sizes: Sequence[int], *, only_growth: bool) -> list[Figure]:
    """What becomes of the figures while another one fills."""
    with _postroom() as postroom:
        figures = await growth.measure(postroom, sizes)
        if not only_growth:
            for part in (projections.measure(postroom), clocks.measure(postroom)):
                figures += await _shown(part)
        return figures


@contextmanager
def _postroom() -> Iterator[Postroom]:
    with tempfile.TemporaryDirectory(prefix="postroom-bench-") as folder:
        postroom = Postroom(Path(folder) / "data")
        postroom.start()
        try:
            yield postroom
        finally:
            postroom.stop()


async def _shown(part: Coroutine[None, None, list[Figure]]) -> list[Figure]:
    figures = await part
    print(table(figures), flush=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000, help="for the throughput (20000)")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[1_000, 10_000, 100_000],
        help="open tickets at which the figures of growth are measured (1000 10000 100000); each is some 16 events "
        "in the logs, so that they grow from 16 thousand to 1.6 million; 1000000 takes hours",
    )
    parser.add_argument(
        "part", nargs="?", choices=["all", "reading", "growth"], default="all", help="what to measure (all)"
    )
    options = parser.parse_args()
    figures: list[Figure] = []
    if options.part != "growth":
        figures += [*reading.measure(), *routing.decisions()]
    if options.part == "all":
        figures += asyncio.run(empty(options.messages))
    if options.part != "reading":
        only_growth = options.part == "growth"
        figures += asyncio.run(full(options.sizes, only_growth=only_growth))
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
    plain = [figure for figure in figures if " @ " not in figure.what]
    print("\n" + table(plain))
    if len(plain) < len(figures):
        print("\n" + side_by_side([figure for figure in figures if " @ " in figure.what]))
    print(f"\nAs JSON: {path}")


if __name__ == "__main__":
    main()
