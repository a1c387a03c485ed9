"""The forms of ticketboxes: who may write how often, what counts as a visit, and what becomes of the words."""

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts import desk
from contracts.mail import SmtpEnvelope
from postroom.installation import FIRST_COMMANDS, SUPPORT
from services.gateway.desk.desk import _form
from services.gateway.forms import texts
from services.gateway.forms.entry import (
    LONGEST,
    MOST_FILE_BYTES,
    Entry,
    identity,
    letter_of,
    mistakes,
    tidy,
)
from services.gateway.forms.limits import Limiter, Rate, client_key
from services.gateway.forms.references import range_of, reference_of
from services.gateway.forms.texts import LANGUAGES, texts_for
from services.gateway.forms.visit import Visit, mark, visit_of
from services.gateway.intake.composing import File, compose
from services.gateway.pages.desk.routes import snippet
from services.gateway.representations.desk import BoxItem
from services.gateway.settings import GatewaySettings
from services.ingest.examining import Findings
from services.ingest.intake import accept
from services.ingest.reading import read
from services.router.ruleset import Ruleset, Ticketbox, route, routed

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOX, KEY = UUID(int=1), b"k" * 32
ENTRY = Entry("Kim", "kim@customers.example", "Where is my order?", "Hello,\n\nwhere is it?")
SLOW = Rate(burst=3, every=timedelta(minutes=1))


def test_a_few_may_come_at_once_and_then_one_in_each_interval() -> None:
    limiter = Limiter()
    waits = [limiter.admit({"kim": SLOW}, NOW).total_seconds() for _ in range(4)]
    assert waits == [0, 0, 0, 60]
    assert limiter.admit({"kim": SLOW}, NOW + timedelta(seconds=59)) == timedelta(seconds=1)
    assert limiter.admit({"kim": SLOW}, NOW + timedelta(seconds=60)) == timedelta(0)
    assert limiter.admit({"kim": SLOW}, NOW + timedelta(seconds=61)) == timedelta(seconds=59)


def test_who_is_refused_uses_nothing_up_and_who_is_quiet_gets_everything_back() -> None:
    limiter = Limiter()
    for _ in range(20):
        limiter.admit({"kim": SLOW}, NOW)
    later = NOW + timedelta(minutes=3)
    assert [limiter.admit({"kim": SLOW}, later).total_seconds() for _ in range(4)] == [0, 0, 0, 60]


def test_each_client_has_a_limit_of_its_own_and_all_share_that_of_the_ticketbox() -> None:
    limiter, box = Limiter(), Rate(burst=4, every=timedelta(seconds=5))
    waits = [limiter.admit({name: SLOW, "box": box}, NOW).total_seconds() for name in "aaabbb"]
    assert waits == [0, 0, 0, 0, 5, 5]


@given(st.lists(st.integers(min_value=0, max_value=200), max_size=60))
def test_in_no_stretch_of_time_are_more_let_in_than_the_rate_allows(pauses: list[int]) -> None:
    limiter, now, admitted = Limiter(), NOW, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        if not limiter.admit({"kim": SLOW}, now):
            admitted.append(now)
    for first, start in enumerate(admitted):
        for last, end in enumerate(admitted[first:], first):
            assert last - first + 1 <= SLOW.burst + (end - start) / SLOW.every


def test_a_limiter_forgets_who_has_been_quiet() -> None:
    limiter = Limiter()
    for number in range(2000):
        limiter.admit({str(number): SLOW}, NOW + timedelta(minutes=number))
    assert len(limiter._due) <= 1002


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("testclient", "testclient", True),
    ],
)
def test_an_ipv6_customer_is_one_client_with_all_his_addresses(one: str, other: str, same: bool) -> None:
    assert (client_key(one) == client_key(other)) is same


def test_a_visit_is_known_by_its_mark() -> None:
    visit = Visit(NOW, uuid4())
    assert visit_of(mark(visit, BOX, KEY), BOX, KEY) == visit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2.3",
        "a.b",
        "9" * 40 + ".00000000000000000000000000000000.00",
        "\u0661.00000000000000000000000000000000.é",
    ],
)
def test_a_mark_that_is_none_is_no_visit(text: str) -> None:
    assert visit_of(text, BOX, KEY) is None


