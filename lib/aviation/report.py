"""What a notebook's run says of itself: shown to a person, and found again by the runner."""

REPORT_MIME = "application/vnd.aviation.report+json"


class Report(dict):
    """The counts of one run, JSON values only. The last expression of a cell shows it; `aviation.runs` reads the
    mime type out of the executed notebook and keeps it in the run record."""

    def __str__(self) -> str:
        width = max((len(name) for name in self), default=0)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self.items())

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {REPORT_MIME: dict(self), "text/plain": str(self)}
