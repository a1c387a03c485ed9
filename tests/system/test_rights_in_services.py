"""Every command with every role, past the gateway: the services refuse what a page would not have offered."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts import commands
from contracts.bulk import Prioritise, SelectedTicket
from contracts.commands import (
    AddNote,
    AddPerson,
    AddTask,
    AssignTicket,
    CancelBulkJob,
    CancelDryRun,
    CancelWhatIf,
    ChangeDesk,
    ChangeTags,
    ChangeTask,
    ChangeWatchers,
    CloseTicket,
    Command,
    CreateTicketbox,
    DiscardMessage,
    Done,
    DraftRuleset,
    DropRulesetDraft,
    FinishTask,
    HoldForTicket,
    LinkTickets,
    MergeContacts,
    MergeTicket,
    MoveAddress,
    MoveLetters,
    MoveTicket,
    NextTicket,
    PublishRuleset,
    PutOnHold,
    ReadAgain,
    Refused,
    ReleaseMessage,
    RemoveTask,
    RemoveThing,
    ReopenTicket,
    RequestErasure,
    RestoreTask,
    RetryReply,
    SelectTickets,
    SetCategory,
    SetContact,
    SetFields,
    SetPending,
    SetPresence,
    SetPriority,
    SetThing,
    SolveTicket,
    SplitTicket,
    StartBulkJob,
    StartDryRun,
    StartWhatIf,
    SubmitReply,
    UndoBulkJob,
    UndoChange,
    UndoContactMerge,
    UndoMerge,
    UnlinkTickets,
)
from contracts.contacts import Card
from contracts.desk import Organisation, Ticketbox
from contracts.people import Presence, Role
from contracts.router import Priority
from contracts.service_levels import Policy
from contracts.stream_ids import contact_id
from contracts.tickets import LinkKind
from tests.running import until
from tests.system.house import ACTORS, ADMINISTERING, ALL, MANAGING, ORGANISATION, WORKSHOP, House

pytestmark = [pytest.mark.system, pytest.mark.anyio]

ANSWERING = "yes yes yes 403 403 403 yes"
"""A service does not say of a ticket that it is not there: whoever sends commands knows its id."""
ANYWHERE = "yes yes yes 403 yes yes yes"
"""Who answers anywhere."""
OF_CONTACTS = "yes yes yes 403 404 yes yes"
STATUS = {"forbidden": "403", "unknown": "404"}
"""Refusals, as the API tells them."""
AS_IF_MISSING = {
    *(RetryReply, FinishTask, ChangeTask, RemoveTask, RestoreTask, UndoChange),
    *(CancelBulkJob, UndoBulkJob, CancelDryRun, ReadAgain),
}
"""They are about what is not there; who may do it is told so."""


def of_the_ticket(house: House) -> Iterator[tuple[type[Command], str, dict[str, Any]]]:
    """Commands about one ticket, or about it and another: itself, so that nothing comes of it."""
    for kind, fields in (
        (SubmitReply, {"reply_id": uuid4(), "text": "Soon.", "seen_version": 999}),
        (RetryReply, {"reply_id": uuid4()}),
        (AddNote, {"note_id": uuid4(), "text": "Seen."}),
        (AssignTicket, {"agent_id": None}),
        (SolveTicket, {}),
        (ReopenTicket, {}),
        (SetPending, {}),
        (PutOnHold, {}),
        (CloseTicket, {}),
        (SetPriority, {"priority": "high"}),
        (ChangeTags, {"add": ("lamp",)}),
        (SetFields, {"fields": {}}),
        (SetCategory, {"category_id": None}),
        (ChangeWatchers, {}),
        (AddTask, {"task_id": uuid4(), "text": "Call the workshop"}),
        (FinishTask, {"task_id": uuid4()}),
        (ChangeTask, {"task_id": uuid4(), "text": "Write to the workshop"}),
        (RemoveTask, {"task_id": uuid4()}),
        (RestoreTask, {"task_id": uuid4()}),
        (MoveTicket, {"ticketbox_id": WORKSHOP}),
        (UndoChange, {"undone_id": uuid4()}),
        (LinkTickets, {"link": LinkKind.RELATED, "other_id": house.ticket_id}),
        (UnlinkTickets, {"link": LinkKind.RELATED, "other_id": house.ticket_id}),
        (HoldForTicket, {"other_id": house.ticket_id}),
        (MergeTicket, {"other_id": house.ticket_id}),
        (UndoMerge, {"other_id": house.ticket_id}),
        (MoveLetters, {"other_id": house.ticket_id, "message_ids": (house.message_id,)}),
        (SplitTicket, {"message_ids": (house.message_id,)}),
    ):
        yield kind, ANSWERING, {"ticket_id": house.ticket_id, **fields}


def of_the_desk(house: House, actor_id: UUID) -> Iterator[tuple[type[Command], str, dict[str, Any]]]:
    """Commands about the desk, its rules and its people."""
    box = Ticketbox(id=WORKSHOP, name="Workshop", addresses=("workshop@example.com",))
    rules = {"rules": (), "default_ticketbox_id": WORKSHOP}
    yield ChangeDesk, MANAGING, {"changes": (SetThing(thing=box),)}
    yield (
        ChangeDesk,
        ADMINISTERING,
        {"changes": (SetThing(thing=Organisation(id=ORGANISATION, name="Lamps")),)},
    )
    yield SetPresence, ALL, {"person_id": actor_id, "presence": Presence.OFF}
    other = next(one for one in house.people.values() if one != actor_id)
    yield SetPresence, "yes yes 403 403 403 403 403", {"person_id": other, "presence": Presence.OFF}
    new = {"name": f"New {uuid4()}", "addresses": (f"{uuid4()}@example.com",)}
    yield CreateTicketbox, ADMINISTERING, {"ticketbox_id": uuid4(), **new}
    new = {"name": "New", "email": f"{uuid4()}@example.com"}
    yield AddPerson, ADMINISTERING, {"person_id": uuid4(), "role": Role.AGENT, **new}
    yield PublishRuleset, ADMINISTERING, {**rules, "seen_version": 999}
    yield DraftRuleset, MANAGING, {**rules, "based_on": 1}
    yield DropRulesetDraft, MANAGING, {"seen_version": 999}
    yield StartDryRun, MANAGING, {**rules, "days": 1}
    yield CancelDryRun, MANAGING, {"dry_run_id": uuid4()}
    yield StartWhatIf, MANAGING, {"things": (Policy(id=uuid4(), name="Tried"),), "months": 1}
    yield CancelWhatIf, MANAGING, {"what_if_id": uuid4()}


def of_mail_and_people(house: House) -> Iterator[tuple[type[Command], str, dict[str, Any]]]:
    """Commands about contacts, stopped mail, many tickets, and what a person does for all."""
    mine = {"address": house.customer}
    card = Card(id=contact_id(house.customer), addresses=(house.customer,))
    yield SetContact, OF_CONTACTS, {"contact": card}
    yield MoveAddress, OF_CONTACTS, mine
    yield MergeContacts, OF_CONTACTS, {**mine, "into_address": house.customer}
    yield UndoContactMerge, OF_CONTACTS, {"contact_id": card.id}
    yield ReleaseMessage, MANAGING, {"message_id": house.message_id}
    yield DiscardMessage, MANAGING, {"message_id": house.message_id}
    yield NextTicket, ANSWERING, {"ticketbox_id": WORKSHOP}
    selected = (SelectedTicket(ticket_id=uuid4(), seen_version=1),)
    yield SelectTickets, ANYWHERE, {"job_id": uuid4(), "first": 0, "tickets": selected}
    urgent = (Prioritise(priority=Priority.URGENT),)
    yield StartBulkJob, ANYWHERE, {"actions": urgent, "selection": "one", "total": 1}
    yield CancelBulkJob, ALL, {"job_id": uuid4()}
    yield UndoBulkJob, ALL, {"job_id": uuid4()}
    yield RequestErasure, ADMINISTERING, {"addresses": ("nobody@customers.example",), "reason": "Try"}
    # Whether it is the ticketbox of the message is asked by pages and API.
    yield ReadAgain, MANAGING, {"message_id": uuid4()}


def cases(house: House, actor_id: UUID) -> list[tuple[type[Command], str, dict[str, Any]]]:
    return [*of_the_ticket(house), *of_the_desk(house, actor_id), *of_mail_and_people(house)]


def every_command() -> set[type[Command]]:
    """All that there are: whoever adds one adds a case."""

    def below(kind: type[Command]) -> Iterator[type[Command]]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    found = {one for one in below(Command) if one.__module__ == commands.__name__}
    return {one for one in found if not one.__subclasses__()}


async def test_every_command_does_for_every_role_what_its_rights_say(house: House) -> None:
    people = {**house.people, "administrator": await house.administrator()}
    assert {kind for kind, _, _ in cases(house, uuid4())} == every_command()
    wrong = []
    for actor, place in reversed([*zip(ACTORS, range(len(ACTORS)), strict=True)]):
        for kind, line, fields in cases(house, people[actor]):
            command = kind(command_id=uuid4(), actor_id=people[actor], **fields)
            outcome = await house.postroom.command(command)
            told = "yes" if isinstance(outcome, Done) else STATUS.get(outcome.code, "yes")
            told = "yes" if told == "404" and kind in AS_IF_MISSING else told
            if told != (expected := line.split()[place]):
                wrong.append(f"{kind.__name__} as {actor}: {outcome} instead of {expected}")
    assert wrong == []


async def test_only_an_administrator_removes_a_ticketbox(house: House) -> None:
    for actor in ("supervisor", "manager"):
        gone = RemoveThing(kind="ticketbox", id=WORKSHOP)
        command = ChangeDesk(command_id=uuid4(), actor_id=house.people[actor], changes=(gone,))
        refused = await house.postroom.command(command)
        assert isinstance(refused, Refused)
        assert refused.code == "forbidden"


async def test_a_job_that_was_begun_past_the_gateway_changes_nothing_that_its_author_may_not_change(
    house: House,
) -> None:
    for actor in ("limited", "reader"):
        await nobody_changes_it_in_bulk(house, actor)


async def nobody_changes_it_in_bulk(house: House, actor: str) -> None:
    assert house.ticket_id is not None
    job_id, person_id = uuid4(), house.people[actor]
    selected = (SelectedTicket(ticket_id=house.ticket_id, seen_version=1),)
    select = SelectTickets(command_id=uuid4(), actor_id=person_id, job_id=job_id, first=0, tickets=selected)
    selected_all = await house.postroom.command(select)
    start = StartBulkJob(
        command_id=job_id,
        actor_id=person_id,
        actions=(Prioritise(priority=Priority.URGENT),),
        selection="one",
        total=1,
    )
    started = await house.postroom.command(start)
    assert isinstance(selected_all, Done)
    assert isinstance(started, Done)

    async def told() -> dict[str, Any] | None:
        job = (await house.clients["administrator"].get(f"/api/v1/bulk-jobs/{job_id}")).json()
        return job if job["state"] == "done" else None

    job = await until(told)
    assert isinstance(job, dict)
    assert (job["changed"], job["refused_tickets"][0]["code"]) == (0, "forbidden")
    for other in (CancelBulkJob, UndoBulkJob):
        of_another = other(command_id=uuid4(), actor_id=house.people["agent"], job_id=job_id)
        answer = await house.postroom.command(of_another)
        assert isinstance(answer, Refused)
        assert answer.code == "forbidden"
