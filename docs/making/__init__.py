"""
Pages that are made of what the program says of itself.
"""
