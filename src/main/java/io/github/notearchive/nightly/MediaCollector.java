package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.SameFile;
import io.github.notearchive.archive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.archive.catalog.SlotStatus.Gap;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.LogContext;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.media.DownloadOutcome;
import io.github.notearchive.media.DownloadOutcome.Downloaded;
import io.github.notearchive.media.DownloadOutcome.Failed;
import io.github.notearchive.media.DownloadOutcome.Gone;
import io.github.notearchive.media.DownloadOutcome.NoRoom;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.media.SpoolFile;
import io.github.notearchive.nightly.CollectedMedia.Piece;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.VideoProperties;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Brings in the files of an answer: what is stored or waived already stays, wherever in the note it stood before, what
 * another note has under the same name is taken over, everything else is downloaded, side by side. Of a file that is
 * there in a lesser rendition the better ones are tried again.
 *
 * <p>Which address was dead on which night is remembered with each slot. A file is gone when two answers that were
 * bought on different nights had only dead addresses for it.
 */
@Component
class MediaCollector implements AutoCloseable {

    private static final Duration LOOK_FOR_ROOM = Duration.ofMillis(100);

    private final MediaCatalog catalog;
    private final MediaDownloader downloads;
    private final VideoFiles videos;
    private final VideoProperties video;
    private final RunStopper gate;
    private final ActiveRuns runs;
    private final Duration patience;

    /**
     * As many threads as files are downloaded at a time. They are the system's own: a virtual thread costs a switch
     * more each time it waits for bytes, which is all that they do.
     */
    private final ThreadPoolExecutor threads;

    MediaCollector(
            MediaCatalog catalog,
            MediaDownloader downloads,
            VideoFiles videos,
            VideoProperties video,
            RunStopper gate,
            ActiveRuns runs,
            MediaProperties settings) {
        this.catalog = catalog;
        this.downloads = downloads;
        this.videos = videos;
        this.video = video;
        this.gate = gate;
        this.runs = runs;
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
     * Waits until the spool has room again, for the time that one file may take at most. The caller holds no file, so
     * the notes that fill the spool end without it.
     */
    void awaitRoom() throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        boolean isWaiting = true;
        while (isWaiting && !gate.awaitClosed(LOOK_FOR_ROOM)) {
            isWaiting = !downloads.hasRoom() && System.nanoTime() < end;
        }
    }

    /**
     * Brings in what is not there yet, by the addresses of these answers. Waits for every download to end.
     *
     * @param video what came of asking for the note's video
     */
    CollectionResult collect(NoteCapture capture, VideoOutcome video) throws InterruptedException {
        return collect(capture, video, List.of());
    }

    /** The same with newer answers, for what earlier ones of this night could not bring in. */
    CollectionResult collect(NoteCapture newer, VideoOutcome video, CollectionResult before) throws InterruptedException {
        return collect(newer, video, before.files().pieces());
    }

    private CollectionResult collect(NoteCapture capture, VideoOutcome answer, List<Piece> before)
            throws InterruptedException {
        MediaPlan files = new MediaPlan(capture, answer, before);
        files.decideWithoutRequests();
        Map<MediaSlot, DownloadOutcome> downloads = download(files.wanted.keySet(), files.lesser);
        countShared(downloads.values());
        files.take(downloads);
        return files.collected();
    }

    /** The files of a note, on their way from what is expected to what became of each. */
    private final class MediaPlan {

        private final NoteCapture capture;
        private final @Nullable NoteCapture bought;
        private final VideoOutcome answer;
        private final List<MediaSlot> expected;
        private final MediaCatalog.Known inCatalog;
        private final Map<Place, SlotRow> rows = new HashMap<>();

        /** What earlier answers of this night brought in, until it is taken over. */
        private final Map<Place, Piece> before = new HashMap<>();

        private final Map<Place, Integer> order = new HashMap<>();
        private final List<Piece> decided = new ArrayList<>();

