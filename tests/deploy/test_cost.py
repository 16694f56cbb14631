"""A month's bill and the plan's calls, worked out by hand for a few settings."""

import re
import shutil
from dataclasses import replace

import pytest
import yaml
from click.testing import CliRunner

from aviation.cli import main
from aviation.deploy import cost
from aviation.deploy.assumptions import ASSUMED, assumed
from aviation.deploy.bill import LINE_BYTES, LOAD_SECONDS, Case, bill
from aviation.deploy.plan import MONTH_DAYS, check_plan, with_defaults
from aviation.deploy.prices import price_list
from aviation.deploy.template import read_template
from aviation.deploy.told import Told
from aviation.errors import ParameterError
from aviation.poll.plans import PLANS
from aviation.poll.watch import Seen
from support import ROOT
from support.raw_samples import line_bytes


def given(name: str) -> dict[str, str]:
    return {
        key: str(value) for key, value in yaml.safe_load((ROOT / f"parameters/deploy/{name}.yaml").read_text()).items()
    }


def case(flights: int | None = None, **parameters: str) -> Case:
    return Case(with_defaults(parameters, ROOT), ROOT, flights)


def quantities(of: Case) -> dict[str, float]:
    return {line.price: line.quantity for line in bill(of)}


def by_item(of: Case) -> dict[str, float]:
    return {line.item: line.quantity for line in bill(of)}


def test_the_schedules_as_they_are_by_default_make_the_calls_of_runs_times_pages():
    use = check_plan({}, ROOT)
    assert use.polls == {"flights": 1440, "cities": 30, "airplanes": 30, "aircraft_types": 30}
    # One call for each direction of three airports and two for the airline, and as many for half of the neighbours.
    assert use.calls == {"flights": 1440 * 12, "cities": 10 * 30, "airplanes": 20 * 30, "aircraft_types": 30}
    assert use.fits


def test_every_schedule_of_the_load_that_is_on_is_counted():
    names = read_template(ROOT)["Resources"]["Fn::ForEach::LoadSchedules"][1]
    assert {name: case().loads(name) for name in names} == {"Flights": 1440, "Upkeep": 30}
    off = {f"{name}LoadState": "DISABLED" for name in names}
    for one in (case(**off), case(ScheduleState="DISABLED")):
        assert [one.loads(name) for name in names] == [0, 0]
        assert one.billed_seconds() == 0


@pytest.mark.parametrize("plan", ["basic", "professional"])
def test_each_plan_has_a_case_that_it_carries(plan):
    assert check_plan(given(plan), ROOT).fits


def test_the_default_is_too_much_for_the_basic_plan():
    [reason] = check_plan({"ApiPlan": "basic"}, ROOT).refusals()
    assert "some 155,550 calls a month, and the basic plan carries 10,000" in reason


def test_daily_reference_pulls_alone_take_most_of_the_basic_plan():
    use = check_plan({"ApiPlan": "basic", "FlightsState": "DISABLED"}, ROOT)
    assert use.total == 8670


def test_the_calls_of_a_watch_follow_from_what_its_polls_reported():
    seen = {
        f"{subject} on 2026-06-0{day}": Seen(total)
        for day, total in ((1, 950), (2, 2_100))
        for subject in ("departures from JFK", "arrivals at JFK", "departures from EWR", "arrivals at EWR")
    }
    use = check_plan({}, ROOT, seen=seen)
    assert use.demands["flights"].rows == (2100, 2100, 2100, 2100, 800, 800, 2000)
    assert use.calls["flights"] == 1440 * (4 * 3 + 2 + 2) * 1.5
    assert "assumed" in use.lines()[-1]
    told = {
        f"{subject} on 2026-06-02": Seen(10) for subject in ("departures from LGA", "arrivals at LGA", "flights of B6")
    }
    use = check_plan({}, ROOT, seen=seen | told)
    assert use.calls["flights"] == 1440 * (4 * 3 + 3) * 1.5
    assert "as polls reported" in use.lines()[-1]


def watching(tmp_path, **parameters):
    """A checkout whose flights are polled with these parameters."""
    shutil.copytree(ROOT / "parameters", tmp_path / "parameters")
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    (tmp_path / "parameters/producer/flights.yaml").write_text(yaml.safe_dump(parameters))
    return tmp_path


def test_without_a_watch_a_deployment_is_refused(tmp_path):
    [reason] = check_plan({}, watching(tmp_path, max_calls=30)).refusals()
    assert "flights have no watch" in reason
    assert not check_plan({"FlightsState": "DISABLED"}, tmp_path).refusals()


def test_a_misspelt_parameter_is_refused_with_the_nearest_one(tmp_path):
    with pytest.raises(ParameterError, match=r"flights.yaml: unknown parameter 'wacth': did you mean 'watch'"):
        check_plan({}, watching(tmp_path, wacth={"airports": ["JFK"]}, max_calls=30))


def test_a_watch_that_max_calls_cannot_carry_is_refused(tmp_path):
    root = watching(tmp_path, watch={"airports": ["JFK", "LAX"], "airlines": ["B6"]}, max_calls=11)
    [reason] = check_plan({}, root).refusals()
    assert "takes up to 12 calls, and max_calls allows 11" in reason


