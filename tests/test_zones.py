"""The airports' time zones, and how they reach a Glue job."""

import subprocess
import sys
from pathlib import Path
from zoneinfo import available_timezones

from aviation import zones
from aviation.deploy import build
from aviation.local import airport_zones


def test_the_shipped_table_is_what_its_generator_makes():
    assert Path(zones.__file__).with_name(zones.FILE).read_text() == airport_zones.generate()


def test_an_airport_is_found_by_either_code_and_has_a_zone_that_exists():
    by_code = zones.airport_zones()
    assert by_code["JFK"] == by_code["KJFK"] == "America/New_York"
    assert by_code["PKX"] == by_code["ZBAD"] == "Asia/Shanghai"
    assert set(by_code.values()) <= available_timezones()


def test_the_library_that_glue_is_given_reads_its_zones_from_inside_the_zip(tmp_path):
    library = tmp_path / "aviation.zip"
    build.build_library(library)
    # -S: without the site packages, where the package is installed too.
    script = f"import sys; sys.path.insert(0, {str(library)!r}); from aviation import zones; "
    script += "print(zones.__file__, zones.airport_zones()['JFK'])"
    said = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.startswith(str(library)) and said.split()[-1] == "America/New_York"
