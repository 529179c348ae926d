package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.Enqueuer.Rejected;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * File of rejected lines in UTF-8; or none.
 *
 * <p>Lines are written to a temporary file, named with {@code .partial-} and a suffix, which replaces the file at the
 * end if an input was committed. After a kill the temporary file remains. A device or a pipe is written directly.
 *
 * <p>Each line is written by its own system call, so that a full disk is detected before the input with this line is
 * committed.
 */
final class RejectsFile implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RejectsFile.class);

    private final @Nullable Path file;
    private @Nullable Path partial;
    private @Nullable FileOutputStream out;
    private boolean isKept;

    private RejectsFile(@Nullable Path file) {
        this.file = file;
    }

    /**
     * Checks that the file can be written. Changes nothing.
     *
     * @param named value of the option; null if it is not given
     * @param inputs files that are read
     * @throws ParameterException if it cannot be written, or is an input, also by another name or through a link
     */
    static RejectsFile prepare(@Nullable Path named, List<Path> inputs, CommandLine command) {
        if (named == null) {
            return new RejectsFile(null);
        }
        Path file = named.toAbsolutePath();
        try {
            Optional<String> problem = ArchiveCommand.problemOfOutput(file);
            for (Path input : inputs) {
                if (Files.isRegularFile(file) && Files.exists(input) && Files.isSameFile(input, file)) {
                    problem = Optional.of("is also an input, and would be overwritten");
                }
            }
            if (problem.isPresent()) {
                throw refused(command, named, problem.get());
            }
            // a link stays a link, and its target is replaced
            return new RejectsFile(Files.isRegularFile(file) ? file.toRealPath() : file);
        } catch (IOException e) {
            throw refused(command, named, "cannot be read: " + e);
        }
    }

    private static ParameterException refused(CommandLine command, Path named, String problem) {
        return new ParameterException(
                command, "--rejects %s %s; nothing was enqueued. Name another file".formatted(named, problem));
    }

    /**
     * Creates the temporary file, or opens the device.
     *
     * @throws CommandFailure if that is not possible
     */
    void open() {
        if (file == null) {
            return;
        }
        boolean isDevice = Files.exists(file) && !Files.isRegularFile(file);
        partial = isDevice ? null : file.resolveSibling(file.getFileName() + ".partial-" + UUID.randomUUID());
        try {
            out = new FileOutputStream((partial == null ? file : partial).toFile());
        } catch (IOException e) {
            throw failure("cannot be written: " + e + "; nothing was enqueued");
        }
    }

    /**
     * Writes a line.
     *
     * @throws CommandFailure if it cannot be written; the input with this line must not be committed then
     */
    void write(Rejected line) {
        if (out == null) {
            return;
        }
        try {
            out.write((line + System.lineSeparator()).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw failure("cannot be written: " + e + "; nothing was enqueued of the current input");
        }
    }

    /** Notes that an input was committed, so that its rejected lines are kept. */
    void keep() {
        isKept = true;
    }

    /**
     * Replaces the file if there are lines to keep, otherwise removes the temporary file.
     *
     * @throws CommandFailure if the file cannot be replaced; the lines stay in the temporary file
     */
    @Override
    public void close() {
        if (out == null || file == null) {
            return;
        }
        try (FileOutputStream written = out) {
            if (partial != null && isKept) {
                written.getFD().sync();
                Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } else if (partial != null) {
                Files.deleteIfExists(partial);
            }
        } catch (IOException e) {
            if (isKept) {
                throw failure("cannot be completed: %s; the notes were enqueued, and the rejected lines are in %s"
                        .formatted(e, partial == null ? file : partial));
            }
            log.warn("{} cannot be removed: {}; it is not needed", partial, e.toString());
        }
    }

    private CommandFailure failure(String problem) {
        return CommandFailure.usage(
                "--rejects %s %s. Check free space and permissions, or name another file, and enqueue again: notes on the worklist are not changed"
                        .formatted(file, problem));
    }
}
