"""What people do with rulesets, by page or by API: from the wish to the command."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from contracts.commands import (
    CancelDryRun,
    DraftRuleset,
    DropRulesetDraft,
    PublishRuleset,
    StartDryRun,
)
from contracts.reports import GetRuleFigures, RuleFigures, RuleFiguresList
from contracts.rulesets import Rule
from contracts.trials import DryRun, DryRunList, GetDryRun, ListDryRuns
from services.gateway.access.accounts import Person
from services.gateway.access.guard import Here, command_id_of, only
from services.gateway.asking import Asking
from services.gateway.gateway import Gateway
from services.gateway.pieces import Piece
from services.gateway.problems import Conflict, NotFound, Unprocessable
from services.gateway.representations.basics import Page
from services.gateway.rules import rulesets
from services.gateway.rules.rulesets import DraftView
from services.gateway.trials import dry_run_changes
from services.gateway.trials.dry_run_changes import ChangeItem
from services.gateway.trials.trials import TrialView

DRAFT_CHANGED = "Someone changed the draft after you opened it. Reload the page."


@dataclass(frozen=True, slots=True)
class Ruling(Asking):
    """One wish of one person about the rules."""

    async def draft(
        self,
        rules: Sequence[Rule],
        default_ticketbox_id: UUID,
        based_on: int,
        expected_version: int | None,
        comment: str = "",
    ) -> int:
        """Write the draft anew, and return its version.

        Raises:
            Problem: someone else changed it after `expected_version`; or, if that is 0 or None, there is one.
        """
        done = await self.gateway.command(
            DraftRuleset(
                **self.signature,
                rules=tuple(rules),
                default_ticketbox_id=default_ticketbox_id,
                based_on=based_on,
                seen_version=expected_version or await self._no_draft(),
                comment=comment,
            )
        )
        return done.version

    async def _no_draft(self) -> int:
        """The version of the draft's stream that says that there is no draft; 0 if there is one, which it never has."""
        async with self.gateway.service.pool.acquire() as db:
            # First, so that a draft is found that is begun between the two.
            version = await rulesets.draft_version(db)
            there = await rulesets.draft(db, await rulesets.in_force(db))
        # Only tickets refuses: a repeat of what was done already gets the first answer.
        return 0 if there else version

    async def drop(self, draft_version: int) -> None:
        """Throw the draft away, as it was read.

        Raises:
            Problem: someone changed it after `draft_version`.
        """
        # Only tickets looks at the version: a repeat of what was done already gets the first answer.
        try:
            await self.gateway.command(DropRulesetDraft(**self.signature, seen_version=draft_version))
        except Conflict as conflict:
            raise Conflict(conflict.code, DRAFT_CHANGED, **conflict.more) from conflict

    async def bring_back(self) -> int:
        """Write the draft that was thrown away anew, as it was, and return its version.

        Raises:
            Problem: none was thrown away, or someone began another.
        """
        async with self.gateway.service.pool.acquire() as db:
            found = await rulesets.dropped_draft(db, await rulesets.in_force(db))
        if found is None:
            raise NotFound("No draft was thrown away, or another was begun since.")
        was = found.drafted
        return await self.draft(was.rules, was.default_ticketbox_id, was.based_on, found.version, was.comment)

    async def put_back(self, draft_version: int) -> int:
        """Put the rule that the last change took out of the draft where it was, and return the draft's version.

        Raises:
            Problem: nothing was taken out last, or someone changed the draft after `draft_version`.
        """
        async with self.gateway.service.pool.acquire() as db:
            found = await rulesets.taken_out(db)
        if found is None:
            raise Conflict("changed_meanwhile", DRAFT_CHANGED)
        draft = await self.open_draft()
        return await self.draft(
            found.rules, draft.default_ticketbox_id, draft.based_on, draft_version, draft.comment
        )

    async def publish(
        self,
        rules: Sequence[Rule],
        default_ticketbox_id: UUID,
        reason: str,
        expected_version: int,
        *,
        rolls_back_to: int | None = None,
        draft_version: int | None = None,
    ) -> int:
        """Put rules in force, and return their version.

        Raises:
            Problem: a rule cannot be in force, or other rules are since `expected_version`, or the draft that they
                are is another than `draft_version`.
        """
        done = await self.gateway.command(
            PublishRuleset(
                **self.signature,
                rules=tuple(rules),
                default_ticketbox_id=default_ticketbox_id,
                seen_version=expected_version,
                seen_draft=draft_version,
                comment=reason,
                rolls_back_to=rolls_back_to,
            )
        )
        return done.version

    async def publish_draft(self, reason: str, expected_version: int, draft_version: int) -> int:
        """Put the draft in force, as it was read.

        Raises:
            Problem: someone changed it after `draft_version`, or it cannot be in force.
        """
        found = await self.open_draft()
        if found.version != draft_version:  # whoever is behind: these are not the rules that were read
            raise Conflict("changed_meanwhile", DRAFT_CHANGED)
        return await self.publish(
            found.rules, found.default_ticketbox_id, reason, expected_version, draft_version=draft_version
        )

    async def roll_back(self, version: int, reason: str, expected_version: int) -> int:
        """Put the rules of an earlier version in force again, as a new version.

        Raises:
            Problem.
        """
        async with self.gateway.service.pool.acquire() as db:
            found = await rulesets.one(db, version)
        return await self.publish(
            found.rules, found.default_ticketbox_id, reason, expected_version, rolls_back_to=version
        )

    async def open_draft(self) -> DraftView:
        """The draft.

        Raises:
            NotFound: there is none.
        """
        async with self.gateway.service.pool.acquire() as db:
            found = await rulesets.draft(db, await rulesets.in_force(db))
        if found is None:
            raise NotFound("There is no draft. Begin one from the rules in force.")
        return found

    async def begin_draft(self) -> None:
        """Begin a draft from the rules in force.

        Raises:
            Problem: there is one already.
        """
        async with self.gateway.service.pool.acquire() as db:
            now = await rulesets.in_force(db)
        await self.draft(now.rules, now.default_ticketbox_id, now.version, None)

    async def start_dry_run(
        self, days: int, rules: Sequence[Rule] | None = None, default_ticketbox_id: UUID | None = None
    ) -> UUID:
        """Ask rules, or those of the draft, about the mail of the last days.

        Raises:
            Problem: there is no draft, or a condition cannot be used.
        """
        if rules is None or default_ticketbox_id is None:
            found = await self.open_draft()
            rules = found.rules if rules is None else rules
            default_ticketbox_id = default_ticketbox_id or found.default_ticketbox_id
        command = StartDryRun(
            **self.signature,
            rules=tuple(rules),
            default_ticketbox_id=default_ticketbox_id,
            days=days,
        )
        await self.gateway.command(command)
        return command.command_id

    async def cancel_dry_run(self, dry_run_id: UUID) -> None:
        """Let it end."""
        await self.gateway.command(CancelDryRun(**self.signature, dry_run_id=dry_run_id))


