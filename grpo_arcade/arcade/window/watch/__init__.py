"""A training run is watched, live or long ended."""
