package io.github.notearchive.job;

import io.github.notearchive.catalog.MediaCatalog;
import io.github.notearchive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.catalog.SlotStatus;
import io.github.notearchive.catalog.SlotStatus.Gap;
import io.github.notearchive.job.Harvest.Piece;
import io.github.notearchive.media.DownloadOutcome;
import io.github.notearchive.media.DownloadOutcome.Dead;
import io.github.notearchive.media.DownloadOutcome.Downloaded;
import io.github.notearchive.media.DownloadOutcome.Troubled;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Brings in the files of an answer: what is stored or waived already stays, everything else is
 * downloaded, side by side.
 *
 * <p>Which address was dead on which night is remembered with each slot. A file is gone when two
 * answers that were bought on different nights had only dead addresses for it.
 */
@Component
class MediaCollector {

    private final MediaCatalog catalog;
    private final MediaDownloader downloads;
    private final RunGate gate;

    MediaCollector(MediaCatalog catalog, MediaDownloader downloads, RunGate gate) {
        this.catalog = catalog;
        this.downloads = downloads;
        this.gate = gate;
    }

    /**
     * Brings in what is not there yet, by the addresses of this answer. Waits for every download to
     * end.
     */
    Collected collect(NoteCapture capture) throws InterruptedException {
        return collect(capture, List.of());
    }

    /** The same with a newer answer, for what an earlier one of this night could not bring in. */
    Collected collect(NoteCapture newer, Collected before) throws InterruptedException {
        return collect(newer, before.harvest().pieces());
    }

    private Collected collect(NoteCapture capture, List<Piece> before) throws InterruptedException {
        Map<Place, SlotRow> rows = new HashMap<>();
        catalog.slotsOf(capture.id())
                .forEach(row -> rows.put(new Place(row.kind(), row.ordinal()), row));
        Map<Place, Piece> pieces = new HashMap<>();
        before.forEach(piece -> pieces.put(Place.of(piece), piece));
        List<Piece> decided = new ArrayList<>();
        Map<MediaSlot, @Nullable Night> wanted = new LinkedHashMap<>();
        boolean retrySoon = false;
        Map<Place, Integer> order = new HashMap<>();
        for (MediaSlot slot : MediaSlots.of(capture)) {
            Place place = Place.of(slot);
            order.put(place, order.size());
            Optional<SlotRow> row = Optional.ofNullable(rows.get(place)).filter(r -> r.isFor(slot));
            Optional<Piece> same =
                    Optional.ofNullable(pieces.get(place))
                            .filter(piece -> isSameFile(piece.slot(), slot));
            Optional<Piece> fresh = same.filter(Piece.Fresh.class::isInstance);
            Optional<SlotStatus> known = row.flatMap(r -> known(r, slot));
            if (slot.notOffered() != null) {
                decided.add(new Piece.Decided(new SlotStatus.Waived(slot, slot.notOffered())));
            } else if (fresh.isPresent()) {
                decided.add(fresh.get());
                pieces.remove(place);
            } else if (known.isPresent()) {
                decided.add(new Piece.Decided(known.get()));
            } else {
                wanted.put(slot, deadBefore(row, same));
            }
        }
        for (Piece left : pieces.values()) {
            if (left instanceof Piece.Fresh(_, var media)) {
                media.close();
            }
        }
        boolean served = false;
        boolean dead = false;
        boolean faulty = false;
        for (Map.Entry<MediaSlot, DownloadOutcome> download :
                download(wanted.keySet()).entrySet()) {
            MediaSlot slot = download.getKey();
            switch (download.getValue()) {
                case Downloaded(var media) -> {
                    served = true;
                    decided.add(new Piece.Fresh(slot, media));
                }
                case Dead(var reason) -> {
                    dead = true;
                    decided.add(
                            new Piece.Decided(
                                    dead(
                                            slot,
                                            reason,
                                            wanted.get(slot),
                                            Night.of(capture.capturedAt()))));
                }
                case Troubled(var reason, var soon) -> {
                    retrySoon |= soon;
                    faulty |= soon;
                    decided.add(
                            new Piece.Decided(
                                    new SlotStatus.Missing(
                                            slot, Gap.RETRY, reason, wanted.get(slot))));
                }
            }
        }
        decided.sort(Comparator.comparingInt(piece -> order.getOrDefault(Place.of(piece), 0)));
        return new Collected(new Harvest(capture, decided), retrySoon, served, dead, faulty);
    }

