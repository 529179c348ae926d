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
import picocli.CommandLine.ParameterException;

/** Target of {@code --summary-json}: a file, standard output, or none. */
final class SummaryFile {

    private static final Logger log = LoggerFactory.getLogger(SummaryFile.class);

    private static final String STANDARD_OUTPUT = "-";

    private final @Nullable String target;

    private SummaryFile(@Nullable String target) {
        this.target = target;
    }

    /**
     * Checks before anything is bought that the file can be written, and removes the file of an earlier run, so that a
     * killed run leaves none.
     *
     * @throws ParameterException if it cannot be written
     */
    static SummaryFile prepare(@Nullable String target, CommandLine command) {
        if (target != null && !target.equals(STANDARD_OUTPUT)) {
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
        return new SummaryFile(target);
    }

    /** Returns the writer for text: standard error if standard output is for the document. */
    PrintWriter textWriter(PrintWriter out, PrintWriter err) {
        return STANDARD_OUTPUT.equals(target) ? err : out;
    }

    /** Writes the summary. An error is logged and does not change the result of the run. */
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
                    "The summary was not written to {}: {}. The result of the run is unchanged", target, e.toString());
        }
    }
}
