"""Clocks as someone would keep them who has a stop watch for each letter, and sees what happens minute by minute."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from contracts.service_levels import Target
from contracts.tickets import State

MINUTE = timedelta(minutes=1)
TARGETS = {Target.FIRST_RESPONSE: 60, Target.NEXT_RESPONSE: 120, Target.RESOLUTION: 480}
"""In minutes by the wall clock; a ticket that is pending or on hold stops them."""
CLOSES_AFTER = timedelta(days=1)


@dataclass
class Watch:
    """The stop watch of a letter, which lies with the letter: the minutes that it has counted."""

    since: datetime
    counted: list[datetime] = field(default_factory=list)
    answered: bool = False
    round: int = 0
    """Counts what was asked when all was done."""
    brought_by: UUID | None = None
    """The merged ticket that it is shown for."""

    def due(self, minutes: int) -> datetime | None:
        """When so many minutes were counted; None: not yet."""
        return self.counted[minutes - 1] + MINUTE if len(self.counted) >= minutes else None


@dataclass
class Left:
    """How a letter stood when it was taken away; the watch goes on, in case that it comes back."""

    watch: Watch | None
    settled: bool
    begun: bool


@dataclass
class Case:
    """One ticket: its state, and the watches of letters that want an answer, or got one."""

    state: State = State.OPEN
    held_until: datetime | None = None
    held_for: UUID | None = None
    """The ticket that must be solved before this one goes on."""
    done_at: datetime | None = None
    merged: bool = False
    first_answered: bool = False
    watches: dict[int, Watch] = field(default_factory=dict)
    left: dict[int, Left] = field(default_factory=dict)
    """Letters that people took away, and how they stood."""
    begun: int | None = None
    """The letter whose watch is also that of the resolution."""
    counted: list[datetime] = field(default_factory=list)
    """Every minute in which its watches were let run."""
    missed: dict[tuple[str, datetime], datetime] = field(default_factory=dict)
    rest: tuple[State, datetime | None, UUID | None] | None = None
    """How it stood before a merge or a letter opened it, as long as nothing else keeps it open."""
    opened_for: set[UUID | int] = field(default_factory=set)
    """That ticket or letter, and the tickets that were merged into it since."""

    def pass_minute(self, now: datetime) -> None:
        """The minute that ends now."""
        if self.state is State.OPEN and not self.merged:
            self.counted.append(now - MINUTE)
            for watch in [*self.watches.values(), *(one.watch for one in self.left.values() if one.watch)]:
                watch.counted.append(now - MINUTE)

    def look(self, now: datetime) -> None:
        """What happens by itself, and what is missed."""
        if self.merged:
            return
        if self.held_until is not None and self.held_until <= now:
            self.stand(State.OPEN, now)
        if self.state is State.SOLVED and self.done_at is not None and self.done_at + CLOSES_AFTER <= now:
            self.stand(State.CLOSED, now)
        for target, watch in self.running().items():
            if (due := watch.due(TARGETS[target])) is not None:
                self.missed.setdefault((target, watch.since), due)

    def running(self) -> dict[Target, Watch]:
        if self.merged or self.state.done:
            return {}
        waiting = min(self.unanswered().values(), key=lambda watch: watch.since, default=None)
        response = Target.NEXT_RESPONSE if self.first_answered else Target.FIRST_RESPONSE
        running = {response: waiting} if waiting else {}
        return running | ({Target.RESOLUTION: self.watches[self.begun]} if self.begun else {})

    def unanswered(self) -> dict[int, Watch]:
        waiting = {number: watch for number, watch in self.watches.items() if not watch.answered}
        last = max((watch.round for watch in waiting.values()), default=0)
        return {number: watch for number, watch in waiting.items() if watch.round == last}

    def stand(
        self,
        state: State,
        now: datetime,
        held_until: datetime | None = None,
        held_for: UUID | None = None,
    ) -> None:
        self.state, self.held_until, self.held_for, self.rest = state, held_until, held_for, None
        self.done_at = now if state.done else None

    def absorb(self, one: UUID, watches: dict[int, Watch], now: datetime, *, opens: bool) -> None:
        """Another ticket goes on in it, with letters that nobody has answered; or it opens all the same."""
        before, rest = (self.state, self.held_until, self.held_for), self.rest
        self.ask(self.wanting(watches))
        if opens:
            self.stand(State.OPEN, now)
        opened = before[0] is not State.OPEN and self.state is State.OPEN
        self.rest, self.opened_for = (before, {one}) if opened else (rest, self.opened_for | {one})

    def come(self, number: int, watches: dict[int, Watch], now: datetime, *, opens: bool) -> None:
        """People bring a letter."""
        before = (self.state, self.held_until, self.held_for)
        self.ask(self.wanting(watches))
        self.back([number])
        if opens:
            self.stand(State.OPEN, now)
        opened = before[0] is not State.OPEN and self.state is State.OPEN
        self.rest, self.opened_for = (before, {number}) if opened else (None, set())

    def part(self, one: UUID | int, now: datetime) -> None:
        """That ticket or letter leaves, and this one stands as before, if nothing but that had opened it."""
        last = self.opened_for == {one}
        self.opened_for -= {one}
        if self.rest is not None and last:
            state, held_until, held_for = self.rest
            self.stand(state, now, held_until, held_for)

    def answer(self) -> None:
        self.first_answered = True
        for watch in self.watches.values():
            watch.answered = True

    def ask(self, watches: dict[int, Watch]) -> None:
        """Letters come that nobody has answered: a ticket that was done is asked anew. They open it."""
        if watches:
            rounds = {watch.round for watch in self.watches.values()}
            waits_in = {watch.round for watch in self.unanswered().values()}
            this = max(rounds, default=0) + 1 if self.state.done else max(waits_in or rounds, default=0)
            self.watches |= {number: replace(watch, round=this) for number, watch in watches.items()}
            self.begin()
            self.state, self.done_at, self.rest = State.OPEN, None, None
            self.held_until = self.held_for = None

    def lose(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.watches.pop(number, None)
        self.begin()

    def leave(self, numbers: Iterable[int]) -> None:
        """People take letters away."""
        waiting = {} if self.state.done else self.unanswered()
        for number in numbers:
            watch = self.watches.get(number)
            kept = watch and replace(watch, counted=[*watch.counted], brought_by=None)
            self.left[number] = Left(kept, number not in waiting, number == self.begun)
        self.lose(numbers)

    def wanting(self, watches: dict[int, Watch]) -> dict[int, Watch]:
        """Without those of letters that come back and had wanted nothing any more."""
        settled = {number for number, left in self.left.items() if left.settled}
        return {number: watch for number, watch in watches.items() if number not in settled}

    def back(self, numbers: Iterable[int], brought_by: UUID | None = None) -> None:
        """Of letters that are here now those that it has had before stand as they stood, or were answered meanwhile."""
        begun = [self.begun] if self.begun else []
        for number in numbers:
            if (left := self.left.get(number)) is None or left.watch is None:
                continue
            watch = left.watch
            kept = replace(
                watch,
                counted=[*watch.counted],
                answered=watch.answered or not left.settled,
                brought_by=brought_by,
            )
            self.watches.setdefault(number, kept)
            begun += [number] if left.begun else []
        self.begin()
        self.begun = min(begun, key=lambda number: self.watches[number].since, default=self.begun)

    def begin(self) -> None:
        if self.begun not in self.watches:
            self.begun = min(self.watches, key=lambda number: self.watches[number].since, default=None)

    def shown(self, ticket_id: UUID) -> dict[int, Watch]:
        """What its letters are in another ticket, into which it is merged: watches that run on there."""
        return {
            number: replace(watch, counted=[*watch.counted], brought_by=ticket_id)
            for number, watch in self.unanswered().items()
            if not self.state.done
        }

    def taken(self, numbers: Iterable[int]) -> dict[int, Watch]:
        """Watches that leave it together with their letters; those of answered ones are of no use elsewhere."""
        waiting = self.unanswered()
        taken = {number: replace(waiting[number], brought_by=None) for number in numbers if number in waiting}
        self.leave(numbers)
        return taken
