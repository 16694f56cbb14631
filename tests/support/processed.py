"""The template as the local stack was made from it, with every Fn::ForEach unrolled."""

import json
from typing import Any

from aviation import aws
from aviation.places import stack_name


def template() -> dict[str, Any]:
    """The processed template of the stack that is up."""
    body = aws.client("cloudformation").get_template(StackName=stack_name(), TemplateStage="Processed")["TemplateBody"]
    return json.loads(body) if isinstance(body, str) else body
