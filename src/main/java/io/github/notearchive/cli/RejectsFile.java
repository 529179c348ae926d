package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.Enqueuer.Rejected;
import io.github.notearchive.batch.ExitCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
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
    private @Nullable FileChannel channel;
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
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                channel = FileChannel.open(file, StandardOpenOption.WRITE);
            } else {
                Path beside = file.resolveSibling(file.getFileName() + ".partial-" + UUID.randomUUID());
                channel = FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                partial = beside;
            }
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
        if (channel == null) {
            return;
        }
        ByteBuffer bytes = ByteBuffer.wrap((line + System.lineSeparator()).getBytes(StandardCharsets.UTF_8));
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
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
        if (channel == null || file == null) {
            return;
        }
        try {
            if (partial != null && isKept) {
                channel.force(true);
            }
            channel.close();
            if (partial != null && isKept) {
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
        return new CommandFailure(
                ExitCode.USAGE,
                "--rejects %s %s. Check free space and permissions, or name another file, and enqueue again: notes on the worklist are not changed"
                        .formatted(file, problem));
    }
}
