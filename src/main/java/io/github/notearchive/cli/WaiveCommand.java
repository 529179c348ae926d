package io.github.notearchive.cli;

import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.query.NoteList;
import io.github.notearchive.archive.query.NoteList.MissingFile;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.maintenance.waive.Waiver;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code waive}: accepts that a file is missing, or all files of notes that match a filter. */
@Command(name = "waive")
final class WaiveCommand extends ArchiveCommand {

    @Parameters(index = "0", arity = "0..1", paramLabel = "NOTE_ID")
    private @Nullable String note;

    @Parameters(index = "1", arity = "0..1", paramLabel = "KIND")
    private MediaKind kind = MediaKind.IMAGE;

    @Parameters(index = "2", arity = "0..1", paramLabel = "ORDINAL")
    private @Nullable Integer ordinal;

    @Option(names = "--filter", paramLabel = "TEXT")
    private @Nullable String filter;

    @Option(names = "--reason", required = true, paramLabel = "TEXT")
    private String reason = "";

    @Option(names = "--yes")
    private boolean yes;

    /** @param done whether they were waived, not only shown */
    record Waived(List<MissingFile> files, boolean done) {}

    @Override
    public Integer call() throws Exception {
        refuseIf(reason.isBlank(), "--reason must not be empty");
        Integer position = ordinal;
        if (filter == null && note != null && position != null) {
            refuseIf(yes, "--yes requires --filter");
            NoteId id = noteId(note);
            return execute(context -> waive(id, position, context));
        }
        if (filter == null || note != null) {
            throw usage("name either one file by NOTE_ID KIND ORDINAL, or many, such as: waive --filter 'state:failed "
                    + "media-reason:gone'");
        }
        NoteFilter matching = filter(filter);
        refuseIf(
                matching.mediaReasons().isEmpty(),
                "--filter must name the reasons of the files to waive, such as: --filter 'state:failed "
                        + "media-reason:gone'");
        return execute(context -> waive(matching, context));
    }

    private ExitCode waive(NoteId id, int position, CommandContext context) {
        requireNotErased(context.get(ErasureList.class), id);
        try {
            int missing = context.get(Waiver.class).waive(id, kind, position, reason.strip());
            out().println(
                            missing == 0
                                    ? "Waived; note " + id + " is archived"
                                    : "Waived; " + missing + " other files of note " + id + " are missing");
        } catch (Waiver.NotWaivedException e) {
            throw CommandFailure.usage("nothing was waived: " + e.getMessage());
        }
        return ExitCode.COMPLETED;
    }

    private ExitCode waive(NoteFilter matching, CommandContext context) {
        Waiver waiver = context.get(Waiver.class);
        List<MissingFile> files = new ArrayList<>();
        Set<String> refused = new LinkedHashSet<>();
        for (MissingFile file : context.get(NoteList.class).missing(matching)) {
            try {
                if (yes) {
                    waiver.waive(file.id(), file.kind(), file.ordinal(), reason.strip());
                }
                files.add(file);
            } catch (Waiver.NotWaivedException e) {
                refused.add(String.valueOf(e.getMessage()));
            }
        }
        out().print(text("waive", new Waived(files, yes)));
        refused.forEach(problem -> warn("not waived: " + problem));
        return refused.isEmpty() ? ExitCode.COMPLETED : ExitCode.INCOMPLETE;
    }
}
