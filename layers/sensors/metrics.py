"""What the worker tells Prometheus of itself; no datastream and no device has a name here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layers.project_store.observations_records import Written
    from layers.sensors.board import WorkerStatus
    from layers.sensors.records import Delivery

STATES = ("starting", "connected", "waiting", "failed", "stopped")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counters of one worker, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._kept = self._refused = 0
        registry = self.registry
        self.readings = Counter(
            "twin_feeds_readings", "Readings kept", ["source"], registry=registry
        )
        self.refused = Counter(
            "twin_feeds_refused", "Values refused", ["source", "reason"], registry=registry
        )
        self.written = Counter(
            "twin_feeds_written", "What became of readings", ["result"], registry=registry
        )
        self.commit = Histogram(
            "twin_feeds_commit_seconds", "Time of one transaction", buckets=SECONDS,
            registry=registry,
        )  # fmt: skip
        self.lag = Gauge(
            "twin_feeds_lag_seconds", "From receipt to the store", ["source"], registry=registry
        )
        self.queue = Gauge(
            "twin_feeds_queue_readings", "Readings that wait to be written", registry=registry
        )
        self.most = Gauge(
            "twin_feeds_queue_limit_readings", "Most that may wait", registry=registry
        )
        self.troubles = Counter(
            "twin_feeds_store_failures", "Transactions that failed", registry=registry
        )
        self.failures = Counter(
            "twin_feeds_source_failures", "Failures of a source", ["source"], registry=registry
        )
        self.state = Gauge(
            "twin_feeds_source_state", "1 for the state of a source", ["source", "state"],
            registry=registry,
        )  # fmt: skip
        self.last = Gauge(
            "twin_feeds_last_message_timestamp_seconds", "When a source brought something",
            ["source"], registry=registry,
        )  # fmt: skip
        self.committed = Gauge(
            "twin_feeds_last_commit_timestamp_seconds", "Last transaction", registry=registry
        )

    @property
    def totals(self) -> tuple[int, int]:
        """Return how many readings were kept, and how many values refused."""
        return self._kept, self._refused

    def kept(self, deliveries: Iterable[Delivery], written: Written | None = None) -> None:
        """Count what was kept in one transaction."""
        for delivery in deliveries:
            if delivery.readings:
                self.readings.labels(delivery.source).inc(len(delivery.readings))
                self._kept += len(delivery.readings)
            for refusal in delivery.refused:
                self.refused.labels(refusal.source, refusal.reason).inc()
                self._refused += 1
        if written is not None:
            for result in ("new", "same", "revised", "refused"):
                self.written.labels(result).inc(getattr(written, result))

    def text(self, status: WorkerStatus) -> bytes:
        """Return all in the format of Prometheus."""
        self.queue.set(status.unsaved)
        self.most.set(status.most_unsaved)
        if status.last_commit is not None:
            self.committed.set(status.last_commit)
        for feed in status.feeds:
            for state in STATES:
                self.state.labels(feed.source, state).set(feed.state == state)
            if feed.last_message is not None:
                self.last.labels(feed.source).set(feed.last_message)
        return generate_latest(self.registry)
