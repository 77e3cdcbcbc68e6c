"""Eight integer dot products with one row at a time, as vector code.

LLVM turns a plain Numba loop with one sum into multiply-and-add instructions, but not one with
several sums, and with one sum the row is loaded and widened once per query. So the loop is written
in LLVM's own portable terms: a product of 32 pairs, the even half added to the odd half, which is
what `pmaddwd` and its successors do in one instruction.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

__all__ = ["LANES", "QUERIES", "dot_products"]

LANES = 32  # numbers per step; rows are padded to a multiple of it
QUERIES = 8  # sums at a time: as many as stay in registers beside the row

_I8, _I16, _I32 = ir.IntType(8), ir.IntType(16), ir.IntType(32)


def _dot_products(context: Any, row: Any, queries: Any, out: Any) -> tuple[Any, Callable[..., Any]]:
    """Write the dot products of `row` (D,) int8 with `queries` (8, D) int16 to `out` (8,) int32.

    D is a multiple of LANES and all three are contiguous; sums must fit into 32 bits.
    """
    return types.void(row, queries, out), _generate


def _generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    row, queries, out = (
        context.make_array(kind)(context, builder, value)
        for kind, value in zip(signature.args, arguments, strict=True)
    )
    size = builder.extract_value(row.shape, 0)
    sums = _loop(builder, row.data, queries.data, size)
    total = _fold(builder, sums)
    place = builder.bitcast(out.data, total.type.as_pointer())
    builder.store(total, place).align = 4
    return context.get_dummy_value()


def _loop(builder: Any, row: Any, queries: Any, size: Any) -> list[Any]:
    """Emit the loop over the row; return one vector of partial sums per query."""
    zero = ir.Constant(ir.VectorType(_I32, LANES // 2), None)
    before = builder.block
    body, after = (builder.append_basic_block(name) for name in ("dots", "dots.end"))
    builder.branch(body)
    builder.position_at_end(body)
    at = builder.phi(size.type)
    sums = [builder.phi(zero.type) for _ in range(QUERIES)]
    x = _load(builder, row, at, _I8)
    nexts = []
    for query, partial in enumerate(sums):
        start = builder.mul(size, ir.Constant(size.type, query))
        product = builder.mul(x, _load(builder, queries, builder.add(start, at), _I16))
        nexts.append(builder.add(partial, _halve(builder, product, product, 1)))
        partial.add_incoming(zero, before)
        partial.add_incoming(nexts[-1], body)
    following = builder.add(at, ir.Constant(size.type, LANES))
    at.add_incoming(ir.Constant(size.type, 0), before)
    at.add_incoming(following, body)
    builder.cbranch(builder.icmp_signed("<", following, size), body, after)
    builder.position_at_end(after)
    return nexts


def _load(builder: Any, data: Any, at: Any, number: Any) -> Any:
    """Emit LANES numbers from `data[at]`, as 32 bits each."""
    place = builder.bitcast(builder.gep(data, [at]), ir.VectorType(number, LANES).as_pointer())
    loaded = builder.load(place)
    loaded.align = number.width // 8
    return builder.sext(loaded, ir.VectorType(_I32, LANES))


def _fold(builder: Any, sums: list[Any]) -> Any:
    """Emit the total of each vector: one vector with a lane per query.

    Two vectors go into one of the same length, so that all totals share the additions.
    """
    width = LANES // 2
    while len(sums) > 1:
        width //= 2
        pairs = zip(sums[::2], sums[1::2], strict=True)
        sums = [_halve(builder, one, two, width) for one, two in pairs]
    total = sums[0]
    while width > 1:
        width //= 2
        total = _halve(builder, total, total, width)
    return total


def _halve(builder: Any, one: Any, two: Any, width: int) -> Any:
    """Emit `one` and `two` in a row (or just one, if they are the same) with runs of `width` lanes
    added to the runs that follow them."""
    lanes = np.arange(one.type.count * (1 if one is two else 2)).reshape(-1, 2, width)
    first, second = (
        builder.shuffle_vector(
            one, two, ir.Constant(ir.VectorType(_I32, half.size), half.ravel().tolist())
        )
        for half in (lanes[:, 0], lanes[:, 1])
    )
    return builder.add(first, second)


dot_products = intrinsic(_dot_products)
