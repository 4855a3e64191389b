"""The demo clinic: invented people, two years of their visits, and a day in full swing.

Everything is done by the verbs that staff use, with the clock of the request set to when it
happened, so that status histories, audit trail and row histories read as if it had. The command
seed_demo is the door; it refuses outside of CLINIK_DEMO.
"""
