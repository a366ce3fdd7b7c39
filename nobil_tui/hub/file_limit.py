"""Raise the system's limit of open files, which also limits connections."""

from __future__ import annotations


def raise_file_limit(connections: int) -> int:
    """Allow this many connections if the system permits it; return how many it permits."""
    try:
        import resource
    except ImportError:
        return connections
    spare = 64
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + spare
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        except (OSError, ValueError):
            soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return connections
    return max(1, min(connections, soft - spare))
