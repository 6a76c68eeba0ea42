"""Host, port and certificate of a server: what is wrong with them, and how they read in a URL."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from mephisto_engine.errors import Problem

_HIGHEST_PORT = 65535
_EVERY_INTERFACE = frozenset({"0.0.0.0", "::", ""})


def option(name: str) -> str:
    """The dotted key of an architect's option."""
    return f"mephisto.architect.{name}"


def port_number(port: int | str) -> int | None:
    """The port, or None if the text is no port."""
    try:
        number = int(port)
    except ValueError:
        return None
    return number if 0 <= number <= _HIGHEST_PORT else None


def bind_host(hostname: str) -> str:
    """The address to listen on for a host name of the config.

    ``localhost`` is IPv4 here: it may stand for two addresses, and port 0 would then give each of
    them a port of its own.
    """
    return "127.0.0.1" if hostname == "localhost" else hostname


def base_url(scheme: str, hostname: str, port: int) -> str:
    """The address that a browser opens."""
    # Listening everywhere is no address; this machine's name is one in its own network.
    host = socket.gethostname() if hostname in _EVERY_INTERFACE else hostname
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def listen_problems(hostname: str, port: int | str) -> Iterator[Problem]:
    """Why nothing can listen there; found by listening for a moment."""
    number = port_number(port)
    if number is None:
        what = f"is not a port: {port!r}"
        yield Problem(option("port"), what, f"0 to {_HIGHEST_PORT}; 0 takes any free port")
        return
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            bind_host(hostname) or None, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except (OSError, UnicodeError) as error:
        yield _listen_problem(error, hostname, number)


def _listen_problem(error: OSError | UnicodeError, hostname: str, port: int) -> Problem:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return Problem(
            option("port"),
            f"{port} is in use on {hostname}, perhaps by another run",
            f"stop that run, or choose another port ({option('port')}=0 takes any free one)",
        )
    if code == errno.EACCES:
        return Problem(
            option("port"),
            f"this user may not listen on port {port}",
            "take a port from 1024 on, or ask the machine's administrator",
        )
    return Problem(
        option("hostname"),
        f"{hostname!r} is not an address of this machine: {error}",
        "localhost for this machine alone, 0.0.0.0 for its whole network",
    )


def certificate_problems(cert: str | None, key: str | None) -> Iterator[Problem]:
    """Why HTTPS cannot be spoken with these files."""
    if not cert and not key:
        return
    if not cert or not key:
        missing, given = ("tls_key", "tls_cert") if cert else ("tls_cert", "tls_key")
        yield Problem(option(missing), f"is missing beside {given}", "HTTPS needs both, HTTP none")
        return
    unreadable = [*_unreadable("tls_cert", cert), *_unreadable("tls_key", key)]
    yield from unreadable
    if not unreadable:
        try:
            tls_context(cert, key)
        except OSError as error:  # an SSLError is one
            yield Problem(
                option("tls_cert"),
                f"cannot be used with tls_key: {error}",
                "give a certificate chain and its private key without password, both as PEM",
            )


def tls_context(cert: str, key: str) -> ssl.SSLContext:
    """A server's TLS settings. Raises `ssl.SSLError` or `OSError` for files of no use."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    # An empty password makes an encrypted key an error; else OpenSSL asks on the terminal.
    context.load_cert_chain(Path(cert).expanduser(), Path(key).expanduser(), password="")
    return context


def public_url_problems(url: str | None) -> Iterator[Problem]:
    """Why workers cannot open the address."""
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        what = f"is not a web address: {url!r}"
        yield Problem(option("public_url"), what, "give it as https://host or https://host:port")
    elif parts.path.strip("/") or parts.query or parts.fragment:
        what = f"goes on after the host: {url!r}"
        yield Problem(option("public_url"), what, "task pages ask for files at the root of a host")


def _unreadable(name: str, path: str) -> Iterator[Problem]:
    try:
        Path(path).expanduser().read_bytes()
    except OSError as error:
        yield Problem(option(name), f"cannot be read: {error}", "give the path of a PEM file")
