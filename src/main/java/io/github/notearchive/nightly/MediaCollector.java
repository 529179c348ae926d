package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.Known;
import io.github.notearchive.archive.catalog.MediaCatalog.SameFile;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.Gap;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.LogContext;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.media.DownloadOutcome;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.nightly.CollectedMedia.MediaEvent;
import io.github.notearchive.nightly.MediaUploads.Upload;
import io.github.notearchive.nightly.NoteFetcher.VideoOutcome;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Collects the media of a note: keeps stored and waived files, reuses files of other notes with the same source file
 * id, and downloads the rest in parallel. The thread that downloaded a file also uploads it. For files stored in a
 * lesser rendition, better renditions are tried again. Previews are optional: one that cannot be downloaded is left
 * out.
 *
 * <p>The first night with only expired URLs is recorded with each slot. A file is gone permanently when responses of
 * two different nights had only expired URLs for it. Thread-safe.
 */
final class MediaCollector {

    private static final Duration ROOM_CHECK_INTERVAL = Duration.ofMillis(100);

    private final MediaCatalog catalog;
    private final MediaDownloader downloads;
    private final MediaUploads uploads;
    private final NoteFetcher fetcher;
    private final RunState run;
    private final MediaProperties settings;
    private final ExecutorService downloadThreads;

    MediaCollector(
            MediaCatalog catalog,
            MediaDownloader downloads,
            MediaUploads uploads,
            NoteFetcher fetcher,
            RunState run,
            MediaProperties settings,
            ExecutorService downloadThreads) {
        this.catalog = catalog;
        this.downloads = downloads;
        this.uploads = uploads;
        this.fetcher = fetcher;
        this.run = run;
        this.settings = settings;
        this.downloadThreads = downloadThreads;
    }

    /**
     * Collects missing files from the URLs of these responses. Returns when every file is stored, or its download has
     * failed.
     *
     * @param video outcome of the call for the note's video
     * @param isFirst whether this is the first response about the note
     * @throws io.github.notearchive.store.StoreException if the store rejects a file or stays unavailable
     */
    CollectedMedia collect(NoteCapture capture, VideoOutcome video, boolean isFirst) throws InterruptedException {
        NoteCapture bought = fetcher.videoResponse(capture, video).orElse(null);
        List<MediaSlot> slots =
                MediaSlots.of(capture, bought, run.settings.videos().preference());
        Known known = catalog.known(capture.id(), isFirst, slots);
        CollectedMedia collected = new CollectedMedia(capture, bought, video);
        collect(slots.stream().flatMap(slot -> targets(slot, known, video)).toList(), known, collected);
        Set<Integer> previewed = collected.files().stream()
                .filter(file -> file.kind() == MediaKind.IMAGE
                        && file.media() != null
                        && run.settings.previews().accepts(file.media().contentType()))
                .map(SlotRow::ordinal)
                .collect(Collectors.toSet());
        collect(
                MediaSlots.previews(capture).stream()
                        .filter(slot -> previewed.contains(slot.ordinal())
                                || recorded(slot, known.slots()).isPresent())
                        .map(slot -> target(slot, known, video))
                        .toList(),
                known,
                collected);
        return collected;
    }

    private void collect(List<SlotTarget> targets, Known known, CollectedMedia collected) throws InterruptedException {
        Map<List<Object>, CompletableFuture<Download>> running = download(targets);
        Set<List<Object>> used = new HashSet<>();
        for (SlotTarget target : targets) {
            MediaSlot requested = target.requested();
            if (requested == null) {
                collected.files().add(target.row());
            } else {
                boolean isFirstUse = used.add(requested.file());
                Download download = result(Objects.requireNonNull(running.get(requested.file())));
                if (target.isOptional()) {
                    Optional.of(rowOf(target, download, isFirstUse, collected.ofOptionalFiles()))
                            .filter(row -> !row.isMissing())
                            .or(() -> recorded(target.slot(), known.slots()))
                            .ifPresent(collected.files()::add);
                } else {
                    collected.files().add(rowOf(target, download, isFirstUse, collected));
                }
            }
        }
    }