async def figures(gateway: Gateway) -> tuple[RuleFigures, ...]:
    """How often each rule held, by version."""
    return (await gateway.ask(GetRuleFigures(), RuleFiguresList)).items


async def dry_runs(gateway: Gateway) -> tuple[DryRun, ...]:
    """The last dry runs, the newest first."""
    return (await gateway.ask(ListDryRuns(), DryRunList)).items


async def dry_run(
    gateway: Gateway, person: Person, dry_run_id: UUID, kind: str | None, piece: Piece
) -> TrialView[DryRun, ChangeItem]:
    """A dry run with a piece of what would change.

    Raises:
        Problem: there is no such dry run.
    """
    query = GetDryRun(dry_run_id=dry_run_id, kind=kind or None, after=piece.after, limit=piece.limit)
    found = await gateway.ask(query, DryRun)
    async with gateway.service.pool.acquire() as db:
        items = await dry_run_changes.items(db, person.sight, found.changes)
    following = piece.following([one.number for one in found.changes])
    return TrialView(run=found.model_copy(update={"changes": ()}), changes=Page(items=items, next=following))


RuleMaker = Annotated[
    Person,
    Depends(only(lambda person: person.may_manage, "Rules belong to those who manage a ticketbox.")),
]
"""Someone who may look at rules and propose some."""


def ruling(request: Request, here: Here, person: RuleMaker) -> Ruling:
    """A wish of the asker about the rules."""
    return Ruling(here, person, command_id_of(request, person))


Wish = Annotated[Ruling, Depends(ruling)]


def reason_of(text: str) -> str:
    """Why, in words.

    Raises:
        Unprocessable: there are none.
    """
    if not text.strip():
        raise Unprocessable("Say why: the reason is kept with the version.")
    return text.strip()
