package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.NoteChanges.Change;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.batch.OutageDetector;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.MediaDownloader.MediaTraffic;
import io.github.notearchive.store.StoreException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * State of one run: options, execution, counts, and outage detection. {@link NightlyJobRunner} creates it. Thread-safe.
 */
class RunState extends JobRun {

    private static final long NOT_PAUSED = 0;

    private final RunOptions options;
    private final MediaDownloader downloads;
    private final MediaTraffic mediaBefore;
    private final int fieldsBefore;
    private final AtomicLong taken = new AtomicLong();
    private final AtomicInteger claiming = new AtomicInteger();
    private final AtomicInteger refreshing = new AtomicInteger();
    private final OutageDetector provider;
    private final OutageDetector cdn;
    private final OutageDetector database;
    private final OutageDetector store;
    private @Nullable Long stuckSince;
    private volatile @Nullable StartRefusal withoutCalls;
    private final AtomicLong pausedUntil = new AtomicLong(NOT_PAUSED);

    final LongAdder archived = new LongAdder();
    final LongAdder unavailable = new LongAdder();
    final LongAdder postponed = new LongAdder();
    final LongAdder failed = new LongAdder();
    final LongAdder released = new LongAdder();

    final HeldClaims claims = new HeldClaims();

    /** Notes in progress. */
    final AtomicInteger inProgress = new AtomicInteger();

    /** Expected notes of the run as last counted: processed, in progress, and waiting; negative if not counted yet. */
    volatile long expected = -1;

    final LongAdder erased = new LongAdder();
    final LongAdder refreshed = new LongAdder();
    final LongAdder refreshedCounts = new LongAdder();
    final LongAdder refreshedText = new LongAdder();
    final LongAdder refreshedFiles = new LongAdder();
    final LongAdder refreshedRestored = new LongAdder();
    final LongAdder refreshesUnavailable = new LongAdder();
    final LongAdder refreshesPostponed = new LongAdder();
    final LongAdder filesStored = new LongAdder();
    final LongAdder bytesStored = new LongAdder();

    /** Stored bytes whose transaction has ended, so that the catalog contains them. */
    final LongAdder bytesSettled = new LongAdder();

    final LongAdder filesDeduplicated = new LongAdder();
    final LongAdder bytesDeduplicated = new LongAdder();
    final LongAdder filesReused = new LongAdder();
    final LongAdder bytesReused = new LongAdder();
    final LongAdder filesUpgraded = new LongAdder();
    final LongAdder filesDegraded = new LongAdder();
    final LongAdder downloadsGone = new LongAdder();
    final LongAdder downloadsRetryable = new LongAdder();
    final LongAdder downloadsRejected = new LongAdder();

    RunState(
            RunOptions options,
            RunStopper gate,
            ArchiveProperties settings,
            MediaDownloader downloads,
            SchemaDrift drift) {
        super(gate);
        this.options = options;
        addOption("limit", options.limit());
        addOption("maxDuration", options.maxDuration());
        addOption("force", options.force());
        this.downloads = downloads;
        this.mediaBefore = downloads.traffic();
        this.fieldsBefore = drift.found().size();
        this.provider = new OutageDetector(settings.outage());
        this.cdn = new OutageDetector(settings.outage());
        this.database = new OutageDetector(settings.outage());
        this.store = new OutageDetector(settings.outage());
    }

    RunOptions options() {
        return options;
    }

    String node() {
        return options.node();
    }

    /** Counts a note without new data. An archived note is not counted again. */
    void settled(WorkItem item, StateTransition transition) {
        if (item instanceof WorkItem.NewNote) {
            switch (transition.state()) {
                case ARCHIVED -> archived.increment();
                case UNAVAILABLE -> unavailable.increment();
                case POSTPONED, PENDING -> postponed.increment();
                case FAILED -> failed.increment();
            }
        }
    }

    /**
     * Counts a note with new data.
     *
     * @param change difference found by a refresh
     */
    void settled(WorkItem item, StateTransition transition, Change change) {
        if (!(item instanceof WorkItem.RefreshNote)) {
            settled(item, transition);
            return;
        }
        refreshed.increment();
        if (item.claimed().state() == NoteState.UNAVAILABLE) {
            refreshedRestored.increment();
        }
        if (change.counts()) {
            refreshedCounts.increment();
        }
        if (change.words()) {
            refreshedText.increment();
        }
        if (change.files()) {
            refreshedFiles.increment();
        }
    }

    /** Returns the dispositions so far. */
    RunCounts.Notes notes() {
        return new RunCounts.Notes(
                archived.sum(), unavailable.sum(), postponed.sum(), failed.sum(), released.sum(), erased.sum());
    }

