package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.waive.Waiver;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code waive}: accepts that a file stays missing. */
@Command(
        name = "waive",
        mixinStandardHelpOptions = true,
        description = "Accepts that a file of a note stays missing. The note is archived when that was the last one.")
final class WaiveCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "NOTE_ID", description = "The note.")
    private String note = "";

    @Parameters(index = "1", paramLabel = "KIND", description = "${COMPLETION-CANDIDATES}")
    private MediaKind kind = MediaKind.IMAGE;

    @Parameters(index = "2", paramLabel = "ORDINAL", description = "Its place, from 0, as explain shows it.")
    private int ordinal;

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "Why; kept with the file.")
    private String reason = "";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        NoteId id = Arguments.noteId(spec, note);
        if (reason.isBlank()) {
            throw new ParameterException(spec.commandLine(), "--reason must say something");
        }
        try (CommandContext context = CommandContext.openExisting()) {
            Forgotten.refuse(context, id);
            return switch (context.get(Waiver.class).waive(id, kind, ordinal, reason.strip())) {
                case Waiver.Result.NoteArchived() -> say("Waived; note " + id + " is archived", ExitCode.COMPLETED);
                case Waiver.Result.StillMissing(var slots) ->
                    say("Waived; " + slots + " other files of note " + id + " are missing", ExitCode.COMPLETED);
                case Waiver.Result.NotPossible(var why) ->
                    throw new CommandFailure(ExitCode.USAGE, "nothing was waived: " + why);
            };
        }
    }

    private int say(String text, ExitCode exitCode) {
        spec.commandLine().getOut().println(text);
        return exitCode.number();
    }
}
