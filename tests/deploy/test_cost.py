"""A month's bill and the plan's calls, worked out by hand for a few settings."""

import pytest
import yaml
from click.testing import CliRunner

from aviation.cli import main
from aviation.deploy import cost
from aviation.deploy.bill import LINE_BYTES, Case, bill
from aviation.deploy.plan import MONTH_DAYS, check_plan, with_defaults
from aviation.deploy.prices import price_list
from aviation.deploy.template import read_template
from aviation.errors import ParameterError
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


def test_the_schedules_as_they_are_by_default_make_the_calls_of_runs_times_pages():
    use = check_plan({}, ROOT)
    assert use.runs == {"flights": 1440, "cities": 30, "airplanes": 30, "aircraft_types": 30}
    assert use.calls == {"flights": 43_200, "cities": 94 * 30, "airplanes": 191 * 30, "aircraft_types": 4 * 30}
    assert use.fits


def test_every_schedule_of_the_load_that_is_on_is_counted():
    names = read_template(ROOT)["Resources"]["Fn::ForEach::LoadSchedules"][1]
    assert case().loads() == 1440 + 30 + 30
    off = {f"{name}LoadState": "DISABLED" for name in names}
    assert [case(**(off | {f"{name}LoadState": "ENABLED"})).loads() for name in names] == [1440, 30, 30]
    assert case(**off).loads() == case(ScheduleState="DISABLED").loads() == 0


@pytest.mark.parametrize("plan", ["basic", "professional"])
def test_each_plan_has_a_case_that_it_carries_and_does_not_carry_the_default(plan):
    assert check_plan(given(plan), ROOT).fits
    default = check_plan({"ApiPlan": plan}, ROOT)
    assert not default.fits
    assert f"{default.plan_calls:,}" in default.refusal()


def test_daily_reference_pulls_alone_take_most_of_the_basic_plan():
    use = check_plan({"ApiPlan": "basic", "FlightsState": "DISABLED"}, ROOT)
    assert use.total == 8670
    weekly = given("basic") | dict.fromkeys(("CitiesSchedule", "AirplanesSchedule"), "cron(12 3 * * ? *)")
    assert not check_plan(weekly, ROOT).fits


def test_what_is_switched_off_calls_nothing():
    assert check_plan({"ScheduleState": "DISABLED"}, ROOT).total == 0
    assert check_plan({"CitiesState": "DISABLED"}, ROOT).calls["cities"] == 0


def test_a_poll_that_finds_few_flights_takes_few_calls_and_never_more_than_its_budget():
    assert check_plan({}, ROOT, flights=1).calls["flights"] == 1440
    assert check_plan({}, ROOT, flights=950).calls["flights"] == 1440 * 10
    assert check_plan({}, ROOT, flights=10**6).calls["flights"] == 1440 * 30


def test_an_unknown_plan_is_refused_with_those_that_there_are():
    with pytest.raises(ParameterError, match="unknown plan 'gold': it is one of basic, professional, business"):
        check_plan({"ApiPlan": "gold"}, ROOT)


def test_shards_alarms_and_workers_by_hand():
    found = quantities(case())
    assert found["kinesis_shard_hour"] == 4 * 720
    assert found["glue_dpu_hour"] == (1440 + 30) * 2 * 120 / 3600
    assert found["cloudwatch_alarm"] == 23
    assert "kinesis_extended_shard_hour" not in found
    assert quantities(case(ShardCount="2"))["kinesis_shard_hour"] == 8 * 720


def test_keeping_a_stream_for_longer_costs_and_longer_than_a_week_once_more():
    assert quantities(case(RetentionHours="48"))["kinesis_extended_shard_hour"] == 4 * 720
    assert "kinesis_long_term_gb_month" not in quantities(case(RetentionHours="168"))
    assert quantities(case(RetentionHours="200"))["kinesis_long_term_gb_month"] > 0


def test_firehose_bills_records_rounded_up_to_five_kilobytes_which_packing_avoids():
    """1,000 flights a poll: 1,049 KiB in two records against 1,000 records of 5 KiB."""
    of_flights = {f"{title}State": "DISABLED" for title in ("Cities", "Airplanes", "AircraftTypes")}
    packed = case(1000, **of_flights)
    full, rest = 900, 1000 * 1074 / 1024 - 900
    assert quantities(packed)["firehose_gb"] == pytest.approx(1440 * (full + -(-rest // 5) * 5) / 1024**2)
    loose = Case(packed.parameters, ROOT, 1000, packed=False)
    assert quantities(loose)["firehose_gb"] == pytest.approx(1440 * 1000 * 5 / 1024**2)


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
    assert price_list()["plans"]["basic"]["calls"] == 10_000


def test_the_command_prints_a_bill_that_adds_up_ages_and_alternatives():
    done = CliRunner().invoke(main, ["cost"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert max(map(len, lines)) <= 120
    amounts = [float(line[-10:].replace(",", "")) for line in lines if " x " in line and "runs" not in line]
    [total] = [float(line[-10:].replace(",", "")) for line in lines if line.startswith("AWS, a month")]
    assert total == pytest.approx(sum(amounts), abs=0.01 * len(amounts))
    assert "at most 39 minutes old, 24 on average" in done.output
    ages = {line[:26].strip(): line.split()[-4:] for line in lines if line.endswith(" min")}
    assert ages["every 15 minutes"] == ["24", "min", "16", "min"]
    assert ages["every 60 minutes"] == ["69", "min", "39", "min"]
    assert {"as set", "records sent one by one", "streams on demand"} < set(ages)


def test_one_minute_is_singular():
    each_minute = dict.fromkeys(("FlightsSchedule", "FlightsLoadTime"), "cron(* * * * ? *)")
    text = cost.render(each_minute | {"BufferSeconds": "0"}, ROOT, flights=1, load_seconds=1)
    assert "at most 2 minutes old" in text
    assert "can be queried 1 minute after" in text


def test_the_command_takes_a_file_a_plan_and_what_a_poll_finds():
    file = str(ROOT / "parameters/deploy/basic.yaml")
    done = CliRunner().invoke(main, ["cost", "--parameters", file, "--flights-per-day", "500", "--load-seconds", "60"])
    assert "of the 10,000 of the basic plan" in done.output
    assert f"{240 * 5:,}" in done.output
    done = CliRunner().invoke(main, ["cost", "--plan", "basic"])
    assert "more than it carries" in done.output
    done = CliRunner().invoke(main, ["cost", "--plan", "gold"])
    assert done.exit_code == 2
    assert MONTH_DAYS == 30
