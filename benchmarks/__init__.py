"""
How fast and how large jobworker is, beside what the machine can do at all.
"""
