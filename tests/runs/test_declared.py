"""The table of jobs, the template, the notebooks and the parameter files say the same."""

import json

import pytest

from aviation.deploy.build import LAMBDA_NOTEBOOKS
from aviation.deploy.template import read_template
from aviation.entities import ENTITIES
from aviation.load.arguments import parsed
from aviation.load.settings import LoadParameters
from aviation.publish.settings import PublishParameters
from aviation.report import RunRecord
from aviation.runs.declared import LOAD, PRODUCERS, PUBLISH, TRAIN, StartedBy, by_hand, job_of, producer, watches
from aviation.runs.parameters import check_parameters, read_parameters
from support import ROOT
from support.notebooks import defaults

BY_HAND = [by_hand(file.relative_to(ROOT), ROOT) for file in sorted((ROOT / "notebooks").rglob("*.ipynb"))]
JOBS = [*PRODUCERS.values(), LOAD, PUBLISH, TRAIN, *watches(ROOT)]


def record(job: str, notebook: str) -> RunRecord:
    return RunRecord(run_id="1", job=job, notebook=notebook, started_at="2026-03-01T00:00:00Z")


@pytest.mark.parametrize("job", [*JOBS, *BY_HAND], ids=lambda job: job.name)
def test_each_parameter_file_of_a_job_fits_its_notebook(job):
    check_parameters(ROOT / job.notebook, {})
    for file in job.parameters:
        check_parameters(ROOT / job.notebook, read_parameters(ROOT / file))


def test_no_parameter_file_of_a_notebook_belongs_to_no_job():
    declared = {file for job in [*JOBS, *BY_HAND] for file in job.parameters}
    kept = {str(file.relative_to(ROOT)) for file in (ROOT / "parameters").rglob("*.yaml")}
    assert {file for file in kept if not file.startswith("parameters/deploy/")} == declared


def test_the_template_has_a_function_and_a_schedule_for_each_producer_and_one_function_for_the_alerts():
    resources = read_template(ROOT)["Resources"]
    ingest = resources["Fn::ForEach::Ingest"][2]
    function, schedule = ingest["${Entity}Producer"]["Properties"], ingest["${Entity}ProducerSchedule"]["Properties"]
    assert function["Handler"] == "aviation.runs.lambdas.handler"
    for job in PRODUCERS.values():
        for name in (function["FunctionName"], schedule["Name"]):
            assert name["Fn::Sub"][0].replace("${Name}", job.entity) == f"${{AWS::StackName}}-{job.function}"
        text = schedule["Target"]["Input"]["Fn::Sub"][0].replace("${Name}", job.entity)
        assert json.loads(text) == {"entity": job.entity}
    assert set(PRODUCERS) == set(ENTITIES)
    alerts = resources["Alerts"]["Properties"]
    assert alerts["Handler"] == "aviation.runs.lambdas.alerts"
    assert {alerts["FunctionName"]["Fn::Sub"]} == {f"${{AWS::StackName}}-{job.function}" for job in watches(ROOT)}


def test_each_schedule_of_the_load_starts_one_of_its_parameter_files():
    template = read_template(ROOT)
    schedules = template["Resources"]["Fn::ForEach::LoadSchedules"]
    text = schedules[2]["Load${Load}Schedule"]["Properties"]["Target"]["Input"]["Fn::Sub"][0]
    for load in schedules[1]:
        given = template["Mappings"]["Loads"][load]
        filled = text.replace("${Entities}", given["Entities"]).replace("${Upkeep}", given["Upkeep"])
        arguments = json.loads(filled)["Arguments"]
        choices = {name.removeprefix("--"): text for name, text in arguments.items()}
        started = {name: parsed(name, text, LoadParameters) for name, text in choices.items()}
        file = f"parameters/aviation_data_load/{given['Name']}.yaml"
        assert file in LOAD.parameters
        assert started.items() <= (defaults(LOAD.notebook) | read_parameters(ROOT / file)).items()


def test_the_schedule_of_the_brief_starts_the_publishing_job_with_its_parameter_file():
    target = read_template(ROOT)["Resources"]["PublishSchedule"]["Properties"]["Target"]
    started = json.loads(target["Input"]["Fn::Sub"])
    assert started["JobName"] == "${PublishJob}"
    choices = {name.removeprefix("--"): text for name, text in started["Arguments"].items()}
    file = "parameters/aviation_publish/morning.yaml"
    assert file in PUBLISH.parameters
    assert {name: parsed(name, text, PublishParameters) for name, text in choices.items()} == read_parameters(
        ROOT / file
    )


def test_the_schedule_of_the_training_starts_its_job_with_the_notebooks_defaults():
    target = read_template(ROOT)["Resources"]["TrainSchedule"]["Properties"]["Target"]
    assert json.loads(target["Input"]["Fn::Sub"]) == {"JobName": "${TrainJob}"}
    assert read_parameters(ROOT / "parameters/train_delay_forecast/weekly.yaml") == {}


def test_the_lambdas_zip_has_the_notebook_of_every_job_that_a_lambda_runs():
    run = {job.notebook for job in JOBS if job.started_by in (StartedBy.LAMBDA, StartedBy.LOAD)}
    assert run == {f"notebooks/{name}.ipynb" for name in LAMBDA_NOTEBOOKS}


def test_a_watch_is_called_what_its_file_is_called():
    for job in watches(ROOT):
        [file] = job.parameters
        assert job.name == f"alerts/{read_parameters(ROOT / file)['watch']}"


def test_a_record_is_of_the_job_that_wrote_it():
    assert job_of(record("producer/cities", "producer.ipynb"), ROOT) == producer("cities")
    assert job_of(record("aviation_data_load", "aviation_data_load.ipynb"), ROOT) is LOAD
    assert job_of(record("aviation_publish", "aviation_publish.ipynb"), ROOT) is PUBLISH
    assert job_of(record("train_delay_forecast", "train_delay_forecast.ipynb"), ROOT) is TRAIN
    assert job_of(record("alerts/disruptions", "alerts.ipynb"), ROOT).started_by == StartedBy.LOAD
    by_a_person = job_of(record("explore/02_storm_day", "02_storm_day.ipynb"), ROOT)
    assert (by_a_person.name, by_a_person.started_by) == ("explore/02_storm_day", StartedBy.PERSON)
    assert by_a_person.notebook == "notebooks/explore/02_storm_day.ipynb"
