"""The standard library's client as it comes: one thread and one connection each, the same bytes to every reader.

python bench/peer_smtplib.py PORT CONNECTIONS LETTERS FILE [CERTIFICATE]
"""

from __future__ import annotations

import smtplib
import ssl
import sys
import threading
from pathlib import Path


def work(port: int, letters: int, body: bytes, certificate: str) -> None:
    server = smtplib.SMTP("localhost", port)
    if certificate:
        server.starttls(context=ssl.create_default_context(cafile=certificate))
    for number in range(letters):
        server.sendmail("ledger@news.example", [f"reader{number}@example.net"], body)
    server.quit()


def main(port: int, connections: int, letters: int, file: Path, certificate: str = "") -> None:
    body = file.read_bytes()
    threads = [
        threading.Thread(target=work, args=(port, letters // connections, body, certificate))
        for _ in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    port, connections, letters, file, *certificate = sys.argv[1:]
    main(int(port), int(connections), int(letters), Path(file), *certificate)