def test_a_mark_that_was_changed_or_is_for_another_ticketbox_is_no_visit() -> None:
    made = mark(Visit(NOW, UUID(int=5)), BOX, KEY)
    assert visit_of(made, BOX, KEY) is not None
    seconds, number, signature = made.split(".")
    assert visit_of(f"{int(seconds) - 60}.{number}.{signature}", BOX, KEY) is None
    assert visit_of(f"{seconds}.{UUID(int=6).hex}.{signature}", BOX, KEY) is None
    assert visit_of(made, UUID(int=2), KEY) is None
    assert visit_of(made, BOX, b"another key") is None


def test_what_is_missing_or_wrong_is_named_field_by_field() -> None:
    assert mistakes(ENTRY) == {}
    assert mistakes(replace(ENTRY, name="")) == {}
    assert mistakes(Entry()) == {"email": "missing", "subject": "missing", "message": "missing"}
    for wrong in (
        "kim",
        "kim@",
        "@customers.example",
        "kim@customers",
        "kim@customers.example>",
        "a@b@c d.example",
    ):
        assert mistakes(replace(ENTRY, email=wrong)) == {"email": "wrong"}
    assert mistakes(replace(ENTRY, name="x" * 101, message="x" * 50_001)) == {
        "name": "too_long",
        "message": "too_long",
    }
    assert mistakes(replace(ENTRY, file_sizes=(MOST_FILE_BYTES - 1, 1))) == {}
    assert mistakes(replace(ENTRY, file_sizes=(MOST_FILE_BYTES, 1))) == {"files": "too_large"}
    assert mistakes(replace(ENTRY, file_sizes=(0,) * 6)) == {"files": "too_many"}


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=120), st.text(max_size=250), st.text(max_size=500), st.text(max_size=50))
def test_whatever_a_program_posts_becomes_a_letter_or_a_mistake(
    name: str, subject: str, message: str, file: str
) -> None:
    files = (File(file, "text/plain", b"x"),)
    entry = tidy(Entry(name, "kim@customers.example", subject, message))
    if not mistakes(entry):
        letter = read(compose(letter_of(entry, files, "support@example.com", uuid4(), NOW)))
        assert letter.from_ is not None
        assert letter.from_.address == "kim@customers.example"


def test_a_form_that_is_sent_twice_is_one_letter_and_a_changed_word_makes_another() -> None:
    visit, other = uuid4(), uuid4()
    assert identity(ENTRY, (), visit) == identity(replace(ENTRY), (), visit)
    assert identity(ENTRY, (), visit) != identity(ENTRY, (), other)
    assert identity(ENTRY, (File("a", "", b"x"),), visit) != identity(ENTRY, (), visit)
    for changed in (
        replace(ENTRY, message=ENTRY.message + "!"),
        replace(ENTRY, name="Kim W", email=ENTRY.email[1:]),
    ):
        assert identity(changed, (), visit) != identity(ENTRY, (), visit)


def test_the_letter_is_from_who_wrote_it_and_a_person_wrote_it() -> None:
    command_id = uuid4()
    letter = read(compose(letter_of(ENTRY, (), "support@example.com", command_id, NOW)))
    assert letter.from_ is not None
    assert (letter.from_.name, letter.from_.address) == ("Kim", "kim@customers.example")
    assert (letter.message_id, letter.reply_to) == (f"<{command_id}@example.com>", ())
    assert dict(letter.headers)["Auto-Submitted"] == "no"
    assert not letter.automatic
    assert "X-Postroom-Form" not in dict(letter.headers)


