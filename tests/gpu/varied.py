"""A reward for models that write nothing that runs: it differs between completions, so that there is something to learn."""

import zlib


def varied(completions, **columns):
    """From 0 to 1 for each completion, by its text alone."""
    return [zlib.crc32(completion[-1]["content"].encode()) / 2**32 for completion in completions]
