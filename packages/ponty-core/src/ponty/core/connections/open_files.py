"""The number of files, including sockets, that the process may open."""


def open_files_allowed() -> int | None:
    """Return the limit of open files; None if there is none, or it is not known."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if allowed == resource.RLIM_INFINITY else allowed
