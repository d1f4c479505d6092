"""
Processes of jobs: how they are spawned, found and ended.
"""
