"""What PromQL expressions ask for, checked against what a `Metrics` object shows.

An expression that asks for a metric, a label or a label's value that is not there is no error to
Prometheus: it finds nothing, and an alert never goes off.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import promql_parser as promql
from prometheus_client.parser import text_string_to_metric_families

from tintype.adapters.metrics import Metrics
from tintype.errors import TintypeError
from tintype.model import Failure, ImageState, Job, Original, Step, StepStatus, Variant
from tintype.pipeline.intake import Seen
from tintype.pipeline.notifications import Reason
from tintype.ports.catalog import Backlog
from tintype.ports.monitor import Answer

# What Prometheus adds to every series that it fetches.
TARGET = frozenset({"job", "instance"})

_OVER_COUNTERS = {"rate", "increase"}
_OVER_GAUGES = {"changes", "avg_over_time", "min_over_time", "max_over_time"}
_COUNTING = {"counter", "bucket", "sum", "count"}


@dataclass
class Series:
    """All series of one name."""

    kind: str  # counter, gauge, or the part of a histogram: bucket, sum, count
    labels: dict[str, set[str]] = field(default_factory=dict)


class Unfit(AssertionError):  # noqa: N818 - it is raised for what does not fit, not for a failure
    """An expression asks for what is not there, or in a way that makes no sense."""


def errors(kind: type[TintypeError] = TintypeError) -> Iterator[type[TintypeError]]:
    """Every failure there is."""
    for each in kind.__subclasses__():
        yield each
        yield from errors(each)


def after_everything() -> Metrics:
    """Metrics that have heard everything that there is to hear."""
    metrics = Metrics(workers=2, memory=1000, queue_limit=100)
    metrics.follow(
        idle=lambda: 1,
        admitted=lambda: 0,
        waiting=lambda: 0,
        backlog=lambda: Backlog(queued=0, running=0, dead=0, oldest=None),
        paused=lambda: False,
    )
    now, running = datetime.now(UTC), ImageState.RUNNING
    original = Original("originals/a.jpg", "a.jpg", "v1", 1000)
    job = Job("job_a", "img_a", original, "digest", running, 1, now, now)
    variant = Variant("thumb", "thumb/a.jpg", "jpeg", 40, 30, 300, "etag", "v1")
    for status in (200, 202, 304):
        metrics.answered(Answer("GET", "/v1/images", status, 0.1, 10, None))
    with metrics.accepting():
        metrics.accepted(job)
    with metrics.attempt(job, 1):
        metrics.attempted(job, None)
    for name in ("validate", "render", "record"):
        metrics.step(Step(name, StepStatus.DONE, 1, 0.1))
    for each in errors():
        metrics.answered(Answer("POST", "/v1/images", each.http_status, 0.1, 10, each.code))
        metrics.attempted(job, Failure(each.code, "said"))
    for state in ImageState:
        if state.final:
            metrics.ended(job, state, [variant])
    for outcome in (*Seen, *Reason):
        metrics.noticed(outcome)
    return metrics


def exported(metrics: Metrics) -> dict[str, Series]:
    """What is shown, by the names of samples."""
    content, _ = metrics.exposition()
    found: dict[str, Series] = {}
    for family in text_string_to_metric_families(content.decode()):
        for sample in family.samples:
            kind = family.type
            if kind == "histogram":
                kind = sample.name.rpartition("_")[2]
            series = found.setdefault(sample.name, Series(kind))
            for label, value in sample.labels.items():
                series.labels.setdefault(label, set()).add(value)
    return found


class Checker:
    """Checks expressions against what is exported; `asked` are the metrics that they have used."""

    def __init__(self, series: dict[str, Series]) -> None:
        self._series = series
        self.asked: set[str] = set()

    def check(self, expression: str) -> frozenset[str] | None:
        """The labels of what an expression finds (None for a number); raises Unfit."""
        return self._labels(promql.parse(expression))

    def _labels(self, node: promql.Expr) -> frozenset[str] | None:
        match node:
            case promql.NumberLiteral():
                return None
            case promql.ParenExpr():
                return self._labels(node.expr)
            case promql.VectorSelector():
                series, labels = self._selected(node)
                if series.kind in _COUNTING:
                    raise Unfit(f"{node} is a counter: only how it grows says something")
                return labels
            case promql.AggregateExpr():
                return self._aggregated(node)
            case promql.BinaryExpr():
                return self._combined(node)
            case promql.Call():
                return self._called(node)
        raise Unfit(f"{type(node).__name__} is not known here")

    def _selected(self, node: promql.VectorSelector) -> tuple[Series, frozenset[str]]:
        series = self._series.get(node.name or "")
        if series is None or node.name is None:
            raise Unfit(f"{node.name} is not exported")
        self.asked.add(node.name)
        for matcher in node.matchers.matchers:
            if matcher.name in TARGET:
                continue
            values = series.labels.get(matcher.name)
            if values is None:
                raise Unfit(f"{node.name} has no label {matcher.name}")
            for wanted in _alternatives(matcher):
                if not any(re.fullmatch(wanted, value) for value in values):
                    raise Unfit(f"{node.name}: {matcher.name} is never {wanted}")
        return series, frozenset(series.labels) | TARGET

    def _aggregated(self, node: promql.AggregateExpr) -> frozenset[str]:
        inner = self._labels(node.expr)
        if inner is None:
            raise Unfit("a number cannot be aggregated")
        if node.modifier is None:
            return frozenset()
        if node.modifier.type is not promql.AggModifierType.By:
            raise Unfit("only `by` is known here")
        kept = frozenset(node.modifier.labels)
        if not kept <= inner:
            raise Unfit(f"{node.expr.prettify()} has no label {', '.join(kept - inner)}")
        return kept

    def _combined(self, node: promql.BinaryExpr) -> frozenset[str] | None:
        left, right = self._labels(node.lhs), self._labels(node.rhs)
        if left is not None and right is not None and left != right:
            raise Unfit(f"{node.prettify()}: {set(left)} never meets {set(right)}")
        return right if left is None else left

    def _called(self, node: promql.Call) -> frozenset[str] | None:
        name, arguments = node.func.name, node.args
        if name == "time":
            return None
        if name == "absent":
            (selector,) = arguments
            self._selected(selector)
            return frozenset()
        if name == "histogram_quantile":
            return self._quantile(*arguments)
        (matrix,) = arguments
        if not isinstance(matrix, promql.MatrixSelector):
            raise Unfit(f"{name} is not known here")
        series, labels = self._selected(matrix.vector_selector)
        if name in _OVER_COUNTERS and series.kind not in _COUNTING:
            raise Unfit(f"{name} is for counters, not {matrix.vector_selector.name}")
        if name in _OVER_GAUGES and series.kind in _COUNTING:
            raise Unfit(f"{name} is for gauges, not {matrix.vector_selector.name}")
        if name not in _OVER_COUNTERS | _OVER_GAUGES:
            raise Unfit(f"{name} is not known here")
        return labels

    def _quantile(self, share: promql.Expr, node: promql.Expr) -> frozenset[str]:
        if not isinstance(share, promql.NumberLiteral) or not 0 < share.val < 1:
            raise Unfit("a quantile is between 0 and 1")
        labels = self._labels(node)
        if labels is None or "le" not in labels:
            raise Unfit(f"{node.prettify()} has lost le, and with it the buckets")
        return labels - {"le"}


def _alternatives(matcher: promql.Matcher) -> list[str]:
    """The patterns of a matcher, each of which is to be found."""
    if matcher.op in (promql.MatchOp.Equal, promql.MatchOp.NotEqual):
        return [re.escape(matcher.value)]
    return matcher.value.split("|")
