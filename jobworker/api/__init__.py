"""
The generated protobuf and gRPC code of C{proto/}: C{make proto} rewrites it.
"""
