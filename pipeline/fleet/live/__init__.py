"""Profile a live OpenAI-compatible server: measure it, and fit the engine to what was seen."""