@pytest.mark.parametrize("trap", ["x", ""])
def test_what_a_program_filled_in_is_quarantined_with_the_reason_and_kept(trap: str) -> None:
    raw = compose(letter_of(replace(ENTRY, trap=trap), (), "support@example.com", uuid4(), NOW))
    envelope = SmtpEnvelope(
        client_address="192.0.2.1", mail_from=ENTRY.email, recipients=("support@example.com",)
    )
    source = "form:support@example.com"
    received = accept(
        raw,
        read(raw),
        envelope,
        ticketbox_id=uuid4(),
        source=source,
        received_at=NOW,
        fresh=uuid4(),
        findings=Findings(),
    )
    rules = FIRST_COMMANDS[1].rules  # type: ignore[union-attr]
    box = Ticketbox(SUPPORT, "Support", frozenset({"support@example.com"}))
    told = routed(received.event.letter, route(received.event, Ruleset(1, rules, SUPPORT, {SUPPORT: box})))
    assert (told.disposition, told.reason) == (("quarantine", "honeypot") if trap else ("deliver", None))


def test_a_reference_finds_its_letter_and_nothing_else_is_one() -> None:
    message_id = UUID("3f2a91bc-77d0-4c38-8f29-30a4f5a1d7b2")
    assert reference_of(message_id) == "3F2A-91BC-77D0"
    ids = range_of(" 3f2a-91bc-77d0 ")
    assert ids is not None
    assert ids[0] <= message_id <= ids[1]
    assert range_of("1042") is range_of("3F2A-91BC") is range_of("WXYZ-91BC-77D0") is None


@pytest.mark.parametrize(
    ("accepted", "wanted", "language"),
    [
        ("de-CH, de;q=0.9, en;q=0.8", None, "de"),
        ("pl, fr;q=0.4, es;q=0.6", None, "es"),
        ("fr;q=0, de;q=0.001", None, "de"),
        ("fr;q=0", None, "en"),
        ("pl", None, "en"),
        ("", None, "en"),
        ("de", "fr", "fr"),
        ("de", "xx", "de"),
        ("*;q=1, ;;;, de;q=9", None, "en"),
    ],
)
def test_a_form_speaks_the_language_of_the_page_around_it_or_else_of_the_reader(
    accepted: str, wanted: str | None, language: str
) -> None:
    assert texts_for(accepted, wanted).language == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_blanks(language: str) -> None:
    def blanks(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for name in texts.Texts.__slots__:
        said, english = getattr(LANGUAGES[language], name), getattr(texts.ENGLISH, name)
        assert said
        assert blanks(said) == blanks(english), name
    for field in ("email", "subject", "message"):
        assert LANGUAGES[language].mistake(field, "missing", 0)
    assert str(LONGEST["subject"]) in LANGUAGES[language].mistake("subject", "too_long", LONGEST["subject"])


@pytest.mark.parametrize(
    ("chosen", "has_form"),
    [
        ((), False),
        (("*",), True),
        (("Support@Example.com",), True),
        (("sales@example.com",), False),
    ],
)
def test_a_ticketbox_has_a_form_if_it_was_chosen(chosen: tuple[str, ...], has_form: bool) -> None:
    box = desk.Ticketbox(id=SUPPORT, name="Support", addresses=("support@example.com",))
    assert (_form(box, chosen) is not None) is has_form


def settings_with(**values: str) -> GatewaySettings:
    return GatewaySettings(database_url="postgresql://x", nats_url="nats://x", **values)  # type: ignore[arg-type]


def test_sites_that_may_embed_forms_are_origins_and_nothing_that_changes_the_policy() -> None:
    sites = "https://www.example.com, https://*.shop.example http://[::1]:8000 http://127.0.0.1:*"
    assert settings_with(form_ancestors=sites).form_ancestors == tuple(sites.replace(",", " ").split())
    for wrong in ("*", "example.com", "https://example.com/path", "https://a;script-src", "javascript:x"):
        with pytest.raises(ValidationError):
            settings_with(form_ancestors=wrong)


def test_the_snippet_for_websites_shows_names_as_text() -> None:
    box = BoxItem(id=SUPPORT, name='Care & "more"', addresses=["a@example.com"], form=f"/forms/{SUPPORT}")
    shown = snippet("https://desk.example.com", box)
    assert f'src="https://desk.example.com/forms/{SUPPORT}"' in shown
    assert 'title="Care &amp; &quot;more&quot;"' in shown
