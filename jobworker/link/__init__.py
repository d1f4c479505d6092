"""
The roster in another process: what a gateway and the supervisor say to each other.
"""
