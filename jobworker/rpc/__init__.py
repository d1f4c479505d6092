"""
The gRPC server: a thread of its own, and a bridge to the reactor.
"""
