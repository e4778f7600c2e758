"""The Grafana dashboard and the rules for Prometheus ask for what is exported, and lead to what is to be done."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.alarms import AlarmName
from tests.web.test_metrics_table import PAGE, documented

DASHBOARD = Path("deploy/grafana/motcua.json")
RULES = Path("deploy/prometheus/alerts.yaml")
CASES = Path("tests/repository/alerts.test.yaml")
SCRAPE = Path("deploy/prometheus/prometheus.yaml")
TARGET = {"job", "instance"}
"""Labels that Prometheus adds to everything it scrapes."""
_SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("",), "gauge": ("",)}
_SELECTED = re.compile(r"([a-zA-Z_:][\w:]*)\{([^{}]*)\}")
_GROUPED = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^()]*)\)")
_NAME = re.compile(r"\b((?:motcua|process|up)(?:_\w+)?)\b(?!\s*=)")


def samples() -> dict[str, set[str]]:
    """Name of a series → its labels."""
    found = {"up": set(TARGET)}
    for metric in documented():
        for suffix in _SUFFIXES[metric.kind]:
            beside = {"le"} if suffix == "_bucket" else set()
            found[metric.name + suffix] = set(metric.labels) | TARGET | beside
    return found


def faults(expression: str, shown: str = "") -> list[str]:
    """Names and labels of a PromQL expression, and of what is shown of it, that are not exported."""
    known = samples()
    bare = re.sub(r'"[^"]*"', '""', expression)
    names = set(_NAME.findall(bare))
    found = [name for name in names if name not in known]
    labels: set[str] = set().union(*(known[name] for name in names if name in known))
    for name, selected in _SELECTED.findall(bare):
        asked = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selected)
        found += [f"{name}{{{label}}}" for label in asked if label not in known.get(name, set())]
    grouped = [label.strip() for labels_of in _GROUPED.findall(bare) for label in labels_of.split(",")]
    legend = re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", shown)
    return sorted(found + [label for label in (*grouped, *legend) if label not in labels])


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def asked_by_the_dashboard() -> Iterator[tuple[str, str, str]]:
    """(title, expression, legend)."""
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"], target["legendFormat"]
    for each in board["annotations"]["list"]:
        if "expr" in each:
            yield each["name"], each["expr"], each["titleFormat"] + each["textFormat"]


def anchors() -> set[str]:
    """Of the page's headings, as they are made of them where it is read."""
    headings = re.findall(r"(?m)^#{2,4} (.+)$", PAGE.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def test_the_dashboard_asks_for_what_is_exported() -> None:
    asked = list(asked_by_the_dashboard())

    assert {title: faults(expression, shown) for title, expression, shown in asked if faults(expression, shown)} == {}
    assert len(asked) > 30


def test_the_dashboard_shows_every_metric_but_what_times_it() -> None:
    asked = " ".join(expression for _, expression, _ in asked_by_the_dashboard())
    unseen = {each.name for each in documented() if each.name not in asked}

    assert unseen == {
        "motcua_looked_timestamp_seconds", "motcua_counted_timestamp_seconds", "motcua_planned_messages",
        "motcua_first_attempts", "process_virtual_memory_bytes", "process_max_fds",
    }  # fmt: skip


def test_the_panels_have_ids_of_their_own_and_do_not_lie_on_each_other() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    places = [each["gridPos"] for each in panels]
    cells = [(place["x"] + x, place["y"] + y) for place in places for x in range(place["w"]) for y in range(place["h"])]

    assert len({each["id"] for each in panels}) == len(panels)
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_a_rule_asks_for_what_is_exported_and_leads_to_what_is_to_be_done(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")

    assert faults(rule["expr"], rule["annotations"]["summary"]) == []
    assert page == PAGE.as_posix()
    assert anchor in anchors()
    assert rule["labels"]["severity"] in ("critical", "warning")


def test_each_alarm_has_one_rule_and_a_later_one_is_caught() -> None:
    expressions = [rule["expr"] for rule in alerts()]
    own = [found[1] for each in expressions if (found := re.search(r'motcua_alarm\{name="(\w+)"\}', each))]
    (rest,) = [found[1] for each in expressions if (found := re.search(r'motcua_alarm\{name!~"([\w|]+)"\}', each))]

    assert sorted(own) == sorted(each.value for each in AlarmName)
    assert rest.split("|") == [each.value for each in AlarmName]
    assert len({rule["alert"] for rule in alerts()}) == len(alerts())


def test_prometheus_raises_the_rules_at_their_figures_and_not_before() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        if os.environ.get("CI") and os.environ.get("MOTCUA_TEST_PROMTOOL") != "skip":
            pytest.fail("promtool is not installed (Debian: apt install prometheus)")
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")

    told = subprocess.run([promtool, "test", "rules", str(CASES)], capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout + told.stderr


def test_each_rule_about_what_the_service_cannot_say_is_tried_at_figures_that_raise_it() -> None:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    [outside] = [group for group in groups if group["name"] == "motcua-outside"]
    cases = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    raised = {case["alertname"] for one in cases for case in one["alert_rule_test"] if case["exp_alerts"]}

    assert {rule["alert"] for rule in outside["rules"]} <= raised


def test_the_example_of_a_scrape_names_the_job_that_the_rules_ask_for() -> None:
    config = yaml.safe_load(SCRAPE.read_text(encoding="utf-8"))
    (scrape,) = config["scrape_configs"]
    jobs = set(re.findall(r'job="(\w+)"', RULES.read_text(encoding="utf-8")))

    assert jobs == {scrape["job_name"]}
    assert config["rule_files"] == [RULES.name]


@pytest.mark.parametrize(
    ("expression", "shown", "wrong"),
    [
        ("motcua_nothing > 1", "", ["motcua_nothing"]),
        ('motcua_alarm{names="x"}', "", ["motcua_alarm{names}"]),
        ("max by (lane) (motcua_alarm)", "", ["lane"]),
        ("motcua_alarm", "{{ $labels.channel }}", ["channel"]),
        ("rate(motcua_web_request_seconds_bucket[5m])", "{{route}} {{le}}", []),
        ("motcua_web_request_seconds", "", ["motcua_web_request_seconds"]),
    ],
)
def test_what_is_not_exported_would_be_found(expression: str, shown: str, wrong: list[str]) -> None:
    assert faults(expression, shown) == wrong
