"""Reads the CloudFormation template: what it declares, and what parameter files may say."""

import re
from pathlib import Path

import yaml

from aviation.errors import ParameterError
from aviation.parameters import unknown_parameter

TEMPLATE = Path("infra/cloudformation.yaml")
WORDS = {"Metadata", "Description", "AlarmDescription"}
NO_WIDGETS = '{"widgets": []}'
STORAGE = "Fn::ForEach::Storage"


class _Loader(yaml.CSafeLoader):
    """Reads the short form of intrinsic functions (`!Sub`) as the long one (`Fn::Sub`)."""


def _intrinsic(loader: _Loader, name: str, node: yaml.Node) -> dict:
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


def read_template(root: Path) -> dict:
    """The template as JSON values, before any transform."""
    return yaml.load((root / TEMPLATE).read_text(), Loader=_Loader)


def buckets_alone(template: dict) -> dict:
    """The part of the template that makes the buckets, which a new stack starts from: the artefacts have to lie in
    one of them before the functions and the job can be made."""
    return template | {
        "Parameters": {name: stated for name, stated in template["Parameters"].items() if "Default" in stated},
        "Resources": {STORAGE: template["Resources"][STORAGE]},
        "Outputs": {name: stated for name, stated in template["Outputs"].items() if name.endswith("Bucket")},
    }


def without_words(value):
    """The template without what is only there to be read: it makes the same resources in fewer bytes."""
    if isinstance(value, dict):
        value = value | ({"DashboardBody": NO_WIDGETS} if "DashboardBody" in value else {})
        return {name: without_words(item) for name, item in value.items() if name not in WORDS}
    if isinstance(value, list):
        return [without_words(item) for item in value]
    return re.sub(r"\s+", " ", value) if isinstance(value, str) else value


def declared_parameters(root: Path) -> dict[str, dict]:
    """The template's own declarations, by parameter name."""
    return read_template(root)["Parameters"]


def read_parameters(file: Path, root: Path) -> dict[str, str]:
    """The template's parameters in a YAML file, as text; ParameterError where the template has no such parameter."""
    declared = declared_parameters(root)
    if not file.is_file():
        raise ParameterError(f"there is no parameter file {file}")
    given = yaml.safe_load(file.read_text()) or {}
    for name in given:
        if name not in declared:
            raise ParameterError(f"{file}: {unknown_parameter(name, declared)}")
    return {name: str(value) for name, value in given.items()}
