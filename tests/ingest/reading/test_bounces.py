"""Bounces of the mail servers of the world."""

from typing import NamedTuple

import pytest

from contracts.mail import Kind
from tests.ingest.reading.letters import SAMPLES, judged


class Expected(NamedTuple):
    server: str
    recipient: str | None
    hard: bool | None
    status: str | None
    code: str | None
    original_message_id: str | None


BOUNCES = (
    Expected("amavis-banned", "vito@customer.example", True, "5.7.0", "554", "<ama@example.com>"),
    Expected(
        "amazon-ses",
        "bea@customer.example",
        True,
        "5.1.1",
        "550",
        "<0102018f-ses@eu-west-1.amazonses.example>",
    ),
    Expected("aol-classic", "nick77@aol.example", True, None, "550", None),
    Expected("apache-james", "peer@customer.example", True, None, "550", "<jam@example.com>"),
    Expected("barracuda-blocked", "adam@guarded.example", True, "5.7.1", "550", "<bar1@example.com>"),
    Expected("bounce-of-a-marked-message", "ghi@where.example", True, "5.1.1", "550", "<loop.1@example.com>"),
    Expected("communigate", "ralf@cgp.example", True, None, None, None),
    Expected("courier", "tina@courier.example", True, "5.0.0", "550", "<cour1@example.com>"),
    Expected("czech-seznam", "pavel@seznam.example", True, None, "550", None),
    Expected("docomo-japan", "mika@docomo.example", True, None, "550", None),
    Expected("domino-dsn", "xaver@domino.example", True, "5.1.1", None, "<dom1@example.com>"),
    Expected("dovecot-quota", "wanda@dove.example", True, "5.2.2", None, "<dov@example.com>"),
    Expected("dsn-as-text-plain", "abel@customer.example", True, "5.1.1", "550", "<tp1@example.com>"),
    Expected("dsn-expired-with-failed", "ines@slow.example", False, "4.4.7", None, None),
    Expected("dsn-in-multipart-mixed", "cora@customer.example", True, "5.2.1", None, "<mm1@example.com>"),
    Expected("dsn-internationalized", "пётр@почта.example", True, "5.1.1", "550", "<idn1@example.com>"),
    Expected("dsn-no-human-part", "emil@customer.example", True, "5.1.1", "550", "<nohuman@example.com>"),
    Expected("dsn-only-a-status-part", "fina@customer.example", True, "5.0.0", None, None),
    Expected("dsn-status-in-base64", "gitta@customer.example", True, "5.1.1", "550", None),
    Expected("dsn-utf8-xtext", "jürgen@mail.example", True, "5.6.7", "550", None),
    Expected("dsn-without-recipient-fields", "heike@customer.example", True, "5.1.1", "550", None),
    Expected("dsn-without-report-type", "berta@customer.example", True, "5.4.6", "554", None),
    Expected("dsn-wrong-report-type", "dina@customer.example", True, "5.7.1", "550", None),
    Expected("dutch-exchange", "wim@klant.example", True, "5.1.1", "550", None),
    Expected("ecelerity", "lars@customer.example", True, None, "554", None),
    Expected("exchange-2003", "Fred.Miller@corp.example", True, "5.1.1", None, "<ex2003@example.com>"),
    Expected("exchange-2010-german", "uwe@firma.example", True, "5.1.1", "550", "<de.2010@example.com>"),
    Expected("exchange-55", "tom@old.example", True, None, None, None),
    Expected("exchange-french-no-dsn", "vera@societe.example", True, "5.1.1", "550", None),
    Expected("exim-classic", "kurt@customer.example", True, None, "550", "<E1abc@example.com>"),
    Expected("exim-dsn", "nora@customer.example", True, "5.0.0", "550", "<exdsn@example.com>"),
    Expected("exim-unrouteable-no-header", "lena@gone.example", True, None, None, "<unr.9@example.com>"),
    Expected("exim-warning", "mara@busy.example", False, None, "451", None),
    Expected("generic-unknown-mta", "abc@where.example", True, "5.1.1", "550", "<gen1@example.com>"),
    Expected(
        "gmail-address-not-found",
        "nobody.here.77@gmail.example",
        True,
        "5.1.1",
        "550",
        "<CAJ1@mail.gmail.example>",
    ),
    Expected("gmail-delay", "jan@down.example", False, "4.4.1", None, "<gd.1@mail.gmail.example>"),
    Expected("gmail-free-form-2009", "ida@partner.example", True, None, "550", None),
    Expected("gmx-exim-variant", "hans@gmx.example", True, None, "550", "<gmx1@example.com>"),
    Expected("google-group-missing", "hilfe@gruppe.example", True, "5.1.1", "550", "<gg1@example.com>"),
    Expected("groupwise", "willi@stadt.example", True, None, "550", None),
    Expected("hmailserver", "nils@customer.example", True, "5.1.1", "550", None),
    Expected("imail-undeliverable", "pia@target.example", True, "5.1.1", "550", None),
    Expected("imail-unknown", "olga@imail.example", True, None, None, None),
    Expected("ironport", "jens@customer.example", True, "5.0.0", "550", "<iron@example.com>"),
    Expected("italian-free-form", "zita@cliente.example", True, None, "550", None),
    Expected("kddi-japan", "lotus.88@ezweb.example", True, None, "550", None),
    Expected("kerio", "sven@kerio.example", True, "5.1.1", "550", None),
    Expected("korean", "minho@gogaek.example", True, None, "550", None),
    Expected("mail-ru", "denis@mail.ru.example", True, None, "550", "<mr1@example.com>"),
    Expected("mailbox-full-no-code", "jkl@where.example", True, None, None, None),
    Expected("mailenable", "maik@customer.example", True, None, "550", None),
    Expected("mdaemon", "quinn@target.example", True, None, "550", None),
    Expected("mimecast", "zoe@safe.example", True, None, "550", None),
    Expected("netease-163", "feng@163.com.example", True, None, "550", None),
    Expected("notes-free-form", "Yvonne.Klein@notes.example", True, None, None, None),
    Expected("nullmailer", "pqr@where.example", True, None, None, None),
    Expected(
        "office365-recipient-not-found",
        "gerda@tenant.example",
        True,
        "5.1.10",
        "550",
        "<o365.55@example.com>",
    ),
    Expected("only-null-sender-and-headers-returned", "def@where.example", True, None, "553", None),
    Expected("opensmtpd", "rita@customer.example", True, None, "550", None),
    Expected("oracle-messaging-server", "silke@customer.example", True, "5.1.1", "550", "<ims@example.com>"),
    Expected("orange-french", "karine@orange.example", True, "5.1.1", "550", None),
    Expected("polish", "ola@klient.example", True, "5.1.1", "550", None),
    Expected("portuguese-uol", "ze@cliente.example", True, "5.1.1", "550", None),
    Expected("postfix-delayed", "ben@slow.example", False, "4.4.1", None, "<delay.1@example.com>"),
    Expected("postfix-one-of-two", "second@customer.example", True, "5.2.2", "552", "<two.1@example.com>"),
    Expected(
        "postfix-user-unknown",
        "no.such.person@customer.example",
        True,
        "5.1.1",
        "550",
        "<20240311.reply.17@example.com>",
    ),
    Expected("postini", "uta@customer.example", True, "5.1.1", "550", None),
    Expected("powermta", "karla@customer.example", True, "5.1.1", "550", None),
    Expected("proofpoint-no-dsn", "tilo@customer.example", True, "5.1.1", "550", None),
    Expected("qmail-no-mailbox", "otto@qhost.example", True, "5.1.1", None, "<q1@example.com>"),
    Expected("qmail-queue-too-long", "rosa@unreachable.example", False, "4.4.1", None, "<q3@example.com>"),
    Expected("qmail-remote-said", "paula@remote.example", True, None, "550", "<q2@example.com>"),
    Expected("qmail-vpopmail-quota", "sara@vhost.example", True, "5.2.2", None, None),
    Expected("qq-mail", "100200300@qq.com.example", True, None, "550", None),
    Expected("rcn-user-unknown", "mno@where.example", True, None, None, None),
    Expected("sendmail-free-form", "dora@host.example", True, "5.1.1", "550", "<1998.1234@example.com>"),
    Expected(
        "sendmail-host-unknown",
        "anna@no-such-domain.example",
        True,
        "5.1.2",
        "550",
        "<200403111200.i2BC0@example.com>",
    ),
    Expected("sendmail-warning", "carl@away.example", False, "4.4.2", None, "<warn.77@example.com>"),
    Expected("sieve-reject", "xenia@sieve.example", True, None, None, "<sie@example.com>"),
    Expected("smartermail", "oskar@customer.example", True, None, "550", None),
    Expected("spanish-free-form", "yago@cliente.example", True, "5.1.1", "550", None),
    Expected("t-online-smail", "jutta@t-online.example", True, "5.1.1", "550", None),
    Expected("web-de-german", "inge@web.example", True, None, "552", None),
    Expected("yahoo-classic", "ulla@yahoo.example", True, None, "554", None),
    Expected("yandex", "egor@yandex.ru.example", True, None, "550", None),
    Expected("zoho-free-form", "cleo@customer.example", True, "5.1.1", "550", None),
)


@pytest.mark.parametrize("expected", BOUNCES, ids=lambda expected: expected.server)
def test_a_bounce_says_who_was_not_reached_and_whether_for_good(expected: Expected) -> None:
    judgement = judged((SAMPLES / "bounces" / f"{expected.server}.eml").read_bytes())
    assert judgement.kind is Kind.BOUNCE
    bounce = judgement.bounce
    assert bounce is not None
    assert (
        bounce.recipient,
        bounce.hard,
        bounce.status,
        bounce.code,
        bounce.original_message_id,
    ) == expected[1:]