        /** Files to be downloaded, with the night whose answer first had them dead, if any had. */
        final Map<MediaSlot, @Nullable Night> wanted = new LinkedHashMap<>();

        /** Files that are there in a lesser rendition, whose better ones are tried again. */
        final Map<MediaSlot, Piece> lesser = new LinkedHashMap<>();

        private boolean retrySoon;
        private boolean retryBetter;
        private boolean noRoom;
        private boolean served;
        private boolean dead;
        private boolean faulty;

        MediaPlan(NoteCapture capture, VideoOutcome answer, List<Piece> before) {
            this.capture = capture;
            this.answer = answer;
            this.bought = videos.answer(capture, answer).orElse(null);
            this.expected = MediaSlots.of(capture, bought, video.preference());
            this.inCatalog = catalog.known(capture.id(), expected);
            inCatalog.slots().forEach(row -> rows.put(new Place(row.kind(), row.ordinal()), row));
            before.forEach(piece -> this.before.put(Place.of(piece), piece));
        }

        /** Decides about all that no request is needed for; what is left is wanted. */
        void decideWithoutRequests() {
            expected.forEach(this::decide);
            closeUnused(
                    before.values(),
                    Stream.concat(decided.stream(), lesser.values().stream()).toList());
            decided.addAll(reuse(inCatalog.sameFiles(), wanted.keySet()));
        }

        private void decide(MediaSlot slot) {
            Place place = Place.of(slot);
            order.put(place, order.size());
            Optional<SlotRow> row = Optional.ofNullable(rows.get(place)).filter(r -> r.isFor(slot));
            Optional<Piece> same =
                    Optional.ofNullable(before.get(place)).filter(piece -> isSameFile(piece.slot(), slot));
            Optional<Piece> fresh = same.filter(Piece.Downloaded.class::isInstance);
            Optional<SlotStatus> settled = row.flatMap(r -> r.settled(slot)).or(() -> moved(slot, inCatalog.slots()));
            if (slot.notOffered() != null) {
                withoutOffer(slot);
            } else if (fresh.isPresent()) {
                keepOrImprove(slot, fresh.get());
                before.remove(place);
            } else if (settled.isPresent()) {
                keepOrImprove(slot, new Piece.Unchanged(settled.get()));
            } else {
                wantUnlessResponseOutstanding(slot, row, same);
            }
        }

        private void withoutOffer(MediaSlot slot) {
            for (SlotStatus status : VideoFiles.withoutOffer(slot, inCatalog.slots(), answer)) {
                order.putIfAbsent(Place.of(status.slot()), order.size());
                decided.add(new Piece.Unchanged(status));
            }
        }

        private void keepOrImprove(MediaSlot slot, Piece held) {
            boolean worthAnotherTry = held.lesserRendition()
                    .filter(taken -> !slot.betterThan(taken).candidates().isEmpty())
                    .isPresent();
            if (worthAnotherTry) {
                lesser.put(slot, held);
            } else {
                decided.add(held);
            }
        }

        private void wantUnlessResponseOutstanding(MediaSlot slot, Optional<SlotRow> row, Optional<Piece> same) {
            Optional<SlotStatus.Missing> known =
                    isResponseOutstanding(slot.kind(), answer) ? known(slot, row, same) : Optional.empty();
            known.ifPresentOrElse(
                    missing -> decided.add(new Piece.Unchanged(missing)), () -> wanted.put(slot, deadBefore(row, same)));
        }

        /** Takes what the downloads came to. */
        void take(Map<MediaSlot, DownloadOutcome> downloads) {
            lesser.forEach((slot, held) -> decided.add(improved(slot, held, downloads.remove(slot))));
            closeUnused(lesser.values(), decided);
            downloads.forEach(this::take);
        }

