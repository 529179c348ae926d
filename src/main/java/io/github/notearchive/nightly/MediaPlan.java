package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.SameFile;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.archive.catalog.SlotStatus.Gap;
import io.github.notearchive.archive.catalog.VideoSlots;
import io.github.notearchive.media.DownloadOutcome;
import io.github.notearchive.media.DownloadOutcome.Downloaded;
import io.github.notearchive.media.DownloadOutcome.Failed;
import io.github.notearchive.media.DownloadOutcome.Gone;
import io.github.notearchive.media.DownloadOutcome.NoRoom;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.media.Spool.SpoolFile;
import io.github.notearchive.nightly.CollectedMedia.Piece;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Files of one note: which expected slots are filled already, which have to be downloaded, and the result.
 *
 * <p>Confined to one thread. Call {@link #decideWithoutRequests}, download {@link #wanted} and {@link #lesser}, then
 * {@link #take} the outcomes.
 */
final class MediaPlan {

    private final NoteCapture capture;
    private final @Nullable NoteCapture bought;
    private final VideoOutcome answer;
    private final List<MediaSlot> expected;
    private final MediaCatalog.Known inCatalog;
    private final RunState run;
    private final Map<Place, SlotRow> rows = new HashMap<>();

    /** Pieces from earlier responses of this night that are not reused yet. */
    private final Map<Place, Piece> before = new HashMap<>();

    private final Map<Place, Integer> order = new HashMap<>();
    private final List<Piece> decided = new ArrayList<>();

    /** Files to download, with the night whose response first had only expired URLs for them; null if none had. */
    final Map<MediaSlot, @Nullable Night> wanted = new LinkedHashMap<>();

    /** Files stored in a lesser rendition, whose better renditions are tried again. */
    final Map<MediaSlot, Piece> lesser = new LinkedHashMap<>();

    private boolean retrySoon;
    private boolean retryBetter;
    private boolean noRoom;
    private boolean served;
    private boolean dead;
    private boolean faulty;

    /**
     * Creates a plan.
     *
     * @param capture response about the note
     * @param bought response for the note's video; null if there is none
     * @param answer outcome of the call for the video
     * @param expected slots that the responses promise
     * @param inCatalog what the catalog knows of these slots
     * @param before pieces collected from earlier responses of this night
     */
    MediaPlan(
            NoteCapture capture,
            @Nullable NoteCapture bought,
            VideoOutcome answer,
            List<MediaSlot> expected,
            MediaCatalog.Known inCatalog,
            List<Piece> before,
            RunState run) {
        this.capture = capture;
        this.bought = bought;
        this.answer = answer;
        this.expected = expected;
        this.inCatalog = inCatalog;
        this.run = run;
        inCatalog.slots().forEach(row -> rows.put(new Place(row.kind(), row.ordinal()), row));
        before.forEach(piece -> this.before.put(Place.of(piece), piece));
    }

    /** Fills the slots that need no request; the others remain in {@link #wanted}. */
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
        Optional<Piece> same = Optional.ofNullable(before.get(place)).filter(piece -> isSameFile(piece.slot(), slot));
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
            wantUnlessReplacementPending(slot, row, same);
        }
    }

    private void withoutOffer(MediaSlot slot) {
        for (SlotStatus status : VideoSlots.withoutOffer(slot, inCatalog.slots(), VideoFiles.status(slot, answer))) {
            order.putIfAbsent(Place.of(status.slot()), order.size());
            decided.add(new Piece.Unchanged(status));
        }
    }

    private void keepOrImprove(MediaSlot slot, Piece stored) {
        boolean worthAnotherTry = stored.lesserRendition()
                .filter(taken -> !slot.betterThan(taken).candidates().isEmpty())
                .isPresent();
        if (worthAnotherTry) {
            lesser.put(slot, stored);
        } else {
            decided.add(stored);
        }
    }

    private void wantUnlessReplacementPending(MediaSlot slot, Optional<SlotRow> row, Optional<Piece> same) {
        Optional<SlotStatus.Missing> known =
                isReplacementPending(slot.kind(), answer) ? known(slot, row, same) : Optional.empty();
        known.ifPresentOrElse(
                missing -> decided.add(new Piece.Unchanged(missing)), () -> wanted.put(slot, deadBefore(row, same)));
    }

    /** Adds the outcomes of the downloads. */
    void take(Map<MediaSlot, DownloadOutcome> downloads) {
        lesser.forEach((slot, stored) -> decided.add(improved(slot, stored, downloads.remove(slot))));
        closeUnused(lesser.values(), decided);
        downloads.forEach(this::take);
    }

    /** Keeps the lesser rendition unless a better one was downloaded. */
    private Piece improved(MediaSlot slot, Piece stored, @Nullable DownloadOutcome outcome) {
        return switch (outcome) {
            case Downloaded(var media, var lesserBecause, var again) -> {
                retryBetter |= again;
                run.filesUpgraded.increment();
                // the first candidate of this request is the best of the slot
                yield new Piece.Downloaded(slot, media, lesserBecause);
            }
            case Failed(var _, var soon) -> {
                retryBetter |= soon;
                yield stored;
            }
            case NoRoom _ -> {
                noRoom = true;
                yield stored;
            }
            case Gone _ -> stored;
            case null -> stored;
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

    /** Returns the night of the response that offers a file. */
    private Night boughtIn(MediaSlot slot) {
        CollectedMedia answers = new CollectedMedia(capture, bought, List.of());
        return Night.of(answers.answerWith(slot).capturedAt());
    }

    CollectionResult result() {
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

    /** Removes spooled files that no kept piece uses; two places may share a file. */
    private static void closeUnused(Collection<Piece> left, List<Piece> kept) {
        Set<SpoolFile> used =
                CollectedMedia.downloads(kept).map(DownloadedMedia::file).collect(Collectors.toSet());
        CollectedMedia.downloads(left)
                .filter(media -> !used.contains(media.file()))
                .forEach(DownloadedMedia::close);
    }

    /** Finds a stored file that had another position before the note was edited. */
    private static Optional<SlotStatus> moved(MediaSlot slot, List<SlotRow> known) {
        return known.stream()
                .filter(row -> row.hasFileOf(slot))
                .flatMap(row -> row.settled(slot).stream())
                .findFirst();
    }

    private static boolean isSameFile(MediaSlot a, MediaSlot b) {
        return a.kind() == b.kind()
                && a.ordinal() == b.ordinal()
                && a.identity().equals(b.identity());
    }

    /**
     * Reuses files that another note has under the same source file id, which need no request, and removes them from
     * {@code wanted}.
     */
    private List<Piece> reuse(List<SameFile> sameFiles, Set<MediaSlot> wanted) {
        List<Piece> taken = new ArrayList<>();
        for (SameFile same : sameFiles) {
            Optional<MediaSlot> slot = wanted.stream().filter(same::fills).findFirst();
            if (slot.isPresent()) {
                wanted.remove(slot.get());
                run.filesReused.increment();
                run.bytesReused.add(same.media().size());
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

    /** Returns whether a new response for a file of this kind was requested and is still pending. */
    static boolean isReplacementPending(MediaKind kind, VideoOutcome answer) {
        return kind.isOfVideo() && answer instanceof VideoOutcome.Unanswered;
    }

    /** Returns the recorded status of a file whose URLs have all expired; otherwise empty. */
    private static Optional<SlotStatus.Missing> known(MediaSlot slot, Optional<SlotRow> row, Optional<Piece> before) {
        if (before.isPresent()) {
            return before.get() instanceof Piece.Unchanged(SlotStatus.Missing missing) && missing.gap() == Gap.DEAD
                    ? Optional.of(missing)
                    : Optional.empty();
        }
        return row.filter(r -> Gap.DEAD.name().equals(r.reason()))
                .map(r -> new SlotStatus.Missing(slot, Gap.DEAD, String.valueOf(r.error()), r.deadNight()));
    }

    /** Returns the night whose response first had only expired URLs for this file; null if none had. */
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

    /** Position of a file within its note. Responses may promise any number of files of a kind. */
    record Place(MediaKind kind, int ordinal) {

        static Place of(MediaSlot slot) {
            return new Place(slot.kind(), slot.ordinal());
        }

        static Place of(Piece piece) {
            return of(piece.slot());
        }
    }
}
