"""The application in memory, as the tests of functions have it."""

from tests.functions.conftest import api, application, clock, make_application

__all__ = ["api", "application", "clock", "make_application"]