    /** Returns the counts so far. */
    RunCounts counts() {
        MediaTraffic now = downloads.traffic();
        return new RunCounts(
                notes(),
                new RunCounts.Refreshes(
                        refreshed.sum(),
                        refreshedCounts.sum(),
                        refreshedText.sum(),
                        refreshedFiles.sum(),
                        refreshedRestored.sum(),
                        refreshesUnavailable.sum(),
                        refreshesPostponed.sum()),
                new RunCounts.Files(
                        filesStored.sum(),
                        bytesStored.sum(),
                        filesDeduplicated.sum(),
                        bytesDeduplicated.sum(),
                        filesReused.sum(),
                        bytesReused.sum(),
                        filesUpgraded.sum(),
                        filesDegraded.sum(),
                        now.requests() - mediaBefore.requests()),
                new RunCounts.FailedDownloads(downloadsGone.sum(), downloadsRetryable.sum(), downloadsRejected.sum()),
                now.bytes() - mediaBefore.bytes());
    }

    /** Sets why the run makes no calls and only processes notes with a usable response. */
    void withoutCalls(@Nullable StartRefusal reason) {
        withoutCalls = reason;
    }

    /** Returns why the run makes no calls; empty if it makes calls. */
    Optional<StartRefusal> withoutCalls() {
        return Optional.ofNullable(withoutCalls);
    }

    /** Returns the number of new response fields recorded before the run. */
    int fieldsBefore() {
        return fieldsBefore;
    }

    /**
     * Reserves one of the remaining refresh calls; false if none is left. After true, the caller calls
     * {@link #releaseRefresh} when the note is processed.
     */
    boolean reserveRefresh(long left) {
        if (refreshing.incrementAndGet() <= left) {
            return true;
        }
        refreshing.decrementAndGet();
        return false;
    }

    void releaseRefresh() {
        refreshing.decrementAndGet();
    }

    OutageDetector provider() {
        return provider;
    }

    OutageDetector cdn() {
        return cdn;
    }

    /** Records that the store stored a file. */
    void storeWorks() {
        store.works();
    }

    /**
     * Records a failure of the store that is not limited to one object, and closes the gate if that makes an outage.
     *
     * @param lasts whether no waiting helps, so that it is an outage at once
     */
    void storeFails(StoreException failure, boolean lasts) {
        if (lasts || store.fails()) {
            gate().close(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(failure.getMessage()));
        }
    }

    /** Records that the database stored a disposition. */
    void databaseWorks() {
        database.works();
    }

    /**
     * Returns whether the run continues after a database failure and only releases the current note: the database
     * rolled back a statement because of other sessions, and has not done so for many notes in a row.
     */
    boolean continuesAfter(RuntimeException failure) {
        return DatabaseErrors.isUndone(failure) && !database.fails();
    }

    /**
     * Reserves one note of {@code --limit}; false if none is left. After true, the caller calls {@link #claimed} with
     * the result.
     */
    boolean reserveNote() {
        Long limit = options.limit();
        if (limit == null) {
            return true;
        }
        claiming.incrementAndGet();
        if (taken.getAndUpdate(n -> Math.min(n + 1, limit)) < limit) {
            return true;
        }
        claiming.decrementAndGet();
        return false;
    }

    /** Reports whether a note was found for {@link #reserveNote}; if not, the reservation is cancelled. */
    void claimed(boolean found) {
        if (options.limit() == null) {
            return;
        }
        if (!found) {
            taken.decrementAndGet();
        }
        claiming.decrementAndGet();
    }

    /** Returns whether {@code --limit} is reached, and every reserved note is visible as a claim or settled. */
    boolean isLimitUsedUp() {
        Long limit = options.limit();
        return limit != null && taken.get() >= limit && claiming.get() == 0;
    }

    /** Pauses claims for a time without due notes, so that idle workers do not repeat the same query. */
    void pauseClaims(Duration time) {
        pausedUntil.set(System.nanoTime() + time.toNanos());
    }

    /** Resumes claims of all workers. */
    void resumeClaims() {
        if (pausedUntil.get() != NOT_PAUSED) {
            pausedUntil.set(NOT_PAUSED);
        }
    }

    /**
     * Returns how long a worker waits before it queries the worklist. After the pause, one worker queries and the
     * others wait for its result.
     */
    Duration waitBeforeClaim(Duration next) {
        long until = pausedUntil.get();
        if (until == NOT_PAUSED) {
            return Duration.ZERO;
        }
        long now = System.nanoTime();
        if (until - now > 0) {
            return Duration.ofNanos(until - now);
        }
        return pausedUntil.compareAndSet(until, now + next.toNanos()) ? Duration.ZERO : next;
    }

    /** Returns whether, at every check during this time, notes were due and none could be claimed. */
    synchronized boolean isStuckFor(Duration time, boolean isStuckNow) {
        long now = System.nanoTime();
        if (!isStuckNow) {
            stuckSince = null;
            return false;
        }
        if (stuckSince == null) {
            stuckSince = now;
        }
        return Duration.ofNanos(now - stuckSince).compareTo(time) >= 0;
    }
}
