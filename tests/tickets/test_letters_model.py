"""Who writes to whom, whatever is merged, split, moved and undone, in any order, against a simple model."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.commands import Invalid
from contracts.commands import SubmitReply
from contracts.correspondence import ReplyReleased
from contracts.mail import Bounce, Kind
from services.tickets import commands
from services.tickets.refusals import Merged
from tests.tickets.desktop import ANNA, DESK, MINUTE, Desktop, letter, merge, move, split, undo

CUSTOMERS = tuple(f"{name}@customers.example" for name in ("kim", "rosa", "bob"))


@dataclass(frozen=True)
class Written:
    """A letter, and the ticket that it belongs to by itself, wherever that goes on."""

    writer: str
    home: UUID
    by_person: bool = True
    hidden: bool = False
    """It came back to a merged ticket, and is shown there alone."""


@dataclass
class Drawer:
    """A ticket, as someone would remember it who only sees which letters go in and out."""

    contact: str
    into: UUID | None = None
    brought: dict[UUID, set[str]] = field(default_factory=dict)
    """Who took part in tickets that go on in it, when that began."""


class Correspondence(RuleBasedStateMachine):
    """Three customers write, answer each other's letters and ours, and people rearrange it all."""

    @initialize()
    def begin(self) -> None:
        self.desktop = Desktop.empty()
        self.written: dict[int, Written] = {}
        self.drawers: dict[UUID, Drawer] = {}
        self.replies: list[tuple[UUID, str]] = []
        """Ours: the ticket, and the Message-ID."""

    # What the model knows

    def _way(self, home: UUID) -> Iterator[UUID]:
        yield home
        while (into := self.drawers[home].into) is not None:
            home = into
            yield home

    def _where(self, home: UUID) -> UUID:
        *_, last = self._way(home)
        return last

    def _standing(self) -> list[UUID]:
        return [one for one, drawer in self.drawers.items() if drawer.into is None]

    def _shown(self, ticket_id: UUID) -> dict[int, Written]:
        return {
            number: one
            for number, one in self.written.items()
            if not one.hidden and self._where(one.home) == ticket_id
        }

    def _takes_part(self, ticket_id: UUID) -> set[str]:
        drawer = self.drawers[ticket_id]
        wrote = {one.writer for one in self._shown(ticket_id).values() if one.by_person}
        return {drawer.contact}.union(wrote, *drawer.brought.values())

    # What happens

    def _take(self, writer: str, names: str | None, **about: object) -> tuple[int, UUID]:
        self.desktop.now += MINUTE
        number = len(self.written) + 1
        head = letter(number, writer, names, self.desktop.now).model_copy(update=about)
        return number, self.desktop.take(head).ticket_id

    def _opens(self, writer: str, names: str | None = None) -> None:
        number, ticket_id = self._take(writer, names)
        assert ticket_id not in self.drawers
        self.drawers[ticket_id] = Drawer(writer)
        self.written[number] = Written(writer, ticket_id)

    @rule(writer=st.sampled_from(CUSTOMERS))
    def a_customer_writes(self, writer: str) -> None:
        self._opens(writer)

    @precondition(lambda self: self.written)
    @rule(data=st.data(), writer=st.sampled_from(CUSTOMERS), automatic=st.booleans())
    def somebody_answers_a_letter(self, data: st.DataObject, writer: str, *, automatic: bool) -> None:
        number = data.draw(st.sampled_from([one for one in self.written if not self.written[one].hidden]))
        home, names = self.written[number].home, f"<{number}@customers.example>"
        if writer not in self._takes_part(self._where(home)):
            self._opens(writer, names)
            return
        kind = Kind.AUTO_REPLY if automatic else Kind.CUSTOMER
        new, ticket_id = self._take(writer, names, automatic=automatic, kind=kind)
        assert ticket_id == self._where(home)
        self.written[new] = Written(writer, home, by_person=not automatic)

    @precondition(lambda self: self._standing())
    @rule(data=st.data())
    def an_agent_answers(self, data: st.DataObject) -> None:
        ticket = self.desktop.tickets[data.draw(st.sampled_from(self._standing()))]
        submit = SubmitReply(
            command_id=uuid4(),
            actor_id=ANNA,
            ticket_id=ticket.ticket_id,
            reply_id=uuid4(),
            text="Soon.",
            seen_version=ticket.version,
        )
        events = commands.decide(submit, ticket, DESK, self.desktop.now)
        self.desktop.happen(ticket.ticket_id, *events)
        (outgoing,) = (event.letter for event in events if isinstance(event, ReplyReleased))
        self.replies.append((ticket.ticket_id, outgoing.internet_message_id))

    @precondition(lambda self: self.replies)
    @rule(data=st.data(), writer=st.sampled_from(CUSTOMERS))
    def somebody_answers_us(self, data: st.DataObject, writer: str) -> None:
        home, names = data.draw(st.sampled_from(self.replies))
        number, ticket_id = self._take(writer, names)
        assert ticket_id == self._where(home)
        self.written[number] = Written(writer, home)

    @precondition(lambda self: self.replies)
    @rule(data=st.data())
    def an_answer_comes_back(self, data: st.DataObject) -> None:
        home, names = data.draw(st.sampled_from(self.replies))
        about = {"automatic": True, "kind": Kind.BOUNCE, "bounce": Bounce(original_message_id=names)}
        number, ticket_id = self._take("mailer-daemon@relay.example", None, **about)
        assert ticket_id == home
        hidden = self.drawers[home].into is not None
        self.written[number] = Written("mailer-daemon@relay.example", home, by_person=False, hidden=hidden)

    @precondition(lambda self: len(self._standing()) > 1)
    @rule(data=st.data())
    def two_are_merged(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(self._standing()))[:2]
        part = self._takes_part(one)
        self.desktop.do(merge(self.desktop.tickets[one], self.desktop.tickets[other]))
        self.drawers[one].into = other
        self.drawers[other].brought[one] = part

    @precondition(lambda self: len(self._standing()) < len(self.drawers))
    @rule(data=st.data())
    def a_merge_is_undone(self, data: st.DataObject) -> None:
        merged = [one for one, drawer in self.drawers.items() if drawer.into is not None]
        one = data.draw(st.sampled_from(merged))
        other = self.drawers[one].into
        assert other is not None
        command = undo(self.desktop.tickets[one], self.desktop.tickets[other])
        if self.drawers[other].into is not None:
            with pytest.raises(Merged):
                self.desktop.do(command)
            return
        self.desktop.do(command)
        self.drawers[one].into = None
        del self.drawers[other].brought[one]
        for number, written in self.written.items():
            if written.home == one:
                self.written[number] = Written(written.writer, one, written.by_person)

    def _leaves(self, data: st.DataObject, one: UUID) -> int | None:
        """A letter that can leave a ticket, however it had come there."""
        shown = list(self._shown(one))
        return data.draw(st.sampled_from(shown)) if len(shown) > 1 else None

    @precondition(lambda self: len(self._standing()) > 1)
    @rule(data=st.data())
    def a_letter_is_moved(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(self._standing()))[:2]
        if (number := self._leaves(data, one)) is not None:
            self.desktop.do(move(self.desktop.tickets[one], self.desktop.tickets[other], number))
            self._lies_in(number, other)

    @precondition(lambda self: self._standing())
    @rule(data=st.data())
    def a_letter_is_split_off(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self._standing()))
        if (number := self._leaves(data, one)) is not None:
            new_id = list(self.desktop.do(split(self.desktop.tickets[one], number)))[-1]
            self.drawers[new_id] = Drawer(self.written[number].writer)
            self._lies_in(number, new_id)

    def _lies_in(self, number: int, ticket_id: UUID) -> None:
        written = self.written[number]
        self.written[number] = Written(written.writer, ticket_id, written.by_person)

    @precondition(lambda self: len(self._standing()) > 1)
    @rule(data=st.data())
    def the_last_letter_stays(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(self._standing()))[:2]
        if len(shown := self._shown(one)) == 1:
            with pytest.raises(Invalid):
                self.desktop.do(move(self.desktop.tickets[one], self.desktop.tickets[other], *shown))

    # What must hold

    @invariant()
    def every_letter_is_shown_where_the_model_has_it(self) -> None:
        for ticket_id in self._standing():
            ticket = self.desktop.tickets[ticket_id]
            assert self.desktop.letters(ticket) == set(self._shown(ticket_id))

    @invariant()
    def answers_go_to_who_wrote_last_of_what_is_there(self) -> None:
        for ticket_id in self._standing():
            ticket = self.desktop.tickets[ticket_id]
            by_people = {number: one for number, one in self._shown(ticket_id).items() if one.by_person}
            if by_people:
                last = max(by_people)
                assert ticket.reply_address.address == by_people[last].writer
                assert ticket.answer_to == f"<{last}@customers.example>"

    @invariant()
    def those_take_part_who_wrote_what_is_there_or_began_it(self) -> None:
        for ticket_id in self._standing():
            assert self.desktop.tickets[ticket_id].participants == self._takes_part(ticket_id)


TestCorrespondence = Correspondence.TestCase
TestCorrespondence.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
