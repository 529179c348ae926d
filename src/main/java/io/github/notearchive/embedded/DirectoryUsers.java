package io.github.notearchive.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.github.notearchive.io.files.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.io.function.Uncheck;

/**
 * Processes that use the servers of a data directory. Each has a file, which it locks as long as it lives: the kernel
 * releases the lock, however the process ends. The first line describes the process, each further line is a request for
 * a server.
 */
record DirectoryUsers(Path folder) {

    /** Lines of the files of this JVM, which must not open them again: closing a file releases all its locks. */
    private static final Map<Path, List<String>> HERE = new ConcurrentHashMap<>();

    /**
     * Process that lives.
     *
     * @param name unique name
     * @param process command and pid
     * @param requests name of a server and number of the request, in a line
     */
    record DirectoryUser(String name, String process, List<String> requests) {

        @Override
        public String toString() {
            return process;
        }
    }

    /** File of this process, with the channel that locks it. */
    record UserFile(Path file, FileChannel channel) {

        String name() {
            return file.getFileName().toString();
        }

        void append(String line) throws IOException {
            Objects.requireNonNull(HERE.get(file)).add(line);
            channel.write(ByteBuffer.wrap((line + "\n").getBytes(UTF_8)));
        }

        void remove() throws IOException {
            try (channel) {
                Files.deleteIfExists(file);
            } finally {
                HERE.remove(file);
            }
        }
    }

    UserFile enter() throws IOException {
        Files.createDirectories(folder, AtomicFile.PRIVATE_DIRECTORY);
        long pid = ProcessHandle.current().pid();
        Path file = folder.resolve(pid + "-" + Long.toHexString(System.nanoTime()));
        HERE.put(file, new CopyOnWriteArrayList<>());
        var entry = new UserFile(file, FileChannel.open(file, Set.of(CREATE_NEW, WRITE), AtomicFile.OWNER_ONLY));
        var _ = entry.channel.lock();
        String command = Pattern.compile(" ")
                .splitAsStream(System.getProperty("sun.java.command", ""))
                .skip(1)
                .findFirst()
                .orElse("");
        entry.append("note-archive %s (pid %d)".formatted(command, pid));
        return entry;
    }

    /** Returns the users that live, and removes the files of those that were killed. */
    List<DirectoryUser> alive() {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.flatMap(file -> Uncheck.get(() -> read(file)).stream()).toList();
        } catch (IOException e) {
            throw DataDirectory.notWritable(folder, e);
        }
    }

    private static Optional<DirectoryUser> read(Path file) throws IOException {
        List<String> here = HERE.get(file);
        if (here != null) {
            return Optional.of(user(file, here));
        }
        try {
            String text = Files.readString(file);
            // a line that is being written is complete the next time
            List<String> lines =
                    text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
            try (FileChannel channel = FileChannel.open(file, READ, WRITE)) {
                if (channel.tryLock() == null) {
                    return Optional.of(user(file, lines));
                }
                if (!lines.isEmpty()) { // else its process has not locked it yet
                    Files.deleteIfExists(file);
                }
                return Optional.empty();
            }
        } catch (NoSuchFileException e) {
            return Optional.empty(); // it has just ended
        }
    }

    private static DirectoryUser user(Path file, List<String> lines) {
        String process = lines.isEmpty() ? "a process that starts" : lines.getFirst();
        return new DirectoryUser(
                file.getFileName().toString(), process, lines.stream().skip(1).toList());
    }
}
