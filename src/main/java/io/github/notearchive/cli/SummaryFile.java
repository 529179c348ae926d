package io.github.notearchive.cli;

import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.report.SummaryJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Where {@code --summary-json} wants the summary: a file, standard output, or nowhere. */
final class SummaryFile {

    private static final Logger log = LoggerFactory.getLogger(SummaryFile.class);

    private static final String STANDARD_OUTPUT = "-";

    private final @Nullable String target;

    private SummaryFile(@Nullable String target) {
        this.target = target;
    }

    /**
     * Looks whether the file can be written, before anything is bought, and removes the one of an earlier run, so that
     * none stands there for a run that was killed.
     *
     * @throws ParameterException when it cannot
     */
    static SummaryFile prepare(@Nullable String target, CommandLine command) {
        if (target != null && !target.equals(STANDARD_OUTPUT)) {
            Path file = Path.of(target).toAbsolutePath();
            Path directory = file.getParent();
            if (directory == null || Files.isDirectory(file)) {
                throw refused(command, target, "is a directory");
            }
            if (!Files.isDirectory(directory)) {
                throw refused(command, target, "cannot be written: there is no directory " + directory);
            }
            try {
                Files.deleteIfExists(file);
                AtomicFile.write(file, new byte[0]);
                Files.delete(file);
            } catch (IOException e) {
                throw refused(command, target, "cannot be written: " + e);
            }
        }
        return new SummaryFile(target);
    }

    private static ParameterException refused(CommandLine command, String target, String why) {
        return new ParameterException(
                command,
                "--summary-json "
                        + target
                        + " "
                        + why
                        + "; nothing was done. Name another file, or - for standard output");
    }

    /** Where people's words go: elsewhere, when standard output is for the document alone. */
    PrintWriter words(PrintWriter out, PrintWriter err) {
        return STANDARD_OUTPUT.equals(target) ? err : out;
    }

    boolean isWanted() {
        return target != null;
    }

    /** Writes it. Trouble is told, and changes nothing of how the run ended. */
    void write(SummaryJson summary, PrintWriter out) {
        if (target == null) {
            return;
        }
        if (target.equals(STANDARD_OUTPUT)) {
            out.print(TerminalText.json(summary.text()));
            out.flush();
            return;
        }
        try {
            AtomicFile.write(Path.of(target), summary.text().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            log.error(
                    "The summary could not be written to {}: {}. That changes nothing of the run",
                    target,
                    e.toString());
        }
    }
}
