"""The process that Spark forks its Python workers from on a laptop: the setting `spark.python.daemon.module`.

It imports what a load's workers need before it forks them; Spark's own leaves that to each worker.
"""

from aviation.load.arrow import without_pandas


def import_ahead() -> None:
    """Import what the load's workers need, and have pyarrow do without pandas, whose import takes longer than all else.

    What imports pandas itself still can.
    """
    without_pandas()
    import aviation.load.derived
    import aviation.load.folding  # noqa: F401


if __name__ == "__main__":
    from pyspark import daemon

    import_ahead()
    daemon.manager()  # type: ignore[no-untyped-call]
