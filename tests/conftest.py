"""What holds for every test."""

import os
import signal

# Nobody downloads; said before huggingface_hub is imported, because it reads this once.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# A shell that starts the tests in the background makes them ignore Ctrl-C, and their children would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
