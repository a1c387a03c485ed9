"""The shell of notify: takes what was released, sends it, and says what became of it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import cast
from uuid import UUID, uuid4

from nats.aio.client import Client

from chassis.database import Connection
from chassis.requests import NoSuchBlob, blob
from chassis.service import Service, run
from contracts.correspondence import Released
from contracts.event import Event, Recorded
from contracts.notify import ReplyFailed
from contracts.queries import GetTransport
from contracts.queries import Transport as TransportAnswer
from contracts.router import CopyReleased
from contracts.streams import NOTIFY_NOTICES, NOTIFY_RELEASED, NOTIFY_TICKET_NOTICES
from mail.headers import Uncomposable
from services.notify import deliveries, erasing, notices
from services.notify.delivery import failed
from services.notify.maildir import Maildir
from services.notify.release import Release, release, unreleasable
from services.notify.sender import Senders
from services.notify.settings import NotifySettings
from services.notify.smtp import SmtpTransport
from services.notify.transport import Transport


def main() -> None:
    run("notify", NotifySettings, set_up)


async def set_up(service: Service[NotifySettings]) -> None:
    settings = service.settings
    transport = way_out(settings)
    senders = Senders(
        service.pool,
        settings.database_url,
        transport,
        service.clock,
        owner=uuid4(),
        number=settings.senders,
        lease=timedelta(seconds=settings.lease_seconds),
    )

    async def take_released(batch: Sequence[Recorded[Event]], db: Connection) -> None:
        await queue_released(batch, db, service.clock())

    async def take_notices(batch: Sequence[Recorded[Event]], db: Connection) -> None:
        await queue_notices(batch, db, service.nats, service.clock())

    async def get_transport(_: GetTransport) -> TransportAnswer:
        return TransportAnswer(kind=transport.kind, target=transport.target)

    service.consume(NOTIFY_RELEASED, take_released)
    service.consume(NOTIFY_NOTICES, take_notices)
    service.consume(NOTIFY_TICKET_NOTICES, take_notices)
    service.answer(GetTransport, get_transport)
    service.erase(partial(erasing.erase, service), ("event", "delivery"))
    service.background("senders", senders.run)


def way_out(settings: NotifySettings) -> Transport:
    """The relay, or the Maildir where there is none."""
    if settings.relay is None:
        return Maildir(settings.data / "outgoing")
    return SmtpTransport(settings.relay, settings.relay_timeout_seconds, settings.relay_answer_seconds)


async def queue_released(batch: Sequence[Recorded[Event]], db: Connection, now: datetime) -> None:
    """Queue each released reply once, however often it comes; the senders see it after the commit."""
    events = [cast("Recorded[Released]", one) for one in batch if isinstance(one.event, Released)]
    # Only a reply that is released again can have bytes already; they are kept.
    again = {one.event.reply_id for one in events if one.event.attempt > 1}
    earlier = await deliveries.last_releases(db, again) if again else {}
    releases: list[Release] = []
    failures: list[tuple[Release, UUID, ReplyFailed]] = []
    for event in events:
        try:
            releases.append(release(event, earlier.get(event.event.reply_id), now))
        except Uncomposable as error:
            refused = unreleasable(event, now)
            releases.append(refused)
            failures.append((refused, event.event_id, failed(refused.delivery, str(error))))
    queued = await deliveries.queue(db, releases)
    await deliveries.tell(db, [one for one in failures if one[1] in queued], now)


async def queue_notices(
    batch: Sequence[Recorded[Event]], db: Connection, nats: Client, now: datetime
) -> None:
    """Queue each copy and alert once, as long as its address has not had too many.

    Raises:
        ServiceUnavailable: ingest does not give the bytes of a message now.
    """
    events = [cast("Recorded[notices.Notice]", one) for one in batch if isinstance(one.event, notices.Notice)]
    since = now - notices.CAP_SPAN
    lately = Counter(await deliveries.notices_lately(db, {one.event.to for one in events}, since))
    releases: list[Release] = []
    failures: list[tuple[Release, UUID, ReplyFailed]] = []
    for event in events:
        lately[event.event.to] += 1
        try:
            notices.refuse_flood(lately[event.event.to])
            original = await _original(event.event, nats)
            composed = notices.compose(event.event, original, now)
            releases.append(notices.release(event, composed, now))
        except (Uncomposable, NoSuchBlob) as error:
            refused = notices.release(event, None, now)
            releases.append(refused)
            why = str(error) if isinstance(error, Uncomposable) else "the message is not stored any more"
            failures.append((refused, event.event_id, failed(refused.delivery, why)))
    queued = await deliveries.queue(db, releases) if releases else set()
    await deliveries.tell(db, [one for one in failures if one[1] in queued], now)


async def _original(notice: notices.Notice, nats: Client) -> bytes:
    if not isinstance(notice, CopyReleased):
        return b""
    content = bytearray()
    async for piece in blob(nats, notice.sha256):
        content += piece
        if len(content) > notices.MOST_BYTES:
            raise Uncomposable(f"the message has more than {notices.MOST_BYTES:,} bytes")
    return bytes(content)
