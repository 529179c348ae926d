package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.EnqueueReport.Rejected;
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
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * Where {@code --rejects} wants the rejected lines, in UTF-8, one a line; or nowhere.
 *
 * <p>They go into a file beside it, named as it with {@code .partial-} and a number behind, which takes its place at
 * the end. Until an input has gone in, what was there before stays as it is. A kill leaves the file beside it. What is
 * no plain file, such as a device or a pipe, is written to as it is.
 *
 * <p>Each line is handed to the system by itself, so that a disk which is full is known before the input that the line
 * stands in is committed.
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
     * Looks whether the file can be written, and touches nothing.
     *
     * @param named what the option says; null when it is not given
     * @param inputs the files that are read
     * @throws ParameterException when it cannot, or is one of those that are read, be it under another name or behind a
     *     link
     */
    static RejectsFile prepare(@Nullable Path named, List<Path> inputs, CommandLine command) {
        if (named == null) {
            return new RejectsFile(null);
        }
        Path file = named.toAbsolutePath();
        Path directory = file.getParent();
        if (directory == null || Files.isDirectory(file)) {
            throw refused(command, named, "is a directory");
        }
        if (!Files.isDirectory(directory)) {
            throw refused(command, named, "cannot be written: there is no directory " + directory);
        }
        try {
            if (!Files.isRegularFile(file)) {
                return new RejectsFile(file);
            }
            for (Path input : inputs) {
                if (Files.exists(input) && Files.isSameFile(input, file)) {
                    throw refused(command, named, "is a list that is read, and would be overwritten");
                }
            }
            // a link stays one, and what it leads to is replaced
            return new RejectsFile(file.toRealPath());
        } catch (IOException e) {
            throw refused(command, named, "cannot be looked at: " + e);
        }
    }

    private static ParameterException refused(CommandLine command, Path named, String why) {
        return new ParameterException(
                command, "--rejects " + named + " " + why + "; nothing was enqueued. Name another file");
    }

    /**
     * Begins it.
     *
     * @throws CommandFailure when it takes nothing
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
            throw failure(file, "cannot be written: " + e + "; nothing was enqueued");
        }
    }

    /**
     * Takes a line.
     *
     * @throws CommandFailure when the disk does not; the input that the line stands in must not go in then
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
            throw failure(file, "cannot be written: " + e + "; nothing was enqueued of the input that was being read");
        }
    }

    /** An input has gone in, so the lines that were rejected of it are to stay. */
    void keep() {
        isKept = true;
    }

    /**
     * Puts it in its place when there is anything to keep, else removes it.
     *
     * @throws CommandFailure when it cannot be put there; the lines stay in the file beside it
     */
    @Override
    public void close() {
        if (channel == null || file == null) {
            return;
        }
        try {
            if (partial == null) {
                channel.close();
            } else if (isKept) {
                channel.force(true);
                channel.close();
                Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } else {
                channel.close();
                Files.deleteIfExists(partial);
            }
        } catch (IOException e) {
            if (isKept) {
                throw failure(
                        file,
                        "cannot be completed: "
                                + e
                                + "; the notes were enqueued, and the rejected lines lie in "
                                + (partial == null ? file : partial));
            }
            log.warn("{} cannot be removed: {}; nothing in it is needed", partial, e.toString());
        }
    }

    private static CommandFailure failure(@Nullable Path file, String what) {
        return new CommandFailure(
                ExitCode.USAGE,
                "--rejects "
                        + file
                        + " "
                        + what
                        + ". See that the disk has room and the directory takes files of ours, or name another file, and enqueue again: notes that are on the worklist keep their place");
    }
}
