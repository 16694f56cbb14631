"""What a load is told, by Glue and by a notebook."""

import sys

import pytest

from aviation.errors import ParameterError, PlaceError
from aviation.load.settings import settings
from support.notebooks import defaults

PLACES = {
    "--stack": "prod",
    "--raw_bucket": "raw",
    "--published_bucket": "published",
    "--runs_bucket": "runs",
    "--database": "aviation",
    "--catalog": "glue_catalog",
    "--delay_cost_per_minute": "100.76",
    "--passengers_per_flight": "0",
    "--timeout_minutes": "25",
}
# The exported script passes them on Glue, too.
CHOICES = defaults("glue_notebooks/aviation_data_load.ipynb")


@pytest.fixture
def glue(monkeypatch):
    """Sets the command line that Glue starts a job's script with."""

    def start(**arguments: str) -> None:
        passed = {"--JOB_NAME": "load", "--job-language": "python"} | PLACES
        passed |= {f"--{name}": value for name, value in arguments.items()}
        line = [part for name, value in passed.items() if value is not None for part in (name, value)]
        monkeypatch.setattr(sys, "argv", ["script.py", *line])

    return start


def test_places_come_from_the_jobs_arguments_and_empty_entities_are_all(glue):
    glue()
    found = settings(**CHOICES)
    assert (found.raw_uri, found.published_uri, found.namespace) == (
        "s3a://raw",
        "s3://published",
        "glue_catalog.aviation",
    )
    assert found.timeout_minutes == 25
    assert found.entities == ("flights", "cities", "airplanes", "aircraft_types")
    assert found.choices == CHOICES | {"entities": found.entities}


@pytest.mark.parametrize(
    ("argument", "text", "value"),
    [
        ("entities", "cities,airplanes", ("cities", "airplanes")),
        ("entities", " flights ", ("flights",)),
        ("entities", '["cities"]', ("cities",)),
        ("look_back_hours", "72", 72),
        ("max_refused_share", "1", 1),
        ("max_refused_share", "0.5", 0.5),
        ("reconcile", "true", True),
        ("reconcile", "True", True),
    ],
)
def test_a_choice_among_the_jobs_arguments_comes_before_the_notebooks(glue, argument, text, value):
    glue(**{argument: text})
    assert getattr(settings(**CHOICES), argument) == value


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("entities", "flights,airports"),
        ("look_back_hours", "long"),
        ("look_back_hours", "0"),
        ("batch_megabytes", "0"),
        ("max_refused_share", "1.5"),
        ("max_refused_share", "-0.1"),
        ("reconcile", "perhaps"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused_and_named(glue, argument, text):
    glue(**{argument: text})
    with pytest.raises(ParameterError, match=r"airports|" + argument):
        settings(**CHOICES)


def test_an_unknown_choice_is_refused(glue):
    glue()
    with pytest.raises(ParameterError, match="did you mean 'entities'"):
        settings(entitys=["flights"])


def test_a_job_that_lacks_a_place_is_refused_by_the_places_name(glue):
    glue(catalog=None)
    with pytest.raises(PlaceError, match="--catalog"):
        settings(**CHOICES)


def test_a_run_is_known_by_the_id_that_its_runner_gave_it(glue, monkeypatch):
    glue()
    monkeypatch.setenv("AVIATION_RUN_ID", "run-7")
    assert settings(**CHOICES).run_id == "run-7"
    monkeypatch.delenv("AVIATION_RUN_ID")
    glue(JOB_RUN_ID="jr_12ab")
    assert settings(**CHOICES).run_id == "jr_12ab"
    glue()
    assert settings(**CHOICES).run_id != settings(**CHOICES).run_id