        /** What is there is kept where the better rendition cannot be had now either. */
        private Piece improved(MediaSlot slot, Piece held, @Nullable DownloadOutcome outcome) {
            return switch (outcome) {
                case Downloaded(var media, var lesserBecause, var again) -> {
                    retryBetter |= again;
                    runs.current().filesImproved.increment();
                    // of those that were asked for now, the first is the best of the slot
                    yield new Piece.Downloaded(slot, media, lesserBecause);
                }
                case Failed(var _, var soon) -> {
                    retryBetter |= soon;
                    yield held;
                }
                case NoRoom _ -> {
                    noRoom = true;
                    yield held;
                }
                case Gone _ -> held;
                case null -> held;
            };
        }

        private void take(MediaSlot slot, DownloadOutcome outcome) {
            switch (outcome) {
                case Downloaded(var media, var lesserBecause, var again) -> {
                    served = true;
                    retryBetter |= again;
                    decided.add(new Piece.Downloaded(slot, media, lesserBecause));
                }
                case Gone(var reason) -> {
                    SlotStatus.Missing missing = dead(slot, reason, wanted.get(slot), boughtIn(slot));
                    dead |= missing.gap() == Gap.DEAD;
                    decided.add(new Piece.Unchanged(missing));
                }
                case Failed(var reason, var soon) -> {
                    retrySoon |= soon;
                    faulty |= soon;
                    decided.add(retry(slot, reason));
                }
                case NoRoom(var reason) -> {
                    noRoom = true;
                    decided.add(retry(slot, reason));
                }
            }
        }

        private Piece retry(MediaSlot slot, String reason) {
            return new Piece.Unchanged(new SlotStatus.Missing(slot, Gap.RETRY, reason, wanted.get(slot)));
        }

        /** The night in which the answer came that offers a file. */
        private Night boughtIn(MediaSlot slot) {
            CollectedMedia answers = new CollectedMedia(capture, bought, List.of());
            return Night.of(answers.answerWith(slot).capturedAt());
        }

        CollectionResult collected() {
            decided.sort(Comparator.comparingInt(piece -> order.getOrDefault(Place.of(piece), 0)));
            return new CollectionResult(
                    new CollectedMedia(capture, bought, decided),
                    answer,
                    retrySoon,
                    retryBetter,
                    noRoom,
                    served,
                    dead,
                    faulty);
        }
    }

    /** A file that two places share is closed when neither keeps it. */
    private static void closeUnused(Collection<Piece> left, List<Piece> kept) {
        Set<SpoolFile> used =
                CollectedMedia.downloads(kept).map(DownloadedMedia::file).collect(Collectors.toSet());
        CollectedMedia.downloads(left)
                .filter(media -> !used.contains(media.file()))
                .forEach(DownloadedMedia::close);
    }

    private void countShared(Collection<DownloadOutcome> outcomes) {
        Set<SpoolFile> files = new HashSet<>();
        for (DownloadOutcome outcome : outcomes) {
            if (outcome instanceof Downloaded(var media, var _, var _) && !files.add(media.file())) {
                runs.current().filesReused.increment();
                runs.current().bytesReused.add(media.size());
            }
        }
    }

    /** A file that stood in another place of its note before somebody edited that. */
    private static Optional<SlotStatus> moved(MediaSlot slot, List<SlotRow> known) {
        return known.stream()
                .filter(row -> row.hasFileOf(slot))
                .flatMap(row -> row.settled(slot).stream())
                .findFirst();
    }

    /**
     * The same without anything missing, for a note that is archived and stays so: a file that it has is kept, whatever
     * an audit says of it, and one that it would have beside is waived by name.
     */
    CollectionResult keep(CollectionResult collected) {
        CollectedMedia files = collected.files();
        List<SlotRow> rows = catalog.slotsOf(files.capture().id());
        List<Piece> pieces = files.pieces().stream()
                .map(piece -> piece instanceof Piece.Unchanged(SlotStatus.Missing missing)
                        ? new Piece.Unchanged(kept(missing.slot(), rows))
                        : piece)
                .toList();
        return new CollectionResult(
                new CollectedMedia(files.capture(), files.video(), pieces),
                collected.video(),
                collected.retrySoon(),
                collected.retryBetter(),
                collected.noRoom(),
                collected.served(),
                collected.dead(),
                collected.faulty());
    }