def test_a_limit_beyond_the_plan_is_refused(tmp_path):
    root = watching(tmp_path, watch={"airports": ["JFK"]}, max_calls=99, limit=1000)
    [reason] = check_plan({"ApiPlan": "basic", "AirplanesState": "DISABLED"}, root).refusals()
    assert "asks for 1,000 records a call, and the basic plan answers 100" in reason


def test_what_is_switched_off_calls_nothing():
    assert check_plan({"ScheduleState": "DISABLED"}, ROOT).total == 0
    assert check_plan({"CitiesState": "DISABLED"}, ROOT).calls["cities"] == 0


def test_a_poll_that_finds_few_flights_takes_few_calls_and_never_more_than_its_budget():
    assert check_plan({}, ROOT, flights=1).calls["flights"] == 1440 * 7 * 1.5
    assert check_plan({}, ROOT, flights=14_000).calls["flights"] == 1440 * 14 * 1.5
    assert check_plan({}, ROOT, flights=10**6).calls["flights"] == 1440 * 140


def test_an_unknown_plan_is_refused_with_those_that_there_are():
    with pytest.raises(ParameterError, match="unknown plan 'gold': it is one of basic, professional, business"):
        check_plan({"ApiPlan": "gold"}, ROOT)


def test_shards_alarms_and_workers_by_hand():
    found = quantities(case())
    assert found["kinesis_shard_hour"] == 4 * 720
    assert found["cloudwatch_alarm"] == 22
    assert "kinesis_extended_shard_hour" not in found
    assert quantities(case(ShardCount="2"))["kinesis_shard_hour"] == 8 * 720


def test_keeping_a_stream_for_longer_costs_and_longer_than_a_week_once_more():
    assert quantities(case(RetentionHours="48"))["kinesis_extended_shard_hour"] == 4 * 720
    assert "kinesis_long_term_gb_month" not in quantities(case(RetentionHours="168"))
    assert quantities(case(RetentionHours="200"))["kinesis_long_term_gb_month"] > 0


