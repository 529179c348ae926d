package io.github.notearchive;

import io.github.notearchive.cli.NoteArchiveCommand;
import io.github.notearchive.embedded.ServersProcess;
import java.nio.file.Path;
import java.util.TimeZone;

/** The program. */
public final class NoteArchive {

    private NoteArchive() {}

    public static void main(String[] args) {
        // Spring Batch stores local times: in UTC they do not depend on the machine. Nights are of
        // Asia/Shanghai by their own zone, and log lines carry their offset.
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        if (args.length == 2 && args[0].equals(ServersProcess.COMMAND)) {
            ServersProcess.run(Path.of(args[1]));
            return;
        }
        System.exit(NoteArchiveCommand.execute(args));
    }
}
