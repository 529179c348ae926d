package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.batch.ActiveJob;

/** What belongs to one execution of a rebuild; what it has met stands in {@link RebuildCounts}. */
final class ActiveRebuild extends ActiveJob {

    private final boolean merges;

    ActiveRebuild(boolean merges) {
        this.merges = merges;
    }

    /** Whether it writes only what the tables do not have, into tables that hold rows. */
    boolean merges() {
        return merges;
    }
}
