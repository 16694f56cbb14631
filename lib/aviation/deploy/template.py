"""Reads the CloudFormation template and the parameter files that go with it."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from aviation.errors import ParameterError
from aviation.parameters import unknown_parameter

TEMPLATE = Path("infra/cloudformation.yaml")
UNSHOWN = {"Metadata", "Description", "Question", "AlarmDescription", "Permissions", "Policies", "Sheets"}
EMPTIED = {"DashboardBody": '{"widgets": []}', "AssumeRolePolicyDocument": {}, "PolicyDocument": {}}
STORAGE = "Fn::ForEach::Storage"


class _Loader(yaml.CSafeLoader):
    """Reads the short form of an intrinsic function (`!Sub`) as the long one (`Fn::Sub`)."""


def _intrinsic(loader: _Loader, name: str, node: yaml.ScalarNode | yaml.SequenceNode | yaml.MappingNode) -> Any:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def read_template(root: Path) -> dict[str, Any]:
    """The template as JSON values, before any transform."""
    template: dict[str, Any] = yaml.load((root / TEMPLATE).read_text(), Loader=_Loader)
    return template


def unrolled(resources: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources of a template, those in a loop once for each name that it loops over."""
    for name, body in resources.items():
        if not name.startswith("Fn::ForEach::"):
            yield body
            continue
        _, names, repeated = body
        for _ in names:
            yield from unrolled(repeated)


def buckets_alone(template: dict[str, Any]) -> dict[str, Any]:
    """The part of the template that makes the buckets. A new stack starts with it, because the artefacts have to be in
    one of them before the functions and the job can be made."""
    parameters = {name: about for name, about in template["Parameters"].items() if "Default" in about}
    outputs = {name: output for name, output in template["Outputs"].items() if name.endswith("Bucket")}
    variable, titles, loop = copy.deepcopy(template["Resources"][STORAGE])
    statements = loop["${Bucket}BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    # The viewers' distribution is not there yet.
    statements[:] = [item for item in statements if "Fn::If" not in item]
    resources = {STORAGE: [variable, titles, loop]}
    return template | {"Parameters": parameters, "Resources": resources, "Outputs": outputs}


def taking_over(template: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """The template with the buckets `kept` (resources by logical id) in place of its own: CloudFormation takes over
    what is there already only by a name that is written out."""
    variable, titles, loop = template["Resources"][STORAGE]
    made = [title for title in titles if f"{title}Bucket" not in kept]
    bucket, policy = ({name: loop[name]} for name in ("${Bucket}Bucket", "${Bucket}BucketPolicy"))
    resources = template["Resources"] | {f"{STORAGE}Policies": [variable, titles, policy]} | kept
    resources.pop(STORAGE)
    return template | {"Resources": resources | ({STORAGE: [variable, made, bucket]} if made else {})}


def without_descriptions(value: Any) -> Any:
    """The template without descriptions, metadata, what policies say, permissions of QuickSight, the dashboard's
    widgets and the analysis's sheets: the same resources, in fewer bytes, to be shown and not to be made."""
    if isinstance(value, dict):
        value = value | {name: empty for name, empty in EMPTIED.items() if name in value}
        return {name: without_descriptions(item) for name, item in value.items() if name not in UNSHOWN}
    if isinstance(value, list):
        return [without_descriptions(item) for item in value]
    return re.sub(r"\s+", " ", value) if isinstance(value, str) else value


def declared_parameters(root: Path) -> dict[str, dict[str, Any]]:
    """The parameters that the template declares, by name: each its type, default, description and so on."""
    parameters: dict[str, dict[str, Any]] = read_template(root)["Parameters"]
    return parameters


def read_parameters(file: Path, root: Path) -> dict[str, str]:
    """The template's parameters that a YAML file sets, as text. ParameterError for a missing file, or a name that the
    template does not declare."""
    declared = declared_parameters(root)
    if not file.is_file():
        raise ParameterError(f"there is no parameter file {file}")
    parameters = yaml.safe_load(file.read_text()) or {}
    for name in parameters:
        if name not in declared:
            raise ParameterError(f"{file}: {unknown_parameter(name, declared)}")
    return {name: str(value) for name, value in parameters.items()}
