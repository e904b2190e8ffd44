"""What the sandbox remembers of a stack. Nothing is started."""

from __future__ import annotations

import json

from dharma.adapters.clouds.sandbox_journal import Entry, Journal


def entry(number: int) -> Entry:
    return Entry(f"Queue{number}", f"Queue{number}", "AWS::SQS::Queue", f"q-{number}", {})


def test_every_resource_of_a_large_change_has_its_events() -> None:
    journal = Journal(change="large", total=1000)
    for number in range(1000):
        journal.tell("2026-11-23T08:00:00Z", entry(number), "CREATE_IN_PROGRESS")
        journal.tell("2026-11-23T08:00:00Z", entry(number), "CREATE_COMPLETE")
    told = journal.told()
    assert len({event.id for event in told}) == 2000
    assert told[-1].logical_id == "Queue999"
    assert told[-1].status == "CREATE_COMPLETE"


def test_a_huge_change_counts_every_resource_though_it_keeps_the_first_events_only() -> None:
    journal = Journal(change="huge", total=6000)
    for number in range(6000):
        journal.tell("2026-11-23T08:00:00Z", entry(number), "CREATE_IN_PROGRESS")
        journal.tell("2026-11-23T08:00:00Z", entry(number), "CREATE_COMPLETE")
    assert journal.done == 6000
    assert len(journal.told()) < 12_000


def test_a_failure_is_not_done_and_the_next_change_begins_at_none() -> None:
    journal = Journal(change="first", total=2)
    journal.tell("2026-11-23T08:00:00Z", entry(1), "CREATE_COMPLETE")
    journal.tell("2026-11-23T08:00:00Z", entry(2), "CREATE_FAILED", "refused")
    assert journal.done == 1
    journal.begin("second", 1)
    assert journal.done == 0


def test_a_journal_reads_back_from_the_template_that_holds_it() -> None:
    journal = Journal(change="first", total=2)
    journal.entries["Queue1"] = entry(1)
    journal.tell("2026-11-23T08:00:00Z", entry(1), "CREATE_COMPLETE")
    read, bodies = Journal.read(json.loads(journal.template({})))
    assert read == journal
    assert bodies == {}


def test_what_the_body_of_a_resource_says_is_not_said_again_in_the_journal() -> None:
    properties = {"QueueName": "a-queue-with-a-name"}
    made, changed = entry(1), entry(2)
    made.properties = properties
    changed.properties = {"QueueName": "another-name"}
    journal = Journal(entries={"Queue1": made, "Queue2": changed})
    bodies = {name: {"Type": made.type, "Properties": properties} for name in ("Queue1", "Queue2")}
    text = journal.template(bodies)
    assert text.count("a-queue-with-a-name") == 2
    assert Journal.read(json.loads(text)) == (journal, bodies)
