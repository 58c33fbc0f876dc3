"""``python -m allocator.cli`` does what ``allocator`` does."""

from allocator.cli.main import main

main()