    private static SlotStatus kept(MediaSlot slot, List<SlotRow> rows) {
        return rows.stream()
                .filter(row -> row.media() != null && (row.isFor(slot) || row.hasFileOf(slot)))
                .flatMap(row -> row.recorded(slot).stream())
                .findFirst()
                .orElseGet(() -> new SlotStatus.Waived(slot, MediaCatalog.NOT_REFRESHED));
    }

    private static boolean isSameFile(MediaSlot a, MediaSlot b) {
        return a.kind() == b.kind()
                && a.ordinal() == b.ordinal()
                && a.identity().equals(b.identity());
    }

    /**
     * Files that another note has already, by the source's own name for them, need no request. They are taken out of
     * those that are wanted.
     */
    private List<Piece> reuse(List<SameFile> sameFiles, Set<MediaSlot> wanted) {
        List<Piece> taken = new ArrayList<>();
        for (SameFile same : sameFiles) {
            Optional<MediaSlot> slot = wanted.stream().filter(same::fills).findFirst();
            if (slot.isPresent()) {
                wanted.remove(slot.get());
                runs.current().filesReused.increment();
                runs.current().bytesReused.add(same.media().size());
                taken.add(new Piece.Unchanged(new SlotStatus.Stored(
                        slot.get(),
                        same.media(),
                        same.rendition(),
                        same.width(),
                        same.height(),
                        "same file as in note " + same.note(),
                        null)));
            }
        }
        return taken;
    }

    /** Whether a new answer for such a file was asked for and has not come. */
    private static boolean isResponseOutstanding(MediaKind kind, VideoOutcome answer) {
        return kind.isOfVideo() && answer instanceof VideoOutcome.Unanswered;
    }

    /** What is known of a file already whose addresses are all dead. */
    private static Optional<SlotStatus.Missing> known(MediaSlot slot, Optional<SlotRow> row, Optional<Piece> before) {
        if (before.isPresent()) {
            return before.get() instanceof Piece.Unchanged(SlotStatus.Missing missing) && missing.gap() == Gap.DEAD
                    ? Optional.of(missing)
                    : Optional.empty();
        }
        return row.filter(r -> Gap.DEAD.name().equals(r.reason()))
                .map(r -> new SlotStatus.Missing(slot, Gap.DEAD, String.valueOf(r.error()), r.deadNight()));
    }

    /** The night whose answer first had only dead addresses for this file; null when none had. */
    private static @Nullable Night deadBefore(Optional<SlotRow> row, Optional<Piece> before) {
        if (before.isPresent()
                && before.get() instanceof Piece.Unchanged(SlotStatus.Missing(var _, var _, var _, var deadNight))) {
            return deadNight;
        }
        return row.map(SlotRow::deadNight).orElse(null);
    }

    private static SlotStatus.Missing dead(MediaSlot slot, String reason, @Nullable Night before, Night night) {
        boolean gone = before != null && !before.equals(night);
        return new SlotStatus.Missing(slot, gone ? Gap.GONE : Gap.DEAD, reason, before == null ? night : before);
    }

    /**
     * Downloads whole slots, and of those that have a lesser rendition already what is better. The addresses that die
     * first come first. A file that is expected in two places is downloaded once, from the addresses of both.
     */
    private Map<MediaSlot, DownloadOutcome> download(Set<MediaSlot> wanted, Map<MediaSlot, Piece> lesser)
            throws InterruptedException {
        Map<Expected, Download> files = new LinkedHashMap<>();
        Stream.concat(wanted.stream(), lesser.keySet().stream()).forEach(slot -> {
            MediaSlot asked = Optional.ofNullable(lesser.get(slot))
                    .flatMap(Piece::lesserRendition)
                    .map(slot::betterThan)
                    .orElse(slot);
            files.merge(Expected.of(asked), Download.of(asked, slot), Download::and);
        });
        Map<Download, CompletableFuture<DownloadOutcome>> running = new LinkedHashMap<>();
        files.values().stream()
                .sorted(Comparator.comparingLong(Download::signedAt))
                .forEach(file -> running.put(file, start(file)));
        Map<MediaSlot, DownloadOutcome> outcomes = new LinkedHashMap<>();
        boolean all = false;
        try {
            for (Map.Entry<Download, CompletableFuture<DownloadOutcome>> download : running.entrySet()) {
                DownloadOutcome outcome = outcome(download.getValue());
                count(outcome);
                download.getKey().places().forEach(slot -> outcomes.put(slot, outcome));
            }
            all = true;
        } finally {
            if (!all) { // nobody will want these files, now or when they come
                running.values().forEach(MediaCollector::dropWhenDone);
            }
        }
        return outcomes;
    }

