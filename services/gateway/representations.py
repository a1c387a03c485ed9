"""What the API answers with and the pages show: the same data, in JSON and in HTML."""

from datetime import date, datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.desk import Right

T = TypeVar("T")


class Representation(BaseModel):
    model_config = ConfigDict(frozen=True)


class Page(Representation, Generic[T]):
    """A piece of a list; `next` is the cursor of the piece after it, null at the end."""

    items: list[T]
    next: str | None


class Named(Representation):
    id: UUID
    name: str


class Contact(Representation):
    name: str
    address: str


class TicketItem(Representation):
    """A ticket as a line of a list."""

    number: int
    version: int
    subject: str
    state: str
    priority: str
    tags: list[str]
    box: Named
    contact: Contact
    assignee: Named | None
    opened_at: datetime
    changed_at: datetime
    waiting_since: datetime | None
    held_until: datetime | None
    merged_into: int | None
    """The number of the ticket that it goes on in."""
    due_target: str | None
    due_at: datetime | None
    """What is to be done next, and when; null while no clock runs."""
    warned: list[str]
    missed: list[str]
    """Targets that will soon be missed, and those that were."""
    first_response_due_at: datetime | None
    first_response_at: datetime | None
    breached: bool
    letters: int
    replies: int
    undelivered: int
    excerpt: str


class AnswerTemplate(Representation):
    """A template as an answer to one ticket begins with it."""

    id: UUID
    name: str
    language: str | None
    text: str
    """With the customer's and your name, the ticket's number and subject filled in."""


class DraftItem(Representation):
    """What someone writes on a ticket and has not sent."""

    number: int
    subject: str
    kind: Literal["reply", "note"]
    text: str
    version: int
    """Counts how often it was saved; 0: there is none."""
    saved_at: datetime


class Visitor(Representation):
    """Somebody who is at a ticket now."""

    id: UUID
    name: str
    doing: Literal["looking", "answering"]


class AttachmentItem(Representation):
    name: str
    type: str
    size: int
    sha256: str
    inline: bool
    content_id: str | None
    url: str


class AuthenticationResultItem(Representation):
    """One result of one method (RFC 8601)."""

    method: str
    result: str
    domain: str | None
    detail: str


class Sender(Representation):
    """Whether a letter is from whom it says; `verdict` is null where that cannot be told either way."""

    verdict: Literal["verified", "failed"] | None
    domain: str | None
    by: str
    """Who found that out: `postroom`, or the upstream that is trusted."""
    results: list[AuthenticationResultItem]


class Letter(Representation):
    """A message that came in. `text` is all of it, `reply` what its author newly wrote."""

    message_id: UUID
    from_: Contact | None = Field(serialization_alias="from")
    to: list[Contact]
    cc: list[Contact]
    subject: str
    received_at: datetime
    sent_at: datetime | None
    kind: str
    text: str | None
    """None for a moment, until the letter itself has come to the read model."""
    reply: str | None
    text_sha256: str | None
    html: bool
    attachments: list[AttachmentItem]
    scan: str | None
    """What the virus scanner said of it and its files; null: there was none."""
    problems: list[str]
    sender: Sender | None
    """Null: nobody looked."""
    withheld: str | None
    """Why its attachments are not given out; null if they are."""
    threaded_by: str | None


class Delivery(Representation):
    state: Literal["released", "sent", "delayed", "failed", "uncertain", "bounced"]
    answer: str | None
    """What the relay said."""
    attempts: int
    next_try_at: datetime | None


class Reply(Representation):
    reply_id: UUID
    automatic: bool
    """An acknowledgement, which no person wrote."""
    text: str
    to: list[Contact]
    quote: str | None
    internet_message_id: str | None
    delivery: Delivery


class ConsideredItem(Representation):
    """Somebody whom distribution looked at, and what it saw."""

    person: Named
    why: str


