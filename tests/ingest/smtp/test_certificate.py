"""The certificate is read again when its files change, as those who renew it replace them."""

import os
from pathlib import Path

import pytest

from chassis.settings import read_settings
from services.ingest.settings import IngestSettings
from services.ingest.smtp.certificate import Certificate, WrongCertificate
from tests.ingest.certificate import make_certificate, trusting
from tests.ingest.smtp.client import Client
from tests.ingest.smtp.conftest import Open


def test_it_is_read_again_when_it_is_replaced_as_kubernetes_does_it(tmp_path: Path) -> None:
    """A volume of a Secret is a symbolic link to a folder, and the link is what changes."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = make_certificate(tmp_path / name / "tls.crt")
        (tmp_path / name / "tls.key").write_text(made.read_text())
    link = tmp_path / "data"
    link.symlink_to("one")
    certificate = Certificate(link / "tls.crt", link / "tls.key")
    first = certificate.context()
    assert certificate.context() is first
    new = tmp_path / "new"
    new.symlink_to("two")
    os.replace(new, link)  # noqa: PTH105
    assert certificate.context() is not first


def test_half_of_a_replacement_changes_nothing_until_the_other_half_is_there(tmp_path: Path) -> None:
    path, key = make_certificate(tmp_path / "tls.crt"), tmp_path / "tls.key"
    certificate = Certificate(path, key)
    first = certificate.context()
    other = make_certificate(tmp_path / "other.crt")
    path.write_text(other.read_text().partition("-----BEGIN PRIVATE")[0])
    assert certificate.context() is first
    key.write_text((tmp_path / "other.key").read_text())
    assert certificate.context() is not first


def test_a_file_that_is_gone_changes_nothing(tmp_path: Path) -> None:
    path = make_certificate(tmp_path / "tls.pem")
    certificate = Certificate(path)
    first = certificate.context()
    path.unlink()
    assert certificate.context() is first


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tls.pem"
    with pytest.raises(WrongCertificate, match=r"tls\.pem"):
        Certificate(path)
    path.write_text("no certificate")
    with pytest.raises(WrongCertificate, match=r"tls\.pem"):
        Certificate(path)


def test_settings_say_what_is_wrong_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTROOM_DATABASE_URL", "postgresql://")
    monkeypatch.setenv("POSTROOM_NATS_URL", "nats://")
    monkeypatch.setenv("POSTROOM_SMTP_TLS_KEY", str(tmp_path / "tls.key"))
    with pytest.raises(SystemExit):
        read_settings(IngestSettings)
    assert "POSTROOM_SMTP_TLS_KEY" in capsys.readouterr().err
    monkeypatch.setenv("POSTROOM_SMTP_TLS_CERT", str(tmp_path / "tls.crt"))
    with pytest.raises(SystemExit):
        read_settings(IngestSettings)
    assert "tls.crt" in capsys.readouterr().err


@pytest.mark.anyio
async def test_the_next_client_sees_the_new_one_and_nobody_is_cut_off(
    open_door: Open, tmp_path: Path
) -> None:
    path = make_certificate(tmp_path / "tls.pem", "DNS:mx.example.com")
    old = trusting(path)
    async with open_door(certificate=Certificate(path)) as taken:
        first = await Client.greeted(taken.port)
        await first.say(b"STARTTLS\r\n")
        await first.start_tls(old)
        new = trusting(make_certificate(path, "DNS:mx.example.com"))
        second = await Client.greeted(taken.port)
        await second.say(b"STARTTLS\r\n")
        await second.start_tls(new)
        for client in (first, second):
            await client.say(b"EHLO client.example\r\n")
            assert (await client.send()).startswith("250 2.0.0")