    private static boolean isSameFile(MediaSlot a, MediaSlot b) {
        return a.kind() == b.kind()
                && a.ordinal() == b.ordinal()
                && a.identity().equals(b.identity());
    }

    private static Optional<SlotStatus> known(SlotRow row, MediaSlot slot) {
        if (row.media() != null) {
            return Optional.of(
                    new SlotStatus.Stored(
                            slot,
                            row.media(),
                            row.rendition(),
                            row.width(),
                            row.height(),
                            row.checks()));
        }
        return "WAIVED".equals(row.state()) && row.reason() != null
                ? Optional.of(new SlotStatus.Waived(slot, row.reason()))
                : Optional.empty();
    }

    /** The night whose answer first had only dead addresses for this file; null when none had. */
    private static @Nullable Night deadBefore(Optional<SlotRow> row, Optional<Piece> before) {
        if (before.isPresent()
                && before.get()
                        instanceof Piece.Decided(SlotStatus.Missing(_, _, _, var deadNight))) {
            return deadNight;
        }
        return row.map(SlotRow::deadNight).orElse(null);
    }

    private static SlotStatus dead(
            MediaSlot slot, String reason, @Nullable Night before, Night night) {
        boolean gone = before != null && !before.equals(night);
        return new SlotStatus.Missing(
                slot, gone ? Gap.GONE : Gap.DEAD, reason, before == null ? night : before);
    }

    private Map<MediaSlot, DownloadOutcome> download(Iterable<MediaSlot> slots)
            throws InterruptedException {
        Map<MediaSlot, Future<DownloadOutcome>> running = new LinkedHashMap<>();
        Map<MediaSlot, DownloadOutcome> outcomes = new LinkedHashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            slots.forEach(
                    slot -> running.put(slot, threads.submit(() -> downloads.download(slot))));
            for (Map.Entry<MediaSlot, Future<DownloadOutcome>> download : running.entrySet()) {
                outcomes.put(download.getKey(), outcome(download.getValue()));
            }
        }
        return outcomes;
    }

    private DownloadOutcome outcome(Future<DownloadOutcome> download) throws InterruptedException {
        try {
            return download.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UncheckedIOException spool) {
                // a disk that is full is nobody's fault but the machine's: no note is to be charged
                // for it
                String reason = "a file could not be spooled: " + Trouble.describe(spool);
                gate.close(ExitCode.UPSTREAM_UNAVAILABLE, reason);
                return new Troubled(reason, true);
            }
            throw new IllegalStateException(
                    "A download ended with neither a file nor a reason: " + e.getCause(),
                    e.getCause());
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
     * @param retrySoon whether something was in the way that may pass within minutes
     * @param served whether a file was served
     * @param dead whether a host said of a file that it is not there, or not for us
     * @param faulty whether an address was out of reach
     */
    record Collected(
            Harvest harvest, boolean retrySoon, boolean served, boolean dead, boolean faulty) {

        boolean isComplete() {
            return missing().isEmpty();
        }

        /** Whether an answer with other addresses could bring in more. */
        boolean needsNewAnswer() {
            return missing().stream().anyMatch(missing -> missing.gap() == Gap.DEAD);
        }

        /** Whether a file is gone for good, and none of the others comes by waiting. */
        boolean isHopeless() {
            return !retrySoon
                    && !needsNewAnswer()
                    && missing().stream().anyMatch(missing -> missing.gap() == Gap.GONE);
        }

        List<SlotStatus.Missing> missing() {
            return harvest.pieces().stream()
                    .filter(Piece.Decided.class::isInstance)
                    .map(piece -> ((Piece.Decided) piece).status())
                    .filter(SlotStatus.Missing.class::isInstance)
                    .map(SlotStatus.Missing.class::cast)
                    .toList();
        }

        /** Which files are missing and why, in a line. */
        String obstacle() {
            List<SlotStatus.Missing> missing = missing();
            SlotStatus.Missing first = missing.getFirst();
            String others = missing.size() == 1 ? "" : ", and " + (missing.size() - 1) + " more";
            return first.slot() + " " + first.gap() + ": " + first.error() + others;
        }
    }
}
