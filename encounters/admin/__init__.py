"""Logins, people, visits, diagnoses and allergies in the admin."""

from encounters.admin import conditions, people, users, visits

__all__ = ["conditions", "people", "users", "visits"]
