"""The rules of the settings, ready to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from clew import registry
from clew.alerts.following import rules_of
from clew.alerts.notifying import tell
from clew.alerts.round import Watch
from clew.config import Config, Options
from clew.delivery.export import configured
from clew.model.alert import Alert, check_rules


def watch_of(settings: Config, detection_options: Options) -> Watch:
    """What the settings say. Raises ConfigError for a rule or a sink that is wrong."""
    known = {family: registry.names(family) for family in ("analyses", "detections", "sinks")}
    check_rules(settings.alerts, known)
    for sink in {sink for rule in settings.alerts for sink in rule.to}:
        assert configured(sink, settings).address

    def told(sink: str, alerts: Sequence[Alert], now: datetime) -> tuple[list[Alert], str]:
        return tell(configured(sink, settings), alerts, now)

    sigma = {
        rule.name: rules_of(rule, settings.placeholders) for rule in settings.alerts if rule.rules
    }
    return Watch(settings.alerts, detection_options, told, sigma=sigma)
