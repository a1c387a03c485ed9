"""The rules of a ticket: given these events, when this is asked, then that happens."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from contracts.commands import (
    AddNote,
    AnyTicketCommand,
    AssignTicket,
    CloseTicket,
    ReopenTicket,
    RetryReply,
    SolveTicket,
    SubmitReply,
)
from contracts.correspondence import (
    AutomaticReplyReceived,
    CustomerReplied,
    DeliveryOutcome,
    DeliveryRecorded,
    ReplyBounced,
    ReplyReleased,
    ReplySubmitted,
)
from contracts.desk import FollowUp, Ticketbox
from contracts.event import Meta, Recorded
from contracts.mail import Address, Bounce, Kind, LetterHead
from contracts.people import Person, Role
from contracts.router import MessageRouted, Priority, RoutingEvidence
from contracts.stream_ids import ticket_id_of
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    LettersTaken,
    PriorityChanged,
    State,
    TagsChanged,
    ThreadedBy,
    TicketAbsorbed,
    TicketAssigned,
    TicketClosed,
    TicketOpened,
    TicketReopened,
    TicketSolved,
)
from services.tickets import alarms, answering, commands, intake, reply_address
from services.tickets.desk import Desk
from services.tickets.evolve import evolve, load
from services.tickets.number import with_check_digit
from services.tickets.refusals import AlreadyThere, NotFailed, Outdated
from services.tickets.threading import Known, Place, Tokens, find_place, number_in_subject, passed_over
from services.tickets.ticket import Ticket

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICKET, ANNA, BOX, REPLY = uuid4(), uuid4(), uuid4(), uuid4()
DESK = Desk(
    {
        BOX: Ticketbox(
            id=BOX, name="Support", addresses=("support@example.com",), first_response_seconds=4 * 3600
        ),
        ANNA: Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT),
    },
    secret=b"for tests only",
)
TOKENS = Tokens(DESK.secret)


def letter(
    sender: str = "kim@customers.example",
    message_id: str | None = "<first@customers.example>",
    in_reply_to: str | None = None,
    kind: Kind = Kind.CUSTOMER,
    bounced: str | None = None,
    automatic: bool = False,
) -> LetterHead:
    return LetterHead(
        message_id=uuid4(),
        internet_message_id=message_id,
        in_reply_to=in_reply_to,
        subject="Where is my lamp?",
        received_at=NOON,
        from_=Address(name="Kim", address=sender),
        kind=kind,
        automatic=automatic,
        bounce=Bounce(original_message_id=bounced) if bounced else None,
    )


def opened() -> TicketOpened:
    return TicketOpened(
        ticket_id=TICKET,
        number=10009,
        ticketbox_id=BOX,
        ticketbox="Support",
        subject="Where is my lamp?",
        contact=Address(name="Kim", address="kim@customers.example"),
        letter=letter(),
    )


def replied(**about: str) -> CustomerReplied:
    return CustomerReplied(ticket_id=TICKET, letter=letter(**about), threaded_by=ThreadedBy.IN_REPLY_TO)


def given(*events: TicketEvent) -> Ticket:
    ticket = load(
        Recorded(
            event=event,
            event_id=uuid4(),
            stream_id=f"ticket-{TICKET}",
            version=version,
            position=version,
            after=version - 1,
            meta=Meta(correlation_id=TICKET, causation_id=TICKET),
            occurred_at=NOON,
            recorded_at=NOON,
        )
        for version, event in enumerate(events, start=1)
    )
    assert ticket is not None
    return ticket


def submit(seen_version: int, solve: bool = False) -> SubmitReply:
    return SubmitReply(
        command_id=uuid4(),
        actor_id=ANNA,
        ticket_id=TICKET,
        reply_id=REPLY,
        text="Tomorrow.",
        seen_version=seen_version,
        solve=solve,
    )


def when(ticket: Ticket, command: AnyTicketCommand) -> list[TicketEvent]:
    return commands.decide(command, ticket, DESK, NOON)


def kinds(events: Sequence[object]) -> list[type]:
    return [type(event) for event in events]


def released(ticket: Ticket) -> ReplyReleased:
    return next(event for event in when(ticket, submit(ticket.version)) if isinstance(event, ReplyReleased))


def test_an_answer_is_submitted_released_and_makes_its_author_the_owner() -> None:
    assert kinds(when(given(opened()), submit(1))) == [ReplySubmitted, ReplyReleased, TicketAssigned]


def test_an_answer_carries_the_conversation_in_its_headers() -> None:
    ticket = given(opened(), replied(message_id="<second@customers.example>"))
    outgoing = released(ticket).letter
    assert outgoing.in_reply_to == "<second@customers.example>"
    assert outgoing.references == ("<first@customers.example>", "<second@customers.example>")
    assert outgoing.internet_message_id == f"<{REPLY}@example.com>"
    assert outgoing.subject == "Re: Where is my lamp?"


def test_an_answer_written_without_seeing_the_newest_letter_is_refused() -> None:
    with pytest.raises(Outdated):
        when(given(opened(), replied()), submit(1))


def test_a_note_of_a_colleague_does_not_refuse_an_answer() -> None:
    note = AddNote(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, note_id=uuid4(), text="He called.")
    ticket = given(opened())
    noted = given(opened(), *when(ticket, note))
    assert when(noted, submit(1))


def test_an_answer_written_without_seeing_a_colleagues_answer_is_refused() -> None:
    answered = given(opened(), *when(given(opened()), submit(1)))
    with pytest.raises(Outdated, match="You answered"):
        when(answered, submit(1))
    bela = Person(id=uuid4(), name="Bela", email="bela@example.com", role=Role.AGENT)
    desk = Desk({**DESK.things, bela.id: bela}, secret=DESK.secret)
    with pytest.raises(Outdated, match="Anna answered"):
        commands.decide(submit(1).model_copy(update={"actor_id": bela.id}), answered, desk, NOON)
    assert when(answered, submit(answered.version))


def test_an_answer_written_without_seeing_letters_that_came_from_another_ticket_is_refused() -> None:
    taken = LettersTaken(
        ticket_id=TICKET, from_id=uuid4(), from_number=10017, letters=(letter(),), moved_by=ANNA
    )
    with pytest.raises(Outdated):
        when(given(opened(), taken), submit(1))


def test_tags_owners_priorities_and_automatic_mail_do_not_refuse_an_answer() -> None:
    changed = given(
        opened(),
        TagsChanged(ticket_id=TICKET, tags=("lamp",), changed_by=ANNA),
        PriorityChanged(ticket_id=TICKET, priority=Priority.HIGH, changed_by=ANNA),
        TicketAssigned(ticket_id=TICKET, agent_id=ANNA, method="person", assigned_by=ANNA),
        AutomaticReplyReceived(ticket_id=TICKET, letter=letter(), threaded_by=ThreadedBy.IN_REPLY_TO),
    )
    assert when(changed, submit(1))


def test_a_colleagues_answer_does_not_keep_a_ticket_from_being_solved() -> None:
    answered = given(opened(), *when(given(opened()), submit(1)))
    solve = SolveTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, seen_version=1)
    assert when(answered, solve)


CLOSE = CloseTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, seen_version=1)
SOLVE = SolveTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, seen_version=1)


@pytest.mark.parametrize("command", [SOLVE, CLOSE])
@pytest.mark.parametrize("state", [State.OPEN, State.SOLVED])
def test_a_letter_that_nobody_has_read_is_not_solved_or_closed_away(
    command: SolveTicket | CloseTicket, state: State
) -> None:
    solved = [TicketSolved(ticket_id=TICKET, solved_by=ANNA)] if state is State.SOLVED else []
    with pytest.raises(Outdated):
        when(given(opened(), *solved, replied()), command)


@pytest.mark.parametrize("command", [SOLVE, CLOSE])
def test_nor_is_one_that_came_from_another_ticket(command: SolveTicket | CloseTicket) -> None:
    about = {"ticket_id": TICKET, "from_id": uuid4(), "from_number": 10017, "letters": (letter(),)}
    absorbed = TicketAbsorbed(**about, message_ids=(), participants=(), merged_by=ANNA)
    for came in (LettersTaken(**about, moved_by=ANNA), absorbed):
        with pytest.raises(Outdated):
            when(given(opened(), came), command)


@pytest.mark.parametrize("seen_version", [2, None])
def test_who_has_read_it_or_does_not_mind_closes_the_ticket(seen_version: int | None) -> None:
    close = CLOSE.model_copy(update={"seen_version": seen_version})
    assert kinds(when(given(opened(), replied()), close)) == [TicketSolved, TicketClosed]


def test_send_and_solve_is_one_step() -> None:
    assert kinds(when(given(opened()), submit(1, solve=True)))[-1] is TicketSolved


def test_an_answer_that_failed_can_be_sent_again_with_the_same_bytes() -> None:
    first = released(given(opened()))
    failed = DeliveryRecorded(
        ticket_id=TICKET, reply_id=REPLY, outcome=DeliveryOutcome.FAILED, answer="550 No such user"
    )
    retry = RetryReply(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, reply_id=REPLY)
    (again,) = when(given(opened(), first, failed), retry)
    assert again == first.model_copy(update={"attempt": 2})


def test_an_answer_that_is_under_way_is_not_sent_again() -> None:
    retry = RetryReply(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, reply_id=REPLY)
    with pytest.raises(NotFailed):
        when(given(opened(), released(given(opened()))), retry)


def test_assigning_to_the_owner_changes_nothing() -> None:
    wish = AssignTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, agent_id=ANNA)
    (assigned,) = when(given(opened()), wish)
    assert when(given(opened(), assigned), wish) == []


def test_solving_twice_is_harmless_and_reopening_an_open_ticket_is_refused() -> None:
    solve = SolveTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET)
    solved = TicketSolved(ticket_id=TICKET, solved_by=ANNA)
    assert when(given(opened(), solved), solve) == []
    with pytest.raises(AlreadyThere):
        when(given(opened()), ReopenTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET))


def routed(head: LetterHead) -> MessageRouted:
    return MessageRouted(
        letter=head,
        ticketbox_id=BOX,
        ticketbox="Support",
        evidence=RoutingEvidence(ruleset_version=1, rule=None),
    )


def test_a_letter_reopens_a_solved_ticket_but_a_machine_does_not() -> None:
    solved = given(opened(), TicketSolved(ticket_id=TICKET, solved_by=ANNA))
    place = Place(TICKET, ThreadedBy.IN_REPLY_TO)
    person = intake.continue_ticket(routed(letter()), solved, place)
    machine = intake.continue_ticket(routed(letter(automatic=True)), solved, place)
    assert kinds(person) == [CustomerReplied, TicketReopened]
    assert kinds(machine) == [AutomaticReplyReceived]


def test_thanks_leave_a_solved_ticket_solved_and_a_complaint_that_begins_with_thanks_opens_it() -> None:
    answered = given(opened(), released(given(opened())), TicketSolved(ticket_id=TICKET, solved_by=ANNA))
    place = Place(TICKET, ThreadedBy.IN_REPLY_TO)
    thanks = letter().model_copy(update={"excerpt": "Thank you, Anna!"})
    complaint = letter().model_copy(update={"excerpt": "Thanks, it stopped working this morning."})
    assert kinds(intake.continue_ticket(routed(thanks), answered, place)) == [CustomerReplied]
    assert kinds(intake.continue_ticket(routed(complaint), answered, place)) == [
        CustomerReplied,
        TicketReopened,
    ]


@pytest.mark.parametrize(
    ("subject", "thanks"),
    [
        ("Re: Where is my lamp?", True),
        ("AW: WHERE IS  MY LAMP? [#10009]", True),
        ("", True),
        ("The second lamp is broken", False),
    ],
)
def test_thanks_under_a_new_subject_are_more_than_thanks(subject: str, thanks: bool) -> None:
    solved = given(opened(), TicketSolved(ticket_id=TICKET, solved_by=ANNA))
    head = letter().model_copy(update={"excerpt": "Thank you!", "subject": subject})
    assert intake.says_thanks(head, solved) is thanks


def test_a_letter_that_comes_too_late_begins_anew_and_thanks_never_do() -> None:
    solved = given(opened(), TicketSolved(ticket_id=TICKET, solved_by=ANNA))
    late = letter().model_copy(
        update={"received_at": NOON + timedelta(days=31), "excerpt": "It is broken again."}
    )
    assert intake.begins_anew(late, solved, DESK.get(Ticketbox, BOX))
    assert not intake.begins_anew(
        late.model_copy(update={"excerpt": "Thank you!"}), solved, DESK.get(Ticketbox, BOX)
    )


def test_the_days_in_which_a_letter_continues_it_count_from_solving_also_if_it_is_closed_since() -> None:
    solved = TicketSolved(ticket_id=TICKET, solved_by=ANNA)
    closed = evolve(given(opened(), solved), TicketClosed(ticket_id=TICKET), 3, NOON + timedelta(days=14))
    late = letter().model_copy(update={"received_at": NOON + timedelta(days=31), "excerpt": "It is broken."})
    assert intake.begins_anew(late, closed, DESK.get(Ticketbox, BOX))
    at_once = evolve(given(opened()), TicketClosed(ticket_id=TICKET), 2, NOON + timedelta(days=14))
    assert not intake.begins_anew(late, at_once, DESK.get(Ticketbox, BOX))


def test_a_ticketbox_that_is_changed_closes_nothing_before_that() -> None:
    solved = given(opened(), TicketSolved(ticket_id=TICKET, solved_by=ANNA))
    changed = replace(DESK, since={BOX: NOON + timedelta(days=20)})
    assert alarms.closes_at(solved, changed) == NOON + timedelta(days=20)


@pytest.mark.parametrize("days", [9_999_999, 10**15])
def test_a_ticket_that_would_close_or_begin_anew_in_thousands_of_years_never_does(days: int) -> None:
    box = Ticketbox(
        id=BOX,
        name="Support",
        addresses=("support@example.com",),
        follow_up=FollowUp(reopen_within_days=days, close_after_days=days),
    )
    solved = given(opened(), TicketSolved(ticket_id=TICKET, solved_by=ANNA))
    assert alarms.closes_at(solved, Desk({BOX: box})) is None
    assert not intake.begins_anew(letter(), solved, box)


def test_a_bounce_finds_the_answer_that_came_back() -> None:
    ticket = given(opened(), released(given(opened())))
    back = letter("mailer-daemon@mx.example", kind=Kind.BOUNCE, bounced=f"<{REPLY}@example.com>")
    index = {f"<{REPLY}@example.com>": [Known(TICKET, REPLY)]}
    place = find_place(back, index, TOKENS, {TICKET: ticket})
    assert place == Place(TICKET, ThreadedBy.BOUNCED_MESSAGE_ID, REPLY)
    assert kinds(intake.continue_ticket(routed(back), ticket, place)) == [ReplyBounced]


@pytest.mark.parametrize(
    ("sender", "named", "joins"),
    [
        ("kim@customers.example", "<first@customers.example>", True),
        ("KIM@customers.example", "<first@customers.example>", True),
        ("eve@elsewhere.example", "<first@customers.example>", False),
        pytest.param("kim@private.example", f"<{REPLY}@example.com>", True, id="our answer"),
        ("kim@customers.example", "<unknown@customers.example>", False),
    ],
)
def test_who_takes_part_or_got_our_answer_joins_the_conversation(
    sender: str, named: str, joins: bool
) -> None:
    index = {
        "<first@customers.example>": [Known(TICKET, None)],
        f"<{REPLY}@example.com>": [Known(TICKET, REPLY)],
    }
    place = find_place(
        letter(sender, "<new@x.example>", in_reply_to=named), index, TOKENS, {TICKET: given(opened())}
    )
    assert (place is not None) is joins


def sent_to(address: str) -> LetterHead:
    return letter("eve@elsewhere.example").model_copy(update={"recipients": (address,)})


GENUINE = reply_address.signed("support@example.com", 10009, DESK.secret)
FORGED = reply_address.signed("support@example.com", 10009, b"made up")


@pytest.mark.parametrize(
    ("head", "named"),
    [
        pytest.param(letter("eve@elsewhere.example"), (), id="names nothing"),
        pytest.param(
            letter("eve@elsewhere.example", in_reply_to="<first@customers.example>"),
            (ThreadedBy.IN_REPLY_TO,),
            id="a stranger's answer",
        ),
        pytest.param(sent_to(FORGED), (ThreadedBy.REPLY_ADDRESS,), id="a forged reply address"),
        pytest.param(
            sent_to(FORGED).model_copy(update={"subject": "Re: [#10009]"}),
            (ThreadedBy.REPLY_ADDRESS, ThreadedBy.SUBJECT_TOKEN),
            id="a forged reply address and a stranger's number",
        ),
        pytest.param(
            letter("eve@elsewhere.example").model_copy(update={"subject": "[#70000]"}),
            (),
            id="no number of ours",
        ),
        pytest.param(
            letter("mailer-daemon@mx.example", kind=Kind.BOUNCE, bounced="<first@customers.example>"),
            (ThreadedBy.BOUNCED_MESSAGE_ID,),
            id="a bounce of what we did not send",
        ),
    ],
)
def test_what_names_a_conversation_but_does_not_count_is_kept(
    head: LetterHead, named: tuple[ThreadedBy, ...]
) -> None:
    index = {"<first@customers.example>": [Known(TICKET, None)]}
    tokens = replace(TOKENS, signed={10009: TICKET}, named={10009: TICKET})
    tickets = {TICKET: given(opened())}
    assert find_place(head, index, tokens, tickets) is None
    assert passed_over(head, index, tokens, tickets) == named
    assert intake.open_ticket(routed(head), 10010, DESK, None, named).passed_over == named


def test_a_genuine_reply_address_beside_a_forged_one_counts() -> None:
    head = sent_to(FORGED).model_copy(update={"recipients": (FORGED, GENUINE)})
    tokens = replace(TOKENS, signed={10009: TICKET})
    place = find_place(head, {}, tokens, {TICKET: given(opened())})
    assert place == Place(TICKET, ThreadedBy.REPLY_ADDRESS)


@for_all(running=st.integers(1000, 10**9), place=st.integers(0, 8), digit=st.integers(0, 9))
def test_a_wrong_digit_in_a_ticket_number_is_noticed(running: int, place: int, digit: int) -> None:
    number = str(with_check_digit(running))
    place %= len(number)
    wrong = number[:place] + str(digit) + number[place + 1 :]
    if wrong != number and wrong[0] != "0":
        assert with_check_digit(int(wrong[:-1])) != int(wrong)


def test_a_subject_gets_re_once() -> None:
    assert answering.reply_subject("AW: re: Lamp", None) == "Re: Lamp"
    assert answering.reply_subject("", None) == "Re: your message"


@pytest.mark.parametrize(
    ("subject", "answered"),
    [
        ("AW: Lamp", "Re: [#10009] Lamp"),
        ("Re: [#10009] Lamp", "Re: [#10009] Lamp"),
        ("Re: [#10008] Lamp", "Re: [#10009] [#10008] Lamp"),
    ],
    ids=["none", "its own", "that of another ticket"],
)
def test_a_subject_gets_the_number_of_its_ticket_once_and_before_any_other(
    subject: str, answered: str
) -> None:
    assert answering.reply_subject(subject, 10009) == answered
    assert number_in_subject(answered) == 10009


UNSIGNED = Desk(
    {**DESK.things, BOX: DESK.things[BOX].model_copy(update={"signed_reply_address": False})},
    secret=DESK.secret,
)


@pytest.mark.parametrize(
    ("sender", "joins"), [("kim@customers.example", True), ("eve@elsewhere.example", False)]
)
def test_an_answer_without_a_signed_reply_address_is_found_by_its_subject_and_joined_by_participants_only(
    sender: str, joins: bool
) -> None:
    ticket = given(opened())
    outgoing = next(
        event.letter
        for event in commands.decide(submit(1), ticket, UNSIGNED, NOON)
        if isinstance(event, ReplyReleased)
    )
    assert outgoing.reply_to is None
    back = letter(sender).model_copy(update={"subject": f"AW: {outgoing.subject}"})
    tokens = replace(TOKENS, named={number_in_subject(back.subject) or 0: TICKET})
    assert tokens.named == {ticket.number: TICKET}
    place = find_place(back, {}, tokens, {TICKET: ticket})
    assert place == (Place(TICKET, ThreadedBy.SUBJECT_TOKEN) if joins else None)


def test_thanks_under_the_subject_of_our_answer_are_thanks_however_it_differs_from_the_customers() -> None:
    first = opened().model_copy(update={"subject": "AW: Lamp"})
    answered = commands.decide(submit(1), given(first), UNSIGNED, NOON)
    solved = given(first, *answered, TicketSolved(ticket_id=TICKET, solved_by=ANNA))
    head = letter().model_copy(update={"excerpt": "Thank you, Anna!", "subject": "Re: [#10009] Lamp"})
    assert intake.says_thanks(head, solved)


def test_the_ticket_of_a_message_has_the_same_id_each_time() -> None:
    message_id = UUID(int=7)
    assert ticket_id_of(message_id) == ticket_id_of(message_id)
