"""The alerts that come with Postroom ask for metrics that it has."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

import chassis.metrics
import services.ingest.ledger
import services.ingest.sources.measures
import services.tickets.clock

ALERTS = Path(__file__).parent.parent.parent / "deploy" / "alerts" / "postroom.yml"
MODULES = (
    chassis.metrics,
    services.ingest.ledger,
    services.ingest.sources.measures,
    services.tickets.clock,
)


def test_every_metric_that_an_alert_asks_for_is_one_of_ours() -> None:
    asked = set(re.findall(r"\bpostroom_\w+", ALERTS.read_text()))
    ours = {metric.name for metric in REGISTRY.collect()}
    assert MODULES
    assert asked
    assert {name for name in asked if name.removesuffix("_total") not in ours} == set()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool on this machine")
def test_prometheus_understands_the_alerts() -> None:
    checked = subprocess.run(
        ["promtool", "check", "rules", ALERTS], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
