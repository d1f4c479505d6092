"""
What jobworker promises, as tests.
"""

from hypothesis import HealthCheck, settings

# How long an example takes depends on what else the machine does, and is no
# property of what is tested.
settings.register_profile(
    "jobworker", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("jobworker")
