package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.note.Night;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates the {@link RunWatchdog} of a run: lock, leases, time limits, stop notices of other nodes, and progress
 * reports.
 */
class NightlyWatchdog {

    // all lines of a run use this logger
    private static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    private final RunStopper gate;
    private final ArchiveProperties settings;
    private final NightlyLimitProperties limits;
    private final ClaimRepository claims;
    private final CallRepository calls;
    private final ProgressReporter reporter;
    private final ArchiveRevision revision;
    private final RunState run;
    private final Clock clock;

    NightlyWatchdog(
            RunStopper gate,
            ArchiveProperties settings,
            NightlyLimitProperties limits,
            ClaimRepository claims,
            CallRepository calls,
            ProgressReporter reporter,
            ArchiveRevision revision,
            RunState run,
            Clock clock) {
        this.gate = gate;
        this.settings = settings;
        this.limits = limits;
        this.claims = claims;
        this.calls = calls;
        this.reporter = reporter;
        this.revision = revision;
        this.run = run;
        this.clock = clock;
    }

    /** Supervises the run until the returned watchdog is closed. */
    RunWatchdog watch(RunnerLock lock) {
        RunWatchdog watch = new RunWatchdog(
                run,
                lock,
                run.options().maxDuration(),
                settings.outage().after(),
                () -> claims.renewLeases(run.node()),
                reporter::log,
                reporter::onProgress,
                revision::tryAdvance);
        if (run.options().maxDuration() == null && limits.maxDuration().isPositive()) {
            watch.endAfter(limits.maxDuration(), "archive.limits.max-duration");
        }
        // a node may send no call for minutes, which would also detect the stop
        watch.eachSecond(this::closeIfStopped);
        watch.eachSecond(gate::abortAfterDeadline);
        limits.stopAfter(clock.instant()).ifPresent(end -> {
            log.info("Starting no notes after {}", Night.local(end));
            watch.endAt(clock, end, "archive.limits.stop-at " + Night.local(end) + " was reached");
        });
        return watch;
    }

    private void closeIfStopped() {
        if (!gate.isClosed()) {
            calls.stops().observed(clock.instant()).ifPresent(gate::close);
        }
    }
}
