package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.note.Night;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Watches over runs: their locks, leases and time limits, what an answer to another node ends, and who is to be told
 * how they go on.
 */
@Component
class RunWatchdogs {

    // the lines of a run all come under this name
    private static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    private final RunStopper gate;
    private final ArchiveProperties settings;
    private final NightlyLimitProperties limits;
    private final ClaimRepository claims;
    private final CallRepository calls;
    private final ProgressReporter reporter;
    private final ArchiveRevision revision;
    private final Clock clock;

    RunWatchdogs(
            RunStopper gate,
            ArchiveProperties settings,
            NightlyLimitProperties limits,
            ClaimRepository claims,
            CallRepository calls,
            ProgressReporter reporter,
            ArchiveRevision revision,
            Clock clock) {
        this.gate = gate;
        this.settings = settings;
        this.limits = limits;
        this.claims = claims;
        this.calls = calls;
        this.reporter = reporter;
        this.revision = revision;
        this.clock = clock;
    }

    /** Watches over a run, until it is closed. */
    RunWatchdog watch(RunState run, RunnerLock lock) {
        RunWatchdog watch = new RunWatchdog(
                gate,
                lock,
                run::jobExecutionId,
                limits.timeBox(run.options().maxDuration()).orElse(null),
                settings.outage().after(),
                () -> claims.renewLeases(run.node()),
                () -> reporter.log(run),
                () -> reporter.onProgress(run),
                revision::tryAdvance);
        // a node may make no call for minutes, which would tell it
        watch.eachSecond(this::closeIfStopped);
        watch.eachSecond(gate::abortAfterDeadline);
        limits.stopAfter(clock.instant()).ifPresent(end -> {
            log.info("No more notes are taken up from {}", Night.local(end));
            watch.endAt(clock, end, "archive.limits.stop-at " + Night.local(end) + " has come");
        });
        return watch;
    }

    /** Records in database and bucket that a run ended. */
    void onEnd() {
        revision.tryAdvance();
    }

    private void closeIfStopped() {
        if (!gate.isClosed()) {
            calls.stops().observed(clock.instant()).ifPresent(gate::close);
        }
    }
}
