"""
The way in: ends TLS, finds out who is there, and leads to the gRPC server.
"""