def test_firehose_bills_records_rounded_up_to_five_kilobytes_which_packing_avoids():
    """1,050 flights a poll, neighbours included: 1,101 KiB in two records against 1,050 records of 5 KiB."""
    of_flights = {f"{title}State": "DISABLED" for title in ("Cities", "Airplanes", "AircraftTypes")}
    packed = case(700, **of_flights)
    full, rest = 900, 1050 * 1074 / 1024 - 900
    assert quantities(packed)["firehose_gb"] == pytest.approx(1440 * (full + -(-rest // 5) * 5) / 1024**2)
    loose = Case(packed.parameters, ROOT, 700, packed=False)
    assert quantities(loose)["firehose_gb"] == pytest.approx(1440 * 1050 * 5 / 1024**2)


def test_publishing_costs_two_workers_after_each_load_and_in_the_morning_and_nothing_where_it_is_off():
    def hours(**given: str) -> float:
        return by_item(case(**given))["Glue, DPU-hours of publishing"]

    seconds = assumed("session_seconds") + assumed("publish_seconds")
    loads = 30 * 48 + 30  # flights, and upkeep
    assert hours() == pytest.approx(2 * (loads + 30) * seconds / 3600)
    assert hours(BriefState="DISABLED") == pytest.approx(2 * loads * seconds / 3600)
    assert hours(Publish="false") == hours(ScheduleState="DISABLED") == 0


def test_training_costs_two_workers_once_a_week_and_nothing_where_it_is_off():
    def hours(**given: str) -> float:
        return by_item(case(**given))["Glue, DPU-hours of training"]

    seconds = assumed("session_seconds") + assumed("train_seconds")
    weekly = hours() / (2 * seconds / 3600)
    assert 4 <= weekly <= 5
    assert hours(TrainTime="cron(30 9 * * ? *)") == pytest.approx(30 * 2 * seconds / 3600)
    assert hours(Train="false") == hours(ScheduleState="DISABLED") == 0


def test_viewers_cost_where_there_are_any():
    assert quantities(case())["cloudfront_request"] == 0
    assert quantities(case(ViewerNetworks="198.51.100.0/24"))["cloudfront_request"] > 0
    assert quantities(case(ViewerNetworks="198.51.100.0/24", Publish="false"))["cloudfront_request"] == 0


def test_data_events_cost_where_they_are_kept():
    assert quantities(case())["cloudtrail_data_event"] == 0
    assert quantities(case(DataEvents="true"))["cloudtrail_data_event"] == 1470 * 170


def test_a_metric_is_billed_for_the_hours_in_which_a_load_puts_it():
    assert quantities(case())["cloudwatch_metric"] == pytest.approx(2 + 4 / 24)
    assert quantities(case(FlightsLoadTime="cron(9 0/12 * * ? *)"))["cloudwatch_metric"] == pytest.approx(
        2 / 12 + 4 / 24
    )
    assert quantities(case(UpkeepLoadState="DISABLED"))["cloudwatch_metric"] == 2


def test_on_demand_streams_have_no_shards():
    found = quantities(Case(with_defaults({}, ROOT), ROOT, on_demand=True))
    assert found["kinesis_on_demand_stream_hour"] == 4 * 720
    assert "kinesis_shard_hour" not in found


def test_raw_lies_in_the_classes_that_the_lifecycle_says():
    found = quantities(case())
    standard, infrequent, archive = (found[f"s3_{name}_gb_month"] for name in ("standard", "standard_ia", "glacier_ir"))
    one_month = infrequent / 2
    assert archive == pytest.approx(9 * one_month)
    assert standard > 0
    longer = quantities(case(RawArchiveDays="360"))
    assert longer["s3_glacier_ir_gb_month"] == 0
    assert longer["s3_standard_ia_gb_month"] == pytest.approx(11 * one_month)


def test_the_size_of_a_line_is_that_of_real_records():
    for entity, size in line_bytes().items():
        assert LINE_BYTES[entity] == pytest.approx(size, rel=0.35), entity


def test_every_price_has_a_date_a_source_and_says_whether_it_was_checked():
    for name, price in (price_list()["prices"] | price_list()["plans"]).items():
        assert price["usd"] > 0, name
        assert price["source"].startswith("https://"), name
        assert len(price["date"]) == 10, name
        assert isinstance(price["verified"], bool), name
    assert price_list()["plans"].keys() == PLANS.keys()


def test_the_command_prints_a_bill_that_adds_up_ages_and_alternatives():
    done = CliRunner().invoke(main, ["cost"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert max(map(len, lines)) <= 120
    amounts = [float(line[-10:].replace(",", "")) for line in lines if " x " in line and "polls" not in line]
    [total] = [float(line[-10:].replace(",", "")) for line in lines if line.startswith("AWS, a month")]
    assert total == pytest.approx(sum(amounts), abs=0.01 * len(amounts))
    assert "at most 38 minutes old, 23 on average" in done.output
    ages = {line[:26].strip(): line.split()[-4:] for line in lines if line.endswith(" min")}
    assert ages["every 15 minutes"] == ["23", "min", "15", "min"]
    assert ages["every 60 minutes"] == ["68", "min", "38", "min"]
    [twice] = [float(line[-10:].replace(",", "")) for line in lines if line.startswith("the same, where a load takes")]
    longer = (case().billed_seconds(), replace(case(), load_seconds=2 * LOAD_SECONDS).billed_seconds())
    assert twice == pytest.approx(total + (longer[1] - longer[0]) * 2 / 3600 * 0.44, abs=0.02)
    assert all(about.of in done.output and about.source in done.output for about in ASSUMED.values())
    assert {"as set", "records sent one by one", "streams on demand"} < set(ages)


def test_what_a_stack_reported_comes_before_what_is_assumed():
    seen = {f"{subject} on 2026-06-01": Seen(3_000) for subject in ("departures from JFK", "flights of B6")}
    text = cost.render({}, ROOT, told=Told(seen, load_seconds=95))
    assert "125 s a load (30 to start, and the median of the stack's newest loads)" in text
    assert f"{1440 * (3 + 3 + 5) * 1.5:,.0f}" in text


def test_the_seconds_of_a_load_are_start_calls_and_work_and_a_minute_is_billed_at_least():
    parts = ("session_seconds", "calls_in_a_row", "call_wait_seconds", "load_seconds_here", "load_factor")
    start, calls, wait, here, factor = (ASSUMED[name].value for name in parts)
    assert pytest.approx(start + calls * wait + here * factor) == LOAD_SECONDS
    hours = {
        seconds: quantities(replace(case(), load_seconds=seconds))["glue_dpu_hour"] * 3600 / 2
        for seconds in (0, 20, 60, 90)
    }
    assert hours == pytest.approx(
        {0: 1440 * 60 + 30 * 60, 20: 1440 * 60 + 30 * 80, 60: 1440 * 60 + 30 * 120, 90: 1440 * 90 + 30 * 150}
    )


def test_one_minute_is_singular():
    each_minute = dict.fromkeys(("FlightsSchedule", "FlightsLoadTime"), "cron(* * * * ? *)")
    text = cost.render(each_minute | {"BufferSeconds": "0"}, ROOT, flights=1, load_seconds=1)
    assert "at most 2 minutes old" in text
    assert "can be queried 1 minute after" in text


def test_the_command_takes_a_file_a_plan_and_what_a_poll_finds():
    file = str(ROOT / "parameters/deploy/basic.yaml")
    done = CliRunner().invoke(main, ["cost", "--parameters", file, "--flights-per-day", "500", "--load-seconds", "60"])
    assert "of the 10,000 of the basic plan" in done.output
    assert re.search(r"flights +60 polls x +10\.5 calls = +630", done.output)
    done = CliRunner().invoke(main, ["cost", "--plan", "basic"])
    assert "the basic plan carries 10,000: watch less" in done.output
    done = CliRunner().invoke(main, ["cost", "--plan", "gold"])
    assert done.exit_code == 2
    assert MONTH_DAYS == 30
