package io.github.notearchive.cli;

import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.io.TerminalText;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The option {@code --summary-json}: a file, standard output, or none. */
final class SummaryFile {

    private static final Logger log = LoggerFactory.getLogger(SummaryFile.class);

    private static final String STANDARD_OUTPUT = "-";

    @Option(names = "--summary-json", paramLabel = "FILE")
    private @Nullable String target;

    private boolean isWritten;

    /**
     * Checks before anything is bought that the file can be written, and removes the file of an earlier run, so that a
     * killed run leaves none.
     *
     * @throws ParameterException if it cannot be written
     */
    void prepare(CommandLine command) {
        if (target == null || target.equals(STANDARD_OUTPUT)) {
            return;
        }
        Path file = Path.of(target).toAbsolutePath();
        Optional<String> problem = ArchiveCommand.problemOfOutput(file);
        try {
            if (problem.isEmpty()) {
                Files.deleteIfExists(file);
                AtomicFile.write(file, new byte[0]);
                Files.delete(file);
            }
        } catch (IOException e) {
            problem = Optional.of("cannot be written: " + e);
        }
        if (problem.isPresent()) {
            throw new ParameterException(
                    command,
                    "--summary-json %s %s; nothing was done. Name another file, or - for standard output"
                            .formatted(target, problem.get()));
        }
    }

    /** Returns the writer for text: standard error if standard output is for the document. */
    PrintWriter textWriter(CommandLine command) {
        return STANDARD_OUTPUT.equals(target) ? command.getErr() : command.getOut();
    }

    boolean isWritten() {
        return isWritten;
    }

    /** Writes the summary. An error is logged and does not change the result of the run. */
    void write(SummaryJson summary, CommandLine command) {
        isWritten = true;
        if (target == null) {
            return;
        }
        String document = ArchiveCommand.json(summary) + "\n";
        if (target.equals(STANDARD_OUTPUT)) {
            command.getOut().print(TerminalText.json(document));
            command.getOut().flush();
            return;
        }
        try {
            AtomicFile.write(Path.of(target), document.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            log.error(
                    "The summary was not written to {}: {}. The result of the run is unchanged", target, e.toString());
        }
    }
}
