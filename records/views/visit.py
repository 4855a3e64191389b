"""The visit: one page, one request; and its summary on paper."""
