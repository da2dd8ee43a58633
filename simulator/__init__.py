"""A stand-in for the vendor: its administration API over HTTP, with the behaviour of a real service.

It is the other side of a wire. It imports nothing of Beacon, and Beacon imports nothing of it
except, in tests, `simulator.testing`, which starts it as a process of its own.
"""
