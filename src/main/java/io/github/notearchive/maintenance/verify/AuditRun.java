package io.github.notearchive.maintenance.verify;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.batch.OutageDetector;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** State of one audit: options, start time, counts of this execution, and outage detection of the store. */
final class AuditRun extends JobRun {

    private static final String SINCE = "since";

    final VerifyOptions options;

    /** Start of this execution. */
    final Instant startedAt;

    final OutageDetector store;
    final LongAdder files = new LongAdder();
    final LongAdder sidecars = new LongAdder();
    final LongAdder bytes = new LongAdder();
    final LongAdder listed = new LongAdder();
    final LongAdder young = new LongAdder();
    final LongAdder dateInFuture = new LongAdder();
    final LongAdder notesMadeDue = new LongAdder();
    final LongAdder waiting = new LongAdder();
    final LongAdder sidecarsRewritten = new LongAdder();
    final LongAdder notPossible = new LongAdder();
    final List<String> orphansRemoved = new ArrayList<>();
    final List<String> orphansLeft = new ArrayList<>();

    AuditRun(VerifyOptions options, Instant now, Gate gate, ArchiveProperties.Outage outage) {
        super(gate);
        this.options = options;
        this.startedAt = now;
        this.store = new OutageDetector(outage);
        addIdentity(SINCE, now);
        addOption("repair", options.repair());
        addOption("deleteOrphans", options.deleteOrphans());
        addOption("maxDuration", options.maxDuration());
    }

    /**
     * Returns when the instance was created; objects verified later are not read again. After the clock was ahead, this
     * audit must not treat its own work as that of another one.
     */
    Instant since() {
        Instant created = Instant.parse(Objects.requireNonNull(parameters().getString(SINCE)));
        return created.isAfter(startedAt) ? startedAt : created;
    }
}
