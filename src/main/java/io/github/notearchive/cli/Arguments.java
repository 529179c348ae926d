package io.github.notearchive.cli;

import io.github.notearchive.note.NoteId;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Arguments that several commands read the same way. */
final class Arguments {

    private Arguments() {}

    static NoteId noteId(CommandSpec spec, String text) {
        return NoteId.parse(text)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(), "\"" + text + "\" is no note id; one has 24 hexadecimal digits"));
    }
}
