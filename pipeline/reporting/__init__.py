"""Tables and figures of the report, each computed from rows.

`rows` is what every table starts from; `frontier`, `ablation` and `drift` make the tables of the
stages of those names; `page` puts them on one page.
"""
