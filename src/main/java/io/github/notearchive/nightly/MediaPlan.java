package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.SameFile;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.Gap;
import io.github.notearchive.media.DownloadOutcome;
import io.github.notearchive.nightly.CollectedMedia.Piece;
import io.github.notearchive.nightly.MediaUploads.Upload;
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
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Files of one note: which expected slots are filled already, which have to be downloaded, and the result.
 *
 * <p>Confined to one thread. Download {@link #wanted} and {@link #lesser}, then {@link #take} the outcomes.
 */
final class MediaPlan {

    private final NoteCapture capture;
    private final @Nullable NoteCapture video;
    private final VideoOutcome videoOutcome;
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

    /**
     * Fills the slots that need no request.
     *
     * @param video response for the note's video; null if there is none
     * @param expected slots that the responses promise
     * @param before pieces collected from earlier responses of this night
     */
    MediaPlan(
            NoteCapture capture,
            @Nullable NoteCapture video,
            VideoOutcome videoOutcome,
            List<MediaSlot> expected,
            MediaCatalog.Known inCatalog,
            List<Piece> before,
            RunState run) {
        this.capture = capture;
        this.video = video;
        this.videoOutcome = videoOutcome;
        this.inCatalog = inCatalog;
        this.run = run;
        inCatalog.slots().forEach(row -> rows.put(Place.of(row), row));
        before.forEach(piece -> this.before.put(Place.of(piece.row()), piece));
        expected.forEach(this::decide);
        closeUnused(this.before.values(), Stream.concat(decided.stream(), lesser.values().stream()));
        inCatalog.sameFiles().forEach(this::reuse);
    }

    private void decide(MediaSlot slot) {
        Place place = Place.of(slot);
        order.put(place, order.size());
        Optional<SlotRow> row = Optional.ofNullable(rows.get(place)).filter(r -> r.isFor(slot));
        Optional<Piece> same = Optional.ofNullable(before.get(place))
                .filter(piece -> piece.row().isFor(slot));
        Optional<Piece> fresh = same.filter(piece -> piece.upload() != null);
        Optional<SlotRow> settled = row.flatMap(r -> r.settled(slot)).or(() -> moved(slot));
        if (slot.notOffered() != null) {
            withoutOffer(slot);
        } else if (fresh.isPresent()) {
            keepOrImprove(slot, fresh.get());
            before.remove(place);
        } else if (settled.isPresent()) {
            keepOrImprove(slot, Piece.unchanged(settled.get()));
        } else {
            wantUnlessReplacementPending(slot, recordedMissing(row, same));
        }
    }

    private void withoutOffer(MediaSlot slot) {
        for (SlotRow row : SlotRow.withoutOffer(slot, inCatalog.slots(), videoOutcome.statusOf(slot))) {
            order.putIfAbsent(Place.of(row), order.size());
            decided.add(Piece.unchanged(row));
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

    /** Finds a stored file that had another position before the note was edited. */
    private Optional<SlotRow> moved(MediaSlot slot) {
        return inCatalog.slots().stream()
                .filter(row -> row.hasFileOf(slot))
                .flatMap(row -> row.settled(slot).stream())
                .findFirst();
    }

    /** Returns how a missing file was recorded last, tonight or in the catalog. */
    private static Optional<SlotRow> recordedMissing(Optional<SlotRow> row, Optional<Piece> tonight) {
        return (tonight.isPresent() ? tonight.map(Piece::row) : row).filter(SlotRow::isMissing);
    }

    private void wantUnlessReplacementPending(MediaSlot slot, Optional<SlotRow> recorded) {
        Optional<SlotRow> pending =
                recorded.filter(missing -> missing.gap() == Gap.DEAD && videoOutcome.isPendingFor(slot.kind()));
        pending.ifPresentOrElse(
                missing -> decided.add(Piece.unchanged(missing)),
                () -> wanted.put(slot, recorded.map(SlotRow::deadNight).orElse(null)));
    }

    /** Reuses a file that another note has under the same source file id, which needs no request. */
    private void reuse(SameFile same) {
        wanted.keySet().stream().filter(same::fills).findFirst().ifPresent(slot -> {
            wanted.remove(slot);
            run.filesReused.increment();
            run.bytesReused.add(same.media().size());
            String checks = "same file as in note " + same.note();
            decided.add(Piece.unchanged(
                    SlotRow.stored(slot, same.media(), same.rendition(), same.width(), same.height(), checks, null)));
        });
    }

    /** Returns the result with the outcomes of the downloads. */
    CollectedMedia take(Map<MediaSlot, Download> downloads) {
        downloads.forEach((slot, download) -> decided.add(pieceOf(slot, lesser.get(slot), download)));
        closeUnused(lesser.values(), decided.stream());
        decided.sort(Comparator.comparingInt(piece -> order.getOrDefault(Place.of(piece.row()), 0)));
        return new CollectedMedia(capture, video, videoOutcome, decided, retrySoon, retryBetter, noRoom, served, dead);
    }

    /**
     * @param present lesser rendition, which is kept unless a better one was downloaded; null if the file is missing
     */
    private Piece pieceOf(MediaSlot slot, @Nullable Piece present, Download download) {
        return switch (download.outcome()) {
            case DownloadOutcome.Downloaded(var _, var lesserBecause, var again) -> {
                retryBetter |= again;
                served |= present == null;
                run.filesUpgraded.add(present == null ? 0 : 1);
                yield Piece.downloaded(slot, Objects.requireNonNull(download.upload()), lesserBecause);
            }
            case DownloadOutcome.Failed(var reason, var soon) -> {
                retrySoon |= soon && present == null;
                retryBetter |= soon && present != null;
                yield present == null ? retry(slot, reason) : present;
            }
            case DownloadOutcome.NoRoom(var reason) -> {
                noRoom = true;
                yield present == null ? retry(slot, reason) : present;
            }
            case DownloadOutcome.Gone(var reason) -> present == null ? gone(slot, reason) : present;
        };
    }

    private Piece retry(MediaSlot slot, String reason) {
        return Piece.unchanged(SlotRow.missing(slot, Gap.RETRY, reason, wanted.get(slot)));
    }

    private Piece gone(MediaSlot slot, String reason) {
        NoteCapture response = video != null && slot.kind().isOfVideo() ? video : capture;
        Night night = Night.of(response.capturedAt());
        Night first = wanted.get(slot);
        boolean isPermanent = first != null && !first.equals(night);
        dead |= !isPermanent;
        return Piece.unchanged(
                SlotRow.missing(slot, isPermanent ? Gap.GONE : Gap.DEAD, reason, first == null ? night : first));
    }

    /** Removes spooled files that no kept piece uses; two places may share a file. */
    private static void closeUnused(Collection<Piece> unused, Stream<Piece> kept) {
        Set<Upload> used = CollectedMedia.uploads(kept.toList()).collect(Collectors.toSet());
        CollectedMedia.uploads(unused).filter(upload -> !used.contains(upload)).forEach(Upload::close);
    }

    /**
     * Result of a download.
     *
     * @param upload the downloaded file, which may be stored already; null if there is none
     */
    record Download(DownloadOutcome outcome, @Nullable Upload upload) {}

    /** Position of a file within its note. Responses may promise any number of files of a kind. */
    record Place(MediaKind kind, int ordinal) {

        static Place of(MediaSlot slot) {
            return new Place(slot.kind(), slot.ordinal());
        }

        static Place of(SlotRow row) {
            return new Place(row.kind(), row.ordinal());
        }
    }
}
