"""
Killing the daemon again and again while jobs run and clients follow them.
"""
