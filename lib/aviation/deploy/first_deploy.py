"""What only a real account can show: asked of a deployed stack, read-only but for the results of Athena's queries.

CHECKS declares each behaviour of AWS that the system relies on and no laptop can show (docs/aws.md has all of them):
what is asked, what is expected, and how it is found.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from aviation import home, places
from aviation.deploy import found_account, found_data
from aviation.deploy.found import NOT, NOT_YET, OK, UNTOLD, WORST_FIRST, Deployed, Found
from aviation.errors import StackError, one_line

MOST_PARTS = 4


@dataclass(frozen=True)
class Check:
    """`find` gives what it found, in one part or several, of which the worst one counts."""

    name: str
    asked: str
    expected: str
    find: Callable[[Deployed], Iterable[Found]]

    def line(self, stack: Deployed) -> Found:
        """The verdict and the line that tells it."""
        try:
            found = list(self.find(stack))
        except (ClientError, BotoCoreError) as error:
            found = [Found(UNTOLD, f"{self.asked}: {one_line(error)}")]
        worst = min((part.verdict for part in found), key=WORST_FIRST.index)
        parts = list(dict.fromkeys(part.words for part in found if part.verdict == worst))
        more = f"; and {len(parts) - MOST_PARTS} more" if len(parts) > MOST_PARTS else ""
        words = "; ".join(parts[:MOST_PARTS]) + more
        expected = f" (expected: {self.expected}; asked: {self.asked})" if worst == NOT else ""
        return Found(worst, f"{worst:<14} {self.name}: {words}{expected}")


CHECKS = (
    Check(
        "schedules",
        "scheduler ListSchedules",
        "enabled, since the key is stored",
        found_data.schedules,
    ),
    Check(
        "polls",
        "the run records in the runs bucket",
        "the newest poll of each entity succeeded",
        found_data.polls,
    ),
    Check(
        "delivery streams",
        "firehose DescribeDeliveryStream",
        "active, and reading since before the first poll",
        found_data.delivery,
    ),
    Check(
        "raw objects",
        "s3 ListObjectsV2 and GetObject",
        "gzipped, under flights/yyyy/MM/dd/HH/",
        found_data.raw,
    ),
    Check(
        "load",
        "glue GetJobRuns",
        "the newest run succeeded, and none took over twice what 'aviation cost' assumes",
        found_data.load,
    ),
    Check(
        "publishing",
        "glue GetJobRuns",
        "the newest run succeeded",
        found_data.published,
    ),
    Check(
        "training",
        "glue GetJobRuns",
        "the newest run succeeded",
        found_data.trained,
    ),
    Check(
        "catalog",
        "glue GetTables as whoever runs this",
        "the tables are there and may be read",
        found_data.reader,
    ),
    Check(
        "Athena",
        "athena StartQueryExecution in the stack's workgroup",
        "answers with the column names that a laptop gives",
        found_data.queries,
    ),
    Check(
        "functions",
        "the REPORT lines of the last day in their logs",
        "start within 10 s, and use at most 90 % of their memory",
        found_account.functions,
    ),
    Check(
        "reserved concurrency",
        "lambda GetFunctionConcurrency",
        "1 each, or none where ReserveConcurrency is false",
        found_account.concurrency,
    ),
    Check(
        "lifecycle of raw",
        "s3 GetBucketLifecycleConfiguration and ListObjectsV2",
        "to the classes and after the days that the stack was told",
        found_account.lifecycle,
    ),
    Check(
        "subscriptions",
        "sns ListSubscriptionsByTopic",
        "confirmed by whoever is subscribed",
        found_account.subscriptions,
    ),
    Check(
        "failed loads",
        "events ListTargetsByRule, sns GetTopicAttributes",
        "their topic lets events.amazonaws.com publish without a condition",
        found_account.failed_loads,
    ),
)


def check(name: str) -> Iterator[str]:
    """The line of each check of the stack, and one that counts them. StackError after them where any found what is not
    as expected; PlaceError before where there is no such stack."""
    home.use_stack(name)
    places.stack_outputs(name)
    stack, told = Deployed(name), []
    for each in CHECKS:
        found = each.line(stack)
        told.append((each.name, found.verdict))
        yield found.words
    counts = [(sum(verdict == known for _, verdict in told), known) for known in (OK, NOT_YET, UNTOLD, NOT)]
    yield ", ".join(f"{count} {verdict}" for count, verdict in counts if count)
    if wrong := [name for name, verdict in told if verdict == NOT]:
        raise StackError(f"not as expected on the stack '{name}': {', '.join(wrong)}")