class DistributionView(Representation):
    """Why a ticket went to whom it went: what it asked for, who else could have got it, and who could not."""

    method: str
    why: str
    asked: list[str]
    candidates: int
    """How many could have got it."""
    others: list[ConsideredItem]
    """The first of the others who could."""
    passed_over: list[ConsideredItem]
    """The first of those who could not."""


class Entry(Representation):
    """One thing that happened to a ticket, in order; one of `letter`, `reply` and `note` may say more."""

    version: int
    type: str
    at: datetime
    actor: Named | None
    """Who did it; null: the customer, or Postroom itself."""
    sentence: str
    letter: Letter | None = None
    reply: Reply | None = None
    note: str | None = None
    mentions: list[Named] = []
    """People and teams whose attention a note asks for."""
    ticket: int | None = None
    """The number of another ticket that it is about: where a letter came from or went to, what was merged or linked."""
    distribution: DistributionView | None = None
    """Of an assignment that distribution made: what it saw."""


class DeadlineView(Representation):
    """One running target. `due_at` null: its clock stands still, with `left_seconds` of business time to go."""

    target: str
    since: datetime
    due_at: datetime | None
    warn_at: datetime | None
    left_seconds: int | None


class FieldItem(Representation):
    """A custom field that this ticket has, and its value; `required` before the ticket is solved."""

    key: str
    name: str
    type: str
    choices: list[str]
    required: bool
    value: str | bool | int | float | date | None


class TaskItem(Representation):
    """A task of a ticket; its `owner` is a person or a team."""

    id: UUID
    text: str
    owner: Named | None
    due_on: date | None
    done: bool
    version: int
    """Of the ticket, when something else was last said of the task."""


class TaskTicket(Representation):
    number: int
    subject: str
    state: str
    merged_into: int | None
    box: Named


class TaskLine(Representation):
    """A task in a list, with its ticket."""

    id: UUID
    text: str
    owner: Named | None
    due_on: date | None
    done: bool
    ticket: TaskTicket


class LinkItem(Representation):
    """`link` is what the other ticket is to this one."""

    number: int
    link: str


class ActedItem(Representation):
    """A rule that held."""

    rule: str
    condition: str
    did: list[str]
    """Which of its actions counted; a rule before it may have decided the others."""
    matched: dict[str, str]
    """The values that its condition looked at, cut short."""


class RoutingView(Representation):
    """Why a message went where it went."""

    ruleset_version: int
    ticketbox: str
    ticketbox_rule: str | None
    """The rule that chose the ticketbox; None: its address or the default did."""
    rules: list[ActedItem]
    no_answer: dict[str, str]
    """Rules that had no answer for it, and why; they did not hold."""


class InForce(Named):
    """A thing of the desk, in the version that it had."""

    version: int


class ClockItem(Representation):
    """A target that ran, or stood still, at a moment of the past."""

    target: str
    since: datetime
    due_at: datetime | None
    """Null: its clock stood still."""
    left_seconds: int
    """Of business time, at that moment; below 0: it was overdue for so long."""
    missed: bool
    """Whether that had been written down by then."""


class AsOf(Representation):
    """What was in force at the moment at which a ticket is looked at."""

    at: datetime
    ruleset_version: int | None
    policy: InForce | None
    """Null: none applied, or it was before tickets knew which."""
    calendar: InForce | None
    """Whose time counted; null: the wall clock's."""
    clocks: list[ClockItem]


class ComingItem(Representation):
    """What will happen to a ticket by itself if nothing else does."""

    at: datetime
    what: Literal["automation", "closes", "hold_ends"]
    automation: str | None
    sentence: str


class TrialItem(Representation):
    """What an automation would do if it were saved now: to how many tickets at once, and to how many later."""

    sentence: str
    at_once: int
    later: int
    examples: list[int]
    """Numbers of some of those at once."""


class ErasedView(Representation):
    """That the data of a ticket's customer was erased."""

    at: datetime
    by: Named | None
    erasure_id: UUID


