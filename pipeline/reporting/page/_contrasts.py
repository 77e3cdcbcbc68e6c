"""The declared contrasts as people read them."""

import polars as pl

__all__ = ["contrast_view"]


def contrast_view(contrasts: pl.DataFrame) -> pl.DataFrame:
    """Return the contrasts with their verdict before the details."""
    return contrasts.select(
        "contrast",
        "traffic",
        "rate",
        "verdict",
        pl.concat_str("metric", pl.lit(" ("), "unit", pl.lit(")")).alias("metric"),
        pl.col("estimate").alias("improvement"),
        pl.col("low").alias("improvement_low"),
        pl.col("high").alias("improvement_high"),
        "margin",
        _p_value("p_adjusted").alias("P, corrected"),
        "detectable",
        pl.col("floor").alias("A/A floor"),
        pl.concat_str("better", pl.lit(" over "), "worse").alias("claim"),
        "kind",
        "family",
        pl.col("clusters").alias("clusters or runs"),
        "missing",
    )


def _p_value(column: str) -> pl.Expr:
    """Three decimals; smaller ones than that are not told apart."""
    value = pl.col(column).cast(pl.Float64)
    text = value.round(3).map_elements(lambda p: f"{p:.3f}", return_dtype=pl.String)
    return pl.when(value < 0.001).then(pl.lit("< 0.001")).otherwise(text)
