"""
Figures of a gateway, for Prometheus.
"""