class Ticket(TicketItem):
    """A ticket with its conversation, and all else that is known of it."""

    erased: ErasedView | None
    hold_reason: str
    held_for: int | None
    """The number of the ticket that must be solved before it goes on."""
    only_thanks: bool
    """The customer's last letter only says thanks, so the ticket stayed solved."""
    policy: str | None
    """The service level that asks for the deadlines."""
    deadlines: list[DeadlineView]
    category: Named | None
    fields: list[FieldItem]
    watchers: list[Named]
    tasks: list[TaskItem]
    links: list[LinkItem]
    absorbed: list[int]
    """Numbers of the tickets that were merged into this one."""
    undelivered_in: list[int]
    """Numbers of those tickets with answers that were not delivered: they are sent again there."""
    recipient: Contact
    """Whom an answer goes to: the writer of the last letter, or where that asks for answers."""
    conversation: list[Entry]
    why_here: str
    routing: RoutingView | None = None
    """What the rules said of its first letter, with the values that they looked at."""
    as_of: AsOf | None = None
    """Null: this is the ticket as it is now."""
    why_owner: DistributionView | None = None
    """Why it has its owner; null: it has none, or distribution did not choose."""


class StreamEvent(Representation):
    """An event as it is in the log."""

    version: int
    type: str
    event_id: UUID
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    data: dict[str, object]


class Step(Representation):
    """One step of a message's custody."""

    at: datetime
    service: str
    event: str
    sentence: str
    evidence: dict[str, object]


class Custody(Representation):
    """Everything that happened to one message."""

    message_id: UUID
    state: str
    reason: str | None
    ticket: int | None
    letter: Letter | None
    """As it was read last; null for an answer of ours, and for what waits for the virus scanner."""
    withheld: str | None
    """Why its bytes are given to administrators only, and its attachments to nobody; null if they are given out."""
    why: Step | None
    """The step that brought it into its state."""
    steps: list[Step]


class MessageItem(Representation):
    """A message as a line of a list."""

    message_id: UUID
    received_at: datetime
    source: str
    from_: Contact | None = Field(serialization_alias="from")
    subject: str
    excerpt: str
    kind: str
    size: int
    attachments: int
    unreadable: bool
    """The reader could make nothing of it: its text is the bytes as they came."""
    scan: str | None
    """What the virus scanner said: `clean`, `infected` or `unscannable`; null: there was none."""
    held: str | None
    """Why it waits for the virus scanner."""
    state: str
    reason: str | None
    ticket: int | None


class ReadAgainResult(Representation):
    """`changed` is false if this release reads the message as it was read before."""

    changed: bool
    message: MessageItem


class TakenIn(Representation):
    """A letter that a program handed in is stored, and accounted for in the ledger."""

    message_id: UUID
    duplicate: bool
    """It had come before, by this way or another."""
    custody: str
    """Where everything is that happens to it."""


class LedgerView(Representation):
    """The intake ledger: `accepted` is the sum of the states."""

    accepted: int
    ticketed: int
    suppressed: dict[str, int]
    quarantined: int
    failed: int
    in_flight: int
    late: int
    """In flight for more than a minute."""
    oldest_in_flight_at: datetime | None
    balanced: bool


class SourceItem(Representation):
    """The books of an IMAP or POP3 source: `seen` is the sum of the five numbers after it."""

    name: str
    kind: str
    address: str
    state: str
    held: int
    seen: int
    taken: int
    duplicate: int
    refused: int
    vanished: int
    passed: int
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    balanced: bool


class VirusScannerItem(Representation):
    """Whether mail is scanned, and how much of it waits for the scanner."""

    address: str | None
    held: int
    held_since: datetime | None
    reason: str | None


class ConsumerLag(Representation):
    name: str
    stream: str
    waiting: int
    """Events that the stream holds and the consumer has not been given."""
    unacknowledged: int
    missing: bool


class ParkedItem(Representation):
    service: str
    parked_id: UUID
    consumer: str
    projection: str | None = Field(
        description="The projection that went on without it: only postroom rebuild puts it in its place."
    )
    event: str
    stream_id: str
    error: str
    attempts: int
    parked_at: datetime


