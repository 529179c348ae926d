package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.NoteCapture;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Responses of a note and the status of each file that they promise. Closing it removes spooled files.
 *
 * @param capture response about the note
 * @param video response for its video; null if there is none
 */
record CollectedMedia(NoteCapture capture, @Nullable NoteCapture video, List<Piece> pieces) implements AutoCloseable {

    CollectedMedia {
        pieces = List.copyOf(pieces);
    }

    /** Status of one expected file. */
    sealed interface Piece {

        MediaSlot slot();

        /** Returns why the present file is not the best rendition offered; null if it is, or none is present. */
        @Nullable
        String lesserBecause();

        /** Returns the lesser rendition that is present; empty if there is none, or its name is unknown. */
        Optional<String> lesserRendition();

        /**
         * Downloaded into the spool and not stored yet.
         *
         * @param lesserBecause why it is not the best rendition offered; null if it is
         */
        record Downloaded(
                MediaSlot slot,
                DownloadedMedia media,
                @Nullable String lesserBecause) implements Piece {

            @Override
            public Optional<String> lesserRendition() {
                return lesserBecause == null
                        ? Optional.empty()
                        : Optional.of(media.candidate().rendition());
            }
        }

        /** No download: stored before, waived, or missing. */
        record Unchanged(SlotStatus status) implements Piece {

            @Override
            public MediaSlot slot() {
                return status.slot();
            }

            @Override
            public @Nullable String lesserBecause() {
                return status instanceof SlotStatus.Stored stored ? stored.lesserBecause() : null;
            }

            @Override
            public Optional<String> lesserRendition() {
                return status instanceof SlotStatus.Stored stored && stored.lesserBecause() != null
                        ? Optional.ofNullable(stored.rendition())
                        : Optional.empty();
            }
        }
    }

    /** Returns the response that offers a file. */
    NoteCapture answerWith(MediaSlot slot) {
        return video != null && slot.kind().isOfVideo() ? video : capture;
    }

    /** Returns the responses, that about the note first. */
    List<NoteCapture> answers() {
        return video == null ? List.of(capture) : List.of(capture, video);
    }

    /** Returns the files present in a lesser rendition than the best one offered. */
    Stream<Piece> lesser() {
        return pieces.stream().filter(piece -> piece.lesserBecause() != null);
    }

    /** Returns the spooled files; a file shared by two pieces occurs twice. */
    static Stream<DownloadedMedia> downloads(Collection<Piece> pieces) {
        return pieces.stream()
                .filter(Piece.Downloaded.class::isInstance)
                .map(piece -> ((Piece.Downloaded) piece).media());
    }

    /** Removes the spooled files. Idempotent. */
    @Override
    public void close() {
        downloads(pieces).forEach(DownloadedMedia::close);
    }
}
