"""
What jobworker promises, as tests.
"""

import os
import signal

from hypothesis import HealthCheck, settings

# What gRPC says on standard error, before anybody loads it.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

# A shell that starts something in the background has it ignore SIGINT, which
# every process that a test starts would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes depends on what else the machine does, and is no
# property of what is tested.
#
# Fifty examples find what a slip of the pen breaks, in seconds;
# HYPOTHESIS_EXAMPLES=2000 looks longer.
settings.register_profile(
    "jobworker",
    deadline=None,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "50")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("jobworker")
