"""
The use cases: what is done with jobs, whoever asks and whoever runs them.
"""