class Status(Representation):
    """How the whole of it is. What does not answer is in `silent`."""

    ledger: LedgerView | None
    sources: list[SourceItem]
    scanner: VirusScannerItem | None
    consumers: list[ConsumerLag]
    parked: list[ParkedItem]
    outgoing: str | None
    silent: list[str]


class TagItem(Representation):
    tag: str
    tickets: int


class MemberItem(Representation):
    """Someone who may do something in a ticketbox."""

    id: UUID
    name: str
    email: str
    role: str
    right: Right
    by: Literal["role", "rights"]
    """`role`: they may it in every ticketbox."""


class PersonItem(Representation):
    id: UUID
    name: str
    email: str
    role: str
    presence: str
    until: datetime | None = None
    """When this presence is over; null: when the person says so."""


class Me(PersonItem):
    """Who is asking; `rights` by the id of the ticketbox."""

    rights: dict[UUID, Right]


class BoxItem(Representation):
    id: UUID
    name: str
    addresses: list[str]
    form: str | None = None
    """Where its web form is, if it has one."""


class DifferenceItem(Representation):
    """One field that is another, with dots where it is within another; null: it has no value."""

    field: str
    before: JsonValue
    after: JsonValue


class ThingVersion(Representation):
    """An entry in the history of a thing of the desk."""

    version: int
    at: datetime
    actor: Named | None
    """Who did it; null: the installation, or a command on its machine."""
    what: Literal["added", "changed", "removed", "put back"]
    thing: dict[str, JsonValue] | None
    """As it was from then on; null: removed."""
    differences: list[DifferenceItem]


class Changed(Representation):
    """The answer to a command: the ticket's version after it."""

    number: int
    version: int
    command_id: UUID | None = None
    """By which what changed is undone; null: it cannot be."""
    id: UUID | None = None
    """Of the reply, note, task or ticket that was made."""
    new_number: int | None = None
    """Of the ticket that was made."""


class ContactItem(Representation):
    """A contact as a line of a list."""

    id: UUID
    version: int
    """Of its card; 0: nobody keeps one."""
    name: str
    """On the card, or else in the last letter."""
    addresses: list[str]
    """All of them, with those of contacts that were merged into it; from which came a letter last, first."""
    organisation: Named | None
    """Chosen, or else by a domain."""
    language: str
    last_letter_at: datetime | None


class AddressItem(Representation):
    address: str
    name: str
    """In the last letter from it."""
    last_letter_at: datetime | None


class MergedItem(Representation):
    """A contact that goes on in another one, with the addresses that an undone merge gives back."""

    id: UUID
    name: str
    addresses: list[str]


class ContactDetail(ContactItem):
    """All that is known of a contact, but for its letters and tickets."""

    card_name: str
    own_addresses: list[str]
    """Those on its own card."""
    address_items: list[AddressItem]
    chosen_organisation: UUID | None
    note: str
    remarks: dict[str, str]
    merged: list[MergedItem]
    same_person: list[ContactItem]
    """Others who may be the same person: nothing is merged unless somebody says so."""


class TimelineEntry(Representation):
    """One thing that passed between a contact and us."""

    at: datetime
    type: str
    ticket: int
    version: int
    """Of the ticket, at this event."""
    subject: str
    sentence: str
    from_: Contact | None = Field(serialization_alias="from")
    """Who wrote a letter."""
    actor: Named | None
    """Who of us did it."""
    text: str | None
    message_id: UUID | None
    reply_id: UUID | None
    attachments: int


class DomainItem(Representation):
    """A domain from which several people write, that is no organisation's."""

    domain: str
    people: int


class OrganisationItem(Representation):
    """An organisation as a line of a list."""

    id: UUID
    name: str
    domains: list[str]
    note: str


class OrganisationList(Representation):
    items: list[OrganisationItem]
    next: None = None
    suggestions: list[DomainItem]
    """Domains that may be organisations; whoever changes the desk decides."""
