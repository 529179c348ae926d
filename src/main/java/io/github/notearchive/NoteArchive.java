package io.github.notearchive;

import io.github.notearchive.cli.NoteArchiveCommand;
import io.github.notearchive.embedded.ServersProcess;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.TimeZone;

/** The program. */
public final class NoteArchive {

    /**
     * Argument of {@code bin/note-archive-prepare}, which trains the AOT cache: one process writes it, so several
     * commands are executed in one.
     */
    private static final String TRAINING = "commands-of-standard-input";

    private NoteArchive() {}

    public static void main(String[] args) {
        // Spring Batch stores local times: in UTC they do not depend on the machine. Nights are of
        // Asia/Shanghai by their own zone, and log lines carry their offset.
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        if (args.length == 2 && args[0].equals(ServersProcess.COMMAND)) {
            ServersProcess.run(Path.of(args[1]));
            return;
        }
        System.exit(args.length == 1 && args[0].equals(TRAINING) ? train() : NoteArchiveCommand.execute(args));
    }

    /** Executes the commands of standard input, one a line with blanks between arguments, until one fails. */
    private static int train() {
        return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                .lines()
                .mapToInt(line -> NoteArchiveCommand.execute(line.split(" ")))
                .filter(exitCode -> exitCode != 0)
                .findFirst()
                .orElse(0);
    }
}
