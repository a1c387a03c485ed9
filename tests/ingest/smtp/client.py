"""A client that speaks by hand, so that it can do what no client should."""

import asyncio
import ssl


class Client:
    """One connection; times out soon, so that a server that says nothing fails the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, header: bytes = b"") -> "Client":
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        client.writer.write(header)
        return client

    @classmethod
    async def greeted(cls, port: int, header: bytes = b"") -> "Client":
        """Connected, and through EHLO."""
        client = await cls.connect(port, header)
        assert (await client.read()).startswith("220 ")
        assert (await client.say(b"EHLO client.example\r\n")).startswith("250")
        return client

    async def read(self) -> str:
        """The next reply, all its lines; empty if the server has hung up."""
        lines = []
        async with asyncio.timeout(30):
            while line := (await self.reader.readline()).decode():
                lines.append(line)
                if line[3] == " ":
                    break
        return "".join(lines)

    async def say(self, words: bytes) -> str:
        self.writer.write(words)
        return await self.read()

    async def begin(self, recipient: str = "support@example.com") -> None:
        """Everything up to the content."""
        assert (await self.say(b"MAIL FROM:<kim@customers.example>\r\n")).startswith("250")
        assert (await self.say(f"RCPT TO:<{recipient}>\r\n".encode())).startswith("250")
        assert (await self.say(b"DATA\r\n")).startswith("354")

    async def send(
        self, content: bytes = b"Subject: Hi\r\n\r\nHello\r\n", recipient: str = "support@example.com"
    ) -> str:
        await self.begin(recipient)
        return await self.say(content + b".\r\n")

    async def start_tls(self, context: ssl.SSLContext) -> None:
        await self.writer.start_tls(context, server_hostname="mx.example.com")

    async def ended(self) -> bool:
        """Whether the server has hung up, and says nothing more."""
        async with asyncio.timeout(30):
            return await self.reader.read() == b""

    def cut(self) -> None:
        """As when the cable is pulled: no goodbye, and what was not read is lost."""
        self.writer.transport.abort()
