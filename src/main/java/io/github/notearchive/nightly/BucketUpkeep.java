package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.ErasureRepository.ErasedFiles;
import io.github.notearchive.archive.catalog.Sidecars;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.prove.CaptureLog;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.time.Duration;
import java.util.Optional;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/** Keeps the bucket in step with the tables: before, during and after the job of a run. */
final class BucketUpkeep {

    /** Maximum time of removing files after a run, since no run of another node can start meanwhile. */
    private static final Duration REMOVAL_TIME = Duration.ofSeconds(2);

    private final JobExecutionQueries executions;
    private final ObjectStore store;
    private final ArchiveRevision revision;
    private final Sidecars sidecars;
    private final CaptureLog captureLog;
    private final ErasureRepository removal;
    private final JobRunner jobs;
    private final RunState run;

    BucketUpkeep(
            JobExecutionQueries executions,
            ObjectStore store,
            ArchiveRevision revision,
            Sidecars sidecars,
            CaptureLog captureLog,
            ErasureRepository removal,
            JobRunner jobs,
            RunState run) {
        this.executions = executions;
        this.store = store;
        this.revision = revision;
        this.sidecars = sidecars;
        this.captureLog = captureLog;
        this.removal = removal;
        this.jobs = jobs;
        this.run = run;
    }

    /** Refuses tables that are not rebuilt completely, and the bucket of another archive. */
    Optional<StopReason> refusal() {
        return StartRefusals.unfinishedRebuild(executions.isRebuildUnfinished())
                .or(() -> revision.difference().map(why -> new StopReason(ExitCode.USAGE, why)));
    }

    void prepare() {
        store.ensureBucket();
        store.requireWritable();
        sidecars.writeDue(); // before their notes are claimed
        revision.advance();
    }

    void advanceRevision() {
        revision.tryAdvance();
    }

    /** Writes the sidecars whose rows were committed after them, and logs the captures of the run. */
    void complete() {
        sidecars.writeDue();
        run.captureLog = captureLog.tryAppend().orElse(null);
    }

    /**
     * Removes the objects that runs have replaced by better renditions, unless a run of another node or an audit is
     * active. The rest is removed after a later run, also after an outage.
     */
    void removeReplacedFiles() {
        try {
            boolean isAny = removal.toRemove().count() > 0;
            try (RunnerLock lock = isAny ? jobs.lock(Scope.ARCHIVE, run.node()).orElse(null) : null) {
                if (lock != null) {
                    ErasedFiles removed = removal.removeListed(lock::requireHeld, Deadline.in(REMOVAL_TIME));
                    RunState.log.info(
                            "Removed {}, {}",
                            DisplayFormat.plural(removed.count(), "replaced file"),
                            DisplayFormat.size(removed.bytes()));
                }
            }
        } catch (StoreException | DataAccessException | TransactionException e) {
            RunState.log.warn("Replaced files are removed after a later run: {}", DatabaseErrors.summary(e));
        }
    }
}
