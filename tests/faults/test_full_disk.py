"""A disk that is full: clients keep their mail, and nothing is acknowledged that is not stored."""

import os
import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.queries import Ledger
from postroom.verify import verify
from tests import containers
from tests.running import Postroom, letter, until

pytestmark = [
    pytest.mark.system,
    pytest.mark.faults,
    pytest.mark.anyio,
    pytest.mark.skipif(containers.WANTED, reason="it is about the disk of the embedded PostgreSQL"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk"),
]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The folder of the embedded PostgreSQL, on a disk of 320 MB."""
    folder = tmp_path / "data" / "postgres"
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=320m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_gives_4xx_and_when_there_is_room_again_everything_goes_on(
    small_disk: Path,
) -> None:
    postroom = Postroom(small_disk.parent)
    postroom.start()
    accepted = 0
    try:
        postroom.send(letter(0))
        filler = small_disk / "filler"
        with filler.open("wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
                    file.flush()
            except OSError:
                pass
        accepted, refused = 1, 0
        for number in range(1, 200):
            big = letter(number)
            big.set_content(os.urandom(300_000).hex())
            try:
                postroom.send(big)
                accepted += 1
            except smtplib.SMTPResponseException as answer:
                assert 400 <= answer.smtp_code < 500  # noqa: PT017 - some are accepted, none is refused for good
                refused += 1
            except OSError:
                refused += 1
            if refused > 5:
                break
        assert refused > 5
        filler.unlink()

        async def taken() -> bool:
            postroom.send(letter(500))
            return True

        await until(taken)
        accepted += 1

        async def settled() -> Ledger | None:
            ledger = await postroom.ledger()
            return ledger if ledger.accepted >= accepted and not ledger.in_flight else None

        ledger = await until(settled)
        assert isinstance(ledger, Ledger)
        assert ledger.accepted == accepted
        assert await verify(postroom.database_url) == []
    finally:
        postroom.close()
