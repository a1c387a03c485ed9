"""What leaves is read back by a parser that is not ours, the standard library's."""

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.correspondence import OutgoingLetter
from contracts.mail import LOOP_HEADER, Address
from mail.headers import HeaderInjection, InvalidAddress, Uncomposable
from services.notify.compose import MAX_REFERENCES, compose, plain_text
from tests.notify.letters import REPLY_ID, letter, quote


def read(message: bytes) -> EmailMessage:
    parsed = message_from_bytes(message, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def composed(letter: OutgoingLetter) -> EmailMessage:
    return read(compose(letter, REPLY_ID).message)


def content(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


def test_a_reply_has_the_headers_of_its_conversation_and_a_text_in_two_forms() -> None:
    message = composed(letter(cc=(Address(address="boss@customer.example"),)))

    assert message["From"] == "Support <support@example.com>"
    assert message["To"] == "Ann Smith <ann@customer.example>"
    assert message["Cc"] == "boss@customer.example"
    assert message["Subject"] == "Re: My parcel has not arrived"
    assert message["Date"] == "Mon, 02 Mar 2026 09:30:00 +0000"
    assert message["Message-ID"] == "<reply-1@example.com>"
    assert message["In-Reply-To"] == "<question-1@customer.example>"
    assert message["References"] == "<question-1@customer.example>"
    assert message[LOOP_HEADER] == "example.com"
    assert message["Auto-Submitted"] is None
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_every_try_has_the_same_bytes() -> None:
    assert compose(letter(), REPLY_ID) == compose(letter(), REPLY_ID)
    assert compose(letter(), REPLY_ID).message != compose(letter(), uuid4()).message


def test_the_envelope_names_each_recipient_once() -> None:
    ann = Address(address="ann@customer.example")
    boss = Address(address="boss@customer.example")
    parcel = compose(letter(to=(ann, ann), cc=(boss, ann, boss)), REPLY_ID)

    assert parcel.sender == "support@example.com"
    assert parcel.to == ("ann@customer.example",)
    assert parcel.cc == ("boss@customer.example",)


def test_automatic_mail_says_so_and_never_bounces() -> None:
    parcel = compose(letter(automatic=True), REPLY_ID)

    assert read(parcel.message)["Auto-Submitted"] == "auto-replied"
    assert parcel.sender == ""


def test_the_quotation_stands_below_with_its_author_and_time() -> None:
    text = plain_text(letter(text="Yes.", quote=quote("Is it\r\n\r\n> really so?\n")))

    assert text == "Yes.\n\nOn 2026-03-01 at 08:05 UTC, Ann Smith wrote:\n> Is it\n>\n> > really so?\n"
    assert content(composed(letter(text="Yes.", quote=quote("Is it\r\n\r\n> really so?\n"))), "plain") == text


def test_html_has_paragraphs_links_and_a_block_for_the_quotation() -> None:
    html = content(
        composed(
            letter(
                text="See (https://example.com/a?b=1&c=2).\nNow\n\n<b>Bye</b>",
                quote=quote("<script>x</script>"),
            )
        ),
        "html",
    )

    assert (
        '<p>See (<a href="https://example.com/a?b=1&amp;c=2">https://example.com/a?b=1&amp;c=2</a>).<br>\nNow</p>'
        in html
    )
    assert "<p>&lt;b&gt;Bye&lt;/b&gt;</p>" in html
    assert re.search(r"<blockquote[^>]*>\s*<p>&lt;script&gt;x&lt;/script&gt;</p>\s*</blockquote>", html)


def test_a_long_thread_keeps_its_first_reference_and_its_last_ones() -> None:
    ids = tuple(f"<{n}@customer.example>" for n in range(500))
    message = composed(letter(references=ids, in_reply_to=ids[-1]))

    assert message["References"].split() == [ids[0], *ids[1 - MAX_REFERENCES :]]


def test_the_parent_is_the_last_reference_even_if_the_conversation_does_not_name_it() -> None:
    message = composed(letter(references=("<b@x>", "<a@x>"), in_reply_to="<b@x>"))

    assert message["References"] == "<a@x> <b@x>"


def test_ids_that_no_header_can_carry_are_left_out() -> None:
    message = composed(
        letter(
            references=("", "no brackets@x", "<ünïcode@x>", "bare@x", "<" + "a" * 2000 + "@x>"),
            in_reply_to=" ",
        )
    )

    assert message["References"] == "<bare@x>"
    assert message["In-Reply-To"] is None


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00"])
@pytest.mark.parametrize("header", ["subject", "name", "address", "id", "in_reply_to", "reference", "to"])
def test_no_value_can_start_a_header_of_its_own(header: str, end: str) -> None:
    evil = f"a{end}Bcc: evil@x.example"
    changes = {
        "subject": {"subject": evil},
        "name": {"from_": Address.model_construct(name=evil, address="a@b.example")},
        "address": {"from_": Address.model_construct(name="", address=f"{evil}@b.example")},
        "id": {"internet_message_id": f"<{evil}>"},
        "in_reply_to": {"in_reply_to": f"<{evil}>"},
        "reference": {"references": (f"<{evil}>",)},
        "to": {"to": (Address.model_construct(name="", address=f"a@b.example{end}"),)},
    }[header]

    with pytest.raises(HeaderInjection):
        compose(letter().model_copy(update=changes), REPLY_ID)


@pytest.mark.parametrize(
    "address", ["", "nobody", "@example.com", "a@", "a@b c", "a@b>", "a@" + "x" * 300, "a@-.ü"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddress):
        compose(letter(to=(Address(address=address),)), REPLY_ID)


def test_a_letter_to_nobody_is_refused() -> None:
    with pytest.raises(Uncomposable):
        compose(letter(to=()), REPLY_ID)


def test_nothing_leaves_for_a_person_whose_data_was_erased() -> None:
    with pytest.raises(Uncomposable):
        compose(letter(to=(Address(address="erased-12@erased.invalid"),)), REPLY_ID)


def test_international_domains_travel_in_ascii_and_need_nothing_of_the_relay() -> None:
    parcel = compose(letter(to=(Address(name="Jürgen", address="info@straße.example"),)), REPLY_ID)

    assert parcel.to == ("info@xn--strae-oqa.example",)
    assert not parcel.smtputf8
    assert parcel.message.isascii()


def test_smtputf8_is_asked_for_only_where_an_address_needs_it() -> None:
    parcel = compose(letter(to=(Address(name="用户", address="用户@例え.example"),)), REPLY_ID)

    assert parcel.smtputf8
    assert parcel.to == ("用户@xn--r8jz45g.example",)
    assert "<用户@xn--r8jz45g.example>".encode() in parcel.message


def test_an_address_that_the_standard_would_quote_is_quoted() -> None:
    parcel = compose(letter(to=(Address(address="taro..y.@docomo.example"),)), REPLY_ID)

    assert parcel.to == ('"taro..y."@docomo.example',)


def test_the_boundary_cannot_occur_in_a_part() -> None:
    boundary = re.search(rb'boundary="(.*?)"', compose(letter(), REPLY_ID).message)
    assert boundary is not None
    message = composed(letter(text=f"before\n--{boundary[1].decode()}--\nafter"))

    assert "after" in content(message, "plain")
    assert len(list(message.iter_parts())) == 2


LONG_SUBJECTS = [
    "Re: " + "Größere Lieferung für Müller & Söhne, " * 12,
    "Re: " + "ご注文の商品がまだ届いていません" * 15,
    "Re: " + "plain words that go on and on " * 20,
    "Re: =?utf-8?q?not_decoded?= literally",
    "x" * 400,
    "",
    "Two  spaces,\ttab and \x0b\x1c\x85\u2028 others",
    "🧾" * 60,
]


@pytest.mark.parametrize("subject", LONG_SUBJECTS)
def test_subjects_of_any_length_and_script_arrive_as_they_were(subject: str) -> None:
    raw = compose(letter(subject=subject), REPLY_ID).message

    assert str(read(raw)["Subject"]) == subject.strip()
    assert raw.isascii()
    assert_lines_are_within_limits(raw)


anything = st.text(st.characters(exclude_characters="\r\n\x00", exclude_categories=("Cs",)), max_size=200)
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=400)
mailboxes = st.builds(
    Address,
    name=anything,
    address=st.builds(
        "{}@{}".format,
        st.from_regex(r"[a-z][a-zäßж0-9.!_\"\\ -]{0,30}", fullmatch=True),
        st.just("x.example"),
    ),
)


@settings(max_examples=200, deadline=None)
@given(
    subject=anything,
    sender=mailboxes,
    to=st.lists(mailboxes, min_size=1, max_size=5),
    text=texts,
    quoted=texts,
)
def test_whatever_people_write_arrives_and_adds_no_header(
    subject: str, sender: Address, to: list[Address], text: str, quoted: str
) -> None:
    written = letter(
        subject=subject, from_=sender, to=tuple(to), text=text, quote=quote(quoted, author=sender.name)
    )
    parcel = compose(written, REPLY_ID)
    message = read(parcel.message)

    assert [name for name, _ in message.items()] == [
        *("Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References"),
        *(LOOP_HEADER, "MIME-Version", "Content-Type"),
    ]
    assert str(message["Subject"]) == subject.strip()
    assert names(parcel.message, "To") == [one.name.strip() for one in to]
    assert content(message, "plain") == plain_text(written)
    assert parcel.smtputf8 or parcel.message.isascii()
    assert_lines_are_within_limits(parcel.message)


def names(raw: bytes, header: str) -> list[str]:
    """Read with the older parser: the newer one puts a space between two encoded words of a name."""
    value = message_from_bytes(raw, policy=policy.compat32)[header]
    unfolded = re.sub(r"\r?\n", "", str(value))
    return [str(make_header(decode_header(name))) for name, _ in getaddresses([unfolded])]


def assert_lines_are_within_limits(raw: bytes) -> None:
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert all(b"\n" not in line and b"\r" not in line for line in lines)
    assert all(line.strip() for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))
