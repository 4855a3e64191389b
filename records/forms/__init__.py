"""What people fill in for the chart; rules live in the verbs, not here."""
