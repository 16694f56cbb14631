"""A stack of a test's own: in the emulator, beside the stack of the run, or of answers that are given."""

import logging
import re
from pathlib import Path

from botocore.exceptions import ClientError

from aviation import aws
from aviation.deploy import stack as deploy
from support import ROOT

Call = tuple[str, dict | str, dict]
"""An operation, its answer (or the message of a ValidationError), and the parameters that it has to be called with."""


class Life:
    """The stack `name`: `told` is what was logged last, line by line."""

    def __init__(self, name: str, caplog):
        self.name, self.caplog = name, caplog
        caplog.set_level(logging.INFO, "aviation")
        self.given = {"ScheduleState": "DISABLED", "SavedQueries": "false", "DatabaseName": name}
        self.given |= {"Publish": "false", "Train": "false"}
        # What a schedule starts finds no API: nothing leaves this machine.
        self.given["ApiBaseUrl"] = "http://127.0.0.1:9"

    def deploy(self, root: Path = ROOT, key: str | None = "key-of-this-life", **parameters: str) -> dict[str, str]:
        self.caplog.clear()
        return deploy.deploy(self.name, self.given | parameters, root=root, key=key, show=True)

    def destroy(self, *buckets: str) -> None:
        self.caplog.clear()
        deploy.destroy(self.name, buckets=buckets)

    @property
    def told(self) -> list[str]:
        return [record.getMessage() for record in self.caplog.records if record.name.startswith("aviation")]

    def shown(self) -> set[tuple[str, str]]:
        """What was to become of which resource, from lines like `modify   LoadJob (AWS::Glue::Job): Command`."""
        found = (re.fullmatch(r"  (\w+) +(\w+) \(AWS::[\w:]+\)(?:: .*)?", line) for line in self.told)
        return {(match[1], match[2]) for match in found if match}

    def status(self) -> str | None:
        try:
            return aws.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
        except ClientError:
            return None

    def resources(self) -> dict[str, str]:
        """Physical ids by logical id."""
        pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [item for page in pages for item in page["StackResourceSummaries"]]
        return {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in found}

    def buckets(self) -> set[str]:
        found = aws.client("s3").list_buckets()["Buckets"]
        return {bucket["Name"] for bucket in found if bucket["Name"].startswith(f"{self.name}-")}

    def schedules(self) -> set[str]:
        """The states that the stack's schedules are in; none where there is none."""
        pages = aws.client("scheduler").get_paginator("list_schedules").paginate(NamePrefix=f"{self.name}-")
        return {schedule["State"] for page in pages for schedule in page["Schedules"]}
