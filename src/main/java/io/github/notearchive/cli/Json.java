package io.github.notearchive.cli;

import io.github.notearchive.io.TerminalText;
import java.io.PrintWriter;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What {@code --json} prints: one document, for people to read, too. */
public final class Json {

    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private Json() {}

    /** Prints it, with a line break behind it; no character in it controls a terminal. */
    public static void print(Object document, PrintWriter out) {
        out.println(TerminalText.json(MAPPER.writeValueAsString(document)));
    }
}
