from collections.abc import Mapping

from polars import LazyFrame


def prepare(sources: Mapping[str, LazyFrame]) -> LazyFrame:
    return sources["applications"]
