"""
The two processes of the service, put together.
"""
