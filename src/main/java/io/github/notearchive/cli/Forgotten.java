package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.note.NoteId;
import java.util.Optional;

/** What commands say of a note that was forgotten. */
final class Forgotten {

    private Forgotten() {}

    /** The end of a sentence that begins with the note; empty when it was not forgotten. */
    static Optional<String> of(CommandContext context, NoteId id) {
        return context.get(ErasureList.class)
                .find(id)
                .map(tombstone -> " was forgotten at "
                        + DisplayFormat.minute(tombstone.at())
                        + " Shanghai"
                        + (tombstone.reason() == null ? "" : " (" + TerminalText.line(tombstone.reason()) + ")")
                        + (tombstone.finishedAt() == null
                                ? ", which was interrupted: the same forget --yes finishes it"
                                : ", and nothing is kept of it"));
    }

    /** Ends a command that is about such a note. */
    static void refuse(CommandContext context, NoteId id) {
        Optional<String> forgotten = of(context, id);
        if (forgotten.isPresent()) {
            throw new CommandFailure(ExitCode.USAGE, "note " + id + forgotten.get());
        }
    }
}
