package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.NoteChanges.Change;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.batch.OutageDetector;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.maintenance.verify.ActiveStoreJob;
import io.github.notearchive.media.MediaTraffic;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.job.JobExecution;

/** What belongs to one run and to no other: its options, its execution, its counts and the health it has seen. */
final class RunState extends ActiveStoreJob {

    private static final long NOT_PAUSED = 0;

    private final RunOptions options;
    private final Supplier<MediaTraffic> traffic;
    private final MediaTraffic mediaBefore;
    private final int fieldsBefore;
    private final AtomicLong taken = new AtomicLong();
    private final AtomicInteger claiming = new AtomicInteger();
    private final AtomicInteger refreshing = new AtomicInteger();
    private final OutageDetector provider;
    private final OutageDetector cdn;
    private final OutageDetector database;
    private @Nullable Long stuckSince;
    private volatile @Nullable JobExecution execution;
    private volatile @Nullable StartRefusal withoutCalls;
    private final AtomicLong pausedUntil = new AtomicLong(NOT_PAUSED);

    final LongAdder archived = new LongAdder();
    final LongAdder unavailable = new LongAdder();
    final LongAdder postponed = new LongAdder();
    final LongAdder failed = new LongAdder();
    final LongAdder released = new LongAdder();

    final HeldClaims claims = new HeldClaims();

    /** How many notes are in work. */
    final AtomicInteger inProgress = new AtomicInteger();

    /** How many notes it comes to, as last counted: done with, in work, and waiting; negative: not counted yet. */
    volatile long expected = -1;

    final LongAdder forgotten = new LongAdder();
    final LongAdder refreshed = new LongAdder();
    final LongAdder refreshedCounts = new LongAdder();
    final LongAdder refreshedWords = new LongAdder();
    final LongAdder refreshedFiles = new LongAdder();
    final LongAdder refreshedBack = new LongAdder();
    final LongAdder refreshedGone = new LongAdder();
    final LongAdder refreshesPostponed = new LongAdder();
    final LongAdder filesStored = new LongAdder();
    final LongAdder bytesStored = new LongAdder();

    /** Of the bytes stored, those whose transaction is over, so that the catalog holds them. */
    final LongAdder bytesSettled = new LongAdder();

    final LongAdder filesDeduplicated = new LongAdder();
    final LongAdder bytesDeduplicated = new LongAdder();
    final LongAdder filesReused = new LongAdder();
    final LongAdder bytesReused = new LongAdder();
    final LongAdder filesImproved = new LongAdder();
    final LongAdder filesLesser = new LongAdder();
    final LongAdder downloadsGone = new LongAdder();
    final LongAdder downloadsRetryable = new LongAdder();
    final LongAdder downloadsRejected = new LongAdder();

    /**
     * @param traffic what the process has asked of media servers until now
     * @param fieldsBefore how many new fields of answers it has recorded until now
     */
    RunState(RunOptions options, ArchiveProperties settings, Supplier<MediaTraffic> traffic, int fieldsBefore) {
        super(settings);
        this.options = options;
        this.traffic = traffic;
        this.mediaBefore = traffic.get();
        this.fieldsBefore = fieldsBefore;
        this.provider = new OutageDetector(settings.outage());
        this.cdn = new OutageDetector(settings.outage());
        this.database = new OutageDetector(settings.outage());
    }

    RunOptions options() {
        return options;
    }

    void startExecution(JobExecution job) {
        execution = job;
        startExecution(job.getId());
    }

    /** What was begun, also where its end could not be written; empty while nothing was. */
    Optional<JobExecution> execution() {
        return Optional.ofNullable(execution);
    }

    String node() {
        return options.node();
    }

    /** Counts a note about which something is decided, but nothing new was learned. */
    void settled(WorklistItem claimed, StateTransition transition) {
        if (claimed.state() == NoteState.ARCHIVED && transition.state() == NoteState.ARCHIVED) {
            return; // as it was, but for a better rendition
        }
        switch (transition.state()) {
            case ARCHIVED -> archived.increment();
            case UNAVAILABLE -> unavailable.increment();
            case POSTPONED, PENDING -> postponed.increment();
            case FAILED -> failed.increment();
        }
    }

