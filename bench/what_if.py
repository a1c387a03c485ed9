"""A what-if over all that is in the log: how long it takes, and how much memory."""

import asyncio
import time
from uuid import uuid4

from bench.routing import ENOUGH, examined
from bench.table import Figure
from chassis.requests import ask, send_command
from contracts.commands import OPERATOR, Done, StartWhatIf
from contracts.service_levels import Policy, Target
from contracts.trials import GetWhatIf, WhatIf
from tests.running import Postroom


async def measure(postroom: Postroom) -> list[Figure]:
    run, seconds = await _what_if(postroom)
    return [examined(f"what-if, for {ENOUGH:,} tickets", run.examined, seconds)]


async def _what_if(postroom: Postroom) -> tuple[WhatIf, float]:
    tried = Policy(
        id=uuid4(),
        name="Tried",
        order=0,
        targets={Target.FIRST_RESPONSE: 30, Target.NEXT_RESPONSE: 60, Target.RESOLUTION: 960},
    )
    async with await postroom.connect() as client:
        command = StartWhatIf(command_id=uuid4(), actor_id=OPERATOR, things=(tried,), months=12)
        began = time.perf_counter()
        outcome = await send_command(client, command)
        if not isinstance(outcome, Done):
            raise RuntimeError(outcome.detail)  # noqa: TRY004 - it is a refusal
        while True:
            run = await ask(client, GetWhatIf(what_if_id=command.command_id), WhatIf)
            if run.state not in {"waiting", "running"}:
                break
            await asyncio.sleep(0.2)
    if run.state != "done":
        raise RuntimeError(f"the what-if {run.state}: {run.error}")
    return run, time.perf_counter() - began