    /**
     * Downloads what is missing or may be better; URLs that expire first come first. A file of several slots is
     * downloaded once, from the URLs of all.
     */
    private Map<List<Object>, CompletableFuture<Download>> download(List<SlotTarget> targets)
            throws InterruptedException {
        Map<List<Object>, MediaSlot> files = new LinkedHashMap<>();
        targets.stream()
                .flatMap(target -> Stream.ofNullable(target.requested()))
                .forEach(slot -> files.merge(slot.file(), slot, MediaSlot::withUrlsOf));
        if (!files.isEmpty()) {
            awaitRoom();
        }
        Map<List<Object>, CompletableFuture<Download>> running = new HashMap<>();
        files.values().stream()
                .sorted(Comparator.comparingLong(MediaSlot::signedAt))
                .forEach(slot -> running.put(
                        slot.file(),
                        CompletableFuture.supplyAsync(LogContext.carried(() -> download(slot)), downloadThreads)));
        return running;
    }

    /**
     * Returns the result without missing files, for a note that stays archived: stored files are kept regardless of
     * audit findings, and additional files that could not be downloaded are waived by name.
     */
    CollectedMedia keep(CollectedMedia collected) {
        List<SlotRow> rows = catalog.slotsOf(collected.capture().id());
        List<SlotRow> files = collected.files().stream()
                .map(file -> file.isMissing() ? kept(file.slot(), rows) : file)
                .toList();
        return collected.with(files);
    }

    private static SlotRow kept(MediaSlot slot, List<SlotRow> rows) {
        return recorded(slot, rows).orElseGet(() -> SlotRow.waived(slot, SlotRow.NOT_REFRESHED));
    }

    /** Returns the stored file of a slot, regardless of damage. */
    private static Optional<SlotRow> recorded(MediaSlot slot, List<SlotRow> rows) {
        return rows.stream()
                .filter(row -> row.media() != null && (row.isFor(slot) || row.hasFileOf(slot)))
                .flatMap(row -> row.recorded(slot).stream())
                .findFirst();
    }

    /**
     * Result of a download.
     *
     * @param upload the stored file; null if there is none
     */
    private record Download(
            DownloadOutcome outcome, @Nullable Upload upload) {

        static Download failed(String reason) {
            return new Download(new DownloadOutcome.Failed(reason, true), null);
        }
    }

    /**
     * Waits until the spool has room, at most for the timeout of one file. The caller has no file in the spool: the
     * notes that fill it have to finish without this one.
     */
    private void awaitRoom() throws InterruptedException {
        Deadline end = Deadline.in(settings.fileTimeout());
        boolean isWaiting = !downloads.hasRoom();
        while (isWaiting) {
            boolean isClosed = run.stopper.awaitClosed(ROOM_CHECK_INTERVAL);
            isWaiting = !isClosed && !downloads.hasRoom() && !end.isOver();
        }
    }

    /**
     * Downloads a file and uploads it. The time limit of the file is for both; a failed upload is repeated within that
     * of the store.
     */
    private Download download(MediaSlot slot) {
        Deadline end = Deadline.in(settings.fileTimeout());
        DownloadOutcome outcome = downloads.download(slot);
        if (!(outcome instanceof DownloadOutcome.Downloaded(var media, var _, var _))) {
            return new Download(outcome, null);
        }
        Upload upload = uploads.store(media, end);
        return upload == null ? Download.failed("downloads stopped") : new Download(outcome, upload);
    }

