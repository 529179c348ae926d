package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.waive.Waiver;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code waive}: accepts that a file is missing. */
@Command(
        name = "waive",
        description = "Accepts that a file of a note is missing. The note is archived if no other file is missing.")
final class WaiveCommand extends ArchiveCommand {

    @Parameters(index = "0", paramLabel = "NOTE_ID", description = "Note id.")
    private String note = "";

    @Parameters(index = "1", paramLabel = "KIND", description = "${COMPLETION-CANDIDATES}")
    private MediaKind kind = MediaKind.IMAGE;

    @Parameters(index = "2", paramLabel = "ORDINAL", description = "Position, from 0, as explain shows it.")
    private int ordinal;

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "Reason, stored with the file.")
    private String reason = "";

    @Component
    record Action(Waiver waiver, ErasureList erased) {}

    @Override
    public Integer call() throws Exception {
        NoteId id = noteId(note);
        if (reason.isBlank()) {
            throw usage("--reason must not be empty");
        }
        return execute(Action.class, action -> {
            requireNotErased(action.erased, id);
            out().println(
                            switch (action.waiver.waive(id, kind, ordinal, reason.strip())) {
                                case Waiver.Result.NoteArchived() -> "Waived; note " + id + " is archived";
                                case Waiver.Result.StillMissing(var slots) ->
                                    "Waived; " + slots + " other files of note " + id + " are missing";
                                case Waiver.Result.NotPossible(var why) ->
                                    throw new CommandFailure(ExitCode.USAGE, "nothing was waived: " + why);
                            });
            return ExitCode.COMPLETED;
        });
    }
}
