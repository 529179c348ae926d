package io.github.notearchive.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;
import picocli.CommandLine.Help;

/** Result of a command that was executed in this process. */
record ExecutedCommand(int exitCode, String out, String err) {

    static ExecutedCommand of(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = NoteArchiveCommand.commandLine()
                .setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF))
                .setUsageHelpWidth(100)
                .setUsageHelpAutoWidth(false)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true));
        return new ExecutedCommand(command.execute(arguments), out.toString(), err.toString());
    }
}
