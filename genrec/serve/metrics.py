"""What /metrics tells Prometheus."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

if TYPE_CHECKING:
    from genrec.serve.safety.access_log import Finished

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Of one service, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "genrec_requests", "Requests, by route and status.", ["route", "method", "status"], registry=registry
        )
        self.seconds = Histogram(
            "genrec_request_seconds", "From a request's head to its last byte.", ["route"], buckets=SECONDS,
            registry=registry,
        )  # fmt: skip
        self.stages = Histogram(
            "genrec_stage_seconds", "Where a request's time goes: queue, understand, generate, find, explain, store, "
            "write.", ["stage"], buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.depth = Gauge("genrec_queue_depth", "Questions that wait for the engine.", registry=registry)
        self.batch = Histogram(
            "genrec_batch_size", "Questions the engine answers at once.", buckets=SIZES, registry=registry
        )
        self.beams = Gauge("genrec_beams", "Beams per request.", registry=registry)
        self.version = Gauge("genrec_catalogue_version", "Changes since the run was trained.", registry=registry)
        self.items = Gauge("genrec_catalogue_items", "Items that can be answers.", registry=registry)
        self.refused = Counter(
            "genrec_refused", "Requests turned away: busy, rate, quota, late, left.", ["reason"], registry=registry
        )
        self.streams = Gauge("genrec_streams", "Answers that are being streamed.", registry=registry)
        self.store_up = Gauge("genrec_store_up", "1 while the database answers.", registry=registry)
        self.events = Counter("genrec_events", "Events, by what became of them.", ["result"], registry=registry)
        self.audit_dropped = Counter(
            "genrec_audit_dropped", "Entries of the audit log lost while the database was away.", registry=registry
        )
        ProcessCollector(registry=registry)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """The time of what stands below it."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.stages.labels(name).observe(time.monotonic() - began)

    def batched(self, kind: Hashable, size: int, queued: list[float], seconds: float) -> None:
        """What `Batcher` tells of a batch."""
        self.batch.observe(size)
        for waited in queued:
            self.stages.labels("queue").observe(waited)
        name = kind[0] if isinstance(kind, tuple) else kind
        self.stages.labels({"recommend": "generate"}.get(str(name), str(name))).observe(seconds)

    def finished(self, one: Finished) -> None:
        """What the access log tells of a request."""
        self.requests.labels(one.route, one.method, str(one.status)).inc()
        self.seconds.labels(one.route).observe(one.seconds)
        if one.refused:
            self.refused.labels(one.refused).inc()

    def text(self) -> bytes:
        """In Prometheus' text form."""
        return generate_latest(self.registry)