    private Download result(CompletableFuture<Download> download) throws InterruptedException {
        try {
            return download.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UncheckedIOException spool) {
                // a full disk is a failure of the machine: no attempt is counted for the note
                String reason = "a file could not be spooled: " + DatabaseErrors.summary(spool);
                run.stopper.close(ExitCode.UPSTREAM_UNAVAILABLE, reason);
                return Download.failed(reason);
            }
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException("Download failed: " + e.getCause(), e.getCause());
        }
    }

    /**
     * A slot of the responses, before its download.
     *
     * @param row its file or status, which is kept unless a download changes it
     * @param requested the slot with the URLs to try; null if there is nothing to download
     */
    private record SlotTarget(
            MediaSlot slot, SlotRow row, @Nullable MediaSlot requested) {

        static SlotTarget decided(MediaSlot slot, SlotRow row) {
            return new SlotTarget(slot, row, null);
        }

        /** Returns the target of a stored file, whose better renditions are tried if it is a lesser one. */
        static SlotTarget present(MediaSlot slot, SlotRow row) {
            String rendition = row.isLesser() ? row.rendition() : null;
            MediaSlot better = rendition == null ? slot : slot.betterThan(rendition);
            boolean isTried = rendition != null && !better.candidates().isEmpty();
            return new SlotTarget(slot, row, isTried ? better : null);
        }

        boolean isOptional() {
            return slot.kind() == MediaKind.PREVIEW;
        }

        /** Returns the status after a failed download: a file that is present is kept. */
        SlotRow failed(Gap gap, String reason, @Nullable Night deadNight) {
            return row.isMissing() ? SlotRow.missing(slot, gap, reason, deadNight) : row;
        }
    }

    /** Returns the target of a slot; of a video that no response offers, also those of its subtitles. */
    private Stream<SlotTarget> targets(MediaSlot slot, Known known, VideoOutcome video) {
        if (slot.notOffered() != null) {
            return SlotRow.withoutOffer(slot, known.slots(), video.statusOf(slot)).stream()
                    .map(row -> SlotTarget.decided(row.slot(), row));
        }
        return Stream.of(target(slot, known, video));
    }

    private SlotTarget target(MediaSlot slot, Known known, VideoOutcome video) {
        Optional<SlotRow> row =
                known.slots().stream().filter(r -> r.isFor(slot)).findFirst();
        // a stored file may have had another position before the note was edited
        Optional<SlotRow> present = row.flatMap(r -> r.settled(slot))
                .or(() -> known.slots().stream()
                        .filter(r -> r.hasFileOf(slot))
                        .flatMap(r -> r.settled(slot).stream())
                        .findFirst());
        if (present.isPresent()) {
            return SlotTarget.present(slot, present.get());
        }
        SlotRow missing = row.filter(SlotRow::isMissing).orElseGet(() -> SlotRow.missing(slot, Gap.RETRY, "", null));
        if (missing.gap() == Gap.DEAD && video.isPendingFor(slot.kind())) {
            return SlotTarget.decided(slot, missing);
        }
        return known.sameFiles().stream()
                .filter(same -> same.fills(slot))
                .findFirst()
                .map(same -> reused(slot, same))
                .orElseGet(() -> new SlotTarget(slot, missing, slot));
    }

    /** Returns the file that another note has under the same source file id, which needs no request. */
    private SlotTarget reused(MediaSlot slot, SameFile same) {
        run.filesReused.increment();
        run.bytesReused.add(same.media().size());
        String checks = "same file as in note " + same.note();
        return SlotTarget.decided(
                slot, SlotRow.stored(slot, same.media(), same.rendition(), same.width(), same.height(), checks, null));
    }

    /** @param isFirstUse false for a further slot of the same file */
    private SlotRow rowOf(SlotTarget target, Download download, boolean isFirstUse, CollectedMedia collected) {
        boolean isMissing = target.row().isMissing();
        int failed = target.isOptional() ? 0 : 1;
        Night deadNight = target.row().deadNight();
        return switch (download.outcome()) {
            case DownloadOutcome.Downloaded(var media, var lesserBecause, var again) -> {
                collected.addIf(again, MediaEvent.RETRY_BETTER);
                collected.addIf(isMissing, MediaEvent.SERVED);
                run.filesUpgraded.add(isMissing ? 0 : 1);
                run.filesDiffering.add(isFirstUse && media.differs() ? 1 : 0);
                Upload upload = Objects.requireNonNull(download.upload());
                if (isFirstUse && upload.isNew()) {
                    collected.uploaded().add(upload.object());
                }
                if (!isFirstUse) {
                    run.filesReused.increment();
                    run.bytesReused.add(media.size());
                }
                MediaCandidate from = media.candidate();
                yield SlotRow.stored(
                        target.slot(),
                        upload.object(),
                        from.rendition(),
                        from.width(),
                        from.height(),
                        media.checks(),
                        lesserBecause);
            }
            case DownloadOutcome.Failed(var reason, var soon) -> {
                (soon ? run.downloadsRetryable : run.downloadsRejected).add(failed);
                collected.addIf(soon, isMissing ? MediaEvent.RETRY_SOON : MediaEvent.RETRY_BETTER);
                yield target.failed(Gap.RETRY, reason, deadNight);
            }
            case DownloadOutcome.NoRoom(var reason) -> {
                collected.addIf(true, MediaEvent.NO_ROOM);
                yield target.failed(Gap.RETRY, reason, deadNight);
            }
            case DownloadOutcome.Gone(var reason) -> {
                run.downloadsGone.add(failed);
                Night night =
                        Night.of(collected.responseWith(target.slot().kind()).capturedAt());
                boolean isPermanent = deadNight != null && !deadNight.equals(night);
                collected.addIf(isMissing && !isPermanent, MediaEvent.DEAD);
                Gap gap = isPermanent ? Gap.GONE : Gap.DEAD;
                yield target.failed(gap, reason, deadNight == null ? night : deadNight);
            }
        };
    }
}