    private CompletableFuture<DownloadOutcome> start(Download file) {
        return CompletableFuture.supplyAsync(LogContext.carried(() -> downloads.download(file.asked())), threads);
    }

    private static void dropWhenDone(CompletableFuture<DownloadOutcome> download) {
        var _ = download.thenAccept(outcome -> {
            if (outcome instanceof Downloaded(var media, var _, var _)) {
                media.close();
            }
        });
    }

    private void count(DownloadOutcome outcome) {
        RunState run = runs.current();
        switch (outcome) {
            case Downloaded _, NoRoom _ -> {}
            case Gone _ -> run.downloadsGone.increment();
            case Failed(var _, var soon) -> (soon ? run.downloadsRetryable : run.downloadsRejected).increment();
        }
    }

    private DownloadOutcome outcome(Future<DownloadOutcome> download) throws InterruptedException {
        try {
            return download.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UncheckedIOException spool) {
                // a disk that is full is nobody's fault but the machine's: no note is to be charged
                // for it
                String reason = "a file could not be spooled: " + DatabaseErrors.describe(spool);
                gate.close(ExitCode.UPSTREAM_UNAVAILABLE, reason);
                return new Failed(reason, true);
            }
            throw new IllegalStateException(
                    "A download ended with neither a file nor a reason: " + e.getCause(), e.getCause());
        }
    }

    /**
     * What makes two places of a note expect one file: the source's own name for it, and the same offers. Without a
     * name, each place has a file of its own.
     *
     * @param place empty for a file that the source names
     */
    private record Expected(MediaKind kind, String identity, List<String> variants, Optional<Place> place) {

        static Expected of(MediaSlot slot) {
            return new Expected(
                    slot.kind(),
                    slot.identity(),
                    slot.variants(),
                    slot.named() ? Optional.empty() : Optional.of(Place.of(slot)));
        }
    }

    /**
     * One file to be downloaded.
     *
     * @param asked with the addresses to try
     * @param places that it is for, mostly one
     * @param signedAt the earliest time that one of the addresses is signed with
     */
    private record Download(MediaSlot asked, List<MediaSlot> places, long signedAt) {

        static Download of(MediaSlot asked, MediaSlot place) {
            return new Download(asked, List.of(place), asked.signedAt());
        }

        Download and(Download twin) {
            List<MediaSlot> both = new ArrayList<>(places);
            both.addAll(twin.places);
            return new Download(
                    asked.withAddressesOf(twin.asked), List.copyOf(both), Math.min(signedAt, twin.signedAt));
        }
    }

    /** Where a file stands among those of its note. An answer may have any number of them. */
    private record Place(MediaKind kind, int ordinal) {

        static Place of(MediaSlot slot) {
            return new Place(slot.kind(), slot.ordinal());
        }

        static Place of(Piece piece) {
            return of(piece.slot());
        }
    }

    /**
     * What came of it.
     *
     * @param video what came of asking for the note's video
     * @param retrySoon whether something was in the way that may pass within minutes
     * @param retryBetter whether a file is there in a lesser rendition only since a better one met an error that may
     *     pass within minutes
     * @param noRoom whether the spool had no room for a file
     * @param served whether a file was served
     * @param dead whether a host said of a file that it is not there, or not for us; a file that was dead by the answer
     *     of an earlier night already does not count
     * @param faulty whether an address was out of reach
     */
    record CollectionResult(
            CollectedMedia files,
            VideoOutcome video,
            boolean retrySoon,
            boolean retryBetter,
            boolean noRoom,
            boolean served,
            boolean dead,
            boolean faulty) {

        boolean isComplete() {
            return missing().isEmpty();
        }

        /** Whether an answer with other addresses could bring in more. */
        boolean needsNewAnswer() {
            return missing().stream().anyMatch(missing -> missing.gap() == Gap.DEAD);
        }

        /** The answers in whose place one with other addresses could bring in more. */
        List<NoteCapture> outdated() {
            return missing().stream()
                    .filter(missing -> missing.gap() == Gap.DEAD)
                    .map(missing -> files.answerWith(missing.slot()))
                    .distinct()
                    .toList();
        }

        /** Whether an answer in the place of this one was asked for and has not come. */
        boolean isResponseOutstanding(NoteCapture of) {
            return video instanceof VideoOutcome.Unanswered && of.equals(files.video());
        }

        /** Whether all that is missing is the video, or gone for good. */
        boolean isOnlyVideoToCome() {
            return missing().stream().allMatch(missing -> switch (missing.gap()) {
                case NO_ANSWER, GONE -> true;
                case DEAD -> MediaCollector.isResponseOutstanding(missing.slot().kind(), video);
                case RETRY -> false;
            });
        }

        /** Whether a file is gone for good, and none of the others comes by waiting. */
        boolean isHopeless() {
            return !retrySoon && !needsNewAnswer() && missing().stream().anyMatch(missing -> missing.gap() == Gap.GONE);
        }

        /** The answers that offer a better rendition of some file than the one that is there. */
        List<NoteCapture> withBetter() {
            return files.lesser()
                    .map(piece -> files.answerWith(piece.slot()))
                    .distinct()
                    .toList();
        }

        /** Whether something was downloaded that is not stored yet. */
        boolean isAnythingInSpool() {
            return CollectedMedia.downloads(files.pieces()).findAny().isPresent();
        }

        /** Which files are there in a lesser rendition and why, in a line. */
        String lesserDetail() {
            List<Piece> lesser = files.lesser().toList();
            Piece first = lesser.getFirst();
            return first.slot()
                    + " DEGRADED: "
                    + first.lesserBecause()
                    + (lesser.size() == 1 ? "" : ", and " + (lesser.size() - 1) + " more");
        }

        List<SlotStatus.Missing> missing() {
            return files.pieces().stream()
                    .filter(Piece.Unchanged.class::isInstance)
                    .map(piece -> ((Piece.Unchanged) piece).status())
                    .filter(SlotStatus.Missing.class::isInstance)
                    .map(SlotStatus.Missing.class::cast)
                    .toList();
        }

        /**
         * Returns the missing file that determines the reason: one with expired URLs, since it costs a new response.
         */
        private SlotStatus.Missing first() {
            List<SlotStatus.Missing> missing = missing();
            return missing.stream()
                    .filter(file -> file.gap() == Gap.DEAD)
                    .findFirst()
                    .orElseGet(missing::getFirst);
        }

        /** Returns why the note is incomplete. */
        StateReason reason() {
            return switch (first().gap()) {
                case DEAD -> StateReason.URLS_EXPIRED;
                case NO_ANSWER -> StateReason.VIDEO_PENDING;
                case RETRY, GONE -> StateReason.MEDIA_PENDING;
            };
        }

        /** Returns which files are missing and why, in a line. */
        String detail() {
            List<SlotStatus.Missing> missing = missing();
            SlotStatus.Missing first = first();
            String others = missing.size() == 1 ? "" : ", and " + (missing.size() - 1) + " more";
            return first.slot() + " " + first.gap() + ": " + first.error() + others;
        }
    }
}
