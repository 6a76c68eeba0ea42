from __future__ import annotations

import socket

import pytest

from mephisto_architects.address import (
    base_url,
    bind_host,
    certificate_problems,
    listen_problems,
    port_number,
    public_url_problems,
)


@pytest.mark.parametrize(("port", "number"), [("3000", 3000), (0, 0), ("0", 0), (65535, 65535)])
def test_a_port_may_be_a_number_or_its_text(port, number):
    assert port_number(port) == number


@pytest.mark.parametrize("port", ["", "http", "3000.5", "-1", -1, 65536])
def test_what_is_no_port_is_found(port):
    assert port_number(port) is None
    (problem,) = listen_problems("localhost", port)
    assert problem.where == "mephisto.architect.port"
    assert repr(port) in problem.what


def test_a_port_in_use_is_found_and_a_way_out_is_named(taken_port):
    (problem,) = listen_problems("localhost", str(taken_port))
    assert problem.where == "mephisto.architect.port"
    assert f"{taken_port} is in use" in problem.what
    assert "mephisto.architect.port=0" in problem.hint


def test_looking_for_a_free_port_leaves_it_free():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
    assert list(listen_problems("localhost", port)) == []
    assert list(listen_problems("localhost", port)) == []


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "a" * 300])
def test_a_host_that_is_not_this_machine_is_found(host):
    (problem,) = listen_problems(host, 0)
    assert problem.where == "mephisto.architect.hostname"


def test_an_address_reads_as_a_browser_takes_it():
    assert base_url("http", "localhost", 3000) == "http://localhost:3000"
    assert base_url("https", "::1", 443) == "https://[::1]:443"
    assert base_url("http", "0.0.0.0", 80) == f"http://{socket.gethostname()}:80"


def test_localhost_is_one_address():
    assert bind_host("localhost") == "127.0.0.1"
    assert bind_host("tasks.example.org") == "tasks.example.org"


def test_a_certificate_and_its_key_are_accepted(certificate):
    assert list(certificate_problems(*certificate)) == []
    assert list(certificate_problems(None, None)) == []


def test_a_certificate_without_its_key_is_found(certificate, other_certificate):
    assert [problem.where for problem in certificate_problems(certificate.cert, None)] == [
        "mephisto.architect.tls_key"
    ]
    assert [problem.where for problem in certificate_problems(None, certificate.key)] == [
        "mephisto.architect.tls_cert"
    ]
    assert len(list(certificate_problems(certificate.cert, other_certificate.key))) == 1


def test_a_key_with_a_password_is_found_without_asking_for_it(locked_certificate):
    (problem,) = certificate_problems(*locked_certificate)
    assert "without password" in problem.hint


def test_every_unreadable_file_is_named():
    found = [problem.where for problem in certificate_problems("/nowhere.pem", "/nowhere.key")]
    assert found == ["mephisto.architect.tls_cert", "mephisto.architect.tls_key"]


@pytest.mark.parametrize("url", [None, "https://tasks.example.org", "http://10.0.0.1:8080/"])
def test_a_public_address_is_accepted(url):
    assert list(public_url_problems(url)) == []


@pytest.mark.parametrize(
    "url", ["tasks.example.org", "ftp://example.org", "https://", "https://h/tasks", "http://h?a=1"]
)
def test_what_workers_cannot_open_is_found(url):
    (problem,) = public_url_problems(url)
    assert problem.where == "mephisto.architect.public_url"
