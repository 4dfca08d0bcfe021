"""The demo year: made-up people, units and money, loaded through the services of real money."""

from fundsvc.demo.commands import demo

__all__ = ["demo"]
