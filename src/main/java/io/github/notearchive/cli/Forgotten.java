package io.github.notearchive.cli;

import io.github.notearchive.job.ExitCode;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.worklist.ForgottenNotes;
import java.util.Optional;

/** What commands say of a note that was forgotten. */
final class Forgotten {

    private Forgotten() {}

    /** The end of a sentence that begins with the note; empty when it was not forgotten. */
    static Optional<String> of(ArchiveContext context, NoteId id) {
        return context.get(ForgottenNotes.class)
                .find(id)
                .map(tombstone -> " was forgotten at "
                        + Times.minute(tombstone.at())
                        + " Shanghai"
                        + (tombstone.reason() == null ? "" : " (" + Harmless.line(tombstone.reason()) + ")")
                        + (tombstone.finishedAt() == null
                                ? ", which was interrupted: the same forget --yes finishes it"
                                : ", and nothing is kept of it"));
    }

    /** Ends a command that is about such a note. */
    static void refuse(ArchiveContext context, NoteId id) {
        Optional<String> forgotten = of(context, id);
        if (forgotten.isPresent()) {
            throw new CommandFailure(ExitCode.USAGE, "note " + id + forgotten.get());
        }
    }
}
