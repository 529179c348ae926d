package io.github.notearchive.maintenance.verify;

import io.github.notearchive.nightly.ArchiveProperties;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What belongs to one execution of an audit: its options, its beginning and its counts. */
final class ActiveAudit extends ActiveStoreJob {

    private final VerifyOptions options;
    private final Instant since;

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

    ActiveAudit(VerifyOptions options, Instant since, ArchiveProperties settings) {
        super(settings);
        this.options = options;
        this.since = since;
    }

    VerifyOptions options() {
        return options;
    }

    /** When the audit began, in whichever execution: what was verified since is not read again. */
    Instant since() {
        return since;
    }
}
