"""The faults that the replay can give in place of an answer, by name: `server` says what each one does."""

from aviation.replay.answers import ERRORS

PLAIN = frozenset({"500", "502", "503", "504", "html", "half", "cut", "quota", "empty", "error200"})


def check_fault(fault: object) -> None:
    """ValueError unless `fault` is the name of a fault, followed by a colon and its detail if it takes one."""
    name, _, detail = fault.partition(":") if isinstance(fault, str) else ("", "", "")
    known = (
        fault in PLAIN
        or (name in ("error", "error200") and detail in ERRORS)
        or (name == "rate_limit" and (detail.isdigit() or fault == name))
        or (name == "slow" and detail.replace(".", "", 1).isdigit())
    )
    if not known:
        raise ValueError(f"unknown fault: {fault!r}")
