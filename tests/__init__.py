"""
What jobworker promises, as tests.
"""
