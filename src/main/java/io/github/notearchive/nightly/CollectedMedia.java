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
 * What the answers about a note brought in, and for each file that they promise what became of it.
 *
 * @param capture the answer about the note
 * @param video the answer that was bought for its video; null when there is none
 */
record CollectedMedia(NoteCapture capture, @Nullable NoteCapture video, List<Piece> pieces) implements AutoCloseable {

    CollectedMedia {
        pieces = List.copyOf(pieces);
    }

    /** One expected file. */
    sealed interface Piece {

        MediaSlot slot();

        /** Why the file that is there is not the best rendition offered; null when none is, or it is. */
        @Nullable
        String lesserBecause();

        /** Which lesser rendition is there; empty when none is, or its name is not known. */
        Optional<String> lesserRendition();

        /**
         * Downloaded into the spool, and to be stored.
         *
         * @param lesserBecause why it is not the best rendition offered; null when it is
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

        /** Decided: stored before, waived, or missing. */
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

    /** The answer that offers a file. */
    NoteCapture answerWith(MediaSlot slot) {
        return video != null && slot.kind().isOfVideo() ? video : capture;
    }

    /** The answers, that about the note first. */
    List<NoteCapture> answers() {
        return video == null ? List.of(capture) : List.of(capture, video);
    }

    /** The files that are there in a lesser rendition than the best one offered. */
    Stream<Piece> lesser() {
        return pieces.stream().filter(piece -> piece.lesserBecause() != null);
    }

    /** What of these lies in the spool; a file that two of them share comes with each. */
    static Stream<DownloadedMedia> downloads(Collection<Piece> pieces) {
        return pieces.stream().filter(Piece.Downloaded.class::isInstance).map(piece -> ((Piece.Downloaded) piece).media());
    }

    /** Removes what lies in the spool. A repeat does nothing. */
    @Override
    public void close() {
        downloads(pieces).forEach(DownloadedMedia::close);
    }
}
