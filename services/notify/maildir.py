"""Without a relay, each message becomes a file in a Maildir, which every mail program can open."""

import asyncio
import os
from collections.abc import Collection
from pathlib import Path
from typing import Literal
from uuid import UUID

from services.notify.delivery import Answered, Result
from services.notify.transport import Parcel


class Maildir:
    """A folder with `tmp`, `new` and `cur`; a file has its parcel's name, so written twice it is one."""

    kind: Literal["maildir"] = "maildir"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def target(self) -> str:
        return str(self._folder)

    async def send(self, parcel: Parcel) -> Result:
        try:
            await asyncio.to_thread(self._write, parcel)
        except OSError as error:
            return Answered(f"Could not write to {self._folder}: {error.strerror or error}")
        return _written(parcel)

    async def look_for(self, parcel: Parcel) -> Result:
        """It is in the folder or it is not: here nothing is ever in doubt."""
        if await asyncio.to_thread(self._find, parcel):
            return _written(parcel)
        return Answered("Stopped before the message was written")

    async def rest(self) -> None:
        """A folder keeps nothing open."""

    def hurry(self, seconds: float) -> None:
        """Writing a file is over soon in any case."""

    def erase(self, reply_ids: Collection[UUID]) -> None:
        """Delete what was written of these answers and is still here, wherever a mail program has moved it."""
        sought = {str(reply_id) for reply_id in reply_ids}
        for folder in ("tmp", "new", "cur"):
            for file in (self._folder / folder).glob("*.eml*"):
                # As in `Claim.parcel`: the time, the answer's id and the attempt.
                if file.name.partition(".")[2].rpartition("-")[0] in sought:
                    file.unlink(missing_ok=True)

    def _find(self, parcel: Parcel) -> bool:
        # A mail program moves what it has seen to `cur` and appends flags to the name.
        seen = (self._folder / "cur").glob(f"{_file_name(parcel)}*")
        return (self._folder / "new" / _file_name(parcel)).exists() or any(seen)

    def _write(self, parcel: Parcel) -> None:
        for name in ("tmp", "new", "cur"):
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._folder / "tmp" / _file_name(parcel)
        with unfinished.open("wb") as file:
            file.write(parcel.message)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._folder / "new" / _file_name(parcel))
        _sync_folder(self._folder / "new")


def _file_name(parcel: Parcel) -> str:
    return f"{parcel.name}.eml"


def _written(parcel: Parcel) -> Answered:
    return Answered(f"Written to new/{_file_name(parcel)}", taken=frozenset(parcel.recipients))


def _sync_folder(folder: Path) -> None:
    """Make the new name outlast a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
