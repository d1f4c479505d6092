"""
The command line: flags, output and exit codes around L{jobworker.client}.
"""
