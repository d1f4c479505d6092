"""
The seams between the layers, with their contracts in words.

Each module is called as the package that provides what it describes.  Unless
a method says otherwise, call it in the reactor thread; Deferreds fire there.
"""
