"""What the server of `tests.trust.faults` has read before it forks a child."""

import allocator.audit
import allocator.cli.main
import allocator.cli.planning
import allocator.formulation
import allocator.pipeline.planning
import allocator.report
import allocator.review.journal
import allocator.travel.cache  # noqa: F401
