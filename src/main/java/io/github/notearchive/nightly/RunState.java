package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.NoteRowWriter.RowChange;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.Transition.RefreshResult;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.batch.OutageDetector;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.MediaDownloader.MediaTraffic;
import io.github.notearchive.nightly.WorklistReader.ClaimControl;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.prove.CaptureLog.LogState;
import io.github.notearchive.store.StoreException;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * State of one run: options, settings, gate, clock, execution, counts, and outage detection. Created for the run and
 * passed to each part. Thread-safe.
 */
class RunState extends JobRun {

    static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    final RunOptions options;
    final RunStopper stopper;
    final NightlySettings settings;
    final Clock clock;
    private final MediaDownloader downloads;
    private final MediaTraffic mediaBefore;

    /** Why the run makes no calls and only processes notes with a usable response; empty if it makes calls. */
    volatile Optional<StopReason> withoutCalls = Optional.empty();

    // requests to the provider and to the media hosts, written notes
    final OutageDetector provider;
    final OutageDetector cdn;
    final OutageDetector database;
    final OutageDetector store;

    /** Number of new response fields recorded before the run. */
    final int fieldsBefore;

    final ClaimControl claims;

    /** The transparency log after the run; null if it was not to be appended. */
    volatile @Nullable LogState captureLog;

    /** Expected notes of the run as last counted: processed, in progress, and waiting; negative if not counted yet. */
    volatile long expected = -1;

    /** Responses that were a success without their note or video, and the notes of the first ones. */
    final LongAdder emptyResponses = new LongAdder();

    final Queue<NoteId> examplesOfEmpty = new ArrayBlockingQueue<>(3);

    // the components of RunCounts
    final LongAdder archived = new LongAdder();
    final LongAdder unavailable = new LongAdder();
    final LongAdder postponed = new LongAdder();
    final LongAdder failed = new LongAdder();
    final LongAdder released = new LongAdder();
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
    final LongAdder filesDeduplicated = new LongAdder();
    final LongAdder bytesDeduplicated = new LongAdder();
    final LongAdder filesReused = new LongAdder();
    final LongAdder bytesReused = new LongAdder();
    final LongAdder filesUpgraded = new LongAdder();
    final LongAdder filesDegraded = new LongAdder();
    final LongAdder filesDiffering = new LongAdder();
    final LongAdder downloadsGone = new LongAdder();
    final LongAdder downloadsRetryable = new LongAdder();
    final LongAdder downloadsRejected = new LongAdder();

    RunState(
            RunOptions options,
            RunStopper stopper,
            NightlySettings settings,
            MediaDownloader downloads,
            SchemaDrift drift,
            Clock clock) {
        super(stopper);
        addOption("limit", options.limit());
        addOption("maxDuration", options.maxDuration());
        addOption("force", options.force());
        this.options = options;
        this.stopper = stopper;
        this.settings = settings;
        this.clock = clock;
        this.downloads = downloads;
        this.mediaBefore = downloads.traffic();
        this.fieldsBefore = drift.found().size();
        this.claims = new ClaimControl(options.limit());
        this.provider = new OutageDetector(settings.archive().outage());
        this.cdn = new OutageDetector(settings.archive().outage());
        this.database = new OutageDetector(settings.archive().outage());
        this.store = new OutageDetector(settings.archive().outage());
    }

    String node() {
        return options.node();
    }

    Instant now() {
        return clock.instant();
    }

    Night tonight() {
        return Night.current(clock);
    }

    /** @param change difference found by a refresh; null for a note without new data */
    void settled(WorklistItem item, Transition transition, @Nullable RowChange change) {
        if (transition instanceof RefreshResult result) {
            (result.state() == item.state() ? refreshesPostponed : refreshesUnavailable).increment();
        } else if (item.isRefresh() && change != null) {
            refreshed.increment();
            refreshedRestored.add(item.state() == NoteState.UNAVAILABLE ? 1 : 0);
            refreshedCounts.add(change.counts() ? 1 : 0);
            refreshedText.add(change.words() ? 1 : 0);
            refreshedFiles.add(change.files() ? 1 : 0);
        } else if (item.isNew() && transition instanceof StateTransition to) {
            switch (to.state()) {
                case ARCHIVED -> archived.increment();
                case UNAVAILABLE -> unavailable.increment();
                case POSTPONED, PENDING -> postponed.increment();
                case FAILED -> failed.increment();
            }
        }
    }

    RunCounts counts() {
        MediaTraffic now = downloads.traffic();
        return new RunCounts(
                new RunCounts.Notes(
                        archived.sum(), unavailable.sum(), postponed.sum(), failed.sum(), released.sum(), erased.sum()),
                new RunCounts.RefreshCounts(
                        refreshed.sum(),
                        refreshedCounts.sum(),
                        refreshedText.sum(),
                        refreshedFiles.sum(),
                        refreshedRestored.sum(),
                        refreshesUnavailable.sum(),
                        refreshesPostponed.sum()),
                new RunCounts.FileCounts(
                        filesStored.sum(),
                        bytesStored.sum(),
                        filesDeduplicated.sum(),
                        bytesDeduplicated.sum(),
                        filesReused.sum(),
                        bytesReused.sum(),
                        filesUpgraded.sum(),
                        filesDegraded.sum(),
                        filesDiffering.sum(),
                        now.requests() - mediaBefore.requests()),
                new RunCounts.FailedDownloads(downloadsGone.sum(), downloadsRetryable.sum(), downloadsRejected.sum()),
                now.bytes() - mediaBefore.bytes());
    }

    /**
     * Records a failure of the store that is not limited to one object, and closes the gate if that makes an outage. A
     * failure that no waiting helps is one at once.
     */
    void storeFails(StoreException failure) {
        if (failure.refused() || store.fails()) {
            stopper.close(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(failure.getMessage()));
        }
    }

    /**
     * Returns whether the run continues after a database failure and only releases the current note: the database
     * rolled back a statement because of other sessions, and has not done so for many notes in a row.
     */
    boolean continuesAfter(RuntimeException failure) {
        return DatabaseErrors.isUndone(failure) && !database.fails();
    }
}
