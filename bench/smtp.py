"""A client that costs as little as possible, since it shares the cores with what it measures."""

import asyncio

BODY = "\r\n".join(
    ["This line stands for what a customer writes on an ordinary day, and it is as long as most are."] * 38
)


def message(number: int, run: str, goes_on: int | None = None) -> bytes:
    """About 4 kB; the same customer may go on with an earlier one."""
    customer = number if goes_on is None else goes_on
    subject = f"Bench {run} {customer}"
    threading = ""
    if goes_on is not None:
        subject = f"Re: {subject}"
        threading = f"In-Reply-To: <{run}.{goes_on}@customers.example>\r\n"
    return (
        f"From: Customer {customer} <c{run}.{customer}@customers.example>\r\nTo: support@example.com\r\n"
        f"Subject: {subject}\r\nMessage-ID: <{run}.{number}@customers.example>\r\n{threading}"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{BODY}\r\n"
    ).encode()


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        await client._reader.readline()
        await client._say(b"EHLO bench\r\n")
        return client

    async def send(self, sender: str, content: bytes) -> None:
        """One message, accepted; raises if it is not. Its commands go together, as from most servers (RFC 2920)."""
        commands = f"MAIL FROM:<{sender}>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n"
        await self._say(commands.encode(), answers=3)
        await self._say(content + b".\r\n")

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def _say(self, words: bytes, answers: int = 1) -> None:
        self._writer.write(words)
        for _ in range(answers):
            answer = await self._reader.readline()
            while answer[3:4] == b"-":
                answer = await self._reader.readline()
            if answer[:1] not in b"23":
                raise RuntimeError(f"{words[:60]!r} was answered with {answer!r}")


async def send_all(port: int, run: str, numbers: range, connections: int, *, every_goes_on: int = 0) -> None:
    """Send as fast as it goes, over several connections; each so many-th letter goes on with an earlier one."""
    queue = iter(numbers)

    async def work() -> None:
        client = await Client.connect(port)
        for number in queue:
            goes_on = every_goes_on and number % every_goes_on == every_goes_on - 1
            content = message(number, run, number - every_goes_on + 1 if goes_on else None)
            await client.send(f"c{run}.{number}@customers.example", content)
        await client.close()

    await asyncio.gather(*(work() for _ in range(connections)))
