"""
The output of jobs: spools on disk, the thread that fills them, and readers.
"""
