package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.LogContext;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.media.DownloadOutcome;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.nightly.CollectedMedia.Piece;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.NoteCapture;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Collects the media of a note: keeps stored and waived files, reuses files of other notes with the same source file
 * id, and downloads the rest in parallel. For files stored in a lesser rendition, better renditions are tried again.
 *
 * <p>The first night with only expired URLs is recorded with each slot. A file is gone permanently when responses of
 * two different nights had only expired URLs for it. Thread-safe.
 */
class MediaCollector implements AutoCloseable {

    private static final Duration ROOM_CHECK_INTERVAL = Duration.ofMillis(100);

    private final MediaCatalog catalog;
    private final MediaDownloader downloads;
    private final VideoFetcher videos;
    private final RunState run;
    private final Duration patience;

    /**
     * One platform thread per parallel download. Virtual threads would cost an additional switch for each wait, and
     * downloads do nothing but wait.
     */
    private final ThreadPoolExecutor threads;

    MediaCollector(
            MediaCatalog catalog,
            MediaDownloader downloads,
            VideoFetcher videos,
            RunState run,
            MediaProperties settings) {
        this.catalog = catalog;
        this.downloads = downloads;
        this.videos = videos;
        this.run = run;
        this.patience = settings.fileTimeout();
        int atATime = settings.downloadsInFlight();
        this.threads = new ThreadPoolExecutor(
                atATime,
                atATime,
                1,
                TimeUnit.MINUTES,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name("download-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }

    /**
     * Waits until the spool has room, at most for the timeout of one file. Returns immediately if files of this note
     * fill the spool, which are stored and removed next: a note that waits must hold no spooled file, since the notes
     * that fill the spool have to finish without it.
     */
    void awaitRoom(CollectedMedia collected) throws InterruptedException {
        boolean isWaiting =
                CollectedMedia.downloads(collected.pieces()).findAny().isEmpty();
        long end = System.nanoTime() + patience.toNanos();
        while (isWaiting && !run.stopper.awaitClosed(ROOM_CHECK_INTERVAL)) {
            isWaiting = !downloads.hasRoom() && System.nanoTime() < end;
        }
    }

    /**
     * Collects missing files from the URLs of these responses. Returns when every download has ended.
     *
     * @param video outcome of the call for the note's video
     * @param before what earlier responses of this night delivered; null for the first of a note
     */
    CollectedMedia collect(NoteCapture capture, VideoOutcome video, @Nullable CollectedMedia before)
            throws InterruptedException {
        NoteCapture bought = videos.responseOf(capture, video).orElse(null);
        List<MediaSlot> expected =
                MediaSlots.of(capture, bought, run.settings.videos().preference());
        MediaCatalog.Known known = catalog.known(capture.id(), expected);
        List<Piece> pieces = before == null ? List.of() : before.pieces();
        MediaPlan plan = new MediaPlan(capture, bought, video, expected, known, pieces, run);
        return plan.take(download(plan));
    }

    /**
     * Returns the result without missing files, for a note that stays archived: stored files are kept regardless of
     * audit findings, and additional files that could not be downloaded are waived by name.
     */
    CollectedMedia keep(CollectedMedia collected) {
        List<SlotRow> rows = catalog.slotsOf(collected.capture().id());
        return collected.withPieces(collected.pieces().stream()
                .map(piece -> piece.status() instanceof SlotStatus.Missing missing
                        ? Piece.unchanged(kept(missing.slot(), rows))
                        : piece)
                .toList());
    }

    private static SlotStatus kept(MediaSlot slot, List<SlotRow> rows) {
        return rows.stream()
                .filter(row -> row.media() != null && (row.isFor(slot) || row.hasFileOf(slot)))
                .flatMap(row -> row.recorded(slot).stream())
                .findFirst()
                .orElseGet(() -> new SlotStatus.Waived(slot, SlotRow.NOT_REFRESHED));
    }

    /**
     * Downloads missing slots, and the better renditions of slots stored in a lesser one. URLs that expire first come
     * first. A file expected in two places is downloaded once, from the URLs of both.
     */
    private Map<MediaSlot, DownloadOutcome> download(MediaPlan plan) throws InterruptedException {
        Map<Expected, Download> files = new LinkedHashMap<>();
        Stream.concat(plan.wanted.keySet().stream(), plan.lesser.keySet().stream())
                .forEach(slot -> {
                    MediaSlot requested = Optional.ofNullable(plan.lesser.get(slot))
                            .flatMap(Piece::lesserRendition)
                            .map(slot::betterThan)
                            .orElse(slot);
                    files.merge(
                            Expected.of(requested),
                            new Download(requested, List.of(slot), requested.signedAt()),
                            Download::and);
                });
        Map<Download, CompletableFuture<DownloadOutcome>> running = new LinkedHashMap<>();
        files.values().stream()
                .sorted(Comparator.comparingLong(Download::signedAt))
                .forEach(file -> running.put(file, start(file)));
        Map<MediaSlot, DownloadOutcome> outcomes = new LinkedHashMap<>();
        try {
            for (Map.Entry<Download, CompletableFuture<DownloadOutcome>> download : running.entrySet()) {
                List<MediaSlot> places = download.getKey().places();
                DownloadOutcome outcome = outcome(download.getValue());
                count(outcome, places.size() - 1);
                places.forEach(slot -> outcomes.put(slot, outcome));
            }
            return outcomes;
        } catch (InterruptedException | RuntimeException e) { // no caller uses these files, finished or not
            running.values().forEach(MediaCollector::discardWhenDone);
            throw e;
        }
    }

    private CompletableFuture<DownloadOutcome> start(Download file) {
        return CompletableFuture.supplyAsync(LogContext.carried(() -> downloads.download(file.requested())), threads);
    }

    private static void discardWhenDone(CompletableFuture<DownloadOutcome> download) {
        var _ = download.thenAccept(outcome -> {
            if (outcome instanceof DownloadOutcome.Downloaded(var media, var _, var _)) {
                media.close();
            }
        });
    }

    /** @param shared places that use the file beside the first one */
    private void count(DownloadOutcome outcome, int shared) {
        switch (outcome) {
            case DownloadOutcome.Downloaded(var media, var _, var _) -> {
                run.filesReused.add(shared);
                run.bytesReused.add(shared * media.size());
            }
            case DownloadOutcome.NoRoom _ -> {}
            case DownloadOutcome.Gone _ -> run.downloadsGone.increment();
            case DownloadOutcome.Failed(var _, var soon) ->
                (soon ? run.downloadsRetryable : run.downloadsRejected).increment();
        }
    }

    private DownloadOutcome outcome(Future<DownloadOutcome> download) throws InterruptedException {
        try {
            return download.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UncheckedIOException spool) {
                // a full disk is a failure of the machine: no attempt is counted for the note
                String reason = "a file could not be spooled: " + DatabaseErrors.summary(spool);
                run.stopper.close(ExitCode.UPSTREAM_UNAVAILABLE, reason);
                return new DownloadOutcome.Failed(reason, true);
            }
            throw new IllegalStateException(
                    "Download ended without file and without reason: " + e.getCause(), e.getCause());
        }
    }

    /**
     * Key of an expected file. Two places of a note share a file if source file id and offers are equal. Without an id,
     * each place has its own file.
     *
     * @param place empty for a file with a source file id
     */
    private record Expected(MediaKind kind, String identity, List<String> variants, Optional<MediaPlan.Place> place) {

        static Expected of(MediaSlot slot) {
            Optional<MediaPlan.Place> place = slot.named() ? Optional.empty() : Optional.of(MediaPlan.Place.of(slot));
            return new Expected(slot.kind(), slot.identity(), slot.variants(), place);
        }
    }

    /** One file to download from the URLs of a slot, the slots that it fills, and the earliest signature time. */
    private record Download(MediaSlot requested, List<MediaSlot> places, long signedAt) {

        Download and(Download twin) {
            List<MediaSlot> both =
                    Stream.concat(places.stream(), twin.places.stream()).toList();
            return new Download(requested.withAddressesOf(twin.requested), both, Math.min(signedAt, twin.signedAt));
        }
    }
}
