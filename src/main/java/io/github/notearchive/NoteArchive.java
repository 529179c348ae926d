package io.github.notearchive;

import io.github.notearchive.cli.NoteArchiveCommand;

/** The program. */
public final class NoteArchive {

    private NoteArchive() {}

    public static void main(String[] args) {
        System.exit(NoteArchiveCommand.execute(args));
    }
}
