"""Quantities of a metrics page, all engines of a server together."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import EndpointError
from pipeline.fleet.telemetry._exposition import Sample
from pipeline.fleet.telemetry._histogram import Histogram

__all__ = ["Page"]

# Gauges are sums of shares: 1.0000000002 is 1.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Page:
    """The samples of a page by name; reads quantities across engines."""

    samples: Mapping[str, list[Sample]]
    where: str

    def labelled(self, label: str) -> tuple[str, ...]:
        found = (sample.labels.get(label) for group in self.samples.values() for sample in group)
        return tuple(sorted({value for value in found if value is not None}))

    def first(self, names: tuple[str, ...]) -> tuple[str, list[Sample]]:
        """The first variant on the page and its samples; none if one engine has no value."""
        for name in names:
            if name in self.samples:
                known = not any(math.isnan(sample.value) for sample in self.samples[name])
                return name, self.samples[name] if known else []
        return names[0], []

    def count(self, names: tuple[str, ...]) -> int | None:
        name, samples = self.first(names)
        return sum(self.whole(name, sample.value) for sample in samples) if samples else None

    def by_label(self, name: str, label: str) -> dict[str, int] | None:
        _, samples = self.first((name,))
        sums: dict[str, int] = {}
        for sample in samples:
            key = sample.labels.get(label, "")
            sums[key] = sums.get(key, 0) + self.whole(name, sample.value)
        return sums or None

    def share(self, names: tuple[str, ...]) -> float | None:
        name, samples = self.first(names)
        if not samples:
            return None
        scale = 1.0 if max(sample.value for sample in samples) <= 1 + _ROUNDING else 100.0
        for sample in samples:
            if not 0 <= sample.value <= scale * (1 + _ROUNDING):
                raise self.impossible(name, sample.value, "a share up to 1 or a percentage")
        mean = sum(sample.value for sample in samples) / len(samples)
        return min(1.0, mean / scale)

    def whole(self, name: str, value: float) -> int:
        if not (value >= 0 and value.is_integer()):
            raise self.impossible(name, value, "a whole number from 0 on")
        return int(value)

    def impossible(self, name: str, value: float, accepted: str) -> EndpointError:
        return EndpointError(f"{self.where}: {name} is {value:g}; {accepted} is accepted")

    def cache(self, name: str) -> tuple[int | None, int | None, int | None]:
        """Blocks, tokens a block holds, and tokens of the KV caches of all engines."""
        engines = [sample.labels for sample in self.samples.get(name, [])]
        blocks = [_number(labels.get("num_gpu_blocks")) for labels in engines]
        sizes = [_number(labels.get("block_size")) for labels in engines]
        tokens = [
            # With several kinds of attention a block serves one kind only: the server knows best.
            _number(labels.get("kv_cache_size_tokens")) or _product(block, size)
            for labels, block, size in zip(engines, blocks, sizes, strict=True)
        ]
        return _sum(blocks), sizes[0] if len(set(sizes)) == 1 else None, _sum(tokens)

    def histogram(self, names: tuple[str, ...]) -> Histogram | None:
        for name in names:
            if f"{name}_bucket" in self.samples and f"{name}_sum" in self.samples:
                return self._histogram(name)
        return None

    def _histogram(self, name: str) -> Histogram:
        cumulative: dict[float, int] = {}
        engines: dict[float, int] = {}
        for sample in self.samples[f"{name}_bucket"]:
            bound = self._bound(name, sample.labels.get("le", "none"))
            cumulative[bound] = cumulative.get(bound, 0) + self.whole(name, sample.value)
            engines[bound] = engines.get(bound, 0) + 1
        bounds = sorted(cumulative)
        if bounds[-1] != math.inf or len(set(engines.values())) != 1:
            raise EndpointError(
                f"{self.where}: the buckets of {name} are incomplete; "
                "the same ones for every engine, up to +Inf, are accepted"
            )
        upto = [cumulative[bound] for bound in bounds]
        counts = [high - low for low, high in zip([0, *upto[:-1]], upto, strict=True)]
        if min(counts) < 0:
            raise EndpointError(
                f"{self.where}: the buckets of {name} shrink; rising ones are accepted"
            )
        total = sum(sample.value for sample in self.samples[f"{name}_sum"])
        if not math.isfinite(total):
            raise self.impossible(f"{name}_sum", total, "a finite sum")
        return Histogram(tuple(bounds[:-1]), tuple(counts), total)

    def _bound(self, name: str, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise EndpointError(
                f"{self.where}: a bucket of {name} has the bound {text!r}; "
                "le with a number or +Inf is accepted"
            ) from None


def _number(label: str | None) -> int | None:
    """A label such as "27898"; None for "None", which is how Python writes what is not known."""
    return int(label) if label is not None and label.isdecimal() and int(label) > 0 else None


def _product(blocks: int | None, size: int | None) -> int | None:
    return None if blocks is None or size is None else blocks * size


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
