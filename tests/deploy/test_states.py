"""Each state of a stack, and what a deployment does from it: CloudFormation's answers are botocore's Stubber's."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.session import get_session
from botocore.stub import ANY

from aviation.deploy import change_sets, reservations, states
from aviation.deploy.template import read_template, unrolled
from aviation.errors import StackError
from support import ROOT
from support.life import Call

NAME = "aviation"
ID = f"arn:aws:cloudformation:us-east-1:000000000000:stack/{NAME}/1"
CHANGE_SET = f"arn:aws:cloudformation:us-east-1:000000000000:changeSet/aviation-1/{'1' * 32}"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
VALIDATION = "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. Use DescribeEvents"


def said(status: str, of: str = ANY) -> Call:
    stack = {"StackName": NAME, "StackId": ID, "CreationTime": NOW, "StackStatus": status}
    return ("describe_stacks", {"Stacks": [stack]}, {"StackName": of})


def held(*kinds: str) -> Call:
    items = [
        {
            "LogicalResourceId": f"R{number}", "PhysicalResourceId": f"r{number}", "ResourceType": kind,
            "LastUpdatedTimestamp": NOW, "ResourceStatus": "CREATE_COMPLETE",
        }
        for number, kind in enumerate(kinds)
    ]  # fmt: skip
    return ("list_stack_resources", {"StackResourceSummaries": items}, {"StackName": ANY})


def happened(resource: str | None = None, status: str = "", reason: str = "", number: int = 1) -> Call:
    event = {
        "StackId": ID, "EventId": f"{number}", "StackName": NAME, "LogicalResourceId": resource, "Timestamp": NOW,
        "PhysicalResourceId": "any", "ResourceStatus": status, "ResourceStatusReason": reason,
    }  # fmt: skip
    return ("describe_stack_events", {"StackEvents": [event] if resource else []}, {"StackName": ANY})


GONE: Call = ("describe_stacks", f"Stack with id {NAME} does not exist", {"StackName": ANY})
DELETED: list[Call] = [
    *(held("AWS::S3::Bucket"), happened(), ("delete_stack", {}, {"StackName": ID})),
    *(said("DELETE_IN_PROGRESS", ID), happened(), said("DELETE_COMPLETE", ID), happened()),
]
CONTINUED: list[Call] = [happened(), ("continue_update_rollback", {}, {"StackName": ID})]


def waited(status: str, until: Call) -> list[Call]:
    return [said(status, NAME), said(status, ID), until, until]


CASES: dict[str | None, tuple[list[Call], bool | str]] = {
    None: ([GONE], False),
    "DELETE_COMPLETE": ([said("DELETE_COMPLETE")], False),
    "CREATE_COMPLETE": ([said("CREATE_COMPLETE")], True),
    "UPDATE_COMPLETE": ([said("UPDATE_COMPLETE")], True),
    "UPDATE_ROLLBACK_COMPLETE": ([said("UPDATE_ROLLBACK_COMPLETE")], True),
    "IMPORT_COMPLETE": ([said("IMPORT_COMPLETE")], True),
    "IMPORT_ROLLBACK_COMPLETE": ([said("IMPORT_ROLLBACK_COMPLETE")], True),
    "CREATE_IN_PROGRESS": (waited("CREATE_IN_PROGRESS", said("CREATE_COMPLETE")), True),
    "ROLLBACK_IN_PROGRESS": ([*waited("ROLLBACK_IN_PROGRESS", said("ROLLBACK_COMPLETE")), *DELETED, GONE], False),
    "UPDATE_IN_PROGRESS": (waited("UPDATE_IN_PROGRESS", said("UPDATE_COMPLETE")), True),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": (
        waited("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", said("UPDATE_COMPLETE")),
        True,
    ),
    "UPDATE_ROLLBACK_IN_PROGRESS": (waited("UPDATE_ROLLBACK_IN_PROGRESS", said("UPDATE_ROLLBACK_COMPLETE")), True),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": (
        waited("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", said("UPDATE_ROLLBACK_COMPLETE")),
        True,
    ),
    "IMPORT_IN_PROGRESS": (waited("IMPORT_IN_PROGRESS", said("IMPORT_COMPLETE")), True),
    "IMPORT_ROLLBACK_IN_PROGRESS": (waited("IMPORT_ROLLBACK_IN_PROGRESS", said("IMPORT_ROLLBACK_COMPLETE")), True),
    "DELETE_IN_PROGRESS": (
        [said("DELETE_IN_PROGRESS"), said("DELETE_IN_PROGRESS", ID), said("DELETE_COMPLETE", ID), GONE],
        False,
    ),
    "REVIEW_IN_PROGRESS": ([said("REVIEW_IN_PROGRESS"), *DELETED, GONE], False),
    "CREATE_FAILED": ([said("CREATE_FAILED"), *DELETED, GONE], False),
    "ROLLBACK_COMPLETE": ([said("ROLLBACK_COMPLETE"), *DELETED, GONE], False),
    "ROLLBACK_FAILED": ([said("ROLLBACK_FAILED"), *DELETED, GONE], False),
    "DELETE_FAILED": ([said("DELETE_FAILED"), *DELETED, GONE], False),
    "UPDATE_ROLLBACK_FAILED": (
        [
            *(said("UPDATE_ROLLBACK_FAILED"), *CONTINUED),
            *(said("UPDATE_ROLLBACK_IN_PROGRESS", ID), happened(), said("UPDATE_ROLLBACK_COMPLETE", ID), happened()),
            said("UPDATE_ROLLBACK_COMPLETE"),
        ],
        True,
    ),
    "UPDATE_FAILED": ([said("UPDATE_FAILED")], "aws cloudformation rollback-stack --stack-name aviation"),
    "IMPORT_ROLLBACK_FAILED": ([said("IMPORT_ROLLBACK_FAILED")], "aviation destroy --stack aviation"),
    "A_STATE_OF_NEXT_YEAR": ([said("A_STATE_OF_NEXT_YEAR")], "does not know that state"),
}
"""What is asked from each state, in this order, and what comes of it: whether the stack exists, or the line."""

FAILURES: dict[str, tuple[list[Call], str]] = {
    "a deletion that fails": (
        [
            *(said("ROLLBACK_COMPLETE"), *DELETED[:3], said("DELETE_FAILED", ID)),
            happened("Topic", "DELETE_FAILED", "somebody subscribed"),
        ],
        "the stack 'aviation' ended as DELETE_FAILED: Topic: somebody subscribed; mend that resource",
    ),
    "a rollback that fails again": (
        [
            *(said("UPDATE_ROLLBACK_FAILED"), *CONTINUED, said("UPDATE_ROLLBACK_FAILED", ID)),
            happened("LoadJob", "UPDATE_FAILED", "not there any more"),
        ],
        "ended as UPDATE_ROLLBACK_FAILED: LoadJob: not there any more; mend that resource, then run the same command",
    ),
}


def test_every_state_that_cloudformation_knows_has_its_way_and_a_case_here():
    known = get_session().get_service_model("cloudformation").shape_for("StackStatus").enum
    assert set(states.WAYS) == {None, *known}
    assert set(CASES) - {"A_STATE_OF_NEXT_YEAR"} == set(states.WAYS)


@pytest.mark.parametrize("status", CASES, ids=str)
def test_from_each_state_a_deployment_goes_on_or_says_in_one_line_what_to_do(status, answers, caplog):
    caplog.set_level("INFO", "aviation")
    calls, outcome = CASES[status]
    answers("cloudformation", calls)
    if isinstance(outcome, str):
        with pytest.raises(StackError, match=outcome) as caught:
            states.settle(NAME)
        assert str(caught.value).startswith(f"the stack '{NAME}' is {status}: ")
        assert "\n" not in str(caught.value)
        return
    assert states.settle(NAME) is outcome
    # Whoever waits is told why.
    assert (f"it is {status}" in caplog.text) == (len(calls) > 1)


@pytest.mark.parametrize("case", FAILURES)
def test_what_cannot_be_undone_is_one_line_that_names_the_resource(case, answers):
    calls, line = FAILURES[case]
    answers("cloudformation", calls)
    with pytest.raises(StackError, match=line):
        states.settle(NAME)


@pytest.mark.parametrize("status", [status for status in CASES if status and states.way(status).then != "wait"])
def test_a_stack_can_be_destroyed_from_every_state(status, answers):
    answers("cloudformation", [said(status), *DELETED])
    states.delete(NAME)


@pytest.mark.parametrize("status", [status for status in CASES if states.way(status).then == "wait"])
def test_destroying_waits_for_what_is_under_way(status, answers):
    end = "DELETE_COMPLETE" if status == "DELETE_IN_PROGRESS" else "UPDATE_COMPLETE"
    rest = [GONE] if status == "DELETE_IN_PROGRESS" else [said("UPDATE_COMPLETE"), *DELETED]
    answers("cloudformation", [said(status), said(status, ID), said(end, ID), *rest])
    states.delete(NAME)


def made(kind: str, status: str, reason: str = "") -> list[Call]:
    """A change set of this kind is asked for, and ends with this status."""
    wanted = dict.fromkeys(("StackName", "ChangeSetName", "TemplateBody", "Parameters", "Capabilities"), ANY)
    return [
        ("create_change_set", {"Id": CHANGE_SET, "StackId": ID}, wanted | {"ChangeSetType": kind}),
        ("describe_change_set", {"Status": status, "StatusReason": reason}, {"StackName": NAME, "ChangeSetName": ANY}),
    ]


def applied(kind: str) -> list[Call]:
    change = {"Action": "Add", "LogicalResourceId": "Topic", "ResourceType": "AWS::SNS::Topic"}
    named = {"StackName": NAME, "ChangeSetName": ANY}
    end = "CREATE_COMPLETE" if kind == "CREATE" else "UPDATE_COMPLETE"
    return [
        *made(kind, "CREATE_COMPLETE"),
        ("describe_change_set", {"Changes": [{"Type": "Resource", "ResourceChange": change}]}, named),
        *(happened(), ("execute_change_set", {}, named), said(end), happened()),
    ]


@pytest.mark.parametrize("status", [status for status, case in CASES.items() if isinstance(case[1], bool)], ids=str)
def test_from_each_state_the_change_set_is_of_the_kind_that_cloudformation_takes(status, answers):
    calls, exists = CASES[status]
    answers("cloudformation", [*calls, *applied("UPDATE" if exists else "CREATE")])
    assert change_sets.apply(NAME, {"TemplateBody": "{}"}, {}) == 1


def refused(events_call: Call) -> list[Call]:
    gone = ("delete_change_set", {}, {"StackName": NAME, "ChangeSetName": ANY})
    return [said("UPDATE_COMPLETE"), *made("UPDATE", "FAILED", VALIDATION), events_call, gone]


def test_what_early_validation_found_is_told_with_where_it_is_in_the_template(answers):
    found = {"EventType": "VALIDATION_ERROR", "LogicalResourceId": "RawBucket", "ValidationStatus": "FAILED"}
    found |= {"ValidationStatusReason": "#/BucketName: taken", "ValidationPath": "/Resources/RawBucket/Properties"}
    failed = {"ChangeSetName": CHANGE_SET, "Filters": {"FailedEvents": True}}
    found |= {"OperationId": "2", "Timestamp": NOW}
    before = found | {"OperationId": "1", "Timestamp": NOW - timedelta(days=1), "LogicalResourceId": "Topic"}
    answer = {"OperationEvents": [found, {"EventType": "STACK_EVENT", "LogicalResourceId": "aviation"}, before]}
    answers("cloudformation", refused(("describe_events", answer, failed)))
    with pytest.raises(StackError) as caught:
        change_sets.apply(NAME, {"TemplateBody": "{}"}, {})
    assert str(caught.value) == (
        "the template was refused for the stack 'aviation': "
        "RawBucket: #/BucketName: taken (/Resources/RawBucket/Properties)"
    )


def test_where_the_reasons_of_early_validation_cannot_be_asked_the_plain_one_is_told(answers):
    failed = {"ChangeSetName": CHANGE_SET, "Filters": {"FailedEvents": True}}
    answers("cloudformation", refused(("describe_events", "AccessDenied: not allowed", failed)))
    with pytest.raises(StackError, match=r"validation failed: .*which could not be asked: AccessDenied"):
        change_sets.apply(NAME, {"TemplateBody": "{}"}, {})


def test_a_new_stack_whose_template_is_refused_leaves_no_empty_stack_behind(answers):
    calls = [GONE, *made("CREATE", "FAILED", "no such type"), ("delete_change_set", {}, {"StackName": NAME, **ANY_SET})]
    # Asked by its name, then by its id.
    answers("cloudformation", [*calls, said("REVIEW_IN_PROGRESS"), said("REVIEW_IN_PROGRESS", ID), *DELETED])
    with pytest.raises(StackError, match="no such type"):
        change_sets.apply(NAME, {"TemplateBody": "{}"}, {})


ANY_SET = {"ChangeSetName": ANY}
RESOURCES = unrolled(read_template(ROOT)["Resources"])
RESERVING = sum("ReservedConcurrentExecutions" in body.get("Properties", {}) for body in RESOURCES)
FUNCTIONS = ["AWS::Lambda::Function"] * RESERVING


@pytest.mark.parametrize(
    ("quota", "unreserved", "reserved_by_this_stack", "fits"),
    [
        (10, 10, None, False),
        (1000, 1000, None, True),
        (1000, 100 + RESERVING, None, True),
        (1000, 99 + RESERVING, None, False),
        (1000, 99 + RESERVING, 0, False),
        (1000, 100, 1, True),
        (1000, 99, 1, False),
    ],
)
def test_concurrency_is_reserved_only_where_the_quota_of_the_account_allows_it(
    quota, unreserved, reserved_by_this_stack, fits, answers, caplog
):
    caplog.set_level("INFO", "aviation")
    limit = {"ConcurrentExecutions": quota, "UnreservedConcurrentExecutions": unreserved}
    asked: list[Call] = [("get_account_settings", {"AccountLimit": limit}, {})]
    if reserved_by_this_stack is None:
        answers("cloudformation", [] if unreserved >= 100 + RESERVING else [GONE])
    else:
        answers("cloudformation", [said("UPDATE_COMPLETE"), held("AWS::S3::Bucket", *FUNCTIONS)])
        answer = {"ReservedConcurrentExecutions": 1} if reserved_by_this_stack else {}
        asked += [("get_function_concurrency", answer, {"FunctionName": f"r{n}"}) for n in range(1, RESERVING + 1)]
    answers("lambda", asked)
    assert reservations.allowed(NAME, {"ReserveConcurrency": "true"}, ROOT) == (
        {} if fits else {"ReserveConcurrency": "false"}
    )
    assert ("no concurrency is reserved" in caplog.text) is not fits
    assert RESERVING == 5


def test_who_wants_no_reservations_is_not_asked_for_the_quota(answers):
    assert reservations.allowed(NAME, {"ReserveConcurrency": "false"}, ROOT) == {}
