"""What can be said of labels and of those who gave them: pure functions over plain values.

Nothing here knows a database or a screen. Money is integer cents, time is in seconds.
"""
