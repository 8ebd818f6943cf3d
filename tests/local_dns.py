"""A DNS server on loopback that answers from recorded zones, and counts what it was asked."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Collection
from types import TracebackType

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.zone


class LocalDns:
    """``with LocalDns(ZONE) as dns: Lookup(dns.address)``. *zone*: lines ``NAME TYPE DATA``, names without last dots.

    *silent*: names about which it says nothing, as a firewall would; *broken*: names whose servers fail.
    """

    def __init__(self, zone: str, *, silent: Collection[str] = (), broken: Collection[str] = ()) -> None:
        lines = [re.split(r"\s+", line.strip(), maxsplit=2) for line in zone.splitlines() if line.strip()]
        text = "@ 60 SOA ns hostmaster 1 60 60 60 60\n@ 60 NS ns\n"
        text += "".join(f"{name}. 60 {kind} {data}\n" for name, kind, data in lines)
        self._zone = dns.zone.from_text(text, origin=".", relativize=False, check_origin=False)
        self._silent, self._broken = set(silent), set(broken)
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> LocalDns:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        host, _, port = self.address.partition(":")
        self._socket.sendto(b"", (host, int(port)))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            name = query.question[0].name
            asked = name.to_text(omit_final_dot=True).lower()
            self.asked.append(f"{asked} {dns.rdatatype.to_text(query.question[0].rdtype)}")
            if asked not in self._silent:
                self._socket.sendto(self._answer(query, name, asked).to_wire(max_size=65535), peer)

    def _answer(self, query: dns.message.Message, name: dns.name.Name, asked: str) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if asked in self._broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer
        node = self._zone.get_node(name)
        if node is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        found = self._zone.get_rrset(name, query.question[0].rdtype)
        if found is not None:
            answer.answer.append(found)
        return answer
