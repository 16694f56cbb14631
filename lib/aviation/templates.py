"""HTML from Jinja templates, each of which stands beside the module that fills it."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from aviation.printable import printable


def render(template: str, **values: object) -> Markup:
    """The template (its path inside the package, such as "runs/pages.html") filled with `values`.

    Text is escaped, Markup is taken as it is; a value that the template names and nobody gave raises UndefinedError.
    """
    return Markup(_environment().get_template(template).render(values))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("aviation", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )


def _finalized(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
