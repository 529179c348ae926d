package io.github.notearchive.cli;

import io.github.notearchive.io.text.TerminalText;
import picocli.CommandLine.Option;

/** Base of the commands with the option {@code --json}. */
public abstract class JsonCommand extends ArchiveCommand {

    @Option(names = "--json")
    private boolean isJson;

    /** Prints the result as JSON, without characters that control a terminal; or as text from a template. */
    protected final void print(Object result, String template, Object model) {
        out().print(isJson ? TerminalText.json(json(result)) + System.lineSeparator() : text(template, model));
    }

    protected final void print(Object result, String template) {
        print(result, template, result);
    }
}
