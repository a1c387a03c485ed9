"""A name server of one's own on real sockets, UDP and TCP, that can misbehave."""

import socket
import socketserver
import struct
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Zone = Mapping[str, Sequence[str]]
"""Records by name, each as "TYPE data"; the data of TXT may be a bare text."""


class NameServer:
    """Answers for a zone. A name in `rcodes` gets that code, one in `silent` no answer; `dumb` never answers."""

    def __init__(self, zone: Zone | None = None) -> None:
        self.zone: dict[str, Sequence[str]] = dict(zone or {})
        self.rcodes: dict[str, str] = {}
        self.silent: set[str] = set()
        self.dumb = False
        self.ttl = 300
        self.asked: list[tuple[str, str, str]] = []
        """Name, type and transport of each question, without those about the root."""
        self.probes = 0
        self._tcp, self._udp = _servers(self)
        for server in (self._tcp, self._udp):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.port = int(self._tcp.server_address[1])

    @property
    def setting(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()

    def answer(self, wire: bytes, transport: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if name == ".":
            self.probes += 1
        else:
            self.asked.append((name, kind, transport))
        if self.dumb or name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if code := self.rcodes.get(name):
            response.set_rcode(dns.rcode.from_text(code))
        elif name != ".":
            self._fill(response, question.name, kind)
        try:
            return response.to_wire(max_size=max(query.payload, 512) if transport == "udp" else 65535)
        except dns.exception.TooBig:
            truncated = dns.message.make_response(query)
            truncated.flags |= dns.flags.TC
            return truncated.to_wire()

    def _fill(self, response: dns.message.Message, name: dns.name.Name, kind: str) -> None:
        at = name.to_text(omit_final_dot=True).lower()
        for _ in range(8):
            records = [record.partition(" ") for record in self.zone.get(at, ())]
            aliases = [data for of, _, data in records if of == "CNAME"]
            for of, _, data in records:
                if of in {kind, "CNAME"}:
                    text = _strings(data) if of == "TXT" and not data.startswith('"') else data
                    response.answer.append(dns.rrset.from_text(f"{at}.", self.ttl, "IN", of, text))
            if not aliases:
                break
            at = aliases[0].rstrip(".")
        if not any(dns.rdatatype.to_text(one.rdtype) == kind for one in response.answer):
            exists = any(one == at or one.endswith(f".{at}") for one in self.zone)
            response.set_rcode(dns.rcode.NOERROR if exists else dns.rcode.NXDOMAIN)
            soa = f"ns.{at}. hostmaster.{at}. 1 3600 600 86400 {self.ttl}"
            response.authority.append(dns.rrset.from_text(f"{at}.", self.ttl, "IN", "SOA", soa))


def _strings(text: str) -> str:
    """As DNS holds a text: strings of at most 255 bytes."""
    pieces = [text[start : start + 255] for start in range(0, len(text), 255)]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)


def _servers(names: NameServer) -> tuple[socketserver.BaseServer, socketserver.BaseServer]:
    class Stream(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError, struct.error):
                size = struct.unpack("!H", self.request.recv(2, socket.MSG_WAITALL))[0]
                said = names.answer(self.request.recv(size, socket.MSG_WAITALL), "tcp")
                if said is not None:
                    self.request.sendall(struct.pack("!H", len(said)) + said)

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, out = self.request
            if (said := names.answer(wire, "udp")) is not None:
                out.sendto(said, self.client_address)

    while True:
        tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stream)
        tcp.daemon_threads = True
        try:
            return tcp, socketserver.ThreadingUDPServer(("127.0.0.1", tcp.server_address[1]), Datagram)
        except OSError:
            tcp.server_close()
