"""
Ways to turn a command into processes.
"""
