"""The API against its own description: schemathesis asks what the description allows, and much that it does not."""

from __future__ import annotations

import pytest
import web_kit as kit
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed (extra dev)")

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
)  # fmt: skip


@pytest.fixture(scope="module")
def description(tmp_path_factory):
    path = tmp_path_factory.mktemp("web") / "tracker.db"
    kit.build(path)
    with kit.serving(kit.desk(path)) as address:
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_request_makes_a_fault_and_every_answer_is_as_described(description, mode):
    checks = [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ in CHECKS]
    assert len(checks) == len(CHECKS)
    asked = []
    for found in description.get_all_operations():
        operation = found.ok()
        strategy = operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))

        @given(case=strategy)
        @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        def ask(case):
            case.call_and_validate(checks=checks)

        try:
            ask()
        except Unsatisfiable:  # nothing about this address can be wrong
            assert mode == "negative"
            continue
        asked.append(operation.path)
    assert len(asked) >= 9
