package io.github.notearchive.maintenance.verify;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.batch.OutageDetector;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** State of one audit: options, start time, counts of this execution, and outage detection. Thread-safe. */
final class AuditRun extends JobRun {

    private static final String SINCE = "since";

    private final VerifyOptions options;
    private Instant since;
    private final OutageDetector store;

    final LongAdder files = new LongAdder();
    final LongAdder sidecars = new LongAdder();
    final LongAdder bytes = new LongAdder();
    final LongAdder listed = new LongAdder();
    final LongAdder young = new LongAdder();
    final LongAdder dateInFuture = new LongAdder();
    final AtomicLong notesMadeDue = new AtomicLong();
    final LongAdder waiting = new LongAdder();
    final LongAdder sidecarsRewritten = new LongAdder();
    final LongAdder notPossible = new LongAdder();
    final List<String> orphansRemoved = Collections.synchronizedList(new ArrayList<>());
    final List<String> orphansLeft = Collections.synchronizedList(new ArrayList<>());

    AuditRun(VerifyOptions options, Instant now, Gate gate, ArchiveProperties.Outage outage) {
        super(gate);
        this.options = options;
        this.since = now;
        addIdentity(SINCE, now);
        addOption("repair", options.repair());
        addOption("deleteOrphans", options.deleteOrphans());
        addOption("maxDuration", options.maxDuration());
        this.store = new OutageDetector(outage);
    }

    VerifyOptions options() {
        return options;
    }

    /**
     * Continues the instance of the parameters. After the clock was ahead, it must not treat its own work as that of
     * another one; returns the time of the start.
     */
    Instant resume() {
        Instant now = since;
        Instant created = Instant.parse(Objects.requireNonNull(parameters().getString(SINCE)));
        since = created.isAfter(now) ? now : created;
        return now;
    }

    /** Returns when the instance was created; objects verified later are not read again. */
    Instant since() {
        return since;
    }

    /** Returns the outage detection of the store. */
    OutageDetector store() {
        return store;
    }

    /** Counts the repair of a finding. */
    void count(Repairs.Result repair) {
        switch (repair) {
            case Repairs.Result.MadeDue(var notes) -> notesMadeDue.addAndGet(notes.size());
            case Repairs.Result.Waiting _ -> waiting.increment();
            case Repairs.Result.Rewritten _ -> sidecarsRewritten.increment();
            case Repairs.Result.NotPossible _ -> notPossible.increment();
        }
    }
}
