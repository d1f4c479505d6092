"""
Tests of the daemon and the command line as processes of their own.
"""
