"""
The audit log: who was allowed what, and who was not.
"""
