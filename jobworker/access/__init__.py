"""
Who may do what: identities, tokens and the table of permissions.
"""
