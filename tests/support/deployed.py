"""All that a deployment gives to AWS, as the documented rules look at it, with the longest names that it can have."""

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aviation.deploy.template import TEMPLATE, read_parameters, read_template, without_descriptions
from aviation.poll.envelope import LIMIT_BYTES
from support import ROOT, processed

LONGEST_STACK = "s" * 25
"""As long as docs/deploy.md allows."""
GIVEN = {
    "AWS::StackName": LONGEST_STACK,
    "AWS::AccountId": "123456789012",
    "AWS::Region": "ap-southeast-2",  # no region's name is longer
    "AWS::Partition": "aws-us-gov",
}


@dataclass
class Deployed:
    """The processed template, its file's text, the body of a dry run, what the functions' zip unpacks to, the largest
    record that a producer sends, and the values that each of parameters/deploy sets. Bytes where it is a size."""

    template: dict[str, Any]
    body: str
    preview: str
    unzipped: int
    record: int
    files: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Deployed":
        """What is deployed from this checkout; the local stack is up, so it is built."""
        body = json.dumps(without_descriptions(read_template(ROOT)), separators=(",", ":"))
        with zipfile.ZipFile(ROOT / "dist/Deployment_Lambda.zip") as archive:
            unzipped = sum(item.file_size for item in archive.infolist())
        files = {file.stem: read_parameters(file, ROOT) for file in Path(ROOT / "parameters/deploy").glob("*.yaml")}
        return cls(processed.template(), (ROOT / TEMPLATE).read_text(), body, unzipped, LIMIT_BYTES, files)

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of each resource of a type."""
        resources = self.template["Resources"].items()
        return {name: body.get("Properties", {}) for name, body in resources if body["Type"] == kind}

    def role_statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each statement of each role's policies, with the role's name."""
        for name, role in self.of_type("AWS::IAM::Role").items():
            for policy in role.get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement

    def topic_statements(self, topic: Any) -> list[dict[str, Any]]:
        """The statements of the policy of a topic (a Ref)."""
        policies = self.of_type("AWS::SNS::TopicPolicy").values()
        return [
            item for policy in policies if topic in policy["Topics"] for item in policy["PolicyDocument"]["Statement"]
        ]

    def text(self, value: Any) -> str:
        """A text of the template with its names as long as they can be."""
        if isinstance(value, dict) and "Ref" in value:
            name = value["Ref"]
            return GIVEN.get(name) or str(self.template["Parameters"].get(name, {}).get("Default", name))
        if isinstance(value, dict) and "Fn::Sub" in value:
            given = value["Fn::Sub"]
            text, variables = (given, {}) if isinstance(given, str) else given
            return re.sub(r"\$\{([\w:.]+)\}", lambda m: self.text(variables.get(m[1], {"Ref": m[1]})), text)
        return value if isinstance(value, str) else json.dumps(value)

    def numbers(self, value: Any) -> list[float]:
        """What a number of the template can be: itself, or a parameter's default, bounds and allowed values, and what
        the files set. A parameter without an upper bound can be anything."""
        if not isinstance(value, dict) or "Ref" not in value:
            return [float(value)]
        stated = self.template["Parameters"][value["Ref"]]
        allowed = stated.get("AllowedValues", [stated.get("MinValue", 0), stated.get("MaxValue", float("inf"))])
        set_by = [given[value["Ref"]] for given in self.files.values() if value["Ref"] in given]
        return [float(number) for number in (stated["Default"], *allowed, *set_by)]


def at(properties: Any, path: str) -> Iterator[Any]:
    """Each value under a dotted path; a list on the way stands for each of its items."""
    if isinstance(properties, list):
        for item in properties:
            yield from at(item, path)
    elif not path:
        yield properties
    elif isinstance(properties, dict):
        name, _, rest = path.partition(".")
        if name in properties:
            yield from at(properties[name], rest)


def listed(value: Any) -> list[Any]:
    """A value that AWS takes alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]
