package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.SlotRow;
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
 * id, and downloads the rest in parallel. Where the disposition is certain to store a file, the thread that downloaded
 * it also uploads it. For files stored in a lesser rendition, better renditions are tried again.
 *
 * <p>The first night with only expired URLs is recorded with each slot. A file is gone permanently when responses of
 * two different nights had only expired URLs for it. Thread-safe.
 */
class MediaCollector implements AutoCloseable {

    private static final Duration ROOM_CHECK_INTERVAL = Duration.ofMillis(100);

    private final MediaCatalog catalog;
    private final MediaDownloader downloads;
    private final MediaUploads uploads;
    private final NoteFetcher fetcher;
    private final RunState run;
    private final Duration fileTimeout;

    /**
     * One platform thread per parallel download. Virtual threads would cost an additional switch for each wait, and
     * downloads do nothing but wait.
     */
    private final ThreadPoolExecutor threads;

    MediaCollector(
            MediaCatalog catalog,
            MediaDownloader downloads,
            MediaUploads uploads,
            NoteFetcher fetcher,
            RunState run,
            MediaProperties settings) {
        this.catalog = catalog;
        this.downloads = downloads;
        this.uploads = uploads;
        this.fetcher = fetcher;
        this.run = run;
        this.fileTimeout = settings.fileTimeout();
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
        boolean isWaiting = !collected.isInSpool();
        long end = System.nanoTime() + fileTimeout.toNanos();
        while (isWaiting && !run.stopper.awaitClosed(ROOM_CHECK_INTERVAL)) {
            isWaiting = !downloads.hasRoom() && System.nanoTime() < end;
        }
    }

    /**
     * Collects missing files from the URLs of these responses. Returns when every download has ended.
     *
     * @param video outcome of the call for the note's video
     * @param before what earlier responses of this night delivered; null for the first of a note
     * @param isFinal whether the disposition stores every downloaded file, so that each is uploaded after its check;
     *     otherwise they remain in the spool
     */
    CollectedMedia collect(NoteCapture capture, VideoOutcome video, @Nullable CollectedMedia before, boolean isFinal)
            throws InterruptedException {
        NoteCapture bought = fetcher.videoResponse(capture, video).orElse(null);
        List<MediaSlot> expected =
                MediaSlots.of(capture, bought, run.settings.videos().preference());
        MediaCatalog.Known known = catalog.known(capture.id(), expected);
        List<Piece> pieces = before == null ? List.of() : before.pieces();
        MediaPlan plan = new MediaPlan(capture, bought, video, expected, known, pieces, run);
        return plan.take(download(plan, isFinal));
    }

    /**
     * Returns the result without missing files, for a note that stays archived: stored files are kept regardless of
     * audit findings, and additional files that could not be downloaded are waived by name.
     */
    CollectedMedia keep(CollectedMedia collected) {
        List<SlotRow> rows = catalog.slotsOf(collected.capture().id());
        return collected.withPieces(collected.pieces().stream()
                .map(piece -> piece.row().isMissing()
                        ? Piece.unchanged(kept(piece.row().slot(), rows))
                        : piece)
                .toList());
    }

    private static SlotRow kept(MediaSlot slot, List<SlotRow> rows) {
        return rows.stream()
                .filter(row -> row.media() != null && (row.isFor(slot) || row.hasFileOf(slot)))
                .flatMap(row -> row.recorded(slot).stream())
                .findFirst()
                .orElseGet(() -> SlotRow.waived(slot, SlotRow.NOT_REFRESHED));
    }

    /**
     * Downloads missing slots, and the better renditions of slots stored in a lesser one. URLs that expire first come
     * first. A file expected in two places is downloaded once, from the URLs of both.
     */
    private Map<MediaSlot, MediaPlan.Download> download(MediaPlan plan, boolean isFinal) throws InterruptedException {
        Map<Expected, DownloadRequest> files = new LinkedHashMap<>();
        Stream.concat(plan.wanted.keySet().stream(), plan.lesser.keySet().stream())
                .forEach(slot -> {
                    MediaSlot requested = Optional.ofNullable(plan.lesser.get(slot))
                            .flatMap(Piece::lesserRendition)
                            .map(slot::betterThan)
                            .orElse(slot);
                    files.merge(
                            Expected.of(requested),
                            new DownloadRequest(requested, List.of(slot), requested.signedAt()),
                            DownloadRequest::and);
                });
        Map<DownloadRequest, CompletableFuture<MediaPlan.Download>> running = new LinkedHashMap<>();
        files.values().stream()
                .sorted(Comparator.comparingLong(DownloadRequest::signedAt))
                .forEach(file -> running.put(file, start(file, isFinal)));
        Map<MediaSlot, MediaPlan.Download> results = new LinkedHashMap<>();
        try {
            for (Map.Entry<DownloadRequest, CompletableFuture<MediaPlan.Download>> download : running.entrySet()) {
                List<MediaSlot> places = download.getKey().places();
                MediaPlan.Download result = result(download.getValue());
                count(result.outcome(), places.size() - 1);
                places.forEach(slot -> results.put(slot, result));
            }
            return results;
        } catch (InterruptedException | RuntimeException e) { // no caller uses these files, finished or not
            running.values().forEach(MediaCollector::discardWhenDone);
            throw e;
        }
    }

    private CompletableFuture<MediaPlan.Download> start(DownloadRequest file, boolean isFinal) {
        return CompletableFuture.supplyAsync(LogContext.carried(() -> download(file.requested(), isFinal)), threads);
    }

    /** Downloads a file and uploads it if it is final. The time limit of the file is for both. */
    private MediaPlan.Download download(MediaSlot requested, boolean isFinal) {
        long end = System.nanoTime() + fileTimeout.toNanos();
        DownloadOutcome outcome = downloads.download(requested);
        if (!(outcome instanceof DownloadOutcome.Downloaded(var media, var _, var _))) {
            return new MediaPlan.Download(outcome, null);
        }
        MediaUploads.Upload upload = uploads.of(media);
        if (isFinal) {
            upload.tryStore(Duration.ofNanos(end - System.nanoTime()));
        }
        return new MediaPlan.Download(outcome, upload);
    }

    private static void discardWhenDone(CompletableFuture<MediaPlan.Download> running) {
        var _ = running.thenAccept(download -> {
            if (download.upload() != null) {
                download.upload().close();
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

    private MediaPlan.Download result(Future<MediaPlan.Download> download) throws InterruptedException {
        try {
            return download.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UncheckedIOException spool) {
                // a full disk is a failure of the machine: no attempt is counted for the note
                String reason = "a file could not be spooled: " + DatabaseErrors.summary(spool);
                run.stopper.close(ExitCode.UPSTREAM_UNAVAILABLE, reason);
                return new MediaPlan.Download(new DownloadOutcome.Failed(reason, true), null);
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
    private record DownloadRequest(MediaSlot requested, List<MediaSlot> places, long signedAt) {

        DownloadRequest and(DownloadRequest twin) {
            List<MediaSlot> both =
                    Stream.concat(places.stream(), twin.places.stream()).toList();
            return new DownloadRequest(
                    requested.withAddressesOf(twin.requested), both, Math.min(signedAt, twin.signedAt));
        }
    }
}
