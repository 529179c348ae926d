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
@Command(name = "waive")
final class WaiveCommand extends ArchiveCommand {

    @Parameters(index = "0", paramLabel = "NOTE_ID")
    private String note = "";

    @Parameters(index = "1", paramLabel = "KIND")
    private MediaKind kind = MediaKind.IMAGE;

    @Parameters(index = "2", paramLabel = "ORDINAL")
    private int ordinal;

    @Option(names = "--reason", required = true, paramLabel = "TEXT")
    private String reason = "";

    @Component
    record Action(Waiver waiver, ErasureList erased) {}

    @Override
    public Integer call() throws Exception {
        NoteId id = noteId(note);
        refuseIf(reason.isBlank(), "--reason must not be empty");
        return execute(Action.class, action -> {
            requireNotErased(action.erased, id);
            try {
                int missing = action.waiver.waive(id, kind, ordinal, reason.strip());
                out().println(
                                missing == 0
                                        ? "Waived; note " + id + " is archived"
                                        : "Waived; " + missing + " other files of note " + id + " are missing");
            } catch (Waiver.NotWaivedException e) {
                throw CommandFailure.usage("nothing was waived: " + e.getMessage());
            }
            return ExitCode.COMPLETED;
        });
    }
}
