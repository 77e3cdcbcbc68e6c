"""Prompts and responses: where they come from, and how they are split."""
