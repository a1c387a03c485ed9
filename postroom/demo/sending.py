"""Sends a day of mail by SMTP, at the pace at which one can watch it arrive."""

import asyncio
from collections.abc import Callable, Sequence

import aiosmtplib

from postroom.demo.day import Parcel

TRIES = 6


class NobodyListens(Exception):
    """No SMTP server answers there."""


async def send(
    parcels: Sequence[Parcel], host: str, port: int, rate: float, sent: Callable[[], None]
) -> None:
    """Send one after the other, so that an answer never overtakes its question; `rate` messages a second, 0: at once.

    Raises:
        NobodyListens.
        aiosmtplib.SMTPException: a message was refused for good, or too often.
    """
    client = aiosmtplib.SMTP(hostname=host, port=port, timeout=30)
    try:
        await client.connect()
    except (aiosmtplib.SMTPConnectError, OSError) as error:
        raise NobodyListens(
            f"Nobody takes mail at {host}:{port}. Start Postroom first, with: make run"
        ) from error
    try:
        began = asyncio.get_running_loop().time()
        for number, parcel in enumerate(parcels):
            if rate:
                await asyncio.sleep(began + number / rate - asyncio.get_running_loop().time())
            await _send(client, parcel)
            sent()
    finally:
        if client.is_connected:
            await client.quit()


async def _send(client: aiosmtplib.SMTP, parcel: Parcel) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            if not client.is_connected:
                await client.connect()
            await client.sendmail(parcel.sender, [parcel.recipient], parcel.message)
        except (
            aiosmtplib.SMTPServerDisconnected,
            aiosmtplib.SMTPConnectError,
            aiosmtplib.SMTPResponseException,
        ) as error:
            temporary = not isinstance(error, aiosmtplib.SMTPResponseException) or 400 <= error.code < 500
            if not temporary or attempt == TRIES:
                raise
            await asyncio.sleep(attempt)
        else:
            return