    /**
     * Counts a note that was written anew.
     *
     * @param change what that has changed, if it was asked about anew
     */
    void settled(WorklistItem claimed, StateTransition transition, Change change) {
        if (claimed.refreshNight() == null) {
            settled(claimed, transition);
            return;
        }
        refreshed.increment();
        if (claimed.state() == NoteState.UNAVAILABLE) {
            refreshedBack.increment();
        }
        if (change.counts()) {
            refreshedCounts.increment();
        }
        if (change.words()) {
            refreshedWords.increment();
        }
        if (change.files()) {
            refreshedFiles.increment();
        }
    }

    /** What became of the notes so far. */
    RunCounts.Notes notes() {
        return new RunCounts.Notes(
                archived.sum(), unavailable.sum(), postponed.sum(), failed.sum(), released.sum(), forgotten.sum());
    }

    /** What became of archived notes that have a new answer. */
    RunSummary.Answered refreshedNotes() {
        return new RunSummary.Answered(
                refreshed.sum(),
                refreshedCounts.sum(),
                refreshedWords.sum(),
                refreshedFiles.sum(),
                refreshedBack.sum());
    }

    /** What became of the notes' files so far. */
    RunCounts.Files files() {
        return files(traffic.get());
    }

    private RunCounts.Files files(MediaTraffic now) {
        return new RunCounts.Files(
                filesStored.sum(),
                bytesStored.sum(),
                filesDeduplicated.sum(),
                bytesDeduplicated.sum(),
                filesReused.sum(),
                bytesReused.sum(),
                filesImproved.sum(),
                filesLesser.sum(),
                now.requests() - mediaBefore.requests());
    }

    /** What was done so far. */
    RunCounts counts() {
        MediaTraffic now = traffic.get();
        return new RunCounts(
                notes(),
                refreshed.sum(),
                refreshedGone.sum(),
                refreshesPostponed.sum(),
                files(now),
                new RunCounts.FailedDownloads(downloadsGone.sum(), downloadsRetryable.sum(), downloadsRejected.sum()),
                now.bytes() - mediaBefore.bytes());
    }

    /** Makes no calls, for a reason, and works only on notes whose response is held. */
    void withoutCalls(@Nullable StartRefusal reason) {
        withoutCalls = reason;
    }

    /** Why it makes no calls; empty when it makes calls. */
    Optional<StartRefusal> withoutCalls() {
        return Optional.ofNullable(withoutCalls);
    }

    /** How many new fields of answers the process had recorded when the run began. */
    int fieldsBefore() {
        return fieldsBefore;
    }

    /**
     * Takes one of so many calls that are left for archived notes; false when all are taken. Whoever got true says by
     * {@link #refreshDone} when the note is done with.
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

    /** The database took what became of a note. */
    void databaseWorks() {
        database.works();
    }

    /**
     * Whether the run continues after a failure of the database, and only the note in progress is released: the
     * database undid a statement because of other sessions, and has not done so for many notes in a row.
     */
    boolean continuesAfter(RuntimeException failure) {
        return DatabaseErrors.isUndone(failure) && !database.fails();
    }

    /**
     * Takes one note out of {@code --limit}; false when none is left. Whoever got true says by {@link #claimed} what
     * came of it.
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

    /** Says whether a note was found for what {@link #takeOne} took; if not, it is put back. */
    void claimed(boolean found) {
        if (options.limit() == null) {
            return;
        }
        if (!found) {
            taken.decrementAndGet();
        }
        claiming.decrementAndGet();
    }

    /**
     * Whether {@code --limit} is reached, and every note taken out of it shows as a claim in the worklist or is
     * settled.
     */
    boolean isLimitUsedUp() {
        Long limit = options.limit();
        return limit != null && taken.get() >= limit && claiming.get() == 0;
    }

    /** Says that nothing is to be had for so long, so that idle workers do not all ask the database the same thing. */
    void pauseClaims(Duration time) {
        pausedUntil.set(System.nanoTime() + time.toNanos());
    }

    /** Says that there are notes, so that every worker may look for one. */
    void resumeClaims() {
        if (pausedUntil.get() != NOT_PAUSED) {
            pausedUntil.set(NOT_PAUSED);
        }
    }

    /**
     * For how long a worker is to wait before it looks for a note. When the quiet is over, one worker is told to look,
     * and the others to wait for what it finds.
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

    /** Whether it has been so, at every look and for so long, that notes are due and none can be claimed. */
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
