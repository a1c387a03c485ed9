"""What sort of mail a message is: machines are told from people, and people are never taken for machines."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.mail import LOOP_HEADER, Kind
from services.ingest.reading.part import Part
from tests.ingest.reading.letters import SAMPLES, Headers, judged, letter, tree

AUTOMATIC: Mapping[str, tuple[Headers, str, str]] = {
    "RFC 3834": ({"Auto-Submitted": "auto-replied"}, "Away", "Back on Monday."),
    "RFC 3834 with a parameter": (
        {"Auto-Submitted": "Auto-Replied (vacation)"},
        "Re: Your order",
        "I am on leave.",
    ),
    "sieve vacation": (
        {"Auto-Submitted": "auto-replied (vacation)", "In-Reply-To": "<1@example.com>", "Precedence": "bulk"},
        "Auto: Your order",
        "I'm on holiday until 7 May.",
    ),
    "vacation(1)": (
        {"Precedence": "bulk", "Return-Path": "<>"},
        "away from my mail",
        "I will not be reading my mail for a while.",
    ),
    "Gmail": (
        {"Auto-Submitted": "auto-replied", "X-Autoreply": "yes", "Precedence": "bulk"},
        "Out of office Re: Your order",
        "Hi, I am travelling.",
    ),
    "Gmail without the standard field": (
        {"X-Autoreply": "yes", "In-Reply-To": "<1@example.com>"},
        "Ferien Re: Ihre Bestellung",
        "Bin weg.",
    ),
    "Exchange": (
        {
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "X-MS-Exchange-Inbox-Rules-Loop": "anna@customer.example",
            "In-Reply-To": "<1@example.com>",
        },
        "Automatic reply: Your order",
        "I am out of the office.",
    ),
    "Exchange, German": (
        {"X-Auto-Response-Suppress": "All", "auto-submitted": "auto-generated"},
        "Automatische Antwort: Ihre Bestellung",
        "Ich bin erst am Montag wieder da.",
    ),
    "Exchange, French": (
        {"X-MS-Exchange-Inbox-Rules-Loop": "anna@customer.example"},
        "Réponse automatique : Votre commande",
        "Je suis absente.",
    ),
    "Exchange 2003": (
        {"X-Auto-Response-Suppress": "OOF", "Return-Path": "<>"},
        "Out of Office AutoReply: Your order",
        "I'm away.",
    ),
    "Exchange 2003, German": (
        {"Return-Path": "<>"},
        "Abwesenheitsnotiz: Ihre Bestellung",
        "Ich bin nicht im Büro.",
    ),
    "Outlook rule, without any header": (
        {},
        "Automatic reply: Your order #55",
        "I am currently out of the office with no access to email.",
    ),
    "Exchange, Italian": (
        {"Auto-Submitted": "auto-generated"},
        "Risposta automatica: Ordine",
        "Sono assente fino al 3.",
    ),
    "Exchange, Spanish": (
        {"Auto-Submitted": "auto-generated"},
        "Respuesta automática: Pedido",
        "Estoy de vacaciones.",
    ),
    "Exchange, Dutch": (
        {"Auto-Submitted": "auto-generated"},
        "Automatisch antwoord: Bestelling",
        "Ik ben afwezig.",
    ),
    "Exchange, Portuguese": (
        {"Auto-Submitted": "auto-generated"},
        "Resposta automática: Pedido",
        "Estou de férias.",
    ),
    "Exchange, Swedish": ({"Auto-Submitted": "auto-generated"}, "Autosvar: Order", "Jag är ledig."),
    "Exchange, Danish": ({"Auto-Submitted": "auto-generated"}, "Automatisk svar: Ordre", "Jeg er på ferie."),
    "Exchange, Finnish": (
        {"Auto-Submitted": "auto-generated"},
        "Automaattinen vastaus: Tilaus",
        "Olen lomalla.",
    ),
    "Exchange, Polish": (
        {"Auto-Submitted": "auto-generated"},
        "Odpowiedź automatyczna: Zamówienie",
        "Jestem na urlopie.",
    ),
    "Exchange, Czech": (
        {"Auto-Submitted": "auto-generated"},
        "Automatická odpověď: Objednávka",
        "Jsem na dovolené.",
    ),
    "Exchange, Russian": ({"Auto-Submitted": "auto-generated"}, "Автоматический ответ: Заказ", "Я в отпуске."),
    "Exchange, Turkish": ({"Auto-Submitted": "auto-generated"}, "Otomatik yanıt: Sipariş", "İzindeyim."),
    "Exchange, Japanese": ({"Auto-Submitted": "auto-generated"}, "自動応答: ご注文", "休暇中です。"),
    "Exchange, Chinese": ({"Auto-Submitted": "auto-generated"}, "自动答复: 订单", "我正在休假。"),
    "Exchange, Korean": ({"Auto-Submitted": "auto-generated"}, "자동 회신: 주문", "휴가 중입니다."),
    "a shop in Japan": (
        {"Precedence": "bulk", "Auto-Submitted": "auto-generated"},
        "【自動返信】お問い合わせありがとうございます",
        "このメールは自動返信です。",
    ),
    "Yahoo": (
        {"X-Autoreply": "true", "Return-Path": "<>"},
        "Yahoo! Auto Response",
        "I'm on vacation.",
    ),
    "cPanel": ({"X-Autorespond": "Your order", "Precedence": "auto_reply"}, "I am away", "Back on the 5th."),
    "an old autoresponder": ({"Precedence": "auto_reply"}, "Thanks", "We have your message."),
    "Lotus Notes": (
        {"Auto-Submitted": "auto-generated", "X-Mailer": "Lotus Notes"},
        "Anna Klein/HR/Firma is out of the office",
        "I will be out of the office starting 01.05. and will not return until 07.05.",
    ),
    "GroupWise": ({"X-Autoreply-Domain": "stadt.example", "Return-Path": "<>"}, "Re: hi (Out of office)", "x"),
    "OTRS": (
        {"Auto-Submitted": "auto-replied", "Precedence": "bulk", "X-OTRS-Loop": "yes"},
        "[Ticket#2024031100012] RE: Order",
        "Your message has been received.",
    ),
    "Request Tracker": (
        {"Auto-Submitted": "auto-generated", "Precedence": "bulk", "RT-Ticket": "x #7", "Managed-BY": "RT"},
        "[example #7] AutoReply: Order",
        "This message has been automatically generated in response to your ticket.",
    ),
    "Zendesk": (
        {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "X-Mailer": "Zendesk Mailer"},
        "[Request received] Order",
        "Your request (991) has been received and is being reviewed by our support staff.",
    ),
    "Freshdesk": (
        {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "DR, RN, OOF, AutoReply"},
        "Ticket Received - Order",
        "We have received your request.",
    ),
    "Jira": (
        {"Auto-Submitted": "auto-generated", "Precedence": "bulk", "In-Reply-To": "<1@example.com>"},
        "HELP-12 Order",
        "Just confirming that we got your request. We're on it.",
    ),
    "challenge of TMDA": (
        {"Auto-Submitted": "auto-replied", "Precedence": "bulk", "Return-Path": "<>"},
        "Please confirm your message",
        "This message was created automatically by mail delivery software (TMDA).",
    ),
    "challenge of BoxTrapper": (
        {"X-Autorespond": "", "Precedence": "auto_reply", "X-BoxTrapper": "hash"},
        "Your email requires verification verify#abc",
        "The message you sent requires that you verify that you are a real live human being.",
    ),
    "challenge of Spam Arrest": (
        {"Return-Path": "<>"},
        "Re: Order (verification)",
        "Please click the link below to complete the verification process. You have to do this only once. "
        "I'm protecting myself from receiving junk mail.",
    ),
    "Mailman holds a message": (
        {"Precedence": "bulk", "X-Mailman-Version": "2.1.29", "List-Id": "<news.lists.example.org>",
         "X-List-Administrivia": "yes"},
        "Your message to news awaits moderator approval",
        "Your mail to 'news' with the subject Order is being held until the list moderator can review it.",
    ),
}  # fmt: skip

PEOPLE: Mapping[str, tuple[Headers, str, str]] = {
    "a plain question": ({}, "Where is my lamp?", "It should have come on Friday."),
    "no subject, no text": ({}, "", ""),
    "Exchange marks the mail of people too": (
        {"X-Auto-Response-Suppress": "DR, OOF, AutoReply"},
        "Order 55",
        "Please send it to my new address.",
    ),
    "Exchange forwarded it by an inbox rule": (
        {"X-MS-Exchange-Inbox-Rules-Loop": "info@example.com", "X-Auto-Response-Suppress": "All"},
        "Order 55",
        "Please send it to my new address.",
    ),
    "a person says that she will be away": (
        {},
        "Out of office next week",
        "I am out of the office next week, please deliver the lamp to my neighbour.",
    ),
    "a person writes about vacation": ({}, "Vacation", "I will be on vacation, can you deliver later?"),
    "an answer below an automatic reply": (
        {"In-Reply-To": "<1@example.com>"},
        "RE: Automatic reply: Order 55",
        "You said Monday. It is Thursday now.\n\nFrom: Support\nSubject: Automatic reply: Order 55\n"
        "> We have received your request.",
    ),
    "an answer in German below an automatic reply": (
        {"In-Reply-To": "<1@example.com>"},
        "AW: Automatische Antwort: Bestellung",
        "Danke, ich warte.",
    ),
    "an automatic reply that was forwarded": (
        {},
        "FW: Automatic reply: Invoice",
        "Your colleague is away, who else can help me?",
    ),
    "asks about auto replies": (
        {},
        "How do I set up an automatic reply?",
        "I want an out of office message in your product.",
    ),
    "asks about a bounce": (
        {},
        "Undelivered Mail Returned to Sender",
        "Hello, I wrote to sales@example.com and got this: 550 5.1.1 User unknown. What is the right address?",
    ),
    "pastes a whole bounce": (
        {"In-Reply-To": "<b@mail.customer.example>"},
        "Fwd: Mail delivery failed: returning message to sender",
        "Can you help?\n\n---------- Forwarded message ---------\n"
        "From: Mail Delivery System <Mailer-Daemon@mail.customer.example>\n"
        "Date: Mon, 1 Jan 2024\nSubject: Mail delivery failed: returning message to sender\n\n"
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\n"
        "recipients. This is a permanent error. The following address(es) failed:\n\n"
        "  sales@example.com\n    550 User unknown\n",
    ),
    "replies to a bounce": (
        {"In-Reply-To": "<b@mail.customer.example>"},
        "Re: Undeliverable: Order",
        "My mail to you came back, why?\n\n> Your message did not reach some or all of the intended recipients.\n"
        "> sales@example.com\n> 550 5.1.1",
    ),
    "a parcel was not delivered": (
        {},
        "Delivery failed",
        "Your courier says delivery to the following address failed: 5 High Street. The parcel was returned to "
        "sender. Order 550-4711. What now?",
    ),
    "a parcel, in German": (
        {},
        "Unzustellbar: Paket 4711",
        "Guten Tag, laut DHL ist mein Paket unzustellbar und geht zurück an den Absender. Was nun?",
    ),
    "a postmaster writes": (
        {"From": "Paul Postmaster <postmaster@customer.example>"},
        "Your server refuses our mail",
        "Hello, since Monday your server answers 550 5.7.1 to our mail. Could you look into it? Regards, Paul",
    ),
    "the filter of a bank mentions a full mailbox": (
        {"From": "anna@customer.example"},
        "Mailbox full",
        "My mailbox is full and over quota since your update. 552 is shown. Please help.",
    ),
    "a shop's contact form": (
        {"Auto-Submitted": "auto-generated", "From": "wordpress@shop.example", "X-Mailer": "PHPMailer"},
        "[Shop] Contact: Where is my lamp?",
        "From: Anna <anna@customer.example>\nMessage: Where is my lamp?",
    ),
    "a contact form with an empty sender": (
        {"Return-Path": "<>", "From": "www-data@shop.example", "Reply-To": "anna@customer.example"},
        "Contact form",
        "Name: Anna\nMessage: I got no mail from you, is my address wrong?",
    ),
    "an agent of another help desk answers": (
        {"Precedence": "bulk", "RT-Ticket": "x #7", "Managed-BY": "RT", "In-Reply-To": "<1@example.com>",
         "X-RT-Loop-Prevention": "rt.example"},
        "Re: [partner #7] Delivery of lamps",
        "Hello, the lamps leave our store on Friday. Regards, Carl",
    ),
    "an agent of a hosted help desk answers": (
        {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "X-Mailer": "Zendesk Mailer",
         "In-Reply-To": "<1@example.com>"},
        "[Partner] Re: Delivery of lamps",
        "##- Please type your reply above this line -##\nCarl (Partner)\nThe lamps leave our store on Friday.",
    ),
    "a monitor's alarm": (
        {"Auto-Submitted": "auto-generated", "Precedence": "bulk"},
        "PROBLEM: shop is down",
        "HTTP 503 since 10:00",
    ),
    "Auto-Submitted: no": ({"Auto-Submitted": "no"}, "Hello", "A person wrote this."),
    "a customer through a group that is a help desk's mailbox": (
        {"Precedence": "list", "Mailing-list": "list support@example.com; contact support+owners@example.com",
         "List-ID": "<support.example.com>", "List-Post": "<https://groups.google.example/a/example.com/support/post>, "
         "<mailto:support@example.com>", "X-Google-Group-Id": "123", "X-Original-Sender": "anna@customer.example",
         "List-Unsubscribe": "<mailto:googlegroups-manage+123+unsubscribe@googlegroups.example>"},
        "Where is my lamp?",
        "It should have come on Friday.",
    ),
    "a customer through kundenservice@ as a list": (
        {"Precedence": "list", "List-Id": "Kundenservice <kundenservice.example.com>",
         "List-Post": "<mailto:kundenservice@example.com>"},
        "Wo ist meine Lampe?",
        "Sie sollte am Freitag kommen.",
    ),
    "a marketplace that offers to unsubscribe": (
        {"List-Unsubscribe": "<https://market.example/u/1>", "From": "anna via Market <x1@reply.market.example>"},
        "Question about your item",
        "Is the lamp still there? Anna",
    ),
    "a salesman's mail from a CRM": (
        {"List-Unsubscribe": "<mailto:u@crm.example>", "In-Reply-To": "<1@example.com>"},
        "Re: Offer",
        "Hello, thank you for the call. When do you want the lamps?",
    ),
    "asks how to leave the newsletter": ({}, "unsubscribe", "Please take me off your mailing list."),
}  # fmt: skip

LISTS: Mapping[str, tuple[Headers, str, str]] = {
    "Mailman": (
        {"List-Id": "Development of Foo <foo-devel.lists.example.org>", "Precedence": "list",
         "List-Post": "<mailto:foo-devel@lists.example.org>", "X-BeenThere": "foo-devel@lists.example.org"},
        "[foo-devel] Patch", "Please review.",
    ),
    "List-Id alone": ({"List-Id": "<dev.foo.example.org>"}, "Re: Patch", "Looks good."),
    "majordomo": (
        {"Precedence": "bulk", "Sender": "owner-linux-kernel@vger.example.org",
         "X-Mailing-List": "linux-kernel@vger.example.org"},
        "[PATCH] fix", "diff",
    ),
    "ezmlm": (
        {"Mailing-List": "contact users-help@foo.example.org; run by ezmlm", "Precedence": "bulk",
         "List-Post": "<mailto:users@foo.example.org>"},
        "question", "How?",
    ),
    "Google Groups": (
        {"Precedence": "list", "Mailing-list": "list birds@googlegroups.example; contact birds+owners@googlegroups.example",
         "List-ID": "<birds.googlegroups.example>", "List-Post": "<mailto:birds@googlegroups.example>",
         "X-Google-Group-Id": "77"},
        "Owls", "Seen one.",
    ),
    "GitHub": (
        {"List-ID": "foo/bar <bar.foo.github.example>", "Precedence": "list", "X-GitHub-Reason": "mention"},
        "Re: [foo/bar] Crash (#7)", "Same here.",
    ),
    "Mailchimp": (
        {"List-Id": "123mc list <123.456.list-id.mcsv.example>", "List-Unsubscribe": "<mailto:u@mcsv.example>",
         "Precedence": "bulk", "X-Mailer": "MailChimp Mailer", "X-Campaign": "1"},
        "Our spring offers", "Buy now",
    ),
    "a newsletter without List-Id": (
        {"List-Unsubscribe": "<https://news.example/u>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
         "Precedence": "bulk"},
        "Our spring offers", "Buy now",
    ),
    "a newsletter of a service for senders": (
        {"List-Unsubscribe": "<https://news.example/u>", "Feedback-ID": "1:2:3:esp"},
        "Our spring offers", "Buy now",
    ),
    "Precedence: list alone": ({"Precedence": "list"}, "[club] Meeting", "On Friday."),
    "LISTSERV": (
        {"Sender": "Birds <BIRDS@LISTSERV.UNI.EXAMPLE>", "List-Help": "<mailto:LISTSERV@LISTSERV.UNI.EXAMPLE>",
         "List-Owner": "<mailto:BIRDS-request@LISTSERV.UNI.EXAMPLE>", "Precedence": "list"},
        "Owls", "Seen one.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AUTOMATIC)
def test_a_note_that_a_machine_answers_with_is_an_auto_reply(name: str) -> None:
    headers, subject, text = AUTOMATIC[name]
    assert judged(letter(headers, subject, text)).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize("name", PEOPLE)
def test_what_a_person_should_read_is_customer(name: str) -> None:
    headers, subject, text = PEOPLE[name]
    assert judged(letter(headers, subject, text)).kind is Kind.CUSTOMER


@pytest.mark.parametrize("name", LISTS)
def test_mail_to_the_members_of_a_list_is_list(name: str) -> None:
    headers, subject, text = LISTS[name]
    assert judged(letter(headers, subject, text)).kind is Kind.LIST


STRUCTURED = (
    ("arf-abuse", Kind.FEEDBACK, "abuse", "<camp.1@example.com>"),
    ("arf-not-spam-headers-only", Kind.FEEDBACK, "not-spam", "<camp.2@example.com>"),
    ("dmarc-failure-report", Kind.FEEDBACK, "auth-failure", "<camp.3@example.com>"),
    ("arf-without-report-type", Kind.FEEDBACK, "abuse", None),
    ("mdn-displayed", Kind.FEEDBACK, "disposition", "<mdn.1@example.com>"),
    ("mdn-thunderbird-german", Kind.FEEDBACK, "disposition", "<mdn.2@example.com>"),
    ("exchange-not-read", Kind.FEEDBACK, "disposition", None),
    ("tls-report", Kind.FEEDBACK, "tls", None),
    ("dmarc-aggregate", Kind.FEEDBACK, "dmarc", None),
    ("dmarc-aggregate-multipart", Kind.FEEDBACK, "dmarc", None),
    ("dsn-delivered", Kind.FEEDBACK, "delivered", "<ok.1@example.com>"),
    ("dsn-relayed", Kind.FEEDBACK, "relayed", None),
    ("invitation-outlook", Kind.CALENDAR, None, None),
    ("invitation-google", Kind.CALENDAR, None, None),
    ("invitation-accepted", Kind.CALENDAR, None, None),
    ("invitation-cancelled-method-inside", Kind.CALENDAR, None, None),
    ("person-attaches-a-date", Kind.CUSTOMER, None, None),
    ("person-forwards-an-invitation", Kind.CUSTOMER, None, None),
    ("person-forwards-a-bounce-as-attachment", Kind.CUSTOMER, None, None),
    ("person-forwards-a-complaint", Kind.CUSTOMER, None, None),
    ("our-own-mail-comes-back", Kind.LOOP, None, None),
    ("a-reply-quotes-our-marker", Kind.CUSTOMER, None, None),
    ("our-mail-attached", Kind.CUSTOMER, None, None),
)


@pytest.mark.parametrize(("name", "kind", "type_", "original"), STRUCTURED)
def test_structure_says_what_it_is(name: str, kind: Kind, type_: str | None, original: str | None) -> None:
    judgement = judged((SAMPLES / "mail" / f"{name}.eml").read_bytes())
    assert judgement.kind is kind
    feedback = judgement.feedback
    assert (feedback and feedback.type, feedback and feedback.original_message_id) == (type_, original)
