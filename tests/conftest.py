"""What holds for every test."""

import os
import signal

from hypothesis import settings

# Nobody downloads; said before huggingface_hub is imported, because it reads this once.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# A shell that starts the tests in the background makes them ignore Ctrl-C, and their children would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples at every run, so that nothing fails by chance; `make soak` looks for new ones, and what it finds
# becomes a test. A busy machine is no failure.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("random", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile("fixed")
