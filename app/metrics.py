"""Metrics for Prometheus: what the service did, counted and timed. No label holds an id or a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """The instruments of one application; each has its own registry, so that tests can build many."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "draftloom_http_requests_total", "Requests answered.", ("method", "status"), registry=self.registry
        )
        self.latency = Histogram(
            "draftloom_http_request_seconds",
            "From request to the first byte of the answer.",
            ("method",),
            buckets=_LATENCY,
            registry=self.registry,
        )
        self.commands = Counter(
            "draftloom_commands_total", "Draft commands accepted.", ("outcome", "kind"), registry=self.registry
        )
        self.turns = Counter("draftloom_turns_total", "Turns ended.", ("mode", "state"), registry=self.registry)
        self.running_turns = Gauge("draftloom_turns_running", "Turns running now.", registry=self.registry)
        self.tokens = Counter(
            "draftloom_tokens_total", "Tokens in the ledger.", ("provider", "bucket"), registry=self.registry
        )
        self.spent = Counter(
            "draftloom_spent_nano_usd_total", "Priced cost in the ledger, nano-USD.", ("provider",),
            registry=self.registry,
        )  # fmt: skip
        self.provider_errors = Counter(
            "draftloom_provider_errors_total", "Failed attempts.", ("provider", "code"), registry=self.registry
        )

        self.spans = Counter("draftloom_spans_total", "Spans of traces.", ("outcome",), registry=self.registry)

    def render(self) -> bytes:
        return generate_latest(self.registry)
