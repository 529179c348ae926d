package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.Enqueuer.Rejected;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * File of rejected lines in UTF-8, or a device or pipe; or none. It is emptied when it is opened.
 *
 * <p>Each line is written by its own system call, so that a full disk is detected before the input with this line is
 * committed.
 */
final class RejectsFile implements AutoCloseable {

    private final @Nullable Path file;
    private OutputStream out = OutputStream.nullOutputStream();

    private RejectsFile(@Nullable Path file) {
        this.file = file;
    }

    /**
     * Checks that the file can be written. Changes nothing.
     *
     * @param file value of the option; null if it is not given
     * @param inputs files that are read
     * @throws ParameterException if it cannot be written, or is an input, also by another name or through a link
     */
    static RejectsFile prepare(@Nullable Path file, List<Path> inputs, CommandLine command) {
        if (file != null) {
            problem(file, inputs).ifPresent(problem -> {
                throw new ParameterException(
                        command, "--rejects %s %s; nothing was enqueued. Name another file".formatted(file, problem));
            });
        }
        return new RejectsFile(file);
    }

    private static Optional<String> problem(Path file, List<Path> inputs) {
        try {
            for (Path input : inputs) {
                if (Files.isRegularFile(file) && Files.exists(input) && Files.isSameFile(input, file)) {
                    return Optional.of("is also an input, and would be overwritten");
                }
            }
            return ArchiveCommand.problemOfOutput(file);
        } catch (IOException e) {
            return Optional.of("cannot be read: " + e);
        }
    }

    /** @throws CommandFailure if the file cannot be created or emptied */
    void open() {
        if (file != null) {
            try {
                out = Files.newOutputStream(file);
            } catch (IOException e) {
                throw failure(e, "nothing was enqueued");
            }
        }
    }

    /** @throws CommandFailure if the line cannot be written; the input with this line must not be committed then */
    void write(Rejected line) {
        try {
            out.write((line + System.lineSeparator()).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw failure(e, "nothing was enqueued of the current input");
        }
    }

    /** @throws CommandFailure if the file system reports a write error only now, as some of a network do */
    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw failure(e, "the notes were enqueued");
        }
    }

    private CommandFailure failure(IOException error, String consequence) {
        return CommandFailure.usage(
                "--rejects %s cannot be written: %s; %s. Check free space and permissions, or name another file, and enqueue again: notes on the worklist are not changed"
                        .formatted(file, error, consequence));
    }
}
