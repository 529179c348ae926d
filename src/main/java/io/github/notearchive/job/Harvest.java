package io.github.notearchive.job;

import io.github.notearchive.catalog.SlotStatus;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.NoteCapture;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one answer brought in: the capture, and for each file that it promises what became of it.
 */
record Harvest(NoteCapture capture, List<Piece> pieces) implements AutoCloseable {

    Harvest {
        pieces = List.copyOf(pieces);
    }

    /** One expected file. */
    sealed interface Piece {

        MediaSlot slot();

        /**
         * Downloaded into the spool, and to be stored.
         *
         * @param lesserBecause why it is not the best rendition offered; null when it is
         */
        record Fresh(MediaSlot slot, DownloadedMedia media, @Nullable String lesserBecause)
                implements Piece {}

        /** Decided: stored before, waived, or missing. */
        record Decided(SlotStatus status) implements Piece {

            @Override
            public MediaSlot slot() {
                return status.slot();
            }
        }
    }

    /** Removes what lies in the spool. A repeat does nothing. */
    @Override
    public void close() {
        for (Piece piece : pieces) {
            if (piece instanceof Piece.Fresh(_, var media, _)) {
                media.close();
            }
        }
    }
}
