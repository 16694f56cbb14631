"""The process that Spark forks its Python workers from on a laptop: the setting `spark.python.daemon.module`.

It imports what a load's workers need before it forks them; Spark's own leaves that to each worker.
"""

import sys
from importlib.abc import MetaPathFinder

import pyarrow as pa


class _WithoutPandas(MetaPathFinder):
    """Lets an import of pandas fail."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def import_ahead() -> None:
    """Import what the load's workers need, and have pyarrow do without pandas, whose import takes longer than all else.

    What imports pandas itself still can.
    """
    import aviation.load.derived
    import aviation.load.folding  # noqa: F401

    finder = _WithoutPandas()
    sys.meta_path.insert(0, finder)
    pa.array([0])  # with the first Python values that it is given, pyarrow looks for pandas once and for all
    sys.meta_path.remove(finder)


if __name__ == "__main__":
    from pyspark import daemon

    import_ahead()
    daemon.manager()  # type: ignore[no-untyped-call]
