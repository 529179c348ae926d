package io.github.notearchive;

import io.github.notearchive.cli.NoteArchiveCommand;
import java.util.TimeZone;

/** The program. */
public final class NoteArchive {

    private NoteArchive() {}

    public static void main(String[] args) {
        // Spring Batch stores local times: in UTC they do not depend on the machine. Nights are of
        // Asia/Shanghai by their own zone, and log lines carry their offset.
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        System.exit(NoteArchiveCommand.execute(args));
    }
}
