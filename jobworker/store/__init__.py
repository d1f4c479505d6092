"""
What is remembered about jobs: a table on disk.
"""
